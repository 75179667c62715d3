/*
 * The frames that a CAN device sends: each is made of the output channels of one id, and, where those are
 * multiplexed, of one value of the multiplexor; bits that no channel takes are 0.
 *
 * A frame is due when its data changes, each `every` on the grid of releases, or both. All that are due
 * leave by one call. One that finds no room in the interface's queue is tried again in the next cycle,
 * with the newest values, and counted as send_dropped where it is due again before.
 */
#ifndef DRIVERS_CAN_SEND_H
#define DRIVERS_CAN_SEND_H

#include <linux/can.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "config/option.h"
#include "drivers/can_channel.h"
#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct can_send_options {
	int64_t every_ns;
	int on; /* 0: change */
	bool has_every;
	bool has_on;
	bool switches_rate;
};

/* Rows of the group `send:`, bound to struct can_send_options. */
extern const struct option can_send_rows[];

/* The frames of one call. */
#define CAN_SEND_FRAMES_MAX 256

struct can_send_frame {
	struct canfd_frame frame; /* as it was when it was due last, but for its data */
	uint8_t next[CAN_FD_BYTES];
	uint32_t first; /* its channels: those of its id, from here on ... */
	uint32_t count;
	const struct can_channel *muxed; /* whose multiplexors it has; NULL: none */
	bool is_fd;
	bool is_noted;	/* data was due at least once */
	bool wants;	/* due, and has not left */
	bool is_queued; /* in the device's outbox */
};

struct can_sender {
	const struct can_send_options *options; /* borrowed */
	const struct can_channel *channels;	/* borrowed; in order of their ids */
	struct can_send_frame *frames;		/* owned */
	uint32_t frame_count;
	struct mmsghdr *headers; /* owned; for one call, each with ... */
	struct iovec *parts;	 /* its frame */
	int64_t due_ns;
};

/**
 * can_send_check - what no row can see: signals of one frame that share bits, a size that is too small.
 * @channels: made of the device's outputs; in order of their ids
 * @frame_bytes: the longest frame's data
 *
 * Said with place_error(). [init]
 */
void can_send_check(const struct device_spec *spec, const struct can_channel *channels,
		    uint32_t frame_bytes);

/**
 * can_sender_init - @channels: @count of them, borrowed, in order of their ids.
 *
 * -ENOMEM, -E2BIG for too many frames, with @err filled; can_sender_fini() is right after a failure
 * too. [init]
 */
int can_sender_init(struct can_sender *sender, const struct device_spec *spec,
		    const struct can_channel *channels,
		    const struct can_send_options *options, struct err *err) MUST_CHECK;
void can_sender_fini(struct can_sender *sender);

/** can_sender_attach - a new link: the grid of `every` begins here. [rt] */
void can_sender_attach(struct can_sender *sender, const struct cycle_time *now) RT_SAFE;

/** can_sender_emit - send what is due; nothing where the device is dry. [rt] */
void can_sender_emit(struct can_sender *sender, struct device *device, int fd,
		     const struct cycle_time *now) RT_SAFE;

/** can_sender_posted - what became of a frame that was queued: for posted() of struct driver. [rt] */
void can_sender_posted(struct can_sender *sender, struct device *device, uint32_t index,
		       ssize_t result) RT_SAFE;

#endif
