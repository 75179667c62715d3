/* wraps: sys_now sys_sleep_until blame_mark */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/output.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/cycle.h"
#include "rtloop/cycle/safe.h"
#include "tests/fakes/logic.h"
#include "tests/fakes/stage.h"

#define START	   (100 * NS_PER_SEC)
#define PERIOD	   NS_PER_MS
#define LATENCY_NS (15 * NS_PER_US)
#define RECORD_NS  (7 * NS_PER_US)

struct bed {
	struct stage stage;
	struct loop_options options;
	struct loop loop;
	int64_t clock_ns;
	int64_t takes_ns
		[4]; /* reading, writing, recording; reading, logic, writing, recording */
	unsigned phases;   /* of a cycle: 3, or 4 with logic */
	unsigned looks;	   /* at the clock */
	enum quality seen; /* by the second device when it writes: of the first */
};

static struct bed bed;

/* A cycle looks at the clock when it has read, when it has written and when it has recorded. */
int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	bed.clock_ns += bed.takes_ns[bed.looks++ % bed.phases];
	return bed.clock_ns;
}

/* It looks at the clock as well: test_blame.c is about that. */
void __wrap_blame_mark(struct blame *blame, uint32_t device, enum blame_call call);
void __wrap_blame_mark(struct blame *blame, uint32_t device, enum blame_call call)
{
	(void)blame, (void)device, (void)call;
}

/* Only the end of a loop sleeps here. */
int __wrap_sys_sleep_until(int64_t ns);
int __wrap_sys_sleep_until(int64_t ns)
{
	bed.clock_ns = ns > bed.clock_ns ? ns : bed.clock_ns;
	return 0;
}

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	stage_init(&bed.stage, 3);
	bed.options = (struct loop_options){ .period_ns = PERIOD,
					     .cpu = -1,
					     .catch_up_max = 10 };
	bed.phases = 3;
	bed.takes_ns[0] = 20 * NS_PER_US;
	bed.takes_ns[1] = 30 * NS_PER_US;
	bed.takes_ns[2] = RECORD_NS;
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	loop_fini(&bed.loop);
	for (unsigned i = 0; i < bed.stage.count; i++) {
		const struct actor *actor = &bed.stage.actors[i];

		assert_int_equal(actor_calls(actor, CALL_OPEN),
				 actor_calls(actor, CALL_CLOSE));
	}
	stage_fini(&bed.stage);
	return 0;
}

static void offer(unsigned index)
{
	loop_offer(&bed.loop, index, actor_open(&bed.stage.devices[index]));
}

/* Options and actors are as they are to be: make the loop. */
static void make_loop(void)
{
	stage_raise(&bed.stage);
	assert_int_equal(loop_init(&bed.loop, &bed.options, bed.stage.devices,
				   bed.stage.count, &bed.stage.recorder, NULL),
			 0);
	grid_init(&bed.loop.grid, START, &bed.options);
}

/* The same, and open all devices. */
static void begin(void)
{
	make_loop();
	for (unsigned i = 0; i < bed.stage.count; i++) {
		offer(i);
	}
}

/* One cycle that wakes so long after its release. */
static bool run_late(int64_t late_ns)
{
	bed.clock_ns = grid_release_ns(&bed.loop.grid, bed.loop.grid.release) + late_ns;
	return cycle_run(&bed.loop, bed.clock_ns);
}

static bool run(void)
{
	return run_late(LATENCY_NS);
}

static void run_many(unsigned count)
{
	while (count-- > 0) {
		assert_true(run());
	}
}

static struct actor *actor(unsigned index)
{
	return &bed.stage.actors[index];
}

static const struct record_cycle *last_cycle(void)
{
	return stage_last(&bed.stage, TOPIC_CYCLE);
}

static unsigned cycles_recorded(void)
{
	return stage_records(&bed.stage, TOPIC_CYCLE);
}

static void assert_read_but_not_written(struct device *device)
{
	for (unsigned i = 0; i < bed.stage.count; i++) {
		unsigned cycles = (unsigned)bed.loop.cycle + 1;

		assert_int_equal(actor_calls(actor(i), CALL_SAMPLE), cycles);
		assert_int_equal(actor_calls(actor(i), CALL_TICK), cycles);
	}
}

static void all_devices_are_read_before_one_is_written(void **state)
{
	actor(0)->in_emit = assert_read_but_not_written;
	begin();
	run_many(3);
	for (unsigned i = 0; i < bed.stage.count; i++) {
		assert_int_equal(actor_calls(actor(i), CALL_ATTACH), 1);
		assert_int_equal(actor_calls(actor(i), CALL_EMIT), 3);
	}
}

static void a_device_is_not_called_before_it_is_open(void **state)
{
	make_loop();
	run_many(2);
	for (unsigned i = 0; i < CALLS; i++) {
		assert_int_equal(actor_calls(actor(0), (enum call)i), 0);
	}
	offer(0);
	run_many(1);
	assert_int_equal(actor_calls(actor(0), CALL_SAMPLE), 1);
	assert_int_equal(actor_calls(actor(0), CALL_EMIT), 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->cycle, 2);
}

