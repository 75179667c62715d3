#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/frame.h"
#include "tests/fakes/rig.h"

#define BYTES(text) ((struct option_bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

#define GOT_BYTES 65536

/* Every good frame, each after its length in one byte pair: easy to compare. */
struct got {
	uint8_t data[GOT_BYTES];
	uint32_t bytes;
	unsigned frames;
	unsigned steps; /* frames good or bad */
};

static struct got got;

static void add_frame(const struct frame *frame)
{
	assert_true(got.bytes + 2 + frame->bytes <= GOT_BYTES);
	got.data[got.bytes++] = (uint8_t)(frame->bytes >> 8);
	got.data[got.bytes++] = (uint8_t)frame->bytes;
	memcpy(got.data + got.bytes, frame->data, frame->bytes);
	got.bytes += frame->bytes;
	got.frames++;
}

static void drain(struct framer *framer)
{
	struct frame frame;

	while (framer_locate(framer)) {
		got.steps++;
		if (framer_take(framer, &frame)) {
			add_frame(&frame);
		}
	}
}

static void start(struct framer *framer, const struct frame_options *options,
		  uint32_t message_bytes)
{
	memset(&got, 0, sizeof(got));
	assert_int_equal(framer_init(framer, options, message_bytes), 0);
}

static void feed(struct framer *framer, const void *data, size_t bytes)
{
	assert_int_equal(framer_append(framer, data, (uint32_t)bytes), bytes);
	drain(framer);
}

static void feed_text(struct framer *framer, const char *text)
{
	feed(framer, text, strlen(text));
}

static void take_message(struct framer *framer, const void *data, size_t bytes)
{
	framer_begin(framer, data, (uint32_t)bytes);
	drain(framer);
	assert_int_equal(framer->bytes, 0);
}

static void assert_tally(const struct framer *framer, uint32_t checksum, uint32_t length,
			 uint32_t match)
{
	assert_int_equal(framer->tally.bad_checksum, checksum);
	assert_int_equal(framer->tally.bad_length, length);
	assert_int_equal(framer->tally.bad_match, match);
}

static void assert_got(const char *frames, size_t bytes)
{
	assert_int_equal(got.bytes, bytes);
	assert_memory_equal(got.data, frames, bytes);
}

#define ASSERT_GOT(literal) assert_got(literal, sizeof(literal) - 1)

/* line */

static void a_line_ends_at_a_newline_with_or_without_return(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE };
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "one\ntwo\r\nthr");
	feed_text(&framer, "ee\r");
	ASSERT_GOT("\0\3one\0\3two");
	feed_text(&framer, "\n");
	ASSERT_GOT("\0\3one\0\3two\0\5three");
	framer_fini(&framer);
}

static void empty_lines_are_passed_over_uncounted(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE };
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "\r\n\n\r\na\n\n");
	ASSERT_GOT("\0\1a");
	assert_tally(&framer, 0, 0, 0);
	framer_fini(&framer);
}

static void a_line_may_end_with_other_bytes(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE,
					       .end = BYTES("\r\n>") };
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "a\nb\r\n\r\n>c\r");
	feed_text(&framer, "\n");
	feed_text(&framer, ">");
	ASSERT_GOT("\0\5a\nb\r\n\0\1c");
	framer_fini(&framer);
}

static void a_line_of_max_bytes_is_taken_and_one_more_is_dropped(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE, .max = 4 };
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "1234\r\n12345\r\n1234\n");
	ASSERT_GOT("\0\4"
		   "1234"
		   "\0\4"
		   "1234");
	assert_tally(&framer, 0, 1, 0);
	framer_fini(&framer);
}

static void a_line_without_an_end_is_dropped_once_and_the_next_is_taken(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE, .max = 8 };
	struct framer framer;

	start(&framer, &options, 0);
	for (int i = 0; i < 10000; i++) {
		feed_text(&framer, "xyz");
	}
	assert_tally(&framer, 0, 1, 0);
	assert_true(framer_room(&framer) >= 2048);
	feed_text(&framer, "end\ngood\n");
	ASSERT_GOT("\0\4good");
	assert_tally(&framer, 0, 1, 0);
	framer_fini(&framer);
}

static void an_end_that_arrives_in_two_parts_ends_an_overlong_line(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE,
					       .max = 4,
					       .end = BYTES("\r\n") };
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "123456789\r");
	feed_text(&framer, "\nok\r\n");
	ASSERT_GOT("\0\2ok");
	assert_tally(&framer, 0, 1, 0);
	framer_fini(&framer);
}

