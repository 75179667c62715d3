#include "rtloop/report/fields.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* No message is so long; and a sum with it does not overflow. */
#define OFFSET_MAX (1u << 30)

static const struct {
	uint8_t bytes;
	bool is_signed;
} kinds[] = {
	[SCHEMA_BOOL] = { 1, false },	[SCHEMA_INT8] = { 1, true },
	[SCHEMA_UINT8] = { 1, false },	[SCHEMA_INT16] = { 2, true },
	[SCHEMA_UINT16] = { 2, false }, [SCHEMA_INT32] = { 4, true },
	[SCHEMA_UINT32] = { 4, false }, [SCHEMA_INT64] = { 8, true },
	[SCHEMA_UINT64] = { 8, false }, [SCHEMA_STRING] = { 0, false },
};

static struct report_number number_of(const struct schema_field *field, size_t *bytes)
{
	struct report_number number = { .bytes = 0 };
	size_t end;

	if (!field || field->shape != SCHEMA_ONE || field->offset > OFFSET_MAX ||
	    field->type >= ARRAY_SIZE(kinds) || kinds[field->type].bytes == 0) {
		return number;
	}
	number.at = CDR_HEAD_BYTES + field->offset;
	number.bytes = kinds[field->type].bytes;
	number.is_signed = kinds[field->type].is_signed;
	end = (size_t)number.at + number.bytes;
	*bytes = end > *bytes ? end : *bytes;
	return number;
}

struct report_number report_number_find(const struct schema *schema, const char *name,
					size_t *bytes)
{
	return number_of(schema_find(schema, name), bytes);
}

/* "read" of "read_ns"; of what is no phase, an empty length. */
static size_t phase_length(const char *name)
{
	size_t length = strlen(name);

	if (length <= 3 || strcmp(name + length - 3, "_ns") != 0 ||
	    strcmp(name, "release_ns") == 0 || strcmp(name, "latency_ns") == 0) {
		return 0;
	}
	return length - 3;
}

/* REPORT_PHASES_MAX: there is no room for it. */
static unsigned phase_index(struct report_phases *phases, const char *name, size_t length)
{
	char phase[REPORT_NAME_BYTES];

	snprintf(phase, sizeof(phase), "%.*s", (int)length, name);
	for (unsigned i = 0; i < phases->count; i++) {
		if (strcmp(phases->names[i], phase) == 0) {
			return i;
		}
	}
	if (phases->count < REPORT_PHASES_MAX) {
		memcpy(phases->names[phases->count++], phase, sizeof(phase));
		return phases->count - 1;
	}
	return REPORT_PHASES_MAX;
}

static void find_phases(struct report_cycle_fields *fields, const struct schema *schema,
			struct report_phases *phases)
{
	for (unsigned i = 0; i < schema->field_count; i++) {
		const char *name = schema->fields[i].name;
		size_t length = phase_length(name);
		struct report_number number = { .bytes = 0 };
		unsigned index;

		if (length > 0 && fields->phase_count < REPORT_PHASES_MAX) {
			number = number_of(&schema->fields[i], &fields->bytes);
		}
		index = number.bytes ? phase_index(phases, name, length)
				     : REPORT_PHASES_MAX;
		if (index < REPORT_PHASES_MAX) {
			fields->phases[fields->phase_count] = number;
			fields->phase_index[fields->phase_count] = (uint8_t)index;
			fields->is_busy[fields->phase_count] =
				strcmp(name, "record_ns") != 0;
			fields->phase_count++;
		}
	}
}

int report_cycle_fields_find(struct report_cycle_fields *fields,
			     const struct schema *schema, struct report_phases *phases)
{
	*fields = (struct report_cycle_fields){ .bytes = CDR_HEAD_BYTES };
	fields->cycle = report_number_find(schema, "cycle", &fields->bytes);
	fields->release = report_number_find(schema, "release", &fields->bytes);
	fields->release_ns = report_number_find(schema, "release_ns", &fields->bytes);
	fields->latency_ns = report_number_find(schema, "latency_ns", &fields->bytes);
	fields->missed = report_number_find(schema, "missed", &fields->bytes);
	fields->flags = report_number_find(schema, "flags", &fields->bytes);
	if (fields->cycle.bytes == 0) {
		return -ENOENT;
	}
	find_phases(fields, schema, phases);
	return 0;
}

int report_cycle_load(const struct report_cycle_fields *fields,
		      const struct mcap_message *message, struct report_cycle *ret_cycle)
{
	const uint8_t *data = message->data;

	if (!report_is_plain(message, fields->bytes)) {
		return -EBADMSG;
	}
	ret_cycle->cycle = (uint64_t)report_number_load(&fields->cycle, data);
	ret_cycle->release = (uint64_t)report_number_load(&fields->release, data);
	ret_cycle->release_ns = report_number_load(&fields->release_ns, data);
	ret_cycle->latency_ns = report_number_load(&fields->latency_ns, data);
	ret_cycle->missed = (uint32_t)report_number_load(&fields->missed, data);
	ret_cycle->flags = (uint32_t)report_number_load(&fields->flags, data);
	ret_cycle->busy_ns = 0;
	for (unsigned i = 0; i < fields->phase_count; i++) {
		int64_t ns = report_number_load(&fields->phases[i], data);

		ret_cycle->phase_ns[fields->phase_index[i]] = ns;
		/* unsigned: a log may hold anything */
		ret_cycle->busy_ns =
			fields->is_busy[i]
				? (int64_t)((uint64_t)ret_cycle->busy_ns + (uint64_t)ns)
				: ret_cycle->busy_ns;
	}
	return 0;
}

int report_gap_fields_find(struct report_gap_fields *fields, const struct schema *schema)
{
	*fields = (struct report_gap_fields){ .bytes = CDR_HEAD_BYTES };
	fields->first = report_number_find(schema, "first", &fields->bytes);
	fields->last = report_number_find(schema, "last", &fields->bytes);
	return fields->first.bytes && fields->last.bytes ? 0 : -ENOENT;
}
