#include "rtloop/mcap/cycle_fields.h"

#include <string.h>

static const struct schema_field *find_field(const struct schema *schema,
					     const char *name)
{
	const struct schema_field *field = schema ? schema_find(schema, name) : NULL;

	return field && field->type == SCHEMA_UINT64 && field->shape == SCHEMA_ONE ? field
										   : NULL;
}

void mcap_cycle_fields_find(struct mcap_cycle_fields *fields,
			    struct mcap_streams *streams,
			    const struct mcap_stream *stream)
{
	bool is_cycle = strcmp(stream->name, "/cycle") == 0;
	const struct schema *schema;
	const char *why;

	if (!is_cycle && strcmp(stream->name, "/gap") != 0) {
		return;
	}
	schema = mcap_streams_schema(streams, stream, &why);
	if (is_cycle) {
		fields->cycle_schema = schema;
		fields->cycle = find_field(schema, "cycle");
		fields->cycle_stream = fields->cycle ? stream : NULL;
	} else {
		fields->gap_schema = schema;
		fields->first = find_field(schema, "first");
		fields->last = find_field(schema, "last");
		fields->gap_stream = fields->first && fields->last ? stream : NULL;
	}
}

static bool get_uint(const struct schema *schema, const struct schema_field *field,
		     const struct mcap_message *message, uint64_t *ret_value)
{
	struct schema_value value;

	if (schema_get(schema, field, message->data, message->bytes, &value)) {
		return false;
	}
	*ret_value = value.as_uint;
	return true;
}

enum mcap_cycle_kind mcap_cycle_fields_get(const struct mcap_cycle_fields *fields,
					   const struct mcap_stream *stream,
					   const struct mcap_message *message,
					   uint64_t *ret_first, uint64_t *ret_last)
{
	if (stream == fields->cycle_stream) {
		if (!get_uint(fields->cycle_schema, fields->cycle, message, ret_first)) {
			return MCAP_CYCLE_SHORT;
		}
		*ret_last = *ret_first;
		return MCAP_CYCLE_ONE;
	}
	if (stream == fields->gap_stream) {
		return get_uint(fields->gap_schema, fields->first, message, ret_first) &&
				       get_uint(fields->gap_schema, fields->last, message,
						ret_last)
			       ? MCAP_CYCLE_GAP
			       : MCAP_CYCLE_SHORT;
	}
	return MCAP_CYCLE_NONE;
}
