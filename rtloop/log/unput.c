#include "rtloop/log/unput.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int unput_init(struct unput *unput, unsigned topic_count)
{
	uint64_t *messages = calloc((size_t)UNPUT_MARKS * topic_count, sizeof(*messages));

	memset(unput, 0, sizeof(*unput));
	for (unsigned i = 0; messages && i < UNPUT_MARKS; i++) {
		unput->marks[i].before.topic_messages =
			messages + (size_t)i * topic_count;
	}
	return messages ? 0 : -ENOMEM;
}

void unput_fini(struct unput *unput)
{
	free(unput->marks[0].before.topic_messages);
}

unsigned unput_event_count(const struct unput *unput)
{
	return (unsigned)(unput->seen.events - unput->confirmed.events);
}

void unput_event(struct unput *unput, const struct log_note *note)
{
	unsigned count = unput_event_count(unput);

	if (count < NOTES_MAX) {
		unput->events[count] = *note;
		unput->seen.events++;
	} else {
		unput->seen.events_more++;
	}
}

/* The other half of the room for events is for those in the open chunk. */
bool unput_is_full(const struct unput *unput)
{
	unsigned newest = (unput->first + unput->count - 1) % UNPUT_MARKS;

	return unput->count == UNPUT_MARKS ||
	       (unput->count > 0 &&
		unput->marks[newest].put.events - unput->confirmed.events >=
			NOTES_MAX / 2);
}

struct unput_mark *unput_next(struct unput *unput)
{
	return unput->count < UNPUT_MARKS
		       ? &unput->marks[(unput->first + unput->count) % UNPUT_MARKS]
		       : NULL;
}

void unput_add(struct unput *unput)
{
	unput->count++;
}

struct unput_mark *unput_oldest(struct unput *unput)
{
	return unput->count > 0 ? &unput->marks[unput->first] : NULL;
}

void unput_confirm(struct unput *unput, const struct tally *put)
{
	unsigned left = (unsigned)(unput->seen.events - put->events);
	size_t gone = (size_t)(put->events - unput->confirmed.events);

	memmove(unput->events, unput->events + gone, left * sizeof(*unput->events));
	unput->confirmed = *put;
	if (unput->count > 0) {
		unput->first = (unput->first + 1) % UNPUT_MARKS;
		unput->count--;
	}
}

void unput_clear(struct unput *unput)
{
	unput->confirmed = unput->seen;
	unput->first = 0;
	unput->count = 0;
}
