#include "drivers/number.h"

#include <errno.h>
#include <float.h>
#include <string.h>

#include "drivers/big.h"

/* Digits as they are read; value = 0.d0 d1 d2 ... without the point, times 10^exponent.
 */
struct decimal {
	uint8_t digits[NUMBER_DIGITS]; /* significant ones; the first is not 0 */
	unsigned count;
	int32_t exponent;
	bool is_more; /* digits other than 0 were left out */
};

/* 10^310 and more is past the greatest double, 10^-324 and less rounds to 0. */
#define EXPONENT_MAX   310
#define EXPONENT_MIN   (-324)
#define EXPONENT_CLAMP 1000000

/*
 * numerator / denominator * 2^ret_exponent with the quotient made 64 bits long, the
 * topmost set. Returns whether a remainder was left.
 */
static bool big_divide(struct big *numerator, struct big *denominator,
		       uint64_t *ret_quotient, int *ret_exponent)
{
	int shift = (int)big_bits(numerator) - (int)big_bits(denominator);
	uint64_t quotient = 0;

	if (shift < 0) {
		big_shift_left(numerator, (unsigned)-shift);
	} else {
		big_shift_left(denominator, (unsigned)shift);
	}
	if (big_is_less(numerator, denominator)) {
		big_shift_left(numerator, 1);
		shift--;
	}
	for (int bit = 0; bit < 64; bit++) {
		quotient <<= 1;
		if (!big_is_less(numerator, denominator)) {
			big_subtract(numerator, denominator);
			quotient |= 1;
		}
		big_multiply_add(numerator, 2, 0);
	}
	*ret_quotient = quotient;
	*ret_exponent = shift;
	return numerator->count > 0;
}

static double double_from_bits(uint64_t bits)
{
	double value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* The double nearest to quotient * 2^(exponent - 63), and a little more where is_more. */
static int round_to_double(uint64_t quotient, int exponent, bool is_more,
			   double *ret_value)
{
	int dropped = exponent >= -1022 ? 11 : 11 - 1022 - exponent;
	uint64_t rest, half, bits;

	if (exponent > 1023) {
		return -ERANGE;
	}
	if (dropped > 64) {
		*ret_value = 0;
		return 0;
	}
	bits = dropped == 64 ? 0 : quotient >> dropped;
	rest = dropped == 64 ? quotient : quotient & ((UINT64_C(1) << dropped) - 1);
	half = UINT64_C(1) << (dropped - 1);
	if (rest > half || (rest == half && (is_more || (bits & 1)))) {
		bits++;
	}
	/* The leading bit, and a carry out of the rounding, count the exponent up by one.
	 */
	if (exponent >= -1022) {
		bits += (uint64_t)(exponent + 1022) << 52;
	}
	if (bits >= UINT64_C(0x7ff) << 52) {
		return -ERANGE;
	}
	*ret_value = double_from_bits(bits);
	return 0;
}

static int convert_exactly(const struct decimal *decimal, double *ret_value)
{
	struct big numerator = { .count = 0 };
	struct big denominator = { .limbs = { 1 }, .count = 1 };
	uint64_t quotient;
	int exponent;
	bool is_more;

	for (unsigned i = 0; i < decimal->count; i++) {
		big_multiply_add(&numerator, 10, decimal->digits[i]);
	}
	if (decimal->exponent >= 0) {
		big_multiply_pow5(&numerator, (unsigned)decimal->exponent);
	} else {
		big_multiply_pow5(&denominator, (unsigned)-decimal->exponent);
	}
	is_more = big_divide(&numerator, &denominator, &quotient, &exponent);
	return round_to_double(quotient, exponent + decimal->exponent,
			       is_more || decimal->is_more, ret_value);
}

static const double powers_of_10[] = {
	1e0,  1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,  1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};

/* One correctly rounded operation on two exact doubles: right whenever both are exact. */
static bool convert_fast(const struct decimal *decimal, double *ret_value)
{
	uint64_t whole = 0;

	if (FLT_EVAL_METHOD != 0 || decimal->count > 15 || decimal->exponent > 22 ||
	    decimal->exponent < -22 || decimal->is_more) {
		return false;
	}
	for (unsigned i = 0; i < decimal->count; i++) {
		whole = 10 * whole + decimal->digits[i];
	}
	*ret_value = decimal->exponent < 0
			     ? (double)whole / powers_of_10[-decimal->exponent]
			     : (double)whole * powers_of_10[decimal->exponent];
	return true;
}

static int convert(struct decimal *decimal, double *ret_value)
{
	int32_t magnitude;

	while (decimal->count > 0 && decimal->digits[decimal->count - 1] == 0) {
		decimal->count--;
		decimal->exponent++;
	}
	magnitude = decimal->exponent + (int32_t)decimal->count;
	if (decimal->count == 0 || magnitude < EXPONENT_MIN) {
		*ret_value = 0;
		return 0;
	}
	if (magnitude > EXPONENT_MAX) {
		return -ERANGE;
	}
	if (convert_fast(decimal, ret_value)) {
		return 0;
	}
	return convert_exactly(decimal, ret_value);
}

struct cursor {
	const uint8_t *at;
	const uint8_t *end;
};

static bool accept(struct cursor *text, uint8_t lower_case)
{
	if (text->at == text->end || (*text->at | 0x20) != (lower_case | 0x20)) {
		return false;
	}
	text->at++;
	return true;
}

static bool accept_sign(struct cursor *text)
{
	bool is_negative = text->at < text->end && *text->at == '-';

	if (is_negative || (text->at < text->end && *text->at == '+')) {
		text->at++;
	}
	return is_negative;
}

static bool accept_point(struct cursor *text)
{
	if (text->at == text->end || *text->at != '.') {
		return false;
	}
	text->at++;
	return true;
}

static unsigned digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9') {
		return c - (unsigned)'0';
	}
	c |= 0x20;
	if (c >= 'a' && c <= 'f') {
		return c - (unsigned)'a' + 10;
	}
	return UINT8_MAX;
}

