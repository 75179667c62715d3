#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/argument.h"

static void a_count_is_within_its_bounds(void **state)
{
	int64_t value = -7;

	assert_int_equal(argument_parse_count("0", 0, 98, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(argument_parse_count("98", 0, 98, &value), 0);
	assert_int_equal(value, 98);
	assert_int_equal(argument_parse_count("99", 0, 98, &value), -EINVAL);
	assert_int_equal(argument_parse_count("-1", 0, 98, &value), -EINVAL);
	assert_int_equal(argument_parse_count("many", 0, 98, &value), -EINVAL);
	assert_int_equal(value, 98);
}

static void assert_time(const char *text, int64_t unit_ns, int64_t expected_ns)
{
	int64_t ns = -7;

	assert_int_equal(argument_parse_time(text, unit_ns, &ns), 0);
	assert_true(ns == expected_ns);
}

static void a_plain_number_is_in_the_unit_of_its_option(void **state)
{
	assert_time("250", NS_PER_US, 250 * NS_PER_US);
	assert_time("250", NS_PER_SEC, 250 * NS_PER_SEC);
	assert_time("0", NS_PER_SEC, 0);
}

static void a_time_may_have_a_unit_of_its_own(void **state)
{
	assert_time("250us", NS_PER_SEC, 250 * NS_PER_US);
	assert_time("1.5s", NS_PER_US, 1500 * NS_PER_MS);
	assert_time("2min", NS_PER_US, 120 * NS_PER_SEC);
}

static void minutes_hours_and_days_are_written_as_cyclictest_has_them(void **state)
{
	assert_time("10m", NS_PER_SEC, 600 * NS_PER_SEC);
	assert_time("2h", NS_PER_US, 7200 * NS_PER_SEC);
	assert_time("1d", NS_PER_SEC, 86400 * NS_PER_SEC);
	assert_time("36500d", NS_PER_SEC, INT64_C(36500) * 86400 * NS_PER_SEC);
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"m",
		"d",
		"-1m",
		"-1",
		"1x",
		"1m2",
		"m1",
		"ten",
		"36501d",
		"1.5d",
		"2d3h",
		"99999999999999999999",
		"111111111111111111111111111111111111111d",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		int64_t ns = -7;

		if (argument_parse_time(texts[i], NS_PER_SEC, &ns) != -EINVAL) {
			fail_msg("'%s' is taken for %lld ns", texts[i], (long long)ns);
		}
		assert_true(ns == -7);
	}
}

static void a_period_is_one_that_a_loop_can_have(void **state)
{
	int64_t ns = -7;

	assert_int_equal(argument_parse_period("19", &ns), -EINVAL);
	assert_int_equal(argument_parse_period("60001ms", &ns), -EINVAL);
	assert_int_equal(argument_parse_period("soon", &ns), -EINVAL);
	assert_true(ns == -7);
	assert_int_equal(argument_parse_period("20", &ns), 0);
	assert_true(ns == 20 * NS_PER_US);
	assert_int_equal(argument_parse_period("60s", &ns), 0);
	assert_true(ns == 60 * NS_PER_SEC);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_count_is_within_its_bounds),
		cmocka_unit_test(a_plain_number_is_in_the_unit_of_its_option),
		cmocka_unit_test(a_time_may_have_a_unit_of_its_own),
		cmocka_unit_test(
			minutes_hours_and_days_are_written_as_cyclictest_has_them),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(a_period_is_one_that_a_loop_can_have),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
