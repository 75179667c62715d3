#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rtloop/base/time.h"

struct unit {
	const char *name;
	int64_t scale;
};

static const struct unit duration_units[] = {
	{ "ns", 1 },	     { "us", NS_PER_US },	 { "ms", NS_PER_MS },
	{ "s", NS_PER_SEC }, { "min", 60 * NS_PER_SEC }, { "h", 3600 * NS_PER_SEC },
	{ NULL, 0 },
};

static const struct unit size_units[] = {
	{ "", 1 },
	{ "B", 1 },
	{ "KiB", INT64_C(1) << 10 },
	{ "MiB", INT64_C(1) << 20 },
	{ "GiB", INT64_C(1) << 30 },
	{ NULL, 0 },
};

int value_parse_bool(const char *text, bool *ret_value)
{
	if (strcmp(text, "true") == 0) {
		*ret_value = true;
		return 0;
	}
	if (strcmp(text, "false") == 0) {
		*ret_value = false;
		return 0;
	}
	return -EINVAL;
}

static int digit_value(char digit, unsigned base)
{
	int value;

	if (digit >= '0' && digit <= '9') {
		value = digit - '0';
	} else if (isxdigit((unsigned char)digit)) {
		value = tolower((unsigned char)digit) - 'a' + 10;
	} else {
		return -1;
	}
	return value < (int)base ? value : -1;
}

/* The digits of a whole text as a negative number, since INT64_MIN has no positive one.
 */
static int parse_digits(const char *text, unsigned base, int64_t *ret_negative)
{
	int64_t value = 0;
	bool overflows = false;

	if (!*text) {
		return -EINVAL;
	}
	for (; *text; text++) {
		int digit = digit_value(*text, base);

		if (digit < 0) {
			return -EINVAL;
		}
		overflows |= __builtin_mul_overflow(value, (int64_t)base, &value) ||
			     __builtin_sub_overflow(value, (int64_t)digit, &value);
	}
	*ret_negative = value;
	return overflows ? -ERANGE : 0;
}

int value_parse_int(const char *text, int64_t *ret_value)
{
	bool is_negative = *text == '-';
	int64_t negative;
	unsigned base = 10;
	int code;

	if (*text == '-' || *text == '+') {
		text++;
	}
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		base = 16;
	} else if (text[0] == '0' && text[1]) {
		/* 010 is 8 to some YAML tools and 10 to others. */
		return -EINVAL;
	}
	code = parse_digits(text, base, &negative);
	if (code == 0 && !is_negative && negative == INT64_MIN) {
		code = -ERANGE;
	}
	if (code == 0) {
		*ret_value = is_negative ? negative : -negative;
	}
	return code;
}

static const char *skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text)) {
		text++;
	}
	return text;
}

/* [digits][.digits], at least one digit; returns its end, or NULL. */
static const char *skip_decimal(const char *text)
{
	const char *point = skip_digits(text);
	const char *end = point;

	if (*point == '.') {
		end = skip_digits(point + 1);
	}
	return end - text > (*point == '.' ? 1 : 0) ? end : NULL;
}

/* strtod() takes more than a decimal number: spaces, hexadecimal, infinity. */
static bool is_decimal(const char *text)
{
	if (*text == '-' || *text == '+') {
		text++;
	}
	text = skip_decimal(text);
	if (text && (*text == 'e' || *text == 'E')) {
		text++;
		if (*text == '-' || *text == '+') {
			text++;
		}
		if (!*text) {
			return false;
		}
		text = skip_digits(text);
	}
	return text && !*text;
}

int value_parse_float(const char *text, double *ret_value)
{
	double value;

	if (!is_decimal(text)) {
		return -EINVAL;
	}
	value = strtod(text, NULL);
	if (!isfinite(value)) {
		return -ERANGE;
	}
	*ret_value = value;
	return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
	for (; units->name; units++) {
		if (strcmp(units->name, name) == 0) {
			return units;
		}
	}
	return NULL;
}

/*
 * 0.d1d2d3... of a unit, from the last digit on; -EINVAL where that is no whole number of
 * parts: a remainder at any digit stays one to the end.
 */
