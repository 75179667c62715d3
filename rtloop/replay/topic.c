#include "rtloop/replay/topic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	enum replay_kind kind;
} kinds[] = {
	{ "/cycle", REPLAY_CYCLE },	{ "/gap", REPLAY_GAP },
	{ "/event", REPLAY_EVENT },	{ "/state", REPLAY_STATE },
	{ "/sampled", REPLAY_SAMPLED }, { "/force", REPLAY_FORCE },
};

static enum replay_kind kind_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			return kinds[i].kind;
		}
	}
	return REPLAY_NOTHING;
}

/* "probe.temp" */
static bool is_of(const struct schema_field *field, const struct topics_sampled *aged)
{
	size_t length = strlen(aged->device);

	return strncmp(field->name, aged->device, length) == 0 &&
	       field->name[length] == '.' &&
	       strcmp(field->name + length + 1, aged->channel) == 0;
}

static void add_time(struct replay_topic *topic, const struct schema_field *field,
		     unsigned index)
{
	topic->times[topic->time_count++] =
		(struct replay_time){ .from = field->offset, .index = index };
	if (field->offset + 8 > topic->body_bytes) {
		topic->body_bytes = field->offset + 8;
	}
}

static int fit_times(struct replay_topic *topic, const struct scene *scene,
		     const struct schema *schema)
{
	topic->times = calloc(scene->sampled.count + 1, sizeof(*topic->times));
	if (!topic->times) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < scene->sampled.count; i++) {
		for (unsigned j = 0; j < schema->field_count; j++) {
			const struct schema_field *field = &schema->fields[j];

			if (field->type == SCHEMA_INT64 && field->shape == SCHEMA_ONE &&
			    field->offset < SCHEMA_NO_OFFSET - 8 &&
			    is_of(field, &scene->aged[i])) {
				add_time(topic, field, i);
			}
		}
	}
	return 0;
}

static int fit_part(struct replay_topic *topic, const struct scene *scene,
		    const struct scene_part *part, const struct schema *schema)
{
	topic->kind = REPLAY_PART;
	topic->part = (unsigned)(part - scene->parts);
	return fit_init(&topic->fit, schema, part->part, part->channels,
			part->channel_count);
}

int replay_topic_create(struct replay_topic **ret_topic, const struct scene *scene,
			const struct mcap_stream *stream, const struct schema *schema)
{
	const struct scene_part *part = scene_find(scene, stream->name);
	struct replay_topic *topic = calloc(1, sizeof(*topic));
	int code = 0;

	if (!topic) {
		return -ENOMEM;
	}
	topic->kind = kind_of(stream->name);
	if (part && schema) {
		code = fit_part(topic, scene, part, schema);
	} else if (topic->kind == REPLAY_SAMPLED && schema) {
		code = fit_times(topic, scene, schema);
	}
	if (code) {
		replay_topic_destroy(topic);
		return code;
	}
	*ret_topic = topic;
	return 0;
}

void replay_topic_destroy(struct replay_topic *topic)
{
	if (topic) {
		fit_fini(&topic->fit);
		free(topic->times);
		free(topic);
	}
}
