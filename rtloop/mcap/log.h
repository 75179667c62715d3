/*
 * The messages of a log, each with its stream: what exporting, reporting and replaying
 * start from. Chunks are checked by their CRC first: the messages of a damaged one are
 * left out, and said to be.
 */
#ifndef RTLOOP_MCAP_LOG_H
#define RTLOOP_MCAP_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/reader.h"
#include "rtloop/mcap/streams.h"

struct mcap_log_options {
	uint64_t from_ns; /* messages with log_time in [from, to) */
	uint64_t to_ns;	  /* UINT64_MAX: to the end */

	/*
	 * Called for what is left out or wrong; may be NULL. Where in the file, and what.
	 */
	void (*problem)(void *context, uint64_t offset, const char *text);
	/* Whether a chunk with messages of that time is wanted; NULL: every one is. */
	bool (*wants)(void *context, uint64_t start_ns, uint64_t end_ns);
	void *context;
};

/* All time; no one is told of problems. */
#define MCAP_LOG_ALL ((struct mcap_log_options){ .to_ns = UINT64_MAX })

struct mcap_log {
	struct mcap_reader *reader;
	struct mcap_streams streams; /* those seen so far */
	struct mcap_log_options options;
	uint64_t problems; /* counted, told or not; a log that was not closed is none */
};

struct mcap_log_message {
	struct mcap_stream *stream;
	struct mcap_message message; /* borrowed: valid until the next call */
	uint64_t offset;	     /* of the record in the file */
};

/** mcap_log_open - -errno with @err filled, as mcap_reader_open(). [any but rt] */
int mcap_log_open(struct mcap_log *log, const char *path,
		  const struct mcap_log_options *options, struct err *err) MUST_CHECK;
void mcap_log_close(struct mcap_log *log);

/**
 * mcap_log_next - the next message in the file's order.
 *
 * 1 a message, 0 the end of a log that was closed, -ENOMEM also where there was none for the schema of
 * a message before, -errno as mcap_reader_next(); that a log was not closed or is damaged from somewhere on has then been told as a problem.
 * [any but rt]
 */
int mcap_log_next(struct mcap_log *log, struct mcap_log_message *ret_message) MUST_CHECK;

#endif
