#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/bench.h"
#include "rtloop/cmd/realtime_view.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/cmd/timing.h"

#define LABEL_WIDTH TIMING_LABEL_WIDTH
#define NAME_WIDTH  30
#define LONG_WIDTH  43 /* of writers, with their sync */
#define SYNC_BYTES  64

/* --- conditions --------------------------------------------------------------------------------------- */

static void print_label(FILE *out, const char *label)
{
	fprintf(out, "%-*s", LABEL_WIDTH, label);
}

static void print_endpoints(FILE *out, const struct source_set *set)
{
	const char *before = "";

	print_label(out, "endpoints");
	for (unsigned kind = 0; kind < SOURCE_KINDS; kind++) {
		if (set->counts[kind] > 0) {
			fprintf(out, "%s%u %s", before, set->counts[kind],
				source_kind_name(kind));
			before = ", ";
		}
	}
	fputs(before[0] ? " in place of those of the devices\n" : "none\n", out);
}

static void print_thread(FILE *out, const struct conditions *conditions)
{
	char period[32], interval[32];

	print_label(out, "thread");
	if (conditions->priority > 0) {
		fprintf(out, "SCHED_FIFO priority %d", conditions->priority);
	} else {
		fputs("SCHED_OTHER", out);
	}
	if (conditions->cpu >= 0) {
		fprintf(out, ", CPU %d\n", conditions->cpu);
	} else {
		fputs(", any CPU\n", out);
	}
	print_label(out, "period");
	time_print_duration(period, sizeof(period), conditions->period_ns);
	time_print_duration(interval, sizeof(interval),
			    conditions_interval_ns(conditions));
	fprintf(out, strcmp(period, interval) ? "%s, measured with %s\n" : "%s\n", period,
		interval);
}

static void print_conditions(FILE *out, const struct bench_result *result)
{
	const struct conditions *conditions = &result->bench->conditions;

	realtime_view_print(&result->bench->realtime, out);
	print_label(out, "kernel");
	fprintf(out, "%s%s\n", result->bench->realtime.kernel,
		result->bench->realtime.is_preempt_rt ? "" : " (not PREEMPT_RT)");
	print_label(out, "machine");
	fprintf(out, "%ld CPUs; load averages at the start %.2f %.2f %.2f\n",
		sysconf(_SC_NPROCESSORS_ONLN), result->load[0], result->load[1],
		result->load[2]);
	print_thread(out, conditions);
	if (result->setup) {
		print_endpoints(out, &conditions->file);
	}
	print_label(out, "disk");
	fprintf(out, "%s\n", conditions->folder);
}

/* --- tables ------------------------------------------------------------------------------------------- */

static void print_us(FILE *out, double ns)
{
	double us = ns / (double)NS_PER_US;

	fprintf(out, us < 100.0 ? " %9.3f" : " %9.1f", us);
}

static void print_figure(FILE *out, const struct figure *figure)
{
	print_us(out, figure->median_ns);
	print_us(out, figure->p99_ns);
	print_us(out, figure->worst_ns);
}

/* A figure that was not measured is a dash. */
static void print_number(FILE *out, double value, int digits)
{
	if (value < 0.0) {
		fprintf(out, " %8s", "-");
	} else {
		fprintf(out, " %8.*f", digits, value);
	}
}

static void print_samples(FILE *out, const struct row *row)
{
	fprintf(out, " %9" PRIu64 "\n", row->figure.samples);
}

static void print_head(FILE *out, int width, const char *more)
{
	fprintf(out, "  %-*s %9s %9s %9s%s %9s\n", width, "us", "median", "p99", "worst",
		more, "samples");
}

static bool print_failed(FILE *out, const char *name, const struct row *row)
{
	if (row_is_measured(row)) {
		return false;
	}
	fprintf(out, "  %-*s not measured: %s\n", NAME_WIDTH, name,
		row->failure[0] ? row->failure : "there was no time for it");
	return true;
}

static void print_floor(FILE *out, const struct table *table)
{
	print_head(out, NAME_WIDTH, "");
	for (unsigned i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		if (!print_failed(out, row->name, row)) {
			fprintf(out, "  %-*s", NAME_WIDTH, row->name);
			print_figure(out, &row->figure);
			print_samples(out, row);
		}
	}
}

static void print_pacers(FILE *out, const struct table *table)
{
	char name[ROW_TITLE_BYTES];

	print_head(out, NAME_WIDTH, "    CPU %");
	for (unsigned i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];
		double share = row_cpu_share(row);

		row_title(row, name, sizeof(name));
		if (!print_failed(out, name, row)) {
			fprintf(out, "  %-*s", NAME_WIDTH, name);
			print_figure(out, &row->figure);
			print_number(out, share < 0.0 ? share : 100.0 * share, 2);
			print_samples(out, row);
		}
	}
}

