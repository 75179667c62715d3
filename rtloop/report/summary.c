#include "rtloop/report/summary.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/event.h"
#include "rtloop/base/record.h"
#include "rtloop/base/time.h"

static void note_peak(struct report_peak *peak, int64_t ns,
		      const struct report_cycle *cycle, uint64_t log_time_ns)
{
	if (ns > peak->ns) {
		*peak = (struct report_peak){ .ns = ns,
					      .cycle = cycle->cycle,
					      .log_time_ns = log_time_ns };
	}
}

/* Whole times are those of both halves, which are put together at the end. */
static void count_times(struct report_summary *summary, const struct report_cycle *cycle,
			uint64_t log_time_ns)
{
	struct report_half *half = &summary->halves[log_time_ns >= summary->middle_ns];
	const struct report_phases *phases = &summary->reading.phases;

	if (summary->reading.has_latency && !(cycle->flags & RECORD_CATCH_UP)) {
		note_peak(&summary->latency_peak, cycle->latency_ns, cycle, log_time_ns);
		hist_record(&half->latency, cycle->latency_ns);
	}
	if (phases->count > 0) {
		note_peak(&summary->busy_peak, cycle->busy_ns, cycle, log_time_ns);
		hist_record(&half->busy, cycle->busy_ns);
	}
	for (unsigned i = 0; i < phases->count; i++) {
		hist_record(&summary->phases[i], cycle->phase_ns[i]);
	}
}

static void count_interval(struct report_summary *summary,
			   const struct report_cycle *cycle, uint64_t log_time_ns)
{
	struct report_interval *interval =
		report_timeline_at(&summary->timeline, log_time_ns);

	interval->cycles++;
	interval->overruns += (cycle->flags & RECORD_LATE_WAKE) != 0;
	interval->overruns += (cycle->flags & RECORD_LONG_WORK) != 0;
	if (!(cycle->flags & RECORD_CATCH_UP) &&
	    cycle->latency_ns > interval->latency_max_ns) {
		interval->latency_max_ns = cycle->latency_ns;
	}
	if (cycle->busy_ns > interval->busy_max_ns) {
		interval->busy_max_ns = cycle->busy_ns;
	}
}

/* The worst as a heap with the least bad on top, which the next that is worse replaces. */
static void sift_down(struct report_worst *heap, unsigned count, unsigned at)
{
	for (;;) {
		unsigned least = at;
		struct report_worst moved;

		for (unsigned child = 2 * at + 1; child <= 2 * at + 2 && child < count;
		     child++) {
			least = heap[child].past_ns < heap[least].past_ns ? child : least;
		}
		if (least == at) {
			return;
		}
		moved = heap[at];
		heap[at] = heap[least];
		heap[least] = moved;
		at = least;
	}
}

static void order(struct report_worst *heap, unsigned count)
{
	for (unsigned i = count / 2; i-- > 0;) {
		sift_down(heap, count, i);
	}
}

static void note_worst(struct report_summary *summary, const struct report_cycle *cycle)
{
	const struct report_worst worst = {
		.cycle = cycle->cycle,
		.past_ns =
			(int64_t)((uint64_t)cycle->latency_ns + (uint64_t)cycle->busy_ns),
	};
	struct report_worst *heap = summary->worst;

	if (summary->worst_count < summary->worst_wanted) {
		heap[summary->worst_count++] = worst;
		if (summary->worst_count == summary->worst_wanted) {
			order(heap, summary->worst_count);
		}
	} else if (summary->worst_wanted > 0 && worst.past_ns > heap[0].past_ns) {
		heap[0] = worst;
		sift_down(heap, summary->worst_count, 0);
	}
}

static void count_overrun(struct report_summary *summary,
			  const struct report_cycle *cycle)
{
	summary->late_wakes += (cycle->flags & RECORD_LATE_WAKE) != 0;
	summary->long_works += (cycle->flags & RECORD_LONG_WORK) != 0;
	summary->caught_up += (cycle->flags & RECORD_CATCH_UP) != 0;
	summary->missed += cycle->missed;
	if (cycle->flags & (RECORD_LATE_WAKE | RECORD_LONG_WORK)) {
		summary->overruns++;
		note_worst(summary, cycle);
	}
}

/* 0: a log that does not say when. */
static int64_t wake_ns(const struct report_cycle *cycle)
{
	return cycle->release_ns > 0 ? (int64_t)((uint64_t)cycle->release_ns +
						 (uint64_t)cycle->latency_ns)
				     : 0;
}

static int take_cycle(void *context, const struct report_cycle *cycle,
		      uint64_t log_time_ns)
{
	struct report_summary *summary = context;

	if (summary->start_ns == 0) {
		summary->start_ns = log_time_ns;
		summary->first_wake_ns = wake_ns(cycle);
	}
	summary->end_ns = log_time_ns;
	summary->last_wake_ns = wake_ns(cycle);
	count_times(summary, cycle, log_time_ns);
	count_interval(summary, cycle, log_time_ns);
	if (cycle->flags || cycle->missed) {
		count_overrun(summary, cycle);
	}
	return 0;
}

static int take_gap(void *context, uint64_t first, uint64_t last, uint64_t log_time_ns)
{
	struct report_summary *summary = context;

	if (summary->gap_count < REPORT_GAPS_MAX) {
		summary->gaps[summary->gap_count++] = (struct report_gap){
			.first = first, .last = last, .log_time_ns = log_time_ns
		};
	}
	if (last - first + 1 > summary->longest_gap) {
		summary->longest_gap = last - first + 1;
	}
	report_devices_gap(&summary->devices, log_time_ns);
	return 0;
}

