#include "drivers/out_field.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const char *const orders[] = { "little", "big", NULL };
static const char *const encodings[] = { "unsigned", "signed", "float", NULL };

const struct option out_field_rows[] = {
	{
		.name = "byte",
		.type = OPTION_INT,
		.offset = offsetof(struct out_field_options, byte),
		.max = ENDPOINT_BYTES_MAX - 1,
		.unit = "byte",
		.is_given_offset = offsetof(struct out_field_options, has_byte),
		.help = "binary: offset of the value from the message's first byte",
	},
	{
		.name = "bytes",
		.type = OPTION_INT,
		.offset = offsetof(struct out_field_options, bytes),
		.fallback = "1",
		.min = 1,
		.max = 8,
		.unit = "byte",
		.is_given_offset = offsetof(struct out_field_options, has_bytes),
		.help = "binary: how wide the value is",
	},
	{
		.name = "order",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct out_field_options, order),
		.fallback = "little",
		.choices = orders,
		.is_given_offset = offsetof(struct out_field_options, has_order),
		.help = "binary: which byte comes first, the least significant or the "
			"most",
	},
	{
		.name = "encoding",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct out_field_options, encoding),
		.fallback = "unsigned",
		.choices = encodings,
		.is_given_offset = offsetof(struct out_field_options, has_encoding),
		.help = "binary: what the bytes are; signed is two's complement, float "
			"has 4 or 8 bytes; what does not fit is the nearest "
			"that does",
	},
	{
		.name = "bit",
		.type = OPTION_INT,
		.offset = offsetof(struct out_field_options, bit),
		.fallback = "0",
		.max = 63,
		.is_given_offset = offsetof(struct out_field_options, has_bit),
		.help = "the lowest bit that it takes in the integer, 0 being the least "
			"significant",
	},
	{
		.name = "bits",
		.type = OPTION_INT,
		.offset = offsetof(struct out_field_options, bits),
		.fallback = "1",
		.min = 1,
		.max = 64,
		.unit = "bit",
		.is_given_offset = offsetof(struct out_field_options, has_bits),
		.help = "how many bits it takes from there",
	},
	{
		.name = "scale",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct out_field_options, scaling.scale),
		.fallback = "1",
		.is_given_offset = offsetof(struct out_field_options, scaling.has_scale),
		.help = "field = (value - offset) / scale",
	},
	{
		.name = "offset",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct out_field_options, scaling.offset),
		.fallback = "0",
		.is_given_offset = offsetof(struct out_field_options, scaling.has_offset),
		.help = "taken off before scale, in the channel's unit",
	},
	{ .name = NULL },
};

static bool is_part(const struct out_field_options *options)
{
	return options->has_bit || options->has_bits;
}

static bool is_scaled(const struct out_field_options *options)
{
	return options->scaling.has_scale || options->scaling.has_offset;
}

bool out_field_is_given(const struct out_field_options *options)
{
	return options->has_byte || options->has_bytes || options->has_order ||
	       options->has_encoding || is_part(options) || is_scaled(options);
}

static int64_t width_of(const struct out_field_options *options)
{
	if (!is_part(options)) {
		return 8 * options->bytes;
	}
	return options->has_bits ? options->bits : 1;
}

static void check_encoding(const struct out_field_options *options,
			   const struct place *place)
{
	if (options->encoding == FIELD_FLOAT && is_part(options)) {
		place_error(place, "encoding",
			    "a part cut out by bit and bits is an integer; expected "
			    "unsigned or signed");
	} else if (options->encoding == FIELD_FLOAT && options->bytes != 4 &&
		   options->bytes != 8) {
		place_error(place, options->has_bytes ? "bytes" : "encoding",
			    "a float has bytes: 4 or bytes: 8");
	} else if (is_part(options) &&
		   options->bit + width_of(options) > 8 * options->bytes) {
		place_error(place, options->has_bits ? "bits" : "bit",
			    "bits up to %d are past the end; %d bytes have bits 0 to %d",
			    (int)(options->bit + width_of(options) - 1),
			    (int)options->bytes, (int)(8 * options->bytes - 1));
	}
}

static void check_scaling(const struct channel_spec *channel,
			  const struct out_field_options *options)
{
	if (channel->type == VALUE_BOOL && is_scaled(options)) {
		place_error(&channel->place,
			    options->scaling.has_scale ? "scale" : "offset",
			    "a bool is not scaled; expected type integer or float");
	} else if (options->scaling.has_scale && !(options->scaling.scale < 0) &&
		   !(options->scaling.scale > 0)) {
		place_error(&channel->place, "scale",
			    "values are divided by it; expected another number than 0");
	}
}

