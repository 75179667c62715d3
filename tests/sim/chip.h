/* A GPIO chip: two lines that something outside drives, one that the program drives, and the kernel's request of them. */
#ifndef TESTS_SIM_CHIP_H
#define TESTS_SIM_CHIP_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/peer.h"

/* Lines by their offset. */
enum chip_line { CHIP_LEVEL, CHIP_COUNT, CHIP_OUT, CHIP_LINES };

/* Edges that the kernel keeps for a request. */
#define CHIP_EDGES 32

struct chip_edge {
	int64_t time_ns;
	uint32_t number;      /* of the request, from 1 on */
	uint32_t line_number; /* of the line */
	bool is_rising;
};

struct chip {
	struct world_actor toggler;
	struct peer *peer;
	bool levels[CHIP_LINES];
	bool is_requested;
	uint64_t requests; /* which of them is in force: an older one is of no use */
	struct chip_edge edges[CHIP_EDGES];
	unsigned first;
	unsigned count;
	uint32_t numbered; /* edges in this request */
	uint32_t newest;   /* of those that the program has read */
	int64_t before;	   /* edges that it knew of from earlier requests */
	int error;	   /* what the next call says, once */

	/* as the program saw and drove it last */
	bool has_sampled;
	bool sampled;
	bool has_failed; /* the last call to drive it did, or it was not called yet */
};

/** chip_begin - of a device's peer. */
void chip_begin(struct chip *chip, struct peer *peer);

/** chip_of - a peer's. */
struct chip *chip_of(const struct peer *peer);

/** chip_do - as peer_do(), of what is a chip's own. */
bool chip_do(struct chip *chip, enum peer_fault fault);

/** chip_request - the lines are the program's; the one that it drives at @out. Returns the request's number. */
uint64_t chip_request(struct chip *chip, bool out);

/** chip_release - nobody drives the line any more. */
void chip_release(struct chip *chip);

/** chip_count - of edges, as the program must have it. */
int64_t chip_count(const struct chip *chip);

#endif
