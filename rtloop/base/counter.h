/*
 * Counters that one thread adds to and any thread reads. Relaxed atomics: a reader sees a
 * whole value (on 32-bit machines too), not an order between two counters.
 */
#ifndef RTLOOP_BASE_COUNTER_H
#define RTLOOP_BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/* One that takes a lock has no place in the cycle: Arm before version 7 is left out. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2 && sizeof(long long) == sizeof(uint64_t),
	       "an atomic of 64 bits needs a lock here");

struct counter {
	_Atomic uint64_t value;
};

/** counter_add - only ever called by the counter's one owner; no locked instruction. [rt]
 */
static inline void counter_add(struct counter *counter, uint64_t n)
{
	uint64_t value = atomic_load_explicit(&counter->value, memory_order_relaxed);

	atomic_store_explicit(&counter->value, value + n, memory_order_relaxed);
}

/** counter_set - only ever called by the counter's one owner. [rt] */
static inline void counter_set(struct counter *counter, uint64_t value)
{
	atomic_store_explicit(&counter->value, value, memory_order_relaxed);
}

/** counter_get - the value at some moment. [any] */
static inline uint64_t counter_get(const struct counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}

#endif