static void lines_of_others_are_counted_as_bad_match(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_LINE,
		.match = BYTES("M,"),
		.checksum = CHECKSUM_XOR8,
	};
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "Q,1\r\nM\r\nM,1*50\r\nM,1*51\r\nM,\r\nM,1234\r\n");
	ASSERT_GOT("\0\3M,1");
	assert_tally(&framer, 2, 1, 2);
	framer_fini(&framer);
}

static void match_may_stand_further_on(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_LINE,
		.match = BYTES("T"),
		.match_at = 3,
	};
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "01 T5\n02 P5\nT\n");
	ASSERT_GOT("\0\5"
		   "01 T5");
	assert_tally(&framer, 0, 0, 2);
	framer_fini(&framer);
}

static void a_stream_joined_midway_begins_after_the_first_end(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE };
	struct framer framer;

	start(&framer, &options, 0);
	framer_reset(&framer, true);
	feed_text(&framer, "5.0\n25.0\n");
	ASSERT_GOT("\0\4"
		   "25.0");
	framer_reset(&framer, false);
	feed_text(&framer, "26.0\n");
	ASSERT_GOT("\0\4"
		   "25.0"
		   "\0\4"
		   "26.0");
	assert_tally(&framer, 0, 0, 0);
	framer_fini(&framer);
}

static void a_reset_forgets_half_a_line(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE };
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "hal");
	framer_reset(&framer, false);
	feed_text(&framer, "whole\n");
	ASSERT_GOT("\0\5whole");
	framer_fini(&framer);
}

/* fixed */

static const struct frame_options fixed = {
	.kind = FRAME_FIXED,
	.size = 5,
	.sync = { (const uint8_t *)"\xaa\x55", 2 },
	.checksum = CHECKSUM_SUM8,
	.checksum_from = 2,
};

static void a_fixed_frame_begins_with_sync(void **state)
{
	struct framer framer;

	start(&framer, &fixed, 0);
	feed(&framer, "\xaa\x55\x01\x02\x03", 5);
	feed(&framer, "\xaa\x55\x02\x02", 4);
	assert_int_equal(got.frames, 1);
	feed(&framer, "\x04", 1);
	ASSERT_GOT("\0\4\xaa\x55\1\2\0\4\xaa\x55\2\2");
	assert_tally(&framer, 0, 0, 0);
	framer_fini(&framer);
}

static void a_run_of_bytes_between_frames_is_counted_once(void **state)
{
	struct framer framer;

	start(&framer, &fixed, 0);
	feed(&framer, "garbage", 7);
	feed(&framer, "more\xaa", 5);
	feed(&framer, "\xaa\x55\x01\x02\x03", 5);
	feed(&framer, "!!", 2);
	feed(&framer, "\xaa\x55\x01\x02\x03", 5);
	assert_int_equal(got.frames, 2);
	assert_tally(&framer, 0, 0, 2);
	framer_fini(&framer);
}

static void a_lost_byte_costs_its_own_frame_only(void **state)
{
	struct framer framer;

	start(&framer, &fixed, 0);
	feed(&framer, "\xaa\x55\x01\x03", 4);
	feed(&framer, "\xaa\x55\x01\x02\x03", 5);
	ASSERT_GOT("\0\4\xaa\x55\1\2");
	assert_tally(&framer, 1, 0, 0);
	framer_fini(&framer);
}

static void each_corrupted_frame_is_counted_once_though_it_holds_a_sync(void **state)
{
	struct framer framer;

	start(&framer, &fixed, 0);
	feed(&framer, "\xaa\x55\xaa\x55\x00", 5);
	feed(&framer, "\xaa\x55\xaa\x55\x01", 5);
	feed(&framer, "\xaa\x55\x01\x02\x03", 5);
	ASSERT_GOT("\0\4\xaa\x55\1\2");
	assert_tally(&framer, 2, 0, 0);
	framer_fini(&framer);
}

static void fixed_frames_are_found_by_their_checksum_alone(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_FIXED,
		.size = 6,
		.checksum = CHECKSUM_CRC16_MODBUS,
	};
	/* crc16-modbus of 01 02 03 04 is 2b a1, the low byte first. */
	static const char frame[] = "\x01\x02\x03\x04\xa1\x2b";
	struct framer framer;

	start(&framer, &options, 0);
	feed(&framer, "\x01\x02", 2);
	feed(&framer, frame, 6);
	feed(&framer, frame, 6);
	ASSERT_GOT("\0\4\1\2\3\4\0\4\1\2\3\4");
	assert_tally(&framer, 1, 0, 0);
	framer_fini(&framer);
}

