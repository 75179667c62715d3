/* A topic of a log that is replayed: what its messages are, and where they belong in the scene. */
#ifndef RTLOOP_REPLAY_TOPIC_H
#define RTLOOP_REPLAY_TOPIC_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/streams.h"
#include "rtloop/replay/fit.h"
#include "rtloop/replay/scene.h"

enum replay_kind {
	REPLAY_NOTHING, /* of no use here */
	REPLAY_CYCLE,
	REPLAY_GAP,
	REPLAY_EVENT,
	REPLAY_STATE,
	REPLAY_SAMPLED,
	REPLAY_FORCE,
	REPLAY_PART,
};

/* One time in a message of /sampled. */
struct replay_time {
	uint32_t from;	/* in the body */
	unsigned index; /* of the channel in scene->sampled */
};

struct replay_topic {
	enum replay_kind kind;
	unsigned part;		   /* of the scene, with REPLAY_PART */
	struct fit fit;		   /* likewise */
	struct replay_time *times; /* with REPLAY_SAMPLED */
	unsigned time_count;
	uint32_t body_bytes; /* that a body must have at least, with REPLAY_SAMPLED */
};

/**
 * replay_topic_create - of one stream.
 * @schema: NULL: it cannot be taken apart
 *
 * -ENOMEM. [init]
 */
int replay_topic_create(struct replay_topic **ret_topic, const struct scene *scene,
			const struct mcap_stream *stream,
			const struct schema *schema) MUST_CHECK;
void replay_topic_destroy(struct replay_topic *topic);

#endif
