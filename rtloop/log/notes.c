#include "rtloop/log/notes.h"

#include <string.h>

void notes_init(struct notes *notes)
{
	pthread_mutex_init(&notes->mutex, NULL);
}

void notes_fini(struct notes *notes)
{
	pthread_mutex_destroy(&notes->mutex);
}

static void lose(struct notes *notes, uint64_t count)
{
	notes->untold += count;
	counter_add(&notes->lost, count);
}

/* A loop that overruns all the time has such events in each cycle, and a dozen more a second. */
static bool is_frequent(const struct record_event *event)
{
	return event->code == EVENT_LATE_WAKE || event->code == EVENT_LONG_WORK ||
	       event->code == EVENT_EVIDENCE || event->code == EVENT_FRAME_DROPPED;
}

/* One of those goes, the newest; returns whether there was one. */
static bool make_room(struct notes *notes)
{
	unsigned at = notes->count;

	while (at > 0 && !is_frequent(&notes->list[at - 1].event)) {
		at--;
	}
	if (at == 0) {
		return false;
	}
	if (notes->untold == 0 || notes->list[at - 1].time_ns > notes->newest.time_ns) {
		notes->newest = notes->list[at - 1];
	}
	memmove(notes->list + at - 1, notes->list + at,
		(notes->count - at) * sizeof(*notes->list));
	notes->count--;
	lose(notes, 1);
	return true;
}

void notes_add(struct notes *notes, const struct record_event *event, int64_t time_ns,
	       const char *text)
{
	struct log_note note = { .event = *event, .time_ns = time_ns };

	if (text) {
		memcpy(note.text, text, strnlen(text, sizeof(note.text) - 1));
	}
	pthread_mutex_lock(&notes->mutex);
	if (notes->count < NOTES_MAX || (!is_frequent(event) && make_room(notes))) {
		notes->list[notes->count++] = note;
	} else {
		notes->newest = note;
		lose(notes, 1);
	}
	pthread_mutex_unlock(&notes->mutex);
}

/* The oldest are kept: they tell how it began. */
void notes_put_back(struct notes *notes, const struct log_note *list, unsigned count,
		    uint64_t lost)
{
	unsigned kept;

	pthread_mutex_lock(&notes->mutex);
	while (notes->count + count > NOTES_MAX && make_room(notes)) {
	}
	kept = notes->count < NOTES_MAX - count ? notes->count : NOTES_MAX - count;
	if (kept < notes->count) {
		notes->newest = notes->list[notes->count - 1];
	} else if (lost > 0 && count > 0) {
		notes->newest = list[count - 1];
	}
	lose(notes, lost + notes->count - kept);
	memmove(notes->list + count, notes->list, kept * sizeof(*list));
	memcpy(notes->list, list, count * sizeof(*list));
	notes->count = kept + count;
	pthread_mutex_unlock(&notes->mutex);
}

static bool take_locked(struct notes *notes, struct log_note *ret_note)
{
	if (notes->count > 0) {
		*ret_note = notes->list[0];
		notes->count--;
		memmove(notes->list, notes->list + 1,
			notes->count * sizeof(*notes->list));
		return true;
	}
	if (notes->untold > 0) {
		*ret_note = notes->newest;
		ret_note->event.code = EVENT_EVENTS_LOST;
		ret_note->event.device = EVENT_NO_DEVICE;
		ret_note->event.value = (int64_t)notes->untold;
		ret_note->text[0] = '\0';
		notes->untold = 0;
		return true;
	}
	return false;
}

bool notes_take(struct notes *notes, struct log_note *ret_note)
{
	bool is_any;

	pthread_mutex_lock(&notes->mutex);
	is_any = take_locked(notes, ret_note);
	pthread_mutex_unlock(&notes->mutex);
	return is_any;
}

void notes_give_up(struct notes *notes)
{
	pthread_mutex_lock(&notes->mutex);
	lose(notes, notes->count);
	notes->count = 0;
	pthread_mutex_unlock(&notes->mutex);
}
