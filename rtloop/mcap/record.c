#include "rtloop/mcap/record.h"

#include <errno.h>
#include <stdlib.h>

#define CHANNEL_ENTRY_BYTES (sizeof(uint16_t) + sizeof(uint64_t))

/* A record's content being read; what is not there makes every further answer 0. What is
 * there lies in memory, so that size_t holds its length on 32 bits too. */
struct cursor {
	const uint8_t *data;
	size_t left;
	bool is_short;
};

static struct cursor cursor_at(const struct mcap_record *record)
{
	size_t bytes = record->bytes < SIZE_MAX ? (size_t)record->bytes : SIZE_MAX;

	return (struct cursor){ .data = record->data,
				.left = record->data ? bytes : 0,
				.is_short = !record->data };
}

static const uint8_t *take(struct cursor *cursor, uint64_t bytes)
{
	const uint8_t *at = cursor->data;

	if (cursor->is_short || bytes > cursor->left) {
		cursor->is_short = true;
		return NULL;
	}
	cursor->data += bytes;
	cursor->left -= (size_t)bytes;
	return at;
}

static uint8_t take_u8(struct cursor *cursor)
{
	const uint8_t *at = take(cursor, 1);

	return at ? *at : 0;
}

static uint16_t take_u16(struct cursor *cursor)
{
	const uint8_t *at = take(cursor, 2);

	return at ? le_load16(at) : 0;
}

static uint32_t take_u32(struct cursor *cursor)
{
	const uint8_t *at = take(cursor, 4);

	return at ? le_load32(at) : 0;
}

static uint64_t take_u64(struct cursor *cursor)
{
	const uint8_t *at = take(cursor, 8);

	return at ? le_load64(at) : 0;
}

static struct mcap_text take_text(struct cursor *cursor)
{
	uint32_t length = take_u32(cursor);
	const uint8_t *at = take(cursor, length);

	return (struct mcap_text){ .data = at ? (const char *)at : "",
				   .length = at ? length : 0 };
}

/* An array of entries of one size; its length in bytes must be a multiple of that. */
static const uint8_t *take_entries(struct cursor *cursor, size_t entry_bytes,
				   size_t *ret_count)
{
	uint32_t bytes = take_u32(cursor);
	const uint8_t *at = take(cursor, bytes);

	*ret_count = at ? bytes / entry_bytes : 0;
	if (bytes % entry_bytes) {
		cursor->is_short = true;
	}
	return at;
}

static int result(const struct cursor *cursor)
{
	return cursor->is_short ? -EBADMSG : 0;
}

int mcap_parse_header(const struct mcap_record *record, struct mcap_header *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->profile = take_text(&cursor);
	ret->library = take_text(&cursor);
	return result(&cursor);
}

int mcap_parse_footer(const struct mcap_record *record, struct mcap_footer *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->summary_start = take_u64(&cursor);
	ret->summary_offset_start = take_u64(&cursor);
	ret->summary_crc = take_u32(&cursor);
	return result(&cursor);
}

int mcap_parse_schema(const struct mcap_record *record, struct mcap_schema *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->id = take_u16(&cursor);
	ret->name = take_text(&cursor);
	ret->encoding = take_text(&cursor);
	ret->text = take_text(&cursor);
	return result(&cursor);
}

int mcap_parse_channel(const struct mcap_record *record, struct mcap_channel *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->id = take_u16(&cursor);
	ret->schema_id = take_u16(&cursor);
	ret->topic = take_text(&cursor);
	ret->encoding = take_text(&cursor);
	take_text(&cursor); /* its metadata, of which nothing is needed */
	return result(&cursor);
}

