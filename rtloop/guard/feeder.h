/* A hardware watchdog, /dev/watchdog: the machine starts anew where nobody feeds it in time. */
#ifndef RTLOOP_GUARD_FEEDER_H
#define RTLOOP_GUARD_FEEDER_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct feeder {
	int fd; /* -1: none */
	int32_t timeout_s;
	int64_t next_ns; /* when it is to be fed again */
};

/** feeder_init - none. [any] */
void feeder_init(struct feeder *feeder);

/**
 * feeder_open - open one, which starts it, and set its time-out.
 * @timeout_s: as asked for
 * @ret_timeout_s: as it has it
 *
 * Returns a descriptor; -EBUSY: another program feeds it; -ENOTTY: it is no watchdog, -EINVAL: it cannot have this
 * time-out (then it is stopped again, as far as it can be), and what open(2) says, with @err filled. [init]
 */
int feeder_open(const char *path, int32_t timeout_s, int32_t *ret_timeout_s,
		struct err *err) MUST_CHECK;

/** feeder_take - feed this one from now on; the descriptor becomes the feeder's. [guard] */
void feeder_take(struct feeder *feeder, int fd, int32_t timeout_s);

/** feeder_feed - if it is time to: then next_ns is when it is next. Without one, a no-op. [guard] */
void feeder_feed(struct feeder *feeder, int64_t now_ns);

/**
 * feeder_stop - the run has ended in order: stop the watchdog by the letter V, which those understand that can be
 * stopped. [guard]
 */
void feeder_stop(struct feeder *feeder);

/** feeder_close - let go of it without stopping it: it bites in its time. [guard] */
void feeder_close(struct feeder *feeder);

#endif
