/*
 * The streams of a log as its schema and channel records declare them, with the schemas
 * parsed when they are first asked for.
 */
#ifndef RTLOOP_MCAP_STREAMS_H
#define RTLOOP_MCAP_STREAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/schema.h"

/* A topic: what its channel record says. */
struct mcap_stream {
	uint16_t channel_id;
	uint16_t schema_id;
	char *name;	   /* "/io/probe" */
	bool is_cdr;	   /* its messages are */
	uint32_t crc;	   /* of the channel record: two of one id must be equal */
	uint64_t messages; /* the user's: counted or told by the statistics */
	void *tag;	   /* the user's own; borrowed from it */
};

/* One schema record. */
struct mcap_stream_schema {
	char *name;
	char *text;
	size_t length;
	uint32_t crc; /* of the record */
	bool is_ros2msg;
	bool is_tried;
	struct schema *schema; /* once tried; NULL: see why */
	char why[200];
};

/* All zero: empty. */
struct mcap_streams {
	struct mcap_stream **list; /* in order of appearance */
	unsigned count;
	unsigned schema_count;
	unsigned fields;	    /* of all schemas parsed */
	struct mcap_stream **by_id; /* by channel id; NULL: not declared */
	unsigned id_count;	    /* entries there: ids beyond are not declared */
	struct mcap_stream_schema **schemas; /* by schema id, likewise */
	unsigned schema_id_count;
	bool is_out_of_memory; /* there was none for a schema: what lacks it is no answer */
};

void mcap_streams_fini(struct mcap_streams *streams);

/**
 * mcap_streams_take - a schema or channel record; others are passed over.
 *
 * -EBADMSG the record makes no sense, -EEXIST it contradicts an earlier one of its id,
 * -ENOENT a channel of a schema that is not there, -ENOMEM. [any but rt]
 */
int mcap_streams_take(struct mcap_streams *streams,
		      const struct mcap_record *record) MUST_CHECK;

/** mcap_streams_find - by channel id; NULL where there is none. [any but rt] */
static inline struct mcap_stream *mcap_streams_find(const struct mcap_streams *streams,
						    uint16_t channel_id)
{
	return channel_id < streams->id_count ? streams->by_id[channel_id] : NULL;
}

/** mcap_streams_find_name - by name; NULL where there is none. [any but rt] */
struct mcap_stream *mcap_streams_find_name(const struct mcap_streams *streams,
					   const char *name);

/**
 * mcap_streams_schema - the schema by which the stream's messages can be taken apart.
 * @ret_why: where that is NULL: why; borrowed from @streams
 *
 * [any but rt]
 */
const struct schema *mcap_streams_schema(struct mcap_streams *streams,
					 const struct mcap_stream *stream,
					 const char **ret_why);

/** mcap_streams_schema_name - "rtloop/msg/Probe"; "" without a schema. [any but rt] */
const char *mcap_streams_schema_name(const struct mcap_streams *streams,
				     const struct mcap_stream *stream);

#endif
