#include "rtloop/mcap/streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/mcap/crc.h"

/* Of all schemas of a file: arrays of messages make many fields from a short text. */
#define FIELDS_MAX	 65536
#define SCHEMA_BYTES_MAX (1u << 20)

static void destroy_schema(struct mcap_stream_schema *schema)
{
	if (schema) {
		schema_destroy(schema->schema);
		free(schema->name);
		free(schema->text);
		free(schema);
	}
}

static void destroy_stream(struct mcap_stream *stream)
{
	if (stream) {
		free(stream->name);
		free(stream);
	}
}

void mcap_streams_fini(struct mcap_streams *streams)
{
	for (unsigned i = 0; i < streams->schema_id_count; i++) {
		destroy_schema(streams->schemas[i]);
	}
	for (unsigned i = 0; i < streams->count; i++) {
		destroy_stream(streams->list[i]);
	}
	free(streams->list);
	free(streams->by_id);
	free(streams->schemas);
	*streams = (struct mcap_streams){ .count = 0 };
}

/* How long a table must be to hold that id: doubled, as ids mostly come in a row. */
static unsigned table_count(unsigned count, uint16_t id)
{
	for (count = count ? count : 16; count <= id; count *= 2) {
	}
	return count;
}

static int reserve_channel_id(struct mcap_streams *streams, uint16_t id)
{
	unsigned count = table_count(streams->id_count, id);
	struct mcap_stream **by_id;

	if (id < streams->id_count) {
		return 0;
	}
	by_id = reallocarray(streams->by_id, count, sizeof(*by_id));
	if (!by_id) {
		return -ENOMEM;
	}
	for (unsigned i = streams->id_count; i < count; i++) {
		by_id[i] = NULL;
	}
	streams->by_id = by_id;
	streams->id_count = count;
	return 0;
}

static int reserve_schema_id(struct mcap_streams *streams, uint16_t id)
{
	unsigned count = table_count(streams->schema_id_count, id);
	struct mcap_stream_schema **schemas;

	if (id < streams->schema_id_count) {
		return 0;
	}
	schemas = reallocarray(streams->schemas, count, sizeof(*schemas));
	if (!schemas) {
		return -ENOMEM;
	}
	for (unsigned i = streams->schema_id_count; i < count; i++) {
		schemas[i] = NULL;
	}
	streams->schemas = schemas;
	streams->schema_id_count = count;
	return 0;
}

static struct mcap_stream_schema *find_schema(const struct mcap_streams *streams,
					      uint16_t id)
{
	return id < streams->schema_id_count ? streams->schemas[id] : NULL;
}

static uint32_t record_crc(const struct mcap_record *record)
{
	return libdeflate_crc32(0, record->data, (size_t)record->bytes);
}

static struct mcap_stream_schema *create_schema(const struct mcap_schema *parsed,
						uint32_t crc)
{
	struct mcap_stream_schema *schema = calloc(1, sizeof(*schema));

	if (!schema) {
		return NULL;
	}
	schema->name = mcap_text_copy(parsed->name);
	schema->text = mcap_text_copy(parsed->text);
	schema->length = parsed->text.length;
	schema->crc = crc;
	schema->is_ros2msg = mcap_text_is(parsed->encoding, "ros2msg");
	if (!schema->name || !schema->text) {
		destroy_schema(schema);
		return NULL;
	}
	return schema;
}

static int take_schema(struct mcap_streams *streams, const struct mcap_record *record)
{
	struct mcap_stream_schema *schema;
	struct mcap_schema parsed;
	uint32_t crc;

	if (mcap_parse_schema(record, &parsed) || parsed.id == 0) {
		return -EBADMSG;
	}
	crc = record_crc(record);
	schema = find_schema(streams, parsed.id);
	if (schema) {
		return schema->crc == crc ? 0 : -EEXIST;
	}
	schema = reserve_schema_id(streams, parsed.id) ? NULL
						       : create_schema(&parsed, crc);
	if (!schema) {
		return -ENOMEM;
	}
	streams->schemas[parsed.id] = schema;
	streams->schema_count++;
	return 0;
}

static struct mcap_stream *create_stream(const struct mcap_channel *parsed, uint32_t crc)
{
	struct mcap_stream *stream = calloc(1, sizeof(*stream));

