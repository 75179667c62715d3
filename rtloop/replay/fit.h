/*
 * How the messages of a topic in a log fit a part of the process image: which of its channels they have,
 * by name and type, and what is to be copied where. Where the log is of the same configuration that is
 * one copy.
 */
#ifndef RTLOOP_REPLAY_FIT_H
#define RTLOOP_REPLAY_FIT_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/mcap/schema.h"

struct fit_copy {
	uint32_t from; /* in the body, without the CDR head */
	uint32_t to;   /* in the part */
	uint32_t bytes;
};

struct fit {
	struct fit_copy *copies;
	unsigned count;
	uint32_t body_bytes; /* that a body must have at least */
	uint32_t part_bytes; /* of the part: its last ones are qualities, */
	uint32_t qualities;  /* so many of them */
	bool *is_there;	     /* one a channel of the part: the messages have it */
	unsigned missing;    /* channels that they do not have */
};

/**
 * fit_init - compare a topic's schema with the channels of a part.
 * @channels: of the sealed image, whose part is @part
 *
 * -ENOMEM. [init]
 */
int fit_init(struct fit *fit, const struct schema *schema, const struct image_part *part,
	     const struct channel *channels, unsigned channel_count) MUST_CHECK;
void fit_fini(struct fit *fit);

/**
 * fit_apply - put a message's values and qualities where they belong.
 * @block: as long as the part; its two stamps are set, too
 * @body: without the CDR head
 *
 * -EBADMSG it is too short, or a quality is none. [init]
 */
int fit_apply(const struct fit *fit, uint8_t *block, const uint8_t *body,
	      size_t body_bytes) MUST_CHECK;

#endif
