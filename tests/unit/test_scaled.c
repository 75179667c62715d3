#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "rtloop/base/scaled.h"
#include "rtloop/base/time.h"

static void assert_duration(const char *text, int64_t ns)
{
	int64_t parts = -1;

	assert_int_equal(scaled_parse(text, scaled_duration_units, &parts), 0);
	assert_int_equal(parts, ns);
}

static void assert_refused(const char *text, int code)
{
	int64_t parts = -1;

	assert_int_equal(scaled_parse(text, scaled_duration_units, &parts), code);
	assert_int_equal(parts, -1);
}

static void durations_are_exact(void **state)
{
	assert_duration("0s", 0);
	assert_duration("250us", 250000);
	assert_duration("1.5s", 1500 * NS_PER_MS);
	assert_duration(".5ms", 500000);
	assert_duration("0.000001ms", 1);
	assert_duration("2h", 7200 * NS_PER_SEC);
	assert_duration("9223372036854775807ns", INT64_MAX);
}

static void what_is_no_number_with_a_unit_is_refused(void **state)
{
	static const char *const texts[] = { "",      "5",  "s",      "5 s", "-5s",
					     "1.5ns", "5x", "1.2.3s", "5S" };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_refused(texts[i], -EINVAL);
	}
	assert_refused("9223372036854775808ns", -ERANGE);
	assert_refused("3000000h", -ERANGE);
}

static void a_decimal_ends_where_it_ends(void **state)
{
	assert_string_equal(scaled_skip_decimal("12.5kg"), "kg");
	assert_string_equal(scaled_skip_decimal("7"), "");
	assert_string_equal(scaled_skip_decimal("7.x"), "x");
	assert_null(scaled_skip_decimal("."));
	assert_null(scaled_skip_decimal("x"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_are_exact),
		cmocka_unit_test(what_is_no_number_with_a_unit_is_refused),
		cmocka_unit_test(a_decimal_ends_where_it_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
