#include <stddef.h>
#include <string.h>

#include "rtloop/base/record.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/report.h"
#include "rtloop/cmd/timing.h"
#include "rtloop/report/certainty.h"

static void put_logs(struct json *json, const struct report_run_files *run)
{
	json_begin(json, "logs", '[');
	for (unsigned i = 0; i < run->count; i++) {
		const struct report_file *file = &run->files[i];

		json_begin(json, NULL, '{');
		json_text(json, "path", file->path);
		json_uint(json, "bytes", file->bytes);
		json_bool(json, "is_closed", file->is_closed);
		if (!file->is_closed) {
			json_text(json, "why_not", file->why_not);
		}
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void put_identity(struct json *json, const struct report_summary *summary)
{
	const struct report_file *file = &summary->run->files[0];

	json_text(json, "loop", file->loop);
	json_text(json, "boot", file->boot);
	json_text(json, "version", file->version);
	json_text(json, "kernel", file->kernel);
	json_int(json, "period_ns", file->period_ns);
	put_logs(json, summary->run);
	json_bool(json, "is_whole", report_summary_is_whole(summary));
	json_uint(json, "problems", summary->reading.problems);
	json_uint(json, "start_ns", summary->start_ns);
	json_uint(json, "end_ns", summary->end_ns);
	json_float(json, "seconds", report_summary_seconds(summary));
}

static void put_cycles(struct json *json, const struct report_summary *summary)
{
	const struct mcap_cycles *cycles = &summary->reading.cycles;

	json_uint(json, "cycles", cycles->logged);
	json_uint(json, "cycles_in_gaps", cycles->in_gaps);
	json_uint(json, "cycles_missing", cycles->missing);
	json_uint(json, "late_wakes", summary->late_wakes);
	json_uint(json, "long_works", summary->long_works);
	json_uint(json, "overrun_cycles", summary->overruns);
	json_uint(json, "missed", summary->missed);
	json_uint(json, "caught_up", summary->caught_up);
}

static void put_gaps(struct json *json, const struct report_summary *summary)
{
	json_uint(json, "gap_count", summary->reading.cycles.gaps);
	json_uint(json, "longest_gap", summary->longest_gap);
	json_begin(json, "gaps", '[');
	for (unsigned i = 0; i < summary->gap_count; i++) {
		json_begin(json, NULL, '{');
		json_uint(json, "first", summary->gaps[i].first);
		json_uint(json, "last", summary->gaps[i].last);
		json_uint(json, "log_time_ns", summary->gaps[i].log_time_ns);
		json_end(json, '}');
	}
	json_end(json, ']');
}

static void put_peak(struct json *json, const char *name, const struct report_peak *peak)
{
	json_begin(json, name, '{');
	json_uint(json, "cycle", peak->cycle);
	json_uint(json, "log_time_ns", peak->log_time_ns);
	json_end(json, '}');
}

static void put_times(struct json *json, const struct report_summary *summary)
{
	const struct report_phases *phases = &summary->reading.phases;

	put_peak(json, "worst_latency", &summary->latency_peak);
	put_peak(json, "worst_busy", &summary->busy_peak);
	timing_put_json(json, "latency", &summary->latency);
	timing_put_json(json, "busy", &summary->busy);
	json_begin(json, "phases", '{');
	for (unsigned i = 0; i < phases->count; i++) {
		timing_put_json(json, phases->names[i], &summary->phases[i]);
	}
	json_end(json, '}');
}

static void put_half(struct json *json, const char *name, const struct hist *hist)
{
	json_begin(json, name, '{');
	json_uint(json, "count", counter_get(&hist->count));
	json_int(json, "median_ns", hist_quantile(hist, 0.5));
	json_int(json, "p99_9_ns", hist_quantile(hist, 0.999));
	json_uint(json, "max_ns", counter_get(&hist->max_ns));
	json_end(json, '}');
}

static void put_certainty(struct json *json, const char *name, const struct hist *all,
			  const struct hist *first, const struct hist *second)
{
	static const char *const trends[] = {
		[REPORT_TREND_UNKNOWN] = "unknown",
		[REPORT_TREND_STEADY] = "steady",
		[REPORT_TREND_RISING] = "rising",
	};
	struct report_certainty certainty;

	report_certainty_init(&certainty, all, first, second);
	json_begin(json, name, '{');
	json_uint(json, "max_ns", counter_get(&all->max_ns));
	json_uint(json, "count", counter_get(&all->count));
	json_begin(json, "exceeded", '[');
	for (unsigned i = 0; i < certainty.step_count; i++) {
		json_begin(json, NULL, '{');
		json_uint(json, "one_in", certainty.steps[i].one_in);
		json_int(json, "over_ns", certainty.steps[i].ns);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_uint(json, "worse_one_in", certainty.worse_one_in);
	json_text(json, "trend", trends[certainty.trend]);
	put_half(json, "first_half", first);
	put_half(json, "second_half", second);
	json_end(json, '}');
}

static void put_certainties(struct json *json, const struct report_summary *summary)
{
	const struct report_half *halves = summary->halves;

	json_begin(json, "worst_case", '{');
	put_certainty(json, "latency", &summary->latency, &halves[0].latency,
		      &halves[1].latency);
	put_certainty(json, "busy", &summary->busy, &halves[0].busy, &halves[1].busy);
	json_end(json, '}');
}

/* @at: where the member is in an interval; all of them are numbers of 8 bytes that are not negative. */
static void put_series(struct json *json, const char *name,
		       const struct report_timeline *timeline, size_t at)
{
	uint64_t value;

	json_begin(json, name, '[');
	for (unsigned i = 0; i < timeline->count; i++) {
		memcpy(&value, (const char *)&timeline->intervals[i] + at, sizeof(value));
		json_uint(json, NULL, value);
	}
	json_end(json, ']');
}

/* As in the report of a run. */
static void put_timeline(struct json *json, const struct report_timeline *timeline)
{
	json_begin(json, "timeline", '{');
	json_uint(json, "start_ns", timeline->start_ns);
	json_float(json, "interval_s",
		   (double)timeline->interval_ns / (double)NS_PER_SEC);
	put_series(json, "cycles", timeline, offsetof(struct report_interval, cycles));
	put_series(json, "latency_max_ns", timeline,
		   offsetof(struct report_interval, latency_max_ns));
	put_series(json, "busy_max_ns", timeline,
		   offsetof(struct report_interval, busy_max_ns));
	put_series(json, "overruns", timeline,
		   offsetof(struct report_interval, overruns));
	json_end(json, '}');
}

static void put_device(struct json *json, const struct report_summary *summary,
		       const struct report_device *device)
{
	static const char *const qualities[REPORT_QUALITIES] = {
		[REPORT_GOOD] = "good",
		[REPORT_STALE] = "stale",
		[REPORT_BAD] = "bad",
	};
	double seconds = report_summary_seconds(summary);

	json_begin(json, NULL, '{');
	json_text(json, "name", device->name);
	json_uint(json, "messages", device->messages);
	json_uint(json, "samples", device->samples);
	json_float(json, "messages_per_s",
		   seconds > 0 ? (double)device->messages / seconds : 0);
	json_float(json, "samples_per_s",
		   seconds > 0 ? (double)device->samples / seconds : 0);
	if (device->has_sample) {
		json_int(json, "pause_max_ns", device->pause_max_ns);
		json_int(json, "pause_start_ns", device->pause_start_ns);
	}
	if (device->silence_ns >= 0) {
		json_int(json, "silence_ns", device->silence_ns);
	}
	json_uint(json, "stale_turns", device->stale_turns);
	json_uint(json, "bad_turns", device->bad_turns);
	json_text(json, "quality", qualities[device->quality]);
	timing_put_json(json, "age", &device->age);
	json_end(json, '}');
}

static void put_devices(struct json *json, const struct report_summary *summary)
{
	json_begin(json, "devices", '[');
	for (unsigned i = 0; i < summary->devices.count; i++) {
		put_device(json, summary, summary->devices.list[i]);
	}
	json_end(json, ']');
}

/* Absent where no fault ended it. */
static void put_fault(struct json *json, const struct report_summary *summary)
{
	const struct report_event *fault = &summary->fault;

	if (summary->has_fault) {
		json_begin(json, "fault", '{');
		json_text(json, "kind", fault->kind);
		json_text(json, "device", fault->device);
		json_uint(json, "cycle", fault->cycle);
		json_uint(json, "log_time_ns", fault->log_time_ns);
		json_int(json, "value", fault->value);
		json_end(json, '}');
	}
}

static void put_events(struct json *json, const struct report_summary *summary)
{
	json_uint(json, "event_count", summary->events.all);
	json_begin(json, "events", '[');
	for (unsigned i = 0; i < summary->events.count; i++) {
		const struct report_event_count *count = &summary->events.list[i];

		json_begin(json, NULL, '{');
		json_text(json, "kind", count->kind);
		json_text(json, "device", count->device);
		json_uint(json, "level", count->level);
		json_uint(json, "count", count->count);
		json_uint(json, "first_ns", count->first_ns);
		json_uint(json, "last_ns", count->last_ns);
		json_uint(json, "last_cycle", count->last_cycle);
		json_int(json, "last_value", count->last_value);
		json_end(json, '}');
	}
	json_end(json, ']');
}

void report_json_begin_run(struct json *json, const struct report_summary *summary)
{
	json_begin(json, NULL, '{');
	put_identity(json, summary);
	put_fault(json, summary);
	put_cycles(json, summary);
	put_gaps(json, summary);
	put_times(json, summary);
	put_certainties(json, summary);
	put_timeline(json, &summary->timeline);
	put_devices(json, summary);
	put_events(json, summary);
	json_begin(json, "overruns", '[');
}

void report_json_end_run(struct json *json)
{
	json_end(json, ']');
	json_end(json, '}');
}

static void put_cycle(struct json *json, const struct report_overrun *overrun,
		      unsigned at)
{
	const struct report_cycle *cycle = &overrun->cycles[at];

	json_begin(json, NULL, '{');
	json_uint(json, "cycle", cycle->cycle);
	json_uint(json, "release", cycle->release);
	json_int(json, "release_ns", cycle->release_ns);
	json_uint(json, "log_time_ns", overrun->log_time_ns[at]);
	json_int(json, "latency_ns", cycle->latency_ns);
	json_int(json, "busy_ns", cycle->busy_ns);
	json_begin(json, "phases", '{');
	for (unsigned i = 0; i < overrun->phases->count; i++) {
		json_int(json, overrun->phases->names[i], cycle->phase_ns[i]);
	}
	json_end(json, '}');
	json_uint(json, "missed", cycle->missed);
	json_uint(json, "flags", cycle->flags);
	json_end(json, '}');
}

static void put_event(struct json *json, const struct report_event *event)
{
	json_begin(json, NULL, '{');
	json_uint(json, "cycle", event->cycle);
	json_int(json, "time_ns", event->time_ns);
	json_uint(json, "log_time_ns", event->log_time_ns);
	json_text(json, "kind", event->kind);
	json_text(json, "device", event->device);
	json_uint(json, "level", event->level);
	json_int(json, "value", event->value);
	json_text(json, "text", event->text);
	json_end(json, '}');
}

/* Absent where the log has no evidence. */
static void put_why(struct json *json, const struct report_summary *summary,
		    uint64_t cycle)
{
	struct explanation why;

	if (report_summary_explain(summary, cycle, &why)) {
		json_bool(json, "is_explained", why.is_explained);
		json_text(json, "why", why.text);
	}
}

void report_json_overrun(struct json *json, const struct report_summary *summary,
			 const struct report_overrun *overrun)
{
	const struct report_cycle *cycle = report_overrun_cycle(overrun);

	json_begin(json, NULL, '{');
	json_uint(json, "cycle", cycle->cycle);
	json_uint(json, "log_time_ns", overrun->log_time_ns[overrun->at]);
	json_float(json, "seconds",
		   report_offset_s(summary, overrun->log_time_ns[overrun->at]));
	json_bool(json, "is_late_wake", cycle->flags & RECORD_LATE_WAKE);
	json_bool(json, "is_long_work", cycle->flags & RECORD_LONG_WORK);
	json_uint(json, "missed", cycle->missed);
	put_why(json, summary, cycle->cycle);
	json_begin(json, "cycles", '[');
	for (unsigned i = 0; i < overrun->count; i++) {
		put_cycle(json, overrun, i);
	}
	json_end(json, ']');
	json_begin(json, "events", '[');
	for (unsigned i = 0; i < overrun->event_count; i++) {
		put_event(json, overrun->events[i]);
	}
	json_end(json, ']');
	json_uint(json, "events_more", overrun->events_more);
	json_end(json, '}');
}
