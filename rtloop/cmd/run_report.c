#include "rtloop/cmd/run_report.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/realtime_view.h"
#include "rtloop/cmd/run_fault.h"
#include "rtloop/cmd/run_guard.h"
#include "rtloop/cmd/run_outputs.h"
#include "rtloop/cmd/run_program.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/cmd/timing.h"

int64_t run_end_ns(const struct app *app)
{
	return app->end_ns ? app->end_ns : sys_now();
}

double run_seconds(const struct app *app)
{
	return (double)(run_end_ns(app) - app->start_ns) / (double)NS_PER_SEC;
}

double run_rate(const struct app *app, uint64_t count)
{
	double seconds = run_seconds(app);

	return seconds > 0 ? (double)count / seconds : 0;
}

const char *run_end_text(const struct app *app)
{
	switch (loop_state(&app->loop)) {
	case LOOP_RUNS:
		return "it runs";
	case LOOP_ENDED_ASKED:
		return "it was asked to stop";
	case LOOP_ENDED_DONE:
		return "its time was over";
	case LOOP_ENDED_OVERRUN:
		return "an overrun ended it (overrun: stop)";
	case LOOP_ENDED_FAULT:
	case LOOP_ENDED_HUNG:
		return "a fault ended it";
	case LOOP_ENDED_FAILED:
		return "it could not begin";
	}
	return "";
}

const char *run_pacer_name(const struct app *app)
{
	return pacer_name(app->loop.pacer_kind);
}

static uint64_t overruns(const struct stats *stats)
{
	return counter_get(&stats->late_wakes) + counter_get(&stats->long_works);
}

void run_status_text(const struct app *app, char *text, size_t bytes)
{
	const struct stats *stats = &app->loop.stats;
	uint64_t forced = counter_get(&app->loop.forced);
	char text_forced[32] = "";
	unsigned away = 0;

	for (unsigned i = 0; i < app->device_count; i++) {
		away += !app->super.tended[i].is_open;
	}
	if (forced > 0) {
		snprintf(text_forced, sizeof(text_forced), "  %" PRIu64 " FORCED",
			 forced);
	}
	snprintf(text, bytes,
		 "%6.0f s  %" PRIu64 " cycles  latency max %.0f us  busy max %.0f us  "
		 "%" PRIu64 " overruns  %" PRIu64 " gaps  %u of %u devices%s%s",
		 run_seconds(app), counter_get(&stats->cycles),
		 timing_us((int64_t)counter_get(&stats->latency.max_ns)),
		 timing_us((int64_t)counter_get(&stats->busy.max_ns)), overruns(stats),
		 counter_get(&app->recorder.gaps), app->device_count - away,
		 app->device_count, text_forced,
		 atomic_load(&app->logger.is_degraded) ? "  LOG DEGRADED" : "");
}

void run_status_show(struct run_status *status)
{
	char text[256];

	if (!status->is_wanted) {
		return;
	}
	run_status_text(status->app, text, sizeof(text));
	fprintf(stderr, "\r\033[K%s", text);
	fflush(stderr);
	status->is_shown = true;
}

void run_status_wipe(struct run_status *status)
{
	if (status->is_shown) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
		status->is_shown = false;
	}
}

static void print_label(FILE *out, const char *label)
{
	fprintf(out, "%-*s", TIMING_LABEL_WIDTH, label);
}

/* What must not be overlooked while it is so. */
static void print_degraded(struct app *app, FILE *out)
{
	struct logger *logger = &app->logger;
	struct err err;

	if (!app->setup->has_log || !atomic_load(&logger->is_degraded)) {
		return;
	}
	logger_failure(logger, &err);
	fprintf(out, "LOG DEGRADED for %.1f s: %s\n",
		(double)(run_end_ns(app) - atomic_load(&logger->degraded_ns)) /
			(double)NS_PER_SEC,
		err.text);
}

/* What was asked for and is not to be had. */
static void print_note(FILE *out, const char *text)
{
	if (text[0] != '\0') {
		print_label(out, "");
		fprintf(out, "%s\n", text);
	}
}

/* What it was, when it is over: the log's gaps say what it has cost. */
static void print_failures(struct logger *logger, FILE *out)
{
	uint64_t failures = counter_get(&logger->failures);
	struct err err;

	if (failures > 0) {
		logger_failure(logger, &err);
		print_label(out, "");
		fprintf(out, "failed %" PRIu64 " time%s, the last time: %s\n", failures,
			failures == 1 ? "" : "s", err.text);
	}
}

