/*
 * What is not known to be in the open file: messages in the chunk that is open, and in chunks that are on their way. The
 * disk may still refuse it. Of the logger thread.
 */
#ifndef RTLOOP_LOG_UNPUT_H
#define RTLOOP_LOG_UNPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/log/notes.h"
#include "rtloop/mcap/writer.h"

#define UNPUT_MARKS 64u

/* So many messages of each kind. */
struct tally {
	uint64_t cycles;
	uint64_t gaps;
	uint64_t events;      /* that are kept */
	uint64_t events_more; /* for which there was no room */
};

/* The end of a chunk that is on its way. */
struct unput_mark {
	uint64_t end;	      /* in the file */
	uint64_t cycles_seen; /* the number after its last cycle */
	struct tally put;     /* up to it */
	struct mcap_point before;
};

struct unput {
	struct tally seen;		   /* since the start */
	struct tally confirmed;		   /* of those, in a file, or lost */
	struct log_note events[NOTES_MAX]; /* those between, oldest first */
	struct unput_mark marks[UNPUT_MARKS];
	unsigned first, count; /* of marks */
};

/** unput_init - empty. -ENOMEM. [init] */
int unput_init(struct unput *unput, unsigned topic_count) MUST_CHECK;
void unput_fini(struct unput *unput);

/** unput_event - an event was put into the open chunk. [log] */
void unput_event(struct unput *unput, const struct log_note *note);

/** unput_event_count - that are kept, and not confirmed. [log] */
unsigned unput_event_count(const struct unput *unput);

/** unput_is_full - no more is to be put before something is confirmed: there is no mark left, or so many events are on
 * their way that soon none more could be kept. [log] */
bool unput_is_full(const struct unput *unput);

/** unput_next - the mark of the chunk that is about to be put; NULL: there is no room. unput_add() makes it
 * count. [log] */
struct unput_mark *unput_next(struct unput *unput);
void unput_add(struct unput *unput);

/** unput_oldest - the mark of the oldest chunk on its way; NULL: there is none. [log] */
struct unput_mark *unput_oldest(struct unput *unput);

/** unput_confirm - what was seen up to @put is no more unput; of chunks, the oldest, if there is one. [log] */
void unput_confirm(struct unput *unput, const struct tally *put);

/** unput_clear - all of it is lost. [log] */
void unput_clear(struct unput *unput);

#endif
