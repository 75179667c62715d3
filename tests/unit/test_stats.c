#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/cycle/stats.h"

static struct stats stats;

static int clear(void **state)
{
	(void)state;
	memset(&stats, 0, sizeof(stats));
	return 0;
}

static struct cycle_times times(int64_t latency_ns, int64_t read_ns, int64_t write_ns)
{
	return (struct cycle_times){ .latency_ns = latency_ns,
				     .read_ns = read_ns,
				     .write_ns = write_ns,
				     .record_ns = 7 };
}

static void busy_is_reading_and_writing(void **state)
{
	const struct cycle_times cycle = times(10, 300, 40);

	(void)state;
	stats_record(&stats, 0, &cycle, false);
	assert_int_equal(counter_get(&stats.busy.max_ns), 340);
	assert_int_equal(counter_get(&stats.record.max_ns), 7);
	assert_int_equal(counter_get(&stats.cycles), 1);
}

static void logic_is_a_phase_where_there_is_some(void **state)
{
	struct cycle_times cycle = times(10, 300, 40);

	(void)state;
	stats_record(&stats, 0, &cycle, false);
	assert_int_equal(counter_get(&stats.step.count), 0);
	cycle.step_ns = 20;
	stats_record(&stats, 1, &cycle, false);
	cycle.step_ns = 10;
	stats_record(&stats, 2, &cycle, false);
	assert_int_equal(counter_get(&stats.step.count), 2);
	assert_int_equal(counter_get(&stats.step.max_ns), 20);
	assert_int_equal(counter_get(&stats.worst_step_cycle), 1);
	assert_int_equal(counter_get(&stats.busy.max_ns), 360);
}

static void the_worst_cycles_are_remembered(void **state)
{
	const struct cycle_times late = times(900, 1, 1), busy = times(5, 500, 500);

	(void)state;
	stats_record(&stats, 3, &late, false);
	stats_record(&stats, 4, &busy, false);
	assert_int_equal(counter_get(&stats.worst_latency_cycle), 3);
	assert_int_equal(counter_get(&stats.worst_busy_cycle), 4);
}

static void a_cycle_caught_up_is_no_wake_up(void **state)
{
	const struct cycle_times cycle = times(5000000, 100, 100);

	(void)state;
	stats_record(&stats, 9, &cycle, true);
	assert_int_equal(counter_get(&stats.latency.count), 0);
	assert_int_equal(counter_get(&stats.worst_latency_cycle), 0);
	assert_int_equal(counter_get(&stats.busy.count), 1);
	assert_int_equal(counter_get(&stats.cycles), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(busy_is_reading_and_writing, clear),
		cmocka_unit_test_setup(logic_is_a_phase_where_there_is_some, clear),
		cmocka_unit_test_setup(the_worst_cycles_are_remembered, clear),
		cmocka_unit_test_setup(a_cycle_caught_up_is_no_wake_up, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
