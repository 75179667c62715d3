#include "rtloop/replay/compare.h"

#include <string.h>

static size_t cell_bytes(const struct channel *channel)
{
	return channel->type == VALUE_BOOL ? sizeof(uint8_t) : sizeof(int64_t);
}

/* The same channel, but of a copy of its part. */
static struct channel of_copy(const struct scene_part *part,
			      const struct channel *channel, const uint8_t *copy)
{
	struct channel found = *channel;

	found.cell = (uint8_t *)copy + ((uint8_t *)channel->cell - part->part->block);
	found.quality = (uint8_t *)copy + (channel->quality - part->part->block);
	return found;
}

static bool is_equal(const struct channel *a, const struct channel *b)
{
	return memcmp(a->cell, b->cell, cell_bytes(a)) == 0 && *a->quality == *b->quality;
}

static unsigned compare_channels(const struct scene_part *part, const uint8_t *logged,
				 const bool *is_there, uint64_t cycle,
				 const struct player_options *options)
{
	unsigned count = 0;

	for (unsigned i = 0; i < part->channel_count; i++) {
		const struct channel *played = &part->channels[i];
		struct channel other = of_copy(part, played, logged);
		const struct player_difference difference = {
			.cycle = cycle,
			.part = part,
			.channel = played,
			.logged = channel_value(&other),
			.played = channel_value(played),
			.logged_quality = (enum quality) * other.quality,
			.played_quality = (enum quality) * played->quality,
		};

		if (is_there[i] && !is_equal(played, &other)) {
			options->differs(options->context, &difference);
			count++;
		}
	}
	return count;
}

unsigned compare_part(const struct scene_part *part, const uint8_t *logged,
		      const bool *is_there, uint64_t cycle,
		      const struct player_options *options)
{
	const struct image_part *image = part->part;

	return memcmp(image->block + IMAGE_HEAD_BYTES, logged + IMAGE_HEAD_BYTES,
		      image->bytes - IMAGE_HEAD_BYTES) == 0
		       ? 0
		       : compare_channels(part, logged, is_there, cycle, options);
}

void compare_copy_changes(const struct scene_part *part, const uint8_t *before,
			  const uint8_t *after, bool has_before)
{
	for (unsigned i = 0; i < part->channel_count; i++) {
		const struct channel *channel = &part->channels[i];
		struct channel first = of_copy(part, channel, before);
		struct channel second = of_copy(part, channel, after);

		if (!has_before || !is_equal(&first, &second)) {
			memcpy(channel->cell, second.cell, cell_bytes(channel));
			*channel->quality = *second.quality;
		}
	}
}
