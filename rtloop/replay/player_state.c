#include "rtloop/replay/player_parts.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "drivers/output.h"
#include "rtloop/replay/compare.h"
#include "rtloop/replay/stored.h"

/* Of a part that is the body of a message: its topic, by its number in this file; NULL: none. */
static const struct replay_topic *topic_of(const struct player *player,
					   const struct state_part_head *head)
{
	const struct mcap_stream *stream =
		head->kind == STATE_TOPIC
			? mcap_streams_find(&player->log->streams, head->index)
			: NULL;

	return stream ? stream->tag : NULL;
}

/* Devices are told by their names: the numbers of another configuration may be others. */
static int device_of(const struct player *player, uint16_t index)
{
	const struct mcap_stream *stream = mcap_streams_find(
		&player->log->streams, (uint16_t)(TOPIC_DEVICES + index));

	return stream ? scene_find_device(player->scene, stream->name) : -1;
}

/* Of outputs whose memory_of() is there. */
static struct device *device_at(const struct player *player, uint16_t index)
{
	return &player->scene->devices[device_of(player, index)];
}

static uint8_t *memory_of(const struct player *player, struct state_part_head head)
{
	if (head.kind == STATE_OUTPUTS) {
		int device = device_of(player, head.index);

		if (device < 0) {
			return NULL;
		}
		head.index = (uint16_t)device;
	}
	return scene_memory(player->scene, &head);
}

static bool is_equal_value(enum value_type type, union value a, union value b)
{
	return type == VALUE_BOOL ? a.as_bool == b.as_bool : a.as_int == b.as_int;
}

/* One of several outputs as a state has them. Whatever stands there, a bool is one afterwards. */
static struct output stored_output(const uint8_t *data, unsigned index)
{
	struct output output = { .quality = QUALITY_BAD };

	data += index * sizeof(output);
	memcpy(&output.asked, data + offsetof(struct output, asked),
	       sizeof(output.asked));
	memcpy(&output.forced, data + offsetof(struct output, forced),
	       sizeof(output.forced));
	if (data[offsetof(struct output, quality)] < QUALITY_BAD) {
		output.quality = data[offsetof(struct output, quality)];
	}
	output.is_forced = data[offsetof(struct output, is_forced)] != 0;
	return output;
}

static union value as_type(enum value_type type, union value value)
{
	union value same = { .as_int = 0 };
	uint8_t first;

	if (type != VALUE_BOOL) {
		return value;
	}
	memcpy(&first, &value, sizeof(first));
	same.as_bool = first != 0;
	return same;
}

static void put_stored_outputs(struct device *device, const uint8_t *data)
{
	for (unsigned i = 0; i < device->spec->out_count; i++) {
		struct output *mine = &device->outputs[i];
		const struct output other = stored_output(data, i);
		enum value_type type = device->out[i].type;

		mine->asked = as_type(type, other.asked);
		mine->quality = other.quality;
		mine->is_forced = other.is_forced;
		mine->forced = as_type(type, other.forced);
	}
}

/* Only what means something: there may be anything between the members. */
static bool are_equal_outputs(const struct device *device, const uint8_t *data)
{
	for (unsigned i = 0; i < device->spec->out_count; i++) {
		const struct output *mine = &device->outputs[i];
		const struct output other = stored_output(data, i);
		enum value_type type = device->out[i].type;

		if (!is_equal_value(type, mine->asked, as_type(type, other.asked)) ||
		    mine->quality != other.quality ||
		    mine->is_forced != other.is_forced ||
		    (mine->is_forced &&
		     !is_equal_value(type, mine->forced, as_type(type, other.forced)))) {
			return false;
		}
	}
	return true;
}

static bool is_equal_memory(const struct player *player,
			    const struct state_part_head *head, const uint8_t *data)
{
	const uint8_t *memory = memory_of(player, *head);

	if (!memory) {
		return false;
	}
	return head->kind == STATE_OUTPUTS
		       ? are_equal_outputs(
				 &player->scene->devices[device_of(player, head->index)],
				 data)
		       : memcmp(memory, data, head->bytes) == 0;
}

/* 1: all of the logic's own memory is there (and equal); 0: not; -EBADMSG. */
static int has_memory(const struct player *player, const struct stored *stored,
		      bool must_be_equal)
{
	struct stored rest = *stored;
	struct state_part_head head;
	const uint8_t *data;
	bool is_so = true;
	int code;

	while ((code = stored_next(&rest, &head, &data)) > 0) {
		if (head.kind != STATE_TOPIC) {
			is_so &= must_be_equal ? is_equal_memory(player, &head, data)
					       : memory_of(player, head) != NULL;
		}
	}
	return code ? code : is_so;
}

/*
 * The logic is that of the log where its hash is the same and all of its memory is there. Another first
 * value of a var is another logic, too, which shows in the first state of a run alone.
 */
static int judge_logic(struct player *player, const struct stored *stored)
{
	bool must_be_equal = player->options->is_other && stored->head.cycle == 0;
	int same = has_memory(player, stored, must_be_equal);

	if (same < 0) {
		return same;
	}
	if (!same || stored->head.hash != player->scene->state.hash) {
		player->is_unlike = true;
	}
	return 0;
}

