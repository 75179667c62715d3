/*
 * What the parts of the player share. Private to it.
 *
 *   player.c         cycles and gaps: when there is a step
 *   player_inputs.c  what the step sees
 *   player_state.c   where it begins, and whether it is still on the way
 *   player_file.c    what a file has of it
 */
#ifndef RTLOOP_REPLAY_PLAYER_PARTS_H
#define RTLOOP_REPLAY_PLAYER_PARTS_H

#include "rtloop/replay/player.h"

/** player_take_part - a message of a part of the image. -EBADMSG. [init] */
int player_take_part(struct player *player, const struct replay_topic *topic,
		     const uint8_t *body, size_t bytes) MUST_CHECK;

/** player_take_sampled - a message of /sampled. -EBADMSG. [init] */
int player_take_sampled(struct player *player, const struct replay_topic *topic,
			const uint8_t *body, size_t bytes) MUST_CHECK;

/** player_take_force - a message of /force. -EBADMSG. [init] */
int player_take_force(struct player *player, const uint8_t *body,
		      size_t bytes) MUST_CHECK;

/** player_set_times - of the samples, as the step at this release sees them. [init] */
void player_set_times(struct player *player, int64_t release_ns);

/** player_take_later - the step is over: what the next one sees. [init] */
void player_take_later(struct player *player);

/** player_take_state - a message of /state. -EBADMSG; -EEXIST it is of an earlier cycle. [init] */
int player_take_state(struct player *player, const uint8_t *body,
		      size_t bytes) MUST_CHECK;

#endif
