#include "config/value.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rtloop/base/scaled.h"

static const struct scaled_unit size_units[] = {
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

/* strtod() takes more than a decimal number: spaces, hexadecimal, infinity. */
static bool is_decimal(const char *text)
{
	if (*text == '-' || *text == '+') {
		text++;
	}
	text = scaled_skip_decimal(text);
	if (text && (*text == 'e' || *text == 'E')) {
		text++;
		if (*text == '-' || *text == '+') {
			text++;
		}
		if (!*text) {
			return false;
		}
		text += strspn(text, "0123456789");
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

int value_parse_duration(const char *text, int64_t *ret_ns)
{
	int64_t ns;
	int code = scaled_parse(text, scaled_duration_units, &ns);

	if (code == 0) {
		*ret_ns = ns;
	}
	return code;
}

int value_parse_size(const char *text, int64_t *ret_bytes)
{
	int64_t bytes;
	int code = scaled_parse(text, size_units, &bytes);

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
	const struct scaled_unit *unit = size_units;

	for (const struct scaled_unit *next = unit; next->name; next++) {
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
