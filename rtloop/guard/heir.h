/*
 * The lines that the guardian of an earlier run holds: found at its socket, taken over by a new run, or let go of.
 *
 * A run that takes over has its own guardian hold them first, and sends the other one home then, so that at any time
 * one at least holds them; drivers take those that they would request themselves, and the rest is let go of when all
 * devices have been opened.
 */
#ifndef RTLOOP_GUARD_HEIR_H
#define RTLOOP_GUARD_HEIR_H

#include "rtloop/base/err.h"
#include "rtloop/base/guarded.h"
#include "rtloop/guard/guard.h"
#include "rtloop/guard/held.h"
#include "rtloop/guard/packet.h"

/* Slots of a new guardian for what was taken over: beyond those of devices. */
#define HEIR_SLOTS UINT32_C(0x80000000)

/* How long the guardian of a run that has just died is waited for. */
#define HEIR_WAIT_NS (INT64_C(10) * 1000000000)

struct heir_entry {
	int fd; /* -1: taken, or let go of */
	struct guarded guarded;
};

struct heir {
	struct heritage heritage; /* what drivers see of it */
	struct guard *guard;	  /* borrowed: of the new run */
	struct heir_entry entries[HELD_MAX];
	unsigned count;	 /* of requests that were taken over */
	unsigned taken;	 /* of these, by drivers */
	int watchdog_fd; /* -1: none */
	int32_t watchdog_s;
	struct guard_state before; /* of the guardian that they were taken from */
};

/** heir_connect - to the guardian at a path, whoever's it is: a descriptor; -ENOENT or -ECONNREFUSED: there is none,
 * and what else connect(2) says. It answers its own user and root. [any but rt] */
int heir_connect(const char *path) MUST_CHECK;

/** heir_ask - how the guardian at the other end stands; what packet_exchange() says. [any but rt] */
int heir_ask(int fd, struct guard_state *ret_state) MUST_CHECK;

/** heir_ask_held - the n-th request that it holds, and its descriptor; -ENOENT past the last, -EBUSY while its run is
 * there, and what packet_exchange() says. [any but rt] */
int heir_ask_held(int fd, uint32_t index, struct guarded *ret_guarded,
		  int *ret_fd) MUST_CHECK;

/** heir_let_go - have it let go of all, and end; -EBUSY while its run is there, and as above. [any but rt] */
int heir_let_go(int fd) MUST_CHECK;

/** heir_init - nothing is inherited. @guard: borrowed. [init] */
void heir_init(struct heir *heir, struct guard *guard);

/**
 * heir_take_over - from the guardian at a path, if there is one.
 *
 * -EBUSY: its run lives, or is not gone after HEIR_WAIT_NS, with @err filled: then all stays as it is. Likewise
 * -EPERM for one of another user but root, -EPROTO for one of another version, and what else can go wrong on the way. 0 where nobody is there. [init]
 */
int heir_take_over(struct heir *heir, const char *path, struct err *err) MUST_CHECK;

/** heir_settle - all devices have been opened: let go of what none of them has taken. Returns how many. [init] */
unsigned heir_settle(struct heir *heir);

#endif
