#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "rtloop/mcap/salvager.h"

#define SHOW_EVERY ((uint64_t)1 << 20)

/* The way through a chunk that no CRC vouches for. */
struct walk {
	uint64_t
		limit; /* where its records end; beyond the file's end where that cuts it off */
	uint64_t end; /* the sooner of both */
	struct salvage_bounds bounds;
	bool is_open; /* the limit is not certain: another record may come sooner */
	bool is_dry;  /* nothing is taken */
	uint64_t messages;
	uint64_t places; /* where something is damaged */
};

enum step { STEP_NONE, STEP_MESSAGE, STEP_DECLARATION, STEP_END };

void salvager_declare(struct salvager *salvager, const struct mcap_record *record)
{
	int code = mcap_streams_take(salvager->streams, record);

	if (code == -ENOMEM) {
		salvager->code = code;
	} else if (code) {
		salvager_problem(salvager, record->offset,
				 "a %s contradicts another, or is of no schema that is "
				 "there: it is left out",
				 mcap_op_name(record->op));
	}
}

static void emit(struct salvager *salvager, const struct mcap_record *record)
{
	const struct mcap_salvage_listener *listener = salvager->listener;
	struct mcap_message message;
	struct mcap_stream *stream;

	if (mcap_parse_message(record, &message)) {
		salvager_leave_out(salvager, record->offset,
				   record->offset + MCAP_HEAD_BYTES + record->bytes);
		return;
	}
	stream = mcap_streams_find(salvager->streams, message.channel_id);
	if (!stream) {
		salvager->result.left_out_messages++;
		salvager_leave_out(salvager, record->offset,
				   record->offset + MCAP_HEAD_BYTES + record->bytes);
		return;
	}
	salvager->next_sequence[message.channel_id] = message.sequence + 1;
	salvager->result.messages++;
	if (listener->message) {
		salvager->code = listener->message(listener->context, stream, &message);
	}
}

static bool take_proven(struct salvager *salvager, uint64_t at, uint64_t end,
			struct mcap_record *record)
{
	const uint8_t *head = salvager_get(salvager, at, MCAP_HEAD_BYTES);

	if (!head || end - at < MCAP_HEAD_BYTES) {
		return false;
	}
	*record = (struct mcap_record){ .op = head[0],
					.is_in_chunk = true,
					.offset = at,
					.bytes = le_load64(head + 1) };
	if (record->bytes > end - at - MCAP_HEAD_BYTES) {
		return false;
	}
	record->data = salvager_get(salvager, at + MCAP_HEAD_BYTES, record->bytes);
	return record->data != NULL;
}

/* A chunk whose CRC is right is what its writer meant, sense or nonsense. */
static void walk_proven(struct salvager *salvager, uint64_t at, uint64_t end)
{
	struct mcap_record record;

	while (!salvager->code && at < end) {
		if (!take_proven(salvager, at, end, &record)) {
			if (!salvager->code) {
				salvager->lost_bytes += end - at;
				salvager_leave_out(salvager, at, end);
			}
			return;
		}
		if (record.op == MCAP_MESSAGE) {
			emit(salvager, &record);
		} else if (record.op == MCAP_SCHEMA || record.op == MCAP_CHANNEL) {
			salvager_declare(salvager, &record);
		} else {
			salvager_leave_out_unknown(salvager, &record);
		}
		at += MCAP_HEAD_BYTES + record.bytes;
	}
}

/* Whether what comes behind a message bears witness that it is whole: blocks of a disk that were never
 * written leave zeros, and they may begin inside a message. */
static bool is_followed(struct salvager *salvager, const struct walk *walk, uint64_t next)
{
	struct mcap_record record;
	struct salvage_chunk chunk;

	if (next == walk->end) {
		return next == salvager->window.file_bytes ||
		       salvager_record_at(salvager, next, true, &record) ||
		       salvager_chunk_at(salvager, next, true, &chunk);
	}
	return salvager_message_begins_at(salvager, next, walk->limit, &walk->bounds) ||
	       salvager_declaration_at(salvager, next, walk->end, &record) ||
	       (walk->is_open && (salvager_record_at(salvager, next, false, &record) ||
				  salvager_chunk_at(salvager, next, false, &chunk)));
}

