#include <errno.h>
#include <libdeflate.h>

#include "rtloop/mcap/salvager.h"

/* What a message may have behind the last field of its schema: padding to its struct's alignment. */
#define PADDING_MAX 7

const uint8_t *salvager_get(struct salvager *salvager, uint64_t at, uint64_t bytes)
{
	const uint8_t *data;
	int code;

	if (salvager->code || at > salvager->window.file_bytes ||
	    bytes > salvager->window.file_bytes - at) {
		return NULL;
	}
	code = window_get(&salvager->window, at, bytes, &data);
	if (code && code != -EFBIG) {
		salvager->code = code;
	}
	return code ? NULL : data;
}

void salvager_spend(struct salvager *salvager, uint64_t bytes)
{
	salvager->budget -= bytes < salvager->budget ? bytes : salvager->budget;
}

/* The record with all of its content; false where it is not there, or too long to hold. */
static bool load(struct salvager *salvager, uint64_t at, uint64_t limit,
		 struct mcap_record *ret_record)
{
	const uint8_t *head = salvager_get(salvager, at, MCAP_HEAD_BYTES);
	uint64_t bytes;

	if (!head || at + MCAP_HEAD_BYTES > limit) {
		return false;
	}
	bytes = le_load64(head + 1);
	if (bytes > limit - at - MCAP_HEAD_BYTES) {
		return false;
	}
	*ret_record = (struct mcap_record){ .op = head[0], .offset = at, .bytes = bytes };
	ret_record->data = salvager_get(salvager, at + MCAP_HEAD_BYTES, bytes);
	return ret_record->data != NULL;
}

static bool is_index(const struct salvager *salvager, const struct mcap_record *record)
{
	struct mcap_message_index index;

	return mcap_parse_message_index(record, &index) == 0 &&
	       record->bytes == 6 + index.count * MCAP_INDEX_ENTRY_BYTES &&
	       mcap_streams_find(salvager->streams, index.channel_id);
}

static bool is_attachment(const struct mcap_record *record, bool is_sure)
{
	struct mcap_attachment attachment;

	if (mcap_parse_attachment(record, &attachment) ||
	    attachment.crced_bytes + MCAP_CRC_BYTES != record->bytes) {
		return false;
	}
	return attachment.crc ? attachment.crc == libdeflate_crc32(0, record->data,
								   attachment.crced_bytes)
			      : is_sure;
}

static bool is_metadata(const struct mcap_record *record)
{
	struct mcap_metadata metadata;

	return mcap_parse_metadata(record, &metadata) == 0 && metadata.name.length > 0 &&
	       metadata.pairs.data + metadata.pairs.bytes == record->data + record->bytes;
}

static bool is_schema(const struct mcap_record *record)
{
	struct mcap_schema schema;

	return mcap_parse_schema(record, &schema) == 0 && schema.id != 0 &&
	       schema.name.length + schema.encoding.length + schema.text.length + 14 ==
		       record->bytes;
}

static bool is_channel(const struct mcap_record *record)
{
	struct mcap_channel channel;
	size_t bytes;

	if (mcap_parse_channel(record, &channel) || channel.topic.length == 0) {
		return false;
	}
	bytes = channel.topic.length + channel.encoding.length + 12;
	return bytes + 4 + le_load32(record->data + bytes) == record->bytes;
}

static bool is_statistics(const struct mcap_record *record)
{
	struct mcap_statistics statistics;

	return mcap_parse_statistics(record, &statistics) == 0 &&
	       record->bytes == 46 + statistics.count * 10;
}

/* Behind it comes the summary, or the file's end. */
static bool is_data_end(struct salvager *salvager, const struct mcap_record *record)
{
	const uint8_t *next = salvager_get(
		salvager, record->offset + MCAP_HEAD_BYTES + MCAP_DATA_END_BYTES, 1);

	return record->bytes == MCAP_DATA_END_BYTES &&
	       (!next || *next == MCAP_SCHEMA || *next == MCAP_CHANNEL ||
		*next == MCAP_STATISTICS || *next == MCAP_FOOTER ||
		*next == MCAP_CHUNK_INDEX);
}

