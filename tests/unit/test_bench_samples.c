#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/bench/cyclictest.h"
#include "rtloop/bench/table.h"

static struct samples samples;

static int clear(void **state)
{
	memset(&samples, 0, sizeof(samples));
	return 0;
}

static void no_sample_gives_a_figure_of_zeros(void **state)
{
	struct figure figure = samples_figure(&samples);

	assert_int_equal(figure.samples, 0);
	assert_true(figure.worst_ns == 0.0);
}

static void a_figure_is_told_of_few_samples_exactly(void **state)
{
	struct figure figure;

	for (int i = 100; i > 0; i--) {
		samples_add(&samples, i);
	}
	figure = samples_figure(&samples);
	assert_int_equal(figure.samples, 100);
	assert_true(figure.least_ns == 1.0);
	assert_true(figure.median_ns == 50.0);
	assert_true(figure.p99_ns == 99.0);
	assert_true(figure.worst_ns == 100.0);
}

static void of_more_samples_than_are_kept_the_extremes_are_exact(void **state)
{
	const uint64_t count = 20 * SAMPLES_KEPT;
	struct figure figure;

	for (uint64_t i = 0; i < count; i++) {
		/* the extremes come where they are hardly ever kept */
		double ns = i == count / 2 ? 1.0 : i == count / 3 ? 1e9 : 1000.0;

		samples_add(&samples, ns);
	}
	figure = samples_figure(&samples);
	assert_int_equal(figure.samples, count);
	assert_true(figure.least_ns == 1.0);
	assert_true(figure.worst_ns == 1e9);
	assert_true(figure.median_ns == 1000.0);
}

static void what_is_kept_is_drawn_from_all_samples(void **state)
{
	const int count = 20 * SAMPLES_KEPT;
	struct figure figure;

	for (int i = 0; i < count; i++) {
		samples_add(&samples, i);
	}
	figure = samples_figure(&samples);
	/* of 4096 drawn at random: a tenth is twelve standard deviations */
	assert_true(figure.median_ns > 0.4 * count && figure.median_ns < 0.6 * count);
	assert_true(figure.p99_ns > 0.97 * count);
}

static void a_histogram_of_cyclictest_becomes_samples(void **state)
{
	static const char *const lines[] = { "# /dev/cpu_dma_latency set to 0us\n",
					     "# Histogram\n",
					     "000003 000002\n",
					     "000010 000001\n",
					     "000011 000000\n",
					     "# Total: 000000003\n",
					     "# Max Latencies: 00050\n" };
	struct figure figure;

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		cyclictest_take_line(lines[i], &samples);
	}
	figure = samples_figure(&samples);
	/* the one beyond its histogram counts, too */
	assert_int_equal(figure.samples, 4);
	assert_true(figure.least_ns == 3500.0);
	assert_true(figure.worst_ns == 50500.0);
}

static void a_row_keeps_its_first_failure(void **state)
{
	struct table table = { .rows = NULL };
	struct row *row = table_add(&table, "a way");

	assert_non_null(row);
	samples_add(&row->samples, 1.0);
	table_end(&table);
	assert_true(row_is_measured(row));
	row_fail(row, "no %s", "right");
	row_fail(row, "another");
	assert_string_equal(row->failure, "no right");
	assert_false(row_is_measured(row));
	table_fini(&table);
}

static void many_rows_are_kept_in_order(void **state)
{
	struct table table = { .rows = NULL };

	for (unsigned i = 0; i < 100; i++) {
		struct row *row = table_add(&table, "a way");

		assert_non_null(row);
		row->endpoints = i;
	}
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(table.rows[i].endpoints, i);
	}
	table_fini(&table);
	assert_int_equal(table.count, 0);
}

static void what_was_not_counted_has_no_share(void **state)
{
	struct row row = { .calls = 3 };

	assert_true(row_cpu_share(&row) < 0.0);
	assert_true(row_calls(&row) < 0.0);
	assert_true(row_cpu_us_per_mb(&row) < 0.0);
	row.scans = 2;
	row.cpu_ns = 5e6;
	row.wall_ns = 1e7;
	row.bytes = 2000000;
	assert_true(row_calls(&row) == 1.5);
	assert_true(row_cpu_share(&row) == 0.5);
	assert_true(row_cpu_us_per_mb(&row) == 2500.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(no_sample_gives_a_figure_of_zeros, clear),
		cmocka_unit_test_setup(a_figure_is_told_of_few_samples_exactly, clear),
		cmocka_unit_test_setup(
			of_more_samples_than_are_kept_the_extremes_are_exact, clear),
		cmocka_unit_test_setup(what_is_kept_is_drawn_from_all_samples, clear),
		cmocka_unit_test_setup(a_histogram_of_cyclictest_becomes_samples, clear),
		cmocka_unit_test(a_row_keeps_its_first_failure),
		cmocka_unit_test(many_rows_are_kept_in_order),
		cmocka_unit_test(what_was_not_counted_has_no_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
