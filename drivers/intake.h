/*
 * What serial and udp share: frames out of what came, fields out of the frames, and no
 * more of them in a cycle than the device's budget, whatever comes.
 *
 * What is left of a stream stays for the next cycles, with the time at which it came.
 * What is left of a message is dropped and counted. A frame of which no field decodes
 * turns the channels bad like any other, but is not counted as a frame and is no sample.
 */
#ifndef DRIVERS_INTAKE_H
#define DRIVERS_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "drivers/field.h"
#include "drivers/frame.h"
#include "rtloop/base/attr.h"

#define ARRIVALS_MAX 32

/* When the bytes of a stream came that its framer still has. */
struct arrivals {
	struct {
		uint64_t end; /* of all bytes of the stream, so many had come then */
		int64_t time_ns;
	} marks[ARRIVALS_MAX];
	unsigned first, count;
	uint64_t bytes; /* that have come */
};

struct intake {
	struct framer *framers;	   /* owned; one a stream, one for all messages */
	struct arrivals *arrivals; /* owned; likewise */
	unsigned stream_count;
	struct fields fields;
	uint64_t
		next_cycle; /* the budget was last renewed in the cycle before this one */
	uint32_t left;	    /* of the budget */
	bool is_flooded;    /* counted in this cycle */
	uint32_t ended;	    /* streams of which nothing more comes, a bit each */
	int64_t arrived_ns; /* when the frame that is decoded came */
};

/**
 * intake_init - prepare for the frames of a device.
 * @frame: borrowed, as @separator is
 * @message_bytes: the longest message; 0: a stream
 *
 * -ENOMEM. intake_fini() is right after a failure too. [init]
 */
int intake_init(struct intake *intake, const struct device_spec *spec,
		const struct frame_options *frame, const struct option_bytes *separator,
		uint32_t message_bytes) MUST_CHECK;
void intake_fini(struct intake *intake);

/**
 * intake_init_streams - the same for several streams, which share the budget. A stream's number is
 * the tag of its endpoint. -ENOMEM. [init]
 */
int intake_init_streams(struct intake *intake, const struct device_spec *spec,
			const struct frame_options *frame,
			const struct option_bytes *separator,
			unsigned stream_count) MUST_CHECK;

/** intake_reset - another stream begins: forget what is buffered; as framer_reset(). [rt] */
void intake_reset(struct intake *intake, uint32_t stream, bool is_midway) RT_SAFE;

/** intake_room - most bytes of a stream that intake_stream() takes now. [rt] */
uint32_t intake_room(const struct intake *intake, uint32_t stream) RT_SAFE;

/** intake_stream - the next bytes of the stream message->tag; decodes within the budget. [rt] */
void intake_stream(struct intake *intake, struct device *device,
		   const struct message *message, const struct cycle_time *now) RT_SAFE;

/** intake_message - one whole message; frames over the budget are dropped. [rt] */
void intake_message(struct intake *intake, struct device *device,
		    const struct message *message, const struct cycle_time *now) RT_SAFE;

/**
 * intake_end - nothing more comes of a stream.
 *
 * Its frames may still wait for the budget: intake_tick() goes on with them, and intake_drained() tells when the last
 * one is decoded. [rt]
 */
void intake_end(struct intake *intake, uint32_t stream) RT_SAFE;

/**
 * intake_drained - streams that have ended and of which no frame is left, a bit each.
 *
 * Half a frame at the end is counted as bad_length. [rt]
 */
uint32_t intake_drained(struct intake *intake, struct device *device) RT_SAFE;

/** intake_tick - go on with what is left of the streams, each first in its turn. [rt] */
void intake_tick(struct intake *intake, struct device *device,
		 const struct cycle_time *now) RT_SAFE;

#endif
