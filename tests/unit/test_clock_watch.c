/* wraps: sys_now sys_realtime */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/log/clock_watch.h"

#define START_NS     (1000 * NS_PER_SEC)
#define BETWEEN_1970 (1700000000 * NS_PER_SEC)

/* Two clocks that stand still but for what a test does to them. */
static struct {
	int64_t now_ns;
	int64_t offset_ns;
	int64_t read_ns; /* that reading a clock takes */
	unsigned
		slow_reads; /* so many of the next ones are interrupted for a long time */
} fake;

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return fake.now_ns;
}

int64_t __wrap_sys_realtime(void);
int64_t __wrap_sys_realtime(void)
{
	int64_t realtime_ns;

	fake.now_ns += fake.read_ns;
	realtime_ns = fake.now_ns + fake.offset_ns;
	if (fake.slow_reads > 0) {
		fake.slow_reads--;
		fake.now_ns += 50 * NS_PER_MS;
	}
	return realtime_ns;
}

static int set_up(void **state)
{
	static struct clock_watch watch;

	fake.now_ns = START_NS;
	fake.offset_ns = BETWEEN_1970;
	fake.read_ns = 50;
	fake.slow_reads = 0;
	clock_watch_init(&watch);
	*state = &watch;
	return 0;
}

static int64_t look_later(struct clock_watch *watch)
{
	fake.now_ns += 10 * NS_PER_MS;
	return clock_watch_look(watch);
}

static void the_first_look_takes_the_offset(void **state)
{
	const struct clock_watch *watch = *state;

	assert_in_range(watch->offset_ns, BETWEEN_1970 - 50, BETWEEN_1970 + 50);
}

static void a_clock_that_runs_on_does_not_step(void **state)
{
	for (int i = 0; i < 10; i++) {
		assert_int_equal(look_later(*state), 0);
	}
}

static void a_step_is_seen_once_with_its_length(void **state)
{
	fake.offset_ns += 3600 * NS_PER_SEC;
	assert_int_equal(look_later(*state), 3600 * NS_PER_SEC);
	assert_int_equal(look_later(*state), 0);
}

static void a_step_back_is_negative(void **state)
{
	fake.offset_ns -= 25 * NS_PER_MS;
	assert_int_equal(look_later(*state), -25 * NS_PER_MS);
}

static void a_step_begins_at_the_stated_length(void **state)
{
	fake.offset_ns += CLOCK_STEP_NS - 1;
	assert_int_equal(look_later(*state), 0);
	fake.offset_ns += CLOCK_STEP_NS;
	assert_int_equal(look_later(*state), CLOCK_STEP_NS);
}

static void a_clock_that_is_slewed_does_not_step(void **state)
{
	for (int i = 0; i < 1000; i++) {
		fake.offset_ns += NS_PER_MS;
		assert_int_equal(look_later(*state), 0);
	}
}

static void being_interrupted_between_two_readings_is_no_step(void **state)
{
	fake.slow_reads = 1;
	assert_int_equal(look_later(*state), 0);
	assert_int_equal(look_later(*state), 0);
}

static void a_step_is_seen_in_spite_of_an_interruption(void **state)
{
	fake.slow_reads = 1;
	fake.offset_ns += NS_PER_SEC;
	assert_int_equal(look_later(*state), NS_PER_SEC);
}

static void a_look_that_cannot_be_finished_says_nothing(void **state)
{
	fake.slow_reads = 100;
	assert_int_equal(look_later(*state), 0);
	/* what happened meanwhile is seen by the next */
	fake.offset_ns += NS_PER_SEC;
	assert_int_equal(look_later(*state), 0);
	fake.slow_reads = 0;
	assert_int_equal(look_later(*state), NS_PER_SEC);
}

#define TEST(function) cmocka_unit_test_setup(function, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_look_takes_the_offset),
		TEST(a_clock_that_runs_on_does_not_step),
		TEST(a_step_is_seen_once_with_its_length),
		TEST(a_step_back_is_negative),
		TEST(a_step_begins_at_the_stated_length),
		TEST(a_clock_that_is_slewed_does_not_step),
		TEST(being_interrupted_between_two_readings_is_no_step),
		TEST(a_step_is_seen_in_spite_of_an_interruption),
		TEST(a_look_that_cannot_be_finished_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