static int parse_fraction(const char *digits, size_t count, int64_t scale,
			  int64_t *ret_parts)
{
	int64_t tenfold = 0;

	while (count > 0) {
		tenfold += (digits[--count] - '0') * scale;
		if (tenfold % 10 != 0) {
			return -EINVAL;
		}
		tenfold /= 10;
	}
	*ret_parts = tenfold;
	return 0;
}

static int parse_whole(const char *text, const char *end, int64_t scale,
		       int64_t *ret_parts)
{
	int64_t value = 0;

	for (; text < end; text++) {
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value)) {
			return -ERANGE;
		}
	}
	return __builtin_mul_overflow(value, scale, ret_parts) ? -ERANGE : 0;
}

/* A decimal number with a unit right after it, in whole parts. */
static int parse_scaled(const char *text, const struct unit *units, int64_t *ret_parts)
{
	const char *end = skip_decimal(text);
	const struct unit *unit = end ? find_unit(units, end) : NULL;
	const char *point = skip_digits(text);
	int64_t parts;
	int64_t fraction = 0;
	int code;

	if (!unit) {
		return -EINVAL;
	}
	if (*point == '.') {
		code = parse_fraction(point + 1, (size_t)(end - point) - 1, unit->scale,
				      &fraction);
		if (code < 0) {
			return code;
		}
	}
	code = parse_whole(text, point, unit->scale, &parts);
	if (code < 0) {
		return code;
	}
	return __builtin_add_overflow(parts, fraction, ret_parts) ? -ERANGE : 0;
}

int value_parse_duration(const char *text, int64_t *ret_ns)
{
	int64_t ns;
	int code = parse_scaled(text, duration_units, &ns);

	if (code == 0) {
		*ret_ns = ns;
	}
	return code;
}

int value_parse_size(const char *text, int64_t *ret_bytes)
{
	int64_t bytes;
	int code = parse_scaled(text, size_units, &bytes);

	if (code == 0) {
		*ret_bytes = bytes;
	}
	return code;
}

int value_parse_bytes(const char *text, size_t bytes, uint8_t *data, size_t *ret_bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes; i++) {
		unsigned char lead = (unsigned char)text[i];

		if (lead >= 0x80) {
			/* U+0080 to U+00FF are C2 80 to C3 BF; all above begin with more.
			 */
			if (lead > 0xc3 || i + 1 == bytes) {
				return -ERANGE;
			}
			i++;
			lead = (unsigned char)(lead << 6 |
					       ((unsigned char)text[i] & 0x3f));
		}
		data[count++] = lead;
	}
	*ret_bytes = count;
	return 0;
}

const char *value_print_size(char *text, size_t text_bytes, int64_t bytes)
{
	const struct unit *unit = size_units;

	for (const struct unit *next = unit; next->name; next++) {
		if (bytes != 0 && bytes % next->scale == 0) {
			unit = next;
		}
	}
	snprintf(text, text_bytes, "%" PRId64 "%s", bytes / unit->scale,
		 unit->scale == 1 ? "" : unit->name);
	return text;
}

bool value_is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return islower((unsigned char)*text) && !text[length] && length <= VALUE_NAME_MAX;
}

const char *value_make_name(const char *text, const char *fallback,
			    char name[VALUE_NAME_MAX + 1])
{
	size_t length = 0;

	text += strspn(text, "_-. ");
	if (isdigit((unsigned char)*text)) {
		length = (size_t)snprintf(name, VALUE_NAME_MAX + 1, "%s_", fallback);
	}
	for (; *text && length < VALUE_NAME_MAX; text++) {
		/* Of a character of several bytes only the first counts. */
		if (((unsigned char)*text & 0xc0) == 0x80) {
			continue;
		}
		if (isalnum((unsigned char)*text)) {
			name[length++] = (char)tolower((unsigned char)*text);
		} else if (length == 0 || name[length - 1] != '_') {
			name[length++] = '_';
		}
	}
	name[length] = '\0';
	if (!value_is_name(name)) {
		snprintf(name, VALUE_NAME_MAX + 1, "%s", fallback);
	}
	return name;
}
