/*
 * What the kernel says beside each message of a socket: when it came, and how many before it
 * were lost because the socket's buffer was full.
 *
 * The kernel stamps what it receives with CLOCK_REALTIME only, whatever option asks for the
 * stamp. A message's age, which is the difference to CLOCK_REALTIME when it is read, is taken
 * off CLOCK_MONOTONIC at that moment; the clocks are read once in a cycle that has messages.
 * A clock that was set in between would make the time wrong by as much: it is held between
 * the time of the message before and the moment of reading.
 */
#ifndef DRIVERS_CONTROL_H
#define DRIVERS_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "drivers/driver.h"
#include "rtloop/base/attr.h"

/* Of one socket. */
struct control {
	uint64_t next_cycle; /* the clocks were last read in the cycle before this one */
	int64_t ahead_ns;    /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	int64_t read_ns;     /* when the clocks were read */
	int64_t last_ns;     /* time of the message before; at first, of the reset */
	uint32_t losses;     /* since the socket was made, as far as they were told */
};

/** control_ask - have the kernel say it from now on; 0 or -errno. [super] */
int control_ask(int fd) MUST_CHECK;

/** control_reset - another socket is read from now on: nothing of it came before. [rt] */
void control_reset(struct control *control, const struct cycle_time *now) RT_SAFE;

/**
 * control_time - when the message came, CLOCK_MONOTONIC; never before the one before it.
 * @header: of the message; NULL, or without a stamp: it came at @now's wake-up
 *
 * [rt]
 */
int64_t control_time(struct control *control, const struct msghdr *header,
		     const struct cycle_time *now) RT_SAFE;

/** control_losses - messages lost since the last call; @header may be NULL. [rt] */
uint32_t control_losses(struct control *control, const struct msghdr *header) RT_SAFE;

/**
 * control_find - copy the content of the first control message of a kind.
 *
 * False, with @ret_data untouched, where there is none or it is shorter. [any]
 */
bool control_find(const struct msghdr *header, int type, void *ret_data,
		  size_t bytes) RT_SAFE;

#endif
