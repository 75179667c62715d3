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
};

struct topics {
	struct mcap_topic *topics; /* TOPIC_DEVICES of the loop, then one a device */
	unsigned count;
};

/**
 * topics_create - "/cycle", "/gap", "/event", and "/io/NAME" for each device.
 *
 * Schemas are ros2msg; a unit stands as the comment of its field. -ENOMEM; topics_destroy() is right
 * after a failure too. [init]
 */
int topics_create(struct topics *topics, const struct log_device *devices,
		  unsigned device_count) MUST_CHECK;
void topics_destroy(struct topics *topics);

#endif
