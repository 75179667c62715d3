/*
 * What logic carries over from one cycle to the next, as a record of the log: /state. It is recorded at
 * the edge of a cycle, before anything of that cycle: in the first one, in the first after a gap, where
 * the logger asks for it (a new file), and every ten seconds. From there a replay can begin.
 *
 * The body of a record is CDR: struct record_state, then its data, which is one part after the other:
 * struct state_part_head, the bytes, and zeros up to a multiple of 8.
 */
#ifndef RTLOOP_CYCLE_STATE_H
#define RTLOOP_CYCLE_STATE_H

#include <stdint.h>

#include "drivers/driver.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/record.h"

#define STATE_EVERY_NS (INT64_C(10) * 1000000000)

/* What a part is. */
enum state_kind {
	STATE_TOPIC = 1, /* the body of a message of that topic: index */
	STATE_OUTPUTS,	 /* struct output of a device: index; one after the other */
	STATE_PROGRAM,	 /* program_state() */
	STATE_PLUGIN,	 /* the memory of a plugin: index */
};

struct state_part_head {
	uint32_t bytes; /* of the part, without this head and the zeros */
	uint16_t kind;	/* enum state_kind */
	uint16_t index;
};

/* One part: where its bytes are, in memory that stays where it is. */
struct state_part {
	struct state_part_head head;
	const void *data; /* borrowed */
};

struct state {
	struct state_part *parts;
	unsigned count;
	uint32_t data_bytes; /* of all parts, heads and zeros included */
	uint16_t topic;	     /* 0: there is no logic, nothing is recorded */
	uint64_t hash;	     /* of the logic that the state belongs to */
	int64_t due_ns;	     /* the release from which on the next one is due */
};

/** state_add - a part more. -ENOMEM, -EFBIG. [init] */
int state_add(struct state *state, enum state_kind kind, uint16_t index, const void *data,
	      size_t bytes) MUST_CHECK;
void state_fini(struct state *state);

/** state_body_bytes - of its record; 0: nothing is recorded. [any] */
uint32_t state_body_bytes(const struct state *state) RT_SAFE;

/**
 * state_record - record it, where that is due in this cycle; between recorder_begin() and whatever
 * else is recorded. [rt]
 */
void state_record(struct state *state, struct recorder *recorder,
		  const struct cycle_time *now) RT_SAFE;

#endif
