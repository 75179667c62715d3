#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rtloop/base/record.h"

#define RING_BYTES (64u << 10)
#define BODY_BYTES 1000u

struct bench {
	struct ring ring;
	struct recorder recorder;
};

static int set_up(void **state)
{
	static struct bench bench;

	memset(&bench, 0, sizeof(bench));
	bench.recorder.ring = &bench.ring;
	bench.recorder.wake_fd = eventfd(0, EFD_NONBLOCK);
	bench.recorder.wake_mark_bytes = RING_BYTES / 2;
	*state = &bench;
	return ring_init(&bench.ring, RING_BYTES, NULL);
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	close(bench->recorder.wake_fd);
	ring_fini(&bench->ring);
	return 0;
}

/* A cycle with one record of a device and the one of the cycle. */
static void run_cycle(struct recorder *recorder, uint64_t cycle)
{
	struct record_cycle *record;
	uint8_t *body;

	recorder_begin(recorder, cycle, (int64_t)cycle * 1000);
	body = recorder_add(recorder, TOPIC_DEVICES, BODY_BYTES);
	if (body) {
		memset(body, (int)cycle, BODY_BYTES);
	}
	record = recorder_add(recorder, TOPIC_CYCLE, sizeof(*record));
	if (record) {
		*record = (struct record_cycle){ .cycle = cycle };
	}
	recorder_end(recorder);
}

/* Takes all that is in the ring; counts what it sees. */
struct seen {
	uint64_t cycles;
	uint64_t in_gaps;
	uint64_t gaps;
	uint64_t events;
	uint64_t next; /* the cycle that must come */
	uint32_t last_code;
	int64_t last_value;
};

static void look_at(struct seen *seen, const struct record *record)
{
	const void *body = record + 1;

	if (record->topic == TOPIC_CYCLE) {
		assert_int_equal(((const struct record_cycle *)body)->cycle, seen->next);
		seen->next++;
		seen->cycles++;
	} else if (record->topic == TOPIC_GAP) {
		const struct record_gap *gap = body;

		assert_int_equal(gap->first, seen->next);
		assert_true(gap->last >= gap->first);
		seen->next = gap->last + 1;
		seen->in_gaps += gap->last - gap->first + 1;
		seen->gaps++;
	} else if (record->topic == TOPIC_EVENT) {
		seen->events++;
		seen->last_code = ((const struct record_event *)body)->code;
		seen->last_value = ((const struct record_event *)body)->value;
	}
}

static void take_all(struct ring *ring, struct seen *seen)
{
	uint64_t bytes = 0, done = 0;
	const uint8_t *data = ring_peek(ring, &bytes);

	while (done < bytes) {
		const struct record *record = (const struct record *)(data + done);

		look_at(seen, record);
		done += record_bytes(record->bytes);
	}
	ring_take(ring, bytes);
}

static void a_cycle_is_recorded_with_its_time(void **state)
{
	struct bench *bench = *state;
	const struct record *record;
	uint64_t bytes = 0;

	run_cycle(&bench->recorder, 7);
	record = ring_peek(&bench->ring, &bytes);
	assert_int_equal(bytes, record_bytes(BODY_BYTES) +
					record_bytes(sizeof(struct record_cycle)));
	assert_int_equal(record->topic, TOPIC_DEVICES);
	assert_int_equal(record->bytes, BODY_BYTES);
	assert_int_equal(record->time_ns, 7000);
}

static void cycles_that_do_not_fit_become_one_gap_of_the_exact_range(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };
	uint64_t fitted;

	for (uint64_t cycle = 0; cycle < 200; cycle++) {
		run_cycle(&bench->recorder, cycle);
	}
	fitted = counter_get(&bench->recorder.cycles);
	assert_in_range(fitted, 1, 199);
	take_all(&bench->ring, &seen);
	run_cycle(&bench->recorder, 200);
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.cycles, fitted + 1);
	assert_int_equal(seen.gaps, 1);
	assert_int_equal(seen.in_gaps, 200 - fitted);
	assert_int_equal(seen.next, 201);
	assert_int_equal(counter_get(&bench->recorder.cycles_dropped), 200 - fitted);
}

