#include "rtloop/base/image.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PART_ALIGN 8u

struct added {
	struct image_part *part;
	struct channel *channels;
	unsigned channel_count;
};

struct image {
	struct added *added;
	unsigned added_count;
	uint8_t *block;
	size_t bytes;
	unsigned channel_count;
};

static const char *const type_names[] = { "bool", "integer", "float" };
static const char *const quality_names[] = { "good", "stale", "bad" };

struct image *image_create(void)
{
	return calloc(1, sizeof(struct image));
}

void image_destroy(struct image *image)
{
	if (!image) {
		return;
	}
	free(image->block);
	free(image->added);
	free(image);
}

int image_add(struct image *image, struct image_part *part, struct channel *channels,
	      unsigned channel_count)
{
	struct added *added =
		reallocarray(image->added, image->added_count + 1, sizeof(*added));

	if (!added) {
		return -ENOMEM;
	}
	image->added = added;
	added[image->added_count++] = (struct added){ part, channels, channel_count };
	image->channel_count += channel_count;
	return 0;
}

static uint32_t value_bytes(const struct channel *channel)
{
	return channel->type == VALUE_BOOL ? 1 : 8;
}

uint32_t image_part_bytes(const struct channel *channels, unsigned channel_count)
{
	uint32_t bytes = IMAGE_HEAD_BYTES + channel_count;

	for (unsigned i = 0; i < channel_count; i++) {
		bytes += value_bytes(&channels[i]);
	}
	return bytes;
}

/* Give a cell to each channel of one size. */
static uint8_t *place_values(const struct added *added, uint32_t bytes, uint8_t *at)
{
	for (unsigned i = 0; i < added->channel_count; i++) {
		struct channel *channel = &added->channels[i];

		if (value_bytes(channel) == bytes) {
			channel->cell = at;
			at += bytes;
		}
	}
	return at;
}

void channel_store(struct channel *channel, union value value)
{
	switch (channel->type) {
	case VALUE_BOOL:
		*(uint8_t *)channel->cell = value.as_bool;
		break;
	case VALUE_INT:
		memcpy(channel->cell, &value.as_int, sizeof(value.as_int));
		break;
	case VALUE_FLOAT:
		memcpy(channel->cell, &value.as_float, sizeof(value.as_float));
		break;
	}
}

static void place_part(const struct added *added, uint8_t *at)
{
	added->part->block = at;
	added->part->bytes = image_part_bytes(added->channels, added->channel_count);
	at = place_values(added, 8, at + IMAGE_HEAD_BYTES);
	at = place_values(added, 1, at);
	for (unsigned i = 0; i < added->channel_count; i++) {
		struct channel *channel = &added->channels[i];

		channel->quality = at++;
		*channel->quality = QUALITY_BAD;
		if (channel->has_substitute) {
			channel_store(channel, channel->substitute);
		}
	}
}

static size_t aligned_bytes(const struct added *added)
{
	size_t bytes = image_part_bytes(added->channels, added->channel_count);

	return (bytes + PART_ALIGN - 1) & ~(size_t)(PART_ALIGN - 1);
}

int image_seal(struct image *image)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < image->added_count; i++) {
		bytes += aligned_bytes(&image->added[i]);
	}
	image->block = calloc(1, bytes + PART_ALIGN);
	if (!image->block) {
		return -ENOMEM;
	}
	image->bytes = bytes;
	bytes = 0;
	for (unsigned i = 0; i < image->added_count; i++) {
		place_part(&image->added[i], image->block + bytes);
		bytes += aligned_bytes(&image->added[i]);
	}
	return 0;
}

size_t image_bytes(const struct image *image)
{
	return image->bytes;
}

unsigned image_channels(const struct image *image)
{
	return image->channel_count;
}

void image_copy(const struct image *image, uint8_t *block, int64_t *sample_ns)
{
	memcpy(block, image->block, image->bytes);
	for (unsigned i = 0; i < image->added_count; i++) {
		const struct added *added = &image->added[i];

		for (unsigned j = 0; j < added->channel_count; j++) {
			*sample_ns++ = added->channels[j].sample_ns;
		}
	}
}

/* Its place among the channels of all parts. */
static size_t number_of(const struct image *image, const struct channel *channel)
{
	size_t before = 0;

	for (unsigned i = 0; i < image->added_count; i++) {
		const struct added *added = &image->added[i];

		if (channel >= added->channels &&
		    channel < added->channels + added->channel_count) {
			return before + (size_t)(channel - added->channels);
		}
		before += added->channel_count;
	}
	return before;
}

struct channel image_channel_at(const struct image *image, const struct channel *channel,
				uint8_t *block, const int64_t *sample_ns)
{
	/* not by copying all of it: the time is written while this is read */
	return (struct channel){
		.name = channel->name,
		.unit = channel->unit,
		.type = channel->type,
		.has_substitute = channel->has_substitute,
		.substitute = channel->substitute,
		.cell = block + ((const uint8_t *)channel->cell - image->block),
		.quality = block + (channel->quality - image->block),
		.sample_ns = sample_ns[number_of(image, channel)],
	};
}

static void mark_good(struct channel *channel, int64_t sample_ns)
{
	*channel->quality = QUALITY_GOOD;
	channel->sample_ns = sample_ns;
}

/* Nearest integer, ties to even; what does not fit saturates (the machines differ there).
 */
static int64_t to_int(double value)
{
	if (value >= 0x1p63) {
		return INT64_MAX;
	}
	if (value < -0x1p63) {
		return INT64_MIN;
	}
	return (int64_t)__builtin_rint(value);
}

void channel_put_float(struct channel *channel, double value, int64_t sample_ns)
{
	union value converted = { .as_float = value };

	if (isnan(value)) {
		channel_set_quality(channel, QUALITY_BAD);
		return;
	}
	if (channel->type == VALUE_INT) {
		converted.as_int = to_int(value);
	} else if (channel->type == VALUE_BOOL) {
		converted.as_bool = value < 0 || value > 0;
	}
	channel_store(channel, converted);
	mark_good(channel, sample_ns);
}

void channel_put_int(struct channel *channel, int64_t value, int64_t sample_ns)
{
	union value converted = { .as_int = value };

	if (channel->type == VALUE_FLOAT) {
		converted.as_float = (double)value;
	} else if (channel->type == VALUE_BOOL) {
		converted.as_bool = value != 0;
	}
	channel_store(channel, converted);
	mark_good(channel, sample_ns);
}

void channel_put(struct channel *channel, union value value, enum quality quality,
		 int64_t sample_ns)
{
	channel_store(channel, value);
	*channel->quality = (uint8_t)quality;
	channel->sample_ns = sample_ns;
}

bool channel_set_quality(struct channel *channel, enum quality quality)
{
	if (*channel->quality == quality) {
		return false;
	}
	*channel->quality = (uint8_t)quality;
	if (quality == QUALITY_BAD && channel->has_substitute) {
		channel_store(channel, channel->substitute);
	}
	return true;
}

union value channel_value(const struct channel *channel)
{
	union value value = { .as_int = 0 };

	switch (channel->type) {
	case VALUE_BOOL:
		value.as_bool = *(const uint8_t *)channel->cell != 0;
		break;
	case VALUE_INT:
		memcpy(&value.as_int, channel->cell, sizeof(value.as_int));
		break;
	case VALUE_FLOAT:
		memcpy(&value.as_float, channel->cell, sizeof(value.as_float));
		break;
	}
	return value;
}

const char *value_type_name(enum value_type type)
{
	return type_names[type];
}

const char *quality_name(enum quality quality)
{
	return quality_names[quality];
}
