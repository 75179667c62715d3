#include "rtloop/cmd/run_json.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/half_file.h"
#include "rtloop/cmd/json.h"
#include "rtloop/cmd/realtime_view.h"
#include "rtloop/cmd/run_fault.h"
#include "rtloop/cmd/run_guard.h"
#include "rtloop/cmd/run_outputs.h"
#include "rtloop/cmd/run_program.h"
#include "rtloop/cmd/run_report.h"
#include "rtloop/cmd/timing.h"

static void put_loop(struct json *json, const struct app *app)
{
	const struct loop_options *options = &app->setup->loop;
	const struct stats *stats = &app->loop.stats;

	json_int(json, "period_ns", options->period_ns);
	json_text(json, "pacer", run_pacer_name(app));
	json_int(json, "spin_ns", options->spin_ns);
	json_text(json, "poller", app->loop.poller.ops->name);
	json_text(json, "pacer_note", app->loop.pacer_note.text);
	json_text(json, "poller_note", app->loop.poller.note.text);
	/* who compares latencies must not compare these two */
	json_text(json, "latency_of",
		  loop_reads_in_wait(&app->loop) ? "wake + read" : "wake");
	json_uint(json, "cycles", counter_get(&stats->cycles));
	json_uint(json, "forced", counter_get(&app->loop.forced));
	json_uint(json, "late_wakes", counter_get(&stats->late_wakes));
	json_uint(json, "long_works", counter_get(&stats->long_works));
	json_uint(json, "missed", counter_get(&stats->missed));
	json_uint(json, "caught_up", counter_get(&stats->caught_up));
	json_uint(json, "worst_latency_cycle", counter_get(&stats->worst_latency_cycle));
	json_uint(json, "worst_busy_cycle", counter_get(&stats->worst_busy_cycle));
	timing_put_json(json, "latency", &stats->latency);
	timing_put_json(json, "busy", &stats->busy);
	timing_put_json(json, "read", &stats->read);
	run_program_put(json, app);
	timing_put_json(json, "write", &stats->write);
	timing_put_json(json, "record", &stats->record);
}

static void put_usage(struct json *json, const struct loop_usage *usage)
{
	json_int(json, "minor_faults", usage->minor_faults);
	json_int(json, "major_faults", usage->major_faults);
	json_int(json, "voluntary_switches", usage->voluntary_switches);
	json_int(json, "involuntary_switches", usage->involuntary_switches);
}

static void put_series(struct json *json, const char *name,
		       const struct timeline *timeline,
		       uint64_t (*get)(const struct peak *peak))
{
	json_begin(json, name, '[');
	for (unsigned i = 0; i < timeline->count; i++) {
		json_uint(json, NULL, get(&timeline->points[i]));
	}
	json_end(json, ']');
}

static uint64_t get_cycles(const struct peak *peak)
{
	return peak->cycles;
}

static uint64_t get_latency(const struct peak *peak)
{
	return peak->latency_max_ns;
}

static uint64_t get_busy(const struct peak *peak)
{
	return peak->busy_max_ns;
}

static uint64_t get_overruns(const struct peak *peak)
{
	return peak->overruns;
}

static void put_timeline(struct json *json, const struct timeline *timeline)
{
	json_begin(json, "timeline", '{');
	json_float(json, "interval_s",
		   (double)timeline_interval_ns(timeline) / (double)NS_PER_SEC);
	put_series(json, "cycles", timeline, get_cycles);
	put_series(json, "latency_max_ns", timeline, get_latency);
	put_series(json, "busy_max_ns", timeline, get_busy);
	put_series(json, "overruns", timeline, get_overruns);
	json_end(json, '}');
}

static void put_device(struct json *json, const struct app *app, unsigned index)
{
	const struct device *device = &app->devices[index];
	const struct tended *tended = &app->super.tended[index];
	uint64_t last_ns = counter_get(&device->last_ns);

	json_begin(json, NULL, '{');
	json_text(json, "name", device->spec->name);
	json_text(json, "driver", device->driver->name);
	json_bool(json, "is_open", tended->is_open);
	if (!tended->is_open) {
		json_text(json, "away", tended->err.text);
	}
	json_bool(json, "has_sample", last_ns != 0);
	if (last_ns != 0) {
		json_int(json, "age_ns", run_end_ns(app) - (int64_t)last_ns);
		json_uint(json, "age_max_ns", counter_get(&device->age_max_ns));
	}
	json_float(json, "frames_per_s",
		   run_rate(app, counter_get(&device->counts[COUNT_FRAMES])));
	json_begin(json, "counts", '{');
	for (unsigned i = 0; i < COUNT_KINDS; i++) {
		json_uint(json, device_count_name((enum device_count)i),
			  counter_get(&device->counts[i]));
	}
	json_end(json, '}');
	/* while it runs they are the cycle's */
	if (app->end_ns != 0) {
		run_outputs_put(json, device);
	}
	json_end(json, '}');
}