/* To the last byte, the reserve too. */
static void fill(struct ring *ring)
{
	struct record *record;

	while ((record = ring_reserve(ring, sizeof(*record), 0))) {
		*record = (struct record){ .topic = TOPIC_DEVICES };
	}
	ring_commit(ring);
}

static void a_gap_still_open_at_the_end_is_recorded_when_there_is_room(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };

	for (uint64_t cycle = 0; cycle < 100; cycle++) {
		run_cycle(&bench->recorder, cycle);
	}
	assert_true(bench->recorder.is_gap);
	fill(&bench->ring);
	assert_int_equal(recorder_close(&bench->recorder), -EAGAIN);
	take_all(&bench->ring, &seen);
	assert_int_equal(recorder_close(&bench->recorder), 0);
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.next, 100);
	assert_int_equal(seen.cycles + seen.in_gaps, 100);
}

/* No gap is open, and the room for events is taken by those of before. */
static void events_that_have_no_room_at_the_end_wait_for_it(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };

	fill(&bench->ring);
	for (unsigned i = 0; i < RECORD_EVENTS_MAX; i++) {
		recorder_event(&bench->recorder, EVENT_LATE_WAKE, EVENT_NO_DEVICE, i);
	}
	recorder_event(&bench->recorder, EVENT_RUN_ENDED, EVENT_NO_DEVICE, 7);
	recorder_event(&bench->recorder, EVENT_RUN_ENDED, EVENT_NO_DEVICE, 8);
	assert_int_equal(recorder_close(&bench->recorder), -EAGAIN);
	take_all(&bench->ring, &seen);
	assert_int_equal(recorder_close(&bench->recorder), 0);
	take_all(&bench->ring, &seen);
	/* the last two, and what tells of those that found no room before them */
	assert_int_equal(seen.events, 3);
	assert_int_equal(seen.last_code, EVENT_EVENTS_LOST);
	assert_int_equal(seen.last_value, RECORD_EVENTS_MAX);
	assert_int_equal(counter_get(&bench->recorder.events_lost), RECORD_EVENTS_MAX);
}

static void random_stalls_account_for_every_cycle(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };
	uint64_t seed = 1, cycle;

	for (cycle = 0; cycle < 100000; cycle++) {
		run_cycle(&bench->recorder, cycle);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		if ((seed >> 40) % 50 == 0) {
			take_all(&bench->ring, &seen);
		}
	}
	while (recorder_close(&bench->recorder)) {
		take_all(&bench->ring, &seen);
	}
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.next, cycle);
	assert_int_equal(seen.cycles + seen.in_gaps, cycle);
	assert_int_equal(seen.cycles, counter_get(&bench->recorder.cycles));
	assert_int_equal(seen.in_gaps, counter_get(&bench->recorder.cycles_dropped));
	assert_int_equal(seen.gaps, counter_get(&bench->recorder.gaps));
	assert_true(seen.gaps > 10);
}

static void an_event_of_a_dropped_cycle_is_recorded(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };
	uint64_t cycle = 0;

	while (counter_get(&bench->recorder.cycles_dropped) == 0) {
		run_cycle(&bench->recorder, cycle++);
	}
	recorder_begin(&bench->recorder, cycle, 1);
	recorder_event(&bench->recorder, EVENT_LATE_WAKE, EVENT_NO_DEVICE, 3);
	assert_null(recorder_add(&bench->recorder, TOPIC_DEVICES, BODY_BYTES));
	recorder_end(&bench->recorder);
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.events, 1);
	assert_int_equal(seen.last_code, EVENT_LATE_WAKE);
	assert_int_equal(seen.last_value, 3);
}

