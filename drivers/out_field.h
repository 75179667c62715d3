/*
 * Binary fields of what is sent: where in a message each output channel stands, and how it is
 * written there. The keys are those of field.h, the other way round:
 *
 *   field = (value - offset) / scale, rounded to the nearest integer, ties to even, unless encoding
 *   is float; what does not fit its width saturates; bit and bits put it into a part of an integer
 */
#ifndef DRIVERS_OUT_FIELD_H
#define DRIVERS_OUT_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"
#include "drivers/driver.h"
#include "drivers/field.h"
#include "rtloop/base/attr.h"

/* One channel. Those of a text have none of it. */
struct out_field_options {
	int64_t byte;
	int64_t bytes;
	int order;    /* enum field_order */
	int encoding; /* enum field_encoding */
	int64_t bit;
	int64_t bits;
	struct scaling scaling;
	bool has_byte;
	bool has_bytes;
	bool has_order;
	bool has_encoding;
	bool has_bit;
	bool has_bits;
};

/* Rows of the keys of an output channel, bound to struct out_field_options. */
extern const struct option out_field_rows[];

/** out_field_is_given - whether any key says that the channel is a binary field. [init] */
bool out_field_is_given(const struct out_field_options *options);

/**
 * out_field_check - what no row can see of one channel, said with place_error().
 * @message_bytes: of the message without checksum and end; 0: as many as its fields need
 *
 * [init]
 */
void out_field_check(const struct channel_spec *channel, int64_t message_bytes);

/**
 * out_value_raw - the channel's value as the bits of a field: scaled back, and rounded and saturated where
 * the field is an integer.
 * @width: of the field in bits, 1 to 64; of a float 32 or 64
 *
 * Bits above @width are those of a negative number, or 0. [rt]
 */
uint64_t out_value_raw(const struct channel *channel, const struct scaling *scaling,
		       enum field_encoding encoding, int64_t width) RT_SAFE;

/** out_field_encode - put the channel's value into a message that reaches so far. [rt] */
void out_field_encode(const struct out_field_options *options,
		      const struct channel *channel, uint8_t *message) RT_SAFE;

#endif
