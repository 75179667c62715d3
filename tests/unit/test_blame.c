/* wraps: sys_now */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/cycle.h"
#include "tests/fakes/stage.h"

#define START  (100 * NS_PER_SEC)
#define PERIOD NS_PER_MS
#define USUAL  NS_PER_US /* between two looks at the clock */

/* Two devices, and the looks at the clock of one of their cycles, in order. */
enum look {
	SCANNED,
	SAMPLED_0,
	SAMPLED_1,
	TICKED_0,
	TICKED_1,
	READ,
	EMITTED_0,
	EMITTED_1,
	WRITTEN,
	RECORDED
};

struct bed {
	struct stage stage;
	struct loop_options options;
	struct loop loop;
	int64_t clock_ns;
	unsigned looks;
	unsigned slow; /* before this look passes slow_ns */
	int64_t slow_ns;
};

static struct bed bed;

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	bed.clock_ns += bed.looks == bed.slow ? bed.slow_ns : USUAL;
	bed.looks++;
	return bed.clock_ns;
}

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	stage_init(&bed.stage, 2);
	bed.options = (struct loop_options){ .period_ns = PERIOD,
					     .cpu = -1,
					     .catch_up_max = 10 };
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	loop_fini(&bed.loop);
	stage_fini(&bed.stage);
	return 0;
}

static void begin(void)
{
	stage_raise(&bed.stage);
	assert_int_equal(loop_init(&bed.loop, &bed.options, bed.stage.devices,
				   bed.stage.count, &bed.stage.recorder, NULL),
			 0);
	grid_init(&bed.loop.grid, START, &bed.options);
	for (unsigned i = 0; i < bed.stage.count; i++) {
		loop_offer(&bed.loop, i, actor_open(&bed.stage.devices[i]));
	}
}

/* One cycle that wakes so late, and in which so much time passes before one look. */
static void run(int64_t late_ns, unsigned slow, int64_t slow_ns)
{
	bed.clock_ns = grid_release_ns(&bed.loop.grid, bed.loop.grid.release) + late_ns;
	bed.looks = 0;
	bed.slow = slow;
	bed.slow_ns = slow_ns;
	assert_true(cycle_run(&bed.loop, bed.clock_ns));
}

static struct overrun take(void)
{
	struct overrun overrun;

	assert_true(overruns_take(&bed.loop.overruns, &overrun));
	return overrun;
}

static void assert_nothing_to_take(void)
{
	struct overrun overrun;

	assert_false(overruns_take(&bed.loop.overruns, &overrun));
}

static void assert_blamed(enum look slow, uint32_t device, enum blame_call call)
{
	struct overrun overrun;

	run(0, slow, 5 * PERIOD);
	overrun = take();
	assert_int_equal(overrun.worst.device, device);
	assert_int_equal(overrun.worst.call, call);
	assert_int_equal(overrun.worst.ns, 5 * PERIOD);
	assert_int_equal(overrun.worst.end_ns,
			 overrun.wake_ns + (int64_t)slow * USUAL + 5 * PERIOD);
}

static void the_slow_call_of_a_device_is_named(void **state)
{
	(void)state;
	begin();
	assert_blamed(SAMPLED_0, 0, BLAME_SAMPLE);
	assert_blamed(SAMPLED_1, 1, BLAME_SAMPLE);
	assert_blamed(TICKED_0, 0, BLAME_TICK);
	assert_blamed(TICKED_1, 1, BLAME_TICK);
	assert_blamed(EMITTED_0, 0, BLAME_EMIT);
	assert_blamed(EMITTED_1, 1, BLAME_EMIT);
	assert_int_equal(bed.looks, RECORDED + 1);
}

static void a_slow_scan_is_no_device_s(void **state)
{
	(void)state;
	begin();
	assert_blamed(SCANNED, BLAME_NOBODY, BLAME_SCAN);
}

static void what_lies_between_the_calls_is_nobody_s(void **state)
{
	struct overrun overrun;

	(void)state;
	begin();
	run(0, READ, 5 * PERIOD);
	overrun = take();
	assert_true(overrun.is_long_work);
	assert_int_equal(overrun.worst.ns, USUAL);
}

static void reading_an_endpoint_is_its_device_s(void **state)
{
	struct overrun overrun;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	actor_endpoint(&bed.stage.actors[1], ends[0], ENDPOINT_READ, 64, 1);
	begin();
	assert_int_equal(write(ends[1], "x", 1), 1);
	/* the first look is after the scan, the second after the only read */
	run(0, 1, 5 * PERIOD);
	overrun = take();
	assert_int_equal(overrun.worst.device, 1);
	assert_int_equal(overrun.worst.call, BLAME_RECEIVE);
	close(ends[1]);
}

static void a_loop_whose_devices_have_no_calls_looks_three_times(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		bed.stage.actors[i].driver.sample = NULL;
		bed.stage.actors[i].driver.tick = NULL;
		bed.stage.actors[i].driver.emit = NULL;
	}
	begin();
	run(0, UINT32_MAX, 0);
	assert_int_equal(bed.looks, 3);
}

static void a_cycle_in_time_hands_nothing_over(void **state)
{
	(void)state;
	begin();
	run(0, SAMPLED_0, PERIOD / 2);
	assert_nothing_to_take();
	assert_int_equal(overruns_seen(&bed.loop.overruns), 0);
}

static void an_overrun_says_when_it_was(void **state)
{
	struct overrun overrun;
	int64_t release_ns;

	(void)state;
	begin();
	run(0, UINT32_MAX, 0);
	release_ns = grid_release_ns(&bed.loop.grid, bed.loop.grid.release);
	run(3 * PERIOD, UINT32_MAX, 0);
	overrun = take();
	assert_int_equal(overrun.cycle, 1);
	assert_int_equal(overrun.release_ns, release_ns);
	assert_int_equal(overrun.wake_ns, release_ns + 3 * PERIOD);
	assert_int_equal(overrun.end_ns, overrun.wake_ns + (WRITTEN + 1) * USUAL);
	assert_int_equal(overrun.record_ns, USUAL);
	assert_true(overrun.is_late_wake);
	assert_false(overrun.is_long_work);
	assert_nothing_to_take();
}

static void the_calls_have_names(void **state)
{
	(void)state;
	assert_string_equal(blame_call_name(BLAME_SCAN), "scan");
	assert_string_equal(blame_call_name(BLAME_EMIT), "emit");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_slow_call_of_a_device_is_named),
		TEST(a_slow_scan_is_no_device_s),
		TEST(what_lies_between_the_calls_is_nobody_s),
		TEST(reading_an_endpoint_is_its_device_s),
		TEST(a_loop_whose_devices_have_no_calls_looks_three_times),
		TEST(a_cycle_in_time_hands_nothing_over),
		TEST(an_overrun_says_when_it_was),
		TEST(the_calls_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
