/*
 * The frame state machine in virtual time, without a line: what it sends is kept, what it is to
 * receive is put before it cycle by cycle. FUZZ_SECONDS=120 lets the last tests run that long.
 *
 * wraps: sys_write sys_send
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/checksum.h"
#include "drivers/registry.h"
#include "rtloop/base/record.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/post.h"
#include "tests/fakes/rig.h"

#define SENT_MAX 64

/* What the line takes, and took. */
static struct {
	uint8_t bytes[SENT_MAX];
	uint32_t count;
	ssize_t answer; /* at most so many bytes at a time, or -errno */
	bool was_socket;
} wire;

static ssize_t take(const void *data, size_t bytes)
{
	if (wire.answer < 0) {
		return wire.answer;
	}
	bytes = bytes < (size_t)wire.answer ? bytes : (size_t)wire.answer;
	assert_true(wire.count + bytes <= SENT_MAX);
	memcpy(wire.bytes + wire.count, data, bytes);
	wire.count += (uint32_t)bytes;
	return (ssize_t)bytes;
}

ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes)
{
	assert_int_equal(fd, 77);
	wire.was_socket = false;
	return take(data, bytes);
}

ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_send(int fd, const void *data, size_t bytes)
{
	assert_int_equal(fd, 77);
	wire.was_socket = true;
	return take(data, bytes);
}

struct bench {
	struct rig rig;
	struct link link;
	struct endpoint endpoint;
	struct recorder recorder; /* of events alone */
};

#define RTU "serial: { path: /dev/null, baud: 115200 }, "
#define TCP "tcp: \"127.0.0.1\", "

/* A serial line at 115200 baud, 11 bits a character. */
#define CHARACTER_NS INT64_C(95487)

static void begin(struct bench *bench, const char *text)
{
	char whole[2048];

	memset(bench, 0, sizeof(*bench));
	memset(&wire, 0, sizeof(wire));
	wire.answer = SENT_MAX;
	snprintf(whole, sizeof(whole), "plc: { driver: modbus, %s }", text);
	rig_init(&bench->rig, whole);
	bench->endpoint.fd = 77;
	bench->link = (struct link){ .endpoints = &bench->endpoint, .endpoint_count = 1 };
	bench->rig.device.link = &bench->link;
	bench->rig.device.recorder = &bench->recorder;
	bench->rig.device.driver->attach(&bench->rig.device, &bench->rig.now);
}

static void end(struct bench *bench)
{
	bench->rig.device.link = NULL;
	rig_fini(&bench->rig);
}

/* The next cycle, 1 ms later, in which these bytes come. */
static void cycle_with(struct bench *bench, const uint8_t *data, uint32_t bytes)
{
	rig_step(&bench->rig, NS_PER_MS);
	if (bytes > 0) {
		rig_receive(&bench->rig, data, bytes, NULL);
	}
	rig_tick(&bench->rig);
	rig_emit(&bench->rig);
}

static void cycles(struct bench *bench, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		cycle_with(bench, NULL, 0);
	}
}

/* "11 03 00": bytes in hexadecimal; returns how many. */
static uint32_t parse(const char *text, uint8_t *bytes)
{
	uint32_t count = 0;
	char *rest;

	for (; *text; text = rest) {
		bytes[count++] = (uint8_t)strtoul(text, &rest, 16);
	}
	return count;
}

static uint32_t add_crc(uint8_t *frame, uint32_t bytes)
{
	uint32_t crc = checksum_of(CHECKSUM_CRC16_MODBUS, frame, bytes);

	frame[bytes] = (uint8_t)crc;
	frame[bytes + 1] = (uint8_t)(crc >> 8);
	return bytes + 2;
}

/* A cycle in which this frame comes; its CRC is added. */
static void cycle_rtu(struct bench *bench, const char *text)
{
	uint8_t frame[256] = { 0 };

	cycle_with(bench, frame, add_crc(frame, parse(text, frame)));
}

static void cycle_raw(struct bench *bench, const char *text)
{
	uint8_t frame[256];

	cycle_with(bench, frame, parse(text, frame));
}

/* A cycle in which an answer of the last transaction comes: from its length on. */
static void cycle_tcp(struct bench *bench, const char *text)
{
	uint8_t frame[256] = { wire.bytes[0], wire.bytes[1] };

	cycle_with(bench, frame, 4 + parse(text, frame + 4));
}

static void assert_sent(const char *expected)
{
	uint8_t wanted[SENT_MAX];
	uint32_t bytes = parse(expected, wanted);

	assert_int_equal(wire.count, bytes);
	assert_memory_equal(wire.bytes, wanted, bytes);
	wire.count = 0;
}

static void assert_quiet(void)
{
	assert_int_equal(wire.count, 0);
}

static uint64_t count(const struct bench *bench, enum device_count which)
{
	return rig_count(&bench->rig, which);
}

/* Goes on until the next request is sent; returns after how many cycles. */
static unsigned until_sent(struct bench *bench)
{
	unsigned n = 0;

	wire.count = 0;
	while (wire.count == 0 && n < 100000) {
		cycle_with(bench, NULL, 0);
		n++;
	}
	return n;
}

#define HOLDING                                                                          \
	"unit_id: 17, in: { a: { holding: 107, type: integer }, "                        \
	"b: { holding: 108, registers: 2, type: integer } }"
#define HOLDING_REQUEST "11 03 00 6b 00 03 76 87"
#define HOLDING_ANSWER	"11 03 06 ae 41 56 52 43 40 49 ad"

/* --- with an outbox --------------------------------------------------------------------------- */

/* Until a letter is there. */
static void until_posted(struct bench *bench, struct post *post)
{
	for (int i = 0; i < 1000 && post->count == 0; i++) {
		cycle_with(bench, NULL, 0);
	}
	assert_int_equal(post->count, 1);
}

static void a_request_in_the_outbox_is_sent_when_that_is_told(void **state)
{
	struct bench bench;
	struct post post;

	begin(&bench, RTU "timeout: 20ms, " HOLDING);
	post_begin(&post, &bench.rig.device);
	until_posted(&bench, &post);
	assert_quiet();
	assert_false(post.letters[0].is_socket);
	assert_int_equal(post.letters[0].bytes, 8);
	assert_int_equal(count(&bench, COUNT_SENT), 0);
	post_end(&post, &bench.rig.device, 8);
	assert_int_equal(count(&bench, COUNT_SENT), 1);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	end(&bench);
}

static void the_rest_of_a_request_follows_when_the_outbox_sent_a_part(void **state)
{
	struct bench bench;
	struct post post;

	begin(&bench, TCP HOLDING);
	post_begin(&post, &bench.rig.device);
	until_posted(&bench, &post);
	assert_true(post.letters[0].is_socket);
	assert_int_equal(post.letters[0].bytes, 12);
	post_end(&post, &bench.rig.device, 5);
	assert_int_equal(count(&bench, COUNT_SENT), 0);
	cycle_with(&bench, NULL, 0);
	assert_int_equal(post.count, 1);
	assert_int_equal(post.letters[0].bytes, 7);
	/* full for once */
	post_end(&post, &bench.rig.device, -EAGAIN);
	cycle_with(&bench, NULL, 0);
	assert_int_equal(post.letters[0].bytes, 7);
	post_end(&post, &bench.rig.device, 7);
	assert_int_equal(count(&bench, COUNT_SENT), 1);
	assert_false(bench.rig.device.is_lost);
	end(&bench);
}

