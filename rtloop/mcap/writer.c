#include "rtloop/mcap/writer.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "rtloop/mcap/bytes.h"
#include "rtloop/mcap/cdr.h"
#include "rtloop/mcap/crc.h"
#include "rtloop/mcap/encode.h"
#include "rtloop/mcap/summary.h"

#define CHUNK_HEAD_BYTES (MCAP_HEAD_BYTES + MCAP_CHUNK_BYTES)
#define CHUNK_CRC_AT	 (MCAP_HEAD_BYTES + 24)
#define CHUNK_BYTES_MAX	 ((size_t)1 << 30)
#define TOPICS_MAX	 (UINT16_MAX - 1) /* a schema's id is the topic's + 1, not 0 */

/* XCDR1, little endian, no options. */
static const uint8_t cdr_head[CDR_HEAD_BYTES] = { 0, 1, 0, 0 };

/* The messages of one topic in the open chunk: entries as a message index holds them. */
struct topic_index {
	uint8_t *entries;
	size_t count;
	size_t capacity;
};

struct mcap_writer {
	struct mcap_sink sink;
	size_t chunk_bytes;
	uint64_t put_bytes; /* of the file, handed to the sink */
	uint32_t crc;	    /* of those */
	size_t indexed_bytes; /* of the summary's chunk indexes, those of chunks that were put */
	struct bytes chunk; /* room for its head, records, and while closing its message
			       indexes */
	uint64_t chunk_start_ns;
	uint64_t chunk_end_ns;
	struct topic_index *indexes; /* one a topic */
	uint64_t *topic_messages;    /* one a topic; those of the open chunk included */
	unsigned topic_count;
	unsigned topic_capacity;
	struct summary summary;
	struct bytes out; /* records outside chunks */
};

struct mcap_writer *mcap_writer_create(size_t chunk_bytes)
{
	struct mcap_writer *writer = calloc(1, sizeof(*writer));

	if (!writer) {
		return NULL;
	}
	writer->chunk_bytes =
		chunk_bytes < CHUNK_BYTES_MAX ? chunk_bytes : CHUNK_BYTES_MAX;
	/* An eighth more for the message indexes of usual messages. */
	if (bytes_reserve(&writer->chunk,
			  writer->chunk_bytes + writer->chunk_bytes / 8)) {
		free(writer);
		return NULL;
	}
	return writer;
}

void mcap_writer_destroy(struct mcap_writer *writer)
{
	if (!writer) {
		return;
	}
	for (unsigned i = 0; i < writer->topic_capacity; i++) {
		free(writer->indexes[i].entries);
	}
	free(writer->indexes);
	free(writer->topic_messages);
	summary_fini(&writer->summary);
	bytes_fini(&writer->chunk);
	bytes_fini(&writer->out);
	free(writer);
}

/* @crc: of the file with these bytes. On failure nothing has changed. */
static int put_crced(struct mcap_writer *writer, const struct bytes *bytes, uint32_t crc)
{
	int code = writer->sink.put(writer->sink.context, bytes->data, bytes->used);

	if (code) {
		return code;
	}
	writer->crc = crc;
	writer->put_bytes += bytes->used;
	return 0;
}

static int put(struct mcap_writer *writer, const struct bytes *bytes)
{
	return put_crced(writer, bytes,
			 libdeflate_crc32(writer->crc, bytes->data, bytes->used));
}

/* Index memory of earlier files is kept: topics mostly stay what they were. */
static int reserve_topics(struct mcap_writer *writer, unsigned count)
{
	struct topic_index *indexes;
	uint64_t *messages;

	if (count > writer->topic_capacity) {
		indexes = realloc(writer->indexes, count * sizeof(*indexes));
		if (!indexes) {
			return -ENOMEM;
		}
		writer->indexes = indexes;
		messages = realloc(writer->topic_messages, count * sizeof(*messages));
		if (!messages) {
			return -ENOMEM;
		}
		writer->topic_messages = messages;
		memset(indexes + writer->topic_capacity, 0,
		       (count - writer->topic_capacity) * sizeof(*indexes));
		writer->topic_capacity = count;
	}
	for (unsigned i = 0; i < count; i++) {
		writer->indexes[i].count = 0;
		writer->topic_messages[i] = 0;
	}
	writer->topic_count = count;
	return 0;
}

