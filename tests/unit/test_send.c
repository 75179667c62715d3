/* wraps: sys_write sys_now sys_realtime sys_tty_unsent */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/post.h"
#include "tests/fakes/rig.h"

#define LINE_FD 55
#define STEP_NS NS_PER_MS

/* A serial line that takes as many bytes as the test says, and remembers them. */
static struct {
	size_t room;
	int code; /* what a call returns while there is no room; 0: -EAGAIN */
	char taken[4096];
	size_t bytes;
	unsigned calls;
	int unsent; /* what the kernel has of it */
	unsigned looks;
	int64_t clock_ns;
	int64_t realtime_ns;
} line;

ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes)
{
	size_t count = bytes < line.room ? bytes : line.room;

	assert_int_equal(fd, LINE_FD);
	line.calls++;
	if (count == 0) {
		return line.code ? line.code : -EAGAIN;
	}
	memcpy(line.taken + line.bytes, data, count);
	line.bytes += count;
	line.room -= count;
	return (ssize_t)count;
}

int __wrap_sys_tty_unsent(int fd);
int __wrap_sys_tty_unsent(int fd)
{
	assert_int_equal(fd, LINE_FD);
	line.looks++;
	return line.unsent;
}

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return line.clock_ns;
}

int64_t __wrap_sys_realtime(void);
int64_t __wrap_sys_realtime(void)
{
	return line.realtime_ns;
}

static struct rig rig;
static struct endpoint endpoint = { .fd = LINE_FD, .op = ENDPOINT_READ };

static void attach(void)
{
	rig.link = (struct link){ .endpoints = &endpoint, .endpoint_count = 1 };
	rig.device.link = &rig.link;
	rig.device.driver->attach(&rig.device, &rig.now);
}

static void make(const char *send, const char *channels)
{
	char text[1024];

	memset(&line, 0, sizeof(line));
	line.room = sizeof(line.taken);
	snprintf(text, sizeof(text),
		 "d: { driver: serial, path: /dev/x, send: { %s }, %s }", send, channels);
	rig_init(&rig, text);
	attach();
}

static int tear_down(void **state)
{
	rig.device.link = NULL;
	rig_fini(&rig);
	return 0;
}

static void step(void)
{
	rig_emit(&rig);
	rig_step(&rig, STEP_NS);
}

static void steps(unsigned count)
{
	while (count-- > 0) {
		step();
	}
}

/* What was sent since the last look at it. */
static void assert_sent(const char *data, size_t bytes)
{
	if (line.bytes != bytes || memcmp(line.taken, data, bytes) != 0) {
		for (size_t i = 0; i < line.bytes; i++) {
			print_message("%02x ", (uint8_t)line.taken[i]);
		}
		fail_msg("%zu bytes were sent, '%.*s'; expected %zu, '%.*s'", line.bytes,
			 (int)line.bytes, line.taken, bytes, (int)bytes, data);
	}
	line.bytes = 0;
}

static void assert_text(const char *text)
{
	assert_sent(text, strlen(text));
}

static void assert_nothing(void)
{
	assert_sent("", 0);
}

static uint64_t dropped(void)
{
	return rig_count(&rig, COUNT_SEND_DROPPED);
}

static uint64_t sent(void)
{
	return rig_count(&rig, COUNT_SENT);
}

#define XY "out: { x: { safe: 0 }, y: { type: integer, safe: 7 } }"

static void a_text_has_the_values_of_channels_in_it(void **state)
{
	make("text: \"SET {d.x} {d.y};\"", XY);
	rig_drive(&rig, "x", 12.5);
	step();
	assert_text("SET 12.5 7;");
	assert_int_equal(sent(), 1);
}

