/*
 * A turn: memory that a thread and the cycle own one after the other, without a wait, a lock or a
 * system call on either side. The other thread gives it, the cycle finds it given and returns it
 * within the same cycle; whoever does not own the memory neither reads nor writes it.
 */
#ifndef RTLOOP_BASE_TURN_H
#define RTLOOP_BASE_TURN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "rtloop/base/attr.h"

/* Zeroed: the memory belongs to the other thread. */
struct turn {
	_Atomic bool is_given;
};

/** turn_give - the memory is the cycle's from now on; only while turn_is_back(). [super] */
static inline void turn_give(struct turn *turn)
{
	/* pairs with the acquire in turn_is_given(): what was written is seen */
	atomic_store_explicit(&turn->is_given, true, memory_order_release);
}

/** turn_is_back - whether the memory is the caller's, with all that the cycle wrote. [super] */
static inline bool turn_is_back(const struct turn *turn)
{
	return !atomic_load_explicit(&turn->is_given, memory_order_acquire);
}

/** turn_is_given - whether the memory is the cycle's. [rt] */
static inline RT_SAFE bool turn_is_given(const struct turn *turn)
{
	return atomic_load_explicit(&turn->is_given, memory_order_acquire);
}

/** turn_return - the memory is the other thread's again. [rt] */
static inline RT_SAFE void turn_return(struct turn *turn)
{
	/* pairs with the acquire in turn_is_back() */
	atomic_store_explicit(&turn->is_given, false, memory_order_release);
}

#endif