/* Rows of the same endpoints are one table. */
static void print_group(FILE *out, const struct row *row)
{
	fprintf(out, "%s%u endpoint%s, %u with something to read%s\n",
		row->is_of_file ? "of the configuration: " : "", row->endpoints,
		row->endpoints == 1 ? "" : "s", row->ready,
		row->is_of_file ? "" : " (streams)");
	print_head(out, NAME_WIDTH, "    calls");
}

static void print_scans(FILE *out, const struct table *table)
{
	char name[ROW_TITLE_BYTES];

	for (unsigned i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		if (i == 0 || row->endpoints != row[-1].endpoints ||
		    row->ready != row[-1].ready ||
		    row->is_of_file != row[-1].is_of_file) {
			print_group(out, row);
		}
		row_title(row, name, sizeof(name));
		if (!print_failed(out, name, row)) {
			fprintf(out, "  %-*s", NAME_WIDTH, name);
			print_figure(out, &row->figure);
			print_number(out, row_calls(row), 2);
			print_samples(out, row);
		}
	}
}

static void print_writers(FILE *out, const struct table *table)
{
	char name[ROW_NAME_BYTES + SYNC_BYTES];

	print_head(out, LONG_WIDTH, "  CPU/MB");
	for (unsigned i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];
		bool is_synced = strcmp(row->sync, "none") != 0;

		snprintf(name, sizeof(name), "%s%s%s", row->name, is_synced ? ", " : "",
			 is_synced ? row->sync : "");
		if (!print_failed(out, name, row)) {
			fprintf(out, "  %-*s", LONG_WIDTH, name);
			print_figure(out, &row->figure);
			print_number(out, row_cpu_us_per_mb(row), 0);
			print_samples(out, row);
		}
	}
}

static void print_table(FILE *out, const struct bench *bench, enum bench_part part)
{
	static void (*const printers[BENCH_PARTS])(FILE * out,
						   const struct table *table) = {
		[PART_FLOOR] = print_floor,	[PART_PACERS] = print_pacers,
		[PART_CYCLES] = print_scans,	[PART_READERS] = print_scans,
		[PART_WRITERS] = print_writers,
	};
	bool colour = terminal_wants_colour(out);

	fprintf(out, "\n%s%s%s\n", colour ? "\033[1m" : "", bench_part(part)->title,
		colour ? "\033[0m" : "");
	if (bench->failures[part].text[0]) {
		fprintf(out, "  not measured: %s\n", bench->failures[part].text);
	} else if (bench->tables[part].count == 0) {
		fputs("  not measured: it was stopped before\n", out);
	} else {
		printers[part](out, &bench->tables[part]);
	}
}

/* --- what is recommended ------------------------------------------------------------------------------- */

/* A line of YAML, its reason a comment. What there are no figures for is only a comment. */
static void print_advice(FILE *out, const char *key, const struct advice *advice)
{
	if (advice->value[0]) {
		fprintf(out, "  %s: %s  # %s\n", key, advice->value, advice->reason);
	} else {
		fprintf(out, "  # %s: %s\n", key, advice->reason);
	}
}

static void print_recommended(FILE *out, const struct bench_result *result)
{
	const struct conditions *conditions = &result->bench->conditions;
	const struct recommendation *advice = &result->advice;
	char period[32];

	fprintf(out, "\nrecommended: for %s\n",
		result->setup ? result->path : "a loop of this period");
	if (advice->warning[0]) {
		fprintf(out, "# %s\n", advice->warning);
	}
	fputs("loop:\n", out);
	time_print_duration(period, sizeof(period), conditions->period_ns);
	fprintf(out, "  period: %s  # %s\n", period, "as it was measured with");
	print_advice(out, "pacer", &advice->pacer);
	print_advice(out, "spin", &advice->spin);
	print_advice(out, "poller", &advice->poller);
	if (conditions->has_log) {
		fputs("log:\n", out);
		print_advice(out, "writer", &advice->writer);
		print_advice(out, "sync", &advice->sync);
	} else {
		fprintf(out, "# log: %s has none\n", result->path);
	}
}

void bench_text_print(FILE *out, const struct bench_result *result)
{
	print_conditions(out, result);
	for (unsigned part = 0; part < BENCH_PARTS; part++) {
		print_table(out, result->bench, part);
	}
	if (result->bench->was_stopped) {
		fputs("\nstopped before all was measured\n", out);
	}
	print_recommended(out, result);
}
