/* Sees when CLOCK_REALTIME is set. */
#ifndef RTLOOP_LOG_CLOCK_WATCH_H
#define RTLOOP_LOG_CLOCK_WATCH_H

#include <stdint.h>

#include "rtloop/base/attr.h"

/* A change of this much between two looks is a step; less is the clock being slewed. */
#define CLOCK_STEP_NS INT64_C(20000000)

struct clock_watch {
	int64_t offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC at the last look */
};

/** clock_watch_init - the first look. [any but rt] */
void clock_watch_init(struct clock_watch *watch);

/**
 * clock_watch_look - look again.
 *
 * Returns by how much CLOCK_REALTIME was set since the last look, ns; 0: it was not. [any but rt]
 */
int64_t clock_watch_look(struct clock_watch *watch) MUST_CHECK;

#endif
