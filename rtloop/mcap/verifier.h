/*
 * A check under way (verify.c), of cycles too (verify_cycles.c), and what it gathers of a
 * file's data so that the summary can be held against it (verify_summary.c).
 */
#ifndef RTLOOP_MCAP_VERIFIER_H
#define RTLOOP_MCAP_VERIFIER_H

#include "rtloop/mcap/cycle_fields.h"
#include "rtloop/mcap/facts.h"
#include "rtloop/mcap/reader.h"
#include "rtloop/mcap/schema.h"
#include "rtloop/mcap/streams.h"
#include "rtloop/mcap/verify.h"

/* A chunk that was read, with the message indexes behind it. */
struct chunk_fact {
	uint64_t offset;
	uint64_t record_bytes;
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t data_bytes;
	uint64_t indexes_bytes;
	size_t first_index; /* among the indexes of all chunks */
	size_t index_count;
	bool is_listed; /* a chunk index tells of it */
};

struct index_fact {
	uint64_t offset;
	uint16_t channel_id;
};

/* An attachment or a metadata record. */
struct item_fact {
	uint64_t offset;
	uint64_t record_bytes;
	uint64_t log_time_ns;
	uint64_t create_time_ns;
	uint64_t bytes;
	uint32_t names_crc;
	uint8_t op;
	bool is_listed;
};

/* A message of the chunk being read. */
struct message_fact {
	uint64_t offset; /* in the chunk's records */
	uint64_t time_ns;
	uint16_t channel_id;
	bool is_indexed;
};

/* A run of records with one opcode in the summary. */
struct group_fact {
	uint64_t start;
	uint64_t bytes;
	bool is_listed; /* a summary offset tells of it */
};

struct verifier {
	const struct mcap_verify_listener *listener;
	struct mcap_cycles *cycles;
	struct mcap_reader *reader;
	struct mcap_streams streams;
	struct mcap_verify_result result;
	struct mcap_cycle_fields fields;

	/* of the data */
	struct facts chunks;   /* struct chunk_fact, in order of offset */
	struct facts indexes;  /* struct index_fact, in order of offset */
	struct facts items;    /* struct item_fact, in order of offset */
	struct facts messages; /* struct message_fact, of the last chunk */
	uint64_t start_ns;
	uint64_t end_ns;
	uint64_t first_time_ns; /* of the messages of the last chunk */
	uint64_t last_time_ns;
	bool is_chunk_bad;     /* the last: its messages are not known */
	bool is_any_chunk_bad; /* what is counted is not all */
	bool is_header_seen;

	/* of the summary */
	bool is_in_summary;
	bool is_statistics_seen;
	uint8_t group_op;
	uint64_t summary_start;
	uint64_t summary_offset_start; /* 0: no such record yet */
	struct group_fact groups[256];
};

/** verifier_problem - tell and count. [any but rt] */
void verifier_problem(struct verifier *verifier, uint64_t offset, const char *format, ...)
	PRINTF_LIKE(3, 4);

/**
 * verifier_names_crc - of an attachment's or metadata's names: they stand twice. [any but
 * rt]
 */
uint32_t verifier_names_crc(struct mcap_text name, struct mcap_text media_type);

/**
 * verifier_take_cycles - what a message says of them, if it is of one of these. [any but
 * rt]
 */
void verifier_take_cycles(struct verifier *verifier, const struct mcap_stream *stream,
			  const struct mcap_message *message, uint64_t offset);

/** verifier_take_summary - one record behind the data end. -ENOMEM. [any but rt] */
int verifier_take_summary(struct verifier *verifier,
			  const struct mcap_record *record) MUST_CHECK;

/** verifier_end_summary - what should have been there. [any but rt] */
void verifier_end_summary(struct verifier *verifier);

#endif
