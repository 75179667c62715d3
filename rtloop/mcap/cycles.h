/*
 * Whether a log holds every cycle of its run, once and in order: in /cycle, or inside a
 * gap of /gap.
 */
#ifndef RTLOOP_MCAP_CYCLES_H
#define RTLOOP_MCAP_CYCLES_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/* All zero: nothing taken yet. */
struct mcap_cycles {
	uint64_t runs;	/* that were begun: each counts its cycles from 0 */
	uint64_t first; /* of the first run: files before the oldest may be gone */
	uint64_t next;	/* expected */
	uint64_t logged;
	uint64_t in_gaps;
	uint64_t gaps;
	uint64_t missing; /* in neither */
	bool is_at_file_start;
};

/* What was found out by taking one cycle or one gap. */
enum mcap_cycles_verdict {
	MCAP_CYCLES_GOOD,
	MCAP_CYCLES_MISSING, /* those between the one before and this one are not there */
	MCAP_CYCLES_REPEATED, /* it was there before, or is out of order; of a gap its new part is counted */
	MCAP_CYCLES_NONSENSE, /* a gap that ends before it begins; not counted */
};

/**
 * mcap_cycles_begin_file - a further file: cycle 0 at its start begins a new run. [any
 * but rt]
 */
void mcap_cycles_begin_file(struct mcap_cycles *cycles);

/** mcap_cycles_take - a cycle of /cycle. [any but rt] */
enum mcap_cycles_verdict mcap_cycles_take(struct mcap_cycles *cycles, uint64_t cycle);

/** mcap_cycles_take_gap - a gap of /gap, both ends inclusive. [any but rt] */
enum mcap_cycles_verdict mcap_cycles_take_gap(struct mcap_cycles *cycles, uint64_t first,
					      uint64_t last);

#endif
