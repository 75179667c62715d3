#include "rtloop/replay/player_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/output.h"

#define TOPIC_NAME_BYTES 128

/* The name of the channel whose value is at that place of the messages; NULL: there is none. */
static const char *name_at(struct player *player, const char *topic, uint32_t offset)
{
	struct mcap_streams *streams = &player->log->streams;
	const struct mcap_stream *stream = mcap_streams_find_name(streams, topic);
	const struct schema *schema;
	const char *why;

	schema = stream ? mcap_streams_schema(streams, stream, &why) : NULL;
	for (unsigned i = 0; schema && i < schema->field_count; i++) {
		if (schema->fields[i].offset == offset) {
			return schema->fields[i].name;
		}
	}
	return NULL;
}

static const struct mcap_stream *inputs_of(const struct player *player, uint32_t device)
{
	return device < UINT16_MAX - TOPIC_DEVICES
		       ? mcap_streams_find(&player->log->streams,
					   (uint16_t)(TOPIC_DEVICES + device))
		       : NULL;
}

/* A channel of the scene. */
struct found {
	struct device *device;
	const struct image_part *part;
	const struct channel *channels;
	unsigned count;
	unsigned index;
};

static void choose_part(struct found *found, struct device *device, bool is_output)
{
	found->device = device;
	found->part = is_output ? &device->out_part : &device->part;
	found->channels = is_output ? device->out : device->in;
	found->count = is_output ? device->spec->out_count : device->spec->in_count;
}

/* Device and channel are told by their names. -ENOENT: the scene has no such channel. */
static int find(struct player *player, const struct record_force *force,
		struct found *found)
{
	const struct mcap_stream *inputs = inputs_of(player, force->device);
	int index = inputs ? scene_find_device(player->scene, inputs->name) : -1;
	char topic[TOPIC_NAME_BYTES];
	const char *name;

	if (index < 0) {
		return -ENOENT;
	}
	choose_part(found, &player->scene->devices[index], force->is_output);
	snprintf(topic, sizeof(topic), "/%s/%s", force->is_output ? "out" : "io",
		 found->device->spec->name);
	name = name_at(player, topic, force->offset);
	for (unsigned i = 0; name && i < found->count; i++) {
		if (strcmp(found->channels[i].name, name) == 0) {
			found->index = i;
			return 0;
		}
	}
	return -ENOENT;
}

static union value value_of(enum value_type type, int64_t bits)
{
	union value value = { .as_int = 0 };

	if (type == VALUE_BOOL) {
		value.as_bool = bits != 0;
	} else {
		value.as_int = bits;
	}
	return value;
}

static void force_output(struct output *output, enum value_type type,
			 const struct record_force *force)
{
	if (force->is_forced) {
		output_force(output, value_of(type, force->value));
	} else {
		output_release(output);
	}
}

/* As it is numbered in a log of the scene. */
static void pass_on(const struct player *player, struct record_force force,
		    const struct found *found)
{
	const uint8_t *cell = found->channels[found->index].cell;

	force.device = found->device->index;
	force.offset = (uint32_t)(cell - found->part->block);
	if (player->options->out) {
		replay_out_force(player->options->out, &force);
	}
}

int player_take_force(struct player *player, const uint8_t *body, size_t bytes)
{
	struct record_force force;
	struct found found;

	if (bytes < sizeof(force)) {
		return -EBADMSG;
	}
	memcpy(&force, body, sizeof(force));
	if (find(player, &force, &found)) {
		return 0;
	}
	/* what is forced on an input is what the step sees: it is in the input's own messages */
	if (force.is_output) {
		force_output(&found.device->outputs[found.index],
			     found.channels[found.index].type, &force);
	}
	pass_on(player, force, &found);
	return 0;
}
