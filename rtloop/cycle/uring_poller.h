/*
 * The parts of the poller uring: what is armed (poller_uring_arm.c), what completed (poller_uring.c), and
 * what devices wrote (poller_uring_out.c). All of it belongs to the one thread that polls.
 */
#ifndef RTLOOP_CYCLE_URING_POLLER_H
#define RTLOOP_CYCLE_URING_POLLER_H

#include "drivers/outbox.h"
#include "rtloop/base/uring.h"
#include "rtloop/cycle/poller.h"
#include "rtloop/cycle/uring_slot.h"

#ifdef HAVE_IO_URING

#define URING_PLACES	 4096 /* endpoints at a time */
#define URING_LETTERS	 1024 /* writes of one cycle that leave in one call */
#define URING_SQ_ENTRIES 2048
#define URING_CQ_ENTRIES 16384

/* What is cancelled completes in the call that cancels it; more would be the kernel's error. */
#define URING_CANCEL_TRIES 16

/* What a completion is of: the upper half of its user_data. */
enum uring_kind {
	URING_OF_SLOT, /* place and generation */
	URING_OF_LETTER,
	URING_OF_NOTHING, /* a cancellation: what it cancelled completes by itself */
};

struct uring_letter {
	struct device *device; /* borrowed; NULL: nobody waits for it any more */
	uint32_t tag;
	uint16_t next_free;
	bool is_out; /* the kernel has it, or will have */
};

struct uring_poller {
	struct uring ring;
	struct outbox outbox;
	bool is_paced; /* the pacer's wait takes along what is queued, and brings what arrived */

	struct uring_slot *places[URING_PLACES];
	uint32_t generations
		[URING_PLACES]; /* a completion of an earlier one is nobody's */
	unsigned place_next;
	struct uring_slot *first_listed, *last_listed; /* those that have something */
	unsigned listed_count;
	struct uring_slot *to_read[URING_PLACES]; /* URING_READ to be armed */
	unsigned to_read_count;

	struct uring_letter letters[URING_LETTERS];
	uint16_t first_free;
	unsigned queued; /* letters that the kernel has not got */
	unsigned out;	 /* letters of which the kernel has not told, those included */
};

static inline uint64_t uring_tag(enum uring_kind kind, uint32_t generation,
				 uint32_t index)
{
	return (uint64_t)kind << 56 | (uint64_t)(generation & 0xffffff) << 32 | index;
}

/** uring_reap - read all completions: hold what arrived, tell what became of letters. [rt] */
void uring_reap(struct uring_poller *up) RT_SAFE;

/** uring_run - submit what waits, take what has arrived, and read the completions. [rt] */
void uring_run(struct uring_poller *up) RT_SAFE;

/** uring_list - a slot has something to be handed over, or to be armed. [rt] */
void uring_list(struct uring_poller *up, struct uring_slot *us) RT_SAFE;

/* poller_uring_arm.c */
int uring_attach(struct poller *poller, struct poll_link *link) RT_SAFE;
void uring_detach(struct poller *poller, struct poll_slot *slot) RT_SAFE;

/** uring_cancel - ask for the end of what was submitted as @tag; uring_run() brings it. [rt] */
void uring_cancel(struct uring_poller *up, uint64_t tag) RT_SAFE;

/** uring_arm - what a slot receives by is armed again, as soon as possible. [rt] */
void uring_arm(struct uring_poller *up, struct uring_slot *us) RT_SAFE;

/** uring_arm_reads - arm those that take a moment without O_NONBLOCK. [rt] */
void uring_arm_reads(struct uring_poller *up) RT_SAFE;

/* poller_uring_out.c */
void uring_letters_init(struct uring_poller *up);

/** uring_letter_done - tell its device. [rt] */
void uring_letter_done(struct uring_poller *up, uint32_t index, int result) RT_SAFE;

/** uring_letters_recall - of all that were submitted: what has not left by now never will, as if there had been no
 * room, and is told of. [rt] */
void uring_letters_recall(struct uring_poller *up) RT_SAFE;

/** uring_letters_forget - a device is lost: what it queued does not leave, and nobody is told. [rt] */
void uring_letters_forget(struct uring_poller *up, const struct device *device) RT_SAFE;

#endif

#endif
