/*
 * Connecting to a peer without waiting for it: what one look of the supervisor has begun, a later one
 * finishes.
 */
#ifndef DRIVERS_CONNECTION_H
#define DRIVERS_CONNECTION_H

#include <stdint.h>
#include <sys/socket.h>

#include "rtloop/base/attr.h"

/**
 * connection_begin - connect(2) on a non-blocking socket.
 *
 * 0: it is connected; -EINPROGRESS: connection_look() tells; otherwise what connect(2) returns. A UNIX socket
 * whose backlog is full says -EAGAIN, and cannot be waited for. [super]
 */
int connection_begin(int fd, const struct sockaddr *address, socklen_t bytes) MUST_CHECK;

/**
 * connection_look - what has become of it; never waits.
 * @deadline_ns: CLOCK_MONOTONIC; from then on it is given up
 *
 * 0: it is connected; -EINPROGRESS: not yet; -ETIMEDOUT at the deadline; otherwise why it failed. [super]
 */
int connection_look(int fd, int64_t deadline_ns) MUST_CHECK;

#endif
