/* A state as it stands in a log, taken apart: see rtloop/cycle/state.h. Nothing in it is believed. */
#ifndef RTLOOP_REPLAY_STORED_H
#define RTLOOP_REPLAY_STORED_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/cycle/state.h"

struct stored {
	struct record_state head;
	const uint8_t *data; /* borrowed: what has not been taken yet */
	size_t bytes;
};

/** stored_open - @body: without the CDR head. -EBADMSG it is too short. [init] */
int stored_open(struct stored *stored, const uint8_t *body, size_t bytes) MUST_CHECK;

/** stored_next - 1 a part, 0 there are no more, -EBADMSG it is cut off. [init] */
int stored_next(struct stored *stored, struct state_part_head *ret_head,
		const uint8_t **ret_data) MUST_CHECK;

#endif
