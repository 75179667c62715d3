/*
 * What the records of an MCAP file say. Each mcap_parse_... takes a record apart; texts
 * and data are borrowed from it. Lengths are checked against the record's: a file may say
 * anything.
 */
#ifndef RTLOOP_MCAP_RECORD_H
#define RTLOOP_MCAP_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/format.h"

/* A record where it stands in a file. */
struct mcap_record {
	uint8_t op;
	bool is_in_chunk;
	uint64_t offset;     /* of its opcode in the file */
	uint64_t bytes;	     /* of its content */
	const uint8_t *data; /* its content; of a chunk only what stands before its
				records; NULL where it is too long to hold */
};

/* Not ended by a NUL, and may hold any byte. */
struct mcap_text {
	const char *data;
	size_t length;
};

struct mcap_header {
	struct mcap_text profile;
	struct mcap_text library;
};

struct mcap_footer {
	uint64_t summary_start; /* 0: no summary */
	uint64_t summary_offset_start;
	uint32_t summary_crc; /* 0: none */
};

struct mcap_schema {
	uint16_t id;
	struct mcap_text name;
	struct mcap_text encoding;
	struct mcap_text text;
};

struct mcap_channel {
	uint16_t id;
	uint16_t schema_id; /* 0: no schema */
	struct mcap_text topic;
	struct mcap_text encoding;
};

struct mcap_message {
	uint16_t channel_id;
	uint32_t sequence;
	uint64_t log_time_ns;
	uint64_t publish_time_ns;
	const uint8_t *data;
	size_t bytes;
};

struct mcap_chunk {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t uncompressed_bytes;
	uint32_t crc; /* of the records before compression; 0: none */
	struct mcap_text compression;
	uint64_t records_bytes;
	uint64_t records_at; /* in the file */
};

struct mcap_message_index {
	uint16_t channel_id;
	size_t count;
	const uint8_t *entries;
};

struct mcap_chunk_index {
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t chunk_offset;
	uint64_t chunk_bytes;	 /* of the record, its head included */
	size_t count;		 /* of message indexes */
	const uint8_t *channels; /* pairs uint16 channel, uint64 offset */
	uint64_t indexes_bytes;
	struct mcap_text compression;
	uint64_t compressed_bytes;
	uint64_t uncompressed_bytes;
};

struct mcap_attachment {
	uint64_t log_time_ns;
	uint64_t create_time_ns; /* 0: not known */
	struct mcap_text name;
	struct mcap_text media_type;
	const uint8_t *data;
	size_t bytes;
	size_t crced_bytes; /* of the record's content: what the CRC covers */
	uint32_t crc;	    /* 0: none */
};

struct mcap_attachment_index {
	uint64_t offset;
	uint64_t record_bytes; /* its head included */
	uint64_t log_time_ns;
	uint64_t create_time_ns;
	uint64_t bytes;
	struct mcap_text name;
	struct mcap_text media_type;
};

/* Pairs that are still to come: see mcap_next_pair(). */
struct mcap_pairs {
	const uint8_t *data;
	size_t bytes;
};

struct mcap_metadata {
	struct mcap_text name;
	struct mcap_pairs pairs;
};

struct mcap_metadata_index {
	uint64_t offset;
	uint64_t record_bytes; /* its head included */
	struct mcap_text name;
};

struct mcap_statistics {
	uint64_t messages;
	uint16_t schemas;
	uint32_t channels;
	uint32_t attachments;
	uint32_t metadata;
	uint32_t chunks;
	uint64_t start_ns;
	uint64_t end_ns;
	size_t count;		    /* of channels with a number of messages */
	const uint8_t *messages_of; /* pairs uint16 channel, uint64 messages */
};

struct mcap_summary_offset {
	uint8_t group_op;
	uint64_t start;
	uint64_t bytes;
};

struct mcap_data_end {
	uint32_t crc; /* of the file before this record; 0: none */
};

/**
 * mcap_parse_... - -EBADMSG where the record is too short for what it says; then what
 * *ret holds means nothing. [any but rt]
 */
int mcap_parse_header(const struct mcap_record *record,
		      struct mcap_header *ret) MUST_CHECK;
int mcap_parse_footer(const struct mcap_record *record,
		      struct mcap_footer *ret) MUST_CHECK;
int mcap_parse_schema(const struct mcap_record *record,
		      struct mcap_schema *ret) MUST_CHECK;
int mcap_parse_channel(const struct mcap_record *record,
		       struct mcap_channel *ret) MUST_CHECK;
int mcap_parse_message(const struct mcap_record *record,
		       struct mcap_message *ret) MUST_CHECK;
int mcap_parse_chunk(const struct mcap_record *record, struct mcap_chunk *ret) MUST_CHECK;
int mcap_parse_message_index(const struct mcap_record *record,
			     struct mcap_message_index *ret) MUST_CHECK;
int mcap_parse_chunk_index(const struct mcap_record *record,
			   struct mcap_chunk_index *ret) MUST_CHECK;
int mcap_parse_attachment(const struct mcap_record *record,
			  struct mcap_attachment *ret) MUST_CHECK;
int mcap_parse_attachment_index(const struct mcap_record *record,
				struct mcap_attachment_index *ret) MUST_CHECK;
int mcap_parse_metadata(const struct mcap_record *record,
			struct mcap_metadata *ret) MUST_CHECK;
int mcap_parse_metadata_index(const struct mcap_record *record,
			      struct mcap_metadata_index *ret) MUST_CHECK;
int mcap_parse_statistics(const struct mcap_record *record,
			  struct mcap_statistics *ret) MUST_CHECK;
int mcap_parse_summary_offset(const struct mcap_record *record,
			      struct mcap_summary_offset *ret) MUST_CHECK;
int mcap_parse_data_end(const struct mcap_record *record,
			struct mcap_data_end *ret) MUST_CHECK;

/** mcap_next_pair - the next of a metadata record's pairs; false behind the last. [any but rt]
 */
bool mcap_next_pair(struct mcap_pairs *pairs, struct mcap_text *ret_key,
		    struct mcap_text *ret_value);

/** mcap_index_entry - the time and the offset in the chunk's records of one message.
 * [any but rt] */
void mcap_index_entry(const struct mcap_message_index *index, size_t i,
		      uint64_t *ret_time_ns, uint64_t *ret_offset);

/** mcap_channel_entry - one pair of a chunk index's or statistics' map. [any but rt] */
void mcap_channel_entry(const uint8_t *map, size_t i, uint16_t *ret_channel,
			uint64_t *ret_value);

/** mcap_text_is - whether the text is these words. [any but rt] */
bool mcap_text_is(struct mcap_text text, const char *words);

/** mcap_text_equal - [any but rt] */
bool mcap_text_equal(struct mcap_text a, struct mcap_text b);

/** mcap_text_copy - with a NUL behind it; NULL without memory. [any but rt] */
char *mcap_text_copy(struct mcap_text text);

/** mcap_op_name - "message index"; "private", "unknown" for others. [any but rt] */
const char *mcap_op_name(uint8_t op);

#endif
