#include "rtloop/base/record.h"

#include <errno.h>
#include <string.h>

#include "rtloop/base/sys.h"

/* Kept free by cycles for events and the gap's own record. */
#define EVENT_RESERVE_BYTES                                                              \
	(RECORD_EVENTS_MAX * (sizeof(struct record) + sizeof(struct record_event)) +     \
	 sizeof(struct record) + sizeof(struct record_gap))

static void *put(struct recorder *recorder, uint16_t topic, uint32_t body_bytes,
		 uint32_t spare)
{
	struct record *record =
		ring_reserve(recorder->ring, record_bytes(body_bytes), spare);

	if (!record) {
		return NULL;
	}
	*record = (struct record){ .bytes = body_bytes,
				   .topic = topic,
				   .time_ns = recorder->now_ns };
	return record + 1;
}

static bool put_gap(struct recorder *recorder, uint32_t spare)
{
	struct record_gap *gap = put(recorder, TOPIC_GAP, sizeof(*gap), spare);

	if (gap) {
		*gap = recorder->gap;
	}
	return gap != NULL;
}

void recorder_begin(struct recorder *recorder, uint64_t cycle, int64_t now_ns)
{
	recorder->cycle = cycle;
	recorder->now_ns = now_ns;
	recorder->is_begun = true;
	recorder->is_dropped = false;
	if (recorder->ring && recorder->is_gap &&
	    !put_gap(recorder, EVENT_RESERVE_BYTES)) {
		recorder->is_dropped = true;
	}
}

void *recorder_add(struct recorder *recorder, uint16_t topic, uint32_t body_bytes)
{
	void *body = NULL;

	if (recorder->ring && !recorder->is_dropped) {
		body = put(recorder, topic, body_bytes, EVENT_RESERVE_BYTES);
		recorder->is_dropped = body == NULL;
	}
	return body;
}

static void lose_event(struct recorder *recorder)
{
	recorder->events_untold++;
	counter_add(&recorder->events_lost, 1);
}

/* Where there is room. */
static void add_event(struct recorder *recorder, enum event_code code, uint32_t device,
		      int64_t value)
{
	recorder->events[recorder->event_count++] = (struct record_event){
		.cycle = recorder->cycle, .value = value, .code = code, .device = device
	};
	recorder->is_urgent |= event_kind(code)->level == EVENT_ERROR;
}

static bool put_event(struct recorder *recorder, const struct record_event *event)
{
	struct record_event *place = put(recorder, TOPIC_EVENT, sizeof(*place), 0);

	if (place) {
		*place = *event;
	}
	return place != NULL;
}

/* What finds no room itself is told later: it counts all that were lost. */
static void tell_lost(struct recorder *recorder)
{
	const struct record_event event = { .cycle = recorder->cycle,
					    .value = (int64_t)recorder->events_untold,
					    .code = EVENT_EVENTS_LOST,
					    .device = EVENT_NO_DEVICE };

	if (recorder->events_untold && put_event(recorder, &event)) {
		recorder->events_untold = 0;
		recorder->is_urgent = true;
	}
}

static void put_events(struct recorder *recorder)
{
	for (unsigned i = 0; i < recorder->event_count; i++) {
		if (!put_event(recorder, &recorder->events[i])) {
			lose_event(recorder);
		}
	}
	recorder->event_count = 0;
	tell_lost(recorder);
}

/* Before the first cycle all devices are taken into use, each with an event: no cycle is open that would be
 * committed with them, half of it. */
static void make_room(struct recorder *recorder)
{
	if (recorder->ring && !recorder->is_begun) {
		put_events(recorder);
		ring_commit(recorder->ring);
	}
}

void recorder_event(struct recorder *recorder, enum event_code code, uint32_t device,
		    int64_t value)
{
	if (recorder->event_count == RECORD_EVENTS_MAX) {
		make_room(recorder);
	}
	if (recorder->event_count == RECORD_EVENTS_MAX) {
		lose_event(recorder);
	} else {
		add_event(recorder, code, device, value);
	}
}

static void drop_cycle(struct recorder *recorder)
{
	ring_abort(recorder->ring);
	if (!recorder->is_gap) {
		recorder->is_gap = true;
		recorder->gap.first = recorder->cycle;
		counter_add(&recorder->gaps, 1);
	}
	recorder->gap.last = recorder->cycle;
	counter_add(&recorder->cycles_dropped, 1);
}

/*
 * Cycle and logger exchange is_logger_asleep, neither just loads or stores it: of two exchanges one comes first. If it
 * is the logger's, the cycle finds it asleep and writes the eventfd; if it is the cycle's, what was committed before is
 * seen by the logger's look into the ring. A load here could be done before the commit is seen, and the look before
 * the store: then both would miss each other. It costs the cycle nothing below the mark. tests/model/ring.pml goes
 * through all of it.
 */
static void wake_logger(struct recorder *recorder)
{
	uint64_t used = ring_used(recorder->ring);

	if (used > counter_get(&recorder->ring_max_bytes)) {
		counter_set(&recorder->ring_max_bytes, used);
	}
	if ((recorder->is_urgent || used >= recorder->wake_mark_bytes) &&
	    atomic_exchange_explicit(&recorder->is_logger_asleep, false,
				     memory_order_acq_rel)) {
		recorder->is_urgent = false;
		sys_signal(recorder->wake_fd);
	}
}

bool recorder_fall_asleep(struct recorder *recorder)
{
	atomic_exchange_explicit(&recorder->is_logger_asleep, true, memory_order_acq_rel);
	return ring_used(recorder->ring) == 0;
}

void recorder_get_up(struct recorder *recorder)
{
	/* not a store: the next exchange must still see what the cycle's released */
	atomic_exchange_explicit(&recorder->is_logger_asleep, false,
				 memory_order_acq_rel);
}

void recorder_end(struct recorder *recorder)
{
	recorder->is_begun = false;
	if (!recorder->ring) {
		recorder->event_count = 0;
		return;
	}
	if (recorder->is_dropped) {
		drop_cycle(recorder);
	} else {
		recorder->is_gap = false;
		counter_add(&recorder->cycles, 1);
	}
	put_events(recorder);
	ring_commit(recorder->ring);
	wake_logger(recorder);
}

void recorder_abandon(struct recorder *recorder, int64_t now_ns)
{
	if (recorder->ring) {
		ring_abort(recorder->ring);
	}
	recorder->is_begun = false;
	recorder->is_dropped = false;
	recorder->now_ns = now_ns;
}

/* For what is owed: no cycle comes that could tell what is lost now. */
static bool has_room_at_the_end(struct recorder *recorder)
{
	uint32_t events = recorder->event_count + (recorder->events_untold > 0);
	uint32_t bytes = events * record_bytes(sizeof(struct record_event)) +
			 recorder->is_gap * record_bytes(sizeof(struct record_gap));
	bool has_room = ring_reserve(recorder->ring, bytes, 0) != NULL;

	ring_abort(recorder->ring);
	return has_room;
}

int recorder_close(struct recorder *recorder)
{
	if (!recorder->ring) {
		return 0;
	}
	if (!has_room_at_the_end(recorder)) {
		return -EAGAIN;
	}
	if (recorder->is_gap) {
		(void)put_gap(recorder, 0);
	}
	recorder->is_gap = false;
	put_events(recorder);
	ring_commit(recorder->ring);
	sys_signal(recorder->wake_fd);
	return 0;
}