static void fixed_frames_are_found_by_their_match_alone(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_FIXED,
		.size = 3,
		.match = BYTES("T"),
	};
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "zzT12T34");
	ASSERT_GOT("\0\3T12\0\3T34");
	assert_tally(&framer, 0, 0, 1);
	framer_fini(&framer);
}

static void a_frame_of_another_sort_is_passed_over_whole(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_FIXED,
		.size = 5,
		.sync = BYTES("S"),
		.match = BYTES("T"),
		.match_at = 1,
	};
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "SPSTxST123");
	ASSERT_GOT("\0\5ST123");
	assert_tally(&framer, 0, 0, 1);
	framer_fini(&framer);
}

static void match_behind_the_first_byte_finds_frames_without_sync(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_FIXED,
		.size = 3,
		.match = BYTES("T"),
		.match_at = 1,
	};
	struct framer framer;

	start(&framer, &options, 0);
	feed_text(&framer, "1T23T45T6");
	ASSERT_GOT("\0\3"
		   "1T2"
		   "\0\3"
		   "3T4"
		   "\0\3"
		   "5T6");
	feed_text(&framer, "x7T8");
	assert_int_equal(got.frames, 4);
	assert_tally(&framer, 0, 0, 1);
	framer_fini(&framer);
}

/* length */

static const struct frame_options counted = {
	.kind = FRAME_LENGTH,
	.sync = { (const uint8_t *)"\x7e", 1 },
	.length = { .at = 1, .bytes = 1, .add = 3 },
	.has_length = true,
	.max = 16,
	.checksum = CHECKSUM_XOR8,
};

static void a_frame_holds_its_own_length(void **state)
{
	struct framer framer;

	start(&framer, &counted, 0);
	feed(&framer,
	     "\x7e\x02"
	     "AB"
	     "\x7f\x7e\x00\x7e\x7e\x01"
	     "A",
	     11);
	ASSERT_GOT("\0\4\x7e\2AB\0\2\x7e\0");
	feed(&framer, "\x3e", 1);
	ASSERT_GOT("\0\4\x7e\2AB\0\2\x7e\0\0\3\x7e\1A");
	assert_tally(&framer, 0, 0, 0);
	framer_fini(&framer);
}

static void the_length_field_may_be_wide_and_of_either_order(void **state)
{
	struct frame_options options = {
		.kind = FRAME_LENGTH,
		.sync = BYTES("SY"),
		.length = { .at = 2, .bytes = 3, .order = FRAME_ORDER_BIG },
		.has_length = true,
	};
	struct framer framer;

	start(&framer, &options, 0);
	feed(&framer, "SY\0\0\6!", 6);
	ASSERT_GOT("\0\6SY\0\0\6!");
	framer_fini(&framer);

	options.length.order = FRAME_ORDER_LITTLE;
	start(&framer, &options, 0);
	feed(&framer, "SY\6\0\0!", 6);
	ASSERT_GOT("\0\6SY\6\0\0!");
	framer_fini(&framer);
}

static void an_impossible_length_is_counted_and_the_next_frame_found(void **state)
{
	struct framer framer;

	start(&framer, &counted, 0);
	feed(&framer,
	     "\x7e\xff\x7e\x02"
	     "AB"
	     "\x7f",
	     7);
	ASSERT_GOT("\0\4\x7e\2AB");
	assert_tally(&framer, 0, 1, 0);
	framer_fini(&framer);
}

static void a_length_without_a_sync_is_found_again_by_the_checksum(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_LENGTH,
		.length = { .at = 0, .bytes = 1, .add = 2 },
		.has_length = true,
		.max = 8,
		.checksum = CHECKSUM_SUM8,
	};
	struct framer framer;

	start(&framer, &options, 0);
	feed(&framer, "\xff\xfe\xfd", 3);
	for (int i = 0; i < 4; i++) {
		feed(&framer,
		     "\x02"
		     "AB"
		     "\x85",
		     4);
	}
	assert_int_equal(got.frames, 4);
	assert_true(framer.tally.bad_length == 1 && framer.tally.bad_match == 0);
	framer_fini(&framer);
}

