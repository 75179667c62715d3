/*
 * What a CPU did in a window of time, from the kernel's trace of it: every moment belongs to one owner, the
 * innermost of an interrupt, a softirq, a thread. What the trace does not reach is nobody's, so that each
 * sum is a lower bound.
 */
#ifndef RTLOOP_REPORT_KTRACE_H
#define RTLOOP_REPORT_KTRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rtloop/base/attr.h"

enum ktrace_kind {
	KTRACE_INTERRUPT, /* number, name: of /proc/interrupts */
	KTRACE_VECTOR, /* an interrupt without a number: of the timer, of another CPU; by name */
	KTRACE_SOFTIRQ, /* name */
	KTRACE_THREAD,	/* number: its id */
	KTRACE_IDLE,
	KTRACE_SELF, /* the cycle thread */
};

#define KTRACE_NAME_BYTES 32
#define KTRACE_OWNERS_MAX 48
#define KTRACE_DEPTH	  4 /* interrupts in each other */

struct ktrace_owner {
	enum ktrace_kind kind;
	int number;
	char name[KTRACE_NAME_BYTES];
	int priority; /* of a thread, as the kernel's trace has it: 99 less the real-time one; 140: unknown */
	int64_t in_way_ns; /* while the cycle thread was ready, or was interrupted: in its way */
	int64_t before_ns; /* while the cycle thread was not yet woken */
	unsigned times;
};

struct ktrace {
	/* to be set */
	int thread; /* the cycle's */
	int cpu;
	int64_t from_ns;
	int64_t to_ns;

	/* the answer */
	struct ktrace_owner owners[KTRACE_OWNERS_MAX];
	unsigned owner_count;
	int64_t asleep_ns;  /* the cycle thread slept, nobody had woken it */
	int64_t stopped_ns; /* it was stopped, by a signal or a debugger */
	int64_t blocked_ns; /* of asleep_ns, in a state that no signal ends: it waited for a disk, say */
	unsigned faults; /* page faults of it */
	unsigned timers; /* high resolution timers that expired */
	int64_t seen_ns; /* of the window */
};

/**
 * ktrace_find_cpu - where the cycle thread was in the whole of the window; trace->cpu is not looked at.
 *
 * -1: it moved, or the trace does not tell. [any but rt]
 */
int ktrace_find_cpu(const struct ktrace *trace, FILE *in);

/** ktrace_read - lines that are none of a trace are passed over. [any but rt] */
void ktrace_read(struct ktrace *trace, FILE *in);

/** ktrace_worst - who was in the way longest; NULL: nobody was. [any but rt] */
const struct ktrace_owner *ktrace_worst(const struct ktrace *trace);

/** ktrace_in_way - how long all of one kind were, interrupts with a number and without taken as one. [any but rt] */
int64_t ktrace_in_way(const struct ktrace *trace, enum ktrace_kind kind);

/** ktrace_before - who ran longest while the cycle thread was not yet woken; NULL: nobody. [any but rt] */
const struct ktrace_owner *ktrace_before(const struct ktrace *trace);

#endif
