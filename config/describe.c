#include "config/describe.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/utf8.h"
#include "config/value.h"
#include "rtloop/base/time.h"

/* Of a value that is shown in an error. */
#define SHOWN_BYTES_MAX 40

const char *words_add(struct words *words, const char *format, ...)
{
	size_t room = sizeof(words->text) - words->length;
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(words->text + words->length, room, format, args);
	va_end(args);
	if (length > 0) {
		words->length += (size_t)length < room ? (size_t)length : room - 1;
	}
	return words->text;
}

void words_add_list(struct words *words, const char *const *names, const char *last)
{
	for (unsigned i = 0; names[i]; i++) {
		if (i > 0) {
			words_add(words, names[i + 1] ? ", " : " %s ", last);
		}
		words_add(words, "%s", names[i]);
	}
}

const char *describe_type(enum option_type type)
{
	switch (type) {
	case OPTION_BOOL:
		return "true or false";
	case OPTION_INT:
		return "whole number";
	case OPTION_FLOAT:
		return "number";
	case OPTION_DURATION:
		return "duration";
	case OPTION_SIZE:
		return "size";
	case OPTION_TEXT:
		return "text";
	case OPTION_BYTES:
		return "bytes";
	case OPTION_PATH:
		return "path";
	case OPTION_CHOICE:
		return "choice";
	case OPTION_LIST:
		return "list of names";
	case OPTION_GROUP:
	case OPTION_MAP:
		break;
	}
	return "mapping";
}

static void add_number(struct words *words, enum option_type type, double number)
{
	char text[32];

	switch (type) {
	case OPTION_DURATION:
		words_add(words, "%s",
			  time_print_duration(text, sizeof(text), (int64_t)number));
		break;
	case OPTION_SIZE:
		words_add(words, "%s",
			  value_print_size(text, sizeof(text), (int64_t)number));
		break;
	case OPTION_FLOAT:
		words_add(words, "%.15g", number);
		break;
	default:
		words_add(words, "%.0f", number);
		break;
	}
}

static bool is_text(const struct option *row)
{
	return row->type == OPTION_TEXT || row->type == OPTION_BYTES ||
	       row->type == OPTION_PATH;
}

static bool has_range(const struct option *row)
{
	return row->min != 0 || row->max != 0;
}

/* Durations and sizes are printed with their units already. */
static bool has_unit(const struct option *row)
{
	return row->unit && (row->type == OPTION_INT || row->type == OPTION_FLOAT);
}

static void add_unit(struct words *words, const struct option *row)
{
	if (is_text(row)) {
		words_add(words, " bytes");
	} else if (has_unit(row)) {
		words_add(words, " %s", row->unit);
	}
}

void describe_range(struct words *words, const struct option *row)
{
	if (!has_range(row)) {
		return;
	}
	if (isinf(row->min)) {
		words_add(words, "at most ");
		add_number(words, row->type, row->max);
	} else if (isinf(row->max)) {
		add_number(words, row->type, row->min);
	} else {
		add_number(words, row->type, row->min);
		words_add(words, " to ");
		add_number(words, row->type, row->max);
	}
	add_unit(words, row);
	if (isinf(row->max)) {
		words_add(words, " or more");
	}
}

static void add_syntax(struct words *words, enum option_type type)
{
	if (type == OPTION_DURATION) {
		words_add(words, ", with its unit: ns, us, ms, s, min or h");
	} else if (type == OPTION_SIZE) {
		words_add(words, ", in B, KiB, MiB or GiB");
	}
}

/* "a whole number from 50 to 4000000", "a size of 64KiB or more", "a text of 1 to 32
 * bytes" */
static void add_kind(struct words *words, const struct option *row)
{
	bool is_counted = is_text(row) || isinf(row->min) || isinf(row->max);
	bool has_limits = has_range(row) && row->type != OPTION_GROUP;

	if (row->type == OPTION_BYTES && has_limits) {
		describe_range(words, row);
		return;
	}
	words_add(words, "%s%s", row->type == OPTION_BYTES ? "" : "a ",
		  describe_type(row->type));
	if (has_limits) {
		words_add(words, is_counted ? " of " : " from ");
		describe_range(words, row);
	} else if (has_unit(row)) {
		words_add(words, " in %s", row->unit);
	}
}

void describe_expected(struct words *words, const struct option *row, bool with_syntax)
{
	switch (row->type) {
	case OPTION_BOOL:
		words_add(words, "true or false");
		break;
	case OPTION_CHOICE:
		words_add_list(words, row->choices, "or");
		break;
	default:
		add_kind(words, row);
		break;
	}
	if (with_syntax) {
		add_syntax(words, row->type);
	}
}

void describe_value(struct words *words, const struct option *row)
{
	if (row->type == OPTION_CHOICE) {
		words_add_list(words, row->choices, "or");
	} else if (row->type == OPTION_MAP) {
		words_add(words, "mapping of names to entries");
	} else if (row->type == OPTION_BYTES && has_range(row)) {
		describe_range(words, row);
	} else {
		words_add(words, "%s", describe_type(row->type));
		if (has_range(row) && row->type != OPTION_GROUP) {
			words_add(words, ", ");
			describe_range(words, row);
		} else if (has_unit(row)) {
			words_add(words, ", in %s", row->unit);
			words_add(words, " in %s", row->unit);
		}
	}
}

static void add_character(struct words *words, char character)
{
	static const char escaped[] = "\n\r\t\"\\";
	static const char letters[] = "nrt\"\\";
	const char *found = character ? strchr(escaped, character) : NULL;

	if (found) {
		words_add(words, "\\%c", letters[found - escaped]);
	} else if ((unsigned char)character < 0x20 || character == 0x7f) {
		words_add(words, "\\x%02x", (unsigned)(unsigned char)character);
	} else {
		words_add(words, "%c", character);
	}
}

void describe_text(struct words *words, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		add_character(words, text[i]);
	}
}

/* Whole characters only. */
static void add_shortened(struct words *words, const char *text, size_t bytes)
{
	size_t shown = bytes;

	if (shown > SHOWN_BYTES_MAX) {
		shown = utf8_valid_bytes(text, SHOWN_BYTES_MAX);
	}
	describe_text(words, text, shown);
	words_add(words, "%s", shown < bytes ? "..." : "");
}

void describe_key(struct words *words, const char *key)
{
	words_add(words, "'");
	add_shortened(words, key, strlen(key));
	words_add(words, "'");
}

void describe_node(struct words *words, const struct node *node)
{
	const char *quote = node->is_quoted ? "\"" : "";

	if (node->kind != NODE_SCALAR) {
		words_add(words, node->kind == NODE_MAPPING ? "a mapping" : "a list");
		return;
	}
	words_add(words, "%s", quote);
	add_shortened(words, node->text, node->bytes);
	words_add(words, "%s", quote);
}
