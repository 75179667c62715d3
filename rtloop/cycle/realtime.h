/*
 * Whether this run is real-time, and if not, why not and what mends it. Taken at start:
 * the kernel, the right to SCHED_FIFO, locked memory, and the hold on the CPU's sleep
 * states.
 */
#ifndef RTLOOP_CYCLE_REALTIME_H
#define RTLOOP_CYCLE_REALTIME_H

#include <stdbool.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct realtime_problem {
	bool is_fatal; /* it makes the run NOT REALTIME; otherwise it only costs latency
			*/
	char why[256];
	char fix[512]; /* a command, or what to change */
};

#define REALTIME_PROBLEMS_MAX 10

struct realtime {
	char kernel[256]; /* release and version, as uname says */
	bool is_preempt_rt;
	bool is_locked; /* mlockall, of what comes later too */
	bool is_fifo;
	bool holds_dma_latency; /* /dev/cpu_dma_latency held at 0 */
	int priority;		/* in force; 0: SCHED_OTHER */
	int cpu;		/* bound to; -1: any */
	int dma_latency_fd;
	unsigned problem_count;
	struct realtime_problem problems[REALTIME_PROBLEMS_MAX];
};

/**
 * realtime_init - look at the kernel and hold the CPU's sleep states.
 *
 * The hold lasts until realtime_fini(); it is also given back by the kernel when the
 * process ends. [init]
 */
void realtime_init(struct realtime *realtime);
void realtime_fini(struct realtime *realtime);

/** realtime_lock_memory - lock all memory, before a policy is set; notes a problem.
 * [init] */
void realtime_lock_memory(struct realtime *realtime);

/** realtime_note_fifo - what came of asking for SCHED_FIFO: 0 or -errno. [init] */
void realtime_note_fifo(struct realtime *realtime, int priority, int code);

/** realtime_note_watchdog - the priority that the watchdog got; below the cycle's or the same it is a problem.
 * After realtime_note_fifo(). [init] */
void realtime_note_watchdog(struct realtime *realtime, int priority);

/**
 * realtime_note_throttling - what the kernel leaves to real-time threads is a problem where it is less than the kernel's
 * own usual 95 %, or less than the cycle spins for.
 * @spin_percent: of each period that the cycle spins for
 * @root: as in throttle_look()
 *
 * [init]
 */
void realtime_note_throttling(struct realtime *realtime, int cpu, int spin_percent,
			      const char *root);

/** realtime_is_met - whether no fatal problem was noted. [any but rt] */
bool realtime_is_met(const struct realtime *realtime);

#endif
