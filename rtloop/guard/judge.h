/*
 * When a guardian has to act: arithmetic on the heartbeat and on its own wake-ups, without a clock.
 *
 * A cycle that is silent for longer than the limit has stopped. But one who was kept from running himself, with
 * the machine or by a signal, has seen nothing of the time between: then the limit begins anew. For that he looks
 * JUDGE_LOOKS times within it.
 */
#ifndef RTLOOP_GUARD_JUDGE_H
#define RTLOOP_GUARD_JUDGE_H

#include <stdint.h>

#include "rtloop/base/heartbeat.h"

/* Nothing has to be done at any time. */
#define JUDGE_NEVER INT64_MAX

/* For the cycle, or the watchdog thread in its place, to leave the outputs safe: its second, that of a lane, and a
 * cycle. */
#define JUDGE_LEAVING_NS (INT64_C(3) * 1000000000)

/* For what comes after the cycle's end and before that of the run: lanes that are joined, evidence that is told. */
#define JUDGE_ENDED_NS (INT64_C(60) * 1000000000)

/* Looks within the limit. */
#define JUDGE_LOOKS 4

struct judge {
	int64_t limit_ns; /* at least */
	int64_t anew_ns;  /* it was kept from running until then */
	int64_t leaving_ns; /* since when the outputs are being left safe; 0: they are not */
	int64_t ended_ns; /* since when that is over; 0: it is not */
};

/** judge_init - [any] */
void judge_init(struct judge *judge, int64_t limit_ns) RT_SAFE;

/**
 * judge_limit_ns - how long a cycle may be overdue in effect.
 *
 * @limit_ns, but always a quarter longer than the watchdog thread waits: that one ends a run in order, with all
 * outputs safe and a whole log, and must come first. [any]
 */
int64_t judge_limit_ns(int64_t limit_ns, const struct heartbeat *heartbeat) RT_SAFE;

/** judge_look_ns - when to look next, at the latest. [any] */
int64_t judge_look_ns(const struct judge *judge, int64_t now_ns) RT_SAFE;

/**
 * judge_woke - it is awake.
 * @planned_ns: when it was to wake
 *
 * [any]
 */
void judge_woke(struct judge *judge, int64_t planned_ns, int64_t now_ns) RT_SAFE;

/**
 * judge_deadline - when the guardian has to act unless there is a beat before.
 *
 * JUDGE_NEVER before the first beat. While the outputs are being left safe there is no beat: that gets JUDGE_LEAVING_NS
 * more; and the rest of the run, which may hang as well, JUDGE_ENDED_NS. [any]
 */
int64_t judge_deadline(struct judge *judge, const struct heartbeat *heartbeat,
		       int64_t now_ns) RT_SAFE;

#endif
