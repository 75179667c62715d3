/* The topics of a log: their names and schemas, made from the devices and their channels. */
#ifndef RTLOOP_LOG_TOPICS_H
#define RTLOOP_LOG_TOPICS_H

#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/mcap/writer.h"

/* A device, as far as the log knows it. */
struct log_device {
	const char *name;		/* borrowed */
	const struct channel *channels; /* borrowed; in declared order */
	unsigned channel_count;
	const struct channel *outputs; /* likewise, of what is driven */
	unsigned output_count;	       /* 0: it has no topic of outputs */
};

/* Values of the loop that belong to no device. */
struct log_values {
	const char *name;		/* "param": the topic is /param */
	const struct channel *channels; /* borrowed; in declared order */
	unsigned channel_count;
};

struct topics {
	struct mcap_topic *topics; /* TOPIC_DEVICES of the loop, then one a device, then
				     one for each device with outputs, then values */
	unsigned count;
};

/**
 * topics_create - "/cycle", "/gap", "/event", "/io/NAME" for each device, and
 * "/out/NAME" for each that has outputs.
 *
 * Schemas are ros2msg; a unit stands as the comment of its field. -ENOMEM; topics_destroy() is right
 * after a failure too. [init]
 */
int topics_create(struct topics *topics, const struct log_device *devices,
		  unsigned device_count) MUST_CHECK;
void topics_destroy(struct topics *topics);

/**
 * topics_add - one more topic, behind all that there are.
 * @schema_name: like "rtloop/msg/State"; where it is taken, a number is put behind it
 * @ret_topic: its number
 *
 * -ENOMEM. [init]
 */
int topics_add(struct topics *topics, const char *name, const char *schema_name,
	       const char *schema_text, uint16_t *ret_topic) MUST_CHECK;

/** topics_add_values - one more topic, behind all others. -ENOMEM, as above. [init] */
int topics_add_values(struct topics *topics, const struct log_values *values,
		      uint16_t *ret_topic) MUST_CHECK;

/** topics_of_outputs - the topic of a device's outputs; 0: it has none. [init] */
uint16_t topics_of_outputs(const struct log_device *devices, unsigned device_count,
			   unsigned index);

#endif