static void devices_take_turns_where_they_are_not_due_in_each_cycle(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		actor(i)->spec.every = 3;
	}
	begin();
	for (unsigned cycle = 0; cycle < 9; cycle++) {
		run_many(1);
		for (unsigned i = 0; i < 3; i++) {
			unsigned turns = (cycle + 3 - i) / 3;

			assert_int_equal(actor_calls(actor(i), CALL_SAMPLE), turns);
			assert_int_equal(actor_calls(actor(i), CALL_TICK), turns);
			assert_int_equal(actor_calls(actor(i), CALL_EMIT), turns);
		}
	}
}

static void turns_are_spread_among_those_of_one_rate(void **state)
{
	actor(1)->spec.every = 2;
	actor(2)->spec.every = 2;
	begin();
	for (unsigned cycle = 1; cycle <= 8; cycle++) {
		run_many(1);
		assert_int_equal(actor_calls(actor(0), CALL_SAMPLE), cycle);
		assert_int_equal(actor_calls(actor(1), CALL_SAMPLE), (cycle + 1) / 2);
		assert_int_equal(actor_calls(actor(2), CALL_SAMPLE), cycle / 2);
	}
}

static void a_turn_comes_every_so_many_cycles_though_releases_are_missed(void **state)
{
	actor(0)->spec.every = 2;
	begin();
	run_many(1);
	for (unsigned i = 1; i <= 6; i++) {
		assert_true(run_late((i % 3) * PERIOD + 1));
		assert_int_equal(actor_calls(actor(0), CALL_SAMPLE), i / 2 + 1);
	}
}

static void a_cycle_is_recorded_with_its_times(void **state)
{
	const struct record_cycle *record;

	begin();
	run_many(2);
	assert_int_equal(cycles_recorded(), 2);
	record = last_cycle();
	assert_int_equal(record->cycle, 1);
	assert_int_equal(record->release, 1);
	assert_int_equal(record->release_ns, START + PERIOD);
	assert_int_equal(record->latency_ns, LATENCY_NS);
	assert_int_equal(record->read_ns, 20 * NS_PER_US);
	assert_int_equal(record->write_ns, 30 * NS_PER_US);
	assert_int_equal(record->record_ns, RECORD_NS);
	assert_int_equal(record->missed, 0);
	assert_int_equal(record->flags, 0);
	assert_int_equal(bed.stage.records[0].time_ns, START + LATENCY_NS);
}

/* The program of @text runs in the loop; its steps take 40 us. */
static void begin_logic(struct step *step, struct logic *logic, const char *text)
{
	logic_make(logic, text);
	*step = (struct step){ .program = logic->program, .budget_ns = 50 * NS_PER_US };
	bed.phases = 4;
	bed.takes_ns[1] = 40 * NS_PER_US;
	bed.takes_ns[2] = 30 * NS_PER_US;
	bed.takes_ns[3] = RECORD_NS;
	begin();
	bed.loop.step = step;
}

static void logic_runs_between_reading_and_writing(void **state)
{
	struct step step;
	struct logic logic;

	begin_logic(&step, &logic, "n := n + 1\nt := t + dt()");
	run_many(3);
	assert_int_equal(logic_int(&logic, LOGIC_N), 3);
	assert_int_equal(logic_int(&logic, LOGIC_T), 3 * PERIOD);
	assert_int_equal(logic.channels[LOGIC_N].sample_ns, START + 2 * PERIOD);
	assert_int_equal(last_cycle()->read_ns, 20 * NS_PER_US);
	assert_int_equal(last_cycle()->step_ns, 40 * NS_PER_US);
	assert_int_equal(last_cycle()->write_ns, 30 * NS_PER_US);
	assert_int_equal(last_cycle()->record_ns, RECORD_NS);
	assert_int_equal(last_cycle()->flags, 0);
	assert_int_equal(counter_get(&bed.loop.stats.step.max_ns), 40 * NS_PER_US);
	assert_int_equal(counter_get(&bed.loop.stats.busy.max_ns), 90 * NS_PER_US);
	assert_int_equal(counter_get(&bed.loop.stats.over_budget), 0);
	logic_end(&logic);
}

static void logic_sees_the_releases_that_were_missed(void **state)
{
	struct step step;
	struct logic logic;

	begin_logic(&step, &logic, "t := t + dt()");
	run_many(1);
	assert_true(run_late(3 * PERIOD + 1));
	run_many(1);
	assert_int_equal(logic_int(&logic, LOGIC_T), 6 * PERIOD);
	logic_end(&logic);
}

static void a_step_over_its_budget_is_counted_and_marked(void **state)
{
	struct step step;
	struct logic logic;

	begin_logic(&step, &logic, "n := n + 1");
	run_many(1);
	bed.takes_ns[1] = 51 * NS_PER_US;
	run_many(2);
	assert_int_equal(last_cycle()->flags, RECORD_OVER_BUDGET);
	assert_int_equal(counter_get(&bed.loop.stats.over_budget), 2);
	assert_int_equal(counter_get(&bed.loop.stats.worst_step_cycle), 1);
	bed.takes_ns[1] = 40 * NS_PER_US;
	run_many(1);
	assert_int_equal(last_cycle()->flags, 0);
	logic_end(&logic);
}

static void what_logic_takes_is_blamed_on_nobody_s_step(void **state)
{
	struct step step;
	struct logic logic;

	begin_logic(&step, &logic, "n := n + 1");
	bed.takes_ns[1] = 2 * PERIOD;
	assert_true(run());
	assert_int_equal(bed.loop.blame.worst.device, BLAME_NOBODY);
	assert_int_equal(bed.loop.blame.worst.call, BLAME_STEP);
	assert_int_equal(bed.loop.blame.worst.ns, 2 * PERIOD);
	assert_string_equal(blame_call_name(BLAME_STEP), "step");
	logic_end(&logic);
}

