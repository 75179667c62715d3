#include "rtloop/replay/player.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/mcap/cdr.h"
#include "rtloop/replay/compare.h"
#include "rtloop/replay/player_parts.h"

/* The beginning of a message of /cycle: all that is needed of it. */
struct cycle_head {
	uint64_t cycle;
	uint64_t release;
	int64_t release_ns;
	int64_t latency_ns;
};

static int make_part(struct player_part *part, const struct scene_part *of)
{
	part->logged = calloc(1, of->part->bytes);
	part->later = calloc(1, of->part->bytes);
	part->is_there = calloc(of->channel_count + 1, sizeof(*part->is_there));
	return part->logged && part->later && part->is_there ? 0 : -ENOMEM;
}

int player_init(struct player *player, struct scene *scene,
		const struct player_options *options)
{
	unsigned aged = scene->sampled.count;
	int code = 0;

	memset(player, 0, sizeof(*player));
	player->scene = scene;
	player->options = options;
	player->parts = calloc(scene->part_count + 1, sizeof(*player->parts));
	player->told_ns = calloc(aged + 1, sizeof(*player->told_ns));
	player->is_told = calloc(aged + 1, sizeof(*player->is_told));
	if (!player->parts || !player->told_ns || !player->is_told) {
		code = -ENOMEM;
	}
	for (unsigned i = 0; i < scene->part_count && code == 0; i++) {
		code = make_part(&player->parts[i], &scene->parts[i]);
	}
	if (code) {
		player_fini(player);
	}
	return code;
}

void player_fini(struct player *player)
{
	for (unsigned i = 0; player->parts && i < player->scene->part_count; i++) {
		free(player->parts[i].logged);
		free(player->parts[i].later);
		free(player->parts[i].is_there);
	}
	free(player->parts);
	free(player->told_ns);
	free(player->is_told);
	memset(player, 0, sizeof(*player));
}

void player_interrupt(struct player *player)
{
	player->is_playing = false;
	player->is_damaged = true;
}

static int take_gap(struct player *player, const uint8_t *body, size_t bytes)
{
	struct record_gap gap;

	if (bytes < sizeof(gap)) {
		return -EBADMSG;
	}
	memcpy(&gap, body, sizeof(gap));
	if (gap.last < gap.first) {
		return -EBADMSG;
	}
	/* one that ends where cycles are already is of a file that could not be cut back */
	if (player->has_cycle && gap.last + 1 < player->cycle) {
		return -EEXIST;
	}
	if (player->has_cycle && gap.first > player->cycle) {
		player->counts.damaged += gap.first - player->cycle;
	}
	player->counts.in_gaps += gap.last - gap.first + 1;
	player->is_playing = false;
	player->is_damaged = false;
	player->has_cycle = true;
	player->cycle = gap.last + 1;
	if (player->options->out) {
		replay_out_gap(player->options->out, gap.first, gap.last);
	}
	return 0;
}

static void compare_all(struct player *player, uint64_t cycle)
{
	unsigned values = 0;

	for (unsigned i = 0; i < player->scene->part_count; i++) {
		const struct scene_part *part = &player->scene->parts[i];
		const struct player_part *mine = &player->parts[i];

		if (mine->is_logged &&
		    (part->role == SCENE_OUTPUT || part->role == SCENE_VAR)) {
			values += compare_part(part, mine->logged, mine->is_there, cycle,
					       player->options);
		}
	}
	player->counts.compared++;
	player->counts.values += values;
	player->counts.different += values > 0;
}

/* What the step sees of time. -EBADMSG: that is none. */
static int time_of(const struct player *player, const struct cycle_head *head,
		   struct cycle_time *ret_now)
{
	int64_t dt_ns = player->dt_ns;
	int64_t wake_ns;

	if (dt_ns == 0 && (head->release <= player->release ||
			   __builtin_mul_overflow(head->release - player->release,
						  player->options->period_ns, &dt_ns))) {
		return -EBADMSG;
	}
	if (head->release_ns <= 0 ||
	    __builtin_add_overflow(head->release_ns, head->latency_ns, &wake_ns)) {
		return -EBADMSG;
	}
	*ret_now = (struct cycle_time){ .cycle = head->cycle,
					.release = head->release,
					.release_ns = head->release_ns,
					.wake_ns = wake_ns,
					.dt_ns = dt_ns };
	return 0;
}

