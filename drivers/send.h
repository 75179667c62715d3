/*
 * What serial, udp, tcp, unix and mqueue send: messages made of channels, in text or of binary fields,
 * and when.
 *
 * A message is due on a change of what it says, each `every` on the grid of releases, or when a channel
 * of the device turns true. One that is due and finds no room is counted as send_dropped, and the next
 * cycle tries again with the newest values: nothing waits, nothing piles up. What a stream takes in
 * part is finished before anything else is sent on it.
 */
#ifndef DRIVERS_SEND_H
#define DRIVERS_SEND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/option.h"
#include "drivers/checksum.h"
#include "drivers/device.h"
#include "drivers/outbox.h"
#include "drivers/text.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/* The longest message, whatever the channels are. */
#define SEND_BYTES_MAX 4096

struct send_options {
	const char *to;	  /* of drivers without a connection: where messages go */
	int64_t priority; /* of mqueue */
	int64_t every_ns;
	int on; /* 0: change */
	const char *trigger;
	const char *text;
	const char *bad;
	struct option_bytes head;
	int64_t bytes;
	int checksum;	    /* enum checksum_kind */
	int checksum_form;  /* enum checksum_form */
	int checksum_order; /* enum frame_order */
	int64_t checksum_from;
	struct option_bytes end;
	bool is_cobs;
	bool has_every;
	bool has_on;
	bool has_bytes;
	bool has_bad;
	bool has_checksum_form;
	bool has_checksum_order;
};

/* Rows of the group `send:`, bound to struct send_options: of drivers with a connection; of those that
 * say where each message goes; and of those that also give it a priority. */
extern const struct option send_rows[];
extern const struct option send_to_rows[];
extern const struct option send_queue_rows[];

/**
 * send_check - what no row can see of `send:` and of the channels of `out:`.
 * @options: NULL: it is not given
 *
 * Out channels have struct out_field_options. [init]
 */
void send_check(const struct device_spec *spec, const struct send_options *options);

/** send_check_names - the channels that the text names; of other devices too. [init] */
void send_check_names(const struct device_spec *spec, const struct send_options *options,
		      const struct device_spec *devices, unsigned device_count);

/* What a driver of frames is told to do. */
struct traffic {
	bool has_frame;	  /* frame: is given */
	bool has_send;	  /* send: is given */
	bool needs_frame; /* without borders of messages: a device that reads needs it */
};

/**
 * traffic_check - that something is read or sent, and that what is read can be taken apart. False
 * where that is not so. [init]
 */
bool traffic_check(const struct device_spec *spec, const struct traffic *traffic);

/** traffic_reads - whether frames are taken out of what comes. [init] */
bool traffic_reads(const struct device_spec *spec, const struct traffic *traffic);

/* One connection, or the one way that there is. */
struct send_slot {
	uint8_t *data;	       /* a message that was taken in part; of streams */
	uint32_t bytes;	       /* of it */
	uint32_t unsent;       /* its last bytes, which are still to go */
	bool wants;	       /* a message is due, and has not left */
	bool is_queued;	       /* what is to be written is in the device's outbox */
	const uint8_t *queued; /* a new message that is; NULL: the rest of one */
	uint32_t queued_bytes;
};

/* How bytes leave. */
struct send_way {
	/* -EAGAIN: not now; LETTER_QUEUED: sender_posted() tells. NULL: written to the descriptor. [rt] */
	ssize_t (*write)(struct device *device, struct letter *letter) RT_SAFE;
	bool is_stream; /* a part may be taken, and the rest must follow */
	/* what becomes of a message, or of a connection, that failed with -errno; NULL: the device is
	 * lost. The message is tried again in the next cycle, unless `every` sends another one by
	 * itself. [rt] */
	void (*fail)(struct device *device, unsigned slot, int code) RT_SAFE;
};

struct sender {
	const struct send_options *options; /* borrowed; NULL: nothing is sent */
	struct send_way way;
	struct text *text; /* owned; NULL: binary */
	struct checksum_rule checksum;
	int trigger;		 /* an output channel, an index; -1: none */
	uint32_t content_bytes;	 /* binary: without checksum and end */
	uint8_t *content;	 /* owned; binary: as it was when it was due last */
	uint8_t *next;		 /* owned; binary: as it is now */
	uint8_t *message;	 /* owned: all of it */
	uint8_t *stuffed;	 /* owned; cobs: the same, encoded */
	uint32_t bytes_max;	 /* of a message */
	bool is_noted;		 /* content holds one */
	bool was_on;		 /* the trigger, in the cycle before */
	int64_t due_ns;		 /* every: the next one is due at this release */
	struct send_slot *slots; /* owned */
	unsigned slot_count;
};

/**
 * sender_init - memory for all messages; sender_fini() is right after a failure too.
 * @options: borrowed; NULL: nothing is sent
 * @slot_count: connections at a time
 *
 * -ENOMEM, or what the text's parser says, with @err filled. [init]
 */
int sender_init(struct sender *sender, const struct device_spec *spec,
		const struct send_options *options, const struct send_way *way,
		unsigned slot_count, struct err *err) MUST_CHECK;
void sender_fini(struct sender *sender);

/** sender_bytes_max - the longest message that these options can make. [init] */
uint32_t sender_bytes_max(const struct sender *sender);

/** sender_resolve - bind the text to its channels. [init] */
void sender_resolve(struct sender *sender, const struct device *devices,
		    unsigned device_count);

/** sender_sends - whether `send:` is given. [init] */
bool sender_sends(const struct sender *sender);

/** sender_attach - a new link: the grid of `every` begins here; what waited for the one before is dropped, and counted.
 * [rt] */
void sender_attach(struct sender *sender, struct device *device,
		   const struct cycle_time *now) RT_SAFE;

/**
 * sender_connect - a new connection of a slot: what was under way on the one before is forgotten; on:
 * change tells it how things are. [rt]
 */
void sender_connect(struct sender *sender, unsigned slot) RT_SAFE;

/** sender_is_midway - a message has left in part: nothing else may be sent there. [rt] */
bool sender_is_midway(const struct sender *sender, unsigned slot) RT_SAFE;

/**
 * sender_emit - send what is due on the connections.
 * @fds: one a slot; -1: there is none
 *
 * Nothing where the device is dry. [rt]
 */
void sender_emit(struct sender *sender, struct device *device, const int *fds,
		 const struct cycle_time *now) RT_SAFE;

/**
 * sender_hold - the same while something else is half sent: what is due waits, nothing is sent. What no emit() looks
 * at would be lost: a trigger may be true for one cycle. [rt]
 */
void sender_hold(struct sender *sender, struct device *device, const int *fds,
		 const struct cycle_time *now) RT_SAFE;

/** sender_posted - what became of the write of a slot that was queued: for posted() of struct driver. [rt] */
void sender_posted(struct sender *sender, struct device *device, uint32_t slot,
		   ssize_t result) RT_SAFE;

#endif
