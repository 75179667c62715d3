/*
 * The peaks of a run over time. The cycle thread keeps the worst of the current step of a
 * tenth of a second, and leaves each finished step in a few slots, from which the
 * supervisor takes them. Where the supervisor does not come for as long as the slots
 * last (6.4 s), the step in hand goes on: it gets longer, and nothing is lost.
 */
#ifndef RTLOOP_CYCLE_PEAKS_H
#define RTLOOP_CYCLE_PEAKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/time.h"

#define PEAKS_STEP_NS (100 * NS_PER_MS)
#define PEAKS_SLOTS   64 /* a power of two */

/* The worst of a stretch of cycles. */
struct peak {
	uint64_t step;	 /* when it begins: in steps since the run's first release */
	uint64_t cycles; /* 0: none was run in it, and the rest is 0 */
	uint64_t overruns;
	uint64_t latency_max_ns; /* cycles caught up left out */
	uint64_t busy_max_ns;
};

struct peaks {
	struct peak current; /* of the cycle thread */
	int64_t ends_ns;     /* when the step in hand is over; 0: none is */
	struct peak slots[PEAKS_SLOTS];
	_Atomic uint64_t head; /* steps left so far; of the cycle thread */
	_Atomic uint64_t tail; /* steps taken so far; of the supervisor */
};

/** peak_fold - let a peak stand for another stretch, too; @into's step stays. [any] */
void peak_fold(struct peak *into, const struct peak *from) RT_SAFE;

/**
 * peaks_record - count one finished cycle.
 * @at_ns: its release, since the run's first one
 * @cycle: the peak that this cycle is; its step is not looked at
 *
 * [rt]
 */
void peaks_record(struct peaks *peaks, int64_t at_ns, const struct peak *cycle) RT_SAFE;

/**
 * peaks_take - the oldest step that is finished and not taken.
 *
 * Returns whether there was one. [super]
 */
bool peaks_take(struct peaks *peaks, struct peak *ret_peak);

/**
 * peaks_take_last - the step that was in hand when the cycle thread ended; after all
 * others were taken.
 *
 * Returns whether there was one. [init]
 */
bool peaks_take_last(struct peaks *peaks, struct peak *ret_peak);

#endif
