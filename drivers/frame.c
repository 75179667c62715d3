#include "drivers/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct option_bytes line_end = { (const uint8_t *)"\n", 1 };
static const struct option_bytes cobs_end = { (const uint8_t *)"\0", 1 };

/* Room for a good read beside the longest frame. */
#define STORE_BYTES_MIN 4096

static bool is_ended(const struct framer *framer)
{
	return framer->end.bytes > 0;
}

static void set_borders(struct framer *framer)
{
	const struct frame_options *options = framer->options;

	switch (options->kind) {
	case FRAME_LINE:
		framer->end = options->end.bytes > 0 ? options->end : line_end;
		break;
	case FRAME_COBS:
		framer->end = cobs_end;
		framer->content_bytes_max += framer->frame_bytes_max / 254 + 1;
		break;
	case FRAME_FIXED:
	case FRAME_LENGTH:
		framer->start = options->sync;
		if (options->sync.bytes == 0 && options->match_at == 0) {
			framer->start = options->match;
		}
		break;
	default:
		break;
	}
}

/* Twice the longest frame as it is sent: after each frame_locate() that found none, half
 * is free. */
static uint32_t store_bytes_for(const struct framer *framer)
{
	uint32_t sent = framer->content_bytes_max + (uint32_t)framer->end.bytes + 1;

	return 2 * sent > STORE_BYTES_MIN ? 2 * sent : STORE_BYTES_MIN;
}

int framer_init(struct framer *framer, const struct frame_options *options,
		uint32_t message_bytes)
{
	*framer = (struct framer){
		.options = options,
		.checksum = frame_checksum_rule(options),
		.frame_bytes_max = frame_bytes_max(options, message_bytes),
	};
	framer->content_bytes_max = framer->frame_bytes_max;
	set_borders(framer);
	if (options->kind == FRAME_COBS) {
		framer->decoded = malloc(framer->content_bytes_max);
		if (!framer->decoded) {
			return -ENOMEM;
		}
	}
	if (message_bytes == 0) {
		framer->store_bytes = store_bytes_for(framer);
		framer->store = malloc(framer->store_bytes);
		if (!framer->store) {
			return -ENOMEM;
		}
		framer->data = framer->store;
	}
	return 0;
}

void framer_fini(struct framer *framer)
{
	free(framer->store);
	free(framer->decoded);
	framer->store = NULL;
	framer->decoded = NULL;
}

void framer_reset(struct framer *framer, bool is_midway)
{
	framer->data = framer->store;
	framer->bytes = 0;
	framer->scanned = 0;
	framer->blamed = 0;
	framer->is_skipping = is_midway && is_ended(framer);
	framer->is_lost = is_midway;
}

uint32_t framer_room(const struct framer *framer)
{
	/* Moving the rest to the front is then paid for by the bytes that have gone
	 * before. */
	return framer->bytes <= framer->store_bytes / 2
		       ? framer->store_bytes - framer->bytes
		       : 0;
}

uint32_t framer_append(struct framer *framer, const uint8_t *data, uint32_t bytes)
{
	uint32_t room = framer_room(framer);
	uint32_t used = (uint32_t)(framer->data - framer->store) + framer->bytes;
	uint32_t taken = bytes < room ? bytes : room;

	if (taken > framer->store_bytes - used) {
		memmove(framer->store, framer->data, framer->bytes);
		framer->data = framer->store;
		used = framer->bytes;
	}
	memcpy(framer->store + used, data, taken);
	framer->bytes += taken;
	return taken;
}

void framer_begin(struct framer *framer, const uint8_t *data, uint32_t bytes)
{
	framer_reset(framer, false);
	framer->data = data;
	framer->bytes = bytes;
}

static bool is_message(const struct framer *framer)
{
	return !framer->store;
}

static void consume(struct framer *framer, uint32_t bytes)
{
	framer->data += bytes;
	framer->bytes -= bytes;
	framer->scanned = 0;
	framer->blamed -= bytes < framer->blamed ? bytes : framer->blamed;
}

static bool begins_with(const uint8_t *data, uint32_t bytes,
			const struct option_bytes *pattern)
{
	return bytes >= pattern->bytes &&
	       memcmp(data, pattern->data, pattern->bytes) == 0;
}

/* Frames that have an end: line, cobs. */

static bool find_end(struct framer *framer, uint32_t *ret_at)
{
	const struct option_bytes *end = &framer->end;
	uint32_t before = (uint32_t)end->bytes - 1;
	uint32_t from = framer->scanned > before ? framer->scanned : before;

	while (from < framer->bytes) {
		const uint8_t *last = memchr(framer->data + from, end->data[before],
					     framer->bytes - from);

		if (!last) {
			break;
		}
		if (memcmp(last - before, end->data, before) == 0) {
			*ret_at = (uint32_t)(last - framer->data) - before;
			return true;
		}
		from = (uint32_t)(last - framer->data) + 1;
	}
	framer->scanned = framer->bytes;
	return false;
}

