#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtloop/base/heartbeat.h"

#define DUE   INT64_C(5000000)
#define LIMIT INT64_C(1000)

static struct heartbeat *heartbeat;

static int set_up(void **state)
{
	(void)state;
	if (heartbeat_create(&heartbeat)) {
		return -1;
	}
	heartbeat->limit_ns = LIMIT;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	heartbeat_destroy(heartbeat);
	return 0;
}

static void a_new_one_waits_for_its_start(void **state)
{
	(void)state;
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_STARTING);
	assert_int_equal(heartbeat_outputs(heartbeat), HEARTBEAT_OUTPUTS_UNTOUCHED);
	assert_int_equal(heartbeat_owner(heartbeat), HEARTBEAT_NOBODY);
	assert_false(heartbeat_is_overdue(heartbeat, DUE));
}

static void it_is_overdue_only_past_its_limit(void **state)
{
	(void)state;
	heartbeat_beat(heartbeat, DUE);
	heartbeat_enter(heartbeat, HEARTBEAT_RUNNING);
	assert_int_equal(heartbeat_due_ns(heartbeat), DUE);
	assert_false(heartbeat_is_overdue(heartbeat, DUE - 1000 * LIMIT));
	assert_false(heartbeat_is_overdue(heartbeat, DUE + LIMIT));
	assert_true(heartbeat_is_overdue(heartbeat, DUE + LIMIT + 1));
	heartbeat_beat(heartbeat, DUE + 1);
	assert_false(heartbeat_is_overdue(heartbeat, DUE + LIMIT + 1));
}

static void its_end_is_judged_until_it_is_over(void **state)
{
	(void)state;
	heartbeat_beat(heartbeat, DUE);
	heartbeat_enter(heartbeat, HEARTBEAT_ENDING);
	assert_true(heartbeat_is_overdue(heartbeat, DUE + LIMIT + 1));
	heartbeat_enter(heartbeat, HEARTBEAT_ENDED);
	assert_false(heartbeat_is_judged(heartbeat));
	assert_false(heartbeat_is_overdue(heartbeat, DUE + LIMIT + 1));
}

static void without_a_limit_nobody_judges(void **state)
{
	(void)state;
	heartbeat->limit_ns = 0;
	heartbeat_enter(heartbeat, HEARTBEAT_RUNNING);
	assert_false(heartbeat_is_judged(heartbeat));
	assert_false(heartbeat_is_overdue(heartbeat, INT64_MAX));
}

static void a_claim_is_made_once_and_passes_upwards_only(void **state)
{
	(void)state;
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_CYCLE));
	assert_false(heartbeat_claim(heartbeat, HEARTBEAT_CYCLE));
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_WATCHDOG));
	assert_false(heartbeat_claim(heartbeat, HEARTBEAT_CYCLE));
	assert_false(heartbeat_claim(heartbeat, HEARTBEAT_WATCHDOG));
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_GUARDIAN));
	assert_false(heartbeat_claim(heartbeat, HEARTBEAT_WATCHDOG));
	assert_int_equal(heartbeat_owner(heartbeat), HEARTBEAT_GUARDIAN);
}

static void what_the_cycle_has_settled_nobody_claims(void **state)
{
	(void)state;
	assert_false(heartbeat_settle(heartbeat));
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_CYCLE));
	assert_true(heartbeat_settle(heartbeat));
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_ENDED);
	assert_false(heartbeat_claim(heartbeat, HEARTBEAT_WATCHDOG));
	assert_false(heartbeat_claim(heartbeat, HEARTBEAT_GUARDIAN));
}

static void one_who_was_relieved_settles_nothing(void **state)
{
	(void)state;
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_CYCLE));
	heartbeat_enter(heartbeat, HEARTBEAT_ENDING);
	assert_true(heartbeat_claim(heartbeat, HEARTBEAT_WATCHDOG));
	assert_false(heartbeat_settle(heartbeat));
	assert_int_equal(heartbeat_state(heartbeat), HEARTBEAT_ENDING);
	assert_int_equal(heartbeat_owner(heartbeat), HEARTBEAT_WATCHDOG);
}

#define CLAIMERS 8

static pthread_barrier_t together;

static void *claim_as_watchdog(void *arg)
{
	bool *is_mine = arg;

	pthread_barrier_wait(&together);
	*is_mine = heartbeat_claim(heartbeat, HEARTBEAT_WATCHDOG);
	return NULL;
}

static void of_many_at_once_one_gets_it(void **state)
{
	pthread_t threads[CLAIMERS];
	bool is_mine[CLAIMERS];
	unsigned owners = 0;

	(void)state;
	assert_int_equal(pthread_barrier_init(&together, NULL, CLAIMERS), 0);
	for (unsigned i = 0; i < CLAIMERS; i++) {
		assert_int_equal(
			pthread_create(&threads[i], NULL, claim_as_watchdog, &is_mine[i]),
			0);
	}
	for (unsigned i = 0; i < CLAIMERS; i++) {
		pthread_join(threads[i], NULL);
		owners += is_mine[i];
	}
	pthread_barrier_destroy(&together);
	assert_int_equal(owners, 1);
}

/* What a guardian does: it was forked before the loop began, and lives on when that has died. */
static void a_process_forked_before_sees_it_and_can_claim(void **state)
{
	int pipe_fds[2], status;
	char go = 0;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(pipe_fds), 0);
	child = fork();
	if (child == 0) {
		bool is_good = read(pipe_fds[0], &go, 1) == 1 &&
			       heartbeat_due_ns(heartbeat) == DUE &&
			       heartbeat_state(heartbeat) == HEARTBEAT_RUNNING &&
			       heartbeat_outputs(heartbeat) == HEARTBEAT_OUTPUTS_DRIVEN &&
			       heartbeat_claim(heartbeat, HEARTBEAT_GUARDIAN);

		heartbeat_note_outputs(heartbeat, HEARTBEAT_OUTPUTS_SAFE);
		_exit(is_good ? 0 : 1);
	}
	heartbeat_beat(heartbeat, DUE);
	heartbeat_note_outputs(heartbeat, HEARTBEAT_OUTPUTS_DRIVEN);
	heartbeat_enter(heartbeat, HEARTBEAT_RUNNING);
	assert_int_equal(write(pipe_fds[1], &go, 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_false(heartbeat_claim(heartbeat, HEARTBEAT_CYCLE));
	assert_int_equal(heartbeat_outputs(heartbeat), HEARTBEAT_OUTPUTS_SAFE);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

static void nothing_is_destroyed_twice(void **state)
{
	(void)state;
	heartbeat_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_one_waits_for_its_start, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(it_is_overdue_only_past_its_limit, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(its_end_is_judged_until_it_is_over,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_a_limit_nobody_judges, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_claim_is_made_once_and_passes_upwards_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_the_cycle_has_settled_nobody_claims,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_who_was_relieved_settles_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(of_many_at_once_one_gets_it, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_process_forked_before_sees_it_and_can_claim, set_up, tear_down),
		cmocka_unit_test(nothing_is_destroyed_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