static bool is_message(struct salvager *salvager, const struct walk *walk, uint64_t at,
		       struct mcap_record *record)
{
	if (!salvager_message_at(salvager, at, walk->limit, &walk->bounds, record) ||
	    !is_followed(salvager, walk, at + MCAP_HEAD_BYTES + record->bytes)) {
		return false;
	}
	/* looking further on may have moved the window */
	record->data = salvager_get(salvager, at + MCAP_HEAD_BYTES, record->bytes);
	return record->data != NULL;
}

static enum step look(struct salvager *salvager, const struct walk *walk, uint64_t at,
		      struct mcap_record *record)
{
	struct salvage_chunk chunk;

	if (is_message(salvager, walk, at, record)) {
		return STEP_MESSAGE;
	}
	if (walk->is_open && (salvager_chunk_at(salvager, at, false, &chunk) ||
			      salvager_record_at(salvager, at, false, record))) {
		return STEP_END;
	}
	return salvager_declaration_at(salvager, at, walk->end, record) ? STEP_DECLARATION
									: STEP_NONE;
}

/* Where the next whole record stands; the walk's end where there is none. */
static uint64_t find_next(struct salvager *salvager, const struct walk *walk, uint64_t at)
{
	struct mcap_record record;

	while (!salvager->code && at < walk->end &&
	       look(salvager, walk, at, &record) == STEP_NONE) {
		at++;
		salvager->lost_bytes++;
		if (at % SHOW_EVERY == 0 && !salvager_show(salvager, at)) {
			break;
		}
	}
	return at;
}

static void take(struct salvager *salvager, struct walk *walk, enum step step,
		 const struct mcap_record *record)
{
	uint16_t channel = le_load16(record->data);

	if (step == STEP_MESSAGE) {
		walk->messages++;
		salvager->next_sequence[channel] = le_load32(record->data + 2) + 1;
	}
	if (walk->is_dry) {
		return;
	}
	if (step == STEP_MESSAGE) {
		emit(salvager, record);
	} else {
		salvager_declare(salvager, record);
	}
}

/* Returns where it ends. */
static uint64_t go(struct salvager *salvager, struct walk *walk, uint64_t at)
{
	struct mcap_record record;
	enum step step;
	uint64_t next;

	while (!salvager->code && at < walk->end) {
		step = look(salvager, walk, at, &record);
		if (step == STEP_END) {
			return at;
		}
		if (step == STEP_NONE) {
			salvager->lost_bytes++;
			next = find_next(salvager, walk, at + 1);
			walk->places++;
			if (!walk->is_dry && !salvager->code) {
				salvager_leave_out(salvager, at, next);
			}
			at = next;
			continue;
		}
		take(salvager, walk, step, &record);
		at += MCAP_HEAD_BYTES + record.bytes;
	}
	return at;
}

static uint64_t go_for_good(struct salvager *salvager, struct walk *walk, uint64_t at)
{
	walk->is_dry = false;
	walk->messages = 0;
	walk->places = 0;
	at = go(salvager, walk, at);
	salvager->result.unproven += walk->messages;
	return at;
}

/* What is known of sequences is as before afterwards. */
static int go_dry(struct salvager *salvager, struct walk *walk, uint64_t at)
{
	size_t bytes = salvager->streams->id_count * sizeof(uint32_t);
	uint32_t *kept = malloc(bytes ? bytes : 1);
	uint64_t lost_bytes = salvager->lost_bytes;

	if (!kept) {
		return -ENOMEM;
	}
	salvager_spend(salvager, bytes);
	memcpy(kept, salvager->next_sequence, bytes);
	walk->is_dry = true;
	go(salvager, walk, at);
	salvager->lost_bytes = lost_bytes;
	memcpy(salvager->next_sequence, kept, bytes);
	free(kept);
	return salvager->code;
}

/*
 * A chunk that is all there, but not with its CRC. Where the damage shows, the rest can be believed;
 * where it does not, it is in some value, and no one can tell in which.
 */
static void take_damaged(struct salvager *salvager, const struct salvage_chunk *chunk,
			 struct walk *walk)
{
	int code = go_dry(salvager, walk, chunk->records_at);

