/*
 * Which call took longest in a cycle, and whose it was: told when the cycle overran. One reading of the
 * clock after each call that a device has of its own; a device without such a call costs nothing.
 *
 * What is measured is time on the clock: it contains whatever else ran on that CPU meanwhile.
 */
#ifndef RTLOOP_CYCLE_BLAME_H
#define RTLOOP_CYCLE_BLAME_H

#include <stdatomic.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define BLAME_NOBODY UINT32_MAX

enum blame_call {
	BLAME_SCAN,    /* finding which endpoints are ready; of no device */
	BLAME_RECEIVE, /* reading an endpoint and decoding what it brought */
	BLAME_SAMPLE,
	BLAME_TICK,
	BLAME_STEP,   /* the program; of no device */
	BLAME_PLUGIN, /* the step of a plugin: EVENT_PLUGINS and its index for a device's */
	BLAME_EMIT,
	BLAME_WAIT, /* for the next release: no call at all */
	BLAME_CALLS,
};

/* The longest call of a cycle. */
struct blame_worst {
	int64_t ns; /* 0: there was none */
	int64_t end_ns;
	uint32_t device; /* as in events: an index, or BLAME_NOBODY */
	uint32_t call;	 /* enum blame_call */
};

struct blame {
	int64_t last_ns; /* when the call that is measured next begins */
	struct blame_worst worst;

	/* where the cycle is: of use to others only once it has stopped */
	_Atomic uint32_t device;
	_Atomic uint32_t call;
};

/** blame_begin - a cycle woke. [rt] */
static inline void blame_begin(struct blame *blame, int64_t wake_ns)
{
	blame->last_ns = wake_ns;
	blame->worst = (struct blame_worst){ .ns = 0 };
}

/** blame_enter - a call begins. NULL is a no-op. [rt] */
static inline RT_SAFE void blame_enter(struct blame *blame, uint32_t device,
				       enum blame_call call)
{
	if (blame) {
		atomic_store_explicit(&blame->device, device, memory_order_relaxed);
		atomic_store_explicit(&blame->call, (uint32_t)call, memory_order_relaxed);
	}
}

/** blame_skip - what was done until @now_ns was no device's. [rt] */
static inline void blame_skip(struct blame *blame, int64_t now_ns)
{
	blame->last_ns = now_ns;
}

/** blame_mark - a call is over: it began where the one before ended. NULL is a no-op. [rt] */
void blame_mark(struct blame *blame, uint32_t device, enum blame_call call) RT_SAFE;

/** blame_mark_at - the same, at a time that is known. [rt] */
void blame_mark_at(struct blame *blame, int64_t now_ns, uint32_t device,
		   enum blame_call call) RT_SAFE;

/** blame_call_name - "receive". [any] */
const char *blame_call_name(enum blame_call call) RT_SAFE;

#endif
