#include "drivers/field.h"

static const char *const orders[] = { "little", "big", NULL };
static const char *const encodings[] = { "unsigned", "signed", "float", NULL };

#define SEPARATOR_BYTES_MAX 8
#define MATCH_BYTES_MAX	    64

const struct option field_rows[] = {
	{
		.name = "column",
		.type = OPTION_INT,
		.offset = offsetof(struct field_options, column),
		.max = FIELD_COLUMNS_MAX - 1,
		.is_given_offset = offsetof(struct field_options, has_column),
		.help = "text: which column holds the value, counted from 0",
	},
	{
		.name = "base",
		.type = OPTION_INT,
		.offset = offsetof(struct field_options, base),
		.min = 2,
		.max = 16,
		.is_given_offset = offsetof(struct field_options, has_base),
		.help = "text: digits are of this base, by default 10; 0x… is "
			"hexadecimal there too",
	},
	{
		.name = "byte",
		.type = OPTION_INT,
		.offset = offsetof(struct field_options, byte),
		.max = ENDPOINT_BYTES_MAX - 1,
		.unit = "byte",
		.is_given_offset = offsetof(struct field_options, has_byte),
		.help = "binary: offset of the value from the frame's first byte",
	},
	{
		.name = "bytes",
		.type = OPTION_INT,
		.offset = offsetof(struct field_options, bytes),
		.fallback = "1",
		.min = 1,
		.max = 8,
		.unit = "byte",
		.is_given_offset = offsetof(struct field_options, has_bytes),
		.help = "binary: how wide the value is",
	},
	{
		.name = "order",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct field_options, order),
		.fallback = "little",
		.choices = orders,
		.is_given_offset = offsetof(struct field_options, has_order),
		.help = "binary: which byte comes first, the least significant or the "
			"most",
	},
	{
		.name = "encoding",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct field_options, encoding),
		.fallback = "unsigned",
		.choices = encodings,
		.is_given_offset = offsetof(struct field_options, has_encoding),
		.help = "binary: what the bytes are; signed is two's complement, float "
			"has 4 or 8 "
			"bytes",
	},
	{
		.name = "bit",
		.type = OPTION_INT,
		.offset = offsetof(struct field_options, bit),
		.fallback = "0",
		.max = 63,
		.is_given_offset = offsetof(struct field_options, has_bit),
		.help = "the lowest bit to take out of the integer, 0 being its least "
			"significant",
	},
	{
		.name = "bits",
		.type = OPTION_INT,
		.offset = offsetof(struct field_options, bits),
		.fallback = "1",
		.min = 1,
		.max = 64,
		.unit = "bit",
		.is_given_offset = offsetof(struct field_options, has_bits),
		.help = "how many bits to take from there",
	},
	{
		.name = "scale",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct field_options, scaling.scale),
		.fallback = "1",
		.is_given_offset = offsetof(struct field_options, scaling.has_scale),
		.help = "value = field * scale + offset",
	},
	{
		.name = "offset",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct field_options, scaling.offset),
		.fallback = "0",
		.is_given_offset = offsetof(struct field_options, scaling.has_offset),
		.help = "added after scale, in the channel's unit",
	},
	{
		.name = "match",
		.type = OPTION_BYTES,
		.offset = offsetof(struct field_options, match),
		.help = "bytes that a frame must hold at match_at to be one of this "
			"channel, 1 to 64; it is passed over otherwise",
	},
	{
		.name = "match_at",
		.type = OPTION_INT,
		.offset = offsetof(struct field_options, match_at),
		.fallback = "0",
		.max = ENDPOINT_BYTES_MAX - 1,
		.unit = "byte",
		.is_given_offset = offsetof(struct field_options, has_match_at),
		.help = "offset of match from the frame's first byte",
	},
	{ .name = NULL },
};

/* Options that only the other of column and byte gives a meaning to. */
static void check_text(const struct field_options *options, const struct place *place)
{
	const struct {
		const char *key;
		bool is_given;
	} binary_only[] = {
		{ "bytes", options->has_bytes },
		{ "order", options->has_order },
		{ "encoding", options->has_encoding && !options->has_bits },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(binary_only); i++) {
		if (binary_only[i].is_given) {
			place_error(
				place, binary_only[i].key,
				"means nothing to text; expected with byte, not column");
		}
	}
}