/* cobs */

static uint32_t cobs_encode(const uint8_t *data, uint32_t bytes, uint8_t *out)
{
	uint32_t code_at = 0;
	uint32_t at = 1;

	for (uint32_t i = 0; i < bytes; i++) {
		if (data[i] != 0) {
			out[at++] = data[i];
		}
		if (data[i] == 0 || at - code_at == 255) {
			out[code_at] = (uint8_t)(at - code_at);
			code_at = at++;
		}
	}
	out[code_at] = (uint8_t)(at - code_at);
	out[at++] = 0;
	return at;
}

static void cobs_frames_of_the_published_examples_are_decoded(void **state)
{
	const struct frame_options options = { .kind = FRAME_COBS };
	struct framer framer;

	start(&framer, &options, 0);
	feed(&framer, "\x01\x01\x00", 3);
	feed(&framer, "\x01\x01\x01\x00", 4);
	feed(&framer, "\x01\x02\x11\x01\x00", 5);
	feed(&framer, "\x03\x11\x22\x02\x33\x00", 6);
	feed(&framer, "\x05\x11\x22\x33\x44\x00", 6);
	ASSERT_GOT("\0\1\0"
		   "\0\2\0\0"
		   "\0\3\0\x11\0"
		   "\0\4\x11\x22\0\x33"
		   "\0\4\x11\x22\x33\x44");
	assert_tally(&framer, 0, 0, 0);
	framer_fini(&framer);
}

static void cobs_frames_of_every_length_come_back(void **state)
{
	const struct frame_options options = { .kind = FRAME_COBS, .max = 600 };
	uint8_t data[600];
	uint8_t encoded[700];
	struct framer framer;

	start(&framer, &options, 0);
	for (uint32_t bytes = 1; bytes <= 600; bytes++) {
		for (uint32_t i = 0; i < bytes; i++) {
			data[i] = (uint8_t)(bytes % 3 == 0 ? i % 7 : i % 255 + 1);
		}
		got.bytes = 0;
		feed(&framer, encoded, cobs_encode(data, bytes, encoded));
		assert_int_equal(got.bytes, bytes + 2);
		assert_memory_equal(got.data + 2, data, bytes);
	}
	assert_tally(&framer, 0, 0, 0);
	framer_fini(&framer);
}

static void a_cobs_code_past_the_end_or_a_frame_over_max_is_dropped(void **state)
{
	const struct frame_options options = { .kind = FRAME_COBS, .max = 4 };
	struct framer framer;

	start(&framer, &options, 0);
	feed(&framer, "\x05\x11\x00", 3);
	feed(&framer, "\x06\x11\x22\x33\x44\x55\x00", 7);
	feed(&framer, "\x07\x11\x22\x33\x44\x55\x66\x77\x88\x99\x00", 11);
	feed(&framer, "\x02\x11\x00", 3);
	ASSERT_GOT("\0\1\x11");
	assert_tally(&framer, 0, 3, 0);
	framer_fini(&framer);
}

/* messages */

static void a_raw_message_is_one_frame(void **state)
{
	const struct frame_options options = { .kind = FRAME_RAW, .match = BYTES("a") };
	struct framer framer;

	start(&framer, &options, 8);
	take_message(&framer, "abc", 3);
	take_message(&framer, "", 0);
	take_message(&framer, "bbc", 3);
	take_message(&framer, "abcdefgh", 8);
	ASSERT_GOT("\0\3abc\0\10abcdefgh");
	assert_tally(&framer, 0, 0, 1);
	framer_fini(&framer);
}

static void max_holds_for_messages_where_it_is_given(void **state)
{
	const struct frame_options options = { .kind = FRAME_RAW,
					       .max = 4,
					       .has_max = true };
	struct framer framer;

	start(&framer, &options, 2048);
	take_message(&framer, "12345", 5);
	take_message(&framer, "1234", 4);
	ASSERT_GOT("\0\4"
		   "1234");
	assert_tally(&framer, 0, 1, 0);
	framer_fini(&framer);
}

static void the_last_line_of_a_message_needs_no_end(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE };
	struct framer framer;

	start(&framer, &options, 2048);
	take_message(&framer, "one\r\ntwo\r", 9);
	take_message(&framer, "three\n", 6);
	ASSERT_GOT("\0\3one\0\3two\0\5three");
	framer_fini(&framer);
}