static void print_setting(const struct app *app, FILE *out)
{
	const struct realtime *realtime = &app->realtime;
	const struct loop_options *options = &app->setup->loop;
	char period[32], spin[32];

	print_label(out, "kernel");
	fprintf(out, "%s%s\n", realtime->kernel,
		realtime->is_preempt_rt ? "" : " (not PREEMPT_RT)");
	print_label(out, "thread");
	if (realtime->is_fifo) {
		fprintf(out, "SCHED_FIFO priority %d", realtime->priority);
	} else {
		fputs("SCHED_OTHER", out);
	}
	if (realtime->cpu >= 0) {
		fprintf(out, ", CPU %d", realtime->cpu);
	} else {
		fputs(", any CPU", out);
	}
	fprintf(out, ", memory %s, CPU sleep states %s\n",
		realtime->is_locked ? "locked" : "not locked",
		realtime->holds_dma_latency ? "held off" : "allowed");
	print_label(out, "cycle");
	time_print_duration(period, sizeof(period), options->period_ns);
	time_print_duration(spin, sizeof(spin), options->spin_ns);
	fprintf(out, "period %s, pacer %s%s%s, poller %s\n", period, run_pacer_name(app),
		options->spin_ns ? " with a spinning tail of " : "",
		options->spin_ns ? spin : "", app->loop.poller.ops->name);
	print_note(out, app->loop.pacer_note.text);
	print_note(out, app->loop.poller.note.text);
}

static void print_forced(const struct app *app, FILE *out)
{
	uint64_t forced = counter_get(&app->loop.forced);

	if (forced > 0) {
		print_label(out, "FORCED");
		fprintf(out, "%" PRIu64 " channels, up to the end; the log says which\n",
			forced);
	}
}

/* As one would type it: without what leads through other folders and back, or to this one. */
static void print_path(FILE *out, const char *path)
{
	char *whole = realpath(path, NULL);
	char *here = realpath(".", NULL);
	size_t length = here ? strlen(here) : 0;

	if (whole && here && strncmp(whole, here, length) == 0 && whole[length] == '/') {
		fputs(whole + length + 1, out);
	} else {
		fputs(whole ? whole : path, out);
	}
	free(whole);
	free(here);
}

static void print_cycles(const struct app *app, FILE *out)
{
	const struct stats *stats = &app->loop.stats;

	print_label(out, "cycles");
	fprintf(out,
		"%" PRIu64 " run, %" PRIu64 " overruns (%" PRIu64 " late wakes, %" PRIu64
		" long works), %" PRIu64 " releases missed, %" PRIu64 " caught up\n",
		counter_get(&stats->cycles), overruns(stats),
		counter_get(&stats->late_wakes), counter_get(&stats->long_works),
		counter_get(&stats->missed), counter_get(&stats->caught_up));
}

/* Where one finds out what was seen of them. */
static void print_evidence(struct app *app, FILE *out)
{
	const struct evidence *evidence = &app->super.evidence;
	char path[PATH_MAX];

	if (evidence->look_number > 0) {
		print_label(out, "overruns");
		fprintf(out,
			"%" PRIu64 " explained, as far as can be, by: rtloop report ",
			evidence->told);
		logger_path(&app->logger, path);
		print_path(out, path);
		if (evidence->trace.snapshots > 0) {
			fprintf(out, "; %u traces beside it", evidence->trace.snapshots);
		}
		fputc('\n', out);
	}
	if (evidence->trace_err.text[0]) {
		print_label(out, "trace");
		fprintf(out, "none: %s\n", evidence->trace_err.text);
	}
}

static void print_seal(const struct app *app, FILE *out)
{
	const struct seal *seal = &app->loop.seal;
	uint64_t total = counter_get(&seal->total);
	const struct seal_call *call;
	const char *separator = ": ";
	char text[SEAL_TEXT_BYTES];

	if (seal->kind == SEAL_OFF) {
		return;
	}
	print_label(out, "seal");
	fprintf(out, "%s; %" PRIu64 " system calls that the configuration does not need",
		seal_kind_name(seal->kind), total);
	for (unsigned i = 0; (call = seal_next(seal, i)) != NULL; i++) {
		seal_describe(call, text);
		fprintf(out, "%s%" PRIu64 " of %s", separator,
			(uint64_t)atomic_load(&call->count), text);
		separator = ", ";
	}
	fputc('\n', out);
}

static void print_timing(const struct app *app, FILE *out)
{
	const struct stats *stats = &app->loop.stats;

	fputc('\n', out);
	timing_print_head(out);
	timing_print(out, "latency", &stats->latency);
	fprintf(out, "  %s after the release; worst in cycle %" PRIu64 "\n",
		loop_reads_in_wait(&app->loop) ? "wake + read" : "wake-up",
		counter_get(&stats->worst_latency_cycle));
	timing_print(out, "busy", &stats->busy);
	fprintf(out, "  wake-up to last write; worst in cycle %" PRIu64 "\n",
		counter_get(&stats->worst_busy_cycle));
	timing_print(out, "  read", &stats->read);
	fputc('\n', out);
	run_program_print_time(app, out);
	timing_print(out, "  write", &stats->write);
	fputc('\n', out);
	timing_print(out, "record", &stats->record);
	fputs("  handing records to the logger\n", out);
}

static uint64_t faults_of(const struct device *device)
{
	uint64_t faults = 0;

	for (unsigned i = COUNT_BAD_CHECKSUM; i < COUNT_KINDS; i++) {
		faults += i == COUNT_SENT ? 0 : counter_get(&device->counts[i]);
	}
	return faults;
}

