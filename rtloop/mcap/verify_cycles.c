#include <inttypes.h>

#include "rtloop/mcap/verifier.h"

static const struct schema_field *find_cycle_field(const struct schema *schema,
						   const char *name)
{
	const struct schema_field *field = schema ? schema_find(schema, name) : NULL;

	return field && field->type == SCHEMA_UINT64 && field->shape == SCHEMA_ONE ? field
										   : NULL;
}

void verifier_find_cycles(struct verifier *verifier, const struct mcap_record *record)
{
	struct cycle_fields *fields = &verifier->fields;
	const struct mcap_stream *stream;
	struct mcap_channel channel;
	const struct schema *schema;
	const char *why;

	if (record->op != MCAP_CHANNEL || mcap_parse_channel(record, &channel)) {
		return;
	}
	stream = mcap_streams_find(&verifier->streams, channel.id);
	if (!stream || (!mcap_text_is(channel.topic, "/cycle") &&
			!mcap_text_is(channel.topic, "/gap"))) {
		return;
	}
	schema = mcap_streams_schema(&verifier->streams, stream, &why);
	if (mcap_text_is(channel.topic, "/cycle")) {
		fields->cycle_schema = schema;
		fields->cycle = find_cycle_field(schema, "cycle");
		fields->cycle_stream = fields->cycle ? stream : NULL;
	} else {
		fields->gap_schema = schema;
		fields->first = find_cycle_field(schema, "first");
		fields->last = find_cycle_field(schema, "last");
		fields->gap_stream = fields->first && fields->last ? stream : NULL;
	}
}

static void tell_cycles(struct verifier *verifier, uint64_t offset, uint64_t expected,
			uint64_t first, enum mcap_cycles_verdict verdict)
{
	switch (verdict) {
	case MCAP_CYCLES_GOOD:
		break;
	case MCAP_CYCLES_MISSING:
		verifier_problem(verifier, offset,
				 "cycles %" PRIu64 " to %" PRIu64
				 " are missing: neither logged nor in a gap",
				 expected, first - 1);
		break;
	case MCAP_CYCLES_REPEATED:
		verifier_problem(verifier, offset,
				 "cycle %" PRIu64 " comes again or out of order", first);
		break;
	case MCAP_CYCLES_NONSENSE:
		verifier_problem(verifier, offset, "a gap ends before it begins");
		break;
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

static void take_cycle(struct verifier *verifier, const struct mcap_message *message,
		       uint64_t offset)
{
	const struct cycle_fields *fields = &verifier->fields;
	uint64_t expected = verifier->cycles->next;
	uint64_t cycle;

	if (!get_uint(fields->cycle_schema, fields->cycle, message, &cycle)) {
		verifier_problem(verifier, offset, "a message of /cycle is too short");
		return;
	}
	tell_cycles(verifier, offset, expected, cycle,
		    mcap_cycles_take(verifier->cycles, cycle));
}

static void take_gap(struct verifier *verifier, const struct mcap_message *message,
		     uint64_t offset)
{
	const struct cycle_fields *fields = &verifier->fields;
	uint64_t expected = verifier->cycles->next;
	uint64_t first, last;

	if (!get_uint(fields->gap_schema, fields->first, message, &first) ||
	    !get_uint(fields->gap_schema, fields->last, message, &last)) {
		verifier_problem(verifier, offset, "a message of /gap is too short");
		return;
	}
	tell_cycles(verifier, offset, expected, first,
		    mcap_cycles_take_gap(verifier->cycles, first, last));
}

void verifier_take_cycles(struct verifier *verifier, const struct mcap_stream *stream,
			  const struct mcap_message *message, uint64_t offset)
{
	if (stream == verifier->fields.cycle_stream) {
		take_cycle(verifier, message, offset);
	} else if (stream == verifier->fields.gap_stream) {
		take_gap(verifier, message, offset);
	}
}
