#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/number.h"
#include "drivers/number_print.h"
#include "tests/fakes/sweep.h"

static const char *print_float(double value)
{
	static char text[NUMBER_TEXT_BYTES + 1];
	uint32_t bytes = number_print_float(value, text);

	assert_in_range(bytes, 1, NUMBER_TEXT_BYTES);
	text[bytes] = '\0';
	return text;
}

static const char *print_fixed(double value, unsigned decimals)
{
	static char text[NUMBER_TEXT_BYTES + 1];
	uint32_t bytes = number_print_fixed(value, decimals, text);

	assert_in_range(bytes, 1, NUMBER_TEXT_BYTES);
	text[bytes] = '\0';
	return text;
}

static void assert_int(int64_t value, const char *expected)
{
	char text[NUMBER_TEXT_BYTES + 1];

	text[number_print_int(value, text)] = '\0';
	assert_string_equal(text, expected);
}

static void integers_are_written_whole(void **state)
{
	assert_int(0, "0");
	assert_int(7, "7");
	assert_int(-10, "-10");
	assert_int(INT64_MAX, "9223372036854775807");
	assert_int(INT64_MIN, "-9223372036854775808");
}

static void floats_are_written_with_as_few_digits_as_tell_them(void **state)
{
	assert_string_equal(print_float(0), "0");
	assert_string_equal(print_float(-0.0), "0");
	assert_string_equal(print_float(1), "1");
	assert_string_equal(print_float(-12), "-12");
	assert_string_equal(print_float(0.1), "0.1");
	assert_string_equal(print_float(178.4), "178.4");
	assert_string_equal(print_float(0.1 + 0.2), "0.30000000000000004");
	assert_string_equal(print_float(1.0 / 3), "0.3333333333333333");
	assert_string_equal(print_float(2.0 / 3), "0.6666666666666666");
	assert_string_equal(print_float(100), "100");
	assert_string_equal(print_float(123456789012345), "123456789012345");
	assert_string_equal(print_float(0.001), "0.001");
	assert_string_equal(print_float(1e-5), "0.00001");
}

static void what_is_great_or_small_has_an_exponent(void **state)
{
	assert_string_equal(print_float(1e15), "1e+15");
	assert_string_equal(print_float(-2.5e21), "-2.5e+21");
	assert_string_equal(print_float(2.5e-7), "2.5e-07");
	assert_string_equal(print_float(1e100), "1e+100");
	assert_string_equal(print_float(DBL_MAX), "1.7976931348623157e+308");
	assert_string_equal(print_float(DBL_MIN), "2.2250738585072014e-308");
	assert_string_equal(print_float(4.9406564584124654e-324),
			    "4.94065645841247e-324");
	assert_string_equal(print_float(9.999999999999999e22), "1e+23");
}

static void what_is_no_number_is_a_word(void **state)
{
	assert_string_equal(print_float(NAN), "nan");
	assert_string_equal(print_float(INFINITY), "inf");
	assert_string_equal(print_float(-INFINITY), "-inf");
	assert_string_equal(print_fixed(NAN, 2), "nan");
	assert_string_equal(print_fixed(-INFINITY, 2), "-inf");
}

/* Numbers of every size and shape, the same ones in each run. */
static double some_double(uint64_t *seed)
{
	double value;

	*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	memcpy(&value, seed, sizeof(value));
	return value;
}

static void what_is_written_is_read_back_as_the_same_number(void **state)
{
	uint64_t seed = 1;

	for (unsigned i = 0; i < sweep_count(200000); i++) {
		double value = some_double(&seed);
		const char *text = print_float(value);
		struct number number;

		if (!isfinite(value)) {
			continue;
		}
		assert_int_equal(number_parse((const uint8_t *)text,
					      (uint32_t)strlen(text), 10, &number),
				 0);
		if (number.as_float != value || strtod(text, NULL) != value) {
			fail_msg("%a is written %s", value, text);
		}
	}
}

/* The C library's digits are exact, and rounded as ours are. */
static void assert_as_in_c(double value, unsigned decimals)
{
	char expected[400];

	snprintf(expected, sizeof(expected), "%.*f", (int)decimals, value);
	if (strpbrk(expected, "123456789") == NULL && expected[0] == '-') {
		memmove(expected, expected + 1, strlen(expected));
	}
	if (strcmp(print_fixed(value, decimals), expected) != 0) {
		fail_msg("%a with %u decimals is %s, and was written %s", value, decimals,
			 expected, print_fixed(value, decimals));
	}
}

static void digits_after_the_point_are_exact(void **state)
{
	static const double values[] = {
		0,
		0.5,
		1.5,
		2.5,
		-0.5,
		-0.001,
		0.005,
		0.125,
		0.375,
		178.449,
		9.995,
		99.999,
		999999.9999999,
		1e17,
		5e-324,
		0.1,
		123456789.125,
		999999999999999.9,
		0.49999999999999994,
		4503599627370495.5,
		1e-30,
	};
	uint64_t seed = 7;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		for (unsigned decimals = 0; decimals <= NUMBER_DECIMALS_MAX; decimals++) {
			assert_as_in_c(values[i], decimals);
		}
	}
	for (unsigned i = 0; i < sweep_count(100000); i++) {
		double value = some_double(&seed);
		int exponent = (int)(seed >> 32 & 63) - 20;

		value = ldexp(frexp(value, &(int){ 0 }), exponent);
		if (isfinite(value) && fabs(value) < 1e18) {
			assert_as_in_c(value, i % (NUMBER_DECIMALS_MAX + 1));
		}
	}
}

static void what_is_too_great_for_decimals_has_an_exponent(void **state)
{
	assert_string_equal(print_fixed(1e18, 2), "1e+18");
	assert_string_equal(print_fixed(-3e20, 2), "-3e+20");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_written_whole),
		cmocka_unit_test(floats_are_written_with_as_few_digits_as_tell_them),
		cmocka_unit_test(what_is_great_or_small_has_an_exponent),
		cmocka_unit_test(what_is_no_number_is_a_word),
		cmocka_unit_test(what_is_written_is_read_back_as_the_same_number),
		cmocka_unit_test(digits_after_the_point_are_exact),
		cmocka_unit_test(what_is_too_great_for_decimals_has_an_exponent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
