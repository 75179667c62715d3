#include "drivers/field.h"

#include <errno.h>
#include <string.h>

#include "drivers/number.h"

static uint64_t low_bits(int64_t count)
{
	return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

static bool has_bit_field(const struct field_options *options)
{
	return options->has_bit || options->has_bits;
}

static int64_t bit_field_width(const struct field_options *options)
{
	return options->has_bits ? options->bits : 1;
}

/* The integer of @width bits in @raw, or the part of it that bit and bits name. */
static struct sample cut_int(const struct field_options *options, uint64_t raw,
			     int64_t width)
{
	bool is_signed = options->encoding == FIELD_SIGNED;

	if (!has_bit_field(options)) {
		return sample_of_int(raw, width, is_signed);
	}
	width = bit_field_width(options);
	return sample_of_int(raw >> options->bit & low_bits(width), width, is_signed);
}

int field_decode_binary(const struct field_options *options, const struct frame *frame,
			struct sample *ret_sample)
{
	const uint8_t *data;
	bool is_big = options->order == FIELD_ORDER_BIG;
	uint64_t raw = 0;

	if (options->byte + options->bytes > frame->bytes) {
		return -EMSGSIZE;
	}
	data = frame->data + options->byte;
	for (int64_t i = 0; i < options->bytes; i++) {
		raw = raw << 8 | data[is_big ? i : options->bytes - 1 - i];
	}
	if (options->encoding == FIELD_FLOAT) {
		*ret_sample = sample_of_float(raw, options->bytes);
	} else {
		*ret_sample = cut_int(options, raw, 8 * options->bytes);
	}
	return 0;
}

static bool is_word(const uint8_t *text, uint32_t bytes, const char *word)
{
	uint32_t i = 0;

	while (i < bytes && word[i] != '\0' && (text[i] | 0x20) == word[i]) {
		i++;
	}
	return i == bytes && word[i] == '\0';
}

static const char *const words_true[] = { "true", "on", "yes" };
static const char *const words_false[] = { "false", "off", "no" };

static bool decode_word(const uint8_t *text, uint32_t bytes, struct sample *ret_sample)
{
	for (unsigned i = 0; i < ARRAY_SIZE(words_true); i++) {
		bool is_true = is_word(text, bytes, words_true[i]);

		if (is_true || is_word(text, bytes, words_false[i])) {
			*ret_sample = sample_of_int(is_true, 1, false);
			return true;
		}
	}
	return false;
}

int field_decode_text(const struct field_options *options, enum value_type type,
		      const uint8_t *text, uint32_t bytes, struct sample *ret_sample)
{
	struct number number;
	int rc;

	if (type == VALUE_BOOL && !has_bit_field(options) &&
	    decode_word(text, bytes, ret_sample)) {
		return 0;
	}
	rc = number_parse(text, bytes, options->has_base ? (unsigned)options->base : 10,
			  &number);
	if (rc) {
		return rc;
	}
	if (has_bit_field(options)) {
		if (!number.is_int) {
			return -EINVAL;
		}
		*ret_sample = cut_int(options,
				      number.is_negative ? (uint64_t)number.as_int
							 : number.magnitude,
				      64);
		return 0;
	}
	*ret_sample = (struct sample){
		.is_int = number.is_int,
		.as_int = number.as_int,
		.as_float = number.as_float,
	};
	return 0;
}

void fields_init(struct fields *fields, const struct device_spec *spec,
		 const struct option_bytes *separator)
{
	fields->spec = spec;
	fields->separator = *separator;
	fields->column_count = 0;
	for (unsigned i = 0; i < spec->in_count; i++) {
		const struct field_options *options = spec->in[i].options;

		if (options->has_column && options->column >= fields->column_count) {
			fields->column_count = (unsigned)options->column + 1;
		}
	}
}

static bool is_blank(uint8_t c)
{
	return c <= ' ';
}

static struct column trim(const struct frame *frame, uint32_t at, uint32_t end)
{
	while (at < end && is_blank(frame->data[at])) {
		at++;
	}
	while (at < end && is_blank(frame->data[end - 1])) {
		end--;
	}
	return (struct column){ at, end - at };
}

/* Where the next separator begins; the frame's end where there is none. */
static uint32_t find_separator(const struct fields *fields, const struct frame *frame,
			       uint32_t at)
{
	const struct option_bytes *separator = &fields->separator;

	for (; at + separator->bytes <= frame->bytes; at++) {
		const uint8_t *found = memchr(frame->data + at, separator->data[0],
					      frame->bytes - at - separator->bytes + 1);

		if (!found) {
			break;
		}
		at = (uint32_t)(found - frame->data);
		if (memcmp(found, separator->data, separator->bytes) == 0) {
			return at;
		}
	}
	return frame->bytes;
}

static uint32_t find_blank(const struct frame *frame, uint32_t at)
{
	while (at < frame->bytes && !is_blank(frame->data[at])) {
		at++;
	}
	return at;
}

static uint32_t skip_blanks(const struct frame *frame, uint32_t at)
{
	while (at < frame->bytes && is_blank(frame->data[at])) {
		at++;
	}
	return at;
}

static unsigned split_at_blanks(struct fields *fields, const struct frame *frame)
{
	uint32_t at = skip_blanks(frame, 0);
	unsigned count = 0;

	while (count < fields->column_count && at < frame->bytes) {
		uint32_t end = find_blank(frame, at);

		fields->columns[count++] = (struct column){ at, end - at };
		at = skip_blanks(frame, end);
	}
	return count;
}

static unsigned split_at_separator(struct fields *fields, const struct frame *frame)
{
	uint32_t at = 0;
	unsigned count = 0;

	while (count < fields->column_count && at <= frame->bytes) {
		uint32_t end = find_separator(fields, frame, at);

		fields->columns[count++] = trim(frame, at, end);
		at = end == frame->bytes ? end + 1
					 : end + (uint32_t)fields->separator.bytes;
	}
	return count;
}

/* Returns how many of the columns that are looked at are there. */
static unsigned split(struct fields *fields, const struct frame *frame)
{
	if (fields->separator.bytes == 1 && fields->separator.data[0] == ' ') {
		return split_at_blanks(fields, frame);
	}
	return split_at_separator(fields, frame);
}

static int decode_column(const struct fields *fields, unsigned index,
			 unsigned column_count, const struct frame *frame,
			 struct sample *ret_sample)
{
	const struct channel_spec *channel = &fields->spec->in[index];
	const struct field_options *options = channel->options;
	const struct column *column;

	if (options->column >= column_count) {
		return -EMSGSIZE;
	}
	column = &fields->columns[options->column];
	return field_decode_text(options, channel->type, frame->data + column->at,
				 column->bytes, ret_sample);
}

static bool is_of(const struct frame *frame, const struct field_options *options)
{
	const struct option_bytes *match = &options->match;

	return match->bytes == 0 ||
	       ((uint64_t)options->match_at + match->bytes <= frame->bytes &&
		memcmp(frame->data + options->match_at, match->data, match->bytes) == 0);
}

unsigned fields_decode(struct fields *fields, struct device *device,
		       const struct frame *frame, int64_t sample_ns)
{
	unsigned column_count = fields->column_count > 0 ? split(fields, frame) : 0;
	unsigned good = 0;

	for (unsigned i = 0; i < fields->spec->in_count; i++) {
		const struct field_options *options = fields->spec->in[i].options;
		struct sample sample;
		int rc;

		if (!is_of(frame, options)) {
			continue;
		}
		rc = options->has_column
			     ? decode_column(fields, i, column_count, frame, &sample)
			     : field_decode_binary(options, frame, &sample);
		if (!rc) {
			rc = sample_put(&sample, &options->scaling, &device->in[i],
					sample_ns);
		}
		if (rc) {
			channel_set_quality(&device->in[i], QUALITY_BAD);
			device_count(device, COUNT_BAD_FIELD, 1);
		}
		good += rc == 0;
	}
	return good;
}
