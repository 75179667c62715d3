/*
 * A watch over a heartbeat: looks at it at even intervals and says when it has been silent for too long. Only
 * time in which the watch itself looked as planned counts. A process that is stopped and continued, a virtual
 * machine that is paused, a debugger: they stop the one who watches together with the one who is watched, and what
 * stood still with the watch is not held against the cycle.
 */
#ifndef RTLOOP_BASE_WATCH_H
#define RTLOOP_BASE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/heartbeat.h"

/* Looks within the limit: silence is noticed when the limit is over, or a quarter of it later at most. */
#define WATCH_LOOKS 4

struct watch {
	const struct heartbeat *heartbeat; /* borrowed */
	int64_t interval_ns;		   /* between two looks */
	int64_t looked_ns;		   /* when it did last */
	int64_t due_ns;			   /* what the heartbeat said then */
	int64_t silent_ns; /* for how long it has been late, as far as that counts */
};

/** watch_init - @heartbeat: its limit is set, and not 0. [any] */
void watch_init(struct watch *watch, const struct heartbeat *heartbeat,
		int64_t now_ns) RT_SAFE;

/** watch_next_ns - when to look next: not before. [any] */
int64_t watch_next_ns(const struct watch *watch) RT_SAFE;

/** watch_look - whether it has been silent for as long as its limit. [any] */
bool watch_look(struct watch *watch, int64_t now_ns) RT_SAFE;

#endif
