#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/cycle.h"
#include "rtloop/cycle/loop.h"
#include "tests/fakes/stage.h"

#define LIMIT_NS (60 * NS_PER_SEC) /* of whatever is waited for: then the test fails */
/* A machine may keep a thread that is not real-time waiting for long. */
#define HANG_NS (NS_PER_SEC / WATCHDOG_ORDINARY_TIMES)

/* A thread that hangs stays until the process ends, and so does its loop. */
struct bed {
	struct stage stage;
	struct loop_options options;
	struct loop loop;
	struct realtime realtime;
	_Atomic bool may_hang;
	_Atomic bool is_deaf; /* the thread keeps signals from itself */
	_Atomic bool may_come_back;
};

static struct bed beds[5];
static struct bed *bed = beds;

static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
}

/* In emit(), once it may. */
static void hang(struct device *device)
{
	(void)device;
	if (!atomic_load(&bed->may_hang) || atomic_load(&bed->may_come_back)) {
		return;
	}
	if (atomic_load(&bed->is_deaf)) {
		block_signals();
	}
	while (!atomic_load(&bed->may_come_back)) {
		(void)sys_sleep_until(sys_now() + NS_PER_MS);
	}
	if (atomic_load(&bed->is_deaf)) {
		sigset_t none;

		sigemptyset(&none);
		pthread_sigmask(SIG_SETMASK, &none, NULL);
	}
}

static int set_up(void **state)
{
	(void)state;
	stage_init(&bed->stage, 2);
	for (unsigned i = 0; i < 2; i++) {
		bed->stage.actors[i].spec.out_count = ACTOR_OUTPUTS;
	}
	bed->options = (struct loop_options){ .period_ns = NS_PER_MS,
					      .cpu = -1,
					      .stack_bytes = 256 << 10,
					      .fault = { .hang_ns = HANG_NS } };
	bed->realtime = (struct realtime){ .dma_latency_fd = -1 };
	return 0;
}

/* The next test has a bed of its own. */
static int next_bed(void **state)
{
	(void)state;
	bed++;
	return 0;
}

static void start(void)
{
	stage_raise(&bed->stage);
	recorder_end(&bed->stage.recorder);
	assert_int_equal(loop_init(&bed->loop, &bed->options, bed->stage.devices, 2,
				   &bed->stage.recorder, NULL),
			 0);
	for (unsigned i = 0; i < 2; i++) {
		loop_offer(&bed->loop, i, actor_open(loop_worker(&bed->loop, i)));
	}
	assert_int_equal(loop_start(&bed->loop, &bed->realtime, NULL), 0);
}

static void wait_for_end(void)
{
	int64_t end_ns = sys_now() + LIMIT_NS;

	while (loop_state(&bed->loop) == LOOP_RUNS) {
		assert_true(sys_now() < end_ns);
		sched_yield();
	}
}

static void run_until_hung(void)
{
	start();
	while (counter_get(&bed->loop.stats.cycles) < 3) {
		sched_yield();
	}
	atomic_store(&bed->may_hang, true);
	wait_for_end();
	loop_join(&bed->loop);
	assert_int_equal(loop_state(&bed->loop), LOOP_ENDED_HUNG);
	assert_int_equal(recorder_close(&bed->stage.recorder), 0);
}

static const struct sent *last_sent(unsigned index)
{
	const struct actor *actor = &bed->stage.actors[index];

	assert_true(actor->sent_count > 0);
	return &actor->sent[actor->sent_count - 1];
}

static void a_loop_that_goes_on_is_left_alone(void **state)
{
	(void)state;
	bed->options.cycles = 300;
	bed->options.fault.hang_ns = LIMIT_NS;
	start();
	/* a thread without priority waits for a CPU now and then */
	assert_int_equal(bed->loop.heartbeat->limit_ns, LIMIT_NS * 10);
	loop_join(&bed->loop);
	assert_int_equal(loop_state(&bed->loop), LOOP_ENDED_DONE);
	assert_int_equal(heartbeat_owner(bed->loop.heartbeat), HEARTBEAT_SETTLED);
	assert_int_equal(heartbeat_outputs(bed->loop.heartbeat), HEARTBEAT_OUTPUTS_SAFE);
	assert_int_equal(bed->stage.actors[0].rescues, 0);
	loop_fini(&bed->loop);
	stage_fini(&bed->stage);
}

