/*
 * The log that a replay writes: the cycles and inputs of the log that is played, with what the logic of
 * the scene does. What records a run records it, into a ring of its own, so that it is as a run would
 * have written it. Cycles that could not be played are a gap in it.
 */
#ifndef RTLOOP_REPLAY_OUT_H
#define RTLOOP_REPLAY_OUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/record.h"
#include "rtloop/mcap/log.h"
#include "rtloop/mcap/writer.h"
#include "rtloop/replay/origin.h"
#include "rtloop/replay/scene.h"

struct replay_out {
	struct scene *scene;	     /* borrowed; it records into this */
	const struct origin *origin; /* borrowed: its clock is that of the new log */
	const char *path;	     /* borrowed */
	FILE *file;
	struct mcap_writer *mcap;
	struct ring ring;
	struct recorder recorder;
	bool is_in_cycle; /* begun, not ended */
	bool is_played;	  /* the logic has run in it: set by who plays */
	bool has_cycle;	  /* the number of the next cycle is known */
	uint64_t cycle;
	int64_t now_ns; /* of the message that is played, CLOCK_MONOTONIC: set by who plays */
};

/**
 * replay_out_open - a new file, with the description and the configuration of the log that is played,
 * or with that of the scene where it is another.
 *
 * -EEXIST, -ENOMEM, -errno of the disk with @err filled: nothing is left of it. [init]
 */
int replay_out_open(struct replay_out *out, struct scene *scene,
		    const struct origin *origin, const char *path,
		    struct err *err) MUST_CHECK;

/** replay_out_begin - a message of a cycle comes: it begins, if it has not. [init] */
void replay_out_begin(struct replay_out *out);

/** replay_out_state - a state is to be recorded before this cycle. [init] */
void replay_out_state(struct replay_out *out, uint64_t cycle, int64_t dt_ns);

/** replay_out_part - an input has a new message: as it stands in @block. [init] */
void replay_out_part(struct replay_out *out, const struct scene_part *part,
		     const uint8_t *block);

/** replay_out_force - something is forced, or no longer. [init] */
void replay_out_force(struct replay_out *out, const struct record_force *force);

/**
 * replay_out_cycle - the end of a cycle, played or not.
 * @body: of /cycle, as the log has it
 *
 * -errno of writing. [init]
 */
int replay_out_cycle(struct replay_out *out, const uint8_t *body,
		     size_t bytes) MUST_CHECK;

/** replay_out_gap - cycles that the log does not have. [init] */
void replay_out_gap(struct replay_out *out, uint64_t first, uint64_t last);

/** replay_out_event - as the log has it. -errno of writing. [init] */
int replay_out_event(struct replay_out *out, const uint8_t *body,
		     size_t bytes) MUST_CHECK;

/**
 * replay_out_close - the end of it, whole or not.
 *
 * -errno with @err filled where it is not whole. [init]
 */
int replay_out_close(struct replay_out *out, struct err *err);

#endif