static void a_request_that_fails_in_the_outbox_loses_the_device(void **state)
{
	struct bench bench;
	struct post post;

	begin(&bench, TCP HOLDING);
	post_begin(&post, &bench.rig.device);
	until_posted(&bench, &post);
	post_end(&post, &bench.rig.device, -EPIPE);
	assert_true(bench.rig.device.is_lost);
	assert_int_equal(bench.rig.device.lost_code, -EPIPE);
	end(&bench);
}

/* --- a poll over RTU -------------------------------------------------------------------------- */

static void the_examples_of_the_specification_go_out_and_come_in(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	until_sent(&bench);
	assert_false(wire.was_socket);
	assert_sent(HOLDING_REQUEST);
	assert_int_equal(count(&bench, COUNT_SENT), 1);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(rig_int(&bench.rig, "a"), 0xae41);
	assert_int_equal(rig_int(&bench.rig, "b"), 0x56524340);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_GOOD);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_true(bench.rig.device.in[0].sample_ns == bench.rig.now.wake_ns);
	end(&bench);
}

static void an_answer_may_be_split_at_every_byte(void **state)
{
	for (uint32_t at = 1; at < 11; at++) {
		struct bench bench;
		uint8_t frame[16];
		uint32_t bytes = parse(HOLDING_ANSWER, frame);

		begin(&bench, RTU HOLDING);
		until_sent(&bench);
		cycle_with(&bench, frame, at);
		assert_int_equal(count(&bench, COUNT_FRAMES), 0);
		cycle_with(&bench, frame + at, bytes - at);
		assert_int_equal(count(&bench, COUNT_FRAMES), 1);
		assert_int_equal(rig_int(&bench.rig, "a"), 0xae41);
		end(&bench);
	}
}

static void an_answer_may_come_byte_by_byte(void **state)
{
	struct bench bench;
	uint8_t frame[16];
	uint32_t bytes = parse(HOLDING_ANSWER, frame);

	begin(&bench, RTU HOLDING);
	until_sent(&bench);
	for (uint32_t i = 0; i < bytes; i++) {
		assert_int_equal(count(&bench, COUNT_FRAMES), 0);
		cycle_with(&bench, frame + i, 1);
	}
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	end(&bench);
}

static void polls_keep_to_their_grid(void **state)
{
	struct bench bench;
	int64_t first_ns;

	begin(&bench, RTU "poll: 10ms, " HOLDING);
	until_sent(&bench);
	first_ns = bench.rig.now.release_ns;
	for (int i = 1; i <= 3; i++) {
		wire.count = 0;
		cycle_raw(&bench, HOLDING_ANSWER);
		assert_quiet();
		until_sent(&bench);
		/* the first one waited for a silent line, 2 ms after the grid's begin */
		assert_true(bench.rig.now.release_ns ==
			    first_ns + (10 * i - 2) * NS_PER_MS);
	}
	end(&bench);
}

static void a_poll_that_finds_the_last_one_not_over_is_skipped_and_counted(void **state)
{
	struct bench bench;

	begin(&bench, RTU "poll: 10ms, timeout: 60s, " HOLDING);
	until_sent(&bench);
	cycles(&bench, 35);
	assert_int_equal(count(&bench, COUNT_SENT), 1);
	assert_int_equal(count(&bench, COUNT_SEND_DROPPED), 3);
	end(&bench);
}

static void requests_of_a_poll_follow_each_other(void **state)
{
	struct bench bench;

	begin(&bench,
	      RTU "in: { a: { coil: 0, type: bool }, b: { discrete: 9, type: bool }, "
		  "c: { holding: 1 }, d: { input: 2 }, e: { input: 2, unit_id: 5 } }");
	until_sent(&bench);
	assert_int_equal(wire.bytes[1], 1);
	cycle_rtu(&bench, "01 01 01 01");
	until_sent(&bench);
	assert_int_equal(wire.bytes[1], 2);
	cycle_rtu(&bench, "01 02 01 01");
	until_sent(&bench);
	assert_int_equal(wire.bytes[1], 3);
	cycle_rtu(&bench, "01 03 02 00 07");
	until_sent(&bench);
	assert_int_equal(wire.bytes[1], 4);
	cycle_rtu(&bench, "01 04 02 00 08");
	until_sent(&bench);
	assert_int_equal(wire.bytes[0], 5);
	cycle_rtu(&bench, "05 04 02 00 09");
	assert_int_equal(count(&bench, COUNT_FRAMES), 5);
	assert_true(rig_bool(&bench.rig, "a"));
	assert_true(rig_bool(&bench.rig, "b"));
	assert_true(rig_float(&bench.rig, "c") == 7);
	assert_true(rig_float(&bench.rig, "d") == 8);
	assert_true(rig_float(&bench.rig, "e") == 9);
	end(&bench);
}

static void every_answer_is_published(void **state)
{
	struct bench bench;
	int64_t value;

	begin(&bench, RTU "poll: 10ms, " HOLDING);
	for (uint64_t i = 1; i <= 3; i++) {
		until_sent(&bench);
		cycle_raw(&bench, HOLDING_ANSWER);
		assert_int_equal(count(&bench, COUNT_FRAMES), i);
		assert_memory_equal(bench.rig.device.published, &bench.rig.now.cycle,
				    sizeof(uint64_t));
	}
	memcpy(&value, bench.rig.device.published + IMAGE_HEAD_BYTES, sizeof(value));
	assert_int_equal(value, 0xae41);
	end(&bench);
}

static void an_answer_without_a_good_value_is_none(void **state)
{
	struct bench bench;

	begin(&bench,
	      RTU "poll: 10ms, in: { a: { input: 0, registers: 2, encoding: float } }");
	until_sent(&bench);
	cycle_rtu(&bench, "01 04 04 3f 80 00 00");
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_GOOD);
	until_sent(&bench);
	cycle_rtu(&bench, "01 04 04 7f c0 00 00");
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(count(&bench, COUNT_BAD_FIELD), 1);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_BAD);
	assert_int_equal(bench.rig.device.published[bench.rig.device.part.bytes - 1],
			 QUALITY_BAD);
	end(&bench);
}

/* --- silence on the line ---------------------------------------------------------------------- */

static void a_line_is_heard_to_be_silent_before_the_first_request(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	rig_emit(&bench.rig);
	assert_quiet();
	cycles(&bench, 1);
	assert_quiet();
	cycles(&bench, 1);
	assert_sent(HOLDING_REQUEST);
	end(&bench);
}

