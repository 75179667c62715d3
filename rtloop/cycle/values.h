/*
 * Values of the loop as a whole, which belong to no device: the params of its program, and its vars. They
 * are channels of the process image, and are recorded as one message where one of them changes.
 */
#ifndef RTLOOP_CYCLE_VALUES_H
#define RTLOOP_CYCLE_VALUES_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/driver.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/base/record.h"

struct values {
	struct channel *channels; /* owned */
	unsigned count;
	struct image_part part;
	uint8_t *published; /* the part as last recorded */
	bool is_recorded;   /* at least once */
	uint16_t topic;	    /* in the log; set before the loop begins */
};

/** values_create - @count channels, to be named and typed by the caller. -ENOMEM. [init] */
int values_create(struct values *values, unsigned count) MUST_CHECK;
void values_destroy(struct values *values);

/** values_add - their part of an image that is still to be sealed. -ENOMEM. [init] */
int values_add(struct values *values, struct image *image) MUST_CHECK;

/**
 * values_record - in the first cycle, where a value or a quality has changed since, and in the first
 * cycle after a gap. Nothing where there are none. [rt]
 */
void values_record(struct values *values, const struct cycle_time *now,
		   struct recorder *recorder) RT_SAFE;

#endif
