/*
 * The small change of the schema language: lines, words, types, names. Nothing here fails
 * for memory.
 */
#ifndef RTLOOP_MCAP_SCHEMA_TEXT_H
#define RTLOOP_MCAP_SCHEMA_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/schema.h"

/* A field's type as written. */
struct schema_type_word {
	struct mcap_text base; /* "float64", "rtloop/msg/ProbeQuality" */
	enum schema_shape shape;
	uint32_t count; /* of an array: its elements; of a sequence: its most, 0: any */
};

/** schema_text_trim - without space at both ends. [any but rt] */
struct mcap_text schema_text_trim(struct mcap_text text);

/**
 * schema_text_take_line - the next line, without its end; false where there is none.
 * [any but rt]
 */
bool schema_text_take_line(struct mcap_text *left, struct mcap_text *ret_line);

/**
 * schema_text_take_word - what stands before the next space; @left is then trimmed. [any
 * but rt]
 */
struct mcap_text schema_text_take_word(struct mcap_text *left);

/** schema_text_starts_with - [any but rt] */
bool schema_text_starts_with(struct mcap_text text, const char *words);

/**
 * schema_text_is_separator - the line between two definitions: nothing but "=". [any but
 * rt]
 */
bool schema_text_is_separator(struct mcap_text line);

/**
 * schema_text_names_message - whether a field's type is the message of that name:
 * "pkg/msg/Name" and "pkg/Name" are the same, and "Name" alone is of the same package.
 * [any but rt]
 */
bool schema_text_names_message(struct mcap_text base, struct mcap_text name);

/**
 * schema_text_parse_type - "float64", "string<=10", "int8[3]", "int8[]", "int8[<=3]".
 * [any but rt]
 */
bool schema_text_parse_type(struct mcap_text word, struct schema_type_word *ret_type);

/** schema_text_is_name - letters, digits and underscores, no digit first. [any but rt] */
bool schema_text_is_name(struct mcap_text name);

/**
 * schema_text_find_comment - where a # stands outside quotes, or the line's length. [any
 * but rt]
 */
size_t schema_text_find_comment(struct mcap_text line);

#endif
