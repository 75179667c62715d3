/* Under which conditions a bench measures: those of a configuration, where there is one. */
#ifndef RTLOOP_BENCH_CONDITIONS_H
#define RTLOOP_BENCH_CONDITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/bench/sources.h"

struct conditions {
	int64_t period_ns;
	int priority; /* in force; 0: SCHED_FIFO was not asked for, or refused */
	int cpu;      /* -1: any */
	bool is_locked;
	bool has_file;
	bool has_log;		/* the configuration has a log, or there is none */
	struct source_set file; /* what stands for the endpoints of its devices */
	const char *folder;	/* of the file that the writers write; borrowed */
	int64_t sync_ns;	/* what log: sync: says */
	int64_t duration_ns;	/* of all of it */
};

/* Without a configuration, or with one that has none: so many endpoints. */
#define CONDITIONS_ENDPOINTS 16

/** conditions_set - the endpoints of a cycle: the configuration's, or that many streams. [any] */
struct source_set conditions_set(const struct conditions *conditions);

/** conditions_interval_ns - from release to release while it is measured: the period, or 10 ms where that is longer,
 * so that there are enough of them. [any] */
int64_t conditions_interval_ns(const struct conditions *conditions);

#endif
