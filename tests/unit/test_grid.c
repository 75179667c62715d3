#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtloop/cycle/grid.h"

#define START  INT64_C(1000000)
#define PERIOD INT64_C(1000)

static struct grid make_grid(enum overrun_policy policy, int64_t catch_up_max)
{
	const struct loop_options options = { .period_ns = PERIOD,
					      .overrun = (int)policy,
					      .catch_up_max = catch_up_max };
	struct grid grid;

	grid_init(&grid, START, &options);
	return grid;
}

/* A cycle that wakes and is done so long after its release. */
static struct grid_step run(struct grid *grid, int64_t wake_after, int64_t done_after)
{
	int64_t release_ns = grid_release_ns(grid, grid->release);

	return grid_advance(grid, release_ns + wake_after, release_ns + done_after);
}

static void a_cycle_in_time_moves_on_by_one(void **state)
{
	struct grid grid = make_grid(OVERRUN_SKIP, 10);
	struct grid_step step = run(&grid, 10, PERIOD - 1);

	(void)state;
	assert_int_equal(grid.release, 1);
	assert_false(step.is_late_wake || step.is_long_work || step.must_stop);
	assert_int_equal(step.missed_late + step.missed_long, 0);
	assert_int_equal(grid_dt_ns(&grid), PERIOD);
	assert_int_equal(grid_release_ns(&grid, 1), START + PERIOD);
}

static void the_release_itself_is_already_missed(void **state)
{
	struct grid grid = make_grid(OVERRUN_SKIP, 10);
	struct grid_step step = run(&grid, 10, PERIOD);

	(void)state;
	assert_true(step.is_long_work);
	assert_int_equal(step.missed_long, 1);
	assert_int_equal(grid.release, 2);
}

static void waking_late_and_working_long_are_told_apart(void **state)
{
	struct grid grid = make_grid(OVERRUN_SKIP, 10);
	struct grid_step step = run(&grid, 3 * PERIOD + 1, 3 * PERIOD + 10);

	(void)state;
	assert_true(step.is_late_wake);
	assert_false(step.is_long_work);
	assert_int_equal(step.missed_late, 3);
	step = run(&grid, 1, 2 * PERIOD + 1);
	assert_false(step.is_late_wake);
	assert_true(step.is_long_work);
	assert_int_equal(step.missed_long, 2);
	step = run(&grid, PERIOD + 1, 3 * PERIOD + 1);
	assert_true(step.is_late_wake && step.is_long_work);
	assert_int_equal(step.missed_late, 1);
	assert_int_equal(step.missed_long, 2);
}

static void skip_keeps_the_grid_and_dt_counts_what_was_missed(void **state)
{
	struct grid grid = make_grid(OVERRUN_SKIP, 10);

	(void)state;
	run(&grid, 500 * PERIOD + 7, 500 * PERIOD + 9);
	assert_int_equal(grid.release, 501);
	assert_int_equal(grid_dt_ns(&grid), 501 * PERIOD);
	assert_int_equal(grid_release_ns(&grid, grid.release), START + 501 * PERIOD);
	run(&grid, 1, 2);
	assert_int_equal(grid_dt_ns(&grid), PERIOD);
}

static void stop_says_so(void **state)
{
	struct grid grid = make_grid(OVERRUN_STOP, 10);

	(void)state;
	assert_false(run(&grid, 1, 2).must_stop);
	assert_true(run(&grid, 1, PERIOD).must_stop);
}

static void catch_up_runs_every_missed_release_late(void **state)
{
	struct grid grid = make_grid(OVERRUN_CATCH_UP, 10);
	struct grid_step step = run(&grid, 4 * PERIOD + 1, 4 * PERIOD + 100);
	int64_t now = START + 4 * PERIOD + 100;
	unsigned caught_up = 0;

	(void)state;
	assert_true(step.is_late_wake);
	assert_int_equal(step.missed_late, 0);
	while (grid_is_catching_up(&grid)) {
		step = grid_advance(&grid, now, now + 10);
		assert_false(step.is_late_wake || step.is_long_work);
		assert_int_equal(step.missed_late + step.missed_long, 0);
		assert_int_equal(grid_dt_ns(&grid), PERIOD);
		now += 10;
		caught_up++;
	}
	assert_int_equal(caught_up, 4);
	assert_int_equal(grid.release, 5);
}

static void a_burst_of_catching_up_is_bounded(void **state)
{
	struct grid grid = make_grid(OVERRUN_CATCH_UP, 10);
	struct grid_step step = run(&grid, 500 * PERIOD + 1, 500 * PERIOD + 2);
	unsigned burst = 0;

	(void)state;
	assert_int_equal(step.missed_late, 490);
	assert_int_equal(grid.release, 491);
	while (grid_is_catching_up(&grid)) {
		grid_advance(&grid, START + 500 * PERIOD + 3, START + 500 * PERIOD + 4);
		burst++;
	}
	assert_int_equal(burst, 10);
	assert_int_equal(grid.release, 501);
}

static void a_burst_is_bounded_even_where_each_cycle_is_slow(void **state)
{
	struct grid grid = make_grid(OVERRUN_CATCH_UP, 10);
	int64_t now = START + 50 * PERIOD;
	uint64_t missed, ran = 1, burst = 0;
	struct grid_step step = grid_advance(&grid, now, now + 1);

	(void)state;
	missed = step.missed_late + step.missed_long;
	while (grid_is_catching_up(&grid)) {
		/* each takes most of a period: the backlog hardly shrinks by itself */
		step = grid_advance(&grid, now, now + PERIOD - 1);
		now += PERIOD - 1;
		missed += step.missed_late + step.missed_long;
		ran++;
		burst++;
	}
	assert_in_range(burst, 1, 10);
	assert_int_equal(missed + ran, grid.release);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cycle_in_time_moves_on_by_one),
		cmocka_unit_test(the_release_itself_is_already_missed),
		cmocka_unit_test(waking_late_and_working_long_are_told_apart),
		cmocka_unit_test(skip_keeps_the_grid_and_dt_counts_what_was_missed),
		cmocka_unit_test(stop_says_so),
		cmocka_unit_test(catch_up_runs_every_missed_release_late),
		cmocka_unit_test(a_burst_of_catching_up_is_bounded),
		cmocka_unit_test(a_burst_is_bounded_even_where_each_cycle_is_slow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
