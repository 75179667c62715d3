/*
 * Ways to wait for a release: the pacers of the product, and yardsticks that it has no use for, all as struct pacer_ops.
 */
#ifndef RTLOOP_BENCH_WAITER_H
#define RTLOOP_BENCH_WAITER_H

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/uring.h"
#include "rtloop/cycle/pacer.h"

struct waiter {
	struct pacer pacer;
#ifdef HAVE_IO_URING
	struct uring own_ring;
	struct uring *ring; /* the one that it sleeps on */
#endif
};

extern const struct pacer_ops waiter_ppoll;
extern const struct pacer_ops waiter_epoll_wait;   /* a time-out in whole milliseconds */
extern const struct pacer_ops waiter_epoll_pwait2; /* in nanoseconds */
extern const struct pacer_ops waiter_uring; /* io_uring_enter(2) with an absolute time */

/**
 * waiter_open - in the thread that will wait.
 * @ring: for waiter_uring to sleep on, borrowed; NULL: it makes one
 *
 * -errno with @err filled; then nothing is to be closed. [init]
 */
int waiter_open(struct waiter *waiter, const struct pacer_ops *ops, int64_t tail_ns,
		struct uring *ring, struct err *err) MUST_CHECK;
void waiter_close(struct waiter *waiter);

/** waiter_wait - until @release_ns; one that wakes early waits on. Returns the time, which is not before. [rt] */
int64_t waiter_wait(struct waiter *waiter, int64_t release_ns);

#endif
