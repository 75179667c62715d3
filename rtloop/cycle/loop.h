/*
 * One loop: the cycle thread and all that belongs to it. Nothing here is global, so that
 * there can be several loops on several CPUs.
 *
 *   release k -> wait -> read -> step -> write -> record -> wait ... release k+1
 *                pacer   devices logic  devices  ring
 */
#ifndef RTLOOP_CYCLE_LOOP_H
#define RTLOOP_CYCLE_LOOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/base/heartbeat.h"
#include "rtloop/base/record.h"
#include "rtloop/base/thread.h"
#include "rtloop/base/view.h"
#include "rtloop/cycle/async.h"
#include "rtloop/cycle/blame.h"
#include "rtloop/cycle/grid.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/orders.h"
#include "rtloop/cycle/overrun_limit.h"
#include "rtloop/cycle/overruns.h"
#include "rtloop/cycle/pacer.h"
#include "rtloop/cycle/peaks.h"
#include "rtloop/cycle/poller.h"
#include "rtloop/cycle/realtime.h"
#include "rtloop/cycle/sampled.h"
#include "rtloop/cycle/seal.h"
#include "rtloop/cycle/seat.h"
#include "rtloop/cycle/state.h"
#include "rtloop/cycle/stats.h"
#include "rtloop/cycle/step.h"
#include "rtloop/cycle/watchdog.h"

/* Devices that have one of the optional calls: so that the others cost nothing. */
struct device_set {
	struct device **devices;
	unsigned count;
};

enum loop_end {
	LOOP_RUNS,
	LOOP_ENDED_ASKED,   /* loop_ask_stop() */
	LOOP_ENDED_DONE,    /* the stated number of cycles, or the stated time, is over */
	LOOP_ENDED_OVERRUN, /* overrun: stop */
	LOOP_ENDED_FAULT,   /* more overruns than fault: allows */
	LOOP_ENDED_HUNG, /* the cycle does not go on; the watchdog has ended the loop, and its thread never ends */
	LOOP_ENDED_FAILED, /* the thread could not begin; loop->err says why */
};

/* What the kernel counted for the cycle thread, from the first cycle to the last. */
struct loop_usage {
	int64_t minor_faults;
	int64_t major_faults;
	int64_t voluntary_switches;
	int64_t involuntary_switches;
};

struct loop {
	const struct loop_options *options; /* borrowed from the set-up */
	struct device *devices; /* borrowed; all of them, in the file's order */
	unsigned device_count;
	struct recorder *recorder; /* borrowed */
	struct seat *seats;   /* one a device; that of an async device is its lane's */
	struct async **lanes; /* one a device; NULL for a device of the cycle's lane */
	struct device_set sampled;
	struct device_set ticked;
	struct device_set emitting;
	struct device_set driven; /* with outputs; async ones too */
	struct device_set aging;
	struct device_set mirrored; /* async devices, as the cycle sees them */

	struct heartbeat *heartbeat;
	struct watchdog watchdog;
	struct overrun_limit overrun_limit;

	int pacer_kind; /* enum pacer_kind; what was asked for, where it is to be had */
	struct err pacer_note; /* why it is another one; "": it is not */
	struct pacer pacer;
	struct poller poller;
	struct grid grid;
	struct stats stats;
	struct step
		*step; /* borrowed; the logic, given before the loop begins; NULL: none */
	struct peaks peaks;
	struct blame blame;	  /* of the cycle that runs */
	struct overruns overruns; /* to the supervisor */
	struct orders orders;	  /* of people, from the supervisor */
	bool lays_inputs;	  /* some are forced, or were until now */
	struct counter forced;	  /* channels that are, now */
	struct view view; /* of the image, for the supervisor; zeroed: none is made */
	struct sampled sample_times; /* channels whose age the logic asks for */
	struct state state; /* of the logic; its parts are added before the loop begins */
	struct seal seal;   /* of the thread; read by the supervisor */
	struct thread thread;
	bool any_lost;
	uint64_t mail_seen;
	uint64_t cycle;	   /* cycles run */
	int64_t record_ns; /* of the cycle before */

	_Atomic uint64_t mail; /* links offered so far */
	_Atomic bool is_asked_to_stop;
	_Atomic int end;       /* enum loop_end */
	_Atomic int thread_id; /* gettid(), 0 before it runs */
	int64_t ended_ns;      /* when its last cycle was over; valid once it has ended */
	struct loop_usage usage; /* likewise */
	struct err err;
};

/**
 * loop_init - memory, seats, poller; the devices are initialised and the image is sealed.
 *
 * -ENOMEM, -EMFILE with @err filled; loop_fini() is right after a failure too. [init]
 */
int loop_init(struct loop *loop, const struct loop_options *options,
	      struct device *devices, unsigned device_count, struct recorder *recorder,
	      struct err *err) MUST_CHECK;
void loop_fini(struct loop *loop);

/**
 * loop_start - start the cycle thread, real-time where that is allowed, and otherwise
 * without; what came of it is noted in @realtime. Lanes of async devices are started
 * before.
 *
 * -EINVAL for a CPU that is not there, -EAGAIN, -ENOMEM with @err filled; nothing runs,
 * then. [init]
 */
int loop_start(struct loop *loop, struct realtime *realtime, struct err *err) MUST_CHECK;

/** loop_equip - the memory that a link takes beyond its own where it is going; before it is offered; -ENOMEM.
 * [super] */
int loop_equip(struct loop *loop, unsigned device_index,
	       struct poll_link *link) MUST_CHECK;

/** loop_ask_stop - end after the current cycle, also out of a long sleep. [super] */
void loop_ask_stop(struct loop *loop);

/** loop_join - wait until the cycle thread, and then the lanes, have ended. A thread that hangs is left where it is:
 * from then on the process can only be ended. [super] */
void loop_join(struct loop *loop);

/** loop_offer - leave a link for a device. [super] */
void loop_offer(struct loop *loop, unsigned device_index, struct poll_link *link);

/** loop_has_offer - whether the last link offered is still to be taken. [super] */
bool loop_has_offer(struct loop *loop, unsigned device_index);

/** loop_take_back - all links given back, by next_given_back; NULL where there are none. [super] */
struct poll_link *loop_take_back(struct loop *loop, unsigned device_index);

/** loop_keep - put one of them back: it is not to be closed before the end. [super] */
void loop_keep(struct loop *loop, unsigned device_index, struct poll_link *link);

/**
 * loop_may_be_rescued - whether the watchdog may be writing to a link that the thread has given back.
 *
 * It claims the outputs first, and looks for links afterwards. The thread takes a link out of sight first, and
 * gives it back afterwards, which is when this is asked. All of that is in one order for all of them: either the watchdog
 * does not see the link, or its claim is seen here. [super]
 */
bool loop_may_be_rescued(const struct loop *loop);

/** loop_worker - the device that the driver's calls are made on: itself, or the async
 * worker. [super] */
struct device *loop_worker(struct loop *loop, unsigned device_index);

/** loop_reads_in_wait - whether what is timed as latency is a wake-up and the reading of devices. [any] */
bool loop_reads_in_wait(const struct loop *loop) RT_SAFE;

/** loop_state - LOOP_RUNS, or how it ended. [any] */
enum loop_end loop_state(const struct loop *loop) RT_SAFE;

#endif
