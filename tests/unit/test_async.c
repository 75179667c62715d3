#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "drivers/output.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/async.h"
#include "rtloop/cycle/loop.h"
#include "tests/fakes/stage.h"

#define LIMIT_NS   (30 * NS_PER_SEC) /* of whatever is waited for: then the test fails */
#define MAX_AGE_NS (100 * NS_PER_MS)
#define LOSING	   0xff /* the value that loses the device: see stage.h */

struct bed {
	struct stage stage;
	struct loop_options options;
	struct async *async;
	int begun;  /* a byte comes for each sample() that begins ... */
	int values; /* and ends with the value written here */
};

static struct bed bed;
static struct device *const mirror = &bed.stage.devices[0];

static void make_pipe(int *ret_read_fd, int *ret_write_fd)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	*ret_read_fd = fds[0];
	*ret_write_fd = fds[1];
}

static int set_up(void **state)
{
	struct actor *actor = &bed.stage.actors[0];

	stage_init(&bed.stage, 1);
	actor->spec.lane = LANE_ASYNC;
	actor->spec.max_age_ns = MAX_AGE_NS;
	make_pipe(&bed.begun, &actor->begun_fd);
	make_pipe(&actor->value_fd, &bed.values);
	stage_raise(&bed.stage);
	bed.options = (struct loop_options){ .period_ns = NS_PER_MS };
	bed.async = NULL;
	thread_prepare();
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	struct actor *actor = &bed.stage.actors[0];

	async_stop(bed.async, INT64_MAX);
	async_destroy(bed.async);
	assert_int_equal(actor_calls(actor, CALL_OPEN), actor_calls(actor, CALL_CLOSE));
	assert_int_equal(actor->inits, 0);
	stage_fini(&bed.stage);
	close(bed.begun);
	close(bed.values);
	if (actor->begun_fd >= 0) {
		close(actor->begun_fd);
		close(actor->value_fd);
	}
	return 0;
}

static void create(void)
{
	assert_int_equal(async_create(&bed.async, mirror, &bed.options, NULL), 0);
}

static void start(void)
{
	assert_int_equal(async_start(bed.async, NULL), 0);
}

static struct poll_link *open_link(void)
{
	return actor_open(async_seat(bed.async)->device);
}

static void offer(void)
{
	seat_offer(async_seat(bed.async), open_link());
}

/* sample() is at work; what it brought before has been left for the cycle. */
static void wait_until_begun(void)
{
	struct pollfd pollfd = { .fd = bed.begun, .events = POLLIN };
	uint8_t byte;

	assert_int_equal(poll(&pollfd, 1, (int)(LIMIT_NS / NS_PER_MS)), 1);
	assert_int_equal(read(bed.begun, &byte, 1), 1);
}

static void give(uint8_t value)
{
	assert_int_equal(write(bed.values, &value, 1), 1);
}

/* A cycle at this time. */
static void fetch_at(int64_t release_ns)
{
	stage_step(&bed.stage, release_ns - bed.stage.now.release_ns);
	async_fetch(bed.async, &bed.stage.now);
	device_age(mirror, &bed.stage.now);
}

static void fetch(void)
{
	fetch_at(sys_now());
}

static void a_driver_that_blocks_does_not_hold_up_the_cycle(void **state)
{
	int64_t sample_ns;

	create();
	offer();
	start();
	wait_until_begun();
	fetch();
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_BAD);
	give(11);
	wait_until_begun();
	sample_ns = sys_now();
	fetch();
	assert_int_equal(stage_value(&bed.stage, 0), 11);
	assert_in_range(counter_get(&mirror->last_ns), 1, sample_ns);
	sample_ns = (int64_t)counter_get(&mirror->last_ns);
	fetch_at(sample_ns + MAX_AGE_NS);
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_GOOD);
	fetch_at(sample_ns + MAX_AGE_NS + 1);
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_STALE);
	assert_int_equal(stage_value(&bed.stage, 0), 11);
	give(12);
	wait_until_begun();
	async_fetch(bed.async, &bed.stage.now);
	assert_int_equal(stage_value(&bed.stage, 0), 12);
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_GOOD);
}

static void the_cycle_sees_the_newest_of_several_values(void **state)
{
	create();
	offer();
	start();
	for (uint8_t value = 1; value <= 20; value++) {
		wait_until_begun();
		give(value);
	}
	wait_until_begun();
	fetch();
	assert_int_equal(stage_value(&bed.stage, 0), 20);
	stage_step(&bed.stage, NS_PER_MS);
	assert_int_equal(stage_records(&bed.stage, mirror->topic), 1);
}

static void give_outputs(void)
{
	bed.stage.actors[0].spec.out_count = ACTOR_OUTPUTS;
}

