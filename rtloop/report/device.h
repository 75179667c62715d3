/* What a log tells of each device: how often it brought something, how old that was, how long it was silent. */
#ifndef RTLOOP_REPORT_DEVICE_H
#define RTLOOP_REPORT_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/hist.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/schema.h"
#include "rtloop/report/fields.h"

#define REPORT_DEVICES_MAX 1024

/* How good a device's values were; of several channels the worst counts. */
enum report_quality { REPORT_GOOD, REPORT_STALE, REPORT_BAD, REPORT_QUALITIES };

struct report_device {
	char name[REPORT_NAME_BYTES];
	uint64_t messages;
	uint64_t samples; /* that came: messages of which the sample was newer */
	bool has_sample;
	int64_t first_sample_ns; /* CLOCK_MONOTONIC */
	int64_t last_sample_ns;
	int64_t pause_max_ns; /* between two samples */
	int64_t pause_start_ns;
	int64_t silence_ns; /* from the last sample to the run's last cycle; -1: not known */
	uint64_t stale_turns; /* times that a channel turned stale */
	uint64_t bad_turns;
	enum report_quality quality; /* at the last message */
	uint8_t *qualities;	     /* of each channel, at the last message */
	unsigned quality_count;
	uint64_t gap_time_ns; /* of the gap before */
	struct hist
		age; /* of new samples when the cycle had them; empty where the log has no offset */
};

/* How the messages of a device's topic are read. */
struct report_device_fields {
	struct report_number sample_ns;
	struct report_number *qualities;
	unsigned quality_count;
	size_t bytes;
};

/** report_device_fields_find - of a topic /io/DEVICE. -ENOMEM. [any but rt] */
int report_device_fields_find(struct report_device_fields *fields,
			      const struct schema *schema) MUST_CHECK;
void report_device_fields_fini(struct report_device_fields *fields);

/**
 * report_device_take - a message of it.
 * @offset_ns: of log_time over CLOCK_MONOTONIC; NULL: not known
 *
 * -EBADMSG it does not fit its schema, -ENOMEM. [any but rt]
 */
int report_device_take(struct report_device *device,
		       const struct report_device_fields *fields,
		       const struct mcap_message *message,
		       const int64_t *offset_ns) MUST_CHECK;

/**
 * report_device_end - the run has ended: the silence since the last sample is a pause, too.
 * @end_ns: CLOCK_MONOTONIC of its last cycle; NULL: not known
 *
 * [any but rt]
 */
void report_device_end(struct report_device *device, const int64_t *end_ns);

/* All zero: empty. Ordered by name. */
struct report_devices {
	struct report_device **list;
	unsigned count;
	uint64_t left_out; /* topics past REPORT_DEVICES_MAX */
};

/** report_devices_get - by name, made where it is not there; NULL: no memory, or too many. [any but rt] */
struct report_device *report_devices_get(struct report_devices *devices,
					 const char *name);

/** report_devices_gap - in the first cycle behind it a run records all inputs as they were. [any but rt] */
void report_devices_gap(struct report_devices *devices, uint64_t log_time_ns);

void report_devices_fini(struct report_devices *devices);

#endif
