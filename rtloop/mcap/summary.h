/*
 * The end of an MCAP file as it comes into being: what must be known of each chunk,
 * attachment and metadata record once it has been written, and the summary section made
 * from it.
 */
#ifndef RTLOOP_MCAP_SUMMARY_H
#define RTLOOP_MCAP_SUMMARY_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/bytes.h"

/* Groups of records with the same opcode, in the order in which they are written. */
enum summary_group {
	SUMMARY_SCHEMAS,
	SUMMARY_CHANNELS,
	SUMMARY_STATISTICS,
	SUMMARY_CHUNKS,
	SUMMARY_ATTACHMENTS,
	SUMMARY_METADATA,
	SUMMARY_GROUPS,
};

struct summary {
	struct bytes groups[SUMMARY_GROUPS]; /* encoded records */
	uint64_t messages;
	uint32_t topics;
	uint32_t chunks;
	uint32_t attachments;
	uint32_t metadata;
	uint64_t start_ns; /* least log_time; 0 without messages */
	uint64_t end_ns;
};

/* A chunk, as chunk index and statistics need it. */
struct summary_chunk {
	uint64_t start_ns; /* least and greatest log_time in it */
	uint64_t end_ns;
	uint64_t offset; /* in the file */
	uint64_t record_bytes;
	uint64_t data_bytes; /* of its records field */
	uint64_t messages;
};

void summary_fini(struct summary *summary);

/** summary_clear - forget everything, keep the memory. [any but rt] */
void summary_clear(struct summary *summary);

/**
 * summary_begin_chunk - begin the chunk's index record: up to the map of message index
 * offsets.
 *
 * The caller puts pairs (uint16 channel, uint64 offset) into groups[SUMMARY_CHUNKS].
 * Returns where the map began, for summary_end_chunk(). [any but rt]
 */
size_t summary_begin_chunk(struct summary *summary, const struct summary_chunk *chunk);

/**
 * summary_end_chunk - end the chunk's index record.
 * @record_at: length of the group before summary_begin_chunk()
 * @map_at: what summary_begin_chunk() returned
 *
 * The statistics are left alone: see summary_count_chunk(). -ENOMEM. [any but rt]
 */
int summary_end_chunk(struct summary *summary, const struct summary_chunk *chunk,
		      size_t record_at, size_t map_at, uint64_t indexes_bytes) MUST_CHECK;

/** summary_count_chunk - the chunk is in the file: count it and its messages. [any but
 * rt] */
void summary_count_chunk(struct summary *summary, const struct summary_chunk *chunk);

/**
 * summary_put - append summary section, summary offsets, footer and magic.
 * @topic_messages: messages of each of the summary's topics
 * @file_at: where in the file the first byte of @out stands
 *
 * -ENOMEM. [any but rt]
 */
int summary_put(struct summary *summary, const uint64_t *topic_messages, uint64_t file_at,
		struct bytes *out) MUST_CHECK;

#endif
