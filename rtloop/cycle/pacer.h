/*
 * The pacer: how a cycle waits for its release. One small table of functions a kind,
 * chosen by name; each may be followed by a spinning tail, in which the thread reads the
 * clock until the release.
 */
#ifndef RTLOOP_CYCLE_PACER_H
#define RTLOOP_CYCLE_PACER_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct pacer;
struct uring;

struct pacer_ops {
	const char *name;
	uint32_t calls; /* enum calls, that sleep() makes */
	/* take what the kind needs; -errno with err filled. [init] */
	int (*open)(struct pacer *pacer, struct err *err);
	void (*close)(struct pacer *pacer);
	/* sleep until a time; 0, or -EINTR where a signal came first. [rt] */
	int (*sleep)(struct pacer *pacer, int64_t until_ns) RT_SAFE;
};

/* clock_nanosleep(2), absolute: one system call a cycle. */
extern const struct pacer_ops pacer_nanosleep;

/* A one-shot timerfd, armed after the work, in an epoll of its own: two system calls a
 * cycle. */
extern const struct pacer_ops pacer_timerfd;

/*
 * io_uring_enter(2) with an absolute time. With the poller uring, and without a tail, one call of a
 * cycle hands over what was written, sleeps until the release, and brings what arrived: what it measures is
 * the wake-up and the reading, and stands beside no other pacer's figure.
 */
extern const struct pacer_ops pacer_uring;

struct pacer {
	const struct pacer_ops *ops;
	int64_t spin_ns; /* length of the spinning tail; 0: none */
	int timer_fd;	 /* of timerfd */
	int epoll_fd;
	struct uring *ring;	/* of uring; the poller's, or ... */
	struct uring *own_ring; /* owned; NULL where it is the poller's */
};

/**
 * pacer_choose - the kind that waits where @kind is asked for: another one where the kernel cannot do it.
 * @ring: the poller's; NULL: it has none
 * @note: why it is another one; else it is left alone
 *
 * [init]
 */
int pacer_choose(int kind, const struct uring *ring, struct err *note);

/**
 * pacer_open - in the thread that will wait, after its policy is set: a timer armed by it
 * then expires in the context that its policy calls for.
 * @kind: enum pacer_kind of options.h
 * @ring: of uring: the poller's, borrowed; NULL: it gets one of its own
 *
 * -EMFILE, -ENOMEM with @err filled. [init] or the cycle thread before its first cycle.
 */
int pacer_open(struct pacer *pacer, int kind, int64_t spin_ns, struct uring *ring,
	       struct err *err) MUST_CHECK;
void pacer_close(struct pacer *pacer);

/**
 * pacer_wait - wait for @release_ns; at once where it is past.
 *
 * Returns the wake-up time. It is before @release_ns only where a signal came. [rt]
 */
int64_t pacer_wait(struct pacer *pacer, int64_t release_ns) RT_SAFE;

/** pacer_name - of a kind. [any] */
const char *pacer_name(int kind) RT_SAFE;

#endif