static bool is_fault(const struct report_event *event)
{
	return strcmp(event->kind, event_kind(EVENT_OVERRUN_FAULT)->name) == 0 ||
	       strcmp(event->kind, event_kind(EVENT_CYCLE_HUNG)->name) == 0;
}

static int take_event(void *context, const struct report_event *event)
{
	struct report_summary *summary = context;
	int code;

	code = report_event_counts_add(&summary->events, event);
	if (is_fault(event)) {
		summary->has_fault = true;
		summary->fault = *event;
	}
	if (code == 0 && strcmp(event->kind, event_kind(EVENT_EVIDENCE)->name) == 0) {
		code = told_add(&summary->told, event->value, event->device, event->text);
	}
	return code;
}

static int take_device(void *context, const char *name,
		       const struct report_device_fields *fields,
		       const struct mcap_message *message, const int64_t *offset_ns,
		       void **slot)
{
	struct report_summary *summary = context;
	struct report_device *device = *slot;

	if (!device) {
		device = report_devices_get(&summary->devices, name);
		*slot = device;
	}
	if (!device) {
		return summary->devices.count == REPORT_DEVICES_MAX ? 0 : -ENOMEM;
	}
	return report_device_take(device, fields, message, offset_ns);
}

static uint64_t clip(uint64_t time_ns, const struct report_span *span)
{
	time_ns = time_ns < span->from_ns ? span->from_ns : time_ns;
	return time_ns > span->to_ns ? span->to_ns : time_ns;
}

static void place(struct report_summary *summary)
{
	const struct report_run_files *run = summary->run;
	uint64_t start_ns = clip(run->start_ns, &summary->span);
	uint64_t end_ns = clip(run->end_ns, &summary->span);

	summary->middle_ns = start_ns + (end_ns - start_ns) / 2;
	report_timeline_init(&summary->timeline, start_ns, end_ns,
			     run->files[0].period_ns);
}

static void end(struct report_summary *summary)
{
	const struct report_file *last = &summary->run->files[summary->run->count - 1];
	int64_t end_ns = (int64_t)(summary->end_ns - (uint64_t)last->offset_ns);
	bool is_known = last->has_offset && summary->end_ns > 0;

	for (unsigned i = 0; i < ARRAY_SIZE(summary->halves); i++) {
		hist_merge(&summary->latency, &summary->halves[i].latency);
		hist_merge(&summary->busy, &summary->halves[i].busy);
	}
	for (unsigned i = 0; i < summary->devices.count; i++) {
		report_device_end(summary->devices.list[i], is_known ? &end_ns : NULL);
	}
}

static int compare_worst(const void *a, const void *b)
{
	const struct report_worst *first = a, *second = b;

	return (first->cycle > second->cycle) - (first->cycle < second->cycle);
}

int report_summary_create(struct report_summary **ret_summary,
			  const struct report_run_files *run,
			  const struct report_span *span, unsigned worst_wanted,
			  const struct report_listener *listener, struct err *err)
{
	struct report_summary *summary = calloc(1, sizeof(*summary));
	const struct report_handler handler = {
		.cycle = take_cycle,
		.gap = take_gap,
		.event = take_event,
		.device = take_device,
		.context = summary,
	};
	int code;

	if (!summary) {
		return err_set_errno(err, -ENOMEM, "the report");
	}
	summary->run = run;
	summary->span = *span;
	summary->worst_wanted =
		worst_wanted < REPORT_WORST_MAX ? worst_wanted : REPORT_WORST_MAX;
	place(summary);
	code = report_read(&summary->reading, run, span, &handler, listener, err);
	if (code) {
		report_summary_destroy(summary);
		return code;
	}
	qsort(summary->worst, summary->worst_count, sizeof(*summary->worst),
	      compare_worst);
	end(summary);
	*ret_summary = summary;
	return 0;
}

void report_summary_destroy(struct report_summary *summary)
{
	if (summary) {
		report_event_counts_fini(&summary->events);
		told_fini(&summary->told);
		report_devices_fini(&summary->devices);
		free(summary);
	}
}

bool report_summary_is_worst(const struct report_summary *summary, uint64_t cycle)
{
	const struct report_worst key = { .cycle = cycle };

	return bsearch(&key, summary->worst, summary->worst_count, sizeof(key),
		       compare_worst) != NULL;
}

bool report_summary_is_whole(const struct report_summary *summary)
{
	return summary->reading.problems == 0 && summary->reading.cycles.missing == 0;
}

double report_summary_seconds(const struct report_summary *summary)
{
	/* of several files log_time goes along when the clock is set */
	bool is_known = summary->first_wake_ns != 0 && summary->last_wake_ns != 0;
	uint64_t ns = is_known ? (uint64_t)summary->last_wake_ns -
					 (uint64_t)summary->first_wake_ns
			       : summary->end_ns - summary->start_ns;

	return (double)(int64_t)ns / (double)NS_PER_SEC;
}

bool report_summary_explain(const struct report_summary *summary, uint64_t cycle,
			    struct explanation *ret_explanation)
{
	const char *path = summary->run->files[0].path;
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	return explain_overrun(&summary->told, folder[0] ? folder : "/", cycle,
			       ret_explanation);
}