static void without_more_it_is_sent_on_a_change(void **state)
{
	make("text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	step();
	assert_text("0;");
	steps(5);
	assert_nothing();
	rig_drive(&rig, "x", 1);
	step();
	assert_text("1;");
	rig_drive(&rig, "x", 2);
	step();
	rig_drive(&rig, "x", 1);
	step();
	assert_text("2;1;");
}

static void time_and_cycle_are_no_change(void **state)
{
	make("text: \"{d.x} {cycle} {time_ns};\"", "out: { x: { safe: 0 } }");
	line.clock_ns = 100;
	line.realtime_ns = 1700000000000000100;
	steps(5);
	assert_text("0 0 1700000001000000000;");
}

static void the_time_is_that_of_the_release_by_the_clock_of_the_day(void **state)
{
	make("every: 1ms, text: \"{time_ns};\"", "out: {}");
	line.clock_ns = 5000;
	line.realtime_ns = 1700000000000005000;
	step();
	line.realtime_ns += NS_PER_SEC; /* the clock was set */
	step();
	assert_text("1700000001000000000;1700000002001000000;");
}

static void every_is_on_the_grid_and_missed_ones_are_skipped(void **state)
{
	make("every: 10ms, text: \"{cycle};\"", "out: {}");
	steps(25);
	assert_text("0;10;20;");
	rig_step(&rig, 33 * NS_PER_MS);
	steps(4);
	assert_text("26;28;");
}

static void with_every_and_on_change_it_is_sent_for_both(void **state)
{
	make("every: 10ms, on: change, text: \"{d.x} {cycle};\"",
	     "out: { x: { safe: 0 } }");
	steps(5);
	rig_drive(&rig, "x", 1);
	steps(8);
	assert_text("0 0;1 5;1 10;");
}

static void a_trigger_sends_each_time_it_turns_true(void **state)
{
	make("trigger: go, text: \"{d.x};\"",
	     "out: { x: { safe: 3 }, go: { type: bool, safe: 0 } }");
	steps(3);
	assert_nothing();
	rig_drive(&rig, "go", 1);
	steps(3);
	assert_text("3;");
	rig_drive(&rig, "go", 0);
	step();
	rig_drive(&rig, "x", 4);
	rig_drive(&rig, "go", 1);
	steps(2);
	assert_text("4;");
}

static void formats_give_digits_after_the_point(void **state)
{
	make("text: \"{d.x:.2f} {d.y:.1f} {{{d.x:.0f}}};\"", XY);
	rig_drive(&rig, "x", 178.449);
	step();
	assert_text("178.45 7.0 {178};");
}

static void an_input_that_is_not_good_is_a_stated_word(void **state)
{
	make("every: 1ms, text: \"{d.t},{d.b};\"",
	     "frame: { kind: line }, max_age: 5ms, in: { t: { column: 0 }, "
	     "b: { column: 1, type: bool } }");
	step();
	channel_put_float(&rig.device.in[0], 2.5, rig.now.wake_ns);
	channel_put_int(&rig.device.in[1], 1, rig.now.wake_ns);
	step();
	channel_set_quality(&rig.device.in[0], QUALITY_STALE);
	step();
	assert_text("nan,nan;2.5,1;nan,1;");
	tear_down(state);
	make("bad: \"\", text: \"{d.t};\"",
	     "frame: { kind: line }, in: { t: { column: 0 } }");
	step();
	assert_text(";");
}

static void a_change_of_quality_is_a_change(void **state)
{
	make("text: \"{d.t};\"", "frame: { kind: line }, in: { t: { column: 0 } }");
	channel_put_float(&rig.device.in[0], 2.5, rig.now.wake_ns);
	steps(2);
	channel_set_quality(&rig.device.in[0], QUALITY_BAD);
	steps(2);
	channel_put_float(&rig.device.in[0], 2.5, rig.now.wake_ns);
	steps(2);
	assert_text("2.5;nan;2.5;");
}

static void an_output_is_what_is_driven_whatever_it_was_made_of(void **state)
{
	make("text: \"{d.x};\"", "out: { x: { safe: 5 } }");
	assert_int_equal(*rig.device.out[0].quality, QUALITY_BAD);
	step();
	assert_text("5;");
}

static void binary_fields_stand_where_they_are_said_to(void **state)
{
	make("head: \"\\x02S\", end: \"\\x03\"",
	     "out: { a: { byte: 2, bytes: 2, order: big, encoding: signed, scale: 0.1, "
	     "safe: 0 }, b: { byte: 5, bit: 3, type: bool, safe: 1 }, "
	     "c: { byte: 5, bit: 4, bits: 2, type: integer, safe: 2 } }");
	rig_drive(&rig, "a", -12.34);
	step();
	assert_sent("\x02S\xff\x85\x00\x28\x03", 7);
	steps(3);
	assert_nothing();
	rig_drive(&rig, "a", -12.36);
	step();
	assert_sent("\x02S\xff\x84\x00\x28\x03", 7);
	rig_drive(&rig, "a", -12.37);
	step();
	/* the same on the wire */
	assert_nothing();
}

static void a_message_may_have_a_length_and_a_checksum(void **state)
{
	make("bytes: 4, checksum: crc16-modbus",
	     "out: { a: { byte: 0, bytes: 2, safe: 258 } }");
	step();
	/* computed bit by bit, apart from our code */
	assert_sent("\x02\x01\x00\x00\x50\x5c", 6);
}

static void a_sentence_of_nmea_has_its_own_checksum(void **state)
{
	make("text: \"$GPGLL,{d.x:.2f},N\", checksum: nmea, end: \"\\r\\n\"",
	     "out: { x: { safe: 4916.45 } }");
	step();
	assert_text("$GPGLL,4916.45,N*3B\r\n");
}

static void cobs_leaves_a_zero_at_the_end_alone(void **state)
{
	make("cobs: true", "out: { a: { byte: 0, bytes: 4, order: big, type: integer, "
			   "safe: 0x11002200 } }");
	step();
	assert_sent("\x02\x11\x02\x22\x01\x00", 6);
}

static void what_a_line_takes_in_part_is_finished_before_the_next(void **state)
{
	make("text: \"MOVE {d.x}\\n\"", "out: { x: { safe: 0 } }");
	rig_drive(&rig, "x", 100);
	line.room = 3;
	step();
	assert_text("MOV");
	rig_drive(&rig, "x", 200);
	step();
	assert_nothing();
	assert_true(rig.device.is_behind);
	line.room = 4;
	step();
	assert_text("E 10");
	line.room = 100;
	steps(3);
	assert_text("0\nMOVE 200\n");
	assert_int_equal(sent(), 2);
	assert_int_equal(dropped(), 0);
	assert_false(rig.device.is_behind);
}

static void the_newest_values_overtake_what_waits_and_it_is_counted(void **state)
{
	make("text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	line.room = 0;
	for (unsigned i = 1; i <= 4; i++) {
		rig_drive(&rig, "x", i);
		step();
	}
	assert_int_equal(dropped(), 3);
	line.room = 100;
	steps(3);
	assert_text("4;");
	assert_int_equal(sent(), 1);
	assert_int_equal(dropped(), 3);
}

static void a_line_that_fails_is_lost(void **state)
{
	make("text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	line.room = 0;
	line.code = -EIO;
	step();
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -EIO);
}

static void what_must_be_sent_is_whatever_the_plan_says(void **state)
{
	make("every: 1h, text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	steps(3);
	assert_text("0;");
	rig.device.must_emit = true;
	rig_drive(&rig, "x", 9);
	steps(3);
	assert_text("9;");
	assert_false(rig.device.must_emit);
	assert_false(rig.device.is_behind);
}

static void until_it_has_left_the_device_is_behind(void **state)
{
	make("text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	steps(2);
	line.bytes = 0;
	line.room = 0;
	rig.device.must_emit = true;
	steps(3);
	assert_true(rig.device.is_behind);
	assert_int_equal(dropped(), 0);
	line.room = 100;
	step();
	assert_text("0;");
	assert_false(rig.device.is_behind);
}

static void at_the_end_it_is_behind_until_the_line_has_sent_all(void **state)
{
	make("text: \"{d.x};\", every: 1ms", "out: { x: { safe: 0 } }");
	steps(3);
	assert_int_equal(line.looks, 0);
	line.bytes = 0;
	line.unsent = 30;
	rig.device.must_emit = true;
	rig.device.is_ending = true;
	steps(3);
	assert_true(rig.device.is_behind);
	/* nothing more is put behind it, though more is due */
	assert_text("0;");
	line.unsent = 0;
	step();
	assert_false(rig.device.is_behind);
	assert_nothing();
}

static void at_the_end_what_the_line_does_not_take_is_still_to_come(void **state)
{
	make("text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	steps(2);
	line.bytes = 0;
	line.room = 1;
	rig.device.must_emit = true;
	rig.device.is_ending = true;
	steps(2);
	assert_true(rig.device.is_behind);
	assert_int_equal(line.looks, 0);
	line.room = 100;
	step();
	assert_text("0;");
	assert_false(rig.device.is_behind);
}

static void a_trigger_that_is_safe_when_false_sends_nothing_then(void **state)
{
	make("trigger: go, text: \"x;\"", "out: { go: { type: bool, safe: 0 } }");
	rig.device.must_emit = true;
	step();
	assert_nothing();
	assert_false(rig.device.must_emit);
	assert_false(rig.device.is_behind);
}

static void a_new_link_is_told_anew_and_nothing_of_the_old_one(void **state)
{
	make("text: \"MOVE {d.x}\\n\"", "out: { x: { safe: 0 } }");
	line.room = 3;
	step();
	line.bytes = 0;
	line.room = 100;
	attach();
	step();
	assert_text("MOVE 0\n");
}

static void a_dry_device_sends_nothing(void **state)
{
	make("every: 1ms, text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	rig.device.is_dry = true;
	steps(3);
	assert_int_equal(line.calls, 0);
}

static void what_is_triggered_while_a_request_is_half_sent_waits_for_it(void **state)
{
	make("trigger: go, text: \"GO\\n\"",
	     "request: { send: \"ASK\\n\", every: 1s }, frame: { kind: line }, "
	     "in: { a: { column: 0 } }, out: { go: { type: bool, safe: 0 } }");
	line.room = 2;
	step();
	rig_drive(&rig, "go", 1);
	step();
	rig_drive(&rig, "go", 0);
	step();
	assert_int_equal(line.bytes, 2);
	assert_true(rig.device.is_behind);
	line.room = 100;
	steps(3);
	assert_int_equal(line.bytes, 7);
	assert_memory_equal(line.taken, "ASK\nGO\n", 7);
	assert_false(rig.device.is_behind);
}

static void what_waits_when_another_link_takes_over_is_counted(void **state)
{
	make("trigger: go, text: \"GO\\n\"", "out: { go: { type: bool, safe: 0 } }");
	line.room = 0;
	rig_drive(&rig, "go", 1);
	step();
	rig_drive(&rig, "go", 0);
	step();
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 0);
	attach();
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 1);
	line.room = 2;
	rig_drive(&rig, "go", 1);
	step();
	assert_int_equal(line.bytes, 2);
	attach();
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 2);
	rig_drive(&rig, "go", 0);
	step();
	attach();
	assert_int_equal(rig_count(&rig, COUNT_SEND_DROPPED), 2);
	assert_int_equal(rig_count(&rig, COUNT_SENT), 0);
}

static void a_request_and_a_message_do_not_get_into_each_other(void **state)
{
	make("text: \"MOVE {d.x}\\n\"",
	     "request: { send: \"ASK\\n\", every: 2ms }, frame: { kind: line }, "
	     "in: { t: { column: 0 } }, out: { x: { safe: 0 } }");
	line.room = 2;
	step();
	assert_text("AS");
	line.room = 100;
	step();
	assert_text("K\nMOVE 0\n");
	line.room = 6; /* a request, and the beginning of a message */
	rig_drive(&rig, "x", 1);
	step();
	assert_text("ASK\nMO");
	line.room = 0;
	steps(2);
	line.room = 100;
	step();
	assert_text("VE 1\n");
	step();
	assert_text("ASK\n");
}

static void what_comes_to_a_device_that_only_sends_is_thrown_away(void **state)
{
	make("text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	assert_true(rig.device.driver->room(&rig.device, 0) > 0);
	rig_receive(&rig, "OK\r\n", 4, NULL);
	rig_tick(&rig);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 0);
}

static void one_call_is_made_for_a_message(void **state)
{
	make("every: 1ms, text: \"{d.x} {d.y}\\n\", checksum: xor8, end: \"\\r\\n\"", XY);
	steps(10);
	assert_int_equal(line.calls, 10);
}

/* --- with an outbox ---------------------------------------------------------------------------- */

/* The oldest letter goes out as far as @bytes. */
static void send_letter(struct post *post, size_t bytes)
{
	const struct letter *letter = &post->letters[0];

	assert_true(post->count > 0);
	assert_int_equal(letter->fd, LINE_FD);
	assert_in_range(bytes, 0, letter->bytes);
	memcpy(line.taken + line.bytes, letter->data, bytes);
	line.bytes += bytes;
	post_end(post, &rig.device, (ssize_t)bytes);
}

static void a_message_in_the_outbox_is_sent_when_that_is_told(void **state)
{
	struct post post;

	make("text: \"{d.x};\"", "out: { x: { safe: 0 } }");
	post_begin(&post, &rig.device);
	step();
	assert_int_equal(line.calls, 0);
	assert_int_equal(sent(), 0);
	send_letter(&post, 2);
	assert_int_equal(sent(), 1);
	assert_text("0;");
	steps(3);
	assert_int_equal(post.count, 0);
}

static void the_rest_of_a_message_follows_when_the_outbox_sent_a_part(void **state)
{
	struct post post;

	make("text: \"{d.x};\"", "out: { x: { safe: 12345 } }");
	post_begin(&post, &rig.device);
	step();
	send_letter(&post, 2);
	rig_drive(&rig, "x", 6);
	step();
	post_end(&post, &rig.device, -EAGAIN);
	step();
	send_letter(&post, 1);
	step();
	assert_int_equal(sent(), 0);
	send_letter(&post, 3);
	assert_int_equal(sent(), 1);
	assert_text("12345;");
	step();
	send_letter(&post, 2);
	assert_text("6;");
	assert_int_equal(sent(), 2);
	assert_int_equal(post.count, 0);
}

static void a_message_that_the_outbox_finds_no_room_for_is_composed_anew(void **state)
{
	struct post post;

	make("text: \"{d.x};\"", "out: { x: { safe: 1 } }");
	post_begin(&post, &rig.device);
	step();
	post_end(&post, &rig.device, -EAGAIN);
	rig_drive(&rig, "x", 2);
	step();
	send_letter(&post, 2);
	assert_text("2;");
	assert_int_equal(dropped(), 1);
	assert_int_equal(sent(), 1);
}

static void a_message_or_its_rest_that_fails_in_the_outbox_loses_the_device(void **state)
{
	struct post post;

	make("text: \"{d.x};\"", "out: { x: { safe: 1 } }");
	post_begin(&post, &rig.device);
	step();
	post_end(&post, &rig.device, -EIO);
	assert_true(rig.device.is_lost);
	tear_down(state);
	make("text: \"{d.x};\"", "out: { x: { safe: 1 } }");
	post_begin(&post, &rig.device);
	step();
	post_end(&post, &rig.device, 1);
	step();
	post_end(&post, &rig.device, -EIO);
	assert_true(rig.device.is_lost);
	assert_int_equal(rig.device.lost_code, -EIO);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, NULL, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(a_text_has_the_values_of_channels_in_it),
		TEST(without_more_it_is_sent_on_a_change),
		TEST(time_and_cycle_are_no_change),
		TEST(the_time_is_that_of_the_release_by_the_clock_of_the_day),
		TEST(every_is_on_the_grid_and_missed_ones_are_skipped),
		TEST(with_every_and_on_change_it_is_sent_for_both),
		TEST(a_trigger_sends_each_time_it_turns_true),
		TEST(formats_give_digits_after_the_point),
		TEST(an_input_that_is_not_good_is_a_stated_word),
		TEST(a_change_of_quality_is_a_change),
		TEST(an_output_is_what_is_driven_whatever_it_was_made_of),
		TEST(binary_fields_stand_where_they_are_said_to),
		TEST(a_message_may_have_a_length_and_a_checksum),
		TEST(a_sentence_of_nmea_has_its_own_checksum),
		TEST(cobs_leaves_a_zero_at_the_end_alone),
		TEST(what_a_line_takes_in_part_is_finished_before_the_next),
		TEST(the_newest_values_overtake_what_waits_and_it_is_counted),
		TEST(a_line_that_fails_is_lost),
		TEST(what_must_be_sent_is_whatever_the_plan_says),
		TEST(until_it_has_left_the_device_is_behind),
		TEST(at_the_end_it_is_behind_until_the_line_has_sent_all),
		TEST(at_the_end_what_the_line_does_not_take_is_still_to_come),
		TEST(a_trigger_that_is_safe_when_false_sends_nothing_then),
		TEST(a_new_link_is_told_anew_and_nothing_of_the_old_one),
		TEST(a_dry_device_sends_nothing),
		TEST(what_is_triggered_while_a_request_is_half_sent_waits_for_it),
		TEST(what_waits_when_another_link_takes_over_is_counted),
		TEST(a_request_and_a_message_do_not_get_into_each_other),
		TEST(what_comes_to_a_device_that_only_sends_is_thrown_away),
		TEST(one_call_is_made_for_a_message),
		TEST(a_message_in_the_outbox_is_sent_when_that_is_told),
		TEST(the_rest_of_a_message_follows_when_the_outbox_sent_a_part),
		TEST(a_message_that_the_outbox_finds_no_room_for_is_composed_anew),
		TEST(a_message_or_its_rest_that_fails_in_the_outbox_loses_the_device),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