static void the_first_cycle_has_no_recording_before_it(void **state)
{
	begin();
	run_many(1);
	assert_int_equal(last_cycle()->record_ns, 0);
}

static void a_device_is_told_release_wake_and_released_time(void **state)
{
	const struct cycle_time *now = &actor(0)->sampled_at;

	begin();
	run_many(2);
	assert_int_equal(now->cycle, 1);
	assert_int_equal(now->release, 1);
	assert_int_equal(now->release_ns, START + PERIOD);
	assert_int_equal(now->wake_ns, START + PERIOD + LATENCY_NS);
	assert_int_equal(now->dt_ns, PERIOD);
	assert_true(run_late(3 * PERIOD + 1)); /* release 2; 3 to 5 are missed */
	run_many(1);
	assert_int_equal(now->cycle, 3);
	assert_int_equal(now->release, 6);
	assert_int_equal(now->dt_ns, 4 * PERIOD);
}

static void waking_late_is_told_and_what_is_missed_is_skipped(void **state)
{
	begin();
	assert_true(run_late(3 * PERIOD + 1));
	assert_int_equal(last_cycle()->flags, RECORD_LATE_WAKE);
	assert_int_equal(last_cycle()->missed, 3);
	assert_int_equal(stage_event(&bed.stage, EVENT_LATE_WAKE)->value, 3);
	assert_int_equal(stage_event(&bed.stage, EVENT_LATE_WAKE)->cycle, 0);
	assert_int_equal(stage_event(&bed.stage, EVENT_LATE_WAKE)->device,
			 EVENT_NO_DEVICE);
	assert_int_equal(stage_events(&bed.stage, EVENT_LONG_WORK), 0);
	run_many(1);
	assert_int_equal(last_cycle()->cycle, 1);
	assert_int_equal(last_cycle()->release, 4);
	assert_int_equal(last_cycle()->flags, 0);
	assert_int_equal(counter_get(&bed.loop.stats.late_wakes), 1);
	assert_int_equal(counter_get(&bed.loop.stats.missed), 3);
}

static void working_long_is_told_and_what_is_missed_is_skipped(void **state)
{
	begin();
	bed.takes_ns[1] = 2 * PERIOD;
	run_many(1);
	assert_int_equal(last_cycle()->flags, RECORD_LONG_WORK);
	assert_int_equal(last_cycle()->missed, 2);
	assert_int_equal(stage_event(&bed.stage, EVENT_LONG_WORK)->value, 2);
	assert_int_equal(stage_events(&bed.stage, EVENT_LATE_WAKE), 0);
	assert_int_equal(counter_get(&bed.loop.stats.long_works), 1);
	assert_int_equal(counter_get(&bed.loop.stats.missed), 2);
}

/* Recording comes after the last write: it is not part of the work that an overrun is made of. */
static void recording_for_long_is_not_long_work(void **state)
{
	begin();
	bed.takes_ns[2] = 2 * PERIOD;
	run_many(1);
	assert_int_equal(last_cycle()->flags, 0);
}

static void catching_up_runs_missed_releases_and_says_so(void **state)
{
	bed.options.overrun = OVERRUN_CATCH_UP;
	begin();
	assert_true(run_late(3 * PERIOD));
	assert_int_equal(last_cycle()->missed, 0);
	for (unsigned release = 1; release <= 3; release++) {
		assert_true(cycle_run(&bed.loop, bed.clock_ns));
		assert_int_equal(last_cycle()->release, release);
		assert_int_equal(last_cycle()->flags, RECORD_CATCH_UP);
	}
	run_many(1);
	assert_int_equal(last_cycle()->release, 4);
	assert_int_equal(last_cycle()->flags, 0);
	assert_int_equal(counter_get(&bed.loop.stats.caught_up), 3);
	assert_int_equal(stage_events(&bed.stage, EVENT_LATE_WAKE), 1);
	assert_int_equal(cycles_recorded(), 5);
}

static void stop_ends_the_run_at_the_first_overrun(void **state)
{
	bed.options.overrun = OVERRUN_STOP;
	begin();
	run_many(2);
	assert_int_equal(loop_state(&bed.loop), LOOP_RUNS);
	assert_false(run_late(PERIOD));
	assert_int_equal(loop_state(&bed.loop), LOOP_ENDED_OVERRUN);
	assert_int_equal(last_cycle()->flags, RECORD_LATE_WAKE);
	assert_int_equal(cycles_recorded(), 3);
}

static void more_overruns_than_are_allowed_end_the_run(void **state)
{
	bed.options.fault.overruns = 2;
	bed.options.fault.within_ns = 100 * PERIOD;
	begin();
	assert_true(run_late(PERIOD));
	run_many(5);
	assert_true(run_late(PERIOD));
	run_many(5);
	assert_false(run_late(PERIOD));
	assert_int_equal(loop_state(&bed.loop), LOOP_ENDED_FAULT);
	assert_int_equal(stage_events(&bed.stage, EVENT_OVERRUN_FAULT), 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_OVERRUN_FAULT)->value, 2);
}

