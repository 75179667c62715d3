/* The topics from which logic is replayed: "/state", "/sampled" and "/force". */
#ifndef RTLOOP_LOG_TOPICS_STATE_H
#define RTLOOP_LOG_TOPICS_STATE_H

#include "rtloop/base/attr.h"
#include "rtloop/log/topics.h"

/** topics_add_state - "/state". -ENOMEM. [init] */
int topics_add_state(struct topics *topics, uint16_t *ret_topic) MUST_CHECK;

/** topics_add_force - "/force". -ENOMEM. [init] */
int topics_add_force(struct topics *topics, uint16_t *ret_topic) MUST_CHECK;

/* A channel whose age the logic asks for. */
struct topics_sampled {
	const char *device;
	const char *channel;
};

/**
 * topics_add_sampled - "/sampled": a time for each of these.
 * @channels: those of one device one after the other
 *
 * -ENOMEM. [init]
 */
int topics_add_sampled(struct topics *topics, const struct topics_sampled *channels,
		       unsigned channel_count, uint16_t *ret_topic) MUST_CHECK;

#endif
