#include <inttypes.h>
#include <string.h>

#include "rtloop/base/event.h"
#include "rtloop/base/record.h"
#include "rtloop/cmd/clean.h"
#include "rtloop/cmd/log_time.h"
#include "rtloop/cmd/report.h"
#include "rtloop/cmd/timing.h"

void report_text_overruns(FILE *out, const struct report_summary *summary, uint64_t shown)
{
	if (summary->overruns == 0 || shown == 0) {
		return;
	}
	fputs("\noverruns", out);
	if (shown < summary->overruns) {
		fprintf(out,
			": the %" PRIu64 " of %" PRIu64
			" that ended latest after their release; --overruns all shows "
			"every one",
			shown, summary->overruns);
	}
	fputs("; times in us\n", out);
}

static void print_cycle_head(FILE *out, const struct report_overrun *overrun)
{
	fprintf(out, "    %12s %10s %10s", "cycle", "latency", "busy");
	for (unsigned i = 0; i < overrun->phases->count; i++) {
		fprintf(out, " %8.8s", overrun->phases->names[i]);
	}
	fputs("  missed\n", out);
}

static void print_cycle(FILE *out, const struct report_overrun *overrun, unsigned at)
{
	const struct report_cycle *cycle = &overrun->cycles[at];

	fprintf(out, "  %c %12" PRIu64 " %10.1f %10.1f", at == overrun->at ? '>' : ' ',
		cycle->cycle, timing_us(cycle->latency_ns), timing_us(cycle->busy_ns));
	for (unsigned i = 0; i < overrun->phases->count; i++) {
		fprintf(out, " %8.1f", timing_us(cycle->phase_ns[i]));
	}
	fprintf(out, "  %6" PRIu32 "%s%s%s\n", cycle->missed,
		cycle->flags & RECORD_LATE_WAKE ? " late wake" : "",
		cycle->flags & RECORD_LONG_WORK ? " long work" : "",
		cycle->flags & RECORD_CATCH_UP ? " catching up" : "");
}

static void print_near_event(FILE *out, const struct report_summary *summary,
			     const struct report_event *event)
{
	fprintf(out, "      %+.6f s ", report_offset_s(summary, event->log_time_ns));
	clean_print(out, event->kind);
	if (event->device[0]) {
		fputs(" of ", out);
		clean_print(out, event->device);
	}
	fprintf(out, ", value %" PRId64 ": ", event->value);
	clean_print(out, event->text);
	fputc('\n', out);
}

static void print_why(FILE *out, const struct report_summary *summary, uint64_t cycle)
{
	struct explanation why;

	if (report_summary_explain(summary, cycle, &why)) {
		fputs("    ", out);
		clean_print(out, why.text);
		fputc('\n', out);
	}
}

void report_text_overrun(FILE *out, const struct report_summary *summary,
			 const struct report_overrun *overrun)
{
	const struct report_cycle *cycle = report_overrun_cycle(overrun);
	char time[64];

	fprintf(out,
		"  %+.6f s, %s: cycle %" PRIu64 ",%s%s%s, %" PRIu32 " release%s missed\n",
		report_offset_s(summary, overrun->log_time_ns[overrun->at]),
		log_time_print(time, sizeof(time), overrun->log_time_ns[overrun->at]),
		cycle->cycle, cycle->flags & RECORD_LATE_WAKE ? " late wake" : "",
		(cycle->flags & RECORD_LATE_WAKE) && (cycle->flags & RECORD_LONG_WORK)
			? " and"
			: "",
		cycle->flags & RECORD_LONG_WORK ? " long work" : "", cycle->missed,
		cycle->missed == 1 ? "" : "s");
	print_why(out, summary, cycle->cycle);
	print_cycle_head(out, overrun);
	for (unsigned i = 0; i < overrun->count; i++) {
		print_cycle(out, overrun, i);
	}
	for (unsigned i = 0; i < overrun->event_count; i++) {
		/* evidence has been told: as one sentence */
		if (strcmp(overrun->events[i]->kind, event_kind(EVENT_EVIDENCE)->name) !=
		    0) {
			print_near_event(out, summary, overrun->events[i]);
		}
	}
	if (overrun->events_more > 0) {
		fprintf(out, "      and %" PRIu64 " further events\n",
			overrun->events_more);
	}
}