int mcap_writer_begin(struct mcap_writer *writer, const struct mcap_sink *sink,
		      const struct mcap_topic *topics, unsigned topic_count,
		      const char *library)
{
	struct summary *summary = &writer->summary;
	struct bytes *out = &writer->out;
	int code;

	if (topic_count > TOPICS_MAX) {
		return -EINVAL;
	}
	code = reserve_topics(writer, topic_count);
	if (code) {
		return code;
	}
	writer->sink = *sink;
	writer->put_bytes = 0;
	writer->crc = 0;
	writer->indexed_bytes = 0;
	bytes_cut(&writer->chunk, CHUNK_HEAD_BYTES);
	summary_clear(summary);
	summary->topics = topic_count;
	bytes_clear(out);
	encode_header(out, library);
	for (unsigned i = 0; i < topic_count; i++) {
		encode_schema(&summary->groups[SUMMARY_SCHEMAS], &topics[i], (uint16_t)i);
		encode_channel(&summary->groups[SUMMARY_CHANNELS], &topics[i],
			       (uint16_t)i);
	}
	for (unsigned i = SUMMARY_SCHEMAS; i <= SUMMARY_CHANNELS; i++) {
		bytes_put(out, summary->groups[i].data, summary->groups[i].used);
		code = summary->groups[i].code ? summary->groups[i].code : code;
	}
	code = out->code ? out->code : code;
	return code ? code : put(writer, out);
}

static struct encode_place out_place(const struct mcap_writer *writer)
{
	return (struct encode_place){ .offset = writer->put_bytes,
				      .record_bytes = writer->out.used };
}

/* Put the record in out; on failure the group of its index is as it was before. */
static int put_indexed(struct mcap_writer *writer, struct bytes *group, size_t group_at)
{
	int code = writer->out.code ? writer->out.code : group->code;

	if (!code) {
		code = put(writer, &writer->out);
	}
	if (code) {
		bytes_cut(group, group_at);
	}
	return code;
}

int mcap_writer_attach(struct mcap_writer *writer, const char *name,
		       const char *media_type, const void *data, size_t bytes,
		       uint64_t log_time_ns)
{
	const struct attachment attachment = {
		.name = name,
		.media_type = media_type,
		.data = data,
		.bytes = bytes,
		.log_time_ns = log_time_ns,
	};
	struct bytes *group = &writer->summary.groups[SUMMARY_ATTACHMENTS];
	size_t group_at = group->used;
	int code;

	bytes_clear(&writer->out);
	encode_attachment(&writer->out, &attachment);
	encode_attachment_index(group, &attachment, out_place(writer));
	code = put_indexed(writer, group, group_at);
	writer->summary.attachments += code ? 0 : 1;
	return code;
}

int mcap_writer_metadata(struct mcap_writer *writer, const char *name,
			 const struct mcap_pair *pairs, unsigned pair_count)
{
	struct bytes *group = &writer->summary.groups[SUMMARY_METADATA];
	size_t group_at = group->used;
	int code;

	bytes_clear(&writer->out);
	encode_metadata(&writer->out, name, pairs, pair_count);
	encode_metadata_index(group, name, out_place(writer));
	code = put_indexed(writer, group, group_at);
	writer->summary.metadata += code ? 0 : 1;
	return code;
}

/* Room for one more entry; the count is advanced by whoever writes it. */
static int reserve_entry(struct topic_index *index)
{
	size_t capacity = index->capacity ? 2 * index->capacity : 64;
	uint8_t *entries;

	if (index->count < index->capacity) {
		return 0;
	}
	entries = realloc(index->entries, capacity * MCAP_INDEX_ENTRY_BYTES);
	if (!entries) {
		return -ENOMEM;
	}
	index->entries = entries;
	index->capacity = capacity;
	return 0;
}

static void note_time(struct mcap_writer *writer, uint64_t time_ns)
{
	bool is_first = writer->chunk.used == CHUNK_HEAD_BYTES;

	if (is_first || time_ns < writer->chunk_start_ns) {
		writer->chunk_start_ns = time_ns;
	}
	if (is_first || time_ns > writer->chunk_end_ns) {
		writer->chunk_end_ns = time_ns;
	}
}

static void append_entry(struct topic_index *index, uint64_t time_ns, uint64_t offset)
{
	uint8_t *entry = index->entries + index->count * MCAP_INDEX_ENTRY_BYTES;

	le_store64(entry, time_ns);
	le_store64(entry + 8, offset);
	index->count++;
}

/* The head of a message, straight into the chunk. */
static void append_head(struct bytes *chunk, const struct mcap_message *message,
			size_t data_bytes)
{
	uint8_t *at = chunk->data + chunk->used;

	at[0] = MCAP_MESSAGE;
	le_store64(at + 1, MCAP_MESSAGE_BYTES + data_bytes);
	le_store16(at + 9, message->channel_id);
	le_store32(at + 11, message->sequence);
	le_store64(at + 15, message->log_time_ns);
	le_store64(at + 23, message->publish_time_ns);
	chunk->used += MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES;
}