/* Its outputs are there only where the test says so, before the devices are bound. */
static void raise_again(void)
{
	stage_fini(&bed.stage);
	give_outputs();
	stage_raise(&bed.stage);
}

static void drive(int64_t speed)
{
	output_ask(&mirror->outputs[0], (union value){ .as_int = speed }, QUALITY_GOOD);
	outputs_apply(mirror);
	async_drive(bed.async);
}

/* A round of the worker is over, and the next one waits in sample(). */
static void let_work(uint8_t value)
{
	give(value);
	wait_until_begun();
}

static const struct sent *last_sent(void)
{
	const struct actor *actor = &bed.stage.actors[0];

	assert_true(actor->sent_count > 0);
	return &actor->sent[actor->sent_count - 1];
}

static void what_the_cycle_drives_reaches_the_driver_the_newest_first(void **state)
{
	raise_again();
	create();
	offer();
	start();
	wait_until_begun();
	let_work(1);
	assert_int_equal(bed.stage.actors[0].sent[0].number, 7);
	assert_true(bed.stage.actors[0].sent[0].was_must);
	assert_int_equal(last_sent()->number, 7);
	drive(20);
	drive(21);
	let_work(2);
	assert_int_equal(last_sent()->number, 21);
	let_work(3);
	assert_int_equal(last_sent()->number, 21);
	drive(22);
	let_work(4);
	assert_int_equal(last_sent()->number, 22);
}

static void the_workers_last_act_is_to_send_the_safe_values(void **state)
{
	raise_again();
	create();
	offer();
	start();
	wait_until_begun();
	drive(20);
	let_work(1);
	assert_int_equal(last_sent()->number, 20);
	bed.stage.actors[0].deaf_to = 2;
	async_stop(bed.async, INT64_MAX);
	assert_int_equal(last_sent()->number, 7);
	assert_true(last_sent()->was_must);
	assert_true(mirror->is_left_safe);
}

static void a_worker_whose_device_is_away_is_not_left_safe(void **state)
{
	raise_again();
	create();
	start();
	async_stop(bed.async, INT64_MAX);
	assert_int_equal(bed.stage.actors[0].sent_count, 0);
	assert_false(mirror->is_left_safe);
}

static void the_driver_is_only_called_with_the_worker(void **state)
{
	create();
	offer();
	start();
	wait_until_begun();
	fetch();
	assert_ptr_equal(atomic_load(&bed.stage.actors[0].acted),
			 async_seat(bed.async)->device);
	assert_ptr_not_equal(async_seat(bed.async)->device, mirror);
}

/* Cycles go by until the worker has done it. */
static void fetch_until_lost(uint64_t times)
{
	int64_t end_ns = sys_now() + LIMIT_NS;

	while (stage_count(&bed.stage, 0, COUNT_LOST) < times) {
		assert_true(sys_now() < end_ns);
		fetch();
		stage_forget(&bed.stage);
		sched_yield();
	}
}

static struct poll_link *wait_for_link(void)
{
	int64_t end_ns = sys_now() + LIMIT_NS;
	struct poll_link *link;

	while (!(link = seat_take_back(async_seat(bed.async)))) {
		assert_true(sys_now() < end_ns);
		sched_yield();
	}
	return link;
}

static void a_loss_reaches_the_cycle_and_the_device_can_come_back(void **state)
{
	create();
	offer();
	start();
	wait_until_begun();
	give(5);
	wait_until_begun();
	fetch();
	stage_step(&bed.stage, 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->value, 1);
	give(LOSING);
	poll_link_destroy(wait_for_link());
	fetch_until_lost(1);
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_BAD);
	offer();
	wait_until_begun();
	give(6);
	wait_until_begun();
	fetch();
	assert_int_equal(stage_value(&bed.stage, 0), 6);
	assert_int_equal(stage_quality(&bed.stage, 0), QUALITY_GOOD);
	stage_step(&bed.stage, 1);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_OPENED)->value, 2);
}

/* The codes of all events so far, in order. */
static unsigned list_events(enum event_code *codes, unsigned capacity)
{
	unsigned total = stage_records(&bed.stage, TOPIC_EVENT), count = 0;

	assert_in_range(total, 0, capacity);
	for (unsigned i = 0; i < bed.stage.record_count; i++) {
		if (bed.stage.records[i].topic == TOPIC_EVENT) {
			const struct record_event *event =
				(const struct record_event *)bed.stage.records[i].body;

			codes[count++] = (enum event_code)event->code;
		}
	}
	return count;
}

/* The worker has gone round since its link came back: it leaves a snapshot after that. */
static void wait_until_left(void)
{
	int64_t end_ns = sys_now() + LIMIT_NS;

	while (stage_count(&bed.stage, 0, COUNT_LOST) == 0) {
		assert_true(sys_now() < end_ns);
		fetch();
		sched_yield();
	}
	stage_step(&bed.stage, 1);
}

