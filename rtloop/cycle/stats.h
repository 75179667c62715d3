/* What a run counts of its cycles. The cycle thread writes, any thread reads. */
#ifndef RTLOOP_CYCLE_STATS_H
#define RTLOOP_CYCLE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/counter.h"
#include "rtloop/base/hist.h"

struct stats {
	struct counter cycles;
	struct counter late_wakes;	    /* overruns: woke after the next release */
	struct counter long_works;	    /* overruns: busy at the next release */
	struct counter missed;		    /* releases that no cycle was run for */
	struct counter caught_up;	    /* cycles run late, back to back */
	struct counter worst_latency_cycle; /* the cycle with the greatest latency */
	struct counter worst_busy_cycle;
	struct counter worst_step_cycle;
	struct counter over_budget; /* cycles whose logic took longer than its budget */
	struct hist latency;	    /* wake-up minus release; cycles caught up left out */
	struct hist busy;	    /* last write minus wake-up */
	struct hist read;	    /* phases of the busy time */
	struct hist step;	    /* of cycles with logic */
	struct hist write;
	struct hist
		record; /* handing the records to the logger; not part of the busy time */
};

/* The times of one cycle, ns. */
struct cycle_times {
	int64_t latency_ns;
	int64_t read_ns;
	int64_t step_ns; /* 0: there is no logic */
	int64_t write_ns;
	int64_t record_ns;
};

/** cycle_times_busy_ns - from the wake-up to the last write: the phases between. [any] */
static inline RT_SAFE int64_t cycle_times_busy_ns(const struct cycle_times *times)
{
	return times->read_ns + times->step_ns + times->write_ns;
}

/**
 * stats_record - count one finished cycle.
 * @is_caught_up: it was run late on purpose: its latency is no wake-up's and is left out
 *
 * [rt]
 */
void stats_record(struct stats *stats, uint64_t cycle, const struct cycle_times *times,
		  bool is_caught_up) RT_SAFE;

#endif
