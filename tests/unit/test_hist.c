#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/base/hist.h"

static struct hist hist;

static int clear(void **state)
{
	(void)state;
	memset(&hist, 0, sizeof(hist));
	return 0;
}

static void bins_are_whole_microseconds_up_to_the_tail(void **state)
{
	(void)state;
	for (uint64_t us = 0; us < HIST_LINEAR_US; us++) {
		assert_int_equal(hist_bin(us), us);
		assert_int_equal(hist_bin_start((unsigned)us), us);
	}
}

static void every_bin_holds_its_start_and_what_comes_before_the_next(void **state)
{
	(void)state;
	for (unsigned bin = 0; bin < HIST_BINS; bin++) {
		assert_int_equal(hist_bin(hist_bin_start(bin)), bin);
		assert_int_equal(hist_bin(hist_bin_start(bin + 1) - 1), bin);
	}
	assert_int_equal(hist_bin_start(HIST_BINS), HIST_LIMIT_US);
}

static void a_tail_bin_is_at_most_a_sixteenth_wide(void **state)
{
	(void)state;
	for (unsigned bin = HIST_LINEAR_US; bin < HIST_BINS; bin++) {
		uint64_t width = hist_bin_start(bin + 1) - hist_bin_start(bin);

		assert_true(width * 16 <= hist_bin_start(bin));
	}
}

static void overflow_is_counted_and_not_put_into_the_last_bin(void **state)
{
	(void)state;
	hist_record(&hist, (int64_t)HIST_LIMIT_US * 1000);
	assert_int_equal(counter_get(&hist.overflow), 1);
	assert_int_equal(counter_get(&hist.bins[HIST_BINS - 1]), 0);
	assert_int_equal(counter_get(&hist.count), 1);
	assert_int_equal(counter_get(&hist.max_ns), HIST_LIMIT_US * 1000);
	hist_record(&hist, (int64_t)HIST_LIMIT_US * 1000 - 1);
	assert_int_equal(counter_get(&hist.bins[HIST_BINS - 1]), 1);
}

static void least_greatest_and_mean_are_exact(void **state)
{
	(void)state;
	hist_record(&hist, 1500);
	hist_record(&hist, 1);
	hist_record(&hist, 2000002);
	assert_int_equal(counter_get(&hist.min_ns), 1);
	assert_int_equal(counter_get(&hist.max_ns), 2000002);
	assert_true(hist_mean(&hist) == 2001503.0 / 3);
}

static void a_negative_time_counts_as_zero(void **state)
{
	(void)state;
	hist_record(&hist, -5);
	assert_int_equal(counter_get(&hist.bins[0]), 1);
	assert_int_equal(counter_get(&hist.max_ns), 0);
}

static void a_quantile_is_never_flattered(void **state)
{
	(void)state;
	for (int64_t us = 0; us < 100; us++) {
		hist_record(&hist, us * 1000 + 500);
	}
	assert_int_equal(hist_quantile(&hist, 0.5), 50000);
	assert_int_equal(hist_quantile(&hist, 0.99), 99000);
	assert_int_equal(hist_quantile(&hist, 1.0), 99500);
	assert_int_equal(hist_quantile(&hist, 0.0), 1000);
}

static void nothing_recorded_gives_zeros(void **state)
{
	(void)state;
	assert_int_equal(hist_quantile(&hist, 0.5), 0);
	assert_true(hist_mean(&hist) == 0.0);
}

static void a_merged_histogram_has_counted_what_both_have(void **state)
{
	static struct hist other, both;

	(void)state;
	memset(&other, 0, sizeof(other));
	memset(&both, 0, sizeof(both));
	hist_merge(&hist, &other);
	assert_int_equal(counter_get(&hist.count), 0);
	for (int64_t ns = 700; ns < INT64_C(400000000000); ns *= 3) {
		hist_record(ns % 8 == 4 ? &hist : &other, ns);
		hist_record(&both, ns);
	}
	hist_record(&hist, 5);
	hist_record(&both, 5);
	hist_merge(&other, &hist);
	assert_memory_equal(&other, &both, sizeof(both));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bins_are_whole_microseconds_up_to_the_tail),
		cmocka_unit_test(
			every_bin_holds_its_start_and_what_comes_before_the_next),
		cmocka_unit_test(a_tail_bin_is_at_most_a_sixteenth_wide),
		cmocka_unit_test_setup(overflow_is_counted_and_not_put_into_the_last_bin,
				       clear),
		cmocka_unit_test_setup(least_greatest_and_mean_are_exact, clear),
		cmocka_unit_test_setup(a_negative_time_counts_as_zero, clear),
		cmocka_unit_test_setup(a_quantile_is_never_flattered, clear),
		cmocka_unit_test_setup(nothing_recorded_gives_zeros, clear),
		cmocka_unit_test_setup(a_merged_histogram_has_counted_what_both_have,
				       clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
