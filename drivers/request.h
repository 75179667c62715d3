/*
 * A request that is sent again and again, for an instrument that only answers: on the grid of releases,
 * with a transmit slot of one request. What the line does not take at once is counted, never waited
 * for.
 */
#ifndef DRIVERS_REQUEST_H
#define DRIVERS_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/option.h"
#include "drivers/device.h"
#include "rtloop/base/attr.h"

struct request_options {
	struct option_bytes send;
	int64_t every_ns;
};

/* Rows of the group `request:`, bound to struct request_options. */
extern const struct option request_rows[];

#define REQUEST_BYTES_MAX 1024

struct request {
	const struct request_options *options; /* borrowed; NULL: nothing is asked */
	bool is_socket;
	bool must_write_now; /* something else is sent after it in the same cycle, on the same way */
	bool is_queued; /* in the device's outbox */
	bool is_new;	/* and it is no rest */
	/* what becomes of a connection to which writing failed with -errno; NULL: the device is lost. [rt] */
	void (*fail)(struct device *device, uint32_t tag, int code) RT_SAFE;
	int64_t due_ns;	 /* the next one is due at this release */
	uint32_t unsent; /* last bytes of a request that did not fit at once */
};

/* The tag of its letter: none that a sender's slot has. */
#define REQUEST_TAG UINT32_MAX

/** request_check_bytes - that what is sent is 1 to REQUEST_BYTES_MAX bytes long. [init] */
void request_check_bytes(const struct option_bytes *bytes, const char *key,
			 const struct place *place);

/** request_attach - a new link: the first request is due at this release. [rt] */
void request_attach(struct request *request, const struct cycle_time *now) RT_SAFE;

/** request_emit - send what is due, or the rest of it; a device that fails is lost. [rt] */
void request_emit(struct request *request, struct device *device, int fd,
		  const struct cycle_time *now) RT_SAFE;

/** request_posted - what became of a write that was queued: for posted() of struct driver. [rt] */
void request_posted(struct request *request, struct device *device,
		    ssize_t result) RT_SAFE;

#endif
