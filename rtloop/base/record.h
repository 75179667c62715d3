/*
 * The producer's side of the log: what one cycle records goes into the ring whole or not
 * at all.
 *
 * A cycle that finds no room is dropped and belongs to a gap; the gap's exact range is
 * recorded before the next cycle that fits, so that cycles in the log plus cycles in gaps
 * are always the cycles run. Events are kept apart until the end of the cycle and have a
 * reserve of the ring to themselves: they survive the cycle that is dropped.
 */
#ifndef RTLOOP_BASE_RECORD_H
#define RTLOOP_BASE_RECORD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/event.h"
#include "rtloop/base/ring.h"

/* Topics of every log; devices follow in their order. */
enum { TOPIC_CYCLE, TOPIC_GAP, TOPIC_EVENT, TOPIC_DEVICES };

/* In the ring: this head, then the body as CDR (but for events, whose words are put to
 * them later). */
struct record {
	uint32_t
		bytes; /* of the body; the next record starts at the next multiple of 8 */
	uint16_t topic;
	uint16_t unused;
	int64_t time_ns; /* CLOCK_MONOTONIC */
};

struct record_cycle {
	uint64_t cycle;
	uint64_t release;
	int64_t release_ns;
	int64_t latency_ns; /* wake-up minus release */
	int64_t read_ns;
	int64_t step_ns; /* the logic; 0: there is none */
	int64_t write_ns;
	int64_t record_ns; /* of the cycle before: this one's is not over yet */
	uint32_t missed;   /* releases dropped between this cycle and the next */
	uint32_t flags;	   /* RECORD_* */
};

#define RECORD_LATE_WAKE   1u /* this cycle woke after the next release */
#define RECORD_LONG_WORK   2u /* this cycle was still busy at the next release */
#define RECORD_CATCH_UP	   4u /* run late, back to back, to catch up */
#define RECORD_OVER_BUDGET 8u /* the logic took longer than its budget */

struct record_gap {
	uint64_t first; /* cycles, both inclusive */
	uint64_t last;
};

/* A record of /force, as CDR lays it out. */
struct __attribute__((packed)) record_force {
	uint64_t cycle;	 /* from which on */
	int64_t value;	 /* as the cell holds it: of a float its bits, of a bool 0 or 1 */
	uint32_t device; /* its index */
	uint32_t offset; /* of the value in the messages of the device's part */
	uint8_t is_output;
	uint8_t is_forced; /* 0: no longer; the value means nothing */
};

/* The head of a record of /state: rtloop/cycle/state.h has the rest. As CDR lays it out. */
struct __attribute__((packed)) record_state {
	uint64_t cycle; /* that it stands before */
	int64_t dt_ns;	/* of that cycle */
	uint64_t hash;	/* of the logic */
	uint32_t bytes; /* that follow */
};

struct record_event {
	uint64_t cycle;
	int64_t value;
	uint32_t code;	 /* enum event_code */
	uint32_t device; /* index, or EVENT_NO_DEVICE */
};

#define RECORD_EVENTS_MAX 64 /* events that one cycle can hold */

struct recorder {
	struct ring *ring;	       /* borrowed; NULL: nothing is recorded */
	int wake_fd;		       /* eventfd that the logger sleeps on */
	uint64_t wake_mark_bytes;      /* wake it when the ring holds this much */
	_Atomic bool is_logger_asleep; /* see recorder_fall_asleep() */
	_Atomic bool is_state_wanted;  /* set by the logger: record a state soon */

	/* of the cycle that is being recorded */
	uint64_t cycle;
	int64_t now_ns;
	bool is_begun;
	bool is_dropped;
	bool is_urgent;
	unsigned event_count;
	struct record_event events[RECORD_EVENTS_MAX];

	/* across cycles */
	bool is_gap;
	struct record_gap gap;
	uint64_t events_untold; /* lost since the last EVENT_EVENTS_LOST */

	struct counter cycles; /* recorded whole */
	struct counter cycles_dropped;
	struct counter gaps; /* recorded, or open */
	struct counter events_lost;
	struct counter ring_max_bytes; /* fullest so far, at the end of a cycle */
};

/** record_bytes - what a body of this size takes in the ring. [any] */
static inline uint32_t record_bytes(uint32_t body_bytes)
{
	return (uint32_t)sizeof(struct record) + ((body_bytes + 7) & ~7u);
}

/** recorder_begin - a cycle starts. @now_ns: its wake-up time, the time of its records.
 * [rt] */
void recorder_begin(struct recorder *recorder, uint64_t cycle, int64_t now_ns) RT_SAFE;

/**
 * recorder_add - a record of this cycle.
 *
 * Returns where to write the body, 8-byte aligned; NULL where there is no room: then the
 * whole cycle is dropped. [rt]
 */
void *recorder_add(struct recorder *recorder, uint16_t topic,
		   uint32_t body_bytes) RT_SAFE;

/**
 * recorder_event - an event of this cycle; also outside a cycle, for the next one.
 * @device: index, or EVENT_NO_DEVICE
 *
 * Past RECORD_EVENTS_MAX in one cycle it is lost, and counted; outside a cycle those before it are committed.
 *
 * [rt]
 */
void recorder_event(struct recorder *recorder, enum event_code code, uint32_t device,
		    int64_t value) RT_SAFE;

/** recorder_end - commit the cycle, or drop it, and wake the logger where that is due.
 * [rt] */
void recorder_end(struct recorder *recorder) RT_SAFE;

/**
 * recorder_abandon - the cycle that is being recorded will never be complete: forget its records, and keep its events.
 *
 * In place of a producer that has stopped for good, wherever it stands.
 * @now_ns: the time of what is still recorded
 *
 * [super]
 */
void recorder_abandon(struct recorder *recorder, int64_t now_ns);

/**
 * recorder_fall_asleep - from now on the eventfd is written when the ring is filled up to the mark, or holds an error.
 *
 * False: there is something in the ring already, for which it may not be written any more; the logger then does
 * not sleep. Either way recorder_get_up() follows. [log]
 */
bool recorder_fall_asleep(struct recorder *recorder) MUST_CHECK;

/** recorder_get_up - the logger looks by itself, from now on. [log] */
void recorder_get_up(struct recorder *recorder);

/**
 * recorder_close - record what is still owed (an open gap, events) after the last cycle.
 *
 * -EAGAIN while the ring has no room: let the logger drain, then call again. [init]
 */
int recorder_close(struct recorder *recorder) MUST_CHECK;

#endif