/* Room in the open chunk for a message, or else in a new one. */
static int reserve_message(struct mcap_writer *writer, uint16_t topic, size_t data_bytes)
{
	struct bytes *chunk = &writer->chunk;
	size_t bytes = MCAP_HEAD_BYTES + MCAP_MESSAGE_BYTES + data_bytes;
	int code;

	if (topic >= writer->topic_count) {
		return -EINVAL;
	}
	if (chunk->used - CHUNK_HEAD_BYTES + bytes > writer->chunk_bytes) {
		code = mcap_writer_flush(writer);
		if (code) {
			return code;
		}
	}
	if (bytes_reserve(chunk, bytes) || reserve_entry(&writer->indexes[topic])) {
		return -ENOMEM;
	}
	return 0;
}

/* Into the room that was reserved: all but its data. */
static void begin_message(struct mcap_writer *writer, const struct mcap_message *message,
			  size_t data_bytes)
{
	struct bytes *chunk = &writer->chunk;

	note_time(writer, message->log_time_ns);
	append_entry(&writer->indexes[message->channel_id], message->log_time_ns,
		     chunk->used - CHUNK_HEAD_BYTES);
	writer->topic_messages[message->channel_id]++;
	append_head(chunk, message, data_bytes);
}

static void append(struct bytes *chunk, const void *data, size_t bytes)
{
	if (bytes) {
		memcpy(chunk->data + chunk->used, data, bytes);
		chunk->used += bytes;
	}
}

int mcap_writer_message(struct mcap_writer *writer, uint16_t topic, uint64_t log_time_ns,
			const void *body, size_t bytes)
{
	struct mcap_message message = {
		.channel_id = topic,
		.log_time_ns = log_time_ns,
		.publish_time_ns = log_time_ns,
	};
	int code = reserve_message(writer, topic, CDR_HEAD_BYTES + bytes);

	if (code) {
		return code;
	}
	message.sequence = (uint32_t)writer->topic_messages[topic];
	begin_message(writer, &message, CDR_HEAD_BYTES + bytes);
	append(&writer->chunk, cdr_head, CDR_HEAD_BYTES);
	append(&writer->chunk, body, bytes);
	return 0;
}

int mcap_writer_copy(struct mcap_writer *writer, uint16_t topic,
		     const struct mcap_message *message)
{
	struct mcap_message copy = *message;
	int code = reserve_message(writer, topic, message->bytes);

	if (code) {
		return code;
	}
	copy.channel_id = topic;
	begin_message(writer, &copy, message->bytes);
	append(&writer->chunk, message->data, message->bytes);
	return 0;
}

static void encode_chunk_head(struct mcap_writer *writer)
{
	uint8_t *at = writer->chunk.data;
	size_t records_bytes = writer->chunk.used - CHUNK_HEAD_BYTES;

	at[0] = MCAP_CHUNK;
	le_store64(at + 1, writer->chunk.used - MCAP_HEAD_BYTES);
	le_store64(at + 9, writer->chunk_start_ns);
	le_store64(at + 17, writer->chunk_end_ns);
	le_store64(at + 25, records_bytes);
	le_store32(at + CHUNK_CRC_AT,
		   libdeflate_crc32(0, at + CHUNK_HEAD_BYTES, records_bytes));
	le_store32(at + 37, 0);
	le_store64(at + 41, records_bytes);
}

static void append_index(struct bytes *chunk, uint16_t topic,
			 const struct topic_index *index)
{
	size_t at = bytes_begin_record(chunk, MCAP_MESSAGE_INDEX);
	size_t array_at;

	bytes_put_u16(chunk, topic);
	array_at = bytes_begin_array(chunk);
	bytes_put(chunk, index->entries, index->count * MCAP_INDEX_ENTRY_BYTES);
	bytes_end_array(chunk, array_at);
	bytes_end_record(chunk, at);
}

/* Message indexes behind the chunk, and where they stand into the chunk's own index. */
static uint64_t append_indexes(struct mcap_writer *writer)
{
	struct bytes *offsets = &writer->summary.groups[SUMMARY_CHUNKS];
	uint64_t messages = 0;

	for (unsigned i = 0; i < writer->topic_count; i++) {
		if (writer->indexes[i].count) {
			bytes_put_u16(offsets, (uint16_t)i);
			bytes_put_u64(offsets, writer->put_bytes + writer->chunk.used);
			append_index(&writer->chunk, (uint16_t)i, &writer->indexes[i]);
			messages += writer->indexes[i].count;
		}
	}
	return messages;
}

