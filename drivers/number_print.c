#include "drivers/number_print.h"

#include <math.h>
#include <string.h>

#include "drivers/big.h"
#include "drivers/number.h"
#include "drivers/wide.h"
#include "rtloop/base/time.h"

/* From here on fractions are written with an exponent. */
#define PLAIN_MIN 1e-5
#define PLAIN_MAX 1e15

/* What 64 bits hold whole, and some digits less. */
#define FIXED_MAX 1e18

/* A double is told from all others by so many significant digits (and often by fewer). */
#define DIGITS_MIN 15
#define DIGITS_MAX 17

/* A finite double, without its sign: mantissa * 2^exponent. */
struct parts {
	uint64_t mantissa; /* below 2^53 */
	int exponent;
};

static struct parts take_apart(double value)
{
	uint64_t bits;
	int field;

	memcpy(&bits, &value, sizeof(bits));
	field = (int)(bits >> 52 & 0x7ff);
	bits &= (UINT64_C(1) << 52) - 1;
	if (field == 0) {
		return (struct parts){ bits, -1074 };
	}
	return (struct parts){ bits | UINT64_C(1) << 52, field - 1075 };
}

static uint32_t put_digits(uint64_t value, char *text)
{
	char reversed[20];
	uint32_t count = 0;

	do {
		reversed[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (uint32_t i = 0; i < count; i++) {
		text[i] = reversed[count - 1 - i];
	}
	return count;
}

/* The same, with leading zeros. */
static void put_padded(uint64_t value, uint32_t digits, char *text)
{
	for (uint32_t i = digits; i-- > 0; value /= 10) {
		text[i] = (char)('0' + value % 10);
	}
}

uint32_t number_print_int(int64_t value, char *text)
{
	uint32_t at = 0;

	if (value < 0) {
		text[at++] = '-';
		return at + put_digits(-(uint64_t)value, text + at);
	}
	return put_digits((uint64_t)value, text);
}

static uint64_t power_of_10(unsigned exponent)
{
	uint64_t power = 1;

	while (exponent-- > 0) {
		power *= 10;
	}
	return power;
}

/*
 * The fraction times 10^decimals, rounded to the nearest integer, ties to even. It has at most 53 bits,
 * and 10^22 has 74: the product fits in 128.
 */
static struct wide scale_fraction(uint64_t fraction, int shift, unsigned decimals)
{
	struct wide product = { .low = fraction };
	struct wide whole, half = { 0, 0 };
	int order;

	for (unsigned i = 0; i < decimals; i++) {
		product = wide_times_10(product);
	}
	if (shift > 127) {
		return (struct wide){ 0, 0 };
	}
	if (shift > 64) {
		half.high = UINT64_C(1) << (shift - 65);
	} else {
		half.low = UINT64_C(1) << (shift - 1);
	}
	whole = wide_shifted_right(product, (unsigned)shift);
	order = wide_compare(wide_low_bits(product, (unsigned)shift), half);
	if (order > 0 || (order == 0 && (whole.low & 1))) {
		whole.low++;
		whole.high += whole.low == 0;
	}
	return whole;
}

static struct wide wide_power_of_10(unsigned exponent)
{
	struct wide power = { .low = 1 };

	while (exponent-- > 0) {
		power = wide_times_10(power);
	}
	return power;
}

struct fixed {
	uint64_t whole;
	struct wide fraction; /* times 10^decimals */
};

/* @value: not negative, below 2^63. An odd whole part matters to a tie only without decimals. */
static struct fixed to_fixed(double value, unsigned decimals)
{
	struct parts parts = take_apart(value);
	struct fixed fixed = { .whole = 0 };
	int shift = -parts.exponent;

	if (shift <= 0) {
		fixed.whole = parts.mantissa << -shift;
		return fixed;
	}
	fixed.whole = shift > 63 ? 0 : parts.mantissa >> shift;
	if (decimals == 0) {
		uint64_t odd = fixed.whole & 1;

		/* the whole part's last bit stands above the fraction, so that a tie sees it */
		fixed.fraction = scale_fraction(
			parts.mantissa - ((fixed.whole - odd) << (shift & 63)), shift, 0);
		fixed.whole = fixed.whole - odd + fixed.fraction.low;
		fixed.fraction = (struct wide){ 0, 0 };
		return fixed;
	}
	fixed.fraction = scale_fraction(parts.mantissa - (fixed.whole << (shift & 63)),
					shift, decimals);
	/* rounded up, it is 1 at the most */
	if (wide_compare(fixed.fraction, wide_power_of_10(decimals)) >= 0) {
		fixed.fraction = (struct wide){ 0, 0 };
		fixed.whole++;
	}
	return fixed;
}

static uint32_t put_fixed(const struct fixed *fixed, unsigned decimals, char *text)
{
	uint32_t at = put_digits(fixed->whole, text);
	unsigned low = decimals > 18 ? 18 : decimals;
	uint64_t upper, rest;

	if (decimals == 0) {
		return at;
	}
	text[at++] = '.';
	upper = wide_divide(fixed->fraction, power_of_10(low), &rest);
	put_padded(upper, decimals - low, text + at);
	put_padded(rest, low, text + at + decimals - low);
	return at + decimals;
}

static uint32_t put_word(const char *word, char *text)
{
	uint32_t bytes = (uint32_t)strlen(word);

	memcpy(text, word, bytes);
	return bytes;
}

static uint32_t put_special(double value, char *text)
{
	if (isnan(value)) {
		return put_word("nan", text);
	}
	return put_word(value < 0 ? "-inf" : "inf", text);
}

static bool reads_back(const char *text, uint32_t bytes, double value)
{
	struct number number;

	return number_parse((const uint8_t *)text, bytes, 10, &number) == 0 &&
	       number.as_float == value;
}

static uint32_t trim_zeros(const char *text, uint32_t bytes)
{
	while (text[bytes - 1] == '0') {
		bytes--;
	}
	return text[bytes - 1] == '.' ? bytes - 1 : bytes;
}

static const double tenths[] = { 1e-1, 1e-2, 1e-3, 1e-4 };

/* Digits before the point; of 0.0123 it is -1. @value: from PLAIN_MIN to PLAIN_MAX. */
static int digits_before_point(double value)
{
	double power = 1;
	int digits = 0;

	while (value >= power) {
		power *= 10;
		digits++;
	}
	if (digits > 0) {
		return digits;
	}
	while (digits > -(int)ARRAY_SIZE(tenths) && value < tenths[-digits]) {
		digits--;
	}
	return digits;
}

static uint32_t put_plain(double value, char *text)
{
	int before = digits_before_point(value);
	uint32_t bytes = 0;

	for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
		unsigned decimals = digits > before ? (unsigned)(digits - before) : 0;
		struct fixed fixed = to_fixed(value, decimals);

		bytes = put_fixed(&fixed, decimals, text);
		bytes = decimals > 0 ? trim_zeros(text, bytes) : bytes;
		if (reads_back(text, bytes, value)) {
			break;
		}
	}
	return bytes;
}

/* Digits as d.ddd, and the exponent. */
static uint32_t put_exponent(uint64_t digits, int exponent, char *text)
{
	char all[20];
	uint32_t count = put_digits(digits, all);
	uint32_t at = 0;

	exponent += (int)count - 1;
	while (count > 1 && all[count - 1] == '0') {
		count--;
	}
	text[at++] = all[0];
	if (count > 1) {
		text[at++] = '.';
		memcpy(text + at, all + 1, count - 1);
		at += count - 1;
	}
	text[at++] = 'e';
	text[at++] = exponent < 0 ? '-' : '+';
	exponent = exponent < 0 ? -exponent : exponent;
	if (exponent < 10) {
		text[at++] = '0';
	}
	return at + put_digits((uint64_t)exponent, text + at);
}

/* A positive number as a quotient. */
struct ratio {
	struct big numerator;
	struct big denominator;
};

static void multiply_by_ten(struct big *big)
{
	big_multiply_add(big, 10, 0);
}

/* value / 10^exponent, the powers of two of both cancelled. */
static void make_ratio(struct ratio *ratio, double value, int exponent)
{
	struct parts parts = take_apart(value);
	int twos = parts.exponent - exponent;

	*ratio = (struct ratio){ .denominator = { .limbs = { 1 }, .count = 1 } };
	ratio->numerator.limbs[0] = (uint32_t)parts.mantissa;
	ratio->numerator.limbs[1] = (uint32_t)(parts.mantissa >> 32);
	ratio->numerator.count = parts.mantissa >> 32 ? 2 : 1;
	big_multiply_pow5(exponent < 0 ? &ratio->numerator : &ratio->denominator,
			  (unsigned)(exponent < 0 ? -exponent : exponent));
	big_shift_left(twos > 0 ? &ratio->numerator : &ratio->denominator,
		       (unsigned)(twos > 0 ? twos : -twos));
}

/* The exponent of the first digit, or one less. */
static int guess_exponent(double value)
{
	struct parts parts = take_apart(value);
	int bits = 64 - __builtin_clzll(parts.mantissa) + parts.exponent;

	/* log10(2) = 0.30103 */
	return (bits - 1) * 30103 / 100000 - (bits < 1);
}

/* The first 18 digits, the last one standing for all that follow it: odd where anything does. */
static uint64_t first_digits(double value, int *ret_exponent)
{
	const int exponent = guess_exponent(value);
	struct ratio ratio;
	uint64_t digits = 0;

	make_ratio(&ratio, value, exponent);
	for (int i = 0; i < DIGITS_MAX + 1; i++) {
		uint64_t digit = 0;

		while (!big_is_less(&ratio.numerator, &ratio.denominator)) {
			big_subtract(&ratio.numerator, &ratio.denominator);
			digit++;
		}
		digits = 10 * digits + digit;
		multiply_by_ten(&ratio.numerator);
	}
	*ret_exponent = exponent - DIGITS_MAX;
	return digits | (ratio.numerator.count > 0);
}

/* Without its last digits, rounded; of an exact half it goes up: it is read back anyhow. */
static uint64_t round_off(uint64_t digits, unsigned count)
{
	uint64_t power = power_of_10(count);

	return digits / power + (digits % power >= power / 2);
}

static uint32_t put_with_exponent(double value, char *text)
{
	uint32_t bytes = 0;
	int exponent;
	uint64_t digits = first_digits(value, &exponent);

	for (unsigned off = DIGITS_MAX + 1 - DIGITS_MIN; off >= 1; off--) {
		bytes = put_exponent(round_off(digits, off), exponent + (int)off, text);
		if (reads_back(text, bytes, value)) {
			break;
		}
	}
	return bytes;
}

uint32_t number_print_float(double value, char *text)
{
	uint32_t at = 0;

	if (!isfinite(value)) {
		return put_special(value, text);
	}
	if (value < 0) {
		text[at++] = '-';
		value = -value;
	}
	if (value == 0) {
		text[at++] = '0';
		return at;
	}
	return at + (value >= PLAIN_MIN && value < PLAIN_MAX
			     ? put_plain(value, text + at)
			     : put_with_exponent(value, text + at));
}

uint32_t number_print_fixed(double value, unsigned decimals, char *text)
{
	struct fixed fixed;
	uint32_t at = 0;

	if (!(value < FIXED_MAX && value > -FIXED_MAX)) {
		return number_print_float(value, text);
	}
	fixed = to_fixed(value < 0 ? -value : value, decimals);
	if (value < 0 &&
	    (fixed.whole > 0 || fixed.fraction.high > 0 || fixed.fraction.low > 0)) {
		text[at++] = '-';
	}
	return at + put_fixed(&fixed, decimals, text + at);
}
