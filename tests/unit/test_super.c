/* wraps: sys_now sys_sleep_until control_serve */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/cycle.h"
#include "rtloop/super/super.h"
#include "tests/fakes/stage.h"

#define OPENINGS_MAX 512
#define LOOK_NS	     (50 * NS_PER_MS)

/* A supervisor on a clock of the test's own, and devices whose driver answers as the test wants. */
static struct {
	struct stage stage;
	struct loop_options options;
	struct loop loop;
	struct logger logger;
	struct supervisor super;
	struct guard guard; /* none */
	int64_t now_ns;
	int64_t end_ns;	 /* the loop ends then */
	int64_t lose_ns; /* the first device is lost then; 0: never */
	int64_t lose_after_ns; /* and so long after each time that it was opened; 0: it is not */
	int answer;	       /* of open() */
	int later;	       /* of proceed() */
	int64_t later_ns; /* until then, -EINPROGRESS */
	unsigned proceeded;
	int64_t opened_ns[OPENINGS_MAX];
	unsigned opened;
	unsigned closed;
	char told[8][128];
	unsigned told_count;
	bool hangs_when_told; /* the watchdog claims the outputs at that moment */
} bed;

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return bed.now_ns;
}

int __wrap_sys_sleep_until(int64_t ns);
int __wrap_sys_sleep_until(int64_t ns)
{
	bed.now_ns = ns;
	return 0;
}

/* What the cycle does meanwhile: it takes links, and loses the device where it is to. */
static void run_cycle(void)
{
	const struct cycle_time now = { .release_ns = bed.now_ns, .wake_ns = bed.now_ns };
	struct device *device = &bed.stage.devices[0];

	cycle_take_mail(&bed.loop, &now);
	if (device->link && bed.lose_ns > 0 && bed.now_ns >= bed.lose_ns) {
		bed.lose_ns = 0;
		device_lost(device, -EIO);
		seat_detach_lost(&bed.loop.seats[0], &bed.loop.poller, &now);
	}
}

void __wrap_control_serve(struct control *control, int64_t limit_ns);
void __wrap_control_serve(struct control *control, int64_t limit_ns)
{
	bed.now_ns += limit_ns;
	run_cycle();
	if (bed.now_ns >= bed.end_ns) {
		atomic_store(&bed.loop.end, LOOP_ENDED_DONE);
	}
}

static void make_link(struct link *ret_link)
{
	*ret_link = (struct link){ .endpoints = calloc(1, sizeof(struct endpoint)) };
	assert_non_null(ret_link->endpoints);
}

static int scripted_open(const struct device *device, struct link *ret_link,
			 struct err *err)
{
	assert_in_range(bed.opened, 0, OPENINGS_MAX - 1);
	bed.opened_ns[bed.opened++] = bed.now_ns;
	if (bed.answer && bed.answer != -EINPROGRESS) {
		return err_set_errno(err, bed.answer, "cannot open");
	}
	make_link(ret_link);
	if (bed.lose_after_ns > 0) {
		bed.lose_ns = bed.now_ns + bed.lose_after_ns;
	}
	return bed.answer;
}

static int scripted_proceed(const struct device *device, struct link *link,
			    struct err *err)
{
	assert_non_null(link->endpoints);
	bed.proceeded++;
	if (bed.now_ns < bed.later_ns) {
		return -EINPROGRESS;
	}
	return bed.later ? err_set_errno(err, bed.later, "no answer") : 0;
}

static void count_close(const struct device *device, struct link *link)
{
	free(link->endpoints);
	bed.closed++;
}

static void take_told(void *context, const struct device *device, const char *text)
{
	assert_in_range(bed.told_count, 0, 7);
	snprintf(bed.told[bed.told_count++], sizeof(bed.told[0]), "%s: %s",
		 device->spec->name, text);
	if (bed.hangs_when_told) {
		heartbeat_claim(bed.loop.heartbeat, HEARTBEAT_WATCHDOG);
	}
}

