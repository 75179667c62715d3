/* A run cut into intervals, at most some thousand of them however long it is. */
#ifndef RTLOOP_REPORT_TIMELINE_H
#define RTLOOP_REPORT_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define REPORT_INTERVALS_MAX 601

struct report_interval {
	uint64_t cycles;
	uint64_t overruns; /* late wakes and long works */
	int64_t latency_max_ns;
	int64_t busy_max_ns;
};

struct report_timeline {
	uint64_t start_ns; /* log_time */
	uint64_t interval_ns;
	unsigned count; /* of those that the run reaches into */
	struct report_interval intervals[REPORT_INTERVALS_MAX];
};

/**
 * report_timeline_init - for a run from @start_ns to @end_ns.
 * @period_ns: of its cycles; 0: not known
 *
 * Intervals are a round time (1, 2 or 5 times a power of ten; from a minute on what a clock shows), so
 * that the run has 601 of them at most, and at least ten periods each. [any but rt]
 */
void report_timeline_init(struct report_timeline *timeline, uint64_t start_ns,
			  uint64_t end_ns, int64_t period_ns);

/**
 * report_timeline_at - the interval of a log_time; what lies outside goes to the first or the last.
 * [any but rt]
 */
static inline struct report_interval *report_timeline_at(struct report_timeline *timeline,
							 uint64_t time_ns)
{
	uint64_t index = time_ns < timeline->start_ns
				 ? 0
				 : (time_ns - timeline->start_ns) / timeline->interval_ns;

	return &timeline->intervals[index < timeline->count ? index
							    : timeline->count - 1];
}

/** report_timeline_has_overruns - whether an interval that reaches into [@from_ns, @to_ns] has. [any but rt] */
bool report_timeline_has_overruns(const struct report_timeline *timeline,
				  uint64_t from_ns, uint64_t to_ns);

#endif
