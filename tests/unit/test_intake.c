#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

#define SERIAL(more) "probe: { driver: serial, path: /x, " more " }"
#define UDP(more)    "probe: { driver: udp, listen: ':9', " more " }"

#define LINES                                                                            \
	SERIAL("frame: { kind: line }, budget: 4, in: { n: { column: 0, type: integer "  \
	       "} }")

/* As the cycle does it: nothing is read that there is no room for. */
static void attach(struct rig *rig)
{
	rig->device.driver->attach(&rig->device, &rig->now);
	rig_receive(rig, "\n", 1, NULL); /* what was joined midway ends here */
	rig_step(rig, NS_PER_MS);
}

static uint32_t room(const struct rig *rig)
{
	return rig->device.driver->room(&rig->device, 0);
}

static void receive_text(struct rig *rig, const char *text)
{
	rig_receive(rig, text, strlen(text), NULL);
}

static void no_more_frames_than_the_budget_are_decoded_in_a_cycle(void **state)
{
	struct rig rig;

	rig_init(&rig, LINES);
	attach(&rig);
	receive_text(&rig, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	rig_tick(&rig);
	assert_int_equal(rig_int(&rig, "n"), 4);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 4);
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_int(&rig, "n"), 8);
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_int(&rig, "n"), 9);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 9);
	rig_fini(&rig);
}

static void
a_flood_is_counted_once_in_each_cycle_in_which_something_was_left(void **state)
{
	struct rig rig;

	rig_init(&rig, LINES);
	attach(&rig);
	receive_text(&rig, "1\n2\n3\n4\n");
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FLOODED), 0);
	rig_step(&rig, NS_PER_MS);
	receive_text(&rig, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	receive_text(&rig, "10\n");
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FLOODED), 1);
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FLOODED), 2);
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FLOODED), 2);
	rig_fini(&rig);
}

static void frames_that_are_dropped_use_the_budget_up_as_well(void **state)
{
	struct rig rig;

	rig_init(&rig, SERIAL("frame: { kind: line, match: M }, budget: 4, "
			      "in: { n: { column: 1, type: integer } }"));
	attach(&rig);
	receive_text(&rig, "Q,1\nQ,2\nQ,3\nQ,4\nM,5\n");
	assert_int_equal(rig_count(&rig, COUNT_BAD_MATCH), 4);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 0);
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_int(&rig, "n"), 5);
	rig_fini(&rig);
}

static void what_is_left_over_keeps_the_time_when_it_came(void **state)
{
	struct rig rig;
	int64_t arrived_ns;

	rig_init(&rig, LINES);
	attach(&rig);
	receive_text(&rig, "1\n2\n3\n4\n5\n");
	arrived_ns = rig.now.wake_ns;
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_int(&rig, "n"), 5);
	assert_true(rig.device.in[0].sample_ns == arrived_ns);
	rig_fini(&rig);
}

static void the_message_of_what_is_left_over_has_the_time_when_it_came(void **state)
{
	struct rig rig;
	int64_t arrived_ns, recorded_ns;

	rig_init(&rig, LINES);
	attach(&rig);
	receive_text(&rig, "1\n2\n3\n4\n5\n");
	arrived_ns = rig.now.wake_ns;
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	memcpy(&recorded_ns, rig.device.published + sizeof(uint64_t),
	       sizeof(recorded_ns));
	assert_int_equal(recorded_ns, arrived_ns);
	assert_int_equal(counter_get(&rig.device.last_ns), arrived_ns);
	/* as if another stream had brought something meanwhile */
	receive_text(&rig, "1\n2\n3\n4\n5\n");
	counter_set(&rig.device.last_ns, (uint64_t)rig.now.wake_ns + 7);
	arrived_ns = rig.now.wake_ns + 7;
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	memcpy(&recorded_ns, rig.device.published + sizeof(uint64_t),
	       sizeof(recorded_ns));
	assert_int_equal(recorded_ns, arrived_ns);
	rig_fini(&rig);
}