/* The line's bytes without the \r of a \r\n. */
static uint32_t content_of(const struct framer *framer, uint32_t bytes)
{
	bool is_line = framer->options->kind == FRAME_LINE;

	if (is_line && framer->end.bytes == 1 && framer->end.data[0] == '\n' &&
	    bytes > 0 && framer->data[bytes - 1] == '\r') {
		return bytes - 1;
	}
	return bytes;
}

/* Whether what stands before an end is a frame at all; what is not is consumed. */
static bool accept_ended(struct framer *framer, uint32_t bytes, uint32_t span)
{
	uint32_t content = content_of(framer, bytes);

	if (!framer->is_skipping && content > 0 && content <= framer->content_bytes_max) {
		framer->content = content;
		framer->span = span;
		return true;
	}
	framer->tally.bad_length +=
		!framer->is_skipping && content > framer->content_bytes_max;
	framer->is_skipping = false;
	consume(framer, span);
	return false;
}

/* No end is there: is the frame too long already? The first half of an end must be kept.
 */
static void skip_overlong(struct framer *framer)
{
	uint32_t kept = (uint32_t)framer->end.bytes - 1;

	if (!framer->is_skipping &&
	    framer->bytes >= framer->content_bytes_max + framer->end.bytes + 1) {
		framer->tally.bad_length++;
		framer->is_skipping = true;
	}
	if (framer->is_skipping && framer->bytes > kept) {
		consume(framer, framer->bytes - kept);
	}
}

static bool locate_ended(struct framer *framer)
{
	uint32_t at;

	while (find_end(framer, &at)) {
		if (accept_ended(framer, at, at + (uint32_t)framer->end.bytes)) {
			return true;
		}
	}
	if (is_message(framer)) {
		return accept_ended(framer, framer->bytes, framer->bytes);
	}
	skip_overlong(framer);
	return false;
}

/* Frames whose length is known from their beginning: fixed, length. */

/* Offset of the first place where the pattern stands, or where its first bytes are the
 * last ones. */
static uint32_t find_start(const struct framer *framer)
{
	const struct option_bytes *start = &framer->start;
	uint32_t from = 0;

	while (from < framer->bytes) {
		const uint8_t *first =
			memchr(framer->data + from, start->data[0], framer->bytes - from);
		size_t left;

		if (!first) {
			break;
		}
		left = (size_t)(framer->data + framer->bytes - first);
		if (memcmp(first, start->data,
			   left < start->bytes ? left : start->bytes) == 0) {
			return (uint32_t)(first - framer->data);
		}
		from = (uint32_t)(first - framer->data) + 1;
	}
	return framer->bytes;
}

/* Make the head the beginning of a frame. False while its first bytes are not all there.
 */
static bool hunt(struct framer *framer)
{
	uint32_t garbage;

	if (framer->start.bytes == 0) {
		return framer->bytes > 0;
	}
	garbage = find_start(framer);
	if (garbage > 0) {
		framer->tally.bad_match += !framer->is_lost;
		framer->is_lost = true;
		consume(framer, garbage);
	}
	return framer->bytes >= framer->start.bytes;
}

/* Drop the frame at the head, or only its first byte, so that one within it is still
 * found. */
static void refuse(struct framer *framer, uint32_t *count, uint32_t span)
{
	bool is_aligned = is_message(framer) && framer->start.bytes == 0;

	if (framer->blamed == 0) {
		*count += 1;
		framer->blamed = span;
	}
	framer->is_lost = true;
	consume(framer, is_aligned ? span : 1);
}

/* Bytes from the beginning of a frame that its length field ends with. */
static uint32_t head_bytes(const struct framer *framer)
{
	const struct frame_length_options *length = &framer->options->length;

	return (uint32_t)(length->at + length->bytes);
}

static int64_t read_length(const struct framer *framer)
{
	const struct frame_length_options *length = &framer->options->length;
	const uint8_t *field = framer->data + length->at;
	int64_t value = 0;

	for (int64_t i = 0; i < length->bytes; i++) {
		bool is_big = length->order == FRAME_ORDER_BIG;

		value = value << 8 | field[is_big ? i : length->bytes - 1 - i];
	}
	return value + length->add;
}

/* The bytes of the frame at the head; 0: not known yet; negative: no frame has that
 * length. */
static int64_t counted_span(const struct framer *framer)
{
	int64_t span;

	if (framer->options->kind == FRAME_FIXED) {
		return framer->options->size;
	}
	if (framer->bytes < head_bytes(framer)) {
		return 0;
	}
	span = read_length(framer);
	if (span < head_bytes(framer) || span < (int64_t)framer->start.bytes ||
	    span > framer->frame_bytes_max) {
		return -1;
	}
	return span;
}

