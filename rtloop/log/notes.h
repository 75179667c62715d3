/*
 * Events that wait for the logger: those that do not come through the ring (the supervisor's, and its
 * own), and those for which no file is open. Bounded; what finds no room is counted, and told by an event
 * of its own once there is room again. Overruns and what is seen
 * around them, of which there may be some in each cycle, make room for all others.
 */
#ifndef RTLOOP_LOG_NOTES_H
#define RTLOOP_LOG_NOTES_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/record.h"

#define NOTES_MAX	256
#define NOTE_TEXT_BYTES 256 /* its NUL included */

struct log_note {
	struct record_event event;
	int64_t time_ns;	    /* CLOCK_MONOTONIC */
	char text[NOTE_TEXT_BYTES]; /* ""; the words of the event's kind */
};

struct notes {
	pthread_mutex_t mutex;
	struct log_note list[NOTES_MAX]; /* oldest first */
	unsigned count;
	uint64_t untold;	/* lost since the last EVENT_EVENTS_LOST */
	struct log_note newest; /* of those that were lost */
	struct counter lost;
};

/** notes_init - empty; @notes is zeroed. [init] */
void notes_init(struct notes *notes);
void notes_fini(struct notes *notes);

/**
 * notes_add - behind all others.
 * @text: in place of the words of the event's kind, cut after NOTE_TEXT_BYTES - 1; NULL: those words
 *
 * [any but rt]
 */
void notes_add(struct notes *notes, const struct record_event *event, int64_t time_ns,
	       const char *text);

/** notes_put_back - events older than all that wait, in their order, and @lost more that none keeps. [log]
 */
void notes_put_back(struct notes *notes, const struct log_note *list, unsigned count,
		    uint64_t lost);

/** notes_take - the oldest; false where there is none. [log] */
bool notes_take(struct notes *notes, struct log_note *ret_note);

/** notes_give_up - no file will ever take those that wait: they are lost, and counted. [log] */
void notes_give_up(struct notes *notes);

#endif
