/* Histograms of times as commands show them. */
#include "rtloop/cmd/timing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rtloop/base/time.h"

static char *text;
static size_t bytes;
static FILE *out;
static struct hist hist;

static int set_up(void **state)
{
	memset(&hist, 0, sizeof(hist));
	out = open_memstream(&text, &bytes);
	return out ? 0 : -1;
}

static int tear_down(void **state)
{
	fclose(out);
	free(text);
	return 0;
}

static void expect_text(const char *expected)
{
	fflush(out);
	assert_string_equal(text, expected);
}

static void a_line_has_the_figures_of_the_histogram_in_us(void **state)
{
	for (unsigned i = 0; i < 99; i++) {
		hist_record(&hist, 2500);
	}
	hist_record(&hist, 40300);
	timing_print_head(out);
	timing_print(out, "latency", &hist);
	expect_text("us             min   median     mean      p99    p99.9      max\n"
		    "latency        2.5      3.0      2.9      3.0     40.3     40.3");
}

static void times_past_the_histogram_are_told(void **state)
{
	hist_record(&hist, 200 * NS_PER_SEC);
	timing_print(out, "busy", &hist);
	fflush(out);
	assert_non_null(strstr(text, "  1 past the histogram"));
}

static void a_bar_stands_for_each_doubling_and_a_single_time_is_seen(void **state)
{
	for (unsigned i = 0; i < 1000; i++) {
		hist_record(&hist, 5000);
	}
	hist_record(&hist, 40300);
	timing_print_histogram(out, "times, us", &hist);
	expect_text("\ntimes, us\n"
		    "       4 to 8             1000 "
		    "##################################################\n"
		    "      32 to 64               1 #\n");
}

static void an_empty_histogram_is_not_drawn(void **state)
{
	timing_print_histogram(out, "times, us", &hist);
	expect_text("");
}

static void json_has_the_bins_that_are_not_empty(void **state)
{
	struct json json = { .out = out };

	hist_record(&hist, 5200);
	hist_record(&hist, 1100 * NS_PER_US);
	timing_put_json(&json, NULL, &hist);
	expect_text("{\n  \"count\": 2,\n  \"min_ns\": 5200,\n  \"mean_ns\": 552600,\n"
		    "  \"max_ns\": 1100000,\n  \"median_ns\": 6000,\n"
		    "  \"p99_ns\": 1100000,\n  \"p99_9_ns\": 1100000,\n"
		    "  \"overflow\": 0,\n  \"bins_us\": {\n    \"5\": 1,\n"
		    "    \"1088\": 1\n  }\n}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_line_has_the_figures_of_the_histogram_in_us, set_up, tear_down),
		cmocka_unit_test_setup_teardown(times_past_the_histogram_are_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_bar_stands_for_each_doubling_and_a_single_time_is_seen, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(an_empty_histogram_is_not_drawn, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(json_has_the_bins_that_are_not_empty,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