static void begin(unsigned devices)
{
	memset(&bed, 0, sizeof(bed));
	bed.now_ns = 1000 * NS_PER_SEC;
	bed.options =
		(struct loop_options){ .period_ns = NS_PER_MS, .poller = POLLER_EPOLL };
	stage_init(&bed.stage, devices);
	for (unsigned i = 0; i < devices; i++) {
		bed.stage.actors[i].driver.open = scripted_open;
		bed.stage.actors[i].driver.proceed = scripted_proceed;
		bed.stage.actors[i].driver.close = count_close;
	}
	stage_raise(&bed.stage);
	assert_int_equal(loop_init(&bed.loop, &bed.options, bed.stage.devices, devices,
				   &bed.stage.recorder, NULL),
			 0);
	assert_int_equal(super_init(&bed.super, &bed.loop, &bed.logger, &bed.guard), 0);
	bed.super.tell = take_told;
}

/* Until so long after the start. */
static void run_for(int64_t ns)
{
	bed.end_ns = bed.now_ns + ns;
	super_open_devices(&bed.super, NULL);
	run_cycle();
	super_run(&bed.super);
}

static void end(void)
{
	super_fini(&bed.super);
	loop_fini(&bed.loop);
	stage_fini(&bed.stage);
}

/* From one opening to the next, less than one look more than it should. */
static void assert_pause(unsigned index, int64_t pause_ns)
{
	int64_t got_ns = bed.opened_ns[index + 1] - bed.opened_ns[index];

	assert_in_range(got_ns, pause_ns, pause_ns + LOOK_NS);
}

static void a_device_that_refuses_for_minutes_is_tried_after_growing_pauses(void **state)
{
	static const int64_t pauses_ms[] = { 250, 500, 1000, 2000, 4000, 8000 };
	unsigned i;

	begin(1);
	bed.answer = -ECONNREFUSED;
	run_for(600 * NS_PER_SEC);
	for (i = 0; i < ARRAY_SIZE(pauses_ms); i++) {
		assert_pause(i, pauses_ms[i] * NS_PER_MS);
	}
	for (; i + 1 < bed.opened; i++) {
		assert_pause(i, 10 * NS_PER_SEC);
	}
	/* 15.75 s of growing pauses, then ten seconds each */
	assert_in_range(bed.opened, 60, 66);
	assert_int_equal(bed.told_count, 1);
	assert_string_equal(bed.told[0], "ann: cannot open: Connection refused");
	end();
	assert_int_equal(bed.closed, 0);
}

static void a_device_that_is_lost_soon_is_tried_after_growing_pauses(void **state)
{
	begin(1);
	bed.lose_after_ns = NS_PER_SEC;
	run_for(8 * NS_PER_SEC);
	/* a second of use, at most a look until it is noticed, and the pause */
	for (unsigned i = 0; i < 2; i++) {
		int64_t got_ns = bed.opened_ns[i + 1] - bed.opened_ns[i];

		assert_in_range(got_ns, (1000 + (250 << i)) * NS_PER_MS,
				(1000 + (250 << i)) * NS_PER_MS + 3 * LOOK_NS);
	}
	assert_string_equal(bed.told[0], "ann: went away: Input/output error");
	assert_string_equal(bed.told[1], "ann: is open again");
	end();
	assert_int_equal(bed.closed, bed.opened);
}

static void a_device_that_was_in_use_for_long_is_tried_again_soon(void **state)
{
	begin(1);
	bed.lose_after_ns = 20 * NS_PER_SEC;
	run_for(90 * NS_PER_SEC);
	assert_in_range(bed.opened, 4, 5);
	for (unsigned i = 0; i + 1 < bed.opened; i++) {
		int64_t got_ns = bed.opened_ns[i + 1] - bed.opened_ns[i];

		assert_in_range(got_ns, 20250 * NS_PER_MS,
				20250 * NS_PER_MS + 3 * LOOK_NS);
	}
	end();
}

/* It is lost after the claim, or just before: then the watchdog may have seen the link. */
static void what_the_watchdog_may_be_writing_to_is_closed_at_the_end(void **state)
{
	for (unsigned is_before = 0; is_before < 2; is_before++) {
		begin(1);
		bed.lose_ns = bed.now_ns + NS_PER_SEC;
		bed.hangs_when_told = is_before;
		if (!is_before) {
			heartbeat_claim(bed.loop.heartbeat, HEARTBEAT_WATCHDOG);
		}
		run_for(NS_PER_SEC + 3 * LOOK_NS);
		assert_int_equal(bed.lose_ns, 0);
		assert_null(bed.stage.devices[0].shown_link);
		assert_int_equal(bed.closed, 0);
		assert_int_equal(bed.told_count, is_before);
		end();
		assert_int_equal(bed.closed, bed.opened);
	}
}

