#include "rtloop/cycle/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A record's length must be one for the ring and for CDR. */
#define STATE_BYTES_MAX (UINT32_C(64) << 20)

static uint32_t padded(uint32_t bytes)
{
	return (bytes + 7) & ~UINT32_C(7);
}

int state_add(struct state *state, enum state_kind kind, uint16_t index, const void *data,
	      size_t bytes)
{
	struct state_part *parts;

	if (bytes > STATE_BYTES_MAX - state->data_bytes) {
		return -EFBIG;
	}
	parts = reallocarray(state->parts, state->count + 1, sizeof(*parts));
	if (!parts) {
		return -ENOMEM;
	}
	state->parts = parts;
	parts[state->count++] = (struct state_part){
		.head = { .bytes = (uint32_t)bytes,
			  .kind = (uint16_t)kind,
			  .index = index },
		.data = data,
	};
	state->data_bytes +=
		(uint32_t)sizeof(struct state_part_head) + padded((uint32_t)bytes);
	return 0;
}

void state_fini(struct state *state)
{
	free(state->parts);
	memset(state, 0, sizeof(*state));
}

uint32_t state_body_bytes(const struct state *state)
{
	return state->topic ? (uint32_t)sizeof(struct record_state) + state->data_bytes
			    : 0;
}

static void put_parts(const struct state *state, uint8_t *at)
{
	for (unsigned i = 0; i < state->count; i++) {
		const struct state_part *part = &state->parts[i];
		uint32_t bytes = part->head.bytes;

		memcpy(at, &part->head, sizeof(part->head));
		at += sizeof(part->head);
		memcpy(at, part->data, bytes);
		memset(at + bytes, 0, padded(bytes) - bytes);
		at += padded(bytes);
	}
}

static RARE void put_state(struct state *state, struct recorder *recorder,
			   const struct cycle_time *now)
{
	const struct record_state head = { .cycle = now->cycle,
					   .dt_ns = now->dt_ns,
					   .hash = state->hash,
					   .bytes = state->data_bytes };
	uint8_t *body;

	/* before it is recorded: who asks from here on is answered by this one, too */
	atomic_store_explicit(&recorder->is_state_wanted, false, memory_order_relaxed);
	state->due_ns = now->release_ns + STATE_EVERY_NS;
	/* where there is no room the cycle is dropped, and the next one comes after a gap */
	body = recorder_add(recorder, state->topic, state_body_bytes(state));
	if (body) {
		memcpy(body, &head, sizeof(head));
		put_parts(state, body + sizeof(head));
	}
}

void state_record(struct state *state, struct recorder *recorder,
		  const struct cycle_time *now)
{
	bool is_wanted =
		atomic_load_explicit(&recorder->is_state_wanted, memory_order_relaxed);

	if (state->topic &&
	    (is_wanted || recorder->is_gap || now->release_ns >= state->due_ns)) {
		put_state(state, recorder, now);
	}
}
