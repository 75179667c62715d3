/* Things that are compared take turns (A B A B ...) in one run: what else the machine does then hits all of them. */
#ifndef RTLOOP_BENCH_TURNS_H
#define RTLOOP_BENCH_TURNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How far a bench has come; read and stopped by another thread. */
struct course {
	_Atomic int64_t done_ns; /* of what was planned */
	_Atomic bool is_to_stop;
};

struct turns {
	unsigned items;
	int64_t all_ns;	  /* for all of them */
	int64_t slice_ns; /* a turn takes about so long */
	/* measure an item for this time, and at least once */
	void (*measure)(void *context, unsigned item, int64_t slice_ns);
	void *context;
};

/**
 * turns_take - at least one round; each begins with another item. Ends early when it is asked to stop; at the end
 * @turns->all_ns are done. [init]
 */
void turns_take(const struct turns *turns, struct course *course);

#endif