static void overruns_far_enough_apart_do_not(void **state)
{
	bed.options.fault.overruns = 2;
	bed.options.fault.within_ns = 10 * PERIOD;
	begin();
	for (unsigned i = 0; i < 5; i++) {
		assert_true(run_late(PERIOD));
		run_many(5);
	}
	assert_int_equal(stage_events(&bed.stage, EVENT_OVERRUN_FAULT), 0);
}

static void a_run_ends_after_its_number_of_cycles(void **state)
{
	bed.options.cycles = 3;
	begin();
	assert_true(run_late(2 * PERIOD)); /* cycles are counted, not releases */
	run_many(1);
	assert_false(run());
	assert_int_equal(loop_state(&bed.loop), LOOP_ENDED_DONE);
	assert_int_equal(cycles_recorded(), 3);
}

static void a_run_ends_after_its_time_missed_releases_included(void **state)
{
	bed.options.duration_ns = 10 * PERIOD;
	begin();
	assert_true(run_late(4 * PERIOD)); /* releases 0 to 4 */
	run_many(4);
	assert_false(run());
	assert_int_equal(loop_state(&bed.loop), LOOP_ENDED_DONE);
	assert_int_equal(last_cycle()->release, 9);
}

static void a_run_that_is_asked_to_ends_with_the_cycle(void **state)
{
	begin();
	run_many(1);
	loop_ask_stop(&bed.loop);
	assert_int_equal(loop_state(&bed.loop), LOOP_RUNS);
	assert_false(run());
	assert_int_equal(loop_state(&bed.loop), LOOP_ENDED_ASKED);
}

/* Lost in the given call of the cycle with the number 2. */
static void lose_in(enum call call)
{
	begin();
	run_many(2);
	actor(1)->loses = true;
	actor(1)->lose_in = call;
	actor(1)->lose_code = -EIO;
	run_many(1);
}

static void assert_gone(void)
{
	struct poll_link *link = loop_take_back(&bed.loop, 1);
	unsigned calls[CALLS];

	assert_non_null(link);
	poll_link_destroy(link);
	assert_int_equal(stage_quality(&bed.stage, 1), QUALITY_BAD);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->cycle, 2);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->device, 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->value, EIO);
	for (unsigned i = 0; i < CALLS; i++) {
		calls[i] = actor_calls(actor(1), (enum call)i);
	}
	run_many(5);
	for (unsigned i = 0; i < CALLS; i++) {
		assert_int_equal(actor_calls(actor(1), (enum call)i), calls[i]);
	}
	assert_int_equal(actor_calls(actor(0), CALL_EMIT), 8);
	assert_int_equal(actor_calls(actor(2), CALL_EMIT), 8);
	assert_int_equal(stage_quality(&bed.stage, 2), QUALITY_GOOD);
	assert_int_equal(stage_events(&bed.stage, EVENT_DEVICE_LOST), 1);
}

static void a_device_lost_in_sample_is_not_touched_again(void **state)
{
	lose_in(CALL_SAMPLE);
	assert_int_equal(actor_calls(actor(1), CALL_TICK), 2);
	assert_int_equal(actor_calls(actor(1), CALL_EMIT), 2);
	assert_gone();
}

static void a_device_lost_in_tick_is_not_touched_again(void **state)
{
	lose_in(CALL_TICK);
	assert_int_equal(actor_calls(actor(1), CALL_EMIT), 2);
	assert_gone();
}

static void a_device_lost_in_emit_is_not_touched_again(void **state)
{
	lose_in(CALL_EMIT);
	assert_gone();
}

/* The first stamp of the last message of device 1. */
static uint64_t cycle_of_last(void)
{
	uint64_t cycle;

	memcpy(&cycle, stage_last(&bed.stage, TOPIC_DEVICES + 1), sizeof(cycle));
	return cycle;
}

static void a_device_lost_in_sample_is_recorded_bad_as_of_that_cycle(void **state)
{
	lose_in(CALL_SAMPLE);
	assert_int_equal(cycle_of_last(), 2);
}

static void a_device_lost_in_emit_is_recorded_bad_as_of_the_next_cycle(void **state)
{
	lose_in(CALL_EMIT);
	assert_int_equal(cycle_of_last(), 3);
}

static void a_device_lost_by_a_message_is_not_touched_again(void **state)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	actor_endpoint(actor(1), fds[0], ENDPOINT_READ, 1, 1);
	assert_int_equal(write(fds[1], "abcdef", 6), 6);
	lose_in(CALL_RECEIVE);
	close(fds[1]);
	assert_int_equal(actor_calls(actor(1), CALL_RECEIVE), 3);
	assert_int_equal(actor_calls(actor(1), CALL_SAMPLE), 2);
	assert_int_equal(actor_calls(actor(1), CALL_EMIT), 2);
	assert_gone();
}

static void note_quality_of_the_first(struct device *device)
{
	bed.seen = stage_quality(&bed.stage, 0);
}

static void what_is_written_sees_a_device_bad_in_the_cycle_that_lost_it(void **state)
{
	actor(1)->in_emit = note_quality_of_the_first;
	begin();
	run_many(1);
	assert_int_equal(bed.seen, QUALITY_GOOD);
	actor(0)->loses = true;
	actor(0)->lose_in = CALL_SAMPLE;
	run_many(1);
	assert_int_equal(bed.seen, QUALITY_BAD);
}

