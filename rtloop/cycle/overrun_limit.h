/*
 * How many overruns within how long are a fault. The times of the last ones are kept: as many as are allowed. The
 * next one is a fault if the oldest of them is not long ago.
 */
#ifndef RTLOOP_CYCLE_OVERRUN_LIMIT_H
#define RTLOOP_CYCLE_OVERRUN_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define OVERRUN_LIMIT_MAX 1000 /* overruns that can be allowed */

struct overrun_limit {
	int64_t *times_ns; /* of the last ones, in turn */
	uint64_t allowed;  /* 0: as many as there are */
	uint64_t seen;
	int64_t within_ns;
};

/** overrun_limit_init - @allowed: 0 to OVERRUN_LIMIT_MAX. -ENOMEM. [init] */
int overrun_limit_init(struct overrun_limit *limit, uint64_t allowed,
		       int64_t within_ns) MUST_CHECK;
void overrun_limit_fini(struct overrun_limit *limit);

/**
 * overrun_limit_count - so many more overruns, at @now_ns, which never goes back.
 *
 * Returns whether there were more than are allowed within the time, its end included. [rt]
 */
bool overrun_limit_count(struct overrun_limit *limit, int64_t now_ns,
			 unsigned overruns) RT_SAFE;

#endif