static void print_faults(const struct device *device, FILE *out)
{
	const char *separator = "; ";

	for (unsigned i = COUNT_BAD_CHECKSUM; i < COUNT_KINDS; i++) {
		uint64_t count = counter_get(&device->counts[i]);

		if (count > 0 && i != COUNT_SENT) {
			fprintf(out, "%s%" PRIu64 " %s", separator, count,
				device_count_name((enum device_count)i));
			separator = ", ";
		}
	}
}

static void print_device(const struct app *app, unsigned index, FILE *out)
{
	const struct device *device = &app->devices[index];
	uint64_t last_ns = counter_get(&device->last_ns);
	uint64_t frames = counter_get(&device->counts[COUNT_FRAMES]);

	fprintf(out, "  %-14s %-7s ", device->spec->name, device->driver->name);
	if (device->spec->in_count == 0) {
		fprintf(out, "%" PRIu64 " sent",
			counter_get(&device->counts[COUNT_SENT]));
	} else if (last_ns == 0) {
		fputs("no sample came", out);
	} else {
		if (frames > 0) {
			fprintf(out, "%8.1f frames/s", run_rate(app, frames));
		} else {
			fprintf(out, "%17s", "sampled");
		}
		fprintf(out, ", last %.1f ms %s, longest pause %.1f ms",
			(double)(run_end_ns(app) - (int64_t)last_ns) / (double)NS_PER_MS,
			app->end_ns ? "before the end" : "ago",
			(double)counter_get(&device->age_max_ns) / (double)NS_PER_MS);
	}
	if (faults_of(device) > 0) {
		print_faults(device, out);
	}
	if (!app->super.tended[index].is_open) {
		fprintf(out, "; AWAY: %s", app->super.tended[index].err.text);
	}
	fputc('\n', out);
}

static void print_devices(const struct app *app, FILE *out)
{
	if (app->device_count > 0) {
		fputs("\ndevices\n", out);
	}
	for (unsigned i = 0; i < app->device_count; i++) {
		print_device(app, i, out);
	}
}

static void print_log(struct app *app, FILE *out)
{
	char path[PATH_MAX];
	const struct recorder *recorder = &app->recorder;
	struct logger *logger = &app->logger;
	uint64_t lost = counter_get(&logger->cycles_lost);

	print_label(out, "log");
	if (!app->setup->has_log) {
		fputs("none; add \"log:\" to the configuration to have one\n", out);
		return;
	}
	logger_path(logger, path);
	print_path(out, path);
	if (counter_get(&logger->files_begun) > 1) {
		fprintf(out, " and %" PRIu64 " before it",
			counter_get(&logger->files_begun) - 1);
	}
	fprintf(out,
		", %.1f MB, writer %s; %" PRIu64 " cycles in the log, %" PRIu64
		" in %" PRIu64 " gaps; ring at most %.0f %% full\n",
		(double)counter_get(&logger->bytes) / 1e6, logger->writer.ops->name,
		counter_get(&recorder->cycles) - lost,
		counter_get(&recorder->cycles_dropped) + lost, counter_get(&logger->gaps),
		100.0 * (double)counter_get(&recorder->ring_max_bytes) /
			(double)logger->ring.bytes);
	print_note(out, logger->writer.note.text);
	print_failures(logger, out);
}

static void print_usage(const struct app *app, FILE *out)
{
	const struct loop_usage *usage = &app->loop.usage;

	print_label(out, "faults");
	fprintf(out,
		"%" PRId64 " page faults, %" PRId64 " voluntary and %" PRId64
		" involuntary context switches in the cycle thread\n",
		usage->minor_faults + usage->major_faults, usage->voluntary_switches,
		usage->involuntary_switches);
}

void run_report_print(struct app *app, FILE *out)
{
	bool has_ended = app->end_ns != 0;

	if (has_ended) {
		fprintf(out, "\n%s: %s after %.1f s\n", app->setup->name,
			run_end_text(app), run_seconds(app));
	} else {
		fprintf(out, "%s: runs, for %.1f s so far\n", app->setup->name,
			run_seconds(app));
	}
	if (has_ended) {
		run_fault_print(app, out);
		print_forced(app, out);
	}
	print_degraded(app, out);
	realtime_view_print(&app->realtime, out);
	print_setting(app, out);
	run_guard_print(app, out);
	run_fault_print_limits(app, out);
	/* of a thread that has not ended the kernel tells nobody else */
	if (has_ended && loop_state(&app->loop) != LOOP_ENDED_HUNG) {
		print_usage(app, out);
	}
	print_cycles(app, out);
	run_program_print(app, out);
	print_evidence(app, out);
	print_seal(app, out);
	print_log(app, out);
	print_timing(app, out);
	timing_print_histogram(out,
			       loop_reads_in_wait(&app->loop) ? "wake + read, us"
							      : "wake-up latency, us",
			       &app->loop.stats.latency);
	print_devices(app, out);
	if (has_ended) {
		run_outputs_print(app, out);
	}
	fflush(out);
}
