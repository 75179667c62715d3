/*
 * A request that is sent again and again, for an instrument that only answers: on the grid of releases,
 * with a transmit slot of one request. What the line does not take at once is counted, never waited
 * for.
 */
#ifndef DRIVERS_REQUEST_H
#define DRIVERS_REQUEST_H

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
	/* sys_write() for a line, sys_send() for a socket */
	ssize_t (*write)(int fd, const void *data, size_t bytes) RT_SAFE;
	int64_t due_ns;	 /* the next one is due at this release */
	uint32_t unsent; /* last bytes of a request that did not fit at once */
};

/** request_check_bytes - that what is sent is 1 to REQUEST_BYTES_MAX bytes long. [init] */
void request_check_bytes(const struct option_bytes *bytes, const char *key,
			 const struct place *place);

/** request_attach - a new link: the first request is due at this release. [rt] */
void request_attach(struct request *request, const struct cycle_time *now) RT_SAFE;

/** request_emit - send what is due, or the rest of it; a device that fails is lost. [rt] */
void request_emit(struct request *request, struct device *device, int fd,
		  const struct cycle_time *now) RT_SAFE;

#endif
