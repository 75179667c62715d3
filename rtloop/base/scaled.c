#include "rtloop/base/scaled.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "rtloop/base/time.h"

const struct scaled_unit scaled_duration_units[] = {
	{ "ns", 1 },	     { "us", NS_PER_US },	 { "ms", NS_PER_MS },
	{ "s", NS_PER_SEC }, { "min", 60 * NS_PER_SEC }, { "h", 3600 * NS_PER_SEC },
	{ NULL, 0 },
};

static const char *skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text)) {
		text++;
	}
	return text;
}

const char *scaled_skip_decimal(const char *text)
{
	const char *point = skip_digits(text);
	const char *end = point;

	if (*point == '.') {
		end = skip_digits(point + 1);
	}
	return end - text > (*point == '.' ? 1 : 0) ? end : NULL;
}

static const struct scaled_unit *find_unit(const struct scaled_unit *units,
					   const char *name)
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
int scaled_parse(const char *text, const struct scaled_unit *units, int64_t *ret_parts)
{
	const char *end = scaled_skip_decimal(text);
	const struct scaled_unit *unit = end ? find_unit(units, end) : NULL;
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