/* How far a frame reaches whose length is none, or past the end of the message. */
static uint32_t impossible_span(const struct framer *framer)
{
	if (is_message(framer)) {
		return framer->bytes;
	}
	return framer->start.bytes > 0 ? 1 : framer->frame_bytes_max;
}

static bool locate_counted(struct framer *framer)
{
	while (hunt(framer)) {
		int64_t span = counted_span(framer);

		if (span > 0 && span <= framer->bytes) {
			framer->span = (uint32_t)span;
			framer->content = framer->span;
			return true;
		}
		if (span >= 0 && !is_message(framer)) {
			return false;
		}
		refuse(framer, &framer->tally.bad_length, impossible_span(framer));
	}
	if (is_message(framer) && framer->bytes > 0) {
		framer->tally.bad_length += !framer->is_lost;
		consume(framer, framer->bytes);
	}
	return false;
}

static bool locate_raw(struct framer *framer)
{
	framer->content = framer->bytes;
	framer->span = framer->bytes;
	if (framer->bytes > framer->frame_bytes_max) {
		framer->tally.bad_length++;
		consume(framer, framer->bytes);
	}
	return framer->bytes > 0;
}

bool framer_locate(struct framer *framer)
{
	if (is_ended(framer)) {
		return locate_ended(framer);
	}
	if (framer->options->kind == FRAME_RAW) {
		return locate_raw(framer);
	}
	return locate_counted(framer);
}

/* Undo the stuffing: each code byte says how far the next 0 is, or that 254 bytes follow
 * without. */
static int cobs_decode(struct framer *framer, struct frame *frame)
{
	uint8_t *out = framer->decoded;
	uint32_t at = 0;

	while (at < frame->bytes) {
		uint32_t run = (uint32_t)frame->data[at] - 1;

		at++;
		if (run > frame->bytes - at) {
			return -EMSGSIZE;
		}
		memcpy(out, frame->data + at, run);
		out += run;
		at += run;
		if (run < 254 && at < frame->bytes) {
			*out++ = 0;
		}
	}
	frame->data = framer->decoded;
	frame->bytes = (uint32_t)(out - framer->decoded);
	return frame->bytes > framer->frame_bytes_max ? -EMSGSIZE : 0;
}

static bool is_matching(const struct framer *framer, const struct frame *frame)
{
	uint32_t at = (uint32_t)framer->options->match_at;

	return framer->options->match.bytes == 0 ||
	       (frame->bytes >= at && begins_with(frame->data + at, frame->bytes - at,
						  &framer->options->match));
}

/* NULL: the frame is good, and its checksum taken off. Otherwise where it is to be
 * counted. */
static uint32_t *verify(struct framer *framer, struct frame *frame)
{
	switch (checksum_verify(&framer->checksum, frame->data, frame->bytes,
				&frame->bytes)) {
	case 0:
		return NULL;
	case -EMSGSIZE:
		return &framer->tally.bad_length;
	default:
		return &framer->tally.bad_checksum;
	}
}

/* Others on the line may have no checksum, or another one: match comes first. */
static bool take_bordered(struct framer *framer, struct frame *frame)
{
	uint32_t *count = NULL;

	if (framer->options->kind == FRAME_COBS && cobs_decode(framer, frame)) {
		count = &framer->tally.bad_length;
	} else if (!is_matching(framer, frame)) {
		count = &framer->tally.bad_match;
	} else {
		count = verify(framer, frame);
	}
	if (count) {
		*count += 1;
	}
	consume(framer, framer->span);
	return !count;
}

/*
 * Only the checksum tells a frame from bytes that look like its beginning: it comes
 * first. A frame of another sort, told by match, is then passed over whole.
 */
static bool take_counted(struct framer *framer, struct frame *frame)
{
	uint32_t *count = verify(framer, frame);

	if (count) {
		refuse(framer, count, framer->span);
		return false;
	}
	if (!is_matching(framer, frame)) {
		if (framer->start.bytes == 0 && framer->checksum.kind == CHECKSUM_NONE) {
			refuse(framer, &framer->tally.bad_match, framer->span);
			return false;
		}
		framer->tally.bad_match++;
		consume(framer, framer->span);
		return false;
	}
	framer->is_lost = false;
	framer->blamed = 0;
	consume(framer, framer->span);
	return true;
}

bool framer_take(struct framer *framer, struct frame *ret_frame)
{
	struct frame frame = { framer->data, framer->content };
	bool is_bordered = is_ended(framer) || framer->options->kind == FRAME_RAW;
	bool is_good = is_bordered ? take_bordered(framer, &frame)
				   : take_counted(framer, &frame);

	if (is_good) {
		*ret_frame = frame;
	}
	return is_good;
}

void framer_pass(struct framer *framer)
{
	consume(framer, framer->span);
}

void framer_end(struct framer *framer)
{
	bool is_counted = is_ended(framer) ? framer->is_skipping : framer->is_lost;

	framer->tally.bad_length += framer->bytes > 0 && !is_counted;
	consume(framer, framer->bytes);
}