static int play(struct player *player, const struct cycle_head *head)
{
	struct cycle_time now;
	int code = time_of(player, head, &now);

	if (code) {
		return code;
	}
	player_set_times(player, head->release_ns);
	scene_step(player->scene, &now);
	compare_all(player, head->cycle);
	player->counts.played_ns += now.dt_ns;
	if (player->options->out) {
		player->options->out->is_played = true;
	}
	player_take_later(player);
	return 0;
}

/* A log without states can be played from the first cycle of its run: nothing was before it. */
static void begin_without_state(struct player *player, const struct cycle_head *head)
{
	if (!player->has_states && head->cycle == 0 && !player->is_damaged) {
		player->is_playing = true;
		player->is_unlike = true;
		player->dt_ns = player->options->period_ns;
		player->counts.begun++;
		player->counts.unlike++;
	}
}

static int take_cycle(struct player *player, const uint8_t *body, size_t bytes)
{
	struct cycle_head head;
	int code = 0;

	if (bytes < sizeof(head)) {
		return -EBADMSG;
	}
	memcpy(&head, body, sizeof(head));
	if (player->has_cycle && head.cycle < player->cycle) {
		return -EEXIST;
	}
	if (player->has_cycle && head.cycle > player->cycle) {
		player->counts.damaged += head.cycle - player->cycle;
		player_interrupt(player);
	}
	if (!player->is_playing) {
		begin_without_state(player, &head);
	}
	if (player->is_playing) {
		code = play(player, &head);
	} else if (player->is_damaged) {
		player->counts.damaged++;
	} else {
		player->counts.before_state++;
	}
	player->has_cycle = true;
	player->cycle = head.cycle + 1;
	player->release = head.release;
	player->dt_ns = 0;
	return code || !player->options->out
		       ? code
		       : replay_out_cycle(player->options->out, body, bytes);
}

/* XCDR1, little endian: what rtloop writes. */
static bool is_plain(const struct mcap_message *message)
{
	return message->bytes >= CDR_HEAD_BYTES && message->data[0] == 0 &&
	       message->data[1] == 1;
}

/* Params are recorded with the step, as the scene has them. */
static void pass_on(struct player *player, const struct replay_topic *topic)
{
	const struct scene_part *part = &player->scene->parts[topic->part];
	const struct player_part *mine = &player->parts[topic->part];

	if (player->options->out && part->role == SCENE_INPUT) {
		replay_out_part(player->options->out, part,
				mine->is_later ? mine->later : part->part->block);
	}
}

static int take_message(struct player *player, const struct replay_topic *topic,
			const uint8_t *body, size_t bytes)
{
	int code = player_take_part(player, topic, body, bytes);

	if (code == 0) {
		pass_on(player, topic);
	}
	return code;
}

static int dispatch(struct player *player, const struct replay_topic *topic,
		    const uint8_t *body, size_t bytes)
{
	switch (topic->kind) {
	case REPLAY_CYCLE:
		return take_cycle(player, body, bytes);
	case REPLAY_GAP:
		return take_gap(player, body, bytes);
	case REPLAY_STATE:
		return player_take_state(player, body, bytes);
	case REPLAY_SAMPLED:
		return player_take_sampled(player, topic, body, bytes);
	case REPLAY_FORCE:
		return player_take_force(player, body, bytes);
	case REPLAY_PART:
		return take_message(player, topic, body, bytes);
	case REPLAY_EVENT:
		return player->options->out
			       ? replay_out_event(player->options->out, body, bytes)
			       : 0;
	case REPLAY_NOTHING:
		break;
	}
	return 0;
}

static void begin_out(struct player *player, enum replay_kind kind, uint64_t log_time_ns)
{
	struct replay_out *out = player->options->out;

	out->now_ns = (int64_t)log_time_ns - player->offset_ns;
	if (kind != REPLAY_GAP && kind != REPLAY_EVENT) {
		replay_out_begin(out);
	}
}

int player_take(struct player *player, const struct mcap_log_message *message,
		struct err *err)
{
	const struct replay_topic *topic = message->stream->tag;
	const uint8_t *body = message->message.data + CDR_HEAD_BYTES;
	size_t bytes = message->message.bytes - CDR_HEAD_BYTES;
	int code;

	if (!topic || !is_plain(&message->message)) {
		return 0;
	}
	if (player->options->out) {
		begin_out(player, topic->kind, message->message.log_time_ns);
	}
	code = dispatch(player, topic, body, bytes);
	if (code == -EEXIST) {
		return err_set(err, code,
			       "goes back in time behind cycle %" PRIu64
			       ": it is of another run, or was given twice",
			       player->cycle);
	}
	return code ? err_set_errno(err, code, "%s makes no sense", message->stream->name)
		    : 0;
}
