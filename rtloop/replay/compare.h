/* Parts of the image against what the log has of them, channel by channel. */
#ifndef RTLOOP_REPLAY_COMPARE_H
#define RTLOOP_REPLAY_COMPARE_H

#include "rtloop/replay/player.h"

/**
 * compare_part - tell of each channel whose value or quality is another; bit for bit.
 * @logged: as the log has the part
 * @is_there: of each channel, whether the log has it; others are not compared
 *
 * Returns how many there are. [init]
 */
unsigned compare_part(const struct scene_part *part, const uint8_t *logged,
		      const bool *is_there, uint64_t cycle,
		      const struct player_options *options);

/**
 * compare_copy_changes - put into the image what differs between two messages of a part.
 * @has_before: false: all of it
 *
 * [init]
 */
void compare_copy_changes(const struct scene_part *part, const uint8_t *before,
			  const uint8_t *after, bool has_before);

#endif