/* The file's CRC with the closed chunk: its records' own CRC serves a second time. */
static uint32_t crc_with_chunk(const struct mcap_writer *writer,
			       const struct summary_chunk *chunk)
{
	const uint8_t *head = writer->chunk.data;
	uint32_t records_crc = le_load32(head + CHUNK_CRC_AT);
	uint32_t crc = libdeflate_crc32(writer->crc, head, CHUNK_HEAD_BYTES);

	crc = crc_combine(crc, records_crc, chunk->data_bytes);
	return libdeflate_crc32(crc, head + chunk->record_bytes,
				writer->chunk.used - (size_t)chunk->record_bytes);
}

/* Encode all that follows the records; the chunk's record ends where it ended before. */
static int close_chunk(struct mcap_writer *writer, struct summary_chunk *ret_chunk)
{
	struct summary_chunk chunk = {
		.start_ns = writer->chunk_start_ns,
		.end_ns = writer->chunk_end_ns,
		.offset = writer->put_bytes,
		.record_bytes = writer->chunk.used,
		.data_bytes = writer->chunk.used - CHUNK_HEAD_BYTES,
	};
	size_t record_at = writer->summary.groups[SUMMARY_CHUNKS].used;
	size_t map_at;
	int code;

	encode_chunk_head(writer);
	map_at = summary_begin_chunk(&writer->summary, &chunk);
	chunk.messages = append_indexes(writer);
	code = summary_end_chunk(&writer->summary, &chunk, record_at, map_at,
				 writer->chunk.used - chunk.record_bytes);
	*ret_chunk = chunk;
	return writer->chunk.code ? writer->chunk.code : code;
}

static void reset_chunk(struct mcap_writer *writer)
{
	bytes_cut(&writer->chunk, CHUNK_HEAD_BYTES);
	for (unsigned i = 0; i < writer->topic_count; i++) {
		writer->indexes[i].count = 0;
	}
}

int mcap_writer_flush(struct mcap_writer *writer)
{
	struct bytes *indexes = &writer->summary.groups[SUMMARY_CHUNKS];
	size_t chunk_bytes = writer->chunk.used;
	struct summary_chunk chunk;
	int code;

	if (chunk_bytes <= CHUNK_HEAD_BYTES) {
		return 0;
	}
	code = close_chunk(writer, &chunk);
	if (!code) {
		code = put_crced(writer, &writer->chunk, crc_with_chunk(writer, &chunk));
	}
	if (code) {
		/* The chunk stays open and whole, so that the caller may try again. */
		bytes_cut(&writer->chunk, chunk_bytes);
		bytes_cut(indexes, writer->indexed_bytes);
		return code;
	}
	writer->indexed_bytes = indexes->used;
	summary_count_chunk(&writer->summary, &chunk);
	reset_chunk(writer);
	return 0;
}

void mcap_writer_drop(struct mcap_writer *writer)
{
	for (unsigned i = 0; i < writer->topic_count; i++) {
		writer->topic_messages[i] -= writer->indexes[i].count;
	}
	reset_chunk(writer);
}

void mcap_writer_save(const struct mcap_writer *writer, struct mcap_point *point)
{
	point->put_bytes = writer->put_bytes;
	point->crc = writer->crc;
	point->indexed_bytes = writer->indexed_bytes;
	point->messages = writer->summary.messages;
	point->chunks = writer->summary.chunks;
	point->start_ns = writer->summary.start_ns;
	point->end_ns = writer->summary.end_ns;
	for (unsigned i = 0; i < writer->topic_count; i++) {
		point->topic_messages[i] =
			writer->topic_messages[i] - writer->indexes[i].count;
	}
}

void mcap_writer_restore(struct mcap_writer *writer, const struct mcap_point *point)
{
	writer->put_bytes = point->put_bytes;
	writer->crc = point->crc;
	writer->indexed_bytes = point->indexed_bytes;
	bytes_cut(&writer->summary.groups[SUMMARY_CHUNKS], point->indexed_bytes);
	writer->summary.messages = point->messages;
	writer->summary.chunks = point->chunks;
	writer->summary.start_ns = point->start_ns;
	writer->summary.end_ns = point->end_ns;
	memcpy(writer->topic_messages, point->topic_messages,
	       writer->topic_count * sizeof(*writer->topic_messages));
	reset_chunk(writer);
}

int mcap_writer_end(struct mcap_writer *writer)
{
	struct bytes *out = &writer->out;
	int code = mcap_writer_flush(writer);

	if (code) {
		return code;
	}
	bytes_clear(out);
	encode_data_end(out, writer->crc);
	code = summary_put(&writer->summary, writer->topic_messages, writer->put_bytes,
			   out);
	return code ? code : put(writer, out);
}

uint64_t mcap_writer_bytes(const struct mcap_writer *writer)
{
	uint64_t open_bytes = writer->chunk.used;

	return writer->put_bytes + (open_bytes > CHUNK_HEAD_BYTES ? open_bytes : 0);
}