static void nothing_of_a_message_is_left_for_the_next(void **state)
{
	const struct frame_options options = { .kind = FRAME_FIXED, .size = 3 };
	struct framer framer;

	start(&framer, &options, 2048);
	take_message(&framer, "abcdefgh", 8);
	take_message(&framer, "ij", 2);
	take_message(&framer, "klm", 3);
	ASSERT_GOT("\0\3abc\0\3def\0\3klm");
	assert_tally(&framer, 0, 2, 0);
	framer_fini(&framer);
}

static void a_cut_off_frame_in_a_message_does_not_hide_a_good_one(void **state)
{
	struct framer framer;

	start(&framer, &counted, 2048);
	take_message(&framer,
		     "\x7e\x0a\x7e\x02"
		     "AB"
		     "\x7f",
		     7);
	take_message(&framer,
		     "\x7e\x02"
		     "A",
		     3);
	take_message(&framer, "\x7e", 1);
	ASSERT_GOT("\0\4\x7e\2AB");
	assert_tally(&framer, 0, 3, 0);
	framer_fini(&framer);
}

static void a_bad_frame_of_a_message_without_sync_keeps_the_others_aligned(void **state)
{
	const struct frame_options options = {
		.kind = FRAME_FIXED,
		.size = 3,
		.checksum = CHECKSUM_SUM8,
	};
	struct framer framer;

	start(&framer, &options, 2048);
	take_message(&framer, "\1\1\2\1\1\3\1\2\3", 9);
	ASSERT_GOT("\0\2\1\1\0\2\1\2");
	assert_tally(&framer, 1, 0, 0);
	framer_fini(&framer);
}

/* properties */

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Those that mean something to a framer come more often. */
static uint8_t random_byte(uint32_t *seed)
{
	static const uint8_t special[] = { 0xaa, 0x55, '\n', '\r', 0, '*', ';', 14 };
	uint32_t choice = next_random(seed);

	return choice % 4 == 0 ? special[choice / 4 % sizeof(special)]
			       : (uint8_t)(choice / 4);
}

struct sample_stream {
	const struct frame_options *options;
	uint8_t data[4096];
	uint32_t bytes;
	unsigned frames;
};

static void append(struct sample_stream *stream, const void *data, size_t bytes)
{
	memcpy(stream->data + stream->bytes, data, bytes);
	stream->bytes += (uint32_t)bytes;
}

static const struct frame_options checked_line = {
	.kind = FRAME_LINE,
	.max = 32,
	.checksum = CHECKSUM_XOR8,
};
static const struct frame_options ended_line = {
	.kind = FRAME_LINE,
	.max = 32,
	.end = { (const uint8_t *)";\r\n", 3 },
};
static const struct frame_options checked_cobs = {
	.kind = FRAME_COBS,
	.max = 32,
	.checksum = CHECKSUM_CRC16_CCITT,
};
static const struct frame_options checked_counted = {
	.kind = FRAME_LENGTH,
	.sync = { (const uint8_t *)"\xaa\x55", 2 },
	.length = { .at = 2, .bytes = 1 },
	.has_length = true,
	.max = 32,
	.checksum = CHECKSUM_CRC32,
};
static const struct frame_options checked_fixed = {
	.kind = FRAME_FIXED,
	.sync = { (const uint8_t *)"\xaa\x55", 2 },
	.size = 14,
	.checksum = CHECKSUM_CRC32,
};

static const struct frame_options *const all_options[] = {
	&checked_line, &ended_line, &checked_cobs, &checked_counted, &checked_fixed,
};

static void put_checksum(uint8_t *frame, uint32_t bytes, enum checksum_kind kind)
{
	uint32_t sum = checksum_of(kind, frame, bytes);

	if (kind == CHECKSUM_CRC16_CCITT) {
		sum = (sum >> 8 | sum << 8) & 0xffff;
	}
	memcpy(frame + bytes, &sum, checksum_bytes(kind));
}

static void append_line(struct sample_stream *stream, uint32_t value)
{
	char text[48];
	uint32_t length = (uint32_t)sprintf(text, "T,%u", value);

	if (stream->options == &ended_line) {
		append(stream, text, length);
		append(stream, ";\r\n", 3);
		return;
	}
	length += (uint32_t)sprintf(
		text + length, "*%02x\r\n",
		checksum_of(CHECKSUM_XOR8, (const uint8_t *)text, length));
	append(stream, text, length);
}

