/*
 * Fields: where in a frame each input channel stands, and how it is written there.
 *
 *   text     column (0-based) of a line split at the separator, blanks around it taken
 *            off; a number as number.h has it, finite; a bool also as true false on off
 *            yes no, any case
 *   binary   byte (offset), bytes (1 to 8, each width), order, encoding
 *   bits     bit and bits cut a part out of either, where it is an integer
 *
 * What is read becomes a value as sample.h has it. A field that is missing, not a number
 * or not finite turns its own channel bad. A channel with a match is of those frames only
 * that hold it: others pass it by.
 */
#ifndef DRIVERS_FIELD_H
#define DRIVERS_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "config/option.h"
#include "drivers/device.h"
#include "drivers/frame.h"
#include "drivers/sample.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"

enum field_order { FIELD_ORDER_LITTLE, FIELD_ORDER_BIG };
enum field_encoding { FIELD_UNSIGNED, FIELD_SIGNED, FIELD_FLOAT };

#define FIELD_COLUMNS_MAX 256

/* One channel. Exactly one of column and byte is given. */
struct field_options {
	int64_t column;
	int64_t base; /* of a number in text */
	int64_t byte;
	int64_t bytes;
	int order;    /* enum field_order */
	int encoding; /* enum field_encoding */
	int64_t bit;  /* the lowest one, 0 being the least significant of the field */
	int64_t bits;
	struct scaling scaling;
	struct option_bytes match; /* of the frames that the channel is in */
	int64_t match_at;
	bool has_column;
	bool has_base;
	bool has_byte;
	bool has_bytes;
	bool has_order;
	bool has_encoding;
	bool has_bit;
	bool has_bits;
	bool has_match_at;
};

/* Rows of the keys of an input channel, bound to struct field_options. */
extern const struct option field_rows[];

/**
 * field_decode_text - read the text of one column.
 *
 * 0; -EINVAL when it is not what the channel's type and the options expect; -ERANGE when
 * it is too great for a double. [any]
 */
int field_decode_text(const struct field_options *options, enum value_type type,
		      const uint8_t *text, uint32_t bytes,
		      struct sample *ret_sample) RT_SAFE MUST_CHECK;

/**
 * field_decode_binary - read the bytes at the field's offset.
 *
 * 0; -EMSGSIZE when the frame ends before them. [any]
 */
int field_decode_binary(const struct field_options *options, const struct frame *frame,
			struct sample *ret_sample) RT_SAFE MUST_CHECK;

struct column {
	uint32_t at;
	uint32_t bytes;
};

/* The fields of a device: each channel's options are struct field_options. */
struct fields {
	const struct device_spec *spec; /* borrowed */
	struct option_bytes separator;	/* a single space: any run of blanks */
	unsigned column_count; /* columns that are looked at; 0: no text fields */
	struct column columns[FIELD_COLUMNS_MAX];
};

/** fields_check - what no row can see, said with place_error(). [init] */
void fields_check(const struct device_spec *spec, const struct frame_options *frame,
		  const struct option_bytes *separator);

/** fields_init - @spec is borrowed. [init] */
void fields_init(struct fields *fields, const struct device_spec *spec,
		 const struct option_bytes *separator);

/**
 * fields_decode - all channels of the device from one frame.
 *
 * A channel whose field does not decode turns bad and is counted; one whose match the frame
 * does not hold stays as it is. Returns how many did decode. [rt]
 */
unsigned fields_decode(struct fields *fields, struct device *device,
		       const struct frame *frame, int64_t sample_ns) RT_SAFE;

#endif
