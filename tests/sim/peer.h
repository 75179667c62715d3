/*
 * What is at the other end of a device: it is there or not, talks or answers, is told something, and can do wrong
 * whatever a device does wrong. It remembers what it has said, so that what the program makes of it can be judged.
 */
#ifndef TESTS_SIM_PEER_H
#define TESTS_SIM_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/plan.h"
#include "tests/sim/wire.h"
#include "tests/sim/world.h"

#define PEER_WIRES_MAX 4

/* What a peer does wrong. */
enum peer_fault {
	PEER_VANISHES, /* and comes back after a time */
	PEER_ENDS, /* closes the connection, or resets it, and can be had again at once */
	PEER_FLOODS,
	PEER_GARBAGE,
	PEER_ENDLESS,  /* a frame without an end */
	PEER_CORRUPTS, /* the next frame has a wrong byte, or none */
	PEER_NONSENSE, /* the next frame is whole and says no number */
	PEER_SILENT,   /* for a time */
	PEER_DEAF,     /* it takes nothing for a time, or only a few bytes */
	PEER_ERROR,    /* the next read says so */
	PEER_SLOW,     /* opening and closing takes long, from now on */
	PEER_FAULTS,
};

struct peer;

/* One connection. */
struct peer_line {
	struct wire wire;
	struct peer *peer;
	bool is_used;	 /* a program's descriptor is, or is to be, at its end */
	uint64_t number; /* of the connection */
	char heard[64];	 /* a line that is not whole yet */
	unsigned heard_bytes;
	unsigned lines; /* told on this connection */
	double last;	/* what it was told to drive last; valid if @driven > 0 */
	unsigned driven;
	bool is_half;  /* half a frame is out */
	char half[64]; /* the rest of it */
	unsigned half_bytes;
	uint32_t half_number;
	enum mark_kind half_kind;
	bool is_after_mess; /* the next frame may fall to what came before it */
};

struct peer {
	struct world_actor speaker;
	struct world_actor returner;
	struct world_actor drainer;
	const struct plan_device *plan;
	unsigned index; /* of the device */
	bool is_there;
	int away_code;	  /* what opening says while it is not */
	int64_t there_ns; /* since when */
	int64_t silent_until_ns;
	int64_t deaf_until_ns;
	int64_t open_ns;  /* opening takes so long */
	int64_t close_ns; /* and closing */
	uint32_t number;  /* the last one that was said */
	uint32_t flood;	  /* frames still to come of one */
	enum mark_kind next_kind;
	struct peer_line lines[PEER_WIRES_MAX];
	uint64_t connections;
	bool is_listened_to; /* a server: the program takes connections */
	unsigned backlog;    /* and so many wait */
};

/** peer_begin - one for a device, at @now_ns. */
void peer_begin(struct peer *peer, const struct plan_device *plan, unsigned index);

/** peer_do - from now on, or now, it does this wrong. False: it cannot. */
bool peer_do(struct peer *peer, enum peer_fault fault);

/** peer_mend - all is right again from now on. */
void peer_mend(struct peer *peer);

/** peer_connect - a line for a program that has come; NULL: it is not there. */
struct peer_line *peer_connect(struct peer *peer);

/** peer_call - a client comes to the program, which is a server. */
struct peer_line *peer_call(struct peer *peer);

/** peer_hang_up - the program has closed its end. */
void peer_hang_up(struct peer_line *line);

/** peer_line_of - that is in use; NULL: none. */
struct peer_line *peer_line_of(struct peer *peer);

#endif