static void what_comes_later_makes_nothing_newer_that_waits(void **state)
{
	struct rig rig;
	int64_t arrived_ns;

	rig_init(&rig, LINES);
	attach(&rig);
	receive_text(&rig, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	arrived_ns = rig.now.wake_ns;
	rig_step(&rig, NS_PER_MS);
	receive_text(&rig, "10\n");
	assert_int_equal(rig_int(&rig, "n"), 8);
	assert_true(rig.device.in[0].sample_ns == arrived_ns);
	arrived_ns = rig.now.wake_ns;
	rig_step(&rig, NS_PER_MS);
	rig_tick(&rig);
	assert_int_equal(rig_int(&rig, "n"), 10);
	assert_true(rig.device.in[0].sample_ns == arrived_ns);
	rig_fini(&rig);
}

/* Five come in each cycle, and four are decoded. */
static void what_waits_for_long_is_never_newer_than_it_is(void **state)
{
	int64_t came_ns[300], sample_ns;
	struct rig rig;
	int64_t n = 0;

	rig_init(&rig, LINES);
	attach(&rig);
	for (int i = 0; n < 299; i++) {
		char text[64];

		snprintf(text, sizeof(text), "%d\n%d\n%d\n%d\n%d\n", i, i, i, i, i);
		if (i < 300) {
			came_ns[i] = rig.now.wake_ns;
			receive_text(&rig, text);
		}
		rig_tick(&rig);
		n = rig_int(&rig, "n");
		sample_ns = rig.device.in[0].sample_ns;
		assert_true(sample_ns <= came_ns[n]);
		assert_true(sample_ns >= came_ns[n] - 80 * NS_PER_MS);
		assert_true(i > 150 || sample_ns == came_ns[n]);
		rig_step(&rig, NS_PER_MS);
	}
	rig_fini(&rig);
}

static void nothing_is_read_while_half_the_store_waits(void **state)
{
	struct rig rig;
	unsigned fed = 0;

	rig_init(&rig, LINES);
	attach(&rig);
	while (room(&rig) >= 5 && fed < 100000) {
		receive_text(&rig, "1234\n");
		fed++;
	}
	assert_int_equal(room(&rig), 0);
	assert_true(fed > 100 && fed < 2000);
	for (unsigned cycle = 0; cycle < fed; cycle++) {
		rig_step(&rig, NS_PER_MS);
		rig_tick(&rig);
	}
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), fed);
	assert_true(room(&rig) > 2048);
	rig_fini(&rig);
}

static void what_is_received_without_room_is_counted(void **state)
{
	struct rig rig;
	char data[4096];

	memset(data, '\n', sizeof(data));
	memset(data, '1', 40);
	rig_init(&rig, LINES);
	attach(&rig);
	for (int i = 0; i < 300; i++) {
		receive_text(&rig, "123456789\n");
	}
	assert_int_equal(room(&rig), 0);
	assert_int_equal(rig_count(&rig, COUNT_BAD_LENGTH), 300 - 4 - 205);
	rig_fini(&rig);
}

static void each_reason_has_a_counter_of_its_own(void **state)
{
	struct rig rig;

	rig_init(&rig, SERIAL("frame: { kind: line, match: M, checksum: xor8, max: 20 }, "
			      "budget: 64,"
			      "in: { n: { column: 1, type: integer } }"));
	attach(&rig);
	receive_text(&rig, "M,7*56\nM,7*57\nQ,7*4a\nM,x*19\nM23456789012345678901234\n");
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_CHECKSUM), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_MATCH), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_LENGTH), 1);
	rig_fini(&rig);
}

static void frames_of_a_datagram_over_the_budget_are_dropped_and_counted(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("frame: { kind: line }, budget: 2, in: { n: { column: 0, "
			   "type: integer } }"));
	receive_text(&rig, "1\n2\n3\n4\n5");
	assert_int_equal(rig_int(&rig, "n"), 2);
	assert_int_equal(rig_count(&rig, COUNT_OVER_BUDGET), 3);
	assert_int_equal(rig_count(&rig, COUNT_FLOODED), 1);
	receive_text(&rig, "6");
	assert_int_equal(rig_count(&rig, COUNT_OVER_BUDGET), 4);
	assert_int_equal(rig_count(&rig, COUNT_FLOODED), 1);
	rig_step(&rig, NS_PER_MS);
	receive_text(&rig, "7");
	assert_int_equal(rig_int(&rig, "n"), 7);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 3);
	rig_fini(&rig);
}