/* So many cycles of a length pass between an answer and the next request. */
static void assert_pause(const char *serial, int64_t cycle_ns, int64_t least_ns)
{
	struct bench bench;
	char text[256];
	int64_t answered_ns;

	snprintf(text, sizeof(text),
		 "serial: { path: /dev/null, %s }, in: { a: { input: 0 }, b: { coil: 0 } "
		 "}",
		 serial);
	begin(&bench, text);
	until_sent(&bench);
	cycle_rtu(&bench, "01 01 01 01");
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	answered_ns = bench.rig.now.wake_ns;
	wire.count = 0;
	while (wire.count == 0) {
		rig_step(&bench.rig, cycle_ns);
		rig_tick(&bench.rig);
		rig_emit(&bench.rig);
	}
	assert_in_range(bench.rig.now.wake_ns - answered_ns, least_ns,
			least_ns + cycle_ns - 1);
	end(&bench);
}

static void three_and_a_half_characters_of_silence_come_before_each_request(void **state)
{
	assert_pause("baud: 9600", NS_PER_MS, 4010419);
	assert_pause("baud: 19200", 100 * NS_PER_US, 2005209);
	assert_pause("baud: 38400", 100 * NS_PER_US, 1750000);
	assert_pause("baud: 115200", 100 * NS_PER_US, 1750000);
	assert_pause("baud: 115200", 10 * NS_PER_MS, 1750000);
	assert_pause("baud: 115200, silence: 20ms", NS_PER_MS, 20 * NS_PER_MS);
}

static void a_line_that_is_not_silent_is_not_spoken_on(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	for (int i = 0; i < 50; i++) {
		cycle_raw(&bench, "55");
	}
	assert_quiet();
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 1);
	cycles(&bench, 1);
	assert_quiet();
	cycles(&bench, 1);
	assert_sent(HOLDING_REQUEST);
	end(&bench);
}

static void the_end_of_a_request_is_waited_for_as_well(void **state)
{
	struct bench bench;

	/* at 300 baud the request itself takes 293 ms; an answer within that is none of ours */
	begin(&bench, "serial: { path: /dev/null, baud: 300 }, timeout: 1ms, retries: 1, "
		      "in: { a: { input: 0 } }");
	until_sent(&bench);
	/* 8 bytes out, 7 back, the time-out; of silence there was enough by then */
	assert_in_range(until_sent(&bench), 15 * 11 * 1000 / 300 + 1,
			15 * 11 * 1000 / 300 + 3);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	end(&bench);
}

static void the_silence_counts_from_the_end_of_the_request(void **state)
{
	struct bench bench;

	begin(&bench,
	      "serial: { path: /dev/null, baud: 300, silence: 1s }, timeout: 1ms, "
	      "retries: 1, in: { a: { input: 0 } }");
	until_sent(&bench);
	assert_in_range(until_sent(&bench), 1000 + 8 * 11 * 1000 / 300 + 1,
			1000 + 8 * 11 * 1000 / 300 + 2);
	end(&bench);
}

/* --- what is no answer ------------------------------------------------------------------------ */

static void noise_before_an_answer_is_dropped_and_counted_once(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	until_sent(&bench);
	cycle_raw(&bench, "00 ff 11 03 11 00");
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 1);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(rig_int(&bench.rig, "a"), 0xae41);
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 1);
	assert_int_equal(count(&bench, COUNT_BAD_LENGTH), 0);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
	end(&bench);
}

/* The beginning of an answer that never goes on, right before a good one. */
static void half_an_answer_before_the_answer_does_not_hide_it(void **state)
{
	uint8_t good[16];
	uint32_t bytes = parse(HOLDING_ANSWER, good);

	for (uint32_t half = 1; half < bytes; half++) {
		struct bench bench;

		begin(&bench, RTU HOLDING);
		until_sent(&bench);
		cycle_with(&bench, good, half);
		cycle_with(&bench, good, bytes);
		assert_int_equal(count(&bench, COUNT_FRAMES), 1);
		assert_int_equal(rig_int(&bench.rig, "a"), 0xae41);
		assert_int_equal(count(&bench, COUNT_BAD_CHECKSUM) +
					 count(&bench, COUNT_BAD_LENGTH) +
					 count(&bench, COUNT_BAD_MATCH),
				 1);
		end(&bench);
	}
}

static void a_damaged_answer_is_counted_and_asked_for_again_at_once(void **state)
{
	struct bench bench;

	begin(&bench, RTU "retries: 1, timeout: 60s, " HOLDING);
	until_sent(&bench);
	cycle_raw(&bench, "11 03 06 ae 41 56 52 43 40 49 ac");
	assert_int_equal(count(&bench, COUNT_BAD_CHECKSUM), 1);
	assert_int_equal(until_sent(&bench), 2); /* when the line is silent */
	assert_sent(HOLDING_REQUEST);
	cycles(&bench, 20); /* it is waited for like the first one */
	assert_int_equal(count(&bench, COUNT_SENT), 2);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
	end(&bench);
}

/* As from an adapter that hears itself: the request looks like the beginning of an answer. */
static void an_answer_behind_something_alike_may_pause(void **state)
{
	struct bench bench;

	begin(&bench, RTU "in: { a: { holding: 0x0600, registers: 2, type: integer }, "
			  "b: { holding: 0x602 } }");
	until_sent(&bench);
	assert_sent("01 03 06 00 00 03 05 43");
	cycle_raw(&bench, "01 03 06 00 00 03 05 43 01 03 06 00");
	assert_int_equal(count(&bench, COUNT_BAD_CHECKSUM), 1);
	cycles(&bench, 20);
	cycle_raw(&bench, "00 00 07 00 00 90 b4");
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(rig_int(&bench.rig, "a"), 7);
	end(&bench);
}

static void an_answer_that_is_not_the_one_is_dropped_with_its_reason(void **state)
{
	static const struct {
		const char *text;
		enum device_count count;
	} cases[] = {
		{ "12 03 06 ae 41 56 52 43 40", COUNT_BAD_MATCH }, /* another unit */
		{ "11 04 06 ae 41 56 52 43 40", COUNT_BAD_MATCH }, /* another function */
		{ "11 03 04 ae 41 56 52", COUNT_BAD_LENGTH },	   /* too few registers */
		{ "11 03 08 ae 41 56 52 43 40 00 00", COUNT_BAD_LENGTH }, /* too many */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench bench;

		begin(&bench, RTU HOLDING);
		until_sent(&bench);
		cycle_rtu(&bench, cases[i].text);
		assert_int_equal(count(&bench, cases[i].count), 1);
		assert_int_equal(count(&bench, COUNT_FRAMES), 0);
		assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
		cycles(&bench, 505);
		assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
		assert_int_equal(count(&bench, cases[i].count), 1);
		end(&bench);
	}
}

static void half_an_answer_is_counted_when_its_time_is_over(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 50ms, poll: 1s, " HOLDING);
	until_sent(&bench);
	cycle_raw(&bench, "11 03 06 ae 41 56");
	cycles(&bench, 60);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	assert_int_equal(count(&bench, COUNT_BAD_LENGTH), 1);
	/* and its rest is not taken for anything */
	cycle_raw(&bench, "52 43 40 49 ad");
	until_sent(&bench);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	end(&bench);
}

