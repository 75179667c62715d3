#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtloop/guard/judge.h"

#define LIMIT INT64_C(1000)
#define DUE   INT64_C(50000)

static struct heartbeat *heartbeat;
static struct judge judge;

static int set_up(void **state)
{
	(void)state;
	judge_init(&judge, LIMIT);
	return heartbeat_create(&heartbeat);
}

static int tear_down(void **state)
{
	(void)state;
	heartbeat_destroy(heartbeat);
	return 0;
}

static void begin(void)
{
	heartbeat_beat(heartbeat, DUE);
	heartbeat_enter(heartbeat, HEARTBEAT_RUNNING);
}

static void before_the_first_beat_there_is_nothing_to_judge(void **state)
{
	(void)state;
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE), JUDGE_NEVER);
}

static void the_limit_counts_from_when_the_cycle_was_due(void **state)
{
	(void)state;
	begin();
	assert_int_equal(judge_deadline(&judge, heartbeat, 10), DUE + LIMIT);
	heartbeat_beat(heartbeat, DUE + 7);
	assert_int_equal(judge_deadline(&judge, heartbeat, 20), DUE + 7 + LIMIT);
}

static void who_woke_late_begins_anew(void **state)
{
	(void)state;
	begin();
	judge_woke(&judge, DUE, DUE + 40 * LIMIT);
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE + 40 * LIMIT),
			 DUE + 41 * LIMIT);
}

static void who_woke_in_time_or_early_does_not(void **state)
{
	(void)state;
	begin();
	judge_woke(&judge, DUE + LIMIT, DUE + LIMIT + LIMIT / 4);
	judge_woke(&judge, JUDGE_NEVER, DUE);
	judge_woke(&judge, DUE + LIMIT, DUE);
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE), DUE + LIMIT);
}

static void leaving_the_outputs_safe_has_a_time_of_its_own(void **state)
{
	(void)state;
	begin();
	heartbeat_enter(heartbeat, HEARTBEAT_ENDING);
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE + 5),
			 DUE + 5 + LIMIT + JUDGE_LEAVING_NS);
	/* it counts from when that was seen first */
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE + 500),
			 DUE + 5 + LIMIT + JUDGE_LEAVING_NS);
}

static void a_run_that_has_ended_has_a_time_to_go(void **state)
{
	int64_t deadline_ns = DUE + 9 + LIMIT + JUDGE_ENDED_NS;

	(void)state;
	begin();
	heartbeat_enter(heartbeat, HEARTBEAT_ENDING);
	(void)judge_deadline(&judge, heartbeat, DUE + 5);
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_CYCLE));
	assert_true(heartbeat_settle(heartbeat));
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE + 9), deadline_ns);
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE + 500), deadline_ns);
	judge_woke(&judge, DUE + 600, DUE + 600 + 2 * LIMIT);
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE + 600 + 2 * LIMIT),
			 DUE + 600 + 3 * LIMIT + JUDGE_ENDED_NS);
}

static void the_watchdog_thread_may_try_before_the_guardian_does(void **state)
{
	(void)state;
	begin();
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_WATCHDOG));
	assert_int_equal(judge_deadline(&judge, heartbeat, DUE + 5),
			 DUE + 5 + LIMIT + JUDGE_LEAVING_NS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			before_the_first_beat_there_is_nothing_to_judge, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			the_limit_counts_from_when_the_cycle_was_due, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_woke_late_begins_anew, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(who_woke_in_time_or_early_does_not,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			leaving_the_outputs_safe_has_a_time_of_its_own, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_run_that_has_ended_has_a_time_to_go,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			the_watchdog_thread_may_try_before_the_guardian_does, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
