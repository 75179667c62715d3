/*
 * Plays a log back: puts what the step saw into the scene's image, cycle by cycle, lets the logic run,
 * and compares what it drives and remembers with what the log says.
 *
 * A state of the log begins it. A gap, or a place where the log is damaged, ends it until the next state.
 * Messages come in the order of the file; what stands before a /cycle is of that cycle, but for a message
 * that says itself to be of a later one: that is seen by the step after.
 */
#ifndef RTLOOP_REPLAY_PLAYER_H
#define RTLOOP_REPLAY_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/mcap/log.h"
#include "rtloop/replay/out.h"
#include "rtloop/replay/scene.h"
#include "rtloop/replay/topic.h"

/* Something that is another than the log says. */
struct player_difference {
	uint64_t cycle;
	const struct scene_part
		*part; /* NULL: what the logic remembers, beyond its vars */
	const struct channel *channel; /* NULL likewise */
	union value logged;
	union value played;
	enum quality logged_quality;
	enum quality played_quality;
};

struct player_options {
	int64_t period_ns; /* of the log's loop */
	bool is_other;	   /* the configuration is not the log's own */
	void (*differs)(void *context, const struct player_difference *difference);
	void *context;
	struct replay_out *out; /* borrowed; NULL: nothing is written */
};

/* Cycles of the log, and what became of them. */
struct player_counts {
	uint64_t compared;
	uint64_t different;    /* of those */
	uint64_t before_state; /* not compared: no state came before them */
	uint64_t in_gaps;      /* not compared: not in the log */
	uint64_t damaged;      /* not compared: the log is damaged there */
	uint64_t values;       /* that differed, in all cycles */
	int64_t played_ns;     /* time of the loop that was played: dt of all compared */
	uint64_t begun;	       /* times that a state began it */
	uint64_t unlike; /* of those: the logic kept what it remembered, or began anew */
};

/* What became of one part of the scene's image. */
struct player_part {
	uint8_t *logged; /* as the log has it; as long as the part */
	bool is_logged;
	bool *is_there; /* one a channel: the log has it */
	uint8_t *later; /* of inputs: what the step after this one sees */
	bool is_later;
	bool is_followed; /* some of its channels' ages are told by its messages alone */
};

struct player {
	struct scene *scene;		      /* borrowed */
	const struct player_options *options; /* borrowed */
	struct mcap_log *log;		      /* borrowed: the file that is played */
	int64_t offset_ns;		      /* its log_time minus CLOCK_MONOTONIC */
	struct player_part *parts;	      /* one for each of the scene */
	int64_t *told_ns; /* of each channel of scene->sampled: as /sampled has it */
	bool *is_told;	  /* the log has it */
	uint64_t told_cycle;
	bool has_states; /* the log has states */
	bool is_unlike;	 /* the logic is another than that of the states */
	bool is_playing; /* all that the next step sees is known */
	bool is_damaged; /* if not: why */
	bool has_cycle;	 /* the next one is known: */
	uint64_t cycle;
	uint64_t release; /* of the cycle before */
	int64_t dt_ns;	  /* of the next cycle, where a state told it; 0: it follows */
	struct player_counts counts;
};

/** player_init - -ENOMEM. [init] */
int player_init(struct player *player, struct scene *scene,
		const struct player_options *options) MUST_CHECK;
void player_fini(struct player *player);

/**
 * player_begin_file - the log whose first message has just come: its topics are held against the scene.
 * @offset_ns: its log_time minus CLOCK_MONOTONIC
 *
 * -EINVAL it lacks what the logic reads, or states to begin with; -ENOMEM; @err filled. [init]
 */
int player_begin_file(struct player *player, struct mcap_log *log, int64_t offset_ns,
		      struct err *err) MUST_CHECK;
void player_end_file(struct player *player);

/**
 * player_take - the next message.
 *
 * -EBADMSG it makes no sense, or is of another run; -errno of writing; @err filled. [init]
 */
int player_take(struct player *player, const struct mcap_log_message *message,
		struct err *err) MUST_CHECK;

/** player_interrupt - something is missing in the log here. [init] */
void player_interrupt(struct player *player);

#endif
