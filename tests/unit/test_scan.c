#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/base/scan.h"

static void numbers_come_one_after_the_other(void **state)
{
	const char *text = " 12\t345 x";
	uint64_t value;

	(void)state;
	assert_true(scan_number(&text, &value));
	assert_int_equal(value, 12);
	assert_true(scan_number(&text, &value));
	assert_int_equal(value, 345);
	assert_false(scan_number(&text, &value));
	assert_string_equal(text, " x");
	assert_int_equal(value, 345);
}

static void the_greatest_number_fits_and_one_more_does_not(void **state)
{
	const char *text = "18446744073709551615";
	const char *more = "18446744073709551616";
	uint64_t value = 0;

	(void)state;
	assert_true(scan_number(&text, &value));
	assert_true(value == UINT64_MAX);
	assert_false(scan_number(&more, &value));
	assert_string_equal(more, "18446744073709551616");
}

static void a_number_of_the_next_line_is_none(void **state)
{
	const char *text = " \n5";
	uint64_t value;

	(void)state;
	assert_false(scan_number(&text, &value));
}

static void an_int_must_fit(void **state)
{
	const char *text = "2147483647 2147483648 -1";
	int value;

	(void)state;
	assert_true(scan_int(&text, &value));
	assert_int_equal(value, 2147483647);
	assert_false(scan_int(&text, &value));
	assert_true(scan_skip(&text, 1));
	assert_false(scan_int(&text, &value));
}

static void words_are_passed_over_within_the_line(void **state)
{
	const char *text = "a  -5 c\nd";

	(void)state;
	assert_true(scan_skip(&text, 2));
	assert_string_equal(text, " c\nd");
	assert_false(scan_skip(&text, 2));
	assert_string_equal(text, " c\nd");
	assert_true(scan_skip(&text, 1));
	assert_true(scan_char(&text, '\n'));
	assert_false(scan_char(&text, '\n'));
	assert_true(scan_char(&text, 'd'));
	assert_false(scan_char(&text, 'x'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_one_after_the_other),
		cmocka_unit_test(the_greatest_number_fits_and_one_more_does_not),
		cmocka_unit_test(a_number_of_the_next_line_is_none),
		cmocka_unit_test(an_int_must_fit),
		cmocka_unit_test(words_are_passed_over_within_the_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