static void a_call_that_hangs_ends_the_loop_with_safe_outputs(void **state)
{
	unsigned sent;

	(void)state;
	bed->stage.actors[1].in_emit = hang;
	run_until_hung();
	assert_true(bed->loop.watchdog.is_parked);
	assert_int_equal(bed->loop.watchdog.device, 1);
	assert_int_equal(bed->loop.watchdog.call, BLAME_EMIT);
	assert_true(bed->loop.watchdog.silent_ns >= HANG_NS);
	assert_int_equal(heartbeat_owner(bed->loop.heartbeat), HEARTBEAT_WATCHDOG);
	/* the other device: as at any end */
	assert_int_equal(last_sent(0)->number, 7);
	assert_true(last_sent(0)->was_must);
	assert_true(bed->stage.devices[0].is_left_safe);
	/* the one in whose call it hangs: only past its state */
	assert_in_range(bed->stage.actors[1].rescues, 1, 2);
	assert_false(last_sent(1)->was_must);
	sent = bed->stage.actors[1].sent_count;
	assert_int_equal(stage_events(&bed->stage, EVENT_CYCLE_HUNG), 1);
	assert_int_equal(stage_event(&bed->stage, EVENT_CYCLE_HUNG)->device, 1);
	assert_int_equal(stage_events(&bed->stage, EVENT_OUTPUTS_SAFE), 1);
	assert_int_equal(stage_records(&bed->stage, TOPIC_CYCLE), bed->loop.cycle);
	/* what it waited for has come: it goes on no more */
	atomic_store(&bed->may_come_back, true);
	for (unsigned i = 0; i < 20; i++) {
		(void)sys_sleep_until(sys_now() + NS_PER_MS);
	}
	assert_int_equal(bed->stage.actors[1].sent_count, sent);
}

/* As one that is in a call of the kernel which cannot be interrupted. */
static void one_that_cannot_be_parked_is_parked_when_it_comes_back(void **state)
{
	const struct actor *stuck = &bed->stage.actors[0];
	int64_t end_ns;
	unsigned sent, rescues;

	(void)state;
	bed->stage.actors[0].in_emit = hang;
	atomic_store(&bed->is_deaf, true);
	run_until_hung();
	assert_false(bed->loop.watchdog.is_parked);
	assert_int_equal(stage_events(&bed->stage, EVENT_OUTPUTS_UNSAFE), 1);
	assert_int_equal(heartbeat_outputs(bed->loop.heartbeat),
			 HEARTBEAT_OUTPUTS_UNSAFE);
	assert_true(bed->stage.actors[1].rescues > 0);
	sent = bed->stage.actors[1].sent_count;
	rescues = stuck->rescues;
	atomic_store(&bed->may_come_back, true);
	end_ns = sys_now() + LIMIT_NS;
	while (stuck->rescues == rescues) {
		assert_true(sys_now() < end_ns);
		sched_yield();
	}
	assert_true(thread_is_parked(&bed->loop.thread));
	assert_int_equal(bed->stage.actors[1].sent_count, sent);
}

static void without_a_limit_there_is_no_watchdog(void **state)
{
	(void)state;
	bed->options.fault.hang_ns = 0;
	bed->options.cycles = 3;
	start();
	assert_false(bed->loop.watchdog.thread.is_running);
	loop_join(&bed->loop);
	assert_int_equal(loop_state(&bed->loop), LOOP_ENDED_DONE);
	loop_fini(&bed->loop);
	stage_fini(&bed->stage);
}

/* Another one has claimed the outputs: the cycle that runs then writes nothing. */
static void a_cycle_whose_outputs_are_claimed_writes_nothing(void **state)
{
	unsigned sent;

	(void)state;
	stage_raise(&bed->stage);
	assert_int_equal(loop_init(&bed->loop, &bed->options, bed->stage.devices, 2,
				   &bed->stage.recorder, NULL),
			 0);
	grid_init(&bed->loop.grid, sys_now(), &bed->options);
	loop_offer(&bed->loop, 0, actor_open(loop_worker(&bed->loop, 0)));
	assert_true(cycle_run(&bed->loop, sys_now()));
	sent = bed->stage.actors[0].sent_count;
	assert_true(sent > 0);
	assert_true(heartbeat_claim(bed->loop.heartbeat, HEARTBEAT_WATCHDOG));
	assert_false(cycle_run(&bed->loop, sys_now()));
	assert_int_equal(bed->stage.actors[0].sent_count, sent);
	loop_fini(&bed->loop);
	stage_fini(&bed->stage);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, next_bed)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_loop_that_goes_on_is_left_alone),
		TEST(a_call_that_hangs_ends_the_loop_with_safe_outputs),
		TEST(one_that_cannot_be_parked_is_parked_when_it_comes_back),
		TEST(without_a_limit_there_is_no_watchdog),
		TEST(a_cycle_whose_outputs_are_claimed_writes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