static unsigned ends;

static void take_end(void *context)
{
	assert_ptr_equal(context, &bed);
	assert_int_not_equal(loop_state(&bed.loop), LOOP_RUNS);
	ends++;
}

static void whoever_wants_to_know_is_told_once_that_the_loop_has_ended(void **state)
{
	begin(1);
	ends = 0;
	bed.super.at_end = take_end;
	bed.super.context = &bed;
	run_for(2 * NS_PER_SEC);
	assert_int_equal(ends, 1);
	end();
}

static void a_peer_that_answers_later_is_taken_into_use_then(void **state)
{
	begin(1);
	bed.answer = -EINPROGRESS;
	bed.later_ns = bed.now_ns + 5 * NS_PER_SEC;
	run_for(4 * NS_PER_SEC);
	assert_false(bed.super.tended[0].is_open);
	assert_non_null(strstr(bed.super.tended[0].err.text, "not answered"));
	atomic_store(&bed.loop.end, LOOP_RUNS);
	bed.end_ns = bed.now_ns + 2 * NS_PER_SEC;
	super_run(&bed.super);
	assert_true(bed.super.tended[0].is_open);
	assert_non_null(bed.stage.devices[0].link);
	assert_int_equal(bed.opened, 1);
	assert_int_equal(bed.closed, 0);
	assert_int_equal(bed.told_count, 0);
	assert_in_range(bed.proceeded, 80, 400);
	end();
	assert_int_equal(bed.closed, 1);
}

static void a_peer_that_never_answers_is_closed_and_tried_again(void **state)
{
	begin(1);
	bed.answer = -EINPROGRESS;
	bed.later = -ETIMEDOUT;
	run_for(600 * NS_PER_SEC);
	assert_pause(0, 250 * NS_PER_MS);
	assert_pause(bed.opened - 2, 10 * NS_PER_SEC);
	assert_int_equal(bed.told_count, 1);
	assert_string_equal(bed.told[0], "ann: no answer: Connection timed out");
	end();
	assert_int_equal(bed.closed, bed.opened);
}

static void what_is_in_progress_at_the_end_is_closed(void **state)
{
	begin(2);
	bed.answer = -EINPROGRESS;
	bed.later_ns = INT64_MAX;
	run_for(NS_PER_SEC);
	assert_int_equal(bed.opened, 2);
	assert_int_equal(bed.closed, 0);
	end();
	assert_int_equal(bed.closed, 2);
}

static void peers_that_do_not_answer_hold_the_start_up_once_for_all(void **state)
{
	int64_t began_ns;

	begin(STAGE_ACTORS_MAX);
	bed.answer = -EINPROGRESS;
	bed.later_ns = INT64_MAX;
	began_ns = bed.now_ns;
	super_open_devices(&bed.super, NULL);
	assert_in_range(bed.now_ns - began_ns, SUPER_AWAIT_NS,
			SUPER_AWAIT_NS + NS_PER_MS);
	end();
}

static void a_peer_that_answers_at_once_is_there_before_the_first_cycle(void **state)
{
	int64_t began_ns;

	begin(1);
	bed.answer = -EINPROGRESS;
	began_ns = bed.now_ns;
	super_open_devices(&bed.super, NULL);
	assert_int_equal(bed.now_ns, began_ns);
	assert_true(bed.super.tended[0].is_open);
	assert_true(loop_has_offer(&bed.loop, 0));
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_device_that_refuses_for_minutes_is_tried_after_growing_pauses),
		cmocka_unit_test(
			a_device_that_is_lost_soon_is_tried_after_growing_pauses),
		cmocka_unit_test(a_device_that_was_in_use_for_long_is_tried_again_soon),
		cmocka_unit_test(
			what_the_watchdog_may_be_writing_to_is_closed_at_the_end),
		cmocka_unit_test(
			whoever_wants_to_know_is_told_once_that_the_loop_has_ended),
		cmocka_unit_test(a_peer_that_answers_later_is_taken_into_use_then),
		cmocka_unit_test(a_peer_that_never_answers_is_closed_and_tried_again),
		cmocka_unit_test(what_is_in_progress_at_the_end_is_closed),
		cmocka_unit_test(peers_that_do_not_answer_hold_the_start_up_once_for_all),
		cmocka_unit_test(
			a_peer_that_answers_at_once_is_there_before_the_first_cycle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
