/*
 * The guardian, as its run sees it: forked before the run has threads and locks its memory, told of each GPIO request
 * before the cycle gets it, and sent home when the run has ended in order.
 */
#ifndef RTLOOP_GUARD_GUARD_H
#define RTLOOP_GUARD_GUARD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/guarded.h"
#include "rtloop/base/heartbeat.h"
#include "rtloop/guard/packet.h"

enum guard_presence {
	GUARD_ABSENT, /* none was asked for, or it could not be had */
	GUARD_PRESENT,
	GUARD_LOST, /* it has died: nobody writes the safe values if the run dies, too */
	GUARD_OVER, /* it was sent home */
};

/* Zeroed: absent; all but guard_start() are no-ops, then. */
struct guard {
	enum guard_presence presence;
	int fd; /* to it; valid where it is present */
	pid_t pid;
	int priority; /* of SCHED_FIFO, in force; 0: it has an ordinary one */
	bool is_locked;
	int64_t limit_ns;
	int32_t watchdog_s; /* time-out of the hardware watchdog that it feeds; 0: none */
	unsigned requests;  /* that it holds */
	bool was_told_lost;
};

/**
 * guard_start - fork it; no other thread may run.
 * @heartbeat: of the loop; borrowed
 * @limit_ns: silence of the cycle that is too long
 * @priority: of SCHED_FIFO, as far as that is granted; 0: none
 *
 * -EAGAIN, -ENOMEM and what else fork(2) and socketpair(2) say; -EPIPE: it died at once; with @err filled. [init]
 */
int guard_start(struct guard *guard, struct heartbeat *heartbeat, int64_t limit_ns,
		int priority, struct err *err) MUST_CHECK;

/**
 * guard_hold - have it hold a request.
 * @slot: whose; what this held before is let go of
 *
 * What goes wrong shows as its loss. [super]
 */
void guard_hold(struct guard *guard, uint32_t slot, const struct guarded *guarded,
		int fd);

/** guard_drop - have it let go of what a slot holds; nothing where that is nothing. [super] */
void guard_drop(struct guard *guard, uint32_t slot);

/**
 * guard_listen - have it answer those who connect to a path, with mode 0660; what an earlier one has left there is
 * replaced.
 *
 * -ENAMETOOLONG, and what socket(2), bind(2) and rename(2) say, with @err filled. [init]
 */
int guard_listen(struct guard *guard, const char *path, struct err *err) MUST_CHECK;

/** guard_feed - have it feed a hardware watchdog from now on; see feeder_open(). @fd is closed. [init] */
void guard_feed(struct guard *guard, int fd, int32_t timeout_s);

/** guard_look - whether it has been lost since the last look. [super] */
bool guard_look(struct guard *guard);

/**
 * guard_end - the run is over in order: it ends, and lets go of all.
 * @is_safe: the outputs were left safe; it writes the safe values otherwise
 *
 * A second time is a no-op. [super]
 */
void guard_end(struct guard *guard, bool is_safe);

#endif