static void what_happened_between_two_cycles_is_told_in_its_order(void **state)
{
	enum event_code codes[2] = { EVENT_CODES, EVENT_CODES };

	create();
	offer();
	start();
	wait_until_begun();
	give(LOSING);
	poll_link_destroy(wait_for_link());
	wait_until_left();
	assert_int_equal(list_events(codes, 2), 2);
	assert_int_equal(codes[0], EVENT_DEVICE_OPENED);
	assert_int_equal(codes[1], EVENT_DEVICE_LOST);
	assert_int_equal(stage_event(&bed.stage, EVENT_DEVICE_LOST)->value, EIO);
}

static void a_loss_before_a_return_is_told_before_it(void **state)
{
	enum event_code codes[2] = { EVENT_CODES, EVENT_CODES };

	create();
	offer();
	start();
	wait_until_begun();
	give(1);
	wait_until_begun();
	fetch();
	stage_step(&bed.stage, 1);
	stage_forget(&bed.stage);
	give(LOSING);
	poll_link_destroy(wait_for_link());
	offer();
	wait_until_begun();
	give(2);
	wait_until_begun();
	fetch();
	stage_step(&bed.stage, 1);
	assert_int_equal(list_events(codes, 2), 2);
	assert_int_equal(codes[0], EVENT_DEVICE_LOST);
	assert_int_equal(codes[1], EVENT_DEVICE_OPENED);
}

static void the_worker_reads_endpoints_too(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	int64_t end_ns = sys_now() + LIMIT_NS;
	int fds[2] = { -1, -1 };

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fds), 0);
	actor->driver.sample = NULL;
	actor_endpoint(actor, fds[0], ENDPOINT_RECV, 16, 4);
	create();
	offer();
	start();
	assert_int_equal(write(fds[1], "A", 1), 1);
	while (stage_quality(&bed.stage, 0) != QUALITY_GOOD) {
		assert_true(sys_now() < end_ns);
		fetch();
		stage_forget(&bed.stage);
		sched_yield();
	}
	assert_int_equal(stage_value(&bed.stage, 0), 'A');
	close(fds[1]);
}

/* Each time the stop may come just before the worker falls asleep, for an hour. */
static void stopping_does_not_wait_for_a_long_period(void **state)
{
	int64_t end_ns = sys_now() + LIMIT_NS;

	bed.stage.actors[0].driver.sample = NULL;
	bed.options.period_ns = 3600 * NS_PER_SEC;
	for (unsigned i = 0; i < 200 && sys_now() < end_ns; i++) {
		create();
		start();
		async_stop(bed.async, INT64_MAX);
		async_destroy(bed.async);
	}
	bed.async = NULL;
}

static void stopping_interrupts_a_driver_that_blocks(void **state)
{
	create();
	offer();
	start();
	wait_until_begun();
	async_stop(bed.async, INT64_MAX);
	async_stop(bed.async, INT64_MAX);
}

static void one_that_was_never_started_can_be_stopped_and_destroyed(void **state)
{
	create();
	offer();
	async_stop(NULL, INT64_MAX);
	async_destroy(NULL);
}

static void a_driver_that_refuses_to_begin_is_passed_on(void **state)
{
	struct err err = { .text = "" };

	bed.stage.actors[0].init_code = -EBADMSG;
	assert_int_equal(async_create(&bed.async, mirror, &bed.options, &err), -EBADMSG);
	assert_string_equal(err.text, "not in the mood");
	assert_null(bed.async);
}

static void without_a_descriptor_to_be_had_it_says_so(void **state)
{
	struct fd_limit limit = fd_limit_to_none();
	struct err err = { .text = "" };
	int code = async_create(&bed.async, mirror, &bed.options, &err);

	fd_limit_restore(limit);
	assert_int_equal(code, -EMFILE);
	assert_string_not_equal(err.text, "");
	assert_null(bed.async);
}

/* The whole loop, in real time: how long it takes is nobody's concern. */
static void a_loop_runs_its_cycles_beside_a_device_that_blocks(void **state)
{
	struct realtime realtime = { .dma_latency_fd = -1 };
	static struct loop loop;

	bed.options.cpu = -1;
	bed.options.cycles = 20;
	bed.options.stack_bytes = 256 << 10;
	recorder_end(&bed.stage.recorder);
	assert_int_equal(loop_init(&loop, &bed.options, bed.stage.devices, 1,
				   &bed.stage.recorder, NULL),
			 0);
	loop_offer(&loop, 0, actor_open(loop_worker(&loop, 0)));
	assert_int_equal(loop_start(&loop, &realtime, NULL), 0);
	loop_join(&loop);
	assert_int_equal(loop_state(&loop), LOOP_ENDED_DONE);
	assert_int_equal(loop.cycle, 20);
	assert_int_equal(stage_records(&bed.stage, TOPIC_CYCLE), 20);
	loop_fini(&loop);
}

