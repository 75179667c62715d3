/*
 * The heartbeat of a loop: what others need to know to tell whether it lives, and to agree on who leaves
 * the outputs safe when it does not. It lies in a page of its own, which a process that was forked from this one
 * shares and can still read when this one has died.
 *
 * The cycle says one thing, once a cycle and by one store: until when it may be silent without anything being
 * wrong. That is the next release, or now where that has passed already. So a limit means the same for a
 * period of 100 us and for one of a minute.
 */
#ifndef RTLOOP_BASE_HEARTBEAT_H
#define RTLOOP_BASE_HEARTBEAT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"

enum heartbeat_state {
	HEARTBEAT_STARTING, /* there is no beat yet */
	HEARTBEAT_RUNNING,
	HEARTBEAT_ENDING, /* the last cycle is over, and the outputs are being left safe */
	HEARTBEAT_ENDED, /* nothing drives the outputs any more; there is no beat any more */
};

/* What is known of the outputs of the cycle's lane. */
enum heartbeat_outputs {
	HEARTBEAT_OUTPUTS_UNTOUCHED, /* nothing was driven yet */
	HEARTBEAT_OUTPUTS_DRIVEN,    /* they are what the logic says */
	HEARTBEAT_OUTPUTS_SAFE,	     /* they were left at their safe values */
	HEARTBEAT_OUTPUTS_UNSAFE,    /* not all of them could be */
};

/* Who leaves the outputs safe. A later one takes this over from an earlier one that has stopped. */
enum heartbeat_owner {
	HEARTBEAT_NOBODY,   /* the cycle drives them */
	HEARTBEAT_CYCLE,    /* the cycle thread, at its own end */
	HEARTBEAT_WATCHDOG, /* the watchdog thread: the cycle thread has stopped */
	HEARTBEAT_GUARDIAN, /* the guardian process: all of the process has */
	HEARTBEAT_SETTLED, /* nobody any more: the cycle thread has done it, and has ended */
};

struct heartbeat {
	/* the cycle's line */
	_Atomic int64_t due_ns; /* it may be silent until then, CLOCK_MONOTONIC */

	/* what changes a few times in a run */
	_Alignas(APART_BYTES)
		int64_t limit_ns; /* silent for longer than this after due_ns: it has
						   stopped; 0: nobody judges. Set before it starts */
	_Atomic int state;	  /* enum heartbeat_state */
	_Atomic int outputs;	  /* enum heartbeat_outputs */
	_Atomic int owner;	  /* enum heartbeat_owner */
};

/** heartbeat_create - in a page that is shared with all processes forked later. -ENOMEM. [init] */
int heartbeat_create(struct heartbeat **ret_heartbeat) MUST_CHECK;

/** heartbeat_destroy - NULL is a no-op; for this process only. [init] */
void heartbeat_destroy(struct heartbeat *heartbeat);

/** heartbeat_beat - alive; not to be heard of again before @due_ns. [rt] */
static inline RT_SAFE void heartbeat_beat(struct heartbeat *heartbeat, int64_t due_ns)
{
	/* pairs with the acquire in heartbeat_due_ns(): what the cycle did before is seen */
	atomic_store_explicit(&heartbeat->due_ns, due_ns, memory_order_release);
}

/** heartbeat_due_ns - what the last beat said. [any] */
static inline RT_SAFE int64_t heartbeat_due_ns(const struct heartbeat *heartbeat)
{
	return atomic_load_explicit(&heartbeat->due_ns, memory_order_acquire);
}

/** heartbeat_is_judged - whether silence means anything now: it is running or ending, and has a limit. [any] */
bool heartbeat_is_judged(const struct heartbeat *heartbeat) RT_SAFE;

/**
 * heartbeat_is_overdue - whether it has been silent for longer than its limit.
 *
 * One who was stopped together with it, and looks as soon as both go on, must not believe this. [any]
 */
bool heartbeat_is_overdue(const struct heartbeat *heartbeat, int64_t now_ns) RT_SAFE;

/** heartbeat_enter - the next state. [rt] by the cycle thread, or by who has claimed the outputs */
void heartbeat_enter(struct heartbeat *heartbeat, enum heartbeat_state state) RT_SAFE;
enum heartbeat_state heartbeat_state(const struct heartbeat *heartbeat) RT_SAFE;

/** heartbeat_note_outputs - what the outputs are now. [rt] by the cycle thread, or by who has claimed them */
void heartbeat_note_outputs(struct heartbeat *heartbeat,
			    enum heartbeat_outputs outputs) RT_SAFE;
enum heartbeat_outputs heartbeat_outputs(const struct heartbeat *heartbeat) RT_SAFE;

/**
 * heartbeat_claim - become the one who leaves the outputs safe.
 *
 * False where another one is it, whom @owner may not relieve: at any time there is one at most. Whoever drives
 * outputs and sees that they are claimed drives them no more. [any]
 */
bool heartbeat_claim(struct heartbeat *heartbeat, enum heartbeat_owner owner) RT_SAFE;

/**
 * heartbeat_settle - the cycle thread has left the outputs safe: nobody can claim them any more, and the state
 * is HEARTBEAT_ENDED.
 *
 * False where somebody has relieved it meanwhile. [rt] the cycle thread, or the supervisor in its place
 */
bool heartbeat_settle(struct heartbeat *heartbeat) RT_SAFE;

/** heartbeat_owner - who that is. [any] */
static inline RT_SAFE enum heartbeat_owner
heartbeat_owner(const struct heartbeat *heartbeat)
{
	/* in one order with the exchange in heartbeat_claim(): see loop_may_be_rescued() */
	return (enum heartbeat_owner)atomic_load(&heartbeat->owner);
}

#endif