static void append_good(struct sample_stream *stream, uint32_t value)
{
	uint8_t frame[32] = { 0xaa, 0x55, 14 };
	uint8_t encoded[40] = { 0 };

	stream->frames++;
	if (stream->options->kind == FRAME_LINE) {
		append_line(stream, value);
		return;
	}
	memcpy(frame + 3, &value, 4);
	if (stream->options->kind == FRAME_COBS) {
		put_checksum(frame, 8, CHECKSUM_CRC16_CCITT);
		append(stream, encoded, cobs_encode(frame, 10, encoded));
		return;
	}
	put_checksum(frame, 10, CHECKSUM_CRC32);
	append(stream, frame, 14);
}

/* Bytes that no good frame begins in; what has an end must end, or it would take a good one along. */
static void append_garbage(struct sample_stream *stream, uint32_t *seed)
{
	uint32_t count = next_random(seed) % 60;

	for (uint32_t i = 0; i < count; i++) {
		uint8_t byte = random_byte(seed);

		append(stream, &byte, 1);
	}
	if (stream->options == &ended_line) {
		append(stream, ";\r\n", 3);
	} else if (stream->options->kind == FRAME_LINE) {
		append(stream, "\n", 1);
	} else if (stream->options->kind == FRAME_COBS) {
		append(stream, "\0", 1);
	}
}

static void make_stream(struct sample_stream *stream, const struct frame_options *options,
			unsigned frames, bool has_garbage, uint32_t *seed)
{
	memset(stream, 0, sizeof(*stream));
	stream->options = options;
	for (unsigned i = 0; i < frames; i++) {
		if (has_garbage) {
			append_garbage(stream, seed);
		}
		append_good(stream, next_random(seed));
	}
}

static void frames_split_at_every_point_are_the_same(void **state)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < sizeof(all_options) / sizeof(all_options[0]); i++) {
		struct sample_stream stream;
		struct got whole;
		struct framer framer;

		make_stream(&stream, all_options[i], 6, true, &seed);
		start(&framer, stream.options, 0);
		feed(&framer, stream.data, stream.bytes);
		whole = got;
		for (uint32_t cut = 1; cut < stream.bytes; cut++) {
			struct frame_tally tally = framer.tally;

			framer_fini(&framer);
			start(&framer, stream.options, 0);
			feed(&framer, stream.data, cut);
			feed(&framer, stream.data + cut, stream.bytes - cut);
			assert_int_equal(got.bytes, whole.bytes);
			assert_memory_equal(got.data, whole.data, whole.bytes);
			assert_memory_equal(&framer.tally, &tally, sizeof(tally));
		}
		framer_fini(&framer);
	}
}

static void frames_byte_by_byte_are_the_same(void **state)
{
	uint32_t seed = 2;

	for (size_t i = 0; i < sizeof(all_options) / sizeof(all_options[0]); i++) {
		struct sample_stream stream;
		struct framer framer;

		make_stream(&stream, all_options[i], 40, false, &seed);
		start(&framer, stream.options, 0);
		for (uint32_t at = 0; at < stream.bytes; at++) {
			feed(&framer, stream.data + at, 1);
		}
		assert_int_equal(got.frames, stream.frames);
		assert_tally(&framer, 0, 0, 0);
		framer_fini(&framer);
	}
}

static void garbage_between_good_frames_loses_none_of_them(void **state)
{
	uint32_t seed = 3;

	for (unsigned round = 0; round < 300; round++) {
		struct sample_stream stream;
		const struct frame_options *options = all_options[round % 5];
		struct framer framer;

		make_stream(&stream, options, 20, true, &seed);
		/* Let what garbage has begun come to its end. */
		memset(stream.data + stream.bytes, 0, 64);
		stream.bytes += 64;
		start(&framer, options, 0);
		for (uint32_t at = 0; at < stream.bytes;) {
			uint32_t part = 1 + next_random(&seed) % 100;

			part = part < stream.bytes - at ? part : stream.bytes - at;
			feed(&framer, stream.data + at, part);
			at += part;
		}
		/* Garbage in a line without a checksum is a frame as well. */
		if (options == &ended_line) {
			assert_true(got.frames >= 20);
		} else {
			assert_int_equal(got.frames, 20);
		}
		framer_fini(&framer);
	}
}

