#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/cmd/bench.h"
#include "rtloop/cmd/half_file.h"
#include "rtloop/cmd/json.h"
#include "rtloop/cmd/realtime_view.h"
#include "rtloop/cmd/version.h"

static void put_conditions(struct json *json, const struct bench_result *result)
{
	const struct conditions *conditions = &result->bench->conditions;

	json_begin(json, "conditions", '{');
	json_text(json, "config", result->path ? result->path : "");
	json_int(json, "cpus", sysconf(_SC_NPROCESSORS_ONLN));
	json_begin(json, "load", '[');
	for (unsigned i = 0; i < ARRAY_SIZE(result->load); i++) {
		json_float(json, NULL, result->load[i]);
	}
	json_end(json, ']');
	json_int(json, "period_ns", conditions->period_ns);
	json_int(json, "interval_ns", conditions_interval_ns(conditions));
	json_int(json, "priority", conditions->priority);
	json_int(json, "cpu", conditions->cpu);
	json_int(json, "duration_ns", conditions->duration_ns);
	json_text(json, "folder", conditions->folder);
	json_begin(json, "endpoints", '{');
	for (unsigned kind = 0; kind < SOURCE_KINDS; kind++) {
		json_uint(json, source_kind_name(kind), conditions->file.counts[kind]);
	}
	json_end(json, '}');
	json_end(json, '}');
}

/* A member for each that the row has. */
static void put_parameters(struct json *json, enum bench_part part, const struct row *row)
{
	switch (part) {
	case PART_PACERS:
		json_int(json, "tail_ns", row->tail_ns);
		if (row_cpu_share(row) >= 0.0) {
			json_float(json, "cpu_share", row_cpu_share(row));
		}
		break;
	case PART_CYCLES:
		json_int(json, "tail_ns", row->tail_ns);
		/* fall through */
	case PART_READERS:
		json_uint(json, "endpoints", row->endpoints);
		json_uint(json, "ready", row->ready);
		json_bool(json, "is_of_config", row->is_of_file);
		json_uint(json, "late", row->late);
		if (row_calls(row) >= 0.0) {
			json_float(json, "calls", row_calls(row));
		}
		break;
	case PART_WRITERS:
		json_text(json, "sync", row->sync);
		if (row_cpu_us_per_mb(row) >= 0.0) {
			json_float(json, "cpu_us_per_mb", row_cpu_us_per_mb(row));
		}
		break;
	default:
		break;
	}
}

static void put_row(struct json *json, enum bench_part part, const struct row *row)
{
	const struct figure *figure = &row->figure;

	json_begin(json, NULL, '{');
	json_text(json, "name", row->name);
	put_parameters(json, part, row);
	json_uint(json, "samples", figure->samples);
	if (row_is_measured(row)) {
		json_float(json, "least_ns", figure->least_ns);
		json_float(json, "median_ns", figure->median_ns);
		json_float(json, "p99_ns", figure->p99_ns);
		json_float(json, "worst_ns", figure->worst_ns);
	} else {
		json_text(json, "failure",
			  row->failure[0] ? row->failure : "there was no time for it");
	}
	json_end(json, '}');
}

static void put_table(struct json *json, const struct bench *bench, enum bench_part part)
{
	const struct table *table = &bench->tables[part];

	json_begin(json, bench_part(part)->name, '[');
	for (unsigned i = 0; i < table->count; i++) {
		put_row(json, part, &table->rows[i]);
	}
	json_end(json, ']');
}

static void put_advice(struct json *json, const char *name, const struct advice *advice)
{
	if (advice->value[0]) {
		json_text(json, name, advice->value);
	}
}

static void put_recommended(struct json *json, const struct bench_result *result)
{
	const struct recommendation *advice = &result->advice;

	json_begin(json, "recommended", '{');
	json_begin(json, "loop", '{');
	put_advice(json, "pacer", &advice->pacer);
	put_advice(json, "spin", &advice->spin);
	put_advice(json, "poller", &advice->poller);
	json_end(json, '}');
	if (result->bench->conditions.has_log) {
		json_begin(json, "log", '{');
		put_advice(json, "writer", &advice->writer);
		put_advice(json, "sync", &advice->sync);
		json_end(json, '}');
	}
	json_begin(json, "reasons", '{');
	json_text(json, "pacer", advice->pacer.reason);
	json_text(json, "spin", advice->spin.reason);
	json_text(json, "poller", advice->poller.reason);
	json_text(json, "writer", advice->writer.reason);
	json_text(json, "sync", advice->sync.reason);
	json_end(json, '}');
	json_text(json, "warning", advice->warning);
	json_end(json, '}');
}

static void put_failures(struct json *json, const struct bench *bench)
{
	json_begin(json, "failures", '{');
	for (unsigned part = 0; part < BENCH_PARTS; part++) {
		if (bench->failures[part].text[0]) {
			json_text(json, bench_part(part)->name,
				  bench->failures[part].text);
		}
	}
	json_end(json, '}');
}

static void put_all(struct json *json, const struct bench_result *result)
{
	json_begin(json, NULL, '{');
	json_text(json, "version", version_text());
	realtime_view_put(json, &result->bench->realtime);
	put_conditions(json, result);
	json_bool(json, "is_whole", !result->bench->was_stopped);
	put_failures(json, result->bench);
	for (unsigned part = 0; part < BENCH_PARTS; part++) {
		put_table(json, result->bench, part);
	}
	put_recommended(json, result);
	json_end(json, '}');
}

int bench_json_write(const struct bench_result *result, const char *path, struct err *err)
{
	bool is_stdout = strcmp(path, "-") == 0;
	struct json json = { .out = is_stdout ? stdout : fopen(path, "we") };
	bool has_failed;

	if (!json.out) {
		return err_set_errno(err, -errno, "cannot write %s", path);
	}
	put_all(&json, result);
	has_failed = ferror(json.out) != 0 || fflush(json.out) != 0;
	if (!is_stdout && fclose(json.out)) {
		has_failed = true;
	}
	if (!has_failed) {
		return 0;
	}
	if (!is_stdout) {
		half_file_remove(path);
	}
	return err_set_errno(err, errno ? -errno : -EIO, "cannot write %s", path);
}