static void events_beyond_the_room_are_counted_and_told(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };

	recorder_begin(&bench->recorder, 0, 1);
	for (unsigned i = 0; i < RECORD_EVENTS_MAX + 5; i++) {
		recorder_event(&bench->recorder, EVENT_LATE_WAKE, EVENT_NO_DEVICE, 1);
	}
	recorder_end(&bench->recorder);
	recorder_begin(&bench->recorder, 1, 2);
	recorder_end(&bench->recorder);
	take_all(&bench->ring, &seen);
	assert_int_equal(counter_get(&bench->recorder.events_lost), 5);
	assert_int_equal(seen.events, RECORD_EVENTS_MAX + 1);
	assert_int_equal(seen.last_code, EVENT_EVENTS_LOST);
	assert_int_equal(seen.last_value, 5);
}

/* Of a ring that stays full: what tells of them finds no room either, again and again. */
static void events_lost_while_the_ring_is_full_are_all_told(void **state)
{
	struct bench *bench = *state;
	const unsigned count = 10 * RECORD_EVENTS_MAX;
	struct seen seen = { 0 };
	uint64_t cycle;

	fill(&bench->ring);
	for (cycle = 0; cycle < count; cycle++) {
		recorder_event(&bench->recorder, EVENT_LATE_WAKE, EVENT_NO_DEVICE, 1);
		run_cycle(&bench->recorder, cycle);
	}
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.events, 0);
	run_cycle(&bench->recorder, cycle);
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.events, 1);
	assert_int_equal(seen.last_code, EVENT_EVENTS_LOST);
	assert_int_equal(seen.last_value, count);
	assert_int_equal(counter_get(&bench->recorder.events_lost), count);
}

static void events_outside_a_cycle_all_find_room(void **state)
{
	struct bench *bench = *state;
	const unsigned count = 10 * RECORD_EVENTS_MAX + 5;
	struct seen seen = { 0 };

	for (unsigned i = 0; i < count; i++) {
		recorder_event(&bench->recorder, EVENT_DEVICE_OPENED, i, i);
	}
	recorder_begin(&bench->recorder, 0, 1);
	recorder_end(&bench->recorder);
	take_all(&bench->ring, &seen);
	assert_int_equal(counter_get(&bench->recorder.events_lost), 0);
	assert_int_equal(seen.events, count);
	assert_int_equal(seen.last_value, count - 1);
}

/* Nobody takes anything out: what is committed already stays, and the rest is counted. */
static void events_outside_a_cycle_are_counted_where_the_ring_is_full(void **state)
{
	struct bench *bench = *state;
	const unsigned count =
		RING_BYTES / record_bytes(sizeof(struct record_event)) + 70;
	struct seen seen = { 0 };

	for (unsigned i = 0; i < count; i++) {
		recorder_event(&bench->recorder, EVENT_DEVICE_OPENED, i, i);
	}
	take_all(&bench->ring, &seen);
	recorder_begin(&bench->recorder, 0, 1);
	recorder_end(&bench->recorder);
	take_all(&bench->ring, &seen);
	assert_true(counter_get(&bench->recorder.events_lost) > 0);
	/* and one that tells how many */
	assert_int_equal(seen.events,
			 count - counter_get(&bench->recorder.events_lost) + 1);
}

static void a_cycle_that_is_abandoned_leaves_its_events_only(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };
	uint64_t head;

	run_cycle(&bench->recorder, 0);
	head = ring_used(&bench->ring);
	recorder_begin(&bench->recorder, 1, 1000);
	recorder_event(&bench->recorder, EVENT_DEVICE_LOST, 0, 1);
	assert_non_null(
		recorder_add(&bench->recorder, TOPIC_CYCLE, sizeof(struct record_cycle)));
	recorder_abandon(&bench->recorder, 9000);
	recorder_event(&bench->recorder, EVENT_CYCLE_HUNG, 0, 5);
	assert_int_equal(recorder_close(&bench->recorder), 0);
	assert_int_equal(ring_used(&bench->ring) - head,
			 2 * record_bytes(sizeof(struct record_event)));
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.cycles, 1);
	assert_int_equal(seen.events, 2);
	assert_int_equal(seen.last_code, EVENT_CYCLE_HUNG);
	assert_int_equal(bench->recorder.now_ns, 9000);
}

