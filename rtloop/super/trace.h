/*
 * The kernel's trace of the cycle's CPU: scheduler, interrupts and timers, in a tracing instance of its
 * own, so that nobody else's tracing is touched. On an overrun the window around it is frozen into a text
 * file; the instance is removed at the end.
 *
 * Everything is bounded: memory by TRACE_BUFFER_KIB, files by TRACE_SNAPSHOTS_MAX of at most
 * TRACE_FILE_MAX bytes each.
 */
#ifndef RTLOOP_SUPER_TRACE_H
#define RTLOOP_SUPER_TRACE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#define TRACE_BUFFER_KIB                                                                 \
	2048 /* of the cycle's CPU; all CPUs together where it has none */
#define TRACE_SNAPSHOTS_MAX 8u /* of one run */
#define TRACE_FILE_MAX	    ((size_t)4 << 20)

struct trace {
	char folder[PATH_MAX]; /* of the instance; "": none */
	int cpu;	       /* -1: all */
	int thread;	       /* of the cycle; 0: not known yet */
	int64_t since_ns;      /* it is traced, without a pause */
	unsigned snapshots;    /* so far */
};

/* What is to be kept of the trace: CLOCK_MONOTONIC, ns. */
struct trace_window {
	uint64_t cycle; /* that overran */
	int64_t release_ns;
	int64_t from_ns;
	int64_t to_ns;
};

/**
 * trace_open - make the instance and begin to trace.
 * @tracing: where tracefs is mounted; NULL: where it usually is
 * @cpu: -1: all of them
 *
 * -errno with @err filled: tracefs is missing (-ENOENT), not permitted (-EACCES, -EPERM), lacks an event;
 * nothing is left behind. [super]
 */
int trace_open(struct trace *trace, const char *tracing, int cpu,
	       struct err *err) MUST_CHECK;

/**
 * trace_watch - the cycle thread, known only now: of all threads it is the one whose waking and, where the
 * kernel can, page faults are traced. Of a trace that is not open a no-op. [super]
 */
void trace_watch(struct trace *trace, int thread);

/** trace_close - remove the instance; of one that is not open a no-op. [super] */
void trace_close(struct trace *trace);

/** trace_is_open - [any] */
bool trace_is_open(const struct trace *trace);

/**
 * trace_freeze - stop, write what is in the window into a new file, go on.
 * @path: must not exist yet; mode 0640
 *
 * -EDQUOT after TRACE_SNAPSHOTS_MAX of them, -ENODATA nothing of it is there any more, -EEXIST and what
 * else the disk says; then there is no file. [super]
 */
int trace_freeze(struct trace *trace, const struct trace_window *window,
		 const char *path) MUST_CHECK;

#endif