static bool is_footer(const struct salvager *salvager, const struct mcap_record *record)
{
	return record->bytes == MCAP_FOOTER_BYTES &&
	       record->offset + MCAP_END_BYTES == salvager->window.file_bytes;
}

static bool is_record(struct salvager *salvager, const struct mcap_record *record,
		      bool is_sure)
{
	switch (record->op) {
	case MCAP_SCHEMA:
		return is_schema(record);
	case MCAP_CHANNEL:
		return is_channel(record);
	case MCAP_MESSAGE_INDEX:
		return is_index(salvager, record);
	case MCAP_ATTACHMENT:
		return is_attachment(record, is_sure);
	case MCAP_METADATA:
		return is_metadata(record);
	case MCAP_STATISTICS:
		return is_statistics(record);
	case MCAP_DATA_END:
		return is_data_end(salvager, record);
	case MCAP_FOOTER:
		return is_footer(salvager, record);
	default:
		/* rtloop writes no records of its own kinds */
		return is_sure && !salvager->is_rtloop && record->op > MCAP_DATA_END;
	}
}

bool salvager_record_at(struct salvager *salvager, uint64_t at, bool is_sure,
			struct mcap_record *ret_record)
{
	const uint8_t *op = salvager_get(salvager, at, 1);
	struct mcap_record record;

	if (!op || *op == 0 || (*op > MCAP_DATA_END && !is_sure) ||
	    salvager->budget == 0 ||
	    !load(salvager, at, salvager->window.file_bytes, &record)) {
		return false;
	}
	if (!is_record(salvager, &record, is_sure)) {
		salvager_spend(salvager, record.bytes);
		return false;
	}
	*ret_record = record;
	return !salvager->code;
}

bool salvager_declaration_at(struct salvager *salvager, uint64_t at, uint64_t limit,
			     struct mcap_record *ret_record)
{
	const uint8_t *op = salvager_get(salvager, at, 1);
	struct mcap_record record;

	if (!op || (*op != MCAP_SCHEMA && *op != MCAP_CHANNEL) || salvager->budget == 0 ||
	    !load(salvager, at, limit, &record)) {
		return false;
	}
	if (!(record.op == MCAP_SCHEMA && is_schema(&record)) &&
	    !(record.op == MCAP_CHANNEL && is_channel(&record))) {
		salvager_spend(salvager, record.bytes);
		return false;
	}
	*ret_record = record;
	return true;
}

/* Of the three lengths that a chunk says, the one that at least two of them agree upon. */
static bool find_length(uint64_t record_bytes, uint64_t uncompressed_bytes,
			uint64_t records_bytes, uint64_t *ret_bytes)
{
	uint64_t by_record = record_bytes - MCAP_CHUNK_BYTES;

	if (record_bytes >= MCAP_CHUNK_BYTES &&
	    (by_record == uncompressed_bytes || by_record == records_bytes)) {
		*ret_bytes = by_record;
		return true;
	}
	*ret_bytes = records_bytes;
	return records_bytes == uncompressed_bytes;
}

bool salvager_chunk_at(struct salvager *salvager, uint64_t at, bool is_sure,
		       struct salvage_chunk *ret_chunk)
{
	const uint8_t *head =
		salvager_get(salvager, at, MCAP_HEAD_BYTES + MCAP_CHUNK_BYTES);
	uint64_t record_bytes, uncompressed_bytes, records_bytes;
	struct salvage_chunk chunk = { .offset = at };

	if (!head || head[0] != MCAP_CHUNK) {
		return false;
	}
	record_bytes = le_load64(head + 1);
	chunk.bounds.start_ns = le_load64(head + 9);
	chunk.bounds.end_ns = le_load64(head + 17);
	uncompressed_bytes = le_load64(head + 25);
	chunk.crc = le_load32(head + 33);
	chunk.is_compressed = le_load32(head + 37) != 0;
	records_bytes = le_load64(head + 41);
	chunk.records_at = at + MCAP_HEAD_BYTES + MCAP_CHUNK_BYTES;
	chunk.is_length_sure = find_length(record_bytes, uncompressed_bytes,
					   records_bytes, &chunk.records_bytes);
	if (chunk.is_compressed) {
		chunk.records_bytes = record_bytes - MCAP_CHUNK_BYTES;
		chunk.is_length_sure = record_bytes >= MCAP_CHUNK_BYTES;
	}
	if (!is_sure &&
	    (chunk.is_compressed || record_bytes - MCAP_CHUNK_BYTES != records_bytes ||
	     uncompressed_bytes != records_bytes ||
	     chunk.bounds.start_ns > chunk.bounds.end_ns)) {
		return false;
	}
	*ret_chunk = chunk;
	return true;
}

