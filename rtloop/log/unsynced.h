/*
 * Events that are in a file, but not yet on the disk as far as is known: when a sync of that file fails, they are to
 * be written again. Bounded; the oldest go first. Of the logger thread.
 */
#ifndef RTLOOP_LOG_UNSYNCED_H
#define RTLOOP_LOG_UNSYNCED_H

#include <stdint.h>

#include "rtloop/log/notes.h"

struct unsynced_event {
	struct log_note note;
	uint32_t file; /* its number, as in syncer.h */
	uint64_t more; /* events of that file behind it, none of which is kept */
};

/* Zeroed: empty. */
struct unsynced {
	struct unsynced_event list[NOTES_MAX]; /* oldest first */
	unsigned count;
	uint64_t end; /* how many events were ever added */
	uint64_t
		more; /* of those that were pushed out, how many may not be on the disk */
};

/** unsynced_add - an event that was written into a file. [log] */
void unsynced_add(struct unsynced *unsynced, const struct log_note *note, uint32_t file);

/** unsynced_add_more - so many behind the one that was added last, which nobody keeps. [log] */
void unsynced_add_more(struct unsynced *unsynced, uint64_t count);

/** unsynced_forget - the first @end events that were ever added are on the disk, or are of no account. [log] */
void unsynced_forget(struct unsynced *unsynced, uint64_t end);

/** unsynced_give_back - those of files up to this number are to be written again, before all that wait. [log] */
void unsynced_give_back(struct unsynced *unsynced, uint32_t file, struct notes *notes);

#endif
