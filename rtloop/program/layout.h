/* A compiled program's memory. Private to rtloop/program. */
#ifndef RTLOOP_PROGRAM_LAYOUT_H
#define RTLOOP_PROGRAM_LAYOUT_H

#include "rtloop/program/ops.h"
#include "rtloop/program/program.h"

/* What becomes of a symbol in a program. */
struct program_use {
	uint16_t slot; /* of a var, or of an output that is written */
	bool has_slot;
	bool is_read;
	bool is_written;
	bool is_bool;
	union value initial;
	bool has_initial;
};

struct program {
	struct frame frame;
	struct insn *insns; /* loads, statements, stores */
	unsigned insn_count;
	uint16_t *operands;
	struct slot *
		slots; /* constants, inputs, temporaries, state; the blocks' words behind them */
	unsigned state_at; /* the first slot of the state */
	size_t bytes;	   /* of slots and words */
	struct program_use *uses;
	struct channel **channels;
	unsigned symbol_count;
	unsigned operation_count;
	unsigned trouble_line; /* of this step; 0: none */
	uint64_t hash;
	struct program_trouble trouble[TROUBLE_KINDS];
};

#endif
