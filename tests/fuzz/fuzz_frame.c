/*
 * Every framing and checksum: the first bytes are the options. However a stream is cut into pieces, the same frames come
 * out of it, and the same is counted.
 */
#include <string.h>

#include "config/tree.h"
#include "drivers/frame.h"
#include "tests/fuzz/fuzz.h"

#define OPTION_BYTES_MAX 8

struct seen {
	uint64_t frames;
	uint64_t hash;
	struct frame_tally tally;
};

static struct option_bytes take_bytes(struct fuzz_input *input)
{
	struct fuzz_input piece = fuzz_piece(input, fuzz_below(input, OPTION_BYTES_MAX));

	return (struct option_bytes){ piece.bytes ? piece.data : NULL, piece.bytes };
}

static void take_options(struct fuzz_input *input, struct frame_options *options)
{
	const struct option_bytes none = { .data = NULL };
	uint8_t given = fuzz_byte(input);

	options->kind = (int)fuzz_below(input, FRAME_COBS + 1);
	options->end = options->kind == FRAME_LINE ? take_bytes(input) : none;
	options->size = options->kind == FRAME_FIXED ? 1 + fuzz_byte(input) : 0;
	options->sync = options->kind == FRAME_FIXED || options->kind == FRAME_LENGTH
				? take_bytes(input)
				: none;
	options->has_length = options->kind == FRAME_LENGTH;
	options->length.at = fuzz_byte(input);
	options->length.bytes = 1 + fuzz_below(input, 4);
	options->length.order = given & 1;
	options->length.add = (int8_t)fuzz_byte(input);
	options->has_max = (given & 2) != 0;
	options->max = options->has_max ? 1 + fuzz_byte(input) : 0;
	options->match = take_bytes(input);
	options->match_at = (given & 4) ? fuzz_byte(input) : 0;
	options->checksum = (int)fuzz_below(input, CHECKSUM_NMEA + 1);
	options->has_checksum_form = (given & 8) != 0;
	options->checksum_form = (given & 8) && (given & 16);
	options->has_checksum_order = (given & 32) != 0;
	options->checksum_order = (given & 64) != 0;
	options->checksum_from = (given & 128) ? fuzz_byte(input) : 0;
}

/* What a configuration could not say is not tried: a file has to be right first. */
static bool are_right(const struct frame_options *options, bool is_stream)
{
	static const struct node nowhere = { .kind = NODE_MAPPING };
	struct diag diag;
	const struct place place = { .diag = &diag, .node = &nowhere };
	bool is_right;

	diag_init(&diag, "fuzz");
	frame_check(options, is_stream, &place);
	is_right = diag.count == 0 && diag.dropped == 0;
	diag_fini(&diag);
	return is_right;
}

static void note(struct seen *seen, const struct frame *frame)
{
	seen->frames++;
	seen->hash = seen->hash * 31 + frame->bytes;
	for (uint32_t i = 0; i < frame->bytes; i++) {
		seen->hash = (seen->hash ^ frame->data[i]) * UINT64_C(0x100000001b3);
	}
}

static void drain(struct framer *framer, struct seen *seen)
{
	struct frame frame;

	while (framer_locate(framer)) {
		if (framer_take(framer, &frame)) {
			FUZZ_CHECK(frame.bytes <= framer->frame_bytes_max);
			note(seen, &frame);
		}
	}
	seen->tally = framer->tally;
}

static struct seen feed(const struct frame_options *options, struct fuzz_input stream,
			size_t piece_bytes)
{
	struct seen seen = { .frames = 0 };
	struct framer framer;

	FUZZ_CHECK(framer_init(&framer, options, 0) == 0);
	while (stream.bytes > 0) {
		uint32_t room = framer_room(&framer), taken;
		struct fuzz_input piece =
			fuzz_piece(&stream, room < piece_bytes ? room : piece_bytes);

		FUZZ_CHECK(room > 0);
		taken = framer_append(&framer, piece.data, (uint32_t)piece.bytes);
		FUZZ_CHECK(taken == piece.bytes);
		drain(&framer, &seen);
	}
	framer_fini(&framer);
	return seen;
}

static void check_message(const struct frame_options *options, struct fuzz_input message)
{
	struct seen seen = { .frames = 0 };
	struct framer framer;
	uint32_t most = message.bytes ? (uint32_t)message.bytes : 1;

	FUZZ_CHECK(framer_init(&framer, options, most) == 0);
	framer_begin(&framer, message.data, (uint32_t)message.bytes);
	drain(&framer, &seen);
	FUZZ_CHECK(framer.bytes == 0);
	framer_fini(&framer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
	struct fuzz_input input = { data, bytes };
	struct frame_options options = { .kind = 0 };
	size_t piece_bytes = 1 + (size_t)fuzz_byte(&input);
	struct seen whole, pieces;

	take_options(&input, &options);
	if (are_right(&options, true)) {
		whole = feed(&options, input, SIZE_MAX);
		pieces = feed(&options, input, piece_bytes);
		FUZZ_CHECK(whole.frames == pieces.frames && whole.hash == pieces.hash);
		FUZZ_CHECK(whole.tally.bad_checksum == pieces.tally.bad_checksum);
		FUZZ_CHECK(whole.tally.bad_length == pieces.tally.bad_length);
		FUZZ_CHECK(whole.tally.bad_match == pieces.tally.bad_match);
	}
	if (are_right(&options, false)) {
		check_message(&options, input);
	}
	return 0;
}