static void a_link_offered_while_it_runs_is_taken_by_the_next_cycle(void **state)
{
	lose_in(CALL_SAMPLE);
	poll_link_destroy(loop_take_back(&bed.loop, 1));
	actor(1)->loses = false;
	run_many(1);
	offer(1);
	run_many(1);
	assert_int_equal(stage_quality(&bed.stage, 1), QUALITY_GOOD);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->value, 2);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->cycle, 4);
}

static void a_sample_that_failed_is_no_sample(void **state)
{
	int64_t last_ns;

	begin();
	run_many(1);
	last_ns = (int64_t)counter_get(&bed.stage.devices[1].last_ns);
	assert_int_equal(last_ns, START + LATENCY_NS);
	actor(1)->loses = true;
	actor(1)->lose_in = CALL_SAMPLE;
	run_many(1);
	assert_int_equal(counter_get(&bed.stage.devices[1].last_ns), last_ns);
}

static void channels_age_by_the_release(void **state)
{
	actor(0)->spec.max_age_ns = 5 * PERIOD;
	actor(0)->driver.sample = NULL;
	begin();
	run_many(1);
	channel_put_int(&bed.stage.devices[0].in[0], 1, START + PERIOD);
	device_publish(&bed.stage.devices[0],
		       &(struct cycle_time){ .cycle = 1, .wake_ns = START + PERIOD });
	run_many(6); /* releases 1 to 6: at 6 it is as old as it may be */
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_GOOD);
	run_many(1);
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_STALE);
}

static void what_was_dropped_before_a_silence_is_told_in_time(void **state)
{
	begin();
	device_count(&bed.stage.devices[2], COUNT_BAD_MATCH, 1);
	run_many(bed.stage.count);
	assert_int_equal(stage_event(&bed.stage, EVENT_FRAME_DROPPED)->device, 2);
	device_count(&bed.stage.devices[2], COUNT_BAD_MATCH, 4);
	run_many(1);
	assert_int_equal(stage_events(&bed.stage, EVENT_FRAME_DROPPED), 1);
	stage_forget(&bed.stage);
	for (unsigned i = 0; i < NS_PER_SEC / PERIOD + bed.stage.count; i++) {
		run_many(1);
		if (i % 100 == 0) {
			stage_records(&bed.stage, TOPIC_CYCLE);
		}
	}
	assert_int_equal(stage_events(&bed.stage, EVENT_FRAME_DROPPED), 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_FRAME_DROPPED)->value, 4);
}

/* How many cycles the gaps in the log hold. */
static uint64_t in_gaps(void)
{
	uint64_t cycles = 0;

	stage_records(&bed.stage, TOPIC_GAP);
	for (unsigned i = 0; i < bed.stage.record_count; i++) {
		if (bed.stage.records[i].topic == TOPIC_GAP) {
			const struct record_gap *gap =
				(const struct record_gap *)bed.stage.records[i].body;

			cycles += gap->last - gap->first + 1;
		}
	}
	return cycles;
}

static void every_cycle_that_was_run_is_recorded_or_in_a_gap(void **state)
{
	uint64_t seed = 1, logged = 0, missing = 0, missed = 0;
	unsigned count = 5000;

	begin();
	for (unsigned i = 0; i < count; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		assert_true(run_late((int64_t)(seed >> 33) % (2 * PERIOD)));
		if ((seed >> 40) % 300 == 0 || i == count - 1) {
			while (recorder_close(&bed.stage.recorder)) {
				logged += cycles_recorded();
				missing += in_gaps();
				stage_forget(&bed.stage);
			}
			logged += cycles_recorded();
			missing += in_gaps();
			stage_forget(&bed.stage);
		}
	}
	missed = counter_get(&bed.loop.stats.missed);
	assert_int_equal(bed.loop.cycle, count);
	assert_int_equal(counter_get(&bed.loop.stats.cycles), count);
	assert_int_equal(logged + missing, count);
	assert_int_equal(counter_get(&bed.stage.recorder.cycles), logged);
	assert_int_equal(counter_get(&bed.stage.recorder.cycles_dropped), missing);
	assert_in_range(missing, 1, count - 1);
	assert_in_range(missed, 1, count);
	assert_int_equal(bed.loop.grid.release, count + missed);
}

/* What the log says of a device's first channel. */
static int64_t logged_value(unsigned index)
{
	const struct device *device = &bed.stage.devices[index];
	const uint8_t *body = stage_last(&bed.stage, device->topic);
	int64_t value;

	memcpy(&value, body + ((uint8_t *)device->in[0].cell - device->part.block),
	       sizeof(value));
	return value;
}

static int logged_quality(unsigned index)
{
	const struct device *device = &bed.stage.devices[index];
	const uint8_t *body = stage_last(&bed.stage, device->topic);

	return body[device->in[0].quality - device->part.block];
}

static void inputs_that_changed_in_a_gap_are_in_the_log_behind_it(void **state)
{
	actor(1)->driver.sample = NULL;
	begin();
	for (unsigned i = 0; i < 5000 && !bed.stage.recorder.is_gap; i++) {
		run_many(1);
	}
	assert_true(bed.stage.recorder.is_gap);
	actor(0)->value = 42;
	channel_put_int(&bed.stage.devices[1].in[0], 43, bed.clock_ns);
	device_publish(
		&bed.stage.devices[1],
		&(struct cycle_time){ .cycle = bed.loop.cycle, .wake_ns = bed.clock_ns });
	actor(2)->loses = true;
	actor(2)->lose_in = CALL_SAMPLE;
	run_many(1);
	assert_true(bed.stage.recorder.is_gap);
	stage_forget(&bed.stage);
	run_many(2);
	assert_false(bed.stage.recorder.is_gap);
	assert_int_equal(cycles_recorded(), 2);
	assert_int_equal(logged_value(0), 42);
	assert_int_equal(logged_value(1), 43);
	assert_int_equal(logged_quality(2), QUALITY_BAD);
	for (unsigned i = 0; i < bed.stage.count; i++) {
		assert_int_equal(stage_records(&bed.stage, bed.stage.devices[i].topic),
				 1);
	}
}

