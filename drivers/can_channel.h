/* Channels of CAN: where in which frame each stands, stated or by a DBC file. */
#ifndef DRIVERS_CAN_CHANNEL_H
#define DRIVERS_CAN_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/arena.h"
#include "config/option.h"
#include "drivers/can_signal.h"
#include "drivers/driver.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct dbc;

struct can_mux_options {
	int64_t start;
	int64_t length;
	int order;
	int64_t value;
};

/* Exactly one of signal and id is given. */
struct can_channel_options {
	const char *signal; /* "MESSAGE.SIGNAL" */
	int64_t id;
	bool is_extended;
	int64_t start;
	int64_t length;
	int order;    /* 0: little, 1: big */
	int encoding; /* enum can_encoding */
	struct scaling scaling;
	struct can_mux_options mux;
	bool has_id;
	bool has_extended;
	bool has_start;
	bool has_length;
	bool has_order;
	bool has_encoding;
	bool has_mux;
	/* of outputs */
	int64_t size;
	bool is_fd;
	bool has_size;
};

/* Rows of the keys of an input channel, and of an output channel, bound to struct
 * can_channel_options. */
extern const struct option can_channel_rows[];
extern const struct option can_output_rows[];

/* One channel, ready to be decoded. */
struct can_channel {
	struct can_signal signal;
	const char *unit;	/* of the DBC file; NULL: none */
	uint32_t message_bytes; /* likewise, of its message; 0: not stated */
	uint32_t index;		/* in the device's specification */
};

/**
 * can_channels_check - say with place_error() what is wrong with channels of the device.
 * @dbc: NULL: there is none, or it could not be read
 * @has_dbc: whether one is stated
 * @frame_bytes: the longest frame's data
 *
 * -ENOMEM. [init]
 */
int can_channels_check(const struct channel_spec *list, unsigned count,
		       const struct dbc *dbc, bool has_dbc,
		       uint32_t frame_bytes) MUST_CHECK;

/**
 * can_channels_make - channels of the device, in order of their ids.
 * @dbc: NULL: no channel is of a DBC file
 * @arena: keeps them
 *
 * -ENOMEM, or what dbc_find() returns, with @err filled. [init]
 */
int can_channels_make(const struct channel_spec *list, unsigned count,
		      const struct dbc *dbc, struct arena *arena,
		      struct can_channel **ret_channels, struct err *err) MUST_CHECK;

/** can_channels_find - the first of @count with this id; @count where there is none. [rt] */
uint32_t can_channels_find(const struct can_channel *channels, uint32_t count,
			   uint32_t id) RT_SAFE;

/** can_channels_ids - how many different ids there are. [init] */
uint32_t can_channels_ids(const struct can_channel *channels, uint32_t count);

#endif
