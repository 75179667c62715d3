/*
 * What can be had of a log that was cut off or damaged: every message that is whole, attachments and
 * metadata. Unlike the reader it goes on behind what is damaged, and it believes nothing that it has no
 * second sign for. docs/log.md ("A log that was cut off") says what it takes for whole, and why.
 */
#ifndef RTLOOP_MCAP_SALVAGE_H
#define RTLOOP_MCAP_SALVAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/streams.h"

/* Who is given what was found, in the file's order; any of them may be NULL. A code other than 0 ends it. */
struct mcap_salvage_listener {
	int (*message)(void *context, struct mcap_stream *stream,
		       const struct mcap_message *message);
	int (*attachment)(void *context, const struct mcap_attachment *attachment);
	int (*metadata)(void *context, const struct mcap_metadata *metadata);
	/* Something was left out, or is not what it should be, at that offset. */
	void (*problem)(void *context, uint64_t offset, const char *text);
	/* How far it has come, every now and then. */
	int (*progress)(void *context, uint64_t done_bytes, uint64_t all_bytes);
	void *context;
};

struct mcap_salvage_result {
	uint64_t messages;
	uint64_t unproven; /* of these: from chunks whose CRC could not vouch for them */
	uint64_t attachments;
	uint64_t metadata;
	uint64_t chunks;	 /* whole ones, by their CRC where they have one */
	uint64_t torn_chunks;	 /* that the file's end cuts off */
	uint64_t damaged_chunks; /* whose CRC or lengths are wrong */
	uint64_t
		left_out_messages; /* whole by their looks, and not taken: see the problems */
	uint64_t left_out_bytes; /* of the data, those messages included */
	uint64_t places;	 /* where something was left out */
	bool is_closed;		 /* the data has its end record */
};

/**
 * mcap_salvage - go through a log.
 * @streams: what it declares is added to them; given to a second pass again, they are the same. Empty, or
 * of an earlier pass over the same file
 *
 * -EBADMSG with @err filled: not even the header is there, nor a summary that could stand in for it.
 * -ENOMEM, -errno of reading, and what the listener returned, likewise. Never more memory than some fixed
 * amount, the streams, and the longest record, at most 64 MiB; never more time than some multiple of the
 * file's size. [any but rt]
 */
int mcap_salvage(const char *path, struct mcap_streams *streams,
		 const struct mcap_salvage_listener *listener,
		 struct mcap_salvage_result *ret_result, struct err *err) MUST_CHECK;

#endif