static void half_an_answer_does_not_stand_in_the_way_of_the_next_one(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 50ms, poll: 1s, " HOLDING);
	until_sent(&bench);
	cycle_raw(&bench, "11 03 06 ae 41 56");
	until_sent(&bench);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(count(&bench, COUNT_BAD_LENGTH), 1);
	assert_int_equal(count(&bench, COUNT_BAD_CHECKSUM), 0);
	end(&bench);
}

static void an_answer_that_comes_too_late_is_counted_and_not_taken(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 50ms, poll: 1s, " HOLDING);
	until_sent(&bench);
	cycles(&bench, 60);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 1);
	assert_int_equal(count(&bench, COUNT_FRAMES), 0);
	end(&bench);
}

static void an_answer_that_comes_twice_is_taken_once(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	until_sent(&bench);
	cycle_raw(&bench, HOLDING_ANSWER " " HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 1);
	end(&bench);
}

/* --- time-outs -------------------------------------------------------------------------------- */

static void the_time_of_the_bytes_on_the_wire_is_added_to_the_timeout(void **state)
{
	struct bench bench;
	int64_t sent_ns, wire_ns = (8 + 11) * CHARACTER_NS;

	begin(&bench, RTU "timeout: 50ms, retries: 1, " HOLDING);
	until_sent(&bench);
	sent_ns = bench.rig.now.wake_ns;
	until_sent(&bench);
	assert_in_range(bench.rig.now.wake_ns - sent_ns, 50 * NS_PER_MS + wire_ns,
			51 * NS_PER_MS + wire_ns);
	end(&bench);
}

static void a_request_is_sent_again_as_often_as_retries_says(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 10ms, retries: 2, poll: 1s, " HOLDING);
	until_sent(&bench);
	assert_sent(HOLDING_REQUEST);
	assert_int_equal(until_sent(&bench), 12);
	assert_sent(HOLDING_REQUEST);
	assert_int_equal(until_sent(&bench), 12);
	assert_sent(HOLDING_REQUEST);
	assert_true(until_sent(&bench) > 900);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 3);
	end(&bench);
}

static void retries_are_renewed_for_each_request(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 10ms, retries: 1, poll: 1s, "
			  "in: { a: { coil: 0 }, b: { discrete: 0 } }");
	for (int i = 0; i < 2; i++) {
		until_sent(&bench);
		assert_int_equal(wire.bytes[1], 1);
	}
	for (int i = 0; i < 2; i++) {
		until_sent(&bench);
		assert_int_equal(wire.bytes[1], 2);
	}
	assert_true(until_sent(&bench) > 900);
	end(&bench);
}

static void a_silent_device_leaves_its_channels_to_max_age(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 10ms, poll: 20ms, max_age: 100ms, " HOLDING);
	until_sent(&bench);
	cycle_raw(&bench, HOLDING_ANSWER);
	cycles(&bench, 90);
	device_age(&bench.rig.device, &bench.rig.now);
	assert_true(count(&bench, COUNT_TIMEOUTS) > 2);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_GOOD);
	cycles(&bench, 20);
	device_age(&bench.rig.device, &bench.rig.now);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_STALE);
	assert_int_equal(rig_int(&bench.rig, "a"), 0xae41);
	until_sent(&bench);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_GOOD);
	end(&bench);
}

static void without_max_age_a_silent_device_turns_its_channels_bad(void **state)
{
	struct bench bench;
	uint64_t recorded;

	begin(&bench, RTU "timeout: 10ms, poll: 20ms, retries: 1, "
			  "in: { a: { holding: 0 }, b: { holding: 9 } }");
	until_sent(&bench);
	cycle_rtu(&bench, "01 03 02 00 01");
	until_sent(&bench);
	cycle_rtu(&bench, "01 03 02 00 02");
	until_sent(&bench);
	assert_int_equal(wire.bytes[3], 0);
	until_sent(&bench); /* again: one time-out is not enough */
	assert_int_equal(wire.bytes[3], 0);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_GOOD);
	until_sent(&bench);
	assert_int_equal(wire.bytes[3], 9);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_BAD);
	assert_int_equal(rig_quality(&bench.rig, "b"), QUALITY_GOOD);
	/* and that is recorded */
	memcpy(&recorded, bench.rig.device.published, sizeof(recorded));
	assert_true(bench.rig.now.cycle - recorded < 5);
	assert_int_equal(bench.rig.device.published[bench.rig.device.part.bytes - 2],
			 QUALITY_BAD);
	end(&bench);
}

static void a_stall_of_the_cycle_is_no_time_out_where_the_answer_is_there(void **state)
{
	struct bench bench;
	uint8_t frame[16];
	uint32_t bytes = parse(HOLDING_ANSWER, frame);

	begin(&bench, RTU "timeout: 10ms, " HOLDING);
	until_sent(&bench);
	rig_step(&bench.rig, 5 * NS_PER_SEC);
	rig_receive(&bench.rig, frame, bytes, NULL);
	rig_tick(&bench.rig);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
	end(&bench);
}

/* --- exceptions ------------------------------------------------------------------------------- */

static unsigned refusals_told(const struct bench *bench)
{
	unsigned told = 0;

	for (unsigned i = 0; i < bench->recorder.event_count; i++) {
		told += bench->recorder.events[i].code == EVENT_REQUEST_REFUSED;
	}
	return told;
}

static void an_exception_turns_its_channels_bad_and_is_counted(void **state)
{
	struct bench bench;

	begin(&bench, RTU
	      "poll: 20ms, max_age: 1s, in: { a: { holding: 0 }, b: { holding: 9 } }");
	until_sent(&bench);
	cycle_rtu(&bench, "01 03 02 00 01");
	until_sent(&bench);
	cycle_rtu(&bench, "01 03 02 00 02");
	until_sent(&bench);
	cycle_rtu(&bench, "01 83 02");
	assert_int_equal(count(&bench, COUNT_EXCEPTIONS), 1);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_BAD);
	assert_int_equal(rig_quality(&bench.rig, "b"), QUALITY_GOOD);
	assert_int_equal(bench.rig.device.published[bench.rig.device.part.bytes - 2],
			 QUALITY_BAD);
	/* it was an answer: on with the next request, which is another one */
	until_sent(&bench);
	assert_int_equal(wire.bytes[3], 9);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
	assert_int_equal(count(&bench, COUNT_FRAMES), 2);
	end(&bench);
}

static void the_code_of_an_exception_is_told_when_it_changes(void **state)
{
	static const struct {
		const char *answer;
		unsigned told;
	} steps[] = {
		{ "01 83 02", 1 }, { "01 83 02", 1 },	    { "01 83 04", 2 },
		{ "01 83 04", 2 }, { "01 03 02 00 01", 2 }, { "01 83 04", 3 },
	};
	struct bench bench;

	begin(&bench, RTU "retries: 3, poll: 20ms, in: { a: { holding: 0 } }");
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		until_sent(&bench);
		cycle_rtu(&bench, steps[i].answer);
		assert_int_equal(refusals_told(&bench), steps[i].told);
	}
	assert_int_equal(count(&bench, COUNT_EXCEPTIONS), 5);
	assert_int_equal(bench.recorder.events[0].value, 2);
	assert_int_equal(bench.recorder.events[1].value, 4);
	end(&bench);
}

