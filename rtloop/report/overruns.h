/*
 * The overruns of a run, each with the cycles and the events around it: a second pass over the logs, of
 * which only those chunks are read that a summary found overruns near.
 */
#ifndef RTLOOP_REPORT_OVERRUNS_H
#define RTLOOP_REPORT_OVERRUNS_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/report/event.h"
#include "rtloop/report/fields.h"
#include "rtloop/report/reading.h"
#include "rtloop/report/summary.h"

#define REPORT_AROUND	3 /* cycles before and after */
#define REPORT_NEAR_MAX 32

/* Events so long before an overrun's release, or after it, are near. */
#define REPORT_BEFORE_NS INT64_C(100000000)
#define REPORT_AFTER_NS	 INT64_C(200000000)

/*
 * An overrun. Of the cycles around it those are there that the log has: cycles[at] is its own, and the
 * numbers of the others are within REPORT_AROUND of it.
 */
struct report_overrun {
	const struct report_phases *phases; /* what the cycles' phases are; borrowed */
	struct report_cycle cycles[2 * REPORT_AROUND + 1];
	uint64_t log_time_ns[2 * REPORT_AROUND + 1];
	unsigned count;
	unsigned at;
	/*
	 * Events near it by their cycle (within REPORT_AROUND) or by their time, in the log's order; not
	 * late_wake and long_work, which only say that there was an overrun. Borrowed: valid during the call.
	 */
	const struct report_event *events[REPORT_NEAR_MAX];
	unsigned event_count;
	uint64_t events_more; /* that found no room in events */
};

/** report_overrun_cycle - the cycle that overran. [any] */
static inline const struct report_cycle *
report_overrun_cycle(const struct report_overrun *overrun)
{
	return &overrun->cycles[overrun->at];
}

/* Told of each overrun, in order; -errno ends it. */
typedef int report_overrun_taker(void *context, const struct report_overrun *overrun);

/**
 * report_overruns_read - every overrun of the run that was summarised.
 * @listener: only its progress is used: what is wrong with the logs has been told
 *
 * As report_read(), and what @take returns. [any but rt]
 */
int report_overruns_read(const struct report_summary *summary, report_overrun_taker *take,
			 void *context, const struct report_listener *listener,
			 struct err *err) MUST_CHECK;

#endif