/* Whether what is recorded now reaches the disk; and what was last said why not. */
static void put_log_state(struct json *json, const struct app *app, struct logger *logger)
{
	bool is_degraded = atomic_load(&logger->is_degraded);
	struct err err;

	json_bool(json, "is_degraded", is_degraded);
	if (is_degraded) {
		json_int(json, "degraded_ns",
			 run_end_ns(app) - atomic_load(&logger->degraded_ns));
	}
	json_uint(json, "degradations", counter_get(&logger->degradations));
	json_uint(json, "failures", counter_get(&logger->failures));
	logger_failure(logger, &err);
	if (err.text[0]) {
		json_text(json, "last_failure", err.text);
	}
}

static void put_log(struct json *json, struct app *app)
{
	char path[PATH_MAX];
	const struct recorder *recorder = &app->recorder;
	struct logger *logger = &app->logger;
	uint64_t lost = counter_get(&logger->cycles_lost);

	if (!app->setup->has_log) {
		return;
	}
	json_begin(json, "log", '{');
	logger_path(logger, path);
	json_text(json, "path", path);
	json_text(json, "writer", logger->writer.ops->name);
	json_text(json, "writer_note", logger->writer.note.text);
	json_uint(json, "files", counter_get(&logger->files_begun));
	json_uint(json, "bytes", counter_get(&logger->bytes));
	json_uint(json, "cycles_logged", counter_get(&recorder->cycles) - lost);
	json_uint(json, "cycles_in_gaps", counter_get(&recorder->cycles_dropped) + lost);
	json_uint(json, "gaps", counter_get(&logger->gaps));
	json_uint(json, "events_lost",
		  counter_get(&recorder->events_lost) + counter_get(&logger->notes.lost));
	json_uint(json, "ring_bytes", logger->ring.bytes);
	json_uint(json, "ring_max_bytes", counter_get(&recorder->ring_max_bytes));
	json_uint(json, "syncs", counter_get(&logger->syncer.syncs));
	json_uint(json, "longest_sync_ns", counter_get(&logger->syncer.longest_ns));
	put_log_state(json, app, logger);
	json_end(json, '}');
}

static void put_seal(struct json *json, const struct seal *seal)
{
	const struct seal_call *call;
	char text[SEAL_TEXT_BYTES];

	if (seal->kind == SEAL_OFF) {
		return;
	}
	json_begin(json, "seal", '{');
	json_text(json, "kind", seal_kind_name(seal->kind));
	json_uint(json, "caught", counter_get(&seal->total));
	json_begin(json, "calls", '[');
	for (unsigned i = 0; (call = seal_next(seal, i)) != NULL; i++) {
		seal_describe(call, text);
		json_begin(json, NULL, '{');
		json_uint(json, "number", call->number);
		json_text(json, "text", text);
		json_uint(json, "count", atomic_load(&call->count));
		json_end(json, '}');
	}
	json_end(json, ']');
	json_end(json, '}');
}

void run_json_put(struct json *json, struct app *app)
{
	bool has_ended = app->end_ns != 0;

	json_text(json, "loop", app->setup->name);
	json_text(json, "version", app->version);
	if (has_ended) {
		json_text(json, "end", run_end_text(app));
	}
	json_float(json, "seconds", run_seconds(app));
	realtime_view_put(json, &app->realtime);
	run_guard_put(json, app);
	put_loop(json, app);
	run_fault_put(json, app);
	put_seal(json, &app->loop.seal);
	if (has_ended) {
		if (loop_state(&app->loop) != LOOP_ENDED_HUNG) {
			put_usage(json, &app->loop.usage);
		}
		put_timeline(json, &app->super.timeline);
	}
	json_begin(json, "devices", '[');
	for (unsigned i = 0; i < app->device_count; i++) {
		put_device(json, app, i);
	}
	json_end(json, ']');
	put_log(json, app);
}

static void put_report(FILE *out, struct app *app)
{
	struct json json = { .out = out };

	json_begin(&json, NULL, '{');
	run_json_put(&json, app);
	json_end(&json, '}');
}

int run_json_write(struct app *app, const char *path, struct err *err)
{
	bool is_stdout = strcmp(path, "-") == 0;
	FILE *out = is_stdout ? stdout : fopen(path, "we");
	bool has_failed;
	int code;

	if (!out) {
		return err_set_errno(err, -errno, "cannot write the report %s", path);
	}
	put_report(out, app);
	has_failed = ferror(out) != 0 || fflush(out) != 0;
	if (!is_stdout && fclose(out)) {
		has_failed = true;
	}
	if (!has_failed) {
		return 0;
	}
	code = err_set_errno(err, errno ? -errno : -EIO, "cannot write the report %s",
			     path);
	if (!is_stdout) {
		half_file_remove(path);
	}
	return code;
}
