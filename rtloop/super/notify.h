/*
 * Words to a service manager: datagrams of VARIABLE=VALUE lines, as sd_notify(3) describes them, without
 * its library.
 */
#ifndef RTLOOP_SUPER_NOTIFY_H
#define RTLOOP_SUPER_NOTIFY_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/* Longer texts are cut off. */
#define NOTIFY_BYTES_MAX 512

/* Zeroed: nobody wants to be told. */
struct notify {
	bool is_open;
	int fd;
	struct sockaddr_un address;
	socklen_t address_bytes;
};

/**
 * notify_open - tell whoever listens at a socket.
 * @path: as in NOTIFY_SOCKET: a path from the root, or '@' and an abstract name; NULL or empty: nobody
 *
 * -EAFNOSUPPORT for another kind of address, -ENAMETOOLONG, what socket(2) says, with @err filled: then
 * nobody is told. That somebody listens shows only when something is sent. [init]
 */
int notify_open(struct notify *notify, const char *path, struct err *err) MUST_CHECK;

/** notify_close - a second time, or without an open, is a no-op. [init] */
void notify_close(struct notify *notify);

/**
 * notify_send - one datagram; never waits.
 *
 * 0, also where nobody wants to be told; -EAGAIN while the reader's queue is full, and whatever else
 * sendto(2) says. [super]
 */
int notify_send(const struct notify *notify, const char *format, ...)
	PRINTF_LIKE(2, 3) MUST_CHECK;

#endif
