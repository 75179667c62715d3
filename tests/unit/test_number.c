#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/number.h"
#include "tests/fakes/sweep.h"

static int parse(const char *text, unsigned base, struct number *ret_number)
{
	return number_parse((const uint8_t *)text, (uint32_t)strlen(text), base,
			    ret_number);
}

static uint64_t bits_of(double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* glibc rounds correctly: any difference is ours. */
static void assert_same_as_strtod(const char *text)
{
	struct number number;
	double expected = strtod(text, NULL);
	int rc = parse(text, 10, &number);

	if (isinf(expected)) {
		assert_int_equal(rc, -ERANGE);
		return;
	}
	if (rc != 0 || bits_of(number.as_float) != bits_of(expected)) {
		fail_msg("'%s': %d, %a instead of %a", text, rc, number.as_float,
			 expected);
	}
}

static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void integers_keep_all_64_bits(void **state)
{
	struct number number;

	assert_int_equal(parse("9223372036854775807", 10, &number), 0);
	assert_true(number.is_int);
	assert_true(number.as_int == INT64_MAX);
	assert_int_equal(parse("-9223372036854775808", 10, &number), 0);
	assert_true(number.as_int == INT64_MIN);
	assert_int_equal(parse("+9007199254740993", 10, &number), 0);
	assert_true(number.as_int == INT64_C(9007199254740993));
}

static void integers_that_do_not_fit_saturate(void **state)
{
	struct number number;

	assert_int_equal(parse("18446744073709551615", 10, &number), 0);
	assert_true(number.as_int == INT64_MAX);
	assert_true(number.magnitude == UINT64_MAX);
	assert_int_equal(parse("-18446744073709551616", 10, &number), 0);
	assert_true(number.as_int == INT64_MIN);
	assert_true(number.magnitude == UINT64_MAX);
	assert_true(number.as_float == -0x1p64);
}

static void a_point_or_an_exponent_makes_no_integer(void **state)
{
	struct number number;

	assert_int_equal(parse("7", 10, &number), 0);
	assert_true(number.is_int);
	assert_int_equal(parse("7.", 10, &number), 0);
	assert_false(number.is_int);
	assert_int_equal(parse("7e0", 10, &number), 0);
	assert_false(number.is_int);
	assert_int_equal(parse(".5", 10, &number), 0);
	assert_true(number.as_float == 0.5);
}

static void hexadecimal_has_a_prefix_or_a_base(void **state)
{
	struct number number;

	assert_int_equal(parse("0x1F", 10, &number), 0);
	assert_true(number.as_int == 31 && number.is_int && number.as_float == 31);
	assert_int_equal(parse("-0Xff", 10, &number), 0);
	assert_true(number.as_int == -255);
	assert_int_equal(parse("1f", 16, &number), 0);
	assert_true(number.as_int == 31);
	assert_int_equal(parse("0x1f", 16, &number), 0);
	assert_true(number.as_int == 31);
	assert_int_equal(parse("ffffffffffffffff", 16, &number), 0);
	assert_true(number.magnitude == UINT64_MAX && number.as_int == INT64_MAX);
	assert_int_equal(parse("1101", 2, &number), 0);
	assert_true(number.as_int == 13);
	assert_int_equal(parse("10000000000000000", 16, &number), -ERANGE);
	assert_int_equal(parse("1f", 10, &number), -EINVAL);
	assert_int_equal(parse("12", 2, &number), -EINVAL);
}

static void what_is_no_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"",	 " ",	"-",	"+",	 ".",	     "e5",    "1e",
		"1e+",	 "1 ",	" 1",	"1.2.3", "--1",	     "+-1",   "0x",
		"nan",	 "inf", "1,5",	"12V",	 "1e5x",     "0x1.8", "-.",
		"1e5.0", "0xg", "\xff", "1_000", "infinity",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct number number = { .as_int = 77 };

		if (parse(texts[i], 10, &number) != -EINVAL || number.as_int != 77) {
			fail_msg("'%s' was taken", texts[i]);
		}
	}
}

static void what_is_too_great_for_a_double_is_said(void **state)
{
	struct number number;

	assert_int_equal(parse("1.7976931348623157e308", 10, &number), 0);
	assert_int_equal(parse("1.7976931348623159e308", 10, &number), -ERANGE);
	assert_int_equal(parse("1e309", 10, &number), -ERANGE);
	assert_int_equal(parse("-1e999999999999", 10, &number), -ERANGE);
	assert_int_equal(parse("0e999999999999", 10, &number), 0);
	assert_int_equal(parse("1e-999999999999", 10, &number), 0);
	assert_true(number.as_float == 0);
}

static void zero_keeps_its_sign(void **state)
{
	struct number number;

	assert_int_equal(parse("-0.0", 10, &number), 0);
	assert_true(bits_of(number.as_float) == bits_of(-0.0));
	assert_int_equal(parse("-0", 10, &number), 0);
	assert_true(number.as_int == 0 && number.is_negative);
}

