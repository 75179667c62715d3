/* What stands in log files, as a test asks: cycles, gaps, events, and whether they are valid. */
#ifndef TESTS_FAKES_LOG_LOOK_H
#define TESTS_FAKES_LOG_LOOK_H

#include <stdint.h>

#include "rtloop/mcap/cycles.h"

#define LOOK_EVENTS_MAX 2048
#define LOOK_GAPS_MAX	32
#define LOOK_TOPICS_MAX 16

struct look_event {
	uint64_t cycle;
	int64_t time_ns;
	int64_t value;
	int64_t level;
	uint64_t log_time_ns;
	unsigned file; /* the how many-th that was looked at, from 0 */
	char kind[32];
	char device[32];
	char text[256];
};

struct look_topic {
	char name[64];
	uint64_t messages;
};

struct look_gap {
	uint64_t first;
	uint64_t last;
	unsigned file;
};

/* Of all files looked at so far. Zeroed before the first. */
struct log_look {
	unsigned files;
	struct mcap_cycles cycles;
	uint64_t problems;
	char problem[256]; /* the first one; "" */
	uint64_t messages;
	uint64_t io_messages; /* of devices */
	struct look_topic topics[LOOK_TOPICS_MAX];
	unsigned topic_count;
	struct look_event events[LOOK_EVENTS_MAX];
	unsigned event_count;
	struct look_gap gaps[LOOK_GAPS_MAX];
	unsigned gap_count;
};

/** log_look_at - verify a file and take what stands in it; the test fails where it is none. */
void log_look_at(struct log_look *look, const char *path);

/** log_look_messages - of the topic of that name. */
uint64_t log_look_messages(const struct log_look *look, const char *topic);

/** log_look_count - events of that kind. */
unsigned log_look_count(const struct log_look *look, const char *kind);

/** log_look_find - the first event of that kind; the test fails where there is none. */
const struct look_event *log_look_find(const struct log_look *look, const char *kind);

#endif
