#include "rtloop/mcap/schema.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/schema_parse.h"

static const uint8_t type_bytes[] = {
	[SCHEMA_BOOL] = 1,    [SCHEMA_INT8] = 1,    [SCHEMA_UINT8] = 1,
	[SCHEMA_INT16] = 2,   [SCHEMA_UINT16] = 2,  [SCHEMA_INT32] = 4,
	[SCHEMA_UINT32] = 4,  [SCHEMA_INT64] = 8,   [SCHEMA_UINT64] = 8,
	[SCHEMA_FLOAT32] = 4, [SCHEMA_FLOAT64] = 8, [SCHEMA_STRING] = 0,
};

/* Offsets of all fields up to the first whose size depends on the message. */
static void set_offsets(struct schema *schema)
{
	uint64_t at = 0;

	for (unsigned i = 0; i < schema->field_count; i++) {
		struct schema_field *field = &schema->fields[i];
		uint64_t bytes = type_bytes[field->type];
		uint64_t start;

		field->offset = SCHEMA_NO_OFFSET;
		if (at >= SCHEMA_NO_OFFSET) {
			continue;
		}
		if (field->shape == SCHEMA_SEQUENCE) {
			at = SCHEMA_NO_OFFSET;
			continue;
		}
		if (bytes == 0) {
			field->offset = (uint32_t)at;
			at = SCHEMA_NO_OFFSET;
			continue;
		}
		start = (at + bytes - 1) & ~(bytes - 1);
		at = start + bytes * (field->shape == SCHEMA_ARRAY ? field->count : 1);
		if (start < SCHEMA_NO_OFFSET) {
			field->offset = (uint32_t)start;
		}
	}
}

int schema_create(const char *name, const char *text, size_t length,
		  struct schema **ret_schema, struct err *err)
{
	struct schema *schema = calloc(1, sizeof(*schema));
	int code;

	if (!schema) {
		return err_set_errno(err, -ENOMEM, "schema %s", name);
	}
	code = schema_parse(name, (struct mcap_text){ .data = text, .length = length },
			    schema, err);
	if (code) {
		schema_destroy(schema);
		return code;
	}
	set_offsets(schema);
	*ret_schema = schema;
	return 0;
}

void schema_destroy(struct schema *schema)
{
	if (!schema) {
		return;
	}
	for (unsigned i = 0; i < schema->field_count; i++) {
		free(schema->fields[i].name);
		free(schema->fields[i].comment);
	}
	free(schema->fields);
	free(schema);
}

const struct schema_field *schema_find(const struct schema *schema, const char *name)
{
	for (unsigned i = 0; i < schema->field_count; i++) {
		if (strcmp(schema->fields[i].name, name) == 0) {
			return &schema->fields[i];
		}
	}
	return NULL;
}

int schema_walk_begin(struct schema_walk *walk, const struct schema *schema,
		      const void *data, size_t bytes)
{
	*walk = (struct schema_walk){ .schema = schema };
	return cdr_reader_init(&walk->cdr, data, bytes);
}

static double get_float32(struct cdr_reader *cdr)
{
	uint32_t bits = cdr_get_u32(cdr);
	float value;

	memcpy(&value, &bits, sizeof(value));
	return (double)value;
}

static double get_float64(struct cdr_reader *cdr)
{
	uint64_t bits = cdr_get_u64(cdr);
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static void get_value(struct cdr_reader *cdr, struct schema_value *value)
{
	switch (value->field->type) {
	case SCHEMA_BOOL:
		value->as_int = cdr_get_u8(cdr) != 0;
		break;
	case SCHEMA_UINT8:
		value->as_int = cdr_get_u8(cdr);
		break;
	case SCHEMA_INT8:
		value->as_int = (int8_t)cdr_get_u8(cdr);
		break;
	case SCHEMA_UINT16:
		value->as_int = cdr_get_u16(cdr);
		break;
	case SCHEMA_INT16:
		value->as_int = (int16_t)cdr_get_u16(cdr);
		break;
	case SCHEMA_UINT32:
		value->as_int = cdr_get_u32(cdr);
		break;
	case SCHEMA_INT32:
		value->as_int = (int32_t)cdr_get_u32(cdr);
		break;
	case SCHEMA_UINT64:
		value->as_uint = cdr_get_u64(cdr);
		break;
	case SCHEMA_INT64:
		value->as_int = (int64_t)cdr_get_u64(cdr);
		break;
	case SCHEMA_FLOAT32:
		value->as_float = get_float32(cdr);
		break;
	case SCHEMA_FLOAT64:
		value->as_float = get_float64(cdr);
		break;
	case SCHEMA_STRING:
		value->text = cdr_get_string(cdr, &value->length);
		break;
	}
}

/* How many elements the field has; a sequence says so itself. */
static int get_count(struct cdr_reader *cdr, const struct schema_field *field,
		     uint32_t *ret_count)
{
	switch (field->shape) {
	case SCHEMA_ONE:
		*ret_count = 1;
		break;
	case SCHEMA_ARRAY:
		*ret_count = field->count;
		break;
	case SCHEMA_SEQUENCE:
		*ret_count = cdr_get_u32(cdr);
		if (field->count && *ret_count > field->count) {
			return -EBADMSG;
		}
		break;
	}
	return cdr->is_short ? -EBADMSG : 0;
}

int schema_walk_next(struct schema_walk *walk, struct schema_value *ret_value)
{
	struct schema_value value = { .index = walk->index };
	int code;

	if (walk->field == walk->schema->field_count) {
		return 0;
	}
	value.field = &walk->schema->fields[walk->field];
	if (walk->index == 0) {
		code = get_count(&walk->cdr, value.field, &walk->count);
		if (code) {
			return code;
		}
	}
	value.count = walk->count;
	if (walk->count) {
		get_value(&walk->cdr, &value);
		walk->index++;
	}
	if (walk->cdr.is_short) {
		return -EBADMSG;
	}
	if (walk->index == walk->count) {
		walk->field++;
		walk->index = 0;
	}
	*ret_value = value;
	return 1;
}

static int get_by_walking(struct schema_walk *walk, const struct schema_field *field,
			  struct schema_value *ret_value)
{
	struct schema_value value;
	int code;

	do {
		code = schema_walk_next(walk, &value);
	} while (code > 0 && value.field != field);
	if (code <= 0) {
		return -EBADMSG;
	}
	if (value.count == 0) {
		return -ENODATA;
	}
	*ret_value = value;
	return 0;
}

int schema_get(const struct schema *schema, const struct schema_field *field,
	       const void *data, size_t bytes, struct schema_value *ret_value)
{
	struct schema_walk walk;
	int code = schema_walk_begin(&walk, schema, data, bytes);

	if (code) {
		return code;
	}
	if (field->offset != SCHEMA_NO_OFFSET) {
		walk.field = (unsigned)(field - schema->fields);
		walk.cdr.at = field->offset;
	}
	return get_by_walking(&walk, field, ret_value);
}

double schema_value_as_float(const struct schema_value *value)
{
	if (value->count == 0) {
		return NAN;
	}
	switch (value->field->type) {
	case SCHEMA_STRING:
		return NAN;
	case SCHEMA_FLOAT32:
	case SCHEMA_FLOAT64:
		return value->as_float;
	case SCHEMA_UINT64:
		return (double)value->as_uint;
	default:
		return (double)value->as_int;
	}
}
