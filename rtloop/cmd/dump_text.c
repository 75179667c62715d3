#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/cmd/dump.h"

void dump_print_text(FILE *out, struct mcap_text text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.data[i];

		fputc(c < 0x20 || c == 0x7f ? '?' : c, out);
	}
}

void dump_print_clean(FILE *out, const char *text)
{
	dump_print_text(out, (struct mcap_text){ .data = text, .length = strlen(text) });
}

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

/* Bytes of the UTF-8 character that begins there; 0: none does. */
static size_t utf8_length(const unsigned char *at, size_t left)
{
	static const struct {
		unsigned char first, last; /* of the leading byte */
		unsigned char second_first, second_last;
		size_t length;
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t length = forms[i].length;

		if (at[0] < forms[i].first || at[0] > forms[i].last) {
			continue;
		}
		if (length > left) {
			return 0;
		}
		if (length > 1 &&
		    (at[1] < forms[i].second_first || at[1] > forms[i].second_last)) {
			return 0;
		}
		for (size_t k = 2; k < length; k++) {
			if ((at[k] & 0xc0) != 0x80) {
				return 0;
			}
		}
		return length;
	}
	return 0;
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
		step = utf8_length((const unsigned char *)text + i, length - i);
		put_json_character(out, text + i, step);
	}
	bytes_put_u8(out, '"');
}
