/*
 * A ring of io_uring as a thread of rtloop uses it: one thread submits, what the kernel has to do for it
 * is done only inside its own calls (DEFER_TASKRUN), and no worker thread is ever needed. The kernel's
 * interface is used as it is, without liburing: see docs/architecture.md.
 *
 * Present only where the build found <linux/io_uring.h> (HAVE_IO_URING).
 */
#ifndef RTLOOP_BASE_URING_H
#define RTLOOP_BASE_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#ifdef HAVE_IO_URING

#include <linux/io_uring.h>

/* What came after Linux 6.1, by number: the headers of Debian 12 do not name it. */
#define URING_OP_READ_MULTISHOT 49	   /* Linux 6.7 */
#define URING_FEAT_MIN_TIMEOUT	(1u << 15) /* Linux 6.12, as the next one */
#define URING_ENTER_ABS_TIMER	(1u << 5)

struct uring {
	int fd;	      /* -1: not open */
	int enter_fd; /* the same, or its place among the thread's registered rings */
	unsigned enter_flags;
	uint32_t features; /* IORING_FEAT_... */
	bool has_read_multishot;
	void *map; /* of both rings' heads, and of the completions */
	size_t map_bytes;
	struct io_uring_sqe *sqes;
	size_t sqes_bytes;
	unsigned *sq_head, *sq_tail, *sq_flags, *cq_head, *cq_tail;
	struct io_uring_cqe *cqes;
	unsigned sq_entries, cq_entries; /* powers of two */
	unsigned tail;			 /* of what was written for the kernel so far */
};

/**
 * uring_open - a ring that is not in use yet; mapped and faulted in.
 * @sq_entries: most submissions of one call
 * @cq_entries: most completions that wait to be read
 *
 * -ENOSYS, -EPERM, -EINVAL (Linux before 6.1), -EMFILE, -ENOMEM with @err filled: a sentence that says
 * what refuses it. [init]
 */
int uring_open(struct uring *ring, unsigned sq_entries, unsigned cq_entries,
	       struct err *err) MUST_CHECK;

/**
 * uring_open_polled - the same of one for whose submissions a thread of the kernel looks: SQPOLL. It has no
 * DEFER_TASKRUN, needs no uring_begin(), and what was written for it is handed over by uring_publish().
 * @cpu: of that thread; -1: any
 * @idle_ms: it sleeps when nothing came for so long
 *
 * [init]
 */
int uring_open_polled(struct uring *ring, unsigned sq_entries, unsigned cq_entries,
		      int cpu, unsigned idle_ms, struct err *err) MUST_CHECK;

/**
 * uring_publish - hand what waits to the thread of the kernel, without a call unless that sleeps.
 *
 * How many calls that took: 0 or 1; or -errno. [any but rt]
 */
int uring_publish(struct uring *ring) MUST_CHECK;

/** uring_close - what is under way is cancelled by the kernel, some time later. Also of one that is not
 * open. [init] */
void uring_close(struct uring *ring);

/* What a ring is for: IORING_OP_... and IORING_REGISTER_...; all else it refuses with -EACCES. */
struct uring_limits {
	const uint8_t *ops;
	unsigned op_count;
	const uint8_t *registers;
	unsigned register_count;
	uint8_t flags; /* IOSQE_... */
};

#define URING_LIMITS_MAX 24 /* of both together */

/**
 * uring_begin - the calling thread is the one that uses it from now on.
 * @limits: for good; the filter of a thread's calls cannot look into a ring. NULL: none
 *
 * -errno: -E2BIG where there are too many limits. [init] or the thread before its first cycle
 */
int uring_begin(struct uring *ring, const struct uring_limits *limits) MUST_CHECK;

/**
 * uring_prove - whether one that was opened can be used, too: a filter may forbid only the calls that come after. To
 * be closed then, since it is this thread's.
 * @limits: as it would be used
 *
 * -errno with @err filled. [init]
 */
int uring_prove(struct uring *ring, const struct uring_limits *limits,
		struct err *err) MUST_CHECK;

/** uring_end - the thread that has begun, and goes on, needs it no more: it gives back the place of the ring among its
 * own, which would keep a closed one alive. [init] */
void uring_end(struct uring *ring);

/** uring_can_wait - whether uring_sleep() works on it: Linux 6.12. [any] */
bool uring_can_wait(const struct uring *ring) RT_SAFE;

/** uring_next - the next submission, zeroed; NULL where all are waiting to be submitted. [rt] */
struct io_uring_sqe *uring_next(struct uring *ring) RT_SAFE;

/** uring_waiting - how many submissions wait for uring_enter() or uring_sleep(). [rt] */
unsigned uring_waiting(const struct uring *ring) RT_SAFE;

/** uring_nth_waiting - the n-th of them, from 0. [rt] */
struct io_uring_sqe *uring_nth_waiting(struct uring *ring, unsigned n) RT_SAFE;

/** uring_has_work - whether uring_enter() would bring completions. [rt] */
bool uring_has_work(const struct uring *ring) RT_SAFE;

/** uring_submit - hand what waits to the kernel; nothing that arrived is taken. 0 or -errno. [rt] */
int uring_submit(struct uring *ring) RT_SAFE;

/** uring_enter - hand what waits to the kernel and let it take what has arrived. 0 or -errno. [rt] */
int uring_enter(struct uring *ring) RT_SAFE;

/**
 * uring_sleep - the same, then sleep until a time of CLOCK_MONOTONIC, and take what arrived meanwhile.
 * Arrivals do not end the sleep.
 *
 * 0, or -errno: -EINTR where a signal came. It may return early without one. [rt: pacer only]
 */
int uring_sleep(struct uring *ring, int64_t until_ns) RT_SAFE;

/**
 * uring_wait - hand what waits to the kernel, and wait for a completion, for @most_ns at most.
 *
 * 0, or -errno: -EINTR where a signal came. [log]
 */
int uring_wait(struct uring *ring, int64_t most_ns);

/** uring_peek - the oldest completion; NULL where there is none. [rt] */
static inline const struct io_uring_cqe *uring_peek(const struct uring *ring)
{
	unsigned head = *ring->cq_head;

	/* pairs with the kernel's release: the completion is written */
	return head == __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE)
		       ? NULL
		       : &ring->cqes[head & (ring->cq_entries - 1)];
}

/** uring_seen - done with it. [rt] */
void uring_seen(struct uring *ring) RT_SAFE;

#endif

#endif
