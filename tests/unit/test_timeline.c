#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/super/timeline.h"

static struct timeline timeline;

static int clear(void **state)
{
	(void)state;
	memset(&timeline, 0, sizeof(timeline));
	return 0;
}

static void add(uint64_t step, uint64_t latency_ns)
{
	const struct peak peak = { .step = step,
				   .cycles = 100,
				   .overruns = 1,
				   .latency_max_ns = latency_ns,
				   .busy_max_ns = 2 * latency_ns };

	timeline_add(&timeline, &peak);
}

static void a_short_run_keeps_its_steps(void **state)
{
	(void)state;
	add(0, 10);
	add(3, 40);
	assert_int_equal(timeline.count, 4);
	assert_int_equal(timeline_interval_ns(&timeline), PEAKS_STEP_NS);
	assert_int_equal(timeline.points[0].latency_max_ns, 10);
	assert_int_equal(timeline.points[1].cycles, 0);
	assert_int_equal(timeline.points[3].latency_max_ns, 40);
	assert_int_equal(timeline.points[3].busy_max_ns, 80);
}

static void the_last_point_is_used_before_the_interval_doubles(void **state)
{
	(void)state;
	add(TIMELINE_POINTS - 1, 10);
	assert_int_equal(timeline.count, TIMELINE_POINTS);
	assert_int_equal(timeline_interval_ns(&timeline), PEAKS_STEP_NS);
	add(TIMELINE_POINTS, 20);
	assert_int_equal(timeline_interval_ns(&timeline), 2 * PEAKS_STEP_NS);
	assert_int_equal(timeline.count, TIMELINE_POINTS / 2 + 1);
	assert_int_equal(timeline.points[TIMELINE_POINTS / 2 - 1].latency_max_ns, 10);
	assert_int_equal(timeline.points[TIMELINE_POINTS / 2].latency_max_ns, 20);
}

static void pairs_are_folded_and_what_is_behind_them_is_empty(void **state)
{
	(void)state;
	for (uint64_t step = 0; step < TIMELINE_POINTS; step++) {
		add(step, step + 1);
	}
	add(TIMELINE_POINTS, 1);
	for (unsigned i = 0; i < TIMELINE_POINTS / 2; i++) {
		assert_int_equal(timeline.points[i].cycles, 200);
		assert_int_equal(timeline.points[i].overruns, 2);
		assert_int_equal(timeline.points[i].latency_max_ns, 2 * i + 2);
		assert_int_equal(timeline.points[i].busy_max_ns, 4 * i + 4);
	}
	for (unsigned i = TIMELINE_POINTS / 2 + 1; i < TIMELINE_POINTS; i++) {
		assert_int_equal(timeline.points[i].cycles, 0);
	}
}

static void a_day_fits_with_nothing_lost(void **state)
{
	const uint64_t steps = 86400 * (uint64_t)(NS_PER_SEC / PEAKS_STEP_NS);
	uint64_t cycles = 0, worst_ns = 0;

	(void)state;
	for (uint64_t step = 0; step < steps; step++) {
		add(step, step == 12345 ? 999 : 5);
	}
	for (unsigned i = 0; i < timeline.count; i++) {
		cycles += timeline.points[i].cycles;
		if (timeline.points[i].latency_max_ns > worst_ns) {
			worst_ns = timeline.points[i].latency_max_ns;
		}
	}
	assert_int_equal(cycles, steps * 100);
	assert_int_equal(worst_ns, 999);
	assert_int_equal(timeline.points[12345 / 512].latency_max_ns, 999);
	assert_int_equal(timeline_interval_ns(&timeline), 512 * PEAKS_STEP_NS);
}

static void a_leap_over_many_intervals_doubles_more_than_once(void **state)
{
	(void)state;
	add(1, 7);
	add(5 * TIMELINE_POINTS, 9);
	assert_int_equal(timeline_interval_ns(&timeline), 8 * PEAKS_STEP_NS);
	assert_int_equal(timeline.points[0].latency_max_ns, 7);
	assert_int_equal(timeline.points[5 * TIMELINE_POINTS / 8].latency_max_ns, 9);
	assert_int_equal(timeline.count, 5 * TIMELINE_POINTS / 8 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_short_run_keeps_its_steps, clear),
		cmocka_unit_test_setup(the_last_point_is_used_before_the_interval_doubles,
				       clear),
		cmocka_unit_test_setup(pairs_are_folded_and_what_is_behind_them_is_empty,
				       clear),
		cmocka_unit_test_setup(a_day_fits_with_nothing_lost, clear),
		cmocka_unit_test_setup(a_leap_over_many_intervals_doubles_more_than_once,
				       clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
