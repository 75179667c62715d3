/*
 * The process image: the newest value, quality and time of every channel, in one block
 * laid out at start. Each device has one contiguous part of it for what it reads, and one
 * for what it drives. Such a part is, byte for byte, the body of the CDR message that the
 * log holds for it (topics /io/DEVICE and /out/DEVICE):
 *
 *   uint64 cycle | int64 sample_ns | float64 and int64 values | bool values | uint8
 * qualities
 *
 * Values keep their declared order within each size, so nothing needs padding and
 * recording a device is one memcpy.
 */
#ifndef RTLOOP_BASE_IMAGE_H
#define RTLOOP_BASE_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

enum value_type { VALUE_BOOL, VALUE_INT, VALUE_FLOAT };

/* Ordered by how bad it is, so that the worse of two is their maximum. */
enum quality {
	QUALITY_GOOD = 0,
	QUALITY_STALE = 1, /* older than max_age */
	QUALITY_BAD = 2,   /* never sampled, not decodable, or the device is gone */
};

union value {
	bool as_bool;
	int64_t as_int;
	double as_float;
};

/* One named, typed value. The cell and the quality live in the image; the rest is set at
 * start. */
struct channel {
	const char *name; /* borrowed from the configuration */
	const char *unit; /* borrowed; NULL: none */
	enum value_type type;
	bool has_substitute;	/* on_bad: VALUE; false: on_bad: hold */
	union value substitute; /* taken when the quality turns bad */
	void *cell;		/* in the image: uint8_t, int64_t or double; aligned */
	uint8_t *quality;	/* in the image: enum quality */
	int64_t sample_ns;	/* CLOCK_MONOTONIC of the last sample; 0: never */
};

/* The device's part of the image. */
struct image_part {
	uint8_t *block; /* borrowed from the image; 8-byte aligned; IMAGE_HEAD_BYTES, then
			   values */
	uint32_t bytes;
};

/* The two stamps before the values: cycle, and the newest sample's time. */
#define IMAGE_HEAD_BYTES 16

struct image;

/**
 * image_create - an image of no parts yet. [init]
 */
struct image *image_create(void);
void image_destroy(struct image *image);

/**
 * image_add - ask for the part of one device.
 * @part: filled by image_seal(); must stay where it is until then
 * @channels: name, unit, type and substitute are set; cell and quality are set by
 * image_seal()
 *
 * -ENOMEM. [init]
 */
int image_add(struct image *image, struct image_part *part, struct channel *channels,
	      unsigned channel_count) MUST_CHECK;

/**
 * image_seal - lay all parts out in one zeroed block, every channel bad and at its
 * substitute.
 *
 * -ENOMEM. [init]
 */
int image_seal(struct image *image) MUST_CHECK;

/** image_bytes - of the block that holds all parts, once it is sealed. [any] */
size_t image_bytes(const struct image *image) RT_SAFE;

/** image_channels - of all parts together. [any] */
unsigned image_channels(const struct image *image) RT_SAFE;

/**
 * image_copy - all that changes: the block, and the times of the samples.
 * @block: image_bytes() long
 * @sample_ns: one a channel, in the order in which they were added
 *
 * [rt]
 */
void image_copy(const struct image *image, uint8_t *block, int64_t *sample_ns) RT_SAFE;

/**
 * image_channel_at - a channel with the value, the quality and the time that it has in a copy.
 * @channel: one of those that were added to this image
 *
 * [any]
 */
struct channel image_channel_at(const struct image *image, const struct channel *channel,
				uint8_t *block, const int64_t *sample_ns) RT_SAFE;

/**
 * image_part_bytes - the size of a part, as image_seal() lays it out. [any]
 */
uint32_t image_part_bytes(const struct channel *channels, unsigned channel_count) RT_SAFE;

/**
 * channel_put_float - store a sample: the value, quality good and the time.
 *
 * The value is converted to the channel's type: to an integer by rounding to the nearest,
 * ties to even, and saturating; to a bool as value != 0. Not a number marks the channel
 * bad instead, for every type. [rt]
 */
void channel_put_float(struct channel *channel, double value, int64_t sample_ns) RT_SAFE;

/**
 * channel_put_int - the same from an integer; to a float it rounds to the nearest double.
 * [rt]
 */
void channel_put_int(struct channel *channel, int64_t value, int64_t sample_ns) RT_SAFE;

/**
 * channel_put - value, quality and time as they are: of logic, which knows all three.
 * @value: of the channel's type; a float that is a number
 *
 * [rt]
 */
void channel_put(struct channel *channel, union value value, enum quality quality,
		 int64_t sample_ns) RT_SAFE;

/**
 * channel_set_quality - change the quality alone; on turning bad a stated substitute is
 * taken.
 *
 * Returns whether the quality changed. [rt]
 */
bool channel_set_quality(struct channel *channel, enum quality quality) RT_SAFE;

/** channel_store - put a value of the channel's own type into its cell, and nothing else. [rt] */
void channel_store(struct channel *channel, union value value) RT_SAFE;

/**
 * channel_value - the value as it stands. [any]
 */
union value channel_value(const struct channel *channel) RT_SAFE;

/** value_type_name - "bool", "integer", "float". [any] */
const char *value_type_name(enum value_type type) RT_SAFE;

/** quality_name - "good", "stale", "bad". [any] */
const char *quality_name(enum quality quality) RT_SAFE;

#endif
