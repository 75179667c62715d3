#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/cycle/peaks.h"

static struct peaks peaks;

static int clear(void **state)
{
	(void)state;
	memset(&peaks, 0, sizeof(peaks));
	return 0;
}

static void record(int64_t at_ns, uint64_t latency_ns, uint64_t busy_ns)
{
	const struct peak cycle = { .cycles = 1,
				    .latency_max_ns = latency_ns,
				    .busy_max_ns = busy_ns };

	peaks_record(&peaks, at_ns, &cycle);
}

static void assert_peak(const struct peak *peak, uint64_t step, uint64_t cycles,
			uint64_t latency_ns)
{
	assert_int_equal(peak->step, step);
	assert_int_equal(peak->cycles, cycles);
	assert_int_equal(peak->latency_max_ns, latency_ns);
}

static void nothing_is_there_before_the_first_cycle(void **state)
{
	struct peak peak;

	(void)state;
	assert_false(peaks_take(&peaks, &peak));
	assert_false(peaks_take_last(&peaks, &peak));
}

static void a_step_is_there_once_the_next_has_begun(void **state)
{
	struct peak peak;

	(void)state;
	record(0, 10, 200);
	record(PEAKS_STEP_NS - 1, 30, 100);
	assert_false(peaks_take(&peaks, &peak));
	record(PEAKS_STEP_NS, 20, 50);
	assert_true(peaks_take(&peaks, &peak));
	assert_peak(&peak, 0, 2, 30);
	assert_int_equal(peak.busy_max_ns, 200);
	assert_false(peaks_take(&peaks, &peak));
}

static void the_last_step_needs_no_next_one(void **state)
{
	struct peak peak;

	(void)state;
	record(0, 10, 1);
	record(PEAKS_STEP_NS, 20, 1);
	assert_true(peaks_take(&peaks, &peak));
	assert_true(peaks_take_last(&peaks, &peak));
	assert_peak(&peak, 1, 1, 20);
	assert_false(peaks_take_last(&peaks, &peak));
}

static void overruns_of_a_step_are_added_up(void **state)
{
	const struct peak cycle = { .cycles = 1, .overruns = 2 };
	struct peak peak;

	(void)state;
	peaks_record(&peaks, 0, &cycle);
	peaks_record(&peaks, 1, &cycle);
	assert_true(peaks_take_last(&peaks, &peak));
	assert_int_equal(peak.overruns, 4);
}

static void steps_without_a_cycle_are_left_out(void **state)
{
	struct peak peak;

	(void)state;
	record(0, 1, 1);
	record(7 * PEAKS_STEP_NS + 5, 2, 1);
	record(8 * PEAKS_STEP_NS, 3, 1);
	assert_true(peaks_take(&peaks, &peak));
	assert_peak(&peak, 0, 1, 1);
	assert_true(peaks_take(&peaks, &peak));
	assert_peak(&peak, 7, 1, 2);
	assert_false(peaks_take(&peaks, &peak));
}

/* A supervisor that is kept from looking loses nothing: the step in hand gets longer. */
static void a_step_goes_on_while_nobody_takes(void **state)
{
	struct peak peak;

	(void)state;
	for (int64_t step = 0; step < PEAKS_SLOTS + 10; step++) {
		record(step * PEAKS_STEP_NS, (uint64_t)step, 1);
	}
	for (uint64_t step = 0; step < PEAKS_SLOTS; step++) {
		assert_true(peaks_take(&peaks, &peak));
		assert_peak(&peak, step, 1, step);
	}
	assert_false(peaks_take(&peaks, &peak));
	record((PEAKS_SLOTS + 10) * PEAKS_STEP_NS, 1, 1);
	assert_true(peaks_take(&peaks, &peak));
	assert_peak(&peak, PEAKS_SLOTS, 10, PEAKS_SLOTS + 9);
	assert_true(peaks_take_last(&peaks, &peak));
	assert_peak(&peak, PEAKS_SLOTS + 10, 1, 1);
}

static void slots_are_used_again(void **state)
{
	struct peak peak;

	(void)state;
	record(0, 0, 1);
	for (uint64_t step = 1; step < 3 * PEAKS_SLOTS; step++) {
		record((int64_t)step * PEAKS_STEP_NS, step, 1);
		assert_true(peaks_take(&peaks, &peak));
		assert_peak(&peak, step - 1, 1, step - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_there_before_the_first_cycle, clear),
		cmocka_unit_test_setup(a_step_is_there_once_the_next_has_begun, clear),
		cmocka_unit_test_setup(the_last_step_needs_no_next_one, clear),
		cmocka_unit_test_setup(overruns_of_a_step_are_added_up, clear),
		cmocka_unit_test_setup(steps_without_a_cycle_are_left_out, clear),
		cmocka_unit_test_setup(a_step_goes_on_while_nobody_takes, clear),
		cmocka_unit_test_setup(slots_are_used_again, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