static void an_exception_may_be_split_at_every_byte(void **state)
{
	for (uint32_t at = 1; at < 5; at++) {
		struct bench bench;
		uint8_t frame[8];
		uint32_t bytes = parse("0a 81 02 b0 53", frame);

		begin(&bench, RTU "in: { a: { coil: 1185, unit_id: 10 } }");
		until_sent(&bench);
		assert_sent("0a 01 04 a1 00 01 ac 63");
		cycle_with(&bench, frame, at);
		assert_int_equal(count(&bench, COUNT_EXCEPTIONS), 0);
		cycle_with(&bench, frame + at, bytes - at);
		assert_int_equal(count(&bench, COUNT_EXCEPTIONS), 1);
		end(&bench);
	}
}

/* --- sending ---------------------------------------------------------------------------------- */

static void a_request_that_does_not_fit_at_once_is_finished_later(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	wire.answer = 3;
	until_sent(&bench);
	assert_int_equal(wire.count, 3);
	assert_int_equal(count(&bench, COUNT_SENT), 0);
	assert_int_equal(count(&bench, COUNT_SEND_DROPPED), 1);
	cycles(&bench, 2);
	assert_sent(HOLDING_REQUEST);
	assert_int_equal(count(&bench, COUNT_SENT), 1);
	assert_int_equal(count(&bench, COUNT_SEND_DROPPED), 1);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	end(&bench);
}

static void the_timeout_counts_from_the_last_byte_sent(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 10ms, poll: 1s, " HOLDING);
	wire.answer = 1;
	until_sent(&bench);
	cycles(&bench, 7);
	assert_sent(HOLDING_REQUEST);
	cycles(&bench, 11);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
	cycles(&bench, 1);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	end(&bench);
}

static void a_line_that_takes_nothing_is_a_time_out(void **state)
{
	static const ssize_t answers[] = { -EAGAIN, -EINTR, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct bench bench;

		begin(&bench, RTU "timeout: 50ms, poll: 1s, " HOLDING);
		wire.answer = answers[i];
		cycles(&bench, 40);
		assert_false(bench.rig.device.is_lost);
		assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
		assert_int_equal(count(&bench, COUNT_SEND_DROPPED), 1);
		cycles(&bench, 20);
		assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
		wire.answer = SENT_MAX;
		until_sent(&bench);
		assert_sent(HOLDING_REQUEST);
		end(&bench);
	}
}

static void a_line_that_cannot_be_written_to_is_lost(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	wire.answer = -EIO;
	cycles(&bench, 3);
	assert_true(bench.rig.device.is_lost);
	assert_int_equal(bench.rig.device.lost_code, -EIO);
	assert_int_equal(count(&bench, COUNT_SEND_DROPPED), 0);
	end(&bench);
}

static void nothing_is_sent_while_the_device_is_away(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	bench.rig.device.link = NULL;
	cycles(&bench, 10);
	assert_quiet();
	end(&bench);
}

static void a_new_link_begins_anew(void **state)
{
	struct bench bench;

	begin(&bench, RTU "timeout: 60s, " HOLDING);
	until_sent(&bench);
	cycle_raw(&bench, "11 03 06 ae 41");
	bench.rig.device.driver->attach(&bench.rig.device, &bench.rig.now);
	assert_int_equal(until_sent(&bench), 2);
	assert_sent(HOLDING_REQUEST);
	cycle_raw(&bench, HOLDING_ANSWER);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(count(&bench, COUNT_BAD_CHECKSUM), 0);
	end(&bench);
}

static void what_was_told_before_is_told_again_on_a_new_link(void **state)
{
	struct bench bench;

	begin(&bench, RTU HOLDING);
	for (unsigned i = 1; i <= 2; i++) {
		until_sent(&bench);
		cycle_rtu(&bench, "11 83 02");
		cycle_raw(&bench, "55");
		assert_int_equal(refusals_told(&bench), i);
		assert_int_equal(count(&bench, COUNT_BAD_MATCH), 2 * i - 1);
		bench.rig.device.driver->attach(&bench.rig.device, &bench.rig.now);
		cycle_raw(&bench, "55");
		assert_int_equal(count(&bench, COUNT_BAD_MATCH), 2 * i);
	}
	end(&bench);
}

static void a_device_without_channels_asks_for_nothing(void **state)
{
	struct bench bench;

	begin(&bench, RTU "poll: 1ms");
	cycles(&bench, 100);
	assert_quiet();
	assert_int_equal(count(&bench, COUNT_SEND_DROPPED), 0);
	end(&bench);
}

/* --- TCP -------------------------------------------------------------------------------------- */

#define ONE "in: { a: { holding: 4, type: integer } }"

static void a_poll_over_tcp_needs_no_silence(void **state)
{
	struct bench bench;

	begin(&bench, TCP "unit_id: 255, poll: 10ms, " ONE);
	rig_emit(&bench.rig);
	assert_true(wire.was_socket);
	assert_sent("00 01 00 00 00 06 ff 03 00 04 00 01");
	cycle_raw(&bench, "00 01 00 00 00 05 ff 03 02 00 05");
	assert_int_equal(rig_int(&bench.rig, "a"), 5);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	until_sent(&bench);
	assert_sent("00 02 00 00 00 06 ff 03 00 04 00 01");
	end(&bench);
}

static void the_next_request_goes_out_in_the_cycle_of_the_answer(void **state)
{
	struct bench bench;

	begin(&bench, TCP "in: { a: { coil: 0, type: integer }, b: { discrete: 0 } }");
	rig_emit(&bench.rig);
	assert_int_equal(wire.bytes[7], 1);
	wire.count = 0;
	cycle_raw(&bench, "00 01 00 00 00 04 01 01 01 01");
	assert_sent("00 02 00 00 00 06 01 02 00 00 00 01");
	assert_int_equal(rig_int(&bench.rig, "a"), 1);
	end(&bench);
}

static void an_answer_over_tcp_may_be_split_at_every_byte(void **state)
{
	for (uint32_t at = 1; at < 11; at++) {
		struct bench bench;
		uint8_t frame[16];
		uint32_t bytes = parse("00 01 00 00 00 05 01 03 02 00 05", frame);

		begin(&bench, TCP ONE);
		rig_emit(&bench.rig);
		cycle_with(&bench, frame, at);
		assert_int_equal(count(&bench, COUNT_FRAMES), 0);
		cycle_with(&bench, frame + at, bytes - at);
		assert_int_equal(count(&bench, COUNT_FRAMES), 1);
		assert_int_equal(rig_int(&bench.rig, "a"), 5);
		end(&bench);
	}
}

static void late_answers_are_dropped_and_counted(void **state)
{
	struct bench bench;

	begin(&bench, TCP "timeout: 10ms, poll: 20ms, max_age: 1s, " ONE);
	rig_emit(&bench.rig);
	cycles(&bench, 15);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	/* while nothing is asked, and in front of the answer to what was asked next */
	cycle_raw(&bench, "00 01 00 00 00 05 01 03 02 00 05");
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 1);
	until_sent(&bench);
	cycle_raw(&bench,
		  "00 01 00 00 00 05 01 03 02 00 05 00 02 00 00 00 05 01 03 02 00 06");
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 2);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(rig_int(&bench.rig, "a"), 6);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	end(&bench);
}