static void a_loop_asked_to_stop_ends_out_of_a_long_sleep(void **state)
{
	struct realtime realtime = { .dma_latency_fd = -1 };
	static struct loop loop;

	bed.options.cpu = -1;
	bed.options.period_ns = 3600 * NS_PER_SEC;
	bed.options.stack_bytes = 256 << 10;
	recorder_end(&bed.stage.recorder);
	assert_int_equal(loop_init(&loop, &bed.options, bed.stage.devices, 1,
				   &bed.stage.recorder, NULL),
			 0);
	assert_int_equal(loop_start(&loop, &realtime, NULL), 0);
	while (loop_state(&loop) == LOOP_RUNS) {
		loop_ask_stop(&loop);
		sched_yield();
	}
	loop_join(&loop);
	assert_int_equal(loop_state(&loop), LOOP_ENDED_ASKED);
	loop_fini(&loop);
}

static unsigned count_threads(void)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned count = 0;

	assert_non_null(tasks);
	while (readdir(tasks)) {
		count++;
	}
	closedir(tasks);
	return count;
}

static void a_loop_that_cannot_start_leaves_no_lane_running(void **state)
{
	struct realtime realtime = { .dma_latency_fd = -1 };
	struct err err = { .text = "" };
	unsigned threads = count_threads();
	int64_t end_ns = sys_now() + LIMIT_NS;
	static struct loop loop;

	bed.options.cpu = 1023;
	bed.options.stack_bytes = 256 << 10;
	assert_int_equal(loop_init(&loop, &bed.options, bed.stage.devices, 1,
				   &bed.stage.recorder, NULL),
			 0);
	assert_int_equal(loop_start(&loop, &realtime, &err), -EINVAL);
	assert_string_not_equal(err.text, "");
	/* the kernel may show one that was joined a moment longer */
	while (count_threads() > threads) {
		assert_true(sys_now() < end_ns);
	}
	loop_fini(&loop);
}

/* The supervisor, which would join them, may be busy for as long as a line takes to drain. */
static void lanes_end_safe_with_the_cycle_before_anybody_joins_it(void **state)
{
	struct actor *actor = &bed.stage.actors[0];
	struct realtime realtime = { .dma_latency_fd = -1 };
	int64_t end_ns = sys_now() + LIMIT_NS;
	unsigned threads = count_threads();
	static struct loop loop;

	close(actor->begun_fd);
	close(actor->value_fd);
	actor->begun_fd = -1;
	raise_again();
	bed.options.cpu = -1;
	bed.options.cycles = 20;
	bed.options.stack_bytes = 256 << 10;
	recorder_end(&bed.stage.recorder);
	assert_int_equal(loop_init(&loop, &bed.options, bed.stage.devices, 1,
				   &bed.stage.recorder, NULL),
			 0);
	output_ask(&mirror->outputs[0], (union value){ .as_int = 20 }, QUALITY_GOOD);
	loop_offer(&loop, 0, actor_open(loop_worker(&loop, 0)));
	assert_int_equal(loop_start(&loop, &realtime, NULL), 0);
	while (count_threads() > threads) {
		assert_true(sys_now() < end_ns);
	}
	loop_join(&loop);
	assert_int_equal(last_sent()->number, 7);
	assert_true(last_sent()->was_must);
	assert_true(mirror->is_left_safe);
	loop_fini(&loop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_driver_that_blocks_does_not_hold_up_the_cycle),
		TEST(the_cycle_sees_the_newest_of_several_values),
		TEST(what_the_cycle_drives_reaches_the_driver_the_newest_first),
		TEST(the_workers_last_act_is_to_send_the_safe_values),
		TEST(a_worker_whose_device_is_away_is_not_left_safe),
		TEST(the_driver_is_only_called_with_the_worker),
		TEST(a_loss_reaches_the_cycle_and_the_device_can_come_back),
		TEST(what_happened_between_two_cycles_is_told_in_its_order),
		TEST(a_loss_before_a_return_is_told_before_it),
		TEST(the_worker_reads_endpoints_too),
		TEST(stopping_does_not_wait_for_a_long_period),
		TEST(stopping_interrupts_a_driver_that_blocks),
		TEST(one_that_was_never_started_can_be_stopped_and_destroyed),
		TEST(a_driver_that_refuses_to_begin_is_passed_on),
		TEST(without_a_descriptor_to_be_had_it_says_so),
		TEST(a_loop_runs_its_cycles_beside_a_device_that_blocks),
		TEST(a_loop_asked_to_stop_ends_out_of_a_long_sleep),
		TEST(a_loop_that_cannot_start_leaves_no_lane_running),
		TEST(lanes_end_safe_with_the_cycle_before_anybody_joins_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