static void a_truncated_datagram_is_dropped_whole(void **state)
{
	const struct message message = {
		.data = (const uint8_t *)"1\n2",
		.bytes = 3,
		.is_truncated = true,
	};
	struct rig rig;

	rig_init(&rig,
		 UDP("frame: { kind: line }, in: { n: { column: 0, type: integer } }"));
	rig.device.driver->receive(&rig.device, &message, &rig.now);
	assert_int_equal(rig_count(&rig, COUNT_BAD_LENGTH), 1);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 0);
	rig_fini(&rig);
}

static void every_frame_is_published_as_a_message_of_its_own(void **state)
{
	struct rig rig;
	int64_t value;

	rig_init(&rig, LINES);
	attach(&rig);
	receive_text(&rig, "1\n1\n");
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 2);
	memcpy(&value, rig.device.published + IMAGE_HEAD_BYTES, sizeof(value));
	assert_int_equal(value, 1);
	assert_memory_equal(rig.device.published, &rig.now.cycle, sizeof(rig.now.cycle));
	rig_fini(&rig);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Random parts of numbered lines among garbage: never over the budget, none lost, none twice. */
static void a_noisy_stream_keeps_to_the_budget_and_loses_no_good_frame(void **state)
{
	struct rig rig;
	uint32_t seed = 8;
	static char stream[64 * 2000];
	uint32_t bytes = 0;
	uint64_t frames = 0;

	rig_init(&rig, SERIAL("frame: { kind: line, match: M }, budget: 3, "
			      "in: { n: { column: 1, type: integer } }"));
	attach(&rig);
	for (int i = 1; i <= 2000; i++) {
		uint32_t noise = next_random(&seed) % 30;

		while (noise-- > 0) {
			stream[bytes++] = (char)(next_random(&seed) % 95 + ' ');
		}
		bytes += (uint32_t)sprintf(stream + bytes, "\nM,%d\r\n", i);
	}
	for (uint32_t at = 0; at < bytes || frames < 2000;) {
		uint32_t part = next_random(&seed) % 80;
		uint32_t free = room(&rig);
		int64_t before = frames > 0 ? rig_int(&rig, "n") : 0;
		uint64_t now;

		part = part < free ? part : free;
		part = part < bytes - at ? part : bytes - at;
		rig_receive(&rig, stream + at, part, NULL);
		at += part;
		rig_tick(&rig);
		now = rig_count(&rig, COUNT_FRAMES);
		assert_true(now - frames <= 3);
		assert_int_equal(rig_count(&rig, COUNT_FRAMES) > 0 ? rig_int(&rig, "n")
								   : 0,
				 before + (int64_t)(now - frames));
		frames = now;
		rig_step(&rig, NS_PER_MS);
	}
	assert_int_equal(frames, 2000);
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_frames_than_the_budget_are_decoded_in_a_cycle),
		cmocka_unit_test(
			a_flood_is_counted_once_in_each_cycle_in_which_something_was_left),
		cmocka_unit_test(frames_that_are_dropped_use_the_budget_up_as_well),
		cmocka_unit_test(
			the_message_of_what_is_left_over_has_the_time_when_it_came),
		cmocka_unit_test(what_comes_later_makes_nothing_newer_that_waits),
		cmocka_unit_test(what_waits_for_long_is_never_newer_than_it_is),
		cmocka_unit_test(what_is_left_over_keeps_the_time_when_it_came),
		cmocka_unit_test(nothing_is_read_while_half_the_store_waits),
		cmocka_unit_test(what_is_received_without_room_is_counted),
		cmocka_unit_test(each_reason_has_a_counter_of_its_own),
		cmocka_unit_test(
			frames_of_a_datagram_over_the_budget_are_dropped_and_counted),
		cmocka_unit_test(a_truncated_datagram_is_dropped_whole),
		cmocka_unit_test(every_frame_is_published_as_a_message_of_its_own),
		cmocka_unit_test(
			a_noisy_stream_keeps_to_the_budget_and_loses_no_good_frame),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