static void known_hard_cases_are_rounded_correctly(void **state)
{
	static const char *const texts[] = {
		"2.2250738585072014e-308",
		"2.2250738585072011e-308",
		"2.2250738585072012e-308",
		"4.9406564584124654e-324",
		"2.4703282292062327e-324",
		"2.4703282292062328e-324",
		"5e-324",
		"3e-324",
		"2e-324",
		"9007199254740993",
		"9007199254740992.5",
		"9007199254740993.0000000000000000001",
		"9007199254740991.4999999999999999",
		"8.988465674311579e307",
		"1.7976931348623158e308",
		"0.1",
		"0.3",
		"123456.789e-7",
		"6.02214076e23",
		"1e22",
		"1e23",
		"9.5e-30",
		"179769313486231580793e289",
		"0.00000000000000000000000000000000000000000000000000000000001",
		"1000000000000000000000000000000000000000000000000000000000000",
		"7.2057594037927933e16",
		"36893488147419103232",
		"1.00000000000000011102230246251565",
		"1.0000000000000001110223024625156540423",
		"10.000000000000000888178419700125232",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_same_as_strtod(texts[i]);
	}
}

static void random_doubles_printed_with_17_digits_come_back(void **state)
{
	uint64_t seed = 20240917;
	char text[64];

	for (unsigned i = 0; i < sweep_count(100000); i++) {
		uint64_t bits = next_random(&seed);
		struct number number;
		double value;

		memcpy(&value, &bits, sizeof(value));
		if (value != value || value - value != 0) {
			continue;
		}
		snprintf(text, sizeof(text), "%.17g", value);
		assert_int_equal(parse(text, 10, &number), 0);
		assert_true(bits_of(number.as_float) == bits);
	}
}

static void random_decimals_are_rounded_as_strtod_does(void **state)
{
	uint64_t seed = 4711;
	char text[128];

	for (unsigned i = 0; i < sweep_count(200000); i++) {
		uint64_t high = next_random(&seed);
		uint64_t low = next_random(&seed) >> (next_random(&seed) % 64);
		int exponent = (int)(next_random(&seed) % 700) - 350;

		switch (i % 4) {
		case 0:
			snprintf(text, sizeof(text), "%" PRIu64 "e%d", low, exponent);
			break;
		case 1:
			snprintf(text, sizeof(text), "%" PRIu64 ".%" PRIu64, low, high);
			break;
		case 2:
			snprintf(text, sizeof(text), "-%" PRIu64 "e%d", high >> 11,
				 exponent % 30);
			break;
		default:
			snprintf(text, sizeof(text), "0.%" PRIu64 "%" PRIu64 "e%d",
				 high % 100, low, exponent);
			break;
		}
		assert_same_as_strtod(text);
	}
}

/* Exactly between two doubles, and one digit to either side of it. */
static void halves_go_to_even_and_a_trace_more_decides(void **state)
{
	uint64_t seed = 99;
	char text[64];

	for (unsigned i = 0; i < sweep_count(20000); i++) {
		uint64_t whole = (UINT64_C(1) << 53) + (next_random(&seed) >> 11);

		snprintf(text, sizeof(text), "%" PRIu64 ".%s", whole | 1,
			 i % 3 == 0   ? "0"
			 : i % 3 == 1 ? "00000000000000000001"
				      : "9999999999");
		assert_same_as_strtod(text);
		snprintf(text, sizeof(text), "%" PRIu64 ".5", whole >> 1);
		assert_same_as_strtod(text);
	}
}

static void random_bytes_are_only_ever_a_number_or_refused(void **state)
{
	static const char alphabet[] = "0123456789+-.eExXabf \t";
	uint64_t seed = 5;

	for (unsigned i = 0; i < sweep_count(100000); i++) {
		uint8_t text[24];
		uint32_t bytes = (uint32_t)(next_random(&seed) % sizeof(text));
		struct number number;
		int rc;

		for (uint32_t at = 0; at < bytes; at++) {
			text[at] = (uint8_t)
				alphabet[next_random(&seed) % (sizeof(alphabet) - 1)];
		}
		rc = number_parse(text, bytes, (unsigned)(2 + next_random(&seed) % 15),
				  &number);
		assert_true(rc == 0 || rc == -EINVAL || rc == -ERANGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_keep_all_64_bits),
		cmocka_unit_test(integers_that_do_not_fit_saturate),
		cmocka_unit_test(a_point_or_an_exponent_makes_no_integer),
		cmocka_unit_test(hexadecimal_has_a_prefix_or_a_base),
		cmocka_unit_test(what_is_no_number_is_refused),
		cmocka_unit_test(what_is_too_great_for_a_double_is_said),
		cmocka_unit_test(zero_keeps_its_sign),
		cmocka_unit_test(known_hard_cases_are_rounded_correctly),
		cmocka_unit_test(random_doubles_printed_with_17_digits_come_back),
		cmocka_unit_test(random_decimals_are_rounded_as_strtod_does),
		cmocka_unit_test(halves_go_to_even_and_a_trace_more_decides),
		cmocka_unit_test(random_bytes_are_only_ever_a_number_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
