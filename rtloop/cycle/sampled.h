/*
 * When the channels were sampled whose age the logic asks for, as the log needs it to see the same ages
 * again: a message of /sampled in each cycle in which one of these times is another.
 *
 * A channel that is sampled in each cycle has a new time in each, and age 0: SAMPLED_NOW stands for
 * that, so that it is recorded only when it begins and when it ends.
 */
#ifndef RTLOOP_CYCLE_SAMPLED_H
#define RTLOOP_CYCLE_SAMPLED_H

#include <stdint.h>

#include "drivers/driver.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/base/record.h"

#define SAMPLED_NOW INT64_MAX /* at this release or behind it: the age is 0 */

/* The body of a message, as CDR lays it out. */
struct record_sampled {
	uint64_t cycle;
	int64_t sample_ns[]; /* SAMPLED_NOW; 0: never */
};

struct sampled {
	const struct channel **channels; /* borrowed */
	unsigned count;			 /* 0: nothing is recorded */
	uint16_t topic;
	bool is_recorded; /* at least once */
	struct record_sampled *body;
};

/** sampled_add - one more channel. -ENOMEM. [init] */
int sampled_add(struct sampled *sampled, const struct channel *channel) MUST_CHECK;
void sampled_fini(struct sampled *sampled);

/** sampled_body_bytes - of its message; 0: there is none. [any] */
uint32_t sampled_body_bytes(const struct sampled *sampled) RT_SAFE;

/** sampled_record - what the step of this cycle will see, where that has changed. [rt] */
void sampled_record(struct sampled *sampled, struct recorder *recorder,
		    const struct cycle_time *now) RT_SAFE;

#endif
