#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/utf8.h"
#include "rtloop/cmd/dump.h"

void dump_put_csv_text(struct bytes *out, const char *text, size_t length)
{
	bool is_plain = true;

	for (size_t i = 0; i < length && is_plain; i++) {
		is_plain = text[i] != '"' && text[i] != ',' && text[i] != '\n' &&
			   text[i] != '\r';
	}
	if (is_plain) {
		bytes_put(out, text, length);
		return;
	}
	bytes_put_u8(out, '"');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '"') {
			bytes_put_u8(out, '"');
		}
		bytes_put_u8(out, (uint8_t)text[i]);
	}
	bytes_put_u8(out, '"');
}

static void put_words(struct bytes *out, const char *words)
{
	bytes_put(out, words, strlen(words));
}

/*
 * Decimal digits of any 64-bit number: far faster than printf, of which there would be
 * millions.
 */
static void put_uint(struct bytes *out, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	bytes_put(out, digits + at, sizeof(digits) - at);
}

static void put_int(struct bytes *out, int64_t value)
{
	if (value < 0) {
		bytes_put_u8(out, '-');
		put_uint(out, -(uint64_t)value);
	} else {
		put_uint(out, (uint64_t)value);
	}
}

/* The fewest digits that are read back as the same number. */
static void put_float(struct bytes *out, double value, bool is_single)
{
	int digits = is_single ? 6 : 15;
	int most = is_single ? 9 : 17;
	char text[40];

	for (; digits <= most; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (is_single ? strtof(text, NULL) == (float)value
			      : strtod(text, NULL) == value) {
			break;
		}
	}
	put_words(out, text);
}

static bool is_float(const struct schema_value *value)
{
	return value->field->type == SCHEMA_FLOAT32 ||
	       value->field->type == SCHEMA_FLOAT64;
}

static void put_number(struct bytes *out, const struct schema_value *value)
{
	if (is_float(value)) {
		put_float(out, value->as_float, value->field->type == SCHEMA_FLOAT32);
	} else if (value->field->type == SCHEMA_UINT64) {
		put_uint(out, value->as_uint);
	} else {
		put_int(out, value->as_int);
	}
}

/* Which of three words a number that is none has. */
static const char *not_finite(double value, const char *nan, const char *plus,
			      const char *minus)
{
	if (isnan(value)) {
		return nan;
	}
	return value > 0 ? plus : minus;
}

void dump_put_csv_value(struct bytes *out, const struct schema_value *value)
{
	if (value->field->type == SCHEMA_STRING) {
		dump_put_csv_text(out, value->text, value->length);
	} else if (is_float(value) && !isfinite(value->as_float)) {
		put_words(out, not_finite(value->as_float, "nan", "inf", "-inf"));
	} else {
		put_number(out, value);
	}
}

void dump_put_json_value(struct bytes *out, const struct schema_value *value)
{
	if (value->field->type == SCHEMA_STRING) {
		dump_put_json_text(out, value->text, value->length);
	} else if (value->field->type == SCHEMA_BOOL) {
		put_words(out, value->as_int ? "true" : "false");
	} else if (is_float(value) && !isfinite(value->as_float)) {
		put_words(out, not_finite(value->as_float, "\"NaN\"", "\"Infinity\"",
					  "\"-Infinity\""));
	} else {
		put_number(out, value);
	}
}

static void put_json_character(struct bytes *out, const char *at, size_t length)
{
	unsigned char c = (unsigned char)*at;
	char text[8];

	if (length == 0) {
		put_words(out, "\\ufffd");
	} else if (c == '"' || c == '\\') {
		bytes_put_u8(out, '\\');
		bytes_put_u8(out, c);
	} else if (c == '\n') {
		put_words(out, "\\n");
	} else if (c < 0x20 || c == 0x7f) {
		snprintf(text, sizeof(text), "\\u%04x", c);
		put_words(out, text);
	} else {
		bytes_put(out, at, length);
	}
}

void dump_put_json_text(struct bytes *out, const char *text, size_t length)
{
	size_t step;

	bytes_put_u8(out, '"');
	for (size_t i = 0; i < length; i += step ? step : 1) {
		step = utf8_character_bytes(text + i, length - i);
		put_json_character(out, text + i, step);
	}
	bytes_put_u8(out, '"');
}
