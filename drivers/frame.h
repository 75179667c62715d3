/*
 * Framing: where a frame begins and ends in a stream of bytes, or within one datagram.
 *
 *   raw      the datagram is the frame; messages only
 *   line     ends with `end`; empty lines are passed over
 *   fixed    `size` bytes, beginning with `sync` where that is given
 *   length   begins with `sync` where given, and holds its own length
 *   cobs     Consistent Overhead Byte Stuffing, ended by a byte 0
 *
 * A frame that is too long, too short, or fails its checksum or match is dropped and
 * counted in the tally. Nothing of the next frame goes with it: line and cobs go on after
 * the next end; fixed and length look for the next beginning from the dropped frame's
 * second byte on.
 *
 * The work on a stream is linear in its bytes, but for fixed and length frames that fail:
 * their bytes are looked at again. A caller that bounds its calls of framer_take() bounds
 * that as well.
 */
#ifndef DRIVERS_FRAME_H
#define DRIVERS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"
#include "config/place.h"
#include "drivers/checksum.h"
#include "rtloop/base/attr.h"

enum frame_kind { FRAME_RAW, FRAME_LINE, FRAME_FIXED, FRAME_LENGTH, FRAME_COBS };

#define FRAME_BYTES_DEFAULT 512
#define FRAME_BYTES_MAX	    4096

struct frame_length_options {
	int64_t at;    /* offset of the length field in the frame */
	int64_t bytes; /* 1 to 4 */
	int order;     /* enum frame_order */
	int64_t add;   /* frame's bytes = field + add */
};

enum frame_order { FRAME_ORDER_LITTLE, FRAME_ORDER_BIG };

/* All zero: raw frames, nothing checked. */
struct frame_options {
	int kind; /* enum frame_kind */
	struct option_bytes end;
	int64_t size;
	struct option_bytes sync;
	struct frame_length_options length;
	int64_t max;
	struct option_bytes match;
	int64_t match_at;
	int checksum;	    /* enum checksum_kind */
	int checksum_form;  /* enum checksum_form */
	int checksum_order; /* enum frame_order */
	int64_t checksum_from;
	bool has_length;
	bool has_max;
	bool has_checksum_form;
	bool has_checksum_order;
};

/* Rows of the group `frame:`, bound to struct frame_options. */
extern const struct option frame_rows[];

/**
 * frame_check - what no row can see: options of another kind, lengths that do not fit.
 * @is_stream: the bytes come without the borders of messages
 * @place: of the device; keys are "frame.…"
 *
 * [init]
 */
void frame_check(const struct frame_options *options, bool is_stream,
		 const struct place *place);

/** frame_bytes_max - the longest frame that these options let through. [init] */
uint32_t frame_bytes_max(const struct frame_options *options, uint32_t message_bytes);

/** frame_checksum_rule - the checksum that these options state. [init] */
struct checksum_rule frame_checksum_rule(const struct frame_options *options);

/* A frame without its end and its checksum. Sync and length field are part of it. */
struct frame {
	const uint8_t *data;
	uint32_t bytes;
};

/* Frames dropped since the tally was last set to 0. */
struct frame_tally {
	uint32_t bad_checksum;
	uint32_t bad_length; /* also: a run of bytes cut off at the end of a message */
	uint32_t bad_match;  /* also: a run of bytes in which no frame begins */
};

struct framer {
	const struct frame_options *options; /* borrowed */
	struct checksum_rule checksum;
	struct option_bytes end;   /* line, cobs */
	struct option_bytes start; /* fixed, length: how a frame begins; may be empty */
	uint32_t frame_bytes_max;
	uint32_t content_bytes_max; /* the same before decoding cobs */

	uint8_t *store; /* owned; NULL: for messages */
	uint32_t store_bytes;
	uint8_t *decoded; /* owned; of cobs */

	const uint8_t *data; /* not yet consumed: in the store, or in the message */
	uint32_t bytes;
	uint32_t scanned; /* bytes already known to hold no end */
	uint32_t blamed;  /* bytes of a dropped frame, counted once, that are looked at
			     again */
	uint32_t span;	  /* of the candidate at the head, its end included */
	uint32_t content; /* of the candidate, without its end */
	bool is_skipping; /* the rest of an overlong frame, up to its end */
	bool is_lost;	  /* the run of bytes outside of frames has been counted */

	struct frame_tally tally;
};

/**
 * framer_init - prepare for a stream, or for messages.
 * @options: borrowed
 * @message_bytes: the longest message; 0: a stream
 *
 * -ENOMEM. framer_fini() is right after a failure too. [init]
 */
int framer_init(struct framer *framer, const struct frame_options *options,
		uint32_t message_bytes) MUST_CHECK;
void framer_fini(struct framer *framer);

/**
 * framer_reset - forget what is buffered.
 * @is_midway: the stream may be joined in the middle of a frame: pass over, uncounted,
 *all up to the first end or beginning
 *
 * [rt]
 */
void framer_reset(struct framer *framer, bool is_midway) RT_SAFE;

/** framer_room - most bytes that framer_append() takes now; 0 while frames wait. [rt] */
uint32_t framer_room(const struct framer *framer) RT_SAFE;

/** framer_append - the next bytes of the stream. Returns how many were taken. [rt] */
uint32_t framer_append(struct framer *framer, const uint8_t *data,
		       uint32_t bytes) RT_SAFE;

/**
 * framer_begin - a message to be taken apart; valid until the next one.
 * @data: borrowed
 *
 * [rt]
 */
void framer_begin(struct framer *framer, const uint8_t *data, uint32_t bytes) RT_SAFE;

/**
 * framer_locate - whether a whole frame, good or bad, is there to be taken.
 *
 * Passes over what cannot be one. At the end of a message all of it has been consumed
 * when this returns false. [rt]
 */
bool framer_locate(struct framer *framer) RT_SAFE;

/**
 * framer_take - check and consume the frame that framer_locate() found.
 * @ret_frame: valid until the next call with this framer
 *
 * False when it was dropped. [rt]
 */
bool framer_take(struct framer *framer, struct frame *ret_frame) RT_SAFE;

/** framer_pass - consume the frame that framer_locate() found, unchecked and uncounted.
 * [rt] */
void framer_pass(struct framer *framer) RT_SAFE;

/** framer_end - nothing more comes, and no frame is left: what began as one is dropped and counted, once. [rt] */
void framer_end(struct framer *framer) RT_SAFE;

#endif
