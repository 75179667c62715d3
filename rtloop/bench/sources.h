/*
 * What stands for the endpoints of devices: descriptors with this process at their other end, so that they can be read
 * without a peer, and no device is touched.
 */
#ifndef RTLOOP_BENCH_SOURCES_H
#define RTLOOP_BENCH_SOURCES_H

#include <stdbool.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

enum source_kind {
	SOURCE_STREAM, /* a UNIX stream socket; stands for TCP, too */
	SOURCE_PACKET, /* a UNIX datagram socket; stands for CAN, too */
	SOURCE_UDP,    /* on loopback */
	SOURCE_PTY,    /* a terminal; stands for serial lines */
	SOURCE_PIPE, /* stands for character devices, message queues and edges of GPIO lines */
	SOURCE_KINDS,
};

/* How many of each kind. */
struct source_set {
	unsigned counts[SOURCE_KINDS];
};

struct source {
	enum source_kind kind;
	int read_fd; /* non-blocking */
	int write_fd;
};

#define SOURCE_MESSAGE_BYTES 16

struct sources {
	struct source *items; /* owned */
	unsigned count;
	unsigned *ready; /* owned: places of those that the last sources_send() sent to */
	unsigned ready_count;
};

/** source_kind_name - "stream", "packet", "udp", "pty", "pipe". [any] */
const char *source_kind_name(enum source_kind kind) RT_SAFE;

/** source_set_count - of all kinds. [any] */
unsigned source_set_count(const struct source_set *set) RT_SAFE;

/** source_is_socket - whether recv(2) works on it. [any] */
bool source_is_socket(const struct source *source) RT_SAFE;

/** sources_open - -EMFILE, -ENOMEM and what else making them can say, with @err filled. [init] */
int sources_open(struct sources *sources, const struct source_set *set,
		 struct err *err) MUST_CHECK;
void sources_close(struct sources *sources);

/**
 * sources_send - a message to each of @ready of them, evenly spread.
 * @first: with which to begin
 *
 * 0, or -errno. [init]
 */
int sources_send(struct sources *sources, unsigned ready, unsigned first) MUST_CHECK;

/** sources_settle - until what was sent can be read: terminals bring it by a thread of the kernel. Nobody may have read it.
 * 0, or -ETIMEDOUT. [init] */
int sources_settle(const struct sources *sources) MUST_CHECK;

/** sources_lift_limit - as many descriptors as this process may have. [init] */
void sources_lift_limit(void);

#endif
