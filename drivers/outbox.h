/*
 * Writes of a device in its cycle: made at once, or queued, where the poller lets all that a cycle wrote
 * leave with one system call. What became of one that was queued is told by the driver's posted(), before
 * its next emit().
 */
#ifndef DRIVERS_OUTBOX_H
#define DRIVERS_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "rtloop/base/attr.h"

struct device;

/* One write. What it points at stays as it is until posted() tells of it. */
struct letter {
	int fd; /* non-blocking */
	const void *data;
	size_t bytes;
	bool is_socket;		   /* sent, not written */
	const struct sockaddr *to; /* NULL: fd is connected, or is no socket */
	socklen_t to_bytes;
	uint32_t tag; /* the driver's own, handed back to posted() */
};

/* A result that no write has: it was queued. */
#define LETTER_QUEUED (-4095)

struct outbox {
	/* false where there is no room: the letter is not taken. [rt] */
	bool (*put)(struct outbox *outbox, struct device *device,
		    const struct letter *letter) RT_SAFE;
};

/**
 * outbox_send - write, or queue what is to be written where the device has an outbox.
 *
 * How many bytes were taken, -errno, or LETTER_QUEUED. [rt]
 */
ssize_t outbox_send(struct device *device, const struct letter *letter) RT_SAFE;

/** outbox_send_now - write, whatever the device has. [rt] */
ssize_t outbox_send_now(const struct letter *letter) RT_SAFE;

#endif
