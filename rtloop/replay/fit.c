#include "rtloop/replay/fit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUALITY_NAME_BYTES 128

static const enum schema_type type_of[] = {
	[VALUE_BOOL] = SCHEMA_BOOL,
	[VALUE_INT] = SCHEMA_INT64,
	[VALUE_FLOAT] = SCHEMA_FLOAT64,
};

static const struct schema_field *find(const struct schema *schema, const char *name,
				       enum schema_type type)
{
	const struct schema_field *field = schema_find(schema, name);

	return field && field->type == type && field->shape == SCHEMA_ONE &&
			       field->offset != SCHEMA_NO_OFFSET
		       ? field
		       : NULL;
}

static const struct schema_field *find_quality(const struct schema *schema,
					       const char *name)
{
	char text[QUALITY_NAME_BYTES];

	snprintf(text, sizeof(text), "quality.%s", name);
	return find(schema, text, SCHEMA_UINT8);
}

static void add_copy(struct fit *fit, uint32_t from, uint32_t to, uint32_t bytes)
{
	fit->copies[fit->count++] =
		(struct fit_copy){ .from = from, .to = to, .bytes = bytes };
	if (from + bytes > fit->body_bytes) {
		fit->body_bytes = from + bytes;
	}
}

static void add_channel(struct fit *fit, const struct schema *schema,
			const struct image_part *part, const struct channel *channel,
			bool *ret_is_there)
{
	const struct schema_field *value =
		find(schema, channel->name, type_of[channel->type]);
	const struct schema_field *quality = find_quality(schema, channel->name);

	*ret_is_there = value && quality;
	if (!*ret_is_there) {
		fit->missing++;
		return;
	}
	add_copy(fit, value->offset, (uint32_t)((uint8_t *)channel->cell - part->block),
		 channel->type == VALUE_BOOL ? 1 : 8);
	add_copy(fit, quality->offset, (uint32_t)(channel->quality - part->block), 1);
}

static int by_place(const void *a, const void *b)
{
	const struct fit_copy *first = a, *second = b;

	return first->to < second->to ? -1 : first->to > second->to;
}

/* Neighbours on both sides become one. */
static void join(struct fit *fit)
{
	unsigned count = 0;

	qsort(fit->copies, fit->count, sizeof(*fit->copies), by_place);
	for (unsigned i = 0; i < fit->count; i++) {
		const struct fit_copy *copy = &fit->copies[i];
		struct fit_copy *last = count ? &fit->copies[count - 1] : NULL;

		if (last && copy->from == last->from + last->bytes &&
		    copy->to == last->to + last->bytes) {
			last->bytes += copy->bytes;
		} else {
			fit->copies[count++] = *copy;
		}
	}
	fit->count = count;
}

int fit_init(struct fit *fit, const struct schema *schema, const struct image_part *part,
	     const struct channel *channels, unsigned channel_count)
{
	memset(fit, 0, sizeof(*fit));
	fit->copies = calloc(2 * channel_count + 1, sizeof(*fit->copies));
	fit->is_there = calloc(channel_count + 1, sizeof(*fit->is_there));
	if (!fit->copies || !fit->is_there) {
		fit_fini(fit);
		return -ENOMEM;
	}
	fit->part_bytes = part->bytes;
	fit->qualities = channel_count;
	add_copy(fit, 0, 0, IMAGE_HEAD_BYTES);
	for (unsigned i = 0; i < channel_count; i++) {
		add_channel(fit, schema, part, &channels[i], &fit->is_there[i]);
	}
	join(fit);
	return 0;
}

void fit_fini(struct fit *fit)
{
	free(fit->copies);
	free(fit->is_there);
	memset(fit, 0, sizeof(*fit));
}

/* The logic looks them up: what is none must not get there. */
static int check_qualities(const struct fit *fit, const uint8_t *block)
{
	const uint8_t *at = block + fit->part_bytes - fit->qualities;
	uint8_t worst = 0;

	for (uint32_t i = 0; i < fit->qualities; i++) {
		worst = at[i] > worst ? at[i] : worst;
	}
	return worst > QUALITY_BAD ? -EBADMSG : 0;
}

int fit_apply(const struct fit *fit, uint8_t *block, const uint8_t *body,
	      size_t body_bytes)
{
	if (body_bytes < fit->body_bytes) {
		return -EBADMSG;
	}
	for (unsigned i = 0; i < fit->count; i++) {
		const struct fit_copy *copy = &fit->copies[i];

		memcpy(block + copy->to, body + copy->from, copy->bytes);
	}
	return check_qualities(fit, block);
}
