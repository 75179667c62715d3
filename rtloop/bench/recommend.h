/*
 * Which settings are best by what was measured: each with its reason, which names the figures. Nothing is recommended
 * that this program does not have, and nothing of which there are no figures.
 */
#ifndef RTLOOP_BENCH_RECOMMEND_H
#define RTLOOP_BENCH_RECOMMEND_H

#include <stdbool.h>

#include "rtloop/bench/conditions.h"
#include "rtloop/bench/table.h"

#define ADVICE_VALUE_BYTES  32
#define ADVICE_REASON_BYTES 400

/* One setting; a value of "": there is nothing to recommend. */
struct advice {
	char value[ADVICE_VALUE_BYTES];
	char reason[ADVICE_REASON_BYTES];
};

struct recommendation {
	struct advice pacer; /* of loop: */
	struct advice poller;
	struct advice spin;
	struct advice writer; /* of log: */
	struct advice sync;
	char warning[ADVICE_REASON_BYTES]; /* what no setting mends; "" */
};

/* What the program can be set to: names ended by NULL, in order of preference where figures say nothing. */
struct recommend_kinds {
	const char *const *pacers;
	const char *const *pollers;
	const char *const *writers;
};

/** recommend_kinds - of this program, as its options have them. [init] */
struct recommend_kinds recommend_kinds(void);

/**
 * recommend - @tables: BENCH_PARTS of them, with their figures.
 * @cpus: how many there are
 *
 * [any but rt]
 */
void recommend(const struct conditions *conditions, const struct table *tables,
	       const struct recommend_kinds *kinds, long cpus,
	       struct recommendation *ret_recommendation);

#endif