static void random_bytes_never_stick_and_never_overrun(void **state)
{
	uint32_t seed = 4;

	for (unsigned round = 0; round < 200; round++) {
		const struct frame_options *options = all_options[round % 5];
		uint32_t message_bytes = round % 2 ? 512 : 0;
		struct framer framer;

		start(&framer, options, message_bytes);
		for (unsigned part = 0; part < 40; part++) {
			uint8_t data[256];
			uint32_t bytes = next_random(&seed) % sizeof(data);

			for (uint32_t i = 0; i < bytes; i++) {
				data[i] = random_byte(&seed);
			}
			if (message_bytes > 0) {
				take_message(&framer, data, bytes);
			} else {
				feed(&framer, data, bytes);
				assert_true(framer_room(&framer) > 0);
			}
		}
		framer_fini(&framer);
	}
}

static void the_room_is_never_less_than_half_once_all_frames_are_taken(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE,
					       .max = FRAME_BYTES_MAX };
	struct framer framer;
	uint8_t data[256];

	memset(data, 'x', sizeof(data));
	start(&framer, &options, 0);
	for (int i = 0; i < 200; i++) {
		feed(&framer, data, sizeof(data));
		assert_true(framer_room(&framer) >= framer.store_bytes / 2);
	}
	framer_fini(&framer);
}

static void what_does_not_fit_is_not_taken(void **state)
{
	const struct frame_options options = { .kind = FRAME_LINE, .max = 8 };
	struct framer framer;
	uint8_t data[4096];

	memset(data, '\n', sizeof(data));
	start(&framer, &options, 0);
	assert_int_equal(framer_room(&framer), 4096);
	assert_int_equal(framer_append(&framer, data, 4000), 4000);
	assert_int_equal(framer_room(&framer), 0);
	assert_int_equal(framer_append(&framer, data, 1), 0);
	framer_fini(&framer);
}

/* the rows, and what they cannot see */

#define DEVICE(frame, in)                                                                \
	"probe: { driver: serial, path: /x, frame: " frame ", in: { a: " in " } }"
#define DATAGRAM(frame)                                                                  \
	"probe: { driver: udp, listen: ':9', frame: " frame ", in: { a: { byte: 0 } } }"

static void assert_errors(const char *text, const char *part)
{
	struct rig rig;

	rig_load(&rig, text);
	if (part[0] == '\0') {
		assert_string_equal(rig.errors, "");
	} else if (!strstr(rig.errors, part)) {
		fail_msg("'%s' is not in '%s'", part, rig.errors);
	}
	rig_fini(&rig);
}

static void each_kind_is_right_with_what_it_needs(void **state)
{
	assert_errors(DEVICE("{ kind: line }", "{ column: 0 }"), "");
	assert_errors(DEVICE("{ kind: line, end: \"\\r\" }", "{ column: 0 }"), "");
	assert_errors(DEVICE("{ kind: fixed, size: 4, sync: \"\\xaa\" }", "{ byte: 3 }"),
		      "");
	assert_errors(DEVICE("{ kind: length, sync: \"\\xaa\", length: { at: 1 } }",
			     "{ byte: 3 }"),
		      "");
	assert_errors(DEVICE("{ kind: cobs, checksum: crc32 }", "{ byte: 3 }"), "");
	assert_errors(DATAGRAM("{ kind: raw, checksum: crc16-modbus }"), "");
	assert_errors(DATAGRAM("{ kind: fixed, size: 4 }"), "");
}

static void an_option_of_another_kind_is_an_error(void **state)
{
	assert_errors(DEVICE("{ kind: line, size: 4 }", "{ column: 0 }"),
		      "only frames of kind fixed have this");
	assert_errors(DEVICE("{ kind: line, sync: \"a\" }", "{ column: 0 }"),
		      "only frames of kind fixed or length have this");
	assert_errors(DEVICE("{ kind: cobs, end: \"a\" }", "{ byte: 0 }"),
		      "only frames of kind line have this");
	assert_errors(DEVICE("{ kind: cobs, length: { at: 1 } }", "{ byte: 0 }"),
		      "only frames of kind length have this");
}

static void what_a_kind_needs_is_missed(void **state)
{
	assert_errors(DEVICE("{ kind: fixed, sync: \"a\" }", "{ byte: 0 }"),
		      "kind fixed needs size");
	assert_errors(DEVICE("{ kind: length, sync: \"a\" }", "{ byte: 0 }"),
		      "kind length needs length");
	assert_errors(DEVICE("{ kind: raw }", "{ byte: 0 }"),
		      "kind raw is for datagrams");
	assert_errors(DEVICE("{ kind: fixed, size: 4 }", "{ byte: 0 }"),
		      "after a lost byte no frame could be found again");
}

