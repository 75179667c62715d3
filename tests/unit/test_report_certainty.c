#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/report/certainty.h"

static struct hist all, first, second;
static struct report_certainty certainty;

static int clear(void **state)
{
	memset(&all, 0, sizeof(all));
	memset(&first, 0, sizeof(first));
	memset(&second, 0, sizeof(second));
	return 0;
}

static void record(struct hist *hist, int64_t ns, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		hist_record(hist, ns);
	}
}

static void steps_go_as_far_as_the_times_suffice(void **state)
{
	record(&all, 4500, 990);
	record(&all, 30500, 9);
	record(&all, 70500, 1);
	report_certainty_init(&certainty, &all, &first, &second);
	assert_int_equal(certainty.step_count, 3);
	assert_int_equal(certainty.steps[0].one_in, 10);
	assert_int_equal(certainty.steps[0].ns, 5000);
	assert_int_equal(certainty.steps[1].one_in, 100);
	assert_int_equal(certainty.steps[1].ns, 5000);
	assert_int_equal(certainty.steps[2].one_in, 1000);
	assert_int_equal(certainty.steps[2].ns, 31000);
	assert_int_equal(certainty.worse_one_in, 333);
}

static void without_times_nothing_is_said(void **state)
{
	report_certainty_init(&certainty, &all, &first, &second);
	assert_int_equal(certainty.step_count, 0);
	assert_int_equal(certainty.worse_one_in, 0);
	assert_int_equal(certainty.trend, REPORT_TREND_UNKNOWN);
}

static void a_second_half_that_is_worse_by_more_than_a_tenth_is_a_rise(void **state)
{
	record(&first, 100000, 100);
	record(&second, 50000, 100);
	report_certainty_init(&certainty, &all, &first, &second);
	assert_int_equal(certainty.trend, REPORT_TREND_STEADY);
	record(&second, 110000, 1);
	report_certainty_init(&certainty, &all, &first, &second);
	assert_int_equal(certainty.trend, REPORT_TREND_STEADY);
	record(&second, 110001, 1);
	report_certainty_init(&certainty, &all, &first, &second);
	assert_int_equal(certainty.trend, REPORT_TREND_RISING);
}

static void halves_of_few_times_have_no_trend(void **state)
{
	record(&first, 1000, 99);
	record(&second, 900000, 1000);
	report_certainty_init(&certainty, &all, &first, &second);
	assert_int_equal(certainty.trend, REPORT_TREND_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(steps_go_as_far_as_the_times_suffice, clear),
		cmocka_unit_test_setup(without_times_nothing_is_said, clear),
		cmocka_unit_test_setup(
			a_second_half_that_is_worse_by_more_than_a_tenth_is_a_rise,
			clear),
		cmocka_unit_test_setup(halves_of_few_times_have_no_trend, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
