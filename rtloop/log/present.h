/*
 * What is recorded only where it changes (outputs, params, vars), as it was recorded last: each file begins with it, so
 * that no file needs the one before it. Of the logger thread.
 */
#ifndef RTLOOP_LOG_PRESENT_H
#define RTLOOP_LOG_PRESENT_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/record.h"
#include "rtloop/mcap/writer.h"

struct present_topic {
	uint8_t *body; /* owned; NULL: nothing was recorded yet */
	uint32_t bytes;
};

struct present {
	struct present_topic *topics; /* owned; all of the log's, by number */
	unsigned count;
	unsigned first; /* topics before this one are not kept */
};

/** present_init - @first: the first topic that is kept. -ENOMEM. [init] */
int present_init(struct present *present, unsigned first, unsigned count) MUST_CHECK;
void present_fini(struct present *present);

/** present_note - a record of the ring; without memory for it the file goes without. [log] */
void present_note(struct present *present, const struct record *record);

/** present_write - all that is kept, as messages. -errno of the writer. [log] */
int present_write(const struct present *present, struct mcap_writer *mcap,
		  uint64_t log_time) MUST_CHECK;

#endif
