#include "rtloop/cycle/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int values_create(struct values *values, unsigned count)
{
	*values = (struct values){ .count = count };
	values->channels = calloc(count + 1u, sizeof(*values->channels));
	return values->channels ? 0 : -ENOMEM;
}

void values_destroy(struct values *values)
{
	free(values->channels);
	free(values->published);
	*values = (struct values){ .count = 0 };
}

int values_add(struct values *values, struct image *image)
{
	values->published = calloc(1, image_part_bytes(values->channels, values->count));
	return values->published
		       ? image_add(image, &values->part, values->channels, values->count)
		       : -ENOMEM;
}

/* What was recorded in a cycle that was dropped is not in the log. */
static bool must_record(const struct values *values, const struct recorder *recorder)
{
	return !values->is_recorded || recorder->is_gap ||
	       memcmp(values->part.block + IMAGE_HEAD_BYTES,
		      values->published + IMAGE_HEAD_BYTES,
		      values->part.bytes - IMAGE_HEAD_BYTES) != 0;
}

void values_record(struct values *values, const struct cycle_time *now,
		   struct recorder *recorder)
{
	const struct image_part *part = &values->part;
	void *body;

	if (values->count == 0 || !must_record(values, recorder)) {
		return;
	}
	memcpy(part->block, &now->cycle, sizeof(now->cycle));
	memcpy(part->block + sizeof(now->cycle), &now->release_ns,
	       sizeof(now->release_ns));
	memcpy(values->published, part->block, part->bytes);
	values->is_recorded = true;
	body = recorder_add(recorder, values->topic, part->bytes);
	if (body) {
		memcpy(body, part->block, part->bytes);
	}
}