/* Every field of the schema, and then no more than padding. */
static bool fits_schema(const struct schema *schema, const struct mcap_message *message)
{
	struct schema_value value;
	struct schema_walk walk;
	int code;

	if (schema_walk_begin(&walk, schema, message->data, message->bytes)) {
		return false;
	}
	while ((code = schema_walk_next(&walk, &value)) > 0) {
	}
	return code == 0 && walk.cdr.bytes - walk.cdr.at <= PADDING_MAX;
}

/* A sequence jumps by no more messages than what was passed over had room for. */
static bool has_sequence(const struct salvager *salvager,
			 const struct mcap_message *message)
{
	uint32_t jump = message->sequence - salvager->next_sequence[message->channel_id];
	uint64_t jump_max = salvager->lost_bytes / (MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES);

	return jump <=
	       (salvager->is_dense && jump_max < INT32_MAX ? jump_max : INT32_MAX);
}

/* What the message's head says of itself but its length and sequence. */
static bool is_head_believable(const struct salvager *salvager,
			       const struct salvage_bounds *bounds,
			       const struct mcap_message *message)
{
	if (!mcap_streams_find(salvager->streams, message->channel_id) ||
	    message->log_time_ns < bounds->start_ns ||
	    message->log_time_ns > bounds->end_ns) {
		return false;
	}
	return !salvager->is_rtloop || message->publish_time_ns == message->log_time_ns;
}

static bool is_message_believable(struct salvager *salvager,
				  const struct salvage_bounds *bounds,
				  const struct mcap_record *record)
{
	const struct mcap_stream *stream;
	struct mcap_message message;
	const struct schema *schema;
	const char *why;

	if (record->op != MCAP_MESSAGE || mcap_parse_message(record, &message) ||
	    !is_head_believable(salvager, bounds, &message) ||
	    (salvager->is_rtloop && !has_sequence(salvager, &message))) {
		return false;
	}
	stream = mcap_streams_find(salvager->streams, message.channel_id);
	schema = mcap_streams_schema(salvager->streams, stream, &why);
	return schema && fits_schema(schema, &message);
}

bool salvager_message_at(struct salvager *salvager, uint64_t at, uint64_t limit,
			 const struct salvage_bounds *bounds,
			 struct mcap_record *ret_record)
{
	const uint8_t *op = salvager_get(salvager, at, 1);
	struct mcap_record record;

	if (!op || *op != MCAP_MESSAGE || salvager->budget == 0 ||
	    !load(salvager, at, limit, &record)) {
		return false;
	}
	if (!is_message_believable(salvager, bounds, &record)) {
		salvager_spend(salvager, record.bytes);
		return false;
	}
	*ret_record = record;
	return true;
}

bool salvager_message_begins_at(struct salvager *salvager, uint64_t at, uint64_t limit,
				const struct salvage_bounds *bounds)
{
	uint64_t there = salvager->window.file_bytes - at;
	struct mcap_record record = { .bytes = MCAP_MESSAGE_BYTES };
	struct mcap_message message;
	const uint8_t *head;

	there = there < limit - at ? there : limit - at;
	if (there > MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES) {
		there = MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES;
	}
	head = salvager_get(salvager, at, there);
	if (!head || (there > 0 && head[0] != MCAP_MESSAGE)) {
		return false;
	}
	if (there >= MCAP_HEAD_BYTES &&
	    (le_load64(head + 1) < MCAP_MESSAGE_BYTES ||
	     le_load64(head + 1) > limit - at - MCAP_HEAD_BYTES)) {
		return false;
	}
	if (there < MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES) {
		return true;
	}
	record.data = head + MCAP_HEAD_BYTES;
	return mcap_parse_message(&record, &message) == 0 &&
	       is_head_believable(salvager, bounds, &message);
}
