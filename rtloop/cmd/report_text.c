#include <inttypes.h>
#include <string.h>

#include "rtloop/base/event.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/clean.h"
#include "rtloop/cmd/log_time.h"
#include "rtloop/cmd/report.h"
#include "rtloop/cmd/timing.h"
#include "rtloop/report/certainty.h"

#define GAPS_SHOWN  5
#define LABEL_WIDTH TIMING_LABEL_WIDTH

double report_offset_s(const struct report_summary *summary, uint64_t log_time_ns)
{
	return (double)(int64_t)(log_time_ns - summary->run->start_ns) /
	       (double)NS_PER_SEC;
}

static void print_label(FILE *out, const char *label)
{
	fprintf(out, "%-*s", LABEL_WIDTH, label);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* --- which run ---------------------------------------------------------------------------------- */

static void print_origin(FILE *out, const struct report_file *file)
{
	char period[32];

	if (file->version[0]) {
		print_label(out, "made by");
		fputs("rtloop ", out);
		clean_print(out, file->version);
		fputs(" on Linux ", out);
		clean_print(out,
			    file->kernel[0] ? file->kernel : "of an unknown version");
		fputc('\n', out);
	}
	if (file->period_ns > 0) {
		print_label(out, "period");
		fprintf(out, "%s\n",
			time_print_duration(period, sizeof(period), file->period_ns));
	}
}

static void print_files(FILE *out, const struct report_run_files *run)
{
	for (unsigned i = 0; i < run->count; i++) {
		const struct report_file *file = &run->files[i];

		print_label(out, i == 0 ? run->count == 1 ? "log" : "logs" : "");
		fprintf(out, "%s, %.1f MB", file->path, (double)file->bytes / 1e6);
		if (!file->is_closed) {
			fprintf(out, "; not closed: %s", file->why_not);
		}
		fputc('\n', out);
	}
}

static void print_head(FILE *out, const struct report_summary *summary, unsigned number,
		       unsigned all)
{
	const struct report_file *file = &summary->run->files[0];
	char start[64];

	if (all > 1) {
		fprintf(out, "%srun %u of %u: ", number > 1 ? "\n" : "", number, all);
	}
	clean_print(out, file->loop[0] ? file->loop : "a loop without a name");
	if (summary->end_ns > 0) {
		fprintf(out, ", %.1f s from %s", report_summary_seconds(summary),
			log_time_print(start, sizeof(start), summary->start_ns));
	}
	fputc('\n', out);
}

static void print_wholeness(FILE *out, const struct report_summary *summary)
{
	uint64_t problems = summary->reading.problems;

	if (!report_summary_is_whole(summary)) {
		fprintf(out,
			"NOT WHOLE: %" PRIu64
			" problem%s with the log%s; the figures are of what is "
			"there\n",
			problems, plural(problems), plural(summary->run->count));
	}
}

static void print_fault(FILE *out, const struct report_summary *summary)
{
	const struct report_event *fault = &summary->fault;

	if (!summary->has_fault) {
		return;
	}
	fprintf(out,
		"FAULT     ended the run in cycle %" PRIu64 ", %+.6f s: ", fault->cycle,
		report_offset_s(summary, fault->log_time_ns));
	clean_print(out, fault->kind);
	if (fault->device[0]) {
		fputs(" of ", out);
		clean_print(out, fault->device);
	}
	fprintf(out, " (value %" PRId64 "): ", fault->value);
	clean_print(out, fault->text);
	fputc('\n', out);
}

/* --- cycles ------------------------------------------------------------------------------------- */

static void print_cycles(FILE *out, const struct report_summary *summary)
{
	const struct mcap_cycles *cycles = &summary->reading.cycles;

	print_label(out, "cycles");
	fprintf(out,
		"%" PRIu64 " in the log, %" PRIu64 " in %" PRIu64 " gap%s, %" PRIu64
		" missing\n",
		cycles->logged, cycles->in_gaps, cycles->gaps, plural(cycles->gaps),
		cycles->missing);
	if (cycles->logged == 0) {
		return;
	}
	print_label(out, "overruns");
	if (!summary->reading.has_flags) {
		fputs("the log does not tell\n", out);
		return;
	}
	fprintf(out,
		"%" PRIu64 " cycle%s (%" PRIu64 " late wake%s, %" PRIu64
		" long work%s), %" PRIu64 " release%s missed, %" PRIu64 " caught up\n",
		summary->overruns, plural(summary->overruns), summary->late_wakes,
		plural(summary->late_wakes), summary->long_works,
		plural(summary->long_works), summary->missed, plural(summary->missed),
		summary->caught_up);
}

static void print_gaps(FILE *out, const struct report_summary *summary)
{
	for (unsigned i = 0; i < summary->gap_count && i < GAPS_SHOWN; i++) {
		const struct report_gap *gap = &summary->gaps[i];

		print_label(out, i == 0 ? "gaps" : "");
		fprintf(out,
			"cycles %" PRIu64 " to %" PRIu64 " (%" PRIu64
			") before %+.6f s\n",
			gap->first, gap->last, gap->last - gap->first + 1,
			report_offset_s(summary, gap->log_time_ns));
	}
	if (summary->gap_count > GAPS_SHOWN) {
		print_label(out, "");
		fprintf(out, "and more; the longest of them all: %" PRIu64 " cycles\n",
			summary->longest_gap);
	}
}

static void print_peak(FILE *out, const struct report_summary *summary, const char *what,
		       const struct report_peak *peak)
{
	fprintf(out, "  %s; worst in cycle %" PRIu64 ", %+.6f s\n", what, peak->cycle,
		report_offset_s(summary, peak->log_time_ns));
}

/* What belongs to the busy time stands under it, two steps in. */
static void print_phase(FILE *out, const struct report_summary *summary, unsigned i)
{
	const char *name = summary->reading.phases.names[i];
	bool is_record = strcmp(name, "record") == 0;
	char label[REPORT_NAME_BYTES + 2];

	snprintf(label, sizeof(label), "%s%.*s", is_record ? "" : "  ", LABEL_WIDTH - 3,
		 name);
	timing_print(out, label, &summary->phases[i]);
	fputs(is_record ? "  handing records to the logger\n" : "\n", out);
}

static void print_times(FILE *out, const struct report_summary *summary)
{
	const struct report_phases *phases = &summary->reading.phases;

	fputc('\n', out);
	timing_print_head(out);
	if (summary->reading.has_latency) {
		timing_print(out, "latency", &summary->latency);
		print_peak(out, summary, "wake-up after the release",
			   &summary->latency_peak);
	}
	if (phases->count > 0) {
		timing_print(out, "busy", &summary->busy);
		print_peak(out, summary, "wake-up to last write", &summary->busy_peak);
	}
	for (unsigned i = 0; i < phases->count; i++) {
		print_phase(out, summary, i);
	}
}

static void print_histograms(FILE *out, const struct report_summary *summary)
{
	const struct report_phases *phases = &summary->reading.phases;
	char title[REPORT_NAME_BYTES + 16];

	timing_print_histogram(out, "wake-up latency, us", &summary->latency);
	timing_print_histogram(out, "busy time, us", &summary->busy);
	for (unsigned i = 0; i < phases->count; i++) {
		snprintf(title, sizeof(title), "phase %s, us", phases->names[i]);
		timing_print_histogram(out, title, &summary->phases[i]);
	}
}

/* --- how sure ----------------------------------------------------------------------------------- */

static const char *trend_text(enum report_trend trend)
{
	switch (trend) {
	case REPORT_TREND_UNKNOWN:
		return "too few to see a trend";
	case REPORT_TREND_STEADY:
		return "the second half brought nothing much worse";
	case REPORT_TREND_RISING:
		return "still rising: a longer run may well show worse";
	}
	return "";
}

static void print_steps(FILE *out, const struct report_certainty *certainty)
{
	fputs(certainty->step_count == 0 ? "too few cycles to say more" : "at most", out);
	for (unsigned i = 0; i < certainty->step_count; i++) {
		fprintf(out, "%s 1 in %" PRIu64 " over %.1f us", i == 0 ? "" : ",",
			certainty->steps[i].one_in, timing_us(certainty->steps[i].ns));
	}
}

static void print_certainty(FILE *out, const char *label, const struct hist *all,
			    const struct hist *first, const struct hist *second)
{
	struct report_certainty certainty;

	if (counter_get(&all->count) == 0) {
		return;
	}
	report_certainty_init(&certainty, all, first, second);
	print_label(out, label);
	fprintf(out, "worst %.1f us in %" PRIu64 " cycles\n",
		timing_us((int64_t)counter_get(&all->max_ns)), counter_get(&all->count));
	print_label(out, "");
	print_steps(out, &certainty);
	fputc('\n', out);
	print_label(out, "");
	fprintf(out, "first half up to %.1f us, second half up to %.1f us: %s\n",
		timing_us((int64_t)counter_get(&first->max_ns)),
		timing_us((int64_t)counter_get(&second->max_ns)),
		trend_text(certainty.trend));
	if (certainty.worse_one_in > 0) {
		print_label(out, "");
		fprintf(out,
			"if it goes on as it did, at most 1 in %" PRIu64
			" cycles is worse than the worst (95 %% sure)\n",
			certainty.worse_one_in);
	}
}

static void print_certainties(FILE *out, const struct report_summary *summary)
{
	const struct report_half *halves = summary->halves;

	fputs("\nhow sure is the worst case\n", out);
	print_certainty(out, "latency", &summary->latency, &halves[0].latency,
			&halves[1].latency);
	print_certainty(out, "busy", &summary->busy, &halves[0].busy, &halves[1].busy);
}

/* --- devices and events ------------------------------------------------------------------------- */

static void print_pause(FILE *out, const struct report_device *device)
{
	if (!device->has_sample) {
		fputs(", no sample came", out);
		return;
	}
	fprintf(out, ", longest pause %.1f ms",
		(double)device->pause_max_ns / (double)NS_PER_MS);
	if (device->silence_ns >= 0) {
		fprintf(out, ", last %.1f ms before the end",
			(double)device->silence_ns / (double)NS_PER_MS);
	}
	if (counter_get(&device->age.max_ns) >= (uint64_t)NS_PER_US) {
		fprintf(out, "; age when read: median %.3f, at most %.3f ms",
			(double)hist_quantile(&device->age, 0.5) / (double)NS_PER_MS,
			(double)counter_get(&device->age.max_ns) / (double)NS_PER_MS);
	}
}

static void print_device(FILE *out, const struct report_summary *summary,
			 const struct report_device *device)
{
	static const char *const ends[REPORT_QUALITIES] = {
		[REPORT_STALE] = "; STALE at the end",
		[REPORT_BAD] = "; BAD at the end",
	};
	double seconds = report_summary_seconds(summary);
	int pad = 14 - (int)strlen(device->name);

	fputs("  ", out);
	clean_print(out, device->name);
	fprintf(out, "%*s %" PRIu64 " message%s, %.1f samples/s", pad > 0 ? pad : 0, "",
		device->messages, plural(device->messages),
		seconds > 0 ? (double)device->samples / seconds : 0);
	print_pause(out, device);
	if (device->stale_turns || device->bad_turns) {
		fprintf(out,
			"; channels turned stale %" PRIu64 ", bad %" PRIu64 " time%s",
			device->stale_turns, device->bad_turns,
			plural(device->bad_turns));
	}
	fprintf(out, "%s\n", ends[device->quality] ? ends[device->quality] : "");
}

static void print_devices(FILE *out, const struct report_summary *summary)
{
	const struct report_devices *devices = &summary->devices;

	if (devices->count > 0) {
		fputs("\ndevices\n", out);
	}
	for (unsigned i = 0; i < devices->count; i++) {
		print_device(out, summary, devices->list[i]);
	}
	if (devices->left_out > 0) {
		fputs("  and more, which are left out\n", out);
	}
}

static void print_event_count(FILE *out, const struct report_summary *summary,
			      const struct report_event_count *count)
{
	static const char *const levels[] = {
		[EVENT_INFO] = "",
		[EVENT_WARNING] = "warning",
		[EVENT_ERROR] = "ERROR",
	};

	fprintf(out, "%8" PRIu64 " %-8s", count->count,
		count->level < ARRAY_SIZE(levels) ? levels[count->level] : "");
	clean_print(out, count->kind);
	if (count->device[0]) {
		fputs(" of ", out);
		clean_print(out, count->device);
	}
	if (count->count == 1) {
		fprintf(out, ": %+.6f s, value %" PRId64 "\n",
			report_offset_s(summary, count->last_ns), count->last_value);
	} else {
		fprintf(out, ": from %+.6f s to %+.6f s, last value %" PRId64 "\n",
			report_offset_s(summary, count->first_ns),
			report_offset_s(summary, count->last_ns), count->last_value);
	}
}

static void print_events(FILE *out, const struct report_summary *summary)
{
	const struct report_event_counts *events = &summary->events;

	if (events->count > 0) {
		fputs("\nevents\n", out);
	}
	for (unsigned i = 0; i < events->count; i++) {
		print_event_count(out, summary, &events->list[i]);
	}
	if (events->others > 0) {
		fprintf(out, "%8" PRIu64 " of further kinds and devices\n",
			events->others);
	}
}

void report_text_summary(FILE *out, const struct report_summary *summary, unsigned number,
			 unsigned all)
{
	print_head(out, summary, number, all);
	print_wholeness(out, summary);
	print_fault(out, summary);
	print_files(out, summary->run);
	print_origin(out, &summary->run->files[0]);
	print_cycles(out, summary);
	print_gaps(out, summary);
	if (summary->reading.cycles.logged > 0) {
		print_times(out, summary);
		print_histograms(out, summary);
		print_certainties(out, summary);
	}
	print_devices(out, summary);
	print_events(out, summary);
}
