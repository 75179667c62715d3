#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/pacer.h"
#include "tests/fakes/stage.h"

#define RELEASES  300
#define PERIOD_NS (100 * NS_PER_US)
#define HOUR_NS	  (3600 * NS_PER_SEC)

static const int kinds[] = { PACER_NANOSLEEP, PACER_TIMERFD, PACER_URING };

static struct pacer open_pacer(int kind, int64_t spin_ns)
{
	struct pacer pacer;
	int code = pacer_open(&pacer, kind, spin_ns, NULL, NULL);

	if (kind == PACER_URING && (code == -ENOSYS || code == -EPERM)) {
		print_message("no pacer uring: the kernel has no io_uring, or a filter "
			      "hides it\n");
		skip();
	}
	assert_int_equal(code, 0);
	return pacer;
}

static void never_wakes_early(int kind, int64_t spin_ns)
{
	struct pacer pacer = open_pacer(kind, spin_ns);
	int64_t release_ns = sys_now();

	for (unsigned i = 0; i < RELEASES; i++) {
		int64_t wake_ns;

		release_ns += PERIOD_NS;
		wake_ns = pacer_wait(&pacer, release_ns);
		assert_true(wake_ns >= release_ns);
		assert_true(wake_ns <= sys_now());
	}
	pacer_close(&pacer);
}

static void no_wake_comes_before_its_release(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		never_wakes_early(kinds[i], 0);
	}
}

static void a_spinning_tail_ends_at_the_release_or_after(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		never_wakes_early(kinds[i], 20 * NS_PER_US);
		never_wakes_early(kinds[i], 3 * PERIOD_NS);
	}
}

/* A release that is past leaves a timer expired and unread: the next sleep must not end by it. */
static void a_past_release_returns_and_does_not_shorten_the_next_sleep(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct pacer pacer = open_pacer(kinds[i], 0);

		for (unsigned j = 0; j < 50; j++) {
			int64_t now_ns = sys_now(), release_ns = now_ns + PERIOD_NS;

			assert_true(pacer_wait(&pacer, now_ns - NS_PER_SEC) >= now_ns);
			assert_true(pacer_wait(&pacer, release_ns) >= release_ns);
		}
		pacer_close(&pacer);
	}
}

static void take_signal(int signal)
{
}

/* Again and again, since the first may come before the sleep begins. */
static void send_alarms(int64_t every_ns)
{
	const struct sigaction action = { .sa_handler = take_signal };
	const struct timeval every = { .tv_usec = (suseconds_t)(every_ns / NS_PER_US) };
	const struct itimerval timer = { .it_interval = every, .it_value = every };

	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static void a_signal_ends_the_wait_early(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct pacer pacer = open_pacer(kinds[i], 20 * NS_PER_US);
		int64_t release_ns = sys_now() + HOUR_NS;
		int64_t wake_ns;

		send_alarms(NS_PER_MS);
		wake_ns = pacer_wait(&pacer, release_ns);
		send_alarms(0);
		assert_true(wake_ns < release_ns);
		/* and the next wait is a whole one again */
		release_ns = sys_now() + PERIOD_NS;
		assert_true(pacer_wait(&pacer, release_ns) >= release_ns);
		pacer_close(&pacer);
	}
}

static int64_t slept_until_ns;
static int sleep_code;

static int note_sleep(struct pacer *pacer, int64_t until_ns)
{
	slept_until_ns = until_ns;
	return sleep_code;
}

static void it_sleeps_until_the_tail_begins(void **state)
{
	const struct pacer_ops ops = { .sleep = note_sleep };
	struct pacer pacer = { .ops = &ops, .spin_ns = 20 * NS_PER_US };
	int64_t release_ns = sys_now() + NS_PER_MS;

	sleep_code = 0;
	assert_true(pacer_wait(&pacer, release_ns) >= release_ns);
	assert_int_equal(slept_until_ns, release_ns - 20 * NS_PER_US);
}

static void after_a_signal_it_does_not_spin(void **state)
{
	const struct pacer_ops ops = { .sleep = note_sleep };
	struct pacer pacer = { .ops = &ops, .spin_ns = HOUR_NS };
	int64_t release_ns = sys_now() + HOUR_NS;

	sleep_code = -EINTR;
	assert_true(pacer_wait(&pacer, release_ns) < release_ns);
}

static void without_a_descriptor_to_be_had_opening_says_so(void **state)
{
	struct fd_limit limit = fd_limit_to_none();
	struct err err = { .text = "" };
	struct pacer pacer;
	int code = pacer_open(&pacer, PACER_TIMERFD, 0, NULL, &err);

	fd_limit_restore(limit);
	assert_int_equal(code, -EMFILE);
	assert_string_not_equal(err.text, "");
	pacer_close(&pacer);
}

static void closing_twice_closes_no_other_descriptor(void **state)
{
	struct pacer pacer = open_pacer(PACER_TIMERFD, 0), other;

	pacer_close(&pacer);
	other = open_pacer(PACER_TIMERFD, 0);
	pacer_close(&pacer);
	assert_true(pacer_wait(&other, sys_now()) > 0);
	assert_int_equal(sys_timer_arm(other.timer_fd, 1), 0);
	pacer_close(&other);
}

static void kinds_have_the_names_of_the_configuration(void **state)
{
	assert_string_equal(pacer_name(PACER_NANOSLEEP), "nanosleep");
	assert_string_equal(pacer_name(PACER_TIMERFD), "timerfd");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_wake_comes_before_its_release),
		cmocka_unit_test(a_spinning_tail_ends_at_the_release_or_after),
		cmocka_unit_test(
			a_past_release_returns_and_does_not_shorten_the_next_sleep),
		cmocka_unit_test(a_signal_ends_the_wait_early),
		cmocka_unit_test(it_sleeps_until_the_tail_begins),
		cmocka_unit_test(after_a_signal_it_does_not_spin),
		cmocka_unit_test(without_a_descriptor_to_be_had_opening_says_so),
		cmocka_unit_test(closing_twice_closes_no_other_descriptor),
		cmocka_unit_test(kinds_have_the_names_of_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
