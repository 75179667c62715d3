/*
 * A number as it was read, before it becomes a channel's value: value = sample * scale +
 * offset, computed as double. Without both, integers keep all 64 bits; an unsigned one
 * that is greater than INT64_MAX saturates there in an integer channel.
 */
#ifndef DRIVERS_SAMPLE_H
#define DRIVERS_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"

struct sample {
	bool is_int;
	int64_t as_int; /* where is_int; saturated */
	double as_float;
};

struct scaling {
	double scale;
	double offset; /* in the channel's unit */
	bool has_scale;
	bool has_offset;
};

/**
 * sample_of_int - the integer in the low @width bits, 1 to 64, of @raw.
 * @raw: the bits above are 0
 * @is_signed: two's complement
 *
 * [any]
 */
struct sample sample_of_int(uint64_t raw, int64_t width, bool is_signed) RT_SAFE;

/** sample_of_float - the IEEE 754 number of @bytes, 4 or 8, in @raw. [any] */
struct sample sample_of_float(uint64_t raw, int64_t bytes) RT_SAFE;

/**
 * sample_put - scale the sample into the channel.
 *
 * 0; -ERANGE when the value is not finite: the channel is left as it was. [rt]
 */
int sample_put(const struct sample *sample, const struct scaling *scaling,
	       struct channel *channel, int64_t sample_ns) RT_SAFE MUST_CHECK;

#endif
