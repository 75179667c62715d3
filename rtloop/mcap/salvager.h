/*
 * A salvage under way: salvage.c goes from record to record, salvage_place.c judges what stands at a
 * place, salvage_chunk.c takes chunks apart. Private to these.
 */
#ifndef RTLOOP_MCAP_SALVAGER_H
#define RTLOOP_MCAP_SALVAGER_H

#include "rtloop/mcap/salvage.h"
#include "rtloop/mcap/window.h"

struct salvager {
	const struct mcap_salvage_listener *listener; /* borrowed */
	struct mcap_streams *streams;		      /* borrowed */
	struct mcap_salvage_result result;
	struct window window;
	bool is_rtloop; /* what rtloop writes is known better: both times, sequences */
	bool is_dense;	/* and no sequence is left out in it */
	uint64_t lost_bytes;	 /* passed over so far: they may have held messages */
	uint32_t *next_sequence; /* one a channel id */
	uint64_t budget;	 /* bytes that may yet be looked at in vain */
	uint64_t told_at;	 /* where progress was told last */
	int code;		 /* the first failure: then nothing more is found */
};

/* Messages that a CRC does not vouch for must have log_time in [start, end]. */
struct salvage_bounds {
	uint64_t start_ns;
	uint64_t end_ns;
};

#define SALVAGE_ANY_TIME ((struct salvage_bounds){ .end_ns = UINT64_MAX })

/* A chunk's head as it stands there. */
struct salvage_chunk {
	uint64_t offset;
	uint64_t records_at;
	uint64_t records_bytes;
	uint32_t crc; /* 0: none */
	struct salvage_bounds bounds;
	bool is_compressed;
	bool is_length_sure; /* its lengths agree, or two of three do */
};

/* salvage.c */

/** salvager_problem - tell. [any but rt] */
void salvager_problem(struct salvager *salvager, uint64_t offset, const char *format, ...)
	PRINTF_LIKE(3, 4);

/** salvager_leave_out - tell that these bytes are not taken, and count them. [any but rt] */
void salvager_leave_out(struct salvager *salvager, uint64_t offset, uint64_t end);

/** salvager_leave_out_unknown - likewise a record of a kind that is not known. [any but rt] */
void salvager_leave_out_unknown(struct salvager *salvager,
				const struct mcap_record *record);

/** salvager_show - progress, where there was any; false: it is over. [any but rt] */
bool salvager_show(struct salvager *salvager, uint64_t at);

/* salvage_place.c */

/**
 * salvager_get - a piece of the file, valid until the next call; NULL where it is not there. [any but rt]
 */
const uint8_t *salvager_get(struct salvager *salvager, uint64_t at, uint64_t bytes);

/** salvager_spend - so many bytes were looked at in vain. [any but rt] */
void salvager_spend(struct salvager *salvager, uint64_t bytes);

/**
 * salvager_record_at - whether a record stands there, outside of a chunk and other than chunk and message.
 * @is_sure: a record ended just before; otherwise more signs are asked for
 *
 * [any but rt]
 */
bool salvager_record_at(struct salvager *salvager, uint64_t at, bool is_sure,
			struct mcap_record *ret_record);

/** salvager_declaration_at - likewise a schema or a channel that ends before @limit. [any but rt] */
bool salvager_declaration_at(struct salvager *salvager, uint64_t at, uint64_t limit,
			     struct mcap_record *ret_record);

/** salvager_chunk_at - likewise a chunk. [any but rt] */
bool salvager_chunk_at(struct salvager *salvager, uint64_t at, bool is_sure,
		       struct salvage_chunk *ret_chunk);

/**
 * salvager_message_at - whether a message stands there that may be believed without a CRC.
 * @limit: where what it stands in ends; may be beyond the file's end
 *
 * [any but rt]
 */
bool salvager_message_at(struct salvager *salvager, uint64_t at, uint64_t limit,
			 const struct salvage_bounds *bounds,
			 struct mcap_record *ret_record);

/**
 * salvager_message_begins_at - whether what is there of it, up to the file's end, may be the beginning of
 * such a message. [any but rt]
 */
bool salvager_message_begins_at(struct salvager *salvager, uint64_t at, uint64_t limit,
				const struct salvage_bounds *bounds);

/* salvage_chunk.c */

/** salvager_take_chunk - all that is whole in it; returns where it ends. [any but rt] */
uint64_t salvager_take_chunk(struct salvager *salvager,
			     const struct salvage_chunk *chunk);

/** salvager_has_loose_message - whether one of a chunk without its head stands there. [any but rt] */
bool salvager_has_loose_message(struct salvager *salvager, uint64_t at);

/** salvager_take_loose - such messages, from the first one on; returns where they end. [any but rt] */
uint64_t salvager_take_loose(struct salvager *salvager, uint64_t at);

/** salvager_declare - a schema or channel record; told where it is not taken. [any but rt] */
void salvager_declare(struct salvager *salvager, const struct mcap_record *record);

#endif