int mcap_parse_message(const struct mcap_record *record, struct mcap_message *ret)
{
	if (!record->data || record->bytes < MCAP_MESSAGE_BYTES) {
		return -EBADMSG;
	}
	ret->channel_id = le_load16(record->data);
	ret->sequence = le_load32(record->data + 2);
	ret->log_time_ns = le_load64(record->data + 6);
	ret->publish_time_ns = le_load64(record->data + 14);
	ret->data = record->data + MCAP_MESSAGE_BYTES;
	ret->bytes = (size_t)record->bytes - MCAP_MESSAGE_BYTES;
	return 0;
}

int mcap_parse_chunk(const struct mcap_record *record, struct mcap_chunk *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->start_ns = take_u64(&cursor);
	ret->end_ns = take_u64(&cursor);
	ret->uncompressed_bytes = take_u64(&cursor);
	ret->crc = take_u32(&cursor);
	ret->compression = take_text(&cursor);
	ret->records_bytes = take_u64(&cursor);
	ret->records_at = record->offset + MCAP_HEAD_BYTES + MCAP_CHUNK_BYTES +
			  ret->compression.length;
	return result(&cursor);
}

int mcap_parse_message_index(const struct mcap_record *record,
			     struct mcap_message_index *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->channel_id = take_u16(&cursor);
	ret->entries = take_entries(&cursor, MCAP_INDEX_ENTRY_BYTES, &ret->count);
	return result(&cursor);
}

int mcap_parse_chunk_index(const struct mcap_record *record, struct mcap_chunk_index *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->start_ns = take_u64(&cursor);
	ret->end_ns = take_u64(&cursor);
	ret->chunk_offset = take_u64(&cursor);
	ret->chunk_bytes = take_u64(&cursor);
	ret->channels = take_entries(&cursor, CHANNEL_ENTRY_BYTES, &ret->count);
	ret->indexes_bytes = take_u64(&cursor);
	ret->compression = take_text(&cursor);
	ret->compressed_bytes = take_u64(&cursor);
	ret->uncompressed_bytes = take_u64(&cursor);
	return result(&cursor);
}

int mcap_parse_attachment(const struct mcap_record *record, struct mcap_attachment *ret)
{
	struct cursor cursor = cursor_at(record);
	uint64_t bytes;

	ret->log_time_ns = take_u64(&cursor);
	ret->create_time_ns = take_u64(&cursor);
	ret->name = take_text(&cursor);
	ret->media_type = take_text(&cursor);
	bytes = take_u64(&cursor);
	ret->data = take(&cursor, bytes);
	ret->bytes = ret->data ? (size_t)bytes : 0;
	ret->crced_bytes = (size_t)record->bytes - cursor.left;
	ret->crc = take_u32(&cursor);
	return result(&cursor);
}

int mcap_parse_attachment_index(const struct mcap_record *record,
				struct mcap_attachment_index *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->offset = take_u64(&cursor);
	ret->record_bytes = take_u64(&cursor);
	ret->log_time_ns = take_u64(&cursor);
	ret->create_time_ns = take_u64(&cursor);
	ret->bytes = take_u64(&cursor);
	ret->name = take_text(&cursor);
	ret->media_type = take_text(&cursor);
	return result(&cursor);
}

/* Whether pairs stand there all the way, so that mcap_next_pair() need not fail. */
static bool are_pairs_whole(struct mcap_pairs pairs)
{
	struct mcap_text key, value;

	while (mcap_next_pair(&pairs, &key, &value)) {
	}
	return pairs.bytes == 0;
}

int mcap_parse_metadata(const struct mcap_record *record, struct mcap_metadata *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->name = take_text(&cursor);
	ret->pairs.bytes = take_u32(&cursor);
	ret->pairs.data = take(&cursor, ret->pairs.bytes);
	if (cursor.is_short || !are_pairs_whole(ret->pairs)) {
		return -EBADMSG;
	}
	return 0;
}

int mcap_parse_metadata_index(const struct mcap_record *record,
			      struct mcap_metadata_index *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->offset = take_u64(&cursor);
	ret->record_bytes = take_u64(&cursor);
	ret->name = take_text(&cursor);
	return result(&cursor);
}

