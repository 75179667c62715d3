#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/state.h"

#define TOPIC	   9
#define RING_BYTES (64 << 10)

struct bed {
	struct ring ring;
	struct recorder recorder;
	struct state state;
	struct cycle_time now;
	uint8_t first[5];
	uint64_t second[2];
	uint8_t taken[RING_BYTES]; /* the last state that was recorded */
	uint32_t taken_bytes;
	unsigned states;
	unsigned gaps;
	bool is_first; /* the state was the first record of its cycle */
};

static struct bed bed;

static int set_up(void **state)
{
	struct err err;

	memset(&bed, 0, sizeof(bed));
	assert_int_equal(ring_init(&bed.ring, RING_BYTES, &err), 0);
	bed.recorder.ring = &bed.ring;
	bed.recorder.wake_fd = -1;
	bed.recorder.wake_mark_bytes = UINT64_MAX;
	bed.state.topic = TOPIC;
	bed.state.hash = 77;
	bed.now = (struct cycle_time){ .release_ns = NS_PER_SEC, .dt_ns = NS_PER_MS };
	memcpy(bed.first, "abcde", 5);
	bed.second[0] = 1;
	bed.second[1] = 2;
	assert_int_equal(state_add(&bed.state, STATE_PROGRAM, 3, bed.first, 5), 0);
	assert_int_equal(state_add(&bed.state, STATE_TOPIC, 4, bed.second, 16), 0);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	state_fini(&bed.state);
	ring_fini(&bed.ring);
	return 0;
}

/* What stands in the ring is taken out of it. */
static void drain(void)
{
	uint64_t bytes = 0;
	const uint8_t *data = ring_peek(&bed.ring, &bytes);
	bool is_start = true;

	for (uint64_t at = 0; at < bytes;) {
		const struct record *record = (const struct record *)(data + at);

		bed.gaps += record->topic == TOPIC_GAP;
		if (record->topic == TOPIC) {
			memcpy(bed.taken, record + 1, record->bytes);
			bed.taken_bytes = record->bytes;
			bed.is_first = is_start;
			bed.states++;
		}
		is_start = record->topic == TOPIC_CYCLE || record->topic == TOPIC_GAP;
		at += record_bytes(record->bytes);
	}
	ring_take(&bed.ring, bytes);
}

/* One cycle with another record of @bytes, and whether the ring is emptied after it. */
static void run_cycle(uint32_t bytes, bool must_drain)
{
	recorder_begin(&bed.recorder, bed.now.cycle, bed.now.release_ns);
	state_record(&bed.state, &bed.recorder, &bed.now);
	(void)recorder_add(&bed.recorder, TOPIC_CYCLE, bytes);
	recorder_end(&bed.recorder);
	if (must_drain) {
		drain();
	}
	bed.now.cycle++;
	bed.now.release_ns += NS_PER_MS;
}

static void the_first_cycle_has_a_state_before_all_else(void **state)
{
	(void)state;
	run_cycle(64, true);
	assert_int_equal(bed.states, 1);
	assert_true(bed.is_first);
}

static void a_state_holds_its_parts_one_after_the_other(void **state)
{
	struct record_state head;
	struct state_part_head part;

	(void)state;
	bed.now.cycle = 5;
	run_cycle(64, true);
	assert_int_equal(bed.taken_bytes, state_body_bytes(&bed.state));
	memcpy(&head, bed.taken, sizeof(head));
	assert_int_equal(head.cycle, 5);
	assert_int_equal(head.dt_ns, NS_PER_MS);
	assert_int_equal(head.hash, 77);
	assert_int_equal(head.bytes, (8 + 8) + (8 + 16));
	memcpy(&part, bed.taken + 28, sizeof(part));
	assert_int_equal(part.bytes, 5);
	assert_int_equal(part.kind, STATE_PROGRAM);
	assert_int_equal(part.index, 3);
	assert_memory_equal(bed.taken + 36, "abcde\0\0\0", 8);
	memcpy(&part, bed.taken + 44, sizeof(part));
	assert_int_equal(part.kind, STATE_TOPIC);
	assert_memory_equal(bed.taken + 52, bed.second, 16);
}

static void a_state_is_recorded_every_ten_seconds(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		run_cycle(64, true);
	}
	assert_int_equal(bed.states, 1);
	run_cycle(64, true);
	assert_int_equal(bed.states, 2);
}

static void a_state_is_recorded_when_the_logger_asks(void **state)
{
	(void)state;
	run_cycle(64, true);
	run_cycle(64, true);
	atomic_store(&bed.recorder.is_state_wanted, true);
	run_cycle(64, true);
	assert_int_equal(bed.states, 2);
	run_cycle(64, true);
	assert_int_equal(bed.states, 2);
}

static void the_first_cycle_after_a_gap_has_a_state(void **state)
{
	(void)state;
	run_cycle(64, true);
	run_cycle(RING_BYTES, true);
	assert_int_equal(bed.states, 1);
	run_cycle(64, true);
	assert_int_equal(bed.gaps, 1);
	assert_int_equal(bed.states, 2);
	run_cycle(64, true);
	assert_int_equal(bed.states, 2);
}

static void a_state_that_the_logger_asked_for_is_not_lost_in_a_gap(void **state)
{
	(void)state;
	run_cycle(64, true);
	atomic_store(&bed.recorder.is_state_wanted, true);
	run_cycle(RING_BYTES, true);
	run_cycle(64, true);
	assert_int_equal(bed.states, 2);
}

static void a_state_without_room_drops_its_cycle(void **state)
{
	(void)state;
	run_cycle(RING_BYTES / 2, false);
	run_cycle(RING_BYTES / 2 - 6000, false);
	atomic_store(&bed.recorder.is_state_wanted, true);
	run_cycle(6000, false);
	assert_true(bed.recorder.is_gap);
	drain();
	run_cycle(64, true);
	assert_int_equal(bed.states, 2);
	assert_true(bed.is_first);
}

static void without_logic_there_is_no_state(void **state)
{
	(void)state;
	bed.state.topic = 0;
	assert_int_equal(state_body_bytes(&bed.state), 0);
	run_cycle(64, true);
	run_cycle(RING_BYTES, true);
	run_cycle(64, true);
	assert_int_equal(bed.states, 0);
}

static void what_is_too_large_for_a_record_is_refused(void **state)
{
	(void)state;
	assert_int_equal(state_add(&bed.state, STATE_PLUGIN, 0, bed.second, SIZE_MAX),
			 -EFBIG);
	assert_int_equal(bed.state.count, 2);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_cycle_has_a_state_before_all_else),
		TEST(a_state_holds_its_parts_one_after_the_other),
		TEST(a_state_is_recorded_every_ten_seconds),
		TEST(a_state_is_recorded_when_the_logger_asks),
		TEST(the_first_cycle_after_a_gap_has_a_state),
		TEST(a_state_that_the_logger_asked_for_is_not_lost_in_a_gap),
		TEST(a_state_without_room_drops_its_cycle),
		TEST(without_logic_there_is_no_state),
		TEST(what_is_too_large_for_a_record_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