static void half_a_late_answer_does_not_spoil_the_next_one(void **state)
{
	struct bench bench;

	begin(&bench, TCP "timeout: 10ms, poll: 20ms, max_age: 1s, " ONE);
	rig_emit(&bench.rig);
	cycle_raw(&bench, "00 01 00 00 00 05 01");
	until_sent(&bench);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	cycle_raw(&bench, "03 02 00 05 00 02 00 00 00 05 01 03 02 00 06");
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 1);
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(rig_int(&bench.rig, "a"), 6);
	end(&bench);
}

static void half_a_frame_of_the_connection_before_is_forgotten(void **state)
{
	struct bench bench;

	begin(&bench, TCP ONE);
	rig_emit(&bench.rig);
	cycle_raw(&bench, "00 01 00 00 00 05 01");
	bench.rig.device.driver->attach(&bench.rig.device, &bench.rig.now);
	wire.count = 0;
	rig_emit(&bench.rig);
	cycle_tcp(&bench, "00 05 01 03 02 00 06");
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	assert_int_equal(rig_int(&bench.rig, "a"), 6);
	end(&bench);
}

static void transactions_are_numbered_past_65535(void **state)
{
	struct bench bench;

	begin(&bench, TCP "poll: 1ms, " ONE);
	rig_emit(&bench.rig);
	for (uint32_t i = 1; i < 65540; i++) {
		assert_int_equal(wire.bytes[0], i >> 8 & 0xff);
		assert_int_equal(wire.bytes[1], i & 0xff);
		wire.count = 0;
		cycle_tcp(&bench, "00 05 01 03 02 00 05");
	}
	assert_int_equal(count(&bench, COUNT_FRAMES), 65539);
	end(&bench);
}

static void a_wrong_answer_over_tcp_ends_the_try_at_once(void **state)
{
	static const struct {
		const char *text;
		enum device_count count;
	} cases[] = {
		{ "00 05 02 03 02 00 05", COUNT_BAD_MATCH },
		{ "00 05 01 04 02 00 05", COUNT_BAD_MATCH },
		{ "00 07 01 03 04 00 05 00 06", COUNT_BAD_LENGTH },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bench bench;

		begin(&bench, TCP "retries: 1, timeout: 60s, " ONE);
		rig_emit(&bench.rig);
		wire.count = 0;
		cycle_tcp(&bench, cases[i].text);
		assert_int_equal(count(&bench, cases[i].count), 1);
		assert_sent("00 02 00 00 00 06 01 03 00 04 00 01");
		end(&bench);
	}
}

static void an_exception_over_tcp_turns_its_channels_bad(void **state)
{
	struct bench bench;

	begin(&bench, TCP "poll: 20ms, max_age: 1s, " ONE);
	rig_emit(&bench.rig);
	cycle_tcp(&bench, "00 05 01 03 02 00 05");
	until_sent(&bench);
	cycle_tcp(&bench, "00 03 01 83 02");
	assert_int_equal(count(&bench, COUNT_EXCEPTIONS), 1);
	assert_int_equal(rig_quality(&bench.rig, "a"), QUALITY_BAD);
	assert_int_equal(refusals_told(&bench), 1);
	end(&bench);
}

static void a_stream_without_headers_is_given_up(void **state)
{
	struct bench bench;

	begin(&bench, TCP ONE);
	rig_emit(&bench.rig);
	cycle_raw(&bench, "48 54 54 50 2f 31 2e 31 20 34 30 30");
	assert_true(bench.rig.device.is_lost);
	assert_int_equal(bench.rig.device.lost_code, -EPROTO);
	assert_int_equal(count(&bench, COUNT_BAD_LENGTH), 1);
	end(&bench);
}

static void a_peer_that_takes_half_a_request_and_no_more_is_lost(void **state)
{
	struct bench bench;

	begin(&bench, TCP "timeout: 50ms, " ONE);
	wire.answer = 5;
	rig_emit(&bench.rig);
	wire.answer = -EAGAIN;
	cycles(&bench, 45);
	assert_false(bench.rig.device.is_lost);
	cycles(&bench, 10);
	assert_true(bench.rig.device.is_lost);
	assert_int_equal(bench.rig.device.lost_code, -ETIMEDOUT);
	end(&bench);
}

static void a_peer_that_takes_nothing_of_a_request_is_waited_for(void **state)
{
	struct bench bench;

	begin(&bench, TCP "timeout: 50ms, poll: 1s, " ONE);
	wire.answer = -EAGAIN;
	rig_emit(&bench.rig);
	cycles(&bench, 100);
	assert_false(bench.rig.device.is_lost);
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 1);
	wire.answer = SENT_MAX;
	until_sent(&bench);
	assert_sent("00 02 00 00 00 06 01 03 00 04 00 01");
	end(&bench);
}

static void a_flood_over_tcp_is_taken_frame_by_frame(void **state)
{
	struct bench bench;
	uint8_t flood[512];
	uint32_t bytes = 0;

	begin(&bench, TCP "timeout: 60s, " ONE);
	rig_emit(&bench.rig);
	while (bytes + 11 <= sizeof(flood)) {
		bytes += parse("77 77 00 00 00 05 01 03 02 00 05", flood + bytes);
	}
	for (int i = 0; i < 10; i++) {
		cycle_with(&bench, flood, bytes);
	}
	assert_int_equal(count(&bench, COUNT_BAD_MATCH), 10 * (512 / 11));
	cycle_tcp(&bench, "00 05 01 03 02 00 05");
	assert_int_equal(count(&bench, COUNT_FRAMES), 1);
	end(&bench);
}

static void the_longest_frames_are_followed_through_reads_of_any_size(void **state)
{
	static uint8_t flood[40 * 260];

	for (uint32_t i = 0; i < sizeof(flood); i += 260) {
		parse("77 77 00 00 00 fe", flood + i);
	}
	for (uint32_t part = 1; part <= 512; part++) {
		struct bench bench;

		begin(&bench, TCP "timeout: 60s, " ONE);
		rig_emit(&bench.rig);
		for (uint32_t at = 0; at < sizeof(flood); at += part) {
			uint32_t left = (uint32_t)sizeof(flood) - at;

			cycle_with(&bench, flood + at, part < left ? part : left);
		}
		assert_int_equal(count(&bench, COUNT_BAD_MATCH), 40);
		assert_false(bench.rig.device.is_lost);
		cycle_tcp(&bench, "00 05 01 03 02 00 05");
		assert_int_equal(count(&bench, COUNT_FRAMES), 1);
		end(&bench);
	}
}

/* --- at random -------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t next_random(void)
{
	random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(random_state >> 33);
}

static uint32_t below(uint32_t limit)
{
	return next_random() % limit;
}

static bool one_in(uint32_t n)
{
	return below(n) == 0;
}

/* Bytes that are likely to look like the beginning of an answer. */
static uint8_t noise(void)
{
	static const uint8_t likely[] = { 1, 3, 4, 0x83, 0, 2, 5, 6 };

	return one_in(3) ? (uint8_t)next_random() : likely[below(sizeof(likely))];
}

