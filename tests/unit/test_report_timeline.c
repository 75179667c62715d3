#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtloop/base/time.h"
#include "rtloop/report/timeline.h"

#define START_NS (UINT64_C(1700000000) * (uint64_t)NS_PER_SEC)

static struct report_timeline timeline;

static void expect_interval(uint64_t seconds, int64_t period_ns, uint64_t interval_ns)
{
	report_timeline_init(&timeline, START_NS,
			     START_NS + seconds * (uint64_t)NS_PER_SEC, period_ns);
	assert_int_equal(timeline.interval_ns, interval_ns);
	assert_true(timeline.count >= 1);
	assert_true(timeline.count <= REPORT_INTERVALS_MAX);
}

static void intervals_are_a_round_time_and_never_too_many(void **state)
{
	expect_interval(10, NS_PER_MS, 20000000);
	expect_interval(3600, NS_PER_MS, 10 * (uint64_t)NS_PER_SEC);
	expect_interval(UINT64_C(24) * 3600, NS_PER_MS, 300 * (uint64_t)NS_PER_SEC);
	expect_interval(UINT64_C(3) * 365 * 86400, NS_PER_MS, 157680000000001);
}

static void an_interval_holds_ten_periods_at_least(void **state)
{
	expect_interval(10, NS_PER_SEC / 10, (uint64_t)NS_PER_SEC);
	expect_interval(0, 250 * NS_PER_US, 5000000);
	expect_interval(0, 0, (uint64_t)NS_PER_MS);
	assert_int_equal(timeline.count, 1);
}

static void a_time_finds_its_interval_and_outside_the_first_or_the_last(void **state)
{
	report_timeline_init(&timeline, START_NS, START_NS + 10 * (uint64_t)NS_PER_SEC,
			     NS_PER_MS);
	assert_ptr_equal(report_timeline_at(&timeline, START_NS), &timeline.intervals[0]);
	assert_ptr_equal(report_timeline_at(&timeline, START_NS + 19999999),
			 &timeline.intervals[0]);
	assert_ptr_equal(report_timeline_at(&timeline, START_NS + 20000000),
			 &timeline.intervals[1]);
	assert_ptr_equal(report_timeline_at(&timeline, 5), &timeline.intervals[0]);
	assert_ptr_equal(report_timeline_at(&timeline, UINT64_MAX),
			 &timeline.intervals[timeline.count - 1]);
}

static void overruns_are_found_by_any_time_that_reaches_into_their_interval(void **state)
{
	report_timeline_init(&timeline, START_NS, START_NS + 10 * (uint64_t)NS_PER_SEC,
			     NS_PER_MS);
	timeline.intervals[100].overruns = 1; /* from 2.00 to 2.02 s */
	assert_true(report_timeline_has_overruns(&timeline, START_NS + 2010000000,
						 START_NS + 2010000001));
	assert_true(
		report_timeline_has_overruns(&timeline, START_NS, START_NS + 2000000000));
	assert_true(report_timeline_has_overruns(&timeline, START_NS + 2019999999,
						 UINT64_MAX));
	assert_false(report_timeline_has_overruns(&timeline, 0, START_NS + 1999999999));
	assert_false(report_timeline_has_overruns(&timeline, START_NS + 2020000000,
						  UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_are_a_round_time_and_never_too_many),
		cmocka_unit_test(an_interval_holds_ten_periods_at_least),
		cmocka_unit_test(
			a_time_finds_its_interval_and_outside_the_first_or_the_last),
		cmocka_unit_test(
			overruns_are_found_by_any_time_that_reaches_into_their_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
