/* The events of a log: taken apart, and counted by kind. */
#ifndef RTLOOP_REPORT_EVENT_H
#define RTLOOP_REPORT_EVENT_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/record.h"
#include "rtloop/mcap/schema.h"
#include "rtloop/report/fields.h"

#define REPORT_EVENT_TEXT_BYTES 256

/* Texts are as the log has them, cut to what fits: they may hold any byte but NUL. */
struct report_event {
	uint64_t cycle;
	int64_t time_ns;      /* CLOCK_MONOTONIC */
	uint64_t log_time_ns; /* since 1970 */
	int64_t value;
	uint8_t level; /* enum event_level */
	char kind[REPORT_NAME_BYTES];
	char device[REPORT_NAME_BYTES]; /* "": of the loop as a whole */
	char text[REPORT_EVENT_TEXT_BYTES];
};

/** report_event_load - -EBADMSG, -ENOTSUP: the message does not fit its schema. [any but rt] */
int report_event_load(const struct schema *schema, const struct mcap_message *message,
		      struct report_event *ret_event) MUST_CHECK;

/* Events of one kind and one device. */
struct report_event_count {
	char kind[REPORT_NAME_BYTES];
	char device[REPORT_NAME_BYTES];
	uint8_t level;
	uint64_t count;
	uint64_t first_ns; /* log_time */
	uint64_t last_ns;
	uint64_t last_cycle;
	int64_t last_value;
};

#define REPORT_EVENT_COUNTS_MAX 256

/* All zero: empty. */
struct report_event_counts {
	struct report_event_count *list;
	unsigned count;
	uint64_t all;
	uint64_t others; /* of kinds and devices past REPORT_EVENT_COUNTS_MAX */
};

/** report_event_counts_add - -ENOMEM. [any but rt] */
int report_event_counts_add(struct report_event_counts *counts,
			    const struct report_event *event) MUST_CHECK;
void report_event_counts_fini(struct report_event_counts *counts);

#endif
