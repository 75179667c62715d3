#include "rtloop/replay/player_parts.h"

#include <errno.h>
#include <string.h>

static int make_topics(struct player *player)
{
	struct mcap_streams *streams = &player->log->streams;

	for (unsigned i = 0; i < streams->count; i++) {
		struct mcap_stream *stream = streams->list[i];
		struct replay_topic *topic;
		const char *why;
		int code =
			replay_topic_create(&topic, player->scene, stream,
					    mcap_streams_schema(streams, stream, &why));

		if (code) {
			return code;
		}
		stream->tag = topic;
	}
	return 0;
}

/* What of the scene this file has. */
static void note_topics(struct player *player)
{
	const struct scene *scene = player->scene;

	memset(player->is_told, 0, scene->sampled.count * sizeof(*player->is_told));
	for (unsigned i = 0; i < player->log->streams.count; i++) {
		const struct replay_topic *topic = player->log->streams.list[i]->tag;

		player->has_states |= topic->kind == REPLAY_STATE;
		for (unsigned j = 0; j < topic->time_count; j++) {
			player->is_told[topic->times[j].index] = true;
		}
		if (topic->kind == REPLAY_PART) {
			memcpy(player->parts[topic->part].is_there, topic->fit.is_there,
			       scene->parts[topic->part].channel_count * sizeof(bool));
		}
	}
}

static void note_followed(struct player *player)
{
	const struct sampled *sampled = &player->scene->sampled;

	for (unsigned i = 0; i < player->scene->part_count; i++) {
		const struct scene_part *part = &player->scene->parts[i];

		player->parts[i].is_followed = false;
		for (unsigned j = 0; j < sampled->count; j++) {
			player->parts[i].is_followed |=
				!player->is_told[j] &&
				sampled->channels[j] >= part->channels &&
				sampled->channels[j] <
					part->channels + part->channel_count;
		}
	}
}

static int check_inputs(const struct player *player, struct err *err)
{
	for (unsigned i = 0; i < player->scene->part_count; i++) {
		const struct scene_part *part = &player->scene->parts[i];

		for (unsigned j = 0; part->role == SCENE_INPUT && j < part->channel_count;
		     j++) {
			const struct channel *channel = &part->channels[j];

			if (!player->parts[i].is_there[j] &&
			    scene_reads(player->scene, channel)) {
				return err_set(err, -EINVAL,
					       "the log has no %s.%s of type %s, which "
					       "the program reads",
					       part->prefix, channel->name,
					       value_type_name(channel->type));
			}
		}
	}
	return 0;
}

int player_begin_file(struct player *player, struct mcap_log *log, int64_t offset_ns,
		      struct err *err)
{
	int code;

	player->log = log;
	player->offset_ns = offset_ns;
	code = make_topics(player);
	if (code) {
		return err_set_errno(err, code, "cannot replay");
	}
	note_topics(player);
	note_followed(player);
	if (!player->has_states && !player->options->is_other) {
		return err_set(err, -EINVAL,
			       "the log has no state of a program to begin with");
	}
	return check_inputs(player, err);
}

void player_end_file(struct player *player)
{
	for (unsigned i = 0; player->log && i < player->log->streams.count; i++) {
		replay_topic_destroy(player->log->streams.list[i]->tag);
		player->log->streams.list[i]->tag = NULL;
	}
	player->log = NULL;
}