/* In parts of random size, a cycle each. */
static void cycles_with(struct bench *bench, const uint8_t *data, uint32_t bytes)
{
	while (bytes > 0) {
		uint32_t part = 1 + below(bytes < 40 ? bytes : 40);

		cycle_with(bench, data, part);
		data += part;
		bytes -= part;
	}
}

static void cycles_of_noise(struct bench *bench)
{
	uint8_t bytes[64];
	uint32_t n = below(sizeof(bytes));

	for (uint32_t i = 0; i < n; i++) {
		bytes[i] = noise();
	}
	cycles_with(bench, bytes, n);
}

/* Noise on the line before, and between, whole answers: none of those is lost, and nothing else is
 * ever taken for one. */
static void of_a_noisy_line_every_good_answer_is_taken(void **state)
{
	struct bench bench;

	random_state = 1;
	begin(&bench, RTU "timeout: 1s, poll: 100us, max_age: 1h, "
			  "in: { n: { holding: 5, registers: 4, type: integer } }");
	for (int64_t n = 1; n <= 3000; n++) {
		uint8_t frame[16] = { 1, 3, 8 };
		uint64_t value = (uint64_t)n;

		if (one_in(2)) {
			cycles_of_noise(&bench);
		}
		until_sent(&bench);
		if (one_in(2)) {
			cycles_of_noise(&bench);
		}
		for (int i = 0; i < 8; i++) {
			frame[10 - i] = (uint8_t)(value >> 8 * i);
		}
		cycles_with(&bench, frame, add_crc(frame, 11));
		assert_int_equal(count(&bench, COUNT_FRAMES), n);
		assert_int_equal(rig_int(&bench.rig, "n"), n);
	}
	assert_int_equal(count(&bench, COUNT_TIMEOUTS), 0);
	assert_int_equal(count(&bench, COUNT_EXCEPTIONS), 0);
	assert_true(count(&bench, COUNT_BAD_MATCH) > 1000);
	end(&bench);
}

static int64_t fuzz_until_ns(void)
{
	const char *seconds = getenv("FUZZ_SECONDS");

	return sys_now() +
	       (seconds ? (int64_t)(strtod(seconds, NULL) * 1e9) / 2 : NS_PER_SEC / 2);
}

/* What a device might send back: the answer, most often, and then something is done to it. */
static uint32_t make_answer(const uint8_t *request, bool is_socket, uint8_t *frame)
{
	const uint8_t *pdu = request + (is_socket ? 6 : 0);
	uint32_t asked = (uint32_t)pdu[4] << 8 | pdu[5];
	uint32_t data = pdu[1] <= 2 ? (asked + 7) / 8 : 2 * asked;
	uint32_t at = is_socket ? 6 : 0;
	uint32_t bytes = at;

	memcpy(frame, request, at);
	frame[bytes++] = pdu[0];
	if (one_in(8)) {
		frame[bytes++] = pdu[1] | 0x80;
		frame[bytes++] = noise();
	} else {
		frame[bytes++] = pdu[1];
		frame[bytes++] = (uint8_t)data;
		for (uint32_t i = 0; i < data; i++) {
			frame[bytes++] = noise();
		}
	}
	if (is_socket) {
		frame[4] = 0;
		frame[5] = (uint8_t)(bytes - at);
		return bytes;
	}
	return add_crc(frame, bytes);
}

static uint32_t spoil(uint8_t *frame, uint32_t bytes, uint32_t room)
{
	switch (below(6)) {
	case 0:
		frame[below(bytes)] = noise();
		return bytes;
	case 1:
		return below(bytes + 1);
	case 2:
		memmove(frame + 1, frame, bytes);
		frame[0] = noise();
		return bytes + 1;
	case 3:
		memcpy(frame + bytes, frame, bytes < room - bytes ? bytes : room - bytes);
		return bytes < room - bytes ? 2 * bytes : room;
	case 4:
		memmove(frame, frame + 1, bytes - 1);
		return bytes - 1;
	default:
		for (uint32_t i = 0; i < bytes; i++) {
			frame[i] = noise();
		}
		return bytes;
	}
}

/* What must hold after every cycle, whatever came. */
static void assert_sane(struct bench *bench)
{
	uint64_t sent = count(bench, COUNT_SENT);

	assert_true(count(bench, COUNT_FRAMES) + count(bench, COUNT_EXCEPTIONS) <= sent);
	for (unsigned i = 0; i < bench->rig.device.spec->in_count; i++) {
		const struct channel *channel = &bench->rig.device.in[i];

		assert_true(*channel->quality <= QUALITY_BAD);
		assert_true(*channel->quality == QUALITY_BAD ||
			    channel->sample_ns > bench->rig.now.wake_ns - 2 * NS_PER_SEC);
		assert_true(channel->type != VALUE_FLOAT ||
			    isfinite(channel_value(channel).as_float));
	}
}

static void fuzz_one(const char *text)
{
	struct bench bench;
	uint8_t frame[600];
	bool was_socket = false;

	begin(&bench, text);
	for (int i = 0; i < 400; i++) {
		uint32_t bytes;

		bench.recorder.event_count = 0;
		wire.answer = one_in(20)   ? -EAGAIN
			      : one_in(20) ? (ssize_t)below(12)
					   : SENT_MAX;
		if (wire.count == (wire.was_socket ? 12 : 8)) {
			was_socket = wire.was_socket;
			bytes = make_answer(wire.bytes, was_socket, frame);
			wire.count = 0;
			if (one_in(3)) {
				bytes = spoil(frame, bytes, sizeof(frame));
			}
			cycles_with(&bench, frame, bytes);
		} else if (one_in(30)) {
			cycles_of_noise(&bench);
		} else {
			rig_step(&bench.rig, below(10) * NS_PER_MS / 2 + 1);
			rig_tick(&bench.rig);
			rig_emit(&bench.rig);
		}
		wire.count = wire.count > 12 ? 0 : wire.count;
		if (bench.rig.device.is_lost) {
			wire.count = 0;
			bench.rig.device.is_lost = false;
			device_mark_bad(&bench.rig.device, &bench.rig.now);
			bench.rig.device.driver->attach(&bench.rig.device,
							&bench.rig.now);
		}
		device_age(&bench.rig.device, &bench.rig.now);
		assert_sane(&bench);
	}
	end(&bench);
}

#define FUZZED                                                                           \
	"poll: 3ms, timeout: 20ms, retries: 1, gap: 20, max_age: 1s, "                   \
	"in: { a: { holding: 1, registers: 2, encoding: float }, b: { holding: 20 }, "   \
	"c: { input: 0, registers: 4, encoding: float, scale: 3 }, "                     \
	"d: { input: 120, bit: 3, bits: 5, type: integer }, e: { coil: 3, type: bool "   \
	"}, "                                                                            \
	"f: { discrete: 1999, type: bool }, g: { discrete: 20, unit_id: 3 } }"

