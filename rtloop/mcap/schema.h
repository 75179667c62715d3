/*
 * Schemas of the language ros2msg, as a flat list of fields with dotted names
 * ("quality.temp"), and messages taken apart by them. Understood are all primitives,
 * strings, fixed arrays, sequences of these, nested messages and fixed arrays of them
 * ("leg[2].angle"), constants, defaults, comments. Not understood, and said so: wstring,
 * and sequences of nested messages.
 *
 * Schemas and messages come from files: both may hold anything.
 */
#ifndef RTLOOP_MCAP_SCHEMA_H
#define RTLOOP_MCAP_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/cdr.h"

enum schema_type {
	SCHEMA_BOOL,
	SCHEMA_INT8,
	SCHEMA_UINT8,
	SCHEMA_INT16,
	SCHEMA_UINT16,
	SCHEMA_INT32,
	SCHEMA_UINT32,
	SCHEMA_INT64,
	SCHEMA_UINT64,
	SCHEMA_FLOAT32,
	SCHEMA_FLOAT64,
	SCHEMA_STRING,
};

enum schema_shape { SCHEMA_ONE, SCHEMA_ARRAY, SCHEMA_SEQUENCE };

#define SCHEMA_FIELDS_MAX 16384
#define SCHEMA_NO_OFFSET  UINT32_MAX

struct schema_field {
	char *name;    /* dotted */
	char *comment; /* behind a # in its line: the unit; "" */
	enum schema_type type;
	enum schema_shape shape;
	uint32_t count;	 /* of an array: its elements; of a sequence: its most, 0: any */
	uint32_t offset; /* from the body's first byte; SCHEMA_NO_OFFSET: it depends */
};

struct schema {
	struct schema_field *fields;
	unsigned field_count;
};

/* One element of one field of a message. */
struct schema_value {
	const struct schema_field *field;
	uint32_t index; /* of the element: 0 in what is neither array nor sequence */
	uint32_t count; /* of elements; 0: an empty sequence, and this is no value */
	union {
		int64_t as_int;	  /* bool: 0 or 1; all integers but uint64 */
		uint64_t as_uint; /* uint64 */
		double as_float;
	};
	const char *text; /* string: borrowed from the message, not ended by a NUL */
	size_t length;
};

/**
 * schema_create - parse a schema.
 * @name: for messages
 * @text: not ended by a NUL
 *
 * -EBADMSG it cannot be parsed, -ENOTSUP it holds what is not understood, -E2BIG it has
 * more than SCHEMA_FIELDS_MAX fields, -ENOMEM; @err filled with name and line. [any but
 * rt]
 */
int schema_create(const char *name, const char *text, size_t length,
		  struct schema **ret_schema, struct err *err) MUST_CHECK;
void schema_destroy(struct schema *schema);

/** schema_find - a field by its dotted name; NULL where there is none. [any but rt] */
const struct schema_field *schema_find(const struct schema *schema, const char *name);

/* A message being taken apart. */
struct schema_walk {
	const struct schema *schema; /* borrowed from the caller */
	struct cdr_reader cdr;
	unsigned field; /* the next value's */
	uint32_t index; /* the next value's */
	uint32_t count; /* of elements of that field; known once index > 0 */
};

/**
 * schema_walk_begin - @data: a message with its 4-byte CDR head.
 *
 * -EBADMSG, -ENOTSUP: not plain CDR. [any but rt]
 */
int schema_walk_begin(struct schema_walk *walk, const struct schema *schema,
		      const void *data, size_t bytes) MUST_CHECK;

/**
 * schema_walk_next - the next value, in the schema's order.
 *
 * 1 a value, 0 behind the last, -EBADMSG the message is too short or exceeds a bound.
 * [any but rt]
 */
int schema_walk_next(struct schema_walk *walk, struct schema_value *ret_value) MUST_CHECK;

/**
 * schema_get - one field of a message, its first element; at once where it has an offset.
 *
 * -EBADMSG, -ENOTSUP as above; -ENODATA the field is an empty sequence. [any but rt]
 */
int schema_get(const struct schema *schema, const struct schema_field *field,
	       const void *data, size_t bytes, struct schema_value *ret_value) MUST_CHECK;

/** schema_value_as_float - of any number; NAN of a string or of nothing. [any but rt] */
double schema_value_as_float(const struct schema_value *value);

#endif