	if (code) {
		salvager->code = code;
		return;
	}
	if (walk->places == 0 && chunk->crc != 0) {
		salvager->result.left_out_messages += walk->messages;
		salvager_problem(
			salvager, chunk->offset,
			"the chunk's CRC is wrong, and nothing shows where it is "
			"damaged: its %" PRIu64 " messages are left out",
			walk->messages);
		salvager->result.left_out_bytes += chunk->records_bytes;
		salvager->lost_bytes += chunk->records_bytes;
		salvager->result.places++;
		return;
	}
	go_for_good(salvager, walk, chunk->records_at);
	if (chunk->crc != 0) {
		salvager_problem(salvager, chunk->offset,
				 "the chunk's CRC is wrong: %" PRIu64
				 " of its messages are whole",
				 walk->messages);
	}
}

/* Whether the CRC vouches for the chunk, all of which is there. */
static bool is_proven(struct salvager *salvager, const struct salvage_chunk *chunk)
{
	uint32_t crc = 0;
	int code;

	if (chunk->crc == 0 || salvager->budget == 0) {
		return false;
	}
	code = window_crc(&salvager->window, chunk->records_at, chunk->records_bytes,
			  &crc);
	if (code) {
		salvager->code = code;
		return false;
	}
	if (crc != chunk->crc) {
		salvager_spend(salvager, chunk->records_bytes);
		return false;
	}
	return true;
}

static uint64_t take_whole(struct salvager *salvager, const struct salvage_chunk *chunk)
{
	uint64_t end = chunk->records_at + chunk->records_bytes;
	struct walk walk = { .limit = end, .end = end, .bounds = chunk->bounds };

	if (chunk->is_compressed) {
		salvager_problem(salvager, chunk->offset,
				 "the chunk is compressed, which rtloop does not read");
		salvager_leave_out(salvager, chunk->offset, end);
	} else if (is_proven(salvager, chunk)) {
		salvager->result.chunks++;
		walk_proven(salvager, chunk->records_at, end);
	} else if (!salvager->code) {
		salvager->result.damaged_chunks += chunk->crc != 0;
		salvager->result.chunks += chunk->crc == 0;
		take_damaged(salvager, chunk, &walk);
	}
	return end;
}

/* The file's end, or another record before it, ends it. */
static uint64_t take_torn(struct salvager *salvager, const struct salvage_chunk *chunk)
{
	uint64_t file_bytes = salvager->window.file_bytes;
	bool is_torn = chunk->is_length_sure;
	struct walk walk = { .limit = file_bytes,
			     .end = file_bytes,
			     .bounds = chunk->bounds,
			     .is_open = true };
	uint64_t at;

	if (is_torn && chunk->records_bytes <= UINT64_MAX - chunk->records_at) {
		walk.limit = chunk->records_at + chunk->records_bytes;
	}
	at = go_for_good(salvager, &walk, chunk->records_at);
	is_torn = is_torn && at == file_bytes;
	salvager->result.torn_chunks += is_torn;
	salvager->result.damaged_chunks += !is_torn;
	salvager_problem(salvager, chunk->offset,
			 is_torn ? "the chunk is cut off by the file's end: the %" PRIu64
				   " messages before it are whole"
				 : "the chunk's lengths are wrong: %" PRIu64
				   " of its messages are whole",
			 walk.messages);
	return at;
}

uint64_t salvager_take_chunk(struct salvager *salvager, const struct salvage_chunk *chunk)
{
	uint64_t left = salvager->window.file_bytes - chunk->records_at;

	return chunk->is_length_sure && chunk->records_bytes <= left
		       ? take_whole(salvager, chunk)
		       : take_torn(salvager, chunk);
}

static struct walk loose_walk(const struct salvager *salvager)
{
	return (struct walk){ .limit = salvager->window.file_bytes,
			      .end = salvager->window.file_bytes,
			      .bounds = SALVAGE_ANY_TIME,
			      .is_open = true };
}

bool salvager_has_loose_message(struct salvager *salvager, uint64_t at)
{
	struct walk walk = loose_walk(salvager);
	struct mcap_record record;

	return is_message(salvager, &walk, at, &record);
}

uint64_t salvager_take_loose(struct salvager *salvager, uint64_t at)
{
	struct walk walk = loose_walk(salvager);

	return go_for_good(salvager, &walk, at);
}
