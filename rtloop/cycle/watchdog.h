/*
 * The watchdog: a thread above the cycle's priority, asleep nearly always, that looks whether the cycle goes on.
 * When it does not (a step that loops for ever, a call of a device that does not return, a thread that gets no CPU)
 * it claims the outputs, leaves them safe as far as that can be done, and says that the loop has ended, though its
 * thread never returns.
 *
 * The cycle thread is parked first, where it stands, and never goes on: so nothing that it had begun is written
 * afterwards. Where it stands decides what can be done:
 *
 *   in the logic, or waiting        all devices are between two calls: all get their safe values, as at any end
 *   in a call of one device         the others do; that one gets what its driver can write past its own state
 *                                   (rescue() of the contract: GPIO)
 *   in a call of the kernel that    it cannot be parked before that call is over: what rescue() can write
 *   cannot be interrupted           is written, and once more should the thread come back
 *
 * An async device is left safe by its own thread, as at any end.
 */
#ifndef RTLOOP_CYCLE_WATCHDOG_H
#define RTLOOP_CYCLE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/thread.h"
#include "rtloop/base/watch.h"

struct loop;

/* What the process ends with where nothing else ends it any more: what the cycle held when it was parked may be
 * what its end needs, such as a lock of the C library. */
#define WATCHDOG_EXIT_STATUS 6
#define WATCHDOG_PATIENCE_NS (INT64_C(30) * 1000000000)

/* The limit is so many times as long where there is no right to SCHED_FIFO. */
#define WATCHDOG_ORDINARY_TIMES 10

struct watchdog {
	struct loop *loop; /* borrowed */
	struct watch watch;
	struct thread thread;
	int priority; /* of SCHED_FIFO; 0: an ordinary thread */
	_Atomic bool is_asked_to_stop;
	_Atomic bool has_ended; /* without having had to do anything */

	/* valid once loop_state() is LOOP_ENDED_HUNG */
	int64_t silent_ns; /* for how long the cycle had been */
	bool is_parked; /* otherwise it is in the kernel, or keeps signals from itself */
	uint32_t
		device; /* whose call it is in: as in events; EVENT_NO_DEVICE: nobody's */
	uint32_t call;	/* enum blame_call */
};

/**
 * watchdog_start - before the cycle thread is. Nothing where nobody judges (the heartbeat has no limit).
 * @priority: of the cycle thread; 0: none
 *
 * It runs one above the cycle; where that is not allowed as high as the cycle, or as an ordinary thread, with more
 * patience: its priority says which. -EAGAIN, -ENOMEM with @err filled. [init]
 */
int watchdog_start(struct watchdog *watchdog, struct loop *loop, int priority,
		   struct err *err) MUST_CHECK;

/** watchdog_stop - end its thread; after the cycle thread has ended. A no-op where it does not run. [super] */
void watchdog_stop(struct watchdog *watchdog);

#endif
