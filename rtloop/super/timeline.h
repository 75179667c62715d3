/*
 * The peaks of a whole run, as a series of bounded length: where it is full, intervals
 * are folded in pairs and become twice as long. A run of 205 s has intervals of 0.1 s, one
 * of a day 51.2 s.
 */
#ifndef RTLOOP_SUPER_TIMELINE_H
#define RTLOOP_SUPER_TIMELINE_H

#include <stdint.h>

#include "rtloop/cycle/peaks.h"

#define TIMELINE_POINTS 2048 /* even */

/* All zero is an empty one. */
struct timeline {
	struct peak points[TIMELINE_POINTS]; /* their step is not used */
	unsigned count;			     /* up to the last interval with a cycle */
	unsigned doublings;
};

/** timeline_add - the peaks of a stretch, in the order of time. [super] */
void timeline_add(struct timeline *timeline, const struct peak *peak);

/** timeline_interval_ns - how long each of the intervals is. [super] */
int64_t timeline_interval_ns(const struct timeline *timeline);

#endif
