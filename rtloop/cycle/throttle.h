/*
 * How much of a CPU the kernel lets real-time threads have. Before Linux 6.12 it stops them all when they have used up
 * their share of a period (sched_rt_runtime_us); since then a server for ordinary threads takes its own share when those
 * starve, on each CPU (fair_server).
 */
#ifndef RTLOOP_CYCLE_THROTTLE_H
#define RTLOOP_CYCLE_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define THROTTLE_PATH_BYTES 128

struct throttle {
	bool is_known;			/* the kernel says */
	int64_t period_us;		/* in each of which ... */
	int64_t rt_us;			/* real-time threads can have so much */
	char path[THROTTLE_PATH_BYTES]; /* of the file that says so */
	const char *off;		/* what to write there, for no limit at all */
};

/**
 * throttle_look - @release: of the kernel, as uname(2) says; @cpu: of the cycle, -1: any; @root: before the paths,
 * "" outside of tests.
 *
 * [init]
 */
void throttle_look(struct throttle *throttle, const char *release, int cpu,
		   const char *root);

/** throttle_has_room - whether @percent of a CPU are to be had. True where that is not known. [any] */
bool throttle_has_room(const struct throttle *throttle, int percent) RT_SAFE;

#endif