static void patterns_have_their_lengths(void **state)
{
	assert_errors(DEVICE("{ kind: line, end: \"\" }", "{ column: 0 }"),
		      "expected 1 to 8");
	assert_errors(DEVICE("{ kind: line, end: \"123456789\" }", "{ column: 0 }"),
		      "9 bytes long; expected 1 to 8");
	assert_errors(DEVICE("{ kind: line, match: \"\" }", "{ column: 0 }"),
		      "expected 1 to 64");
	assert_errors(DEVICE("{ kind: fixed, size: 3, sync: \"ab\", checksum: crc32 }",
			     "{ byte: 0 }"),
		      "a frame has at most 3 bytes here, but needs 4");
	assert_errors(DEVICE("{ kind: line, max: 4, match: \"12345\" }", "{ column: 0 }"),
		      "a frame has at most 4 bytes here, but needs 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_ends_at_a_newline_with_or_without_return),
		cmocka_unit_test(empty_lines_are_passed_over_uncounted),
		cmocka_unit_test(a_line_may_end_with_other_bytes),
		cmocka_unit_test(a_line_of_max_bytes_is_taken_and_one_more_is_dropped),
		cmocka_unit_test(
			a_line_without_an_end_is_dropped_once_and_the_next_is_taken),
		cmocka_unit_test(an_end_that_arrives_in_two_parts_ends_an_overlong_line),
		cmocka_unit_test(lines_of_others_are_counted_as_bad_match),
		cmocka_unit_test(match_may_stand_further_on),
		cmocka_unit_test(a_stream_joined_midway_begins_after_the_first_end),
		cmocka_unit_test(a_reset_forgets_half_a_line),
		cmocka_unit_test(a_fixed_frame_begins_with_sync),
		cmocka_unit_test(a_run_of_bytes_between_frames_is_counted_once),
		cmocka_unit_test(a_lost_byte_costs_its_own_frame_only),
		cmocka_unit_test(
			each_corrupted_frame_is_counted_once_though_it_holds_a_sync),
		cmocka_unit_test(fixed_frames_are_found_by_their_checksum_alone),
		cmocka_unit_test(fixed_frames_are_found_by_their_match_alone),
		cmocka_unit_test(a_frame_of_another_sort_is_passed_over_whole),
		cmocka_unit_test(match_behind_the_first_byte_finds_frames_without_sync),
		cmocka_unit_test(a_frame_holds_its_own_length),
		cmocka_unit_test(the_length_field_may_be_wide_and_of_either_order),
		cmocka_unit_test(
			an_impossible_length_is_counted_and_the_next_frame_found),
		cmocka_unit_test(a_length_without_a_sync_is_found_again_by_the_checksum),
		cmocka_unit_test(cobs_frames_of_the_published_examples_are_decoded),
		cmocka_unit_test(cobs_frames_of_every_length_come_back),
		cmocka_unit_test(a_cobs_code_past_the_end_or_a_frame_over_max_is_dropped),
		cmocka_unit_test(a_raw_message_is_one_frame),
		cmocka_unit_test(max_holds_for_messages_where_it_is_given),
		cmocka_unit_test(the_last_line_of_a_message_needs_no_end),
		cmocka_unit_test(nothing_of_a_message_is_left_for_the_next),
		cmocka_unit_test(a_cut_off_frame_in_a_message_does_not_hide_a_good_one),
		cmocka_unit_test(
			a_bad_frame_of_a_message_without_sync_keeps_the_others_aligned),
		cmocka_unit_test(frames_split_at_every_point_are_the_same),
		cmocka_unit_test(frames_byte_by_byte_are_the_same),
		cmocka_unit_test(garbage_between_good_frames_loses_none_of_them),
		cmocka_unit_test(random_bytes_never_stick_and_never_overrun),
		cmocka_unit_test(
			the_room_is_never_less_than_half_once_all_frames_are_taken),
		cmocka_unit_test(what_does_not_fit_is_not_taken),
		cmocka_unit_test(each_kind_is_right_with_what_it_needs),
		cmocka_unit_test(an_option_of_another_kind_is_an_error),
		cmocka_unit_test(what_a_kind_needs_is_missed),
		cmocka_unit_test(patterns_have_their_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
