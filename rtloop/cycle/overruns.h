/*
 * Overruns on their way from the cycle thread to the supervisor: a few places, filled in order and taken
 * in order. Where none is free the overrun is only counted, so that a burst costs the cycle nothing.
 */
#ifndef RTLOOP_CYCLE_OVERRUNS_H
#define RTLOOP_CYCLE_OVERRUNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/cycle/blame.h"

#define OVERRUNS_MAX 16u /* a power of two */

/* One cycle that overran. Times are CLOCK_MONOTONIC, ns. */
struct overrun {
	uint64_t cycle;
	int64_t release_ns;
	int64_t wake_ns;
	int64_t end_ns;	   /* of the last write */
	int64_t record_ns; /* how long the cycle before took to hand its records over */
	bool is_late_wake;
	bool is_long_work;
	struct blame_worst worst;
};

struct overruns {
	struct overrun places[OVERRUNS_MAX];
	_Atomic uint32_t put;	/* of the cycle thread */
	_Atomic uint32_t taken; /* of the supervisor */
	_Atomic uint64_t seen;	/* overruns so far, those without a place included */
};

/** overruns_put - [rt] */
void overruns_put(struct overruns *overruns, const struct overrun *overrun) RT_SAFE;

/** overruns_take - the oldest; false where there is none. [super] */
bool overruns_take(struct overruns *overruns, struct overrun *ret_overrun);

/** overruns_seen - how many there were so far. One that can be taken may not be among them yet. [super] */
uint64_t overruns_seen(const struct overruns *overruns);

#endif