	if (!stream) {
		return NULL;
	}
	stream->channel_id = parsed->id;
	stream->schema_id = parsed->schema_id;
	stream->is_cdr = mcap_text_is(parsed->encoding, "cdr");
	stream->crc = crc;
	stream->name = mcap_text_copy(parsed->topic);
	if (!stream->name) {
		destroy_stream(stream);
		return NULL;
	}
	return stream;
}

static int add_stream(struct mcap_streams *streams, struct mcap_stream *stream)
{
	struct mcap_stream **grown = streams->list;

	/*
	 * A power of two of them: there is room for twice as many once one more is
	 * wanted.
	 */
	if ((streams->count & (streams->count - 1)) == 0) {
		grown = realloc(grown, (streams->count ? 2 * streams->count : 1) *
					       sizeof(*grown));
		if (!grown) {
			return -ENOMEM;
		}
		streams->list = grown;
	}
	streams->list[streams->count++] = stream;
	streams->by_id[stream->channel_id] = stream;
	return 0;
}

static int take_channel(struct mcap_streams *streams, const struct mcap_record *record)
{
	struct mcap_channel parsed;
	struct mcap_stream *stream;
	uint32_t crc;

	if (mcap_parse_channel(record, &parsed)) {
		return -EBADMSG;
	}
	crc = record_crc(record);
	stream = mcap_streams_find(streams, parsed.id);
	if (stream) {
		return stream->crc == crc ? 0 : -EEXIST;
	}
	if (parsed.schema_id && !find_schema(streams, parsed.schema_id)) {
		return -ENOENT;
	}
	stream = reserve_channel_id(streams, parsed.id) ? NULL
							: create_stream(&parsed, crc);
	if (!stream) {
		return -ENOMEM;
	}
	if (add_stream(streams, stream)) {
		destroy_stream(stream);
		return -ENOMEM;
	}
	return 0;
}

int mcap_streams_take(struct mcap_streams *streams, const struct mcap_record *record)
{
	switch (record->op) {
	case MCAP_SCHEMA:
		return take_schema(streams, record);
	case MCAP_CHANNEL:
		return take_channel(streams, record);
	default:
		return 0;
	}
}

struct mcap_stream *mcap_streams_find_name(const struct mcap_streams *streams,
					   const char *name)
{
	for (unsigned i = 0; i < streams->count; i++) {
		if (strcmp(streams->list[i]->name, name) == 0) {
			return streams->list[i];
		}
	}
	return NULL;
}

static void parse(struct mcap_streams *streams, struct mcap_stream_schema *schema)
{
	struct err err;
	int code;

	schema->is_tried = true;
	if (!schema->is_ros2msg || schema->length > SCHEMA_BYTES_MAX) {
		snprintf(schema->why, sizeof(schema->why), "its schema is not ros2msg");
		return;
	}
	if (streams->fields >= FIELDS_MAX) {
		snprintf(schema->why, sizeof(schema->why),
			 "the log's schemas have too many fields");
		return;
	}
	code = schema_create(schema->name, schema->text, schema->length, &schema->schema,
			     &err);
	if (code) {
		streams->is_out_of_memory |= code == -ENOMEM;
		snprintf(schema->why, sizeof(schema->why), "%.*s",
			 (int)sizeof(schema->why) - 1, err.text);
		return;
	}
	streams->fields += schema->schema->field_count;
}

const struct schema *mcap_streams_schema(struct mcap_streams *streams,
					 const struct mcap_stream *stream,
					 const char **ret_why)
{
	struct mcap_stream_schema *schema = find_schema(streams, stream->schema_id);

	if (!stream->is_cdr) {
		*ret_why = "its messages are not CDR";
		return NULL;
	}
	if (!schema) {
		*ret_why = "it has no schema";
		return NULL;
	}
	if (!schema->is_tried) {
		parse(streams, schema);
	}
	if (!schema->schema) {
		*ret_why = schema->why;
	}
	return schema->schema;
}

const char *mcap_streams_schema_name(const struct mcap_streams *streams,
				     const struct mcap_stream *stream)
{
	const struct mcap_stream_schema *schema = find_schema(streams, stream->schema_id);

	return schema ? schema->name : "";
}