static void nothing_that_a_line_brings_upsets_it(void **state)
{
	int64_t until_ns = fuzz_until_ns();

	random_state = 2;
	do {
		fuzz_one("serial: { path: /dev/null, baud: 115200 }, " FUZZED);
	} while (sys_now() < until_ns);
}

static void nothing_that_a_peer_sends_upsets_it(void **state)
{
	int64_t until_ns = fuzz_until_ns();

	random_state = 3;
	do {
		fuzz_one(TCP FUZZED);
	} while (sys_now() < until_ns);
}

/* As docs/drivers/modbus.md has it. */
static void the_meter_of_the_guide_is_read(void **state)
{
	struct bench bench;

	begin(&bench,
	      "serial: { path: /dev/null, baud: 19200, parity: even }, unit_id: 17, "
	      "poll: 200ms, timeout: 100ms, max_age: 1s, in: {"
	      " power:  { input: 12, registers: 2, encoding: float, unit: W },"
	      " energy: { input: 14, registers: 2, words: low_first, scale: 0.01, unit: "
	      "kWh },"
	      " alarm:  { holding: 100, bit: 3, type: bool },"
	      " relay:  { coil: 0 } }");
	until_sent(&bench);
	assert_sent("11 01 00 00 00 01 ff 5a");
	cycle_rtu(&bench, "11 01 01 01");
	until_sent(&bench);
	cycle_rtu(&bench, "11 03 02 00 08");
	until_sent(&bench);
	assert_sent("11 04 00 0c 00 04 33 5a");
	cycle_raw(&bench, "11 04 08 44 9a 50 00 d6 87 00 12 4b 3b");
	assert_true(rig_float(&bench.rig, "power") == 1234.5);
	assert_true(fabs(rig_float(&bench.rig, "energy") - 12345.67) < 1e-9);
	assert_true(rig_bool(&bench.rig, "alarm"));
	assert_true(rig_bool(&bench.rig, "relay"));
	end(&bench);
}

static void the_example_is_right(void **state)
{
	struct rig rig;

	rig_init(&rig, driver_find("modbus")->example);
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_in_the_outbox_is_sent_when_that_is_told),
		cmocka_unit_test(
			the_rest_of_a_request_follows_when_the_outbox_sent_a_part),
		cmocka_unit_test(a_request_that_fails_in_the_outbox_loses_the_device),
		cmocka_unit_test(the_examples_of_the_specification_go_out_and_come_in),
		cmocka_unit_test(an_answer_may_be_split_at_every_byte),
		cmocka_unit_test(an_answer_may_come_byte_by_byte),
		cmocka_unit_test(polls_keep_to_their_grid),
		cmocka_unit_test(
			a_poll_that_finds_the_last_one_not_over_is_skipped_and_counted),
		cmocka_unit_test(requests_of_a_poll_follow_each_other),
		cmocka_unit_test(every_answer_is_published),
		cmocka_unit_test(an_answer_without_a_good_value_is_none),
		cmocka_unit_test(a_line_is_heard_to_be_silent_before_the_first_request),
		cmocka_unit_test(
			three_and_a_half_characters_of_silence_come_before_each_request),
		cmocka_unit_test(a_line_that_is_not_silent_is_not_spoken_on),
		cmocka_unit_test(the_end_of_a_request_is_waited_for_as_well),
		cmocka_unit_test(the_silence_counts_from_the_end_of_the_request),
		cmocka_unit_test(noise_before_an_answer_is_dropped_and_counted_once),
		cmocka_unit_test(half_an_answer_before_the_answer_does_not_hide_it),
		cmocka_unit_test(a_damaged_answer_is_counted_and_asked_for_again_at_once),
		cmocka_unit_test(an_answer_behind_something_alike_may_pause),
		cmocka_unit_test(
			an_answer_that_is_not_the_one_is_dropped_with_its_reason),
		cmocka_unit_test(half_an_answer_is_counted_when_its_time_is_over),
		cmocka_unit_test(
			half_an_answer_does_not_stand_in_the_way_of_the_next_one),
		cmocka_unit_test(an_answer_that_comes_too_late_is_counted_and_not_taken),
		cmocka_unit_test(an_answer_that_comes_twice_is_taken_once),
		cmocka_unit_test(
			the_time_of_the_bytes_on_the_wire_is_added_to_the_timeout),
		cmocka_unit_test(a_request_is_sent_again_as_often_as_retries_says),
		cmocka_unit_test(retries_are_renewed_for_each_request),
		cmocka_unit_test(a_silent_device_leaves_its_channels_to_max_age),
		cmocka_unit_test(without_max_age_a_silent_device_turns_its_channels_bad),
		cmocka_unit_test(
			a_stall_of_the_cycle_is_no_time_out_where_the_answer_is_there),
		cmocka_unit_test(an_exception_turns_its_channels_bad_and_is_counted),
		cmocka_unit_test(the_code_of_an_exception_is_told_when_it_changes),
		cmocka_unit_test(an_exception_may_be_split_at_every_byte),
		cmocka_unit_test(a_request_that_does_not_fit_at_once_is_finished_later),
		cmocka_unit_test(the_timeout_counts_from_the_last_byte_sent),
		cmocka_unit_test(a_line_that_takes_nothing_is_a_time_out),
		cmocka_unit_test(a_line_that_cannot_be_written_to_is_lost),
		cmocka_unit_test(nothing_is_sent_while_the_device_is_away),
		cmocka_unit_test(a_new_link_begins_anew),
		cmocka_unit_test(what_was_told_before_is_told_again_on_a_new_link),
		cmocka_unit_test(a_device_without_channels_asks_for_nothing),
		cmocka_unit_test(a_poll_over_tcp_needs_no_silence),
		cmocka_unit_test(the_next_request_goes_out_in_the_cycle_of_the_answer),
		cmocka_unit_test(an_answer_over_tcp_may_be_split_at_every_byte),
		cmocka_unit_test(late_answers_are_dropped_and_counted),
		cmocka_unit_test(half_a_late_answer_does_not_spoil_the_next_one),
		cmocka_unit_test(half_a_frame_of_the_connection_before_is_forgotten),
		cmocka_unit_test(transactions_are_numbered_past_65535),
		cmocka_unit_test(a_wrong_answer_over_tcp_ends_the_try_at_once),
		cmocka_unit_test(an_exception_over_tcp_turns_its_channels_bad),
		cmocka_unit_test(a_stream_without_headers_is_given_up),
		cmocka_unit_test(a_peer_that_takes_half_a_request_and_no_more_is_lost),
		cmocka_unit_test(a_peer_that_takes_nothing_of_a_request_is_waited_for),
		cmocka_unit_test(a_flood_over_tcp_is_taken_frame_by_frame),
		cmocka_unit_test(
			the_longest_frames_are_followed_through_reads_of_any_size),
		cmocka_unit_test(of_a_noisy_line_every_good_answer_is_taken),
		cmocka_unit_test(nothing_that_a_line_brings_upsets_it),
		cmocka_unit_test(nothing_that_a_peer_sends_upsets_it),
		cmocka_unit_test(the_meter_of_the_guide_is_read),
		cmocka_unit_test(the_example_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
