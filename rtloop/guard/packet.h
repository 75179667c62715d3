/*
 * What a guardian is told and asked: one packet each way, by its run over a pair of sockets, and by whoever
 * connects to its socket. Both ends are this program, though perhaps not of the same version.
 */
#ifndef RTLOOP_GUARD_PACKET_H
#define RTLOOP_GUARD_PACKET_H

#include <stdint.h>
#include <sys/un.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/guarded.h"

#define GUARD_PATH_BYTES sizeof(((struct sockaddr_un *)0)->sun_path)

/* Packets of another layout have another number. */
#define GUARD_VERSION UINT32_C(0x47520001)

enum guard_word {
	/* from its run; each is answered by OK or NO */
	GUARD_HOLD, /* guarded, slot and a descriptor: hold this; what the slot held before is let go of */
	GUARD_DROP,   /* slot: let go of it */
	GUARD_LISTEN, /* path and a descriptor that listens there: answer who connects */
	GUARD_FEED, /* a descriptor of a hardware watchdog, and its time-out as value, s: feed it */
	GUARD_END, /* the run is over in order; value: 0 the outputs are safe, 1 they may not be */

	/* from whoever connects */
	GUARD_ASK, /* answered by STATE */
	GUARD_ASK_HELD, /* slot: the n-th that is held; answered by HELD with its descriptor, or NO */
	GUARD_ASK_WATCHDOG, /* answered by WATCHDOG with its descriptor, or NO */
	GUARD_LET_GO, /* of all, and end; answered by OK, or NO while the run is there */

	/* answers */
	GUARD_OK,
	GUARD_NO,	/* value: why, -errno */
	GUARD_STATE,	/* state */
	GUARD_HELD,	/* guarded */
	GUARD_WATCHDOG, /* value: its time-out, s */
};

enum guard_phase {
	GUARD_WATCHES, /* the run is there */
	GUARD_ACTS,    /* it was ended; what is left of it is not gone yet */
	GUARD_HOLDS,   /* it is gone; the lines are at their safe values */
};

enum guard_cause {
	GUARD_CAUSE_NONE,
	GUARD_CAUSE_DEATH,   /* the run died */
	GUARD_CAUSE_SILENCE, /* its cycle stopped */
};

/* How a guardian stands. Times are CLOCK_MONOTONIC, ns, where nothing else is said. */
struct guard_state {
	int32_t guardian_pid;
	int32_t run_pid;
	int32_t phase;	  /* enum guard_phase */
	int32_t cause;	  /* enum guard_cause */
	int32_t priority; /* of SCHED_FIFO; 0: it has an ordinary one */
	int32_t is_locked;
	int32_t requests; /* held */
	int32_t lines;	  /* driven lines of them */
	int32_t failed; /* requests whose safe values could not be written; 0 before it acts */
	int32_t watchdog_s; /* time-out of the hardware watchdog; 0: it has none */
	int32_t is_fed;
	int32_t reserved;
	int64_t limit_ns;
	int64_t silent_ns; /* how long the cycle had been overdue when it acted */
	int64_t took_ns;   /* from then until the safe values were written */
	int64_t acted_realtime_ns;
};

struct guard_packet {
	uint32_t version;
	uint32_t word; /* enum guard_word */
	uint32_t slot;
	int32_t value;
	union {
		struct guarded guarded;
		struct guard_state state;
		char path[GUARD_PATH_BYTES];
	};
};

/** guard_packet - of a word; all else is 0. [any] */
struct guard_packet guard_packet(enum guard_word word);

/**
 * packet_send - one packet, with a descriptor or (-1) none; never waits.
 *
 * -EAGAIN where there is no room, -EPIPE where nobody is left, and what sendmsg(2) says. [any but rt]
 */
int packet_send(int fd, const struct guard_packet *packet, int with_fd) MUST_CHECK;

/**
 * packet_receive - one packet; never waits.
 * @ret_fd: the descriptor that came with it, close-on-exec; -1: none
 *
 * -EAGAIN: there is none; -EPIPE: the other end is gone; -EPROTO: it was no packet, or one of another version.
 * [any but rt]
 */
int packet_receive(int fd, struct guard_packet *ret_packet, int *ret_fd) MUST_CHECK;

/**
 * packet_exchange - send one, and wait for the answer.
 * @limit_ns: how long
 *
 * -ETIMEDOUT, or as above; and what a GUARD_NO says. [any but rt]
 */
int packet_exchange(int fd, const struct guard_packet *packet, int with_fd,
		    int64_t limit_ns, struct guard_packet *ret_answer,
		    int *ret_fd) MUST_CHECK;

#endif
