#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtloop/base/watch.h"

#define LIMIT	 INT64_C(1000)
#define INTERVAL (LIMIT / WATCH_LOOKS)
#define START	 INT64_C(5000000)

static struct heartbeat heartbeat;
static struct watch watch;
static int64_t now;

static int set_up(void **state)
{
	(void)state;
	heartbeat = (struct heartbeat){ .limit_ns = LIMIT };
	now = START;
	heartbeat_beat(&heartbeat, START);
	heartbeat_enter(&heartbeat, HEARTBEAT_RUNNING);
	watch_init(&watch, &heartbeat, now);
	return 0;
}

/* So much later than planned. */
static bool look_late(int64_t late)
{
	now = watch_next_ns(&watch) + late;
	return watch_look(&watch, now);
}

/* Looks as planned until it says so; at most @most. Returns how many it took. */
static unsigned look_until_told(unsigned most)
{
	unsigned looks = 1;

	while (!look_late(0) && looks < most) {
		looks++;
	}
	return looks;
}

static void silence_is_told_past_the_limit_and_a_look_later_at_most(void **state)
{
	(void)state;
	assert_int_equal(look_until_told(100), WATCH_LOOKS);
	assert_int_equal(now - START, LIMIT);
	/* due just after a look, which cannot know yet */
	heartbeat_beat(&heartbeat, now + 1);
	assert_int_equal(look_until_told(100), WATCH_LOOKS + 1);
	assert_int_equal(now - START, 2 * LIMIT + INTERVAL);
}

static void one_that_beats_is_never_told(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		heartbeat_beat(&heartbeat, now + 1);
		assert_false(look_late(0));
	}
}

static void one_beat_begins_it_anew(void **state)
{
	(void)state;
	assert_int_equal(look_until_told(WATCH_LOOKS - 1), WATCH_LOOKS - 1);
	heartbeat_beat(&heartbeat, now + 1);
	assert_int_equal(look_until_told(100), WATCH_LOOKS + 1);
}

static void a_long_wait_for_a_release_is_no_silence(void **state)
{
	(void)state;
	heartbeat_beat(&heartbeat, START + 50 * LIMIT);
	while (watch_next_ns(&watch) < START + 51 * LIMIT) {
		assert_false(look_late(0));
	}
	assert_true(look_late(0));
}

/* Whatever the clock says: what counts is an interval a look. */
static void what_stood_still_with_the_watch_does_not_count(void **state)
{
	(void)state;
	for (unsigned i = 0; i < WATCH_LOOKS - 1; i++) {
		assert_false(look_late(1000 * LIMIT));
	}
	assert_true(look_late(0));
}

/* On one CPU the watch, which is above it, runs first: the cycle must get its turn. */
static void after_a_stop_the_cycle_gets_time_to_beat(void **state)
{
	(void)state;
	assert_false(look_late(0));
	assert_false(look_late(3600 * LIMIT));
	heartbeat_beat(&heartbeat, now + 1);
	assert_int_equal(look_until_told(100), WATCH_LOOKS + 1);
}

static void one_that_has_not_begun_or_has_ended_is_not_judged(void **state)
{
	(void)state;
	heartbeat_enter(&heartbeat, HEARTBEAT_STARTING);
	assert_int_equal(look_until_told(20), 20);
	heartbeat_enter(&heartbeat, HEARTBEAT_ENDED);
	assert_int_equal(look_until_told(20), 20);
	heartbeat_enter(&heartbeat, HEARTBEAT_ENDING);
	assert_int_equal(look_until_told(20), WATCH_LOOKS);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(silence_is_told_past_the_limit_and_a_look_later_at_most),
		TEST(one_that_beats_is_never_told),
		TEST(one_beat_begins_it_anew),
		TEST(a_long_wait_for_a_release_is_no_silence),
		TEST(what_stood_still_with_the_watch_does_not_count),
		TEST(after_a_stop_the_cycle_gets_time_to_beat),
		TEST(one_that_has_not_begun_or_has_ended_is_not_judged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