static void check_binary(const struct field_options *options, const struct place *place)
{
	bool is_float = options->encoding == FIELD_FLOAT;
	bool has_bits = options->has_bit || options->has_bits;
	int64_t bits = options->has_bits ? options->bits : 1;

	if (options->has_base) {
		place_error(place, "base", "is of text; expected with column, not byte");
	}
	if (is_float && options->bytes != 4 && options->bytes != 8) {
		place_error(place, options->has_bytes ? "bytes" : "encoding",
			    "a float has bytes: 4 or bytes: 8");
	}
	if (!is_float && has_bits && options->bit + bits > 8 * options->bytes) {
		place_error(place, options->has_bits ? "bits" : "bit",
			    "bits up to %d are past the end; %d bytes have bits 0 to %d",
			    (int)(options->bit + bits - 1), (int)options->bytes,
			    (int)(8 * options->bytes - 1));
	}
}

static void check_common(const struct channel_spec *channel,
			 const struct field_options *options)
{
	bool is_scaled = options->scaling.has_scale || options->scaling.has_offset;
	int64_t bits = options->has_bits ? options->bits : 1;

	if (options->encoding == FIELD_FLOAT && (options->has_bit || options->has_bits)) {
		place_error(
			&channel->place, "encoding",
			"a part cut out by bit and bits is an integer; expected unsigned "
			"or signed");
	}
	if (channel->type == VALUE_BOOL && is_scaled) {
		place_error(&channel->place,
			    options->scaling.has_scale ? "scale" : "offset",
			    "a bool is not scaled; expected type integer or float");
	}
	if ((options->has_bit || options->has_bits) && options->bit + bits > 64) {
		place_error(&channel->place, options->has_bits ? "bits" : "bit",
			    "an integer has bits 0 to 63");
	}
}

/* Without the checksum, where that is known to be the last bytes. */
static uint32_t content_bytes_max(const struct frame_options *frame)
{
	struct checksum_rule rule = frame_checksum_rule(frame);
	uint32_t max = frame_bytes_max(frame, ENDPOINT_BYTES_MAX);

	return frame->kind == FRAME_FIXED && rule.form == CHECKSUM_AS_BYTES
		       ? max - checksum_bytes(rule.kind)
		       : max;
}

static void check_match(const struct field_options *options,
			const struct frame_options *frame, const struct place *place)
{
	const struct option_bytes *match = &options->match;
	uint32_t max = content_bytes_max(frame);

	if (!match->data) {
		if (options->has_match_at) {
			place_error(place, "match_at",
				    "is where match stands; expected match");
		}
		return;
	}
	if (match->bytes < 1 || match->bytes > MATCH_BYTES_MAX) {
		place_error(place, "match", "%zu bytes long; expected 1 to %d",
			    match->bytes, MATCH_BYTES_MAX);
	} else if ((uint64_t)options->match_at + match->bytes > max) {
		place_error(place, options->has_match_at ? "match_at" : "match",
			    "bytes %d to %d are past the frame, which has %u",
			    (int)options->match_at,
			    (int)options->match_at + (int)match->bytes - 1, max);
	}
}

/* Whether the field can stand in a frame at all. */
static void check_frame(const struct field_options *options,
			const struct frame_options *frame, const struct place *place)
{
	uint32_t max = content_bytes_max(frame);

	if (frame->kind == FRAME_LINE) {
		place_error(place, "byte",
			    "a binary value may hold the byte that ends a line; expected "
			    "column, or another frame.kind");
		return;
	}
	if (options->byte + options->bytes > max) {
		place_error(place, "byte",
			    "bytes %d to %d are past the frame, which has %u",
			    (int)options->byte, (int)(options->byte + options->bytes - 1),
			    max);
	}
}

static void check_channel(const struct channel_spec *channel,
			  const struct frame_options *frame)
{
	const struct field_options *options = channel->options;

	if (options->has_column == options->has_byte) {
		place_error(
			&channel->place, options->has_byte ? "byte" : NULL,
			"expected either column, for text, or byte, for binary values%s",
			options->has_byte ? ", not both" : "");
		return;
	}
	check_common(channel, options);
	check_match(options, frame, &channel->place);
	if (options->has_column) {
		check_text(options, &channel->place);
	} else {
		check_binary(options, &channel->place);
		check_frame(options, frame, &channel->place);
	}
}

void fields_check(const struct device_spec *spec, const struct frame_options *frame,
		  const struct option_bytes *separator)
{
	if (separator->bytes < 1 || separator->bytes > SEPARATOR_BYTES_MAX) {
		place_error(&spec->place, "separator", "%zu bytes long; expected 1 to %d",
			    separator->bytes, SEPARATOR_BYTES_MAX);
	}
	for (unsigned i = 0; i < spec->in_count; i++) {
		check_channel(&spec->in[i], frame);
	}
}