static int put_message(struct player *player, const struct state_part_head *head,
		       const uint8_t *data)
{
	const struct replay_topic *topic = topic_of(player, head);

	if (!topic) {
		return -EBADMSG;
	}
	if (topic->kind == REPLAY_SAMPLED) {
		return player_take_sampled(player, topic, data, head->bytes);
	}
	return topic->kind == REPLAY_PART
		       ? player_take_part(player, topic, data, head->bytes)
		       : 0;
}

/* What is forced is no part of a program: that is put into another one, too. */
static int put_all(struct player *player, const struct stored *stored)
{
	struct stored rest = *stored;
	struct state_part_head head;
	const uint8_t *data;
	int code;

	while ((code = stored_next(&rest, &head, &data)) > 0) {
		uint8_t *memory = memory_of(player, head);

		if (head.kind == STATE_TOPIC) {
			code = put_message(player, &head, data);
		} else if (memory && head.kind == STATE_OUTPUTS) {
			put_stored_outputs(device_at(player, head.index), data);
		} else if (memory && !player->is_unlike) {
			memcpy(memory, data, head.bytes);
		}
		if (code < 0) {
			return code;
		}
	}
	return code;
}

/* As they were driven last: what is recorded of them next is what differs from that. */
static void put_outputs(struct player *player)
{
	for (unsigned i = 0; i < player->scene->part_count && !player->is_unlike; i++) {
		const struct scene_part *part = &player->scene->parts[i];

		if ((part->role == SCENE_OUTPUT || part->role == SCENE_VAR) &&
		    player->parts[i].is_logged) {
			memcpy(part->part->block, player->parts[i].logged,
			       IMAGE_HEAD_BYTES);
			compare_copy_changes(part, player->parts[i].logged,
					     player->parts[i].logged, false);
		}
	}
}

/* Likewise. Before the first cycle nothing was recorded. */
static void put_times(struct player *player, uint64_t cycle)
{
	struct sampled *sampled = &player->scene->sampled;

	if (sampled->count == 0) {
		return;
	}
	sampled->is_recorded = cycle > 0;
	sampled->body->cycle = player->told_cycle;
	for (unsigned i = 0; i < sampled->count; i++) {
		sampled->is_recorded &= player->is_told[i];
		sampled->body->sample_ns[i] = player->told_ns[i];
	}
}

static int begin_playing(struct player *player, const struct stored *stored)
{
	int code = judge_logic(player, stored);

	if (player->has_cycle && stored->head.cycle < player->cycle) {
		return -EEXIST;
	}
	if (player->has_cycle) {
		player->counts.damaged += stored->head.cycle - player->cycle;
	}
	for (unsigned i = 0; i < player->scene->part_count; i++) {
		player->parts[i].is_later = false;
	}
	player->has_cycle = true;
	player->cycle = stored->head.cycle;
	code = code ? code : put_all(player, stored);
	if (code < 0) {
		return code;
	}
	put_outputs(player);
	put_times(player, stored->head.cycle);
	player->dt_ns = stored->head.dt_ns;
	player->is_playing = true;
	player->is_damaged = false;
	player->counts.begun++;
	player->counts.unlike += player->is_unlike;
	return 0;
}

/* What the log says twice must be the same: or it does not hold all that the step saw. */
static int check_input(struct player *player, const struct replay_topic *topic,
		       const struct state_part_head *head, const uint8_t *data,
		       uint64_t cycle)
{
	struct player_part *mine = &player->parts[topic->part];
	const struct scene_part *part = &player->scene->parts[topic->part];
	int code;

	if (part->role != SCENE_INPUT) {
		return 0;
	}
	/* @later is not in use at the edge of a cycle */
	memcpy(mine->later, part->part->block, part->part->bytes);
	code = fit_apply(&topic->fit, mine->later, data, head->bytes);
	if (code == 0) {
		player->counts.values += compare_part(part, mine->later, mine->is_there,
						      cycle, player->options);
		memcpy(part->part->block, mine->later, part->part->bytes);
	}
	return code;
}

static int check_inputs(struct player *player, const struct stored *stored)
{
	struct stored rest = *stored;
	struct state_part_head head;
	const uint8_t *data;
	int code;

	while ((code = stored_next(&rest, &head, &data)) > 0) {
		const struct replay_topic *topic = topic_of(player, &head);

		if (topic && topic->kind == REPLAY_PART) {
			code = check_input(player, topic, &head, data,
					   stored->head.cycle);
		}
		if (code < 0) {
			return code;
		}
	}
	return code;
}

/* The memory of the logic may be another long before an output is. */
static int check_state(struct player *player, const struct stored *stored)
{
	const struct player_difference difference = { .cycle = stored->head.cycle };
	int same = player->is_unlike ? 1 : has_memory(player, stored, true);

	if (same == 0) {
		player->counts.values++;
		player->options->differs(player->options->context, &difference);
	}
	return same < 0 ? same : check_inputs(player, stored);
}

int player_take_state(struct player *player, const uint8_t *body, size_t bytes)
{
	struct stored stored;
	int code = stored_open(&stored, body, bytes);

	if (code) {
		return code;
	}
	if (stored.head.dt_ns <= 0) {
		return -EBADMSG;
	}
	code = player->is_playing && stored.head.cycle == player->cycle
		       ? check_state(player, &stored)
		       : begin_playing(player, &stored);
	if (code == 0 && player->options->out) {
		replay_out_state(player->options->out, stored.head.cycle,
				 stored.head.dt_ns);
	}
	return code;
}