static void the_worst_cycle_is_known_by_its_number(void **state)
{
	begin();
	run_many(3);
	assert_true(run_late(PERIOD / 2));
	bed.takes_ns[0] = PERIOD / 2;
	run_many(1);
	bed.takes_ns[0] = 0;
	run_many(3);
	assert_int_equal(counter_get(&bed.loop.stats.worst_latency_cycle), 3);
	assert_int_equal(counter_get(&bed.loop.stats.worst_busy_cycle), 4);
}

static void the_peaks_of_a_tenth_of_a_second_are_kept(void **state)
{
	struct peak peak;

	begin();
	run_many(50);
	assert_true(run_late(2 * PERIOD)); /* an overrun: releases 51 and 52 are missed */
	run_many(47);
	assert_false(peaks_take(&bed.loop.peaks, &peak));
	run_many(1); /* release 100 */
	assert_true(peaks_take(&bed.loop.peaks, &peak));
	assert_int_equal(peak.step, 0);
	assert_int_equal(peak.cycles, 98);
	assert_int_equal(peak.overruns, 1);
	assert_int_equal(peak.latency_max_ns, 2 * PERIOD);
	assert_int_equal(peak.busy_max_ns, 50 * NS_PER_US);
}

static void a_cycle_caught_up_is_no_peak_of_the_latency(void **state)
{
	struct peak peak;

	bed.options.overrun = OVERRUN_CATCH_UP;
	begin();
	bed.takes_ns[1] = 3 * PERIOD; /* busy at releases 1 to 3 */
	run_many(1);
	bed.takes_ns[1] = 0;
	assert_true(cycle_run(&bed.loop, bed.clock_ns));
	assert_true(peaks_take_last(&bed.loop.peaks, &peak));
	assert_int_equal(peak.cycles, 2);
	assert_int_equal(peak.latency_max_ns, LATENCY_NS);
}

static void each_cycle_may_be_silent_until_the_next_release(void **state)
{
	begin();
	run_many(1);
	assert_int_equal(heartbeat_due_ns(bed.loop.heartbeat), START + PERIOD);
	run_late(3 * PERIOD); /* of release 1: 2 to 4 are skipped */
	assert_int_equal(heartbeat_due_ns(bed.loop.heartbeat), START + 5 * PERIOD);
}

static void a_cycle_that_catches_up_is_silent_no_longer_than_it_works(void **state)
{
	bed.options.overrun = OVERRUN_CATCH_UP;
	begin();
	run_late(8 * PERIOD);
	assert_int_equal(heartbeat_due_ns(bed.loop.heartbeat), bed.clock_ns);
	assert_true(cycle_run(&bed.loop, bed.clock_ns));
	assert_int_equal(heartbeat_due_ns(bed.loop.heartbeat), bed.clock_ns);
}

static void a_loop_without_devices_runs(void **state)
{
	bed.stage.count = 0;
	begin();
	run_many(3);
	assert_int_equal(cycles_recorded(), 3);
}