void out_field_check(const struct channel_spec *channel, int64_t message_bytes)
{
	const struct out_field_options *options = channel->options;

	check_encoding(options, &channel->place);
	check_scaling(channel, options);
	if (message_bytes > 0 && options->byte + options->bytes > message_bytes) {
		place_error(&channel->place, "byte",
			    "bytes %d to %d are past the message, which has %d",
			    (int)options->byte, (int)(options->byte + options->bytes - 1),
			    (int)message_bytes);
	}
}

static uint64_t low_bits(int64_t count)
{
	return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

/* The nearest integer of so many bits, as they stand in a word. */
static uint64_t fit_float(double value, int64_t width, bool is_signed)
{
	/* a power of two, exact in a double */
	double top = (double)low_bits(width - is_signed) + 1;
	double bottom = is_signed ? -top : 0;

	value = __builtin_rint(value);
	if (value >= top) {
		return low_bits(width - is_signed);
	}
	if (value <= bottom) {
		return is_signed ? low_bits(width - 1) + 1 : 0;
	}
	return value < 0 ? -(uint64_t)-value : (uint64_t)value;
}

static uint64_t fit_int(int64_t value, int64_t width, bool is_signed)
{
	uint64_t top = low_bits(width - is_signed);

	if (value >= 0) {
		return (uint64_t)value > top ? top : (uint64_t)value;
	}
	if (!is_signed) {
		return 0;
	}
	return -(uint64_t)value > top + 1 ? -(top + 1) : (uint64_t)value;
}

static double to_double(const struct channel *channel, union value value)
{
	switch (channel->type) {
	case VALUE_BOOL:
		return value.as_bool;
	case VALUE_INT:
		return (double)value.as_int;
	case VALUE_FLOAT:
		break;
	}
	return value.as_float;
}

static double unscale(const struct scaling *scaling, double value)
{
	if (scaling->has_offset) {
		value -= scaling->offset;
	}
	return scaling->has_scale ? value / scaling->scale : value;
}

static double nearest_finite(double value, double most)
{
	return isinf(value) ? copysign(most, value) : value;
}

/* What is driven is a finite number: it stays one. */
static uint64_t bits_of_float(double value, int64_t width)
{
	float single = (float)nearest_finite((float)value, FLT_MAX);
	uint32_t raw_single;
	uint64_t raw;

	value = nearest_finite(value, DBL_MAX);
	memcpy(&raw_single, &single, sizeof(single));
	memcpy(&raw, &value, sizeof(value));
	return width == 32 ? raw_single : raw;
}

uint64_t out_value_raw(const struct channel *channel, const struct scaling *scaling,
		       enum field_encoding encoding, int64_t width)
{
	bool is_scaled = scaling->has_scale || scaling->has_offset;
	bool is_signed = encoding == FIELD_SIGNED;
	union value value = channel_value(channel);
	double scaled;

	if (channel->type == VALUE_INT && !is_scaled && encoding != FIELD_FLOAT) {
		return fit_int(value.as_int, width, is_signed);
	}
	scaled = unscale(scaling, to_double(channel, value));
	return encoding == FIELD_FLOAT ? bits_of_float(scaled, width)
				       : fit_float(scaled, width, is_signed);
}

static uint8_t *byte_at(const struct out_field_options *options, uint8_t *message,
			int64_t index)
{
	bool is_big = options->order == FIELD_ORDER_BIG;

	return message + options->byte + (is_big ? options->bytes - 1 - index : index);
}

void out_field_encode(const struct out_field_options *options,
		      const struct channel *channel, uint8_t *message)
{
	int64_t shift = is_part(options) ? options->bit : 0;
	uint64_t mask = low_bits(width_of(options)) << shift;
	uint64_t raw =
		out_value_raw(channel, &options->scaling,
			      (enum field_encoding)options->encoding, width_of(options));
	uint64_t bits = raw << shift & mask;

	for (int64_t i = 0; i < options->bytes; i++) {
		uint8_t *at = byte_at(options, message, i);

		*at = (uint8_t)((*at & ~(mask >> 8 * i)) | (bits >> 8 * i & 0xff));
	}
}
