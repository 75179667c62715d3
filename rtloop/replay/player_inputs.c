#include "rtloop/replay/player_parts.h"

#include <errno.h>
#include <string.h>

#include "rtloop/replay/compare.h"

/* Of channels whose own times are not in the log, the message's is the best there is. */
static void follow_times(struct player *player, const struct scene_part *part)
{
	const struct sampled *sampled = &player->scene->sampled;
	int64_t sample_ns;

	memcpy(&sample_ns, part->part->block + sizeof(uint64_t), sizeof(sample_ns));
	for (unsigned i = 0; i < sampled->count; i++) {
		struct channel *channel = (struct channel *)sampled->channels[i];

		if (!player->is_told[i] && channel >= part->channels &&
		    channel < part->channels + part->channel_count) {
			channel->sample_ns = sample_ns;
		}
	}
}

void player_take_later(struct player *player)
{
	for (unsigned i = 0; i < player->scene->part_count; i++) {
		struct player_part *mine = &player->parts[i];
		const struct image_part *part = player->scene->parts[i].part;

		if (mine->is_later) {
			memcpy(part->block, mine->later, part->bytes);
			mine->is_later = false;
		}
	}
}

static int take_input(struct player *player, const struct replay_topic *topic,
		      const uint8_t *body, size_t bytes)
{
	struct player_part *mine = &player->parts[topic->part];
	struct scene_part *part = &player->scene->parts[topic->part];
	uint64_t cycle;
	int code;

	if (bytes < IMAGE_HEAD_BYTES) {
		return -EBADMSG;
	}
	memcpy(&cycle, body, sizeof(cycle));
	if (player->has_cycle && cycle > player->cycle) {
		memcpy(mine->later, part->part->block, part->part->bytes);
		mine->is_later = true;
		return fit_apply(&topic->fit, mine->later, body, bytes);
	}
	code = fit_apply(&topic->fit, part->part->block, body, bytes);
	if (mine->is_followed) {
		follow_times(player, part);
	}
	return code;
}

/*
 * With another configuration its own values hold, until the log says that one was changed: the first
 * message of a run says only what they were.
 */
static int take_param(struct player *player, const struct replay_topic *topic,
		      const uint8_t *body, size_t bytes)
{
	struct player_part *mine = &player->parts[topic->part];
	struct scene_part *part = &player->scene->parts[topic->part];
	bool is_first =
		!mine->is_logged && bytes >= 8 && memcmp(body, "\0\0\0\0\0\0\0", 8) == 0;
	int code;

	if (!player->options->is_other) {
		return fit_apply(&topic->fit, part->part->block, body, bytes);
	}
	memcpy(mine->later, mine->logged, part->part->bytes);
	code = fit_apply(&topic->fit, mine->logged, body, bytes);
	if (code == 0 && !is_first) {
		compare_copy_changes(part, mine->later, mine->logged, mine->is_logged);
	}
	mine->is_logged = true;
	return code;
}

int player_take_part(struct player *player, const struct replay_topic *topic,
		     const uint8_t *body, size_t bytes)
{
	switch (player->scene->parts[topic->part].role) {
	case SCENE_INPUT:
		return take_input(player, topic, body, bytes);
	case SCENE_PARAM:
		return take_param(player, topic, body, bytes);
	case SCENE_OUTPUT:
	case SCENE_VAR:
		player->parts[topic->part].is_logged = true;
		return fit_apply(&topic->fit, player->parts[topic->part].logged, body,
				 bytes);
	}
	return 0;
}

int player_take_sampled(struct player *player, const struct replay_topic *topic,
			const uint8_t *body, size_t bytes)
{
	if (bytes < sizeof(player->told_cycle) || bytes < topic->body_bytes) {
		return -EBADMSG;
	}
	memcpy(&player->told_cycle, body, sizeof(player->told_cycle));
	for (unsigned i = 0; i < topic->time_count; i++) {
		const struct replay_time *time = &topic->times[i];

		memcpy(&player->told_ns[time->index], body + time->from,
		       sizeof(player->told_ns[0]));
	}
	return 0;
}

void player_set_times(struct player *player, int64_t release_ns)
{
	const struct sampled *sampled = &player->scene->sampled;

	for (unsigned i = 0; i < sampled->count; i++) {
		struct channel *channel = (struct channel *)sampled->channels[i];
		int64_t told_ns = player->told_ns[i];

		if (player->is_told[i]) {
			channel->sample_ns =
				told_ns == SAMPLED_NOW ? release_ns : told_ns;
		}
	}
}
