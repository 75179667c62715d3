/*
 * What a whole run was like: the first pass over its logs. Its size does not depend on theirs.
 */
#ifndef RTLOOP_REPORT_SUMMARY_H
#define RTLOOP_REPORT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/hist.h"
#include "rtloop/report/device.h"
#include "rtloop/report/event.h"
#include "rtloop/report/explain.h"
#include "rtloop/report/reading.h"
#include "rtloop/report/source.h"
#include "rtloop/report/timeline.h"

#define REPORT_GAPS_MAX	 64
#define REPORT_WORST_MAX 1000

/* Cycles that ran but are not in the log. */
struct report_gap {
	uint64_t first; /* both inclusive */
	uint64_t last;
	uint64_t log_time_ns; /* of the next thing in the log */
};

/* Where a greatest time was seen. */
struct report_peak {
	int64_t ns;
	uint64_t cycle;
	uint64_t log_time_ns;
};

/* One half of a run, by time: does it get worse? */
struct report_half {
	struct hist latency;
	struct hist busy;
};

/* An overrun, by how far it went past its release. */
struct report_worst {
	uint64_t cycle;
	int64_t past_ns; /* from its release to its last write */
};

struct report_summary {
	const struct report_run_files *run; /* borrowed */
	struct report_span span;
	struct report_reading reading; /* the phases' names, cycles, gaps, problems */
	uint64_t start_ns; /* log_time of the first and the last cycle; 0 without one */
	uint64_t end_ns;
	int64_t first_wake_ns; /* likewise by CLOCK_MONOTONIC; 0: the log does not say */
	int64_t last_wake_ns;
	uint64_t middle_ns; /* where the second half begins */

	bool has_fault;
	struct report_event fault; /* that ended the run */
	uint64_t late_wakes; /* cycles with an overrun of that kind; some have both */
	uint64_t long_works;
	uint64_t overruns; /* cycles with one or both */
	uint64_t missed;   /* releases without a cycle */
	uint64_t caught_up;

	struct hist
		latency; /* cycles that were caught up left out, as in the report of a run */
	struct hist busy;
	struct hist phases[REPORT_PHASES_MAX];
	struct report_peak latency_peak;
	struct report_peak busy_peak;
	struct report_half halves[2];

	struct report_worst worst[REPORT_WORST_MAX]; /* in order of cycles */
	unsigned worst_count;
	unsigned worst_wanted;

	struct report_gap gaps[REPORT_GAPS_MAX]; /* the first of them */
	unsigned gap_count;
	uint64_t longest_gap; /* cycles */

	struct report_timeline timeline;
	struct report_event_counts events;
	struct told told; /* the evidence on overruns */
	struct report_devices devices;
};

/**
 * report_summary_create - read a run.
 * @worst_wanted: how many of the worst overruns are to be known; at most REPORT_WORST_MAX
 *
 * As report_read(). [any but rt]
 */
int report_summary_create(struct report_summary **ret_summary,
			  const struct report_run_files *run,
			  const struct report_span *span, unsigned worst_wanted,
			  const struct report_listener *listener,
			  struct err *err) MUST_CHECK;
void report_summary_destroy(struct report_summary *summary);

/** report_summary_is_worst - whether that cycle's overrun is one of the worst wanted. [any but rt] */
bool report_summary_is_worst(const struct report_summary *summary, uint64_t cycle);

/**
 * report_summary_is_whole - nothing of the run is missing, and nothing is wrong with its logs; cycles in
 * gaps, which the logs tell of, are no damage. [any but rt]
 */
bool report_summary_is_whole(const struct report_summary *summary);

/**
 * report_summary_explain - the overrun of a cycle, from the evidence in the logs and from traces beside
 * them. False where there is none. [any but rt]
 */
bool report_summary_explain(const struct report_summary *summary, uint64_t cycle,
			    struct explanation *ret_explanation);

/** report_summary_seconds - from the first cycle to the last. [any but rt] */
double report_summary_seconds(const struct report_summary *summary);

#endif
