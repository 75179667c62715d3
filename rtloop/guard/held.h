/*
 * The requests that a guardian holds, by slot. While it holds its duplicate of a request's descriptor, the kernel
 * lets nobody else have the lines, and they stay as they were written last.
 */
#ifndef RTLOOP_GUARD_HELD_H
#define RTLOOP_GUARD_HELD_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/guarded.h"

#define HELD_MAX 128

struct held_request {
	int fd; /* owned */
	uint32_t slot;
	int code; /* of the last write; 0: none, or it was right */
	struct guarded guarded;
};

struct held {
	struct held_request list[HELD_MAX]; /* in the order in which they came */
	unsigned count;
};

/**
 * held_put - hold this; what the slot held is let go of.
 * @fd: becomes the table's, also where it fails
 *
 * -ENOSPC where there is no room. [guard]
 */
int held_put(struct held *held, uint32_t slot, const struct guarded *guarded,
	     int fd) MUST_CHECK;

/** held_drop - let go of what a slot holds; -ENOENT where that is nothing. [guard] */
int held_drop(struct held *held, uint32_t slot);

/** held_clear - let go of all. [guard] */
void held_clear(struct held *held);

/** held_lines - how many lines are driven by those that are held. [guard] */
unsigned held_lines(const struct held *held);

/**
 * held_write_safe - write the safe values of all, each by one call.
 *
 * Returns how many of them failed; held_request.code says why. A chip behind a bus takes its time. [guard]
 */
unsigned held_write_safe(struct held *held);

#endif