static void without_a_descriptor_to_be_had_a_loop_says_so(void **state)
{
	struct err err = { .text = "" };
	struct fd_limit limit;
	int code;

	stage_raise(&bed.stage);
	limit = fd_limit_to_none();
	code = loop_init(&bed.loop, &bed.options, bed.stage.devices, bed.stage.count,
			 &bed.stage.recorder, &err);
	fd_limit_restore(limit);
	assert_int_equal(code, -EMFILE);
	assert_string_not_equal(err.text, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static void look_at_another(struct device *device)
{
	(void)device;
	bed.seen = (enum quality) * bed.stage.devices[1].out[0].quality;
}

static void ask(unsigned index, int64_t value)
{
	output_ask(&bed.stage.devices[index].outputs[0], (union value){ .as_int = value },
		   QUALITY_GOOD);
}

static void give_outputs(unsigned index)
{
	actor(index)->spec.out_count = ACTOR_OUTPUTS;
}

static const struct sent *last_sent(unsigned index)
{
	assert_true(actor(index)->sent_count > 0);
	return &actor(index)->sent[actor(index)->sent_count - 1];
}

static void what_is_asked_for_in_a_cycle_leaves_in_that_cycle(void **state)
{
	give_outputs(0);
	begin();
	run_many(2);
	for (int64_t value = 100; value < 110; value++) {
		ask(0, value);
		assert_true(run());
		assert_int_equal(last_sent(0)->number, value);
		assert_int_equal(last_sent(0)->cycle, bed.loop.cycle - 1);
	}
}

static void what_is_driven_is_recorded_in_the_cycle_in_which_it_leaves(void **state)
{
	const uint8_t *body;
	uint64_t cycle;
	int64_t value;

	give_outputs(0);
	begin();
	run_many(3);
	assert_int_equal(stage_records(&bed.stage, bed.stage.devices[0].out_topic), 1);
	ask(0, 55);
	assert_true(run());
	body = stage_last(&bed.stage, bed.stage.devices[0].out_topic);
	memcpy(&cycle, body, sizeof(cycle));
	memcpy(&value, body + IMAGE_HEAD_BYTES, sizeof(value));
	assert_int_equal(cycle, 3);
	assert_int_equal(value, 55);
}

static void all_outputs_are_applied_before_one_leaves(void **state)
{
	give_outputs(1);
	begin();
	actor(0)->in_emit = look_at_another;
	ask(1, 5);
	assert_true(run());
	assert_int_equal(bed.seen, QUALITY_GOOD);
}

static void a_device_sends_its_safe_values_before_what_is_asked_for(void **state)
{
	give_outputs(0);
	begin();
	ask(0, 50);
	assert_true(run());
	assert_int_equal(actor(0)->sent_count, 2);
	assert_int_equal(actor(0)->sent[0].number, 7);
	assert_true(actor(0)->sent[0].was_must);
	assert_int_equal(actor(0)->sent[1].number, 50);
}

static void outputs_of_a_device_that_is_away_are_still_recorded(void **state)
{
	give_outputs(0);
	make_loop();
	ask(0, 50);
	assert_true(run());
	assert_int_equal(stage_records(&bed.stage, bed.stage.devices[0].out_topic), 1);
	assert_int_equal(actor_calls(actor(0), CALL_EMIT), 0);
}

static void at_the_end_the_safe_values_leave_last(void **state)
{
	give_outputs(0);
	give_outputs(1);
	begin();
	ask(0, 50);
	ask(1, 51);
	run_many(2);
	safe_end(&bed.loop);
	assert_int_equal(last_sent(0)->number, 7);
	assert_true(last_sent(0)->was_must);
	assert_int_equal(last_sent(1)->number, 7);
	assert_true(bed.stage.devices[0].is_left_safe);
	assert_true(bed.stage.devices[1].is_left_safe);
	assert_false(bed.stage.devices[2].is_left_safe);
}

static void what_was_not_taken_at_the_end_is_offered_again(void **state)
{
	give_outputs(0);
	begin();
	run_many(2);
	actor(0)->deaf_to = 3;
	safe_end(&bed.loop);
	assert_true(bed.stage.devices[0].is_left_safe);
	assert_int_equal(last_sent(0)->number, 7);
}

/* Such as an answer that is to come before anything else can be sent, or that does not come. */
static void what_a_device_waits_for_is_looked_after_at_the_end(void **state)
{
	unsigned ticks;
	int fds[2];

	give_outputs(0);
	actor(0)->spec.every = 10;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	actor_endpoint(actor(0), fds[0], ENDPOINT_READ, 16, 1);
	begin();
	run_many(2);
	assert_int_equal(write(fds[1], "answer", 6), 6);
	run_many(1);
	assert_int_equal(actor_calls(actor(0), CALL_RECEIVE), 0);
	actor(0)->deaf_to = 3;
	ticks = actor_calls(actor(0), CALL_TICK);
	safe_end(&bed.loop);
	assert_int_equal(actor_calls(actor(0), CALL_RECEIVE), 1);
	assert_int_equal(actor_calls(actor(0), CALL_TICK), ticks + 4);
	assert_true(bed.stage.devices[0].is_left_safe);
	close(fds[1]);
}

static void a_device_that_is_lost_at_the_end_is_sent_nothing(void **state)
{
	unsigned emits;

	give_outputs(0);
	begin();
	run_many(2);
	actor(0)->loses = true;
	actor(0)->lose_in = CALL_TICK;
	emits = actor_calls(actor(0), CALL_EMIT);
	safe_end(&bed.loop);
	assert_int_equal(actor_calls(actor(0), CALL_EMIT), emits);
	assert_false(bed.stage.devices[0].is_left_safe);
}

static void the_end_does_not_wait_for_ever(void **state)
{
	int64_t before_ns;

	give_outputs(0);
	begin();
	run_many(2);
	actor(0)->deaf_to = UINT_MAX;
	bed.takes_ns[0] = NS_PER_MS;
	before_ns = bed.clock_ns;
	safe_end(&bed.loop);
	assert_false(bed.stage.devices[0].is_left_safe);
	assert_in_range(bed.clock_ns - before_ns, SAFE_END_NS, 2 * SAFE_END_NS);
	safe_tell(&bed.loop);
	stage_step(&bed.stage, NS_PER_MS);
	assert_int_equal(stage_event(&bed.stage, EVENT_OUTPUTS_UNSAFE)->device, 0);
	assert_int_equal(stage_event(&bed.stage, EVENT_OUTPUTS_SAFE)->value, 0);
}

static void the_end_does_not_wait_for_a_device_that_is_away(void **state)
{
	give_outputs(0);
	give_outputs(1);
	make_loop();
	offer(1);
	run_many(1);
	safe_end(&bed.loop);
	assert_false(bed.stage.devices[0].is_left_safe);
	assert_true(bed.stage.devices[1].is_left_safe);
	safe_tell(&bed.loop);
	stage_step(&bed.stage, NS_PER_MS);
	assert_int_equal(stage_events(&bed.stage, EVENT_OUTPUTS_UNSAFE), 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_OUTPUTS_SAFE)->value, 1);
}

static void a_device_that_no_cycle_took_into_use_is_left_safe_too(void **state)
{
	give_outputs(0);
	make_loop();
	offer(0);
	safe_end(&bed.loop);
	assert_int_equal(last_sent(0)->number, 7);
	assert_true(bed.stage.devices[0].is_left_safe);
}

static void a_dry_device_is_told_nothing_at_the_end(void **state)
{
	unsigned calls;

	give_outputs(0);
	begin();
	bed.stage.devices[0].is_dry = true;
	run_many(2);
	calls = actor_calls(actor(0), CALL_EMIT);
	safe_end(&bed.loop);
	safe_tell(&bed.loop);
	stage_step(&bed.stage, NS_PER_MS);
	assert_int_equal(actor_calls(actor(0), CALL_EMIT), calls);
	assert_int_equal(stage_events(&bed.stage, EVENT_OUTPUTS_SAFE), 0);
	assert_int_equal(stage_events(&bed.stage, EVENT_OUTPUTS_UNSAFE), 0);
}

static void nothing_is_recorded_after_the_last_cycle(void **state)
{
	unsigned before;

	give_outputs(0);
	begin();
	ask(0, 50);
	run_many(2);
	before = stage_records(&bed.stage, bed.stage.devices[0].out_topic);
	safe_end(&bed.loop);
	assert_null(bed.stage.devices[0].recorder);
	stage_step(&bed.stage, NS_PER_MS);
	assert_int_equal(stage_records(&bed.stage, bed.stage.devices[0].out_topic),
			 before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_devices_are_read_before_one_is_written),
		TEST(what_is_asked_for_in_a_cycle_leaves_in_that_cycle),
		TEST(what_is_driven_is_recorded_in_the_cycle_in_which_it_leaves),
		TEST(all_outputs_are_applied_before_one_leaves),
		TEST(a_device_sends_its_safe_values_before_what_is_asked_for),
		TEST(outputs_of_a_device_that_is_away_are_still_recorded),
		TEST(at_the_end_the_safe_values_leave_last),
		TEST(what_was_not_taken_at_the_end_is_offered_again),
		TEST(what_a_device_waits_for_is_looked_after_at_the_end),
		TEST(a_device_that_is_lost_at_the_end_is_sent_nothing),
		TEST(the_end_does_not_wait_for_ever),
		TEST(the_end_does_not_wait_for_a_device_that_is_away),
		TEST(a_device_that_no_cycle_took_into_use_is_left_safe_too),
		TEST(a_dry_device_is_told_nothing_at_the_end),
		TEST(nothing_is_recorded_after_the_last_cycle),
		TEST(devices_take_turns_where_they_are_not_due_in_each_cycle),
		TEST(turns_are_spread_among_those_of_one_rate),
		TEST(a_turn_comes_every_so_many_cycles_though_releases_are_missed),
		TEST(a_cycle_is_recorded_with_its_times),
		TEST(logic_runs_between_reading_and_writing),
		TEST(logic_sees_the_releases_that_were_missed),
		TEST(a_step_over_its_budget_is_counted_and_marked),
		TEST(what_logic_takes_is_blamed_on_nobody_s_step),
		TEST(the_first_cycle_has_no_recording_before_it),
		TEST(a_device_is_told_release_wake_and_released_time),
		TEST(waking_late_is_told_and_what_is_missed_is_skipped),
		TEST(working_long_is_told_and_what_is_missed_is_skipped),
		TEST(recording_for_long_is_not_long_work),
		TEST(catching_up_runs_missed_releases_and_says_so),
		TEST(stop_ends_the_run_at_the_first_overrun),
		TEST(more_overruns_than_are_allowed_end_the_run),
		TEST(overruns_far_enough_apart_do_not),
		TEST(a_run_ends_after_its_number_of_cycles),
		TEST(a_run_ends_after_its_time_missed_releases_included),
		TEST(a_run_that_is_asked_to_ends_with_the_cycle),
		TEST(a_device_is_not_called_before_it_is_open),
		TEST(a_device_lost_in_sample_is_not_touched_again),
		TEST(a_device_lost_in_tick_is_not_touched_again),
		TEST(a_device_lost_in_emit_is_not_touched_again),
		TEST(a_device_lost_in_sample_is_recorded_bad_as_of_that_cycle),
		TEST(a_device_lost_in_emit_is_recorded_bad_as_of_the_next_cycle),
		TEST(a_device_lost_by_a_message_is_not_touched_again),
		TEST(what_is_written_sees_a_device_bad_in_the_cycle_that_lost_it),
		TEST(a_link_offered_while_it_runs_is_taken_by_the_next_cycle),
		TEST(a_sample_that_failed_is_no_sample),
		TEST(channels_age_by_the_release),
		TEST(what_was_dropped_before_a_silence_is_told_in_time),
		TEST(every_cycle_that_was_run_is_recorded_or_in_a_gap),
		TEST(inputs_that_changed_in_a_gap_are_in_the_log_behind_it),
		TEST(the_worst_cycle_is_known_by_its_number),
		TEST(the_peaks_of_a_tenth_of_a_second_are_kept),
		TEST(a_cycle_caught_up_is_no_peak_of_the_latency),
		TEST(each_cycle_may_be_silent_until_the_next_release),
		TEST(a_cycle_that_catches_up_is_silent_no_longer_than_it_works),
		TEST(a_loop_without_devices_runs),
		TEST(without_a_descriptor_to_be_had_a_loop_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
