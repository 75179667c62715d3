/* What blocks share. Private to rtloop/program. */
#ifndef RTLOOP_PROGRAM_BLOCK_H
#define RTLOOP_PROGRAM_BLOCK_H

#include "rtloop/program/ops.h"

/* Times saturate: none of them ever wraps. */
static inline int64_t add_ns(int64_t a_ns, int64_t b_ns)
{
	int64_t sum_ns;

	return __builtin_add_overflow(a_ns, b_ns, &sum_ns) ? INT64_MAX : sum_ns;
}

static inline double clamp(double value, double least, double most)
{
	return value < least ? least : value > most ? most : value;
}

/* A value as a float may be; what was done to it is noted in @worth. */
static inline double to_finite(double value, uint64_t *worth)
{
	struct slot slot;

	put_float(&slot, value, *worth);
	*worth = slot.worth;
	return slot.f;
}

static inline uint64_t worth_of_args(const struct frame *frame, const struct insn *insn)
{
	uint64_t worth = WORTH_GOOD;

	for (unsigned i = 0; i < insn->count; i++) {
		worth |= ARG(i)->worth;
	}
	return worth;
}

/*
 * One step of a first-order low-pass (backward Euler): y + (x - y) * dt / (tau + dt). Stable for every
 * dt, and made of exact operations only; 63 % of a step are passed after about tau.
 */
static inline double smooth(const struct frame *frame, double y, double x, int64_t tau_ns)
{
	if (tau_ns <= 0) {
		return x;
	}
	return y +
	       (x - y) * ((double)frame->dt_ns / ((double)tau_ns + (double)frame->dt_ns));
}

#endif