int mcap_parse_statistics(const struct mcap_record *record, struct mcap_statistics *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->messages = take_u64(&cursor);
	ret->schemas = take_u16(&cursor);
	ret->channels = take_u32(&cursor);
	ret->attachments = take_u32(&cursor);
	ret->metadata = take_u32(&cursor);
	ret->chunks = take_u32(&cursor);
	ret->start_ns = take_u64(&cursor);
	ret->end_ns = take_u64(&cursor);
	ret->messages_of = take_entries(&cursor, CHANNEL_ENTRY_BYTES, &ret->count);
	return result(&cursor);
}

int mcap_parse_summary_offset(const struct mcap_record *record,
			      struct mcap_summary_offset *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->group_op = take_u8(&cursor);
	ret->start = take_u64(&cursor);
	ret->bytes = take_u64(&cursor);
	return result(&cursor);
}

int mcap_parse_data_end(const struct mcap_record *record, struct mcap_data_end *ret)
{
	struct cursor cursor = cursor_at(record);

	ret->crc = take_u32(&cursor);
	return result(&cursor);
}

bool mcap_next_pair(struct mcap_pairs *pairs, struct mcap_text *ret_key,
		    struct mcap_text *ret_value)
{
	struct cursor cursor = { .data = pairs->data, .left = pairs->bytes };

	if (pairs->bytes == 0) {
		return false;
	}
	*ret_key = take_text(&cursor);
	*ret_value = take_text(&cursor);
	if (cursor.is_short) {
		return false;
	}
	pairs->data = cursor.data;
	pairs->bytes = cursor.left;
	return true;
}

void mcap_index_entry(const struct mcap_message_index *index, size_t i,
		      uint64_t *ret_time_ns, uint64_t *ret_offset)
{
	const uint8_t *entry = index->entries + i * MCAP_INDEX_ENTRY_BYTES;

	*ret_time_ns = le_load64(entry);
	*ret_offset = le_load64(entry + 8);
}

void mcap_channel_entry(const uint8_t *map, size_t i, uint16_t *ret_channel,
			uint64_t *ret_value)
{
	const uint8_t *entry = map + i * CHANNEL_ENTRY_BYTES;

	*ret_channel = le_load16(entry);
	*ret_value = le_load64(entry + 2);
}

bool mcap_text_is(struct mcap_text text, const char *words)
{
	return mcap_text_equal(
		text, (struct mcap_text){ .data = words, .length = strlen(words) });
}

bool mcap_text_equal(struct mcap_text a, struct mcap_text b)
{
	return a.length == b.length && memcmp(a.data, b.data, a.length) == 0;
}

char *mcap_text_copy(struct mcap_text text)
{
	char *copy = malloc(text.length + 1);

	if (copy) {
		memcpy(copy, text.data, text.length);
		copy[text.length] = '\0';
	}
	return copy;
}

const char *mcap_op_name(uint8_t op)
{
	static const char *const names[] = {
		[MCAP_HEADER] = "header",
		[MCAP_FOOTER] = "footer",
		[MCAP_SCHEMA] = "schema",
		[MCAP_CHANNEL] = "channel",
		[MCAP_MESSAGE] = "message",
		[MCAP_CHUNK] = "chunk",
		[MCAP_MESSAGE_INDEX] = "message index",
		[MCAP_CHUNK_INDEX] = "chunk index",
		[MCAP_ATTACHMENT] = "attachment",
		[MCAP_ATTACHMENT_INDEX] = "attachment index",
		[MCAP_STATISTICS] = "statistics",
		[MCAP_METADATA] = "metadata",
		[MCAP_METADATA_INDEX] = "metadata index",
		[MCAP_SUMMARY_OFFSET] = "summary offset",
		[MCAP_DATA_END] = "data end",
	};

	if (op < ARRAY_SIZE(names) && names[op]) {
		return names[op];
	}
	return op >= 0x80 ? "private" : "unknown";
}