static bool accept_digit(struct cursor *text, unsigned base, unsigned *ret_digit)
{
	unsigned digit;

	if (text->at == text->end) {
		return false;
	}
	digit = digit_value(*text->at);
	if (digit >= base) {
		return false;
	}
	text->at++;
	*ret_digit = digit;
	return true;
}

/* False, and @magnitude saturated, where the next digit does not fit into 64 bits. */
static bool add_digit(uint64_t *magnitude, unsigned base, unsigned digit)
{
	if (__builtin_mul_overflow(*magnitude, (uint64_t)base, magnitude) ||
	    __builtin_add_overflow(*magnitude, (uint64_t)digit, magnitude)) {
		*magnitude = UINT64_MAX;
		return false;
	}
	return true;
}

static void decimal_add(struct decimal *decimal, unsigned digit, bool is_fraction)
{
	bool is_leading_zero = decimal->count == 0 && digit == 0;

	if (is_leading_zero || decimal->count < NUMBER_DIGITS) {
		decimal->exponent -= is_fraction;
		if (!is_leading_zero) {
			decimal->digits[decimal->count++] = (uint8_t)digit;
		}
	} else {
		decimal->exponent += !is_fraction;
		decimal->is_more |= digit != 0;
	}
}

static bool parse_exponent(struct cursor *text, int32_t *ret_exponent)
{
	bool is_negative = accept_sign(text);
	int32_t exponent = 0;
	bool has_digits = false;
	unsigned digit;

	while (accept_digit(text, 10, &digit)) {
		has_digits = true;
		if (exponent < EXPONENT_CLAMP) {
			exponent = 10 * exponent + (int32_t)digit;
		}
	}
	*ret_exponent = is_negative ? -exponent : exponent;
	return has_digits;
}

static int64_t signed_value(bool is_negative, uint64_t magnitude)
{
	if (is_negative) {
		return magnitude > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)magnitude;
	}
	return magnitude > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)magnitude;
}

/* The digits before the point, and those after it. Returns how many there were. */
static uint32_t parse_mantissa(struct cursor *text, struct decimal *decimal,
			       struct number *number)
{
	bool fits = true;
	uint32_t count = 0;
	unsigned digit;

	for (; accept_digit(text, 10, &digit); count++) {
		fits = fits && add_digit(&number->magnitude, 10, digit);
		decimal_add(decimal, digit, false);
	}
	number->is_int = !accept_point(text);
	if (!number->is_int) {
		for (; accept_digit(text, 10, &digit); count++) {
			decimal_add(decimal, digit, true);
		}
	}
	return count;
}

static int parse_decimal(struct cursor *text, struct number *number)
{
	struct decimal decimal = { .count = 0 };
	int32_t exponent;

	if (parse_mantissa(text, &decimal, number) == 0) {
		return -EINVAL;
	}
	if (accept(text, 'e')) {
		number->is_int = false;
		if (!parse_exponent(text, &exponent)) {
			return -EINVAL;
		}
		decimal.exponent += exponent;
	}
	if (text->at != text->end) {
		return -EINVAL;
	}
	return convert(&decimal, &number->as_float);
}

static int parse_base(struct cursor *text, unsigned base, struct number *number)
{
	uint32_t count = 0;
	bool fits = true;
	unsigned digit;

	for (; accept_digit(text, base, &digit); count++) {
		fits = fits && add_digit(&number->magnitude, base, digit);
	}
	if (count == 0 || text->at != text->end) {
		return -EINVAL;
	}
	if (!fits) {
		return -ERANGE;
	}
	number->is_int = true;
	number->as_float = (double)number->magnitude;
	return 0;
}

static bool accept_hex_prefix(struct cursor *text)
{
	if (text->end - text->at < 2 || text->at[0] != '0' ||
	    (text->at[1] | 0x20) != 'x') {
		return false;
	}
	text->at += 2;
	return true;
}

int number_parse(const uint8_t *text, uint32_t bytes, unsigned base,
		 struct number *ret_number)
{
	struct cursor cursor = { text, text + bytes };
	struct number number = { .is_negative = accept_sign(&cursor) };
	int rc;

	if ((base == 10 || base == 16) && accept_hex_prefix(&cursor)) {
		base = 16;
	}
	rc = base == 10 ? parse_decimal(&cursor, &number)
			: parse_base(&cursor, base, &number);
	if (rc) {
		return rc;
	}
	number.as_int = signed_value(number.is_negative, number.magnitude);
	if (number.is_negative) {
		number.as_float = -number.as_float;
	}
	*ret_number = number;
	return 0;
}
