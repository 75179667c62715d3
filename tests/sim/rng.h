/*
 * Random numbers that are the same on every machine for the same seed. Each part of the simulator draws from
 * a stream of its own, so that a change in one of them leaves the others as they are.
 */
#ifndef TESTS_SIM_RNG_H
#define TESTS_SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
	uint64_t state;
};

/** rng_mix - every bit of the input reaches every bit of the output. */
static inline uint64_t rng_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	return x;
}

/** rng_seed - @stream tells the streams of one seed apart. */
static inline struct rng rng_seed(uint64_t seed, uint64_t stream)
{
	return (struct rng){ .state = rng_mix(seed ^ rng_mix(stream + 1)) };
}

static inline uint64_t rng_next(struct rng *rng)
{
	rng->state += UINT64_C(0x9e3779b97f4a7c15);
	return rng_mix(rng->state);
}

/** rng_below - 0 to @limit - 1; @limit is not 0. */
static inline uint64_t rng_below(struct rng *rng, uint64_t limit)
{
	return rng_next(rng) % limit;
}

/** rng_between - both ends included. */
static inline int64_t rng_between(struct rng *rng, int64_t low, int64_t high)
{
	return low + (int64_t)rng_below(rng, (uint64_t)(high - low) + 1);
}

/** rng_one_in - true once in @n times. */
static inline bool rng_one_in(struct rng *rng, uint64_t n)
{
	return rng_below(rng, n) == 0;
}

/** rng_span - from @low to @high, where each order of magnitude is as likely as the others; @low is not 0. */
static inline int64_t rng_span(struct rng *rng, int64_t low, int64_t high)
{
	int64_t top = low;

	while (top < high && rng_below(rng, 4) != 0) {
		top = top > high / 4 ? high : top * 4;
	}
	return rng_between(rng, low, top);
}

#endif