/* In a gap, which the abandoned cycle had just begun to tell of. */
static void a_gap_that_is_open_when_a_cycle_is_abandoned_is_told(void **state)
{
	struct bench *bench = *state;
	struct seen seen = { 0 };
	uint64_t cycle = 0;

	while (counter_get(&bench->recorder.cycles_dropped) == 0) {
		run_cycle(&bench->recorder, cycle++);
	}
	take_all(&bench->ring, &seen);
	recorder_begin(&bench->recorder, cycle, 1);
	recorder_abandon(&bench->recorder, 2);
	assert_int_equal(recorder_close(&bench->recorder), 0);
	take_all(&bench->ring, &seen);
	assert_int_equal(seen.gaps, 1);
	assert_int_equal(seen.cycles + seen.in_gaps, cycle);
}

static uint64_t wakes(const struct bench *bench)
{
	uint64_t count = 0;

	return read(bench->recorder.wake_fd, &count, sizeof(count)) < 0 ? 0 : count;
}

static void a_sleeping_logger_is_woken_once_at_the_mark(void **state)
{
	struct bench *bench = *state;

	assert_true(recorder_fall_asleep(&bench->recorder));
	run_cycle(&bench->recorder, 0);
	run_cycle(&bench->recorder, 1);
	assert_int_equal(wakes(bench), 0);
	for (uint64_t cycle = 2; cycle < 50; cycle++) {
		run_cycle(&bench->recorder, cycle);
	}
	assert_int_equal(wakes(bench), 1);
}

static void an_error_wakes_a_sleeping_logger_at_once(void **state)
{
	struct bench *bench = *state;

	assert_true(recorder_fall_asleep(&bench->recorder));
	recorder_begin(&bench->recorder, 0, 1);
	recorder_event(&bench->recorder, EVENT_DEVICE_LOST, 0, 5);
	recorder_end(&bench->recorder);
	assert_int_equal(wakes(bench), 1);
}

static void a_logger_does_not_sleep_on_what_it_was_not_woken_for(void **state)
{
	struct bench *bench = *state;

	run_cycle(&bench->recorder, 0);
	assert_false(recorder_fall_asleep(&bench->recorder));
	recorder_get_up(&bench->recorder);
	ring_take(&bench->ring, ring_used(&bench->ring));
	assert_true(recorder_fall_asleep(&bench->recorder));
	recorder_get_up(&bench->recorder);
	for (uint64_t cycle = 1; cycle < 50; cycle++) {
		run_cycle(&bench->recorder, cycle);
	}
	assert_int_equal(wakes(bench), 0);
}

static void without_a_ring_nothing_is_recorded(void **state)
{
	struct recorder recorder = { 0 };

	(void)state;
	recorder_begin(&recorder, 0, 1);
	recorder_event(&recorder, EVENT_LATE_WAKE, EVENT_NO_DEVICE, 1);
	assert_null(recorder_add(&recorder, TOPIC_CYCLE, 8));
	recorder_end(&recorder);
	assert_int_equal(recorder_close(&recorder), 0);
	assert_int_equal(counter_get(&recorder.cycles_dropped), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cycle_is_recorded_with_its_time),
		TEST(cycles_that_do_not_fit_become_one_gap_of_the_exact_range),
		TEST(a_gap_still_open_at_the_end_is_recorded_when_there_is_room),
		TEST(events_that_have_no_room_at_the_end_wait_for_it),
		TEST(random_stalls_account_for_every_cycle),
		TEST(an_event_of_a_dropped_cycle_is_recorded),
		TEST(events_beyond_the_room_are_counted_and_told),
		TEST(events_lost_while_the_ring_is_full_are_all_told),
		TEST(events_outside_a_cycle_all_find_room),
		TEST(events_outside_a_cycle_are_counted_where_the_ring_is_full),
		TEST(a_cycle_that_is_abandoned_leaves_its_events_only),
		TEST(a_gap_that_is_open_when_a_cycle_is_abandoned_is_told),
		TEST(a_sleeping_logger_is_woken_once_at_the_mark),
		TEST(an_error_wakes_a_sleeping_logger_at_once),
		TEST(a_logger_does_not_sleep_on_what_it_was_not_woken_for),
		TEST(without_a_ring_nothing_is_recorded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
