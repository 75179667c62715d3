#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "rtloop/cmd/log_time.h"

#define START UINT64_C(1000000000000000000)
#define NOON  UINT64_C(1769947200000000000) /* 2026-02-01T12:00:00Z */

/* Two hours east of UTC, where summer does not change the clock. */
static int set_zone(void **state)
{
	(void)state;
	setenv("TZ", "EAST-2", 1);
	tzset();
	return 0;
}

static void assert_time(const char *text, uint64_t expected_ns)
{
	uint64_t ns = 0;

	assert_int_equal(log_time_parse(text, START, &ns), 0);
	assert_int_equal(ns, expected_ns);
}

static void assert_none(const char *text)
{
	uint64_t ns;

	assert_int_equal(log_time_parse(text, START, &ns), -EINVAL);
}

static void seconds_count_from_the_start(void **state)
{
	(void)state;
	assert_time("12.5", START + UINT64_C(12500000000));
	assert_time("90s", START + UINT64_C(90000000000));
	assert_time("1.5min", START + UINT64_C(90000000000));
	assert_time("2h", START + UINT64_C(7200000000000));
	assert_time("250us", START + UINT64_C(250000));
}

static void a_date_in_utc_is_taken_as_it_is(void **state)
{
	(void)state;
	assert_time("2026-02-01T12:00:00Z", NOON);
	assert_time("2026-02-01t12:00:00z", NOON);
	assert_time("2026-02-01 12:00:00.25Z", NOON + 250000000);
	assert_time("2026-02-01T12:00:00.0000000019Z", NOON + 1);
	assert_time("2016-12-31T23:59:60Z", UINT64_C(1483228800000000000));
	assert_time("2024-02-29T00:00:00Z", UINT64_C(1709164800000000000));
}

static void a_date_with_an_offset_is_turned_into_utc(void **state)
{
	(void)state;
	assert_time("2026-02-01T14:00:00+02:00", NOON);
	assert_time("2026-02-01T08:30:00.5-03:30", NOON + 500000000);
}

static void a_date_without_one_is_local_time(void **state)
{
	(void)state;
	assert_time("2026-02-01T14:00:00", NOON);
}

static void what_is_neither_is_refused(void **state)
{
	(void)state;
	assert_none("");
	assert_none("-1");
	assert_none("inf");
	assert_none("12 parsecs");
	assert_none("9000000001s");
	assert_none("2026-02-30T12:00:00Z");
	assert_none("2026-06-31T12:00:00");
	assert_none("2026-02-01");
	assert_none("2026-02-01T12:00");
	assert_none("2026-02-01T12:00:00+2");
	assert_none("2026-02-01T12:00:00+02:0");
	assert_none("2026-02-01T12:00:00+0200");
	assert_none("2026-02-01T12:00:00+02:000");
	assert_none("2026-02-01T12:00:00 02:00");
	assert_none("1950-02-01T12:00:00Z");
}

static void what_is_printed_is_read_as_the_same_time(void **state)
{
	char text[64];

	(void)state;
	assert_string_equal(log_time_print(text, sizeof(text), NOON + 7),
			    "2026-02-01T14:00:00.000000007+02:00");
	assert_time(text, NOON + 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seconds_count_from_the_start),
		cmocka_unit_test(a_date_in_utc_is_taken_as_it_is),
		cmocka_unit_test(a_date_with_an_offset_is_turned_into_utc),
		cmocka_unit_test(a_date_without_one_is_local_time),
		cmocka_unit_test(what_is_neither_is_refused),
		cmocka_unit_test(what_is_printed_is_read_as_the_same_time),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
