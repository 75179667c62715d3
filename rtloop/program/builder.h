/*
 * A program as it grows: constants, operations, state. What is made of constants alone is computed here,
 * once, by the operation itself. Private to rtloop/program.
 */
#ifndef RTLOOP_PROGRAM_BUILDER_H
#define RTLOOP_PROGRAM_BUILDER_H

#include "rtloop/program/function.h"
#include "rtloop/program/ops.h"
#include "rtloop/program/program.h"

/*
 * Until the program is whole it is not known where a slot will lie: its number has its region in the upper
 * bits. Regions follow each other in this order; the state is the last one and what comes behind.
 */
enum region { REGION_CONST, REGION_INPUT, REGION_TEMP, REGION_VAR, REGION_COUNT };

#define REGION_SHIFT	 14
#define REGION_SLOTS_MAX (1u << REGION_SHIFT)

static inline enum region region_of(uint16_t slot)
{
	return (enum region)(slot >> REGION_SHIFT);
}

static inline bool slot_is_const(uint16_t slot)
{
	return region_of(slot) == REGION_CONST;
}

/* A list that grows. */
struct list {
	void *items; /* owned */
	unsigned count;
	unsigned room;
};

struct builder {
	struct list consts;   /* struct slot */
	struct list insns;    /* struct insn; their runs are not set yet */
	struct list loads;    /* the same: they come first */
	struct list operands; /* uint16_t */
	unsigned temps;	      /* of the statement so far */
	unsigned temps_max;
	unsigned inputs;
	unsigned vars;
	size_t words;
	size_t weight; /* operations, those that loop counted for more */
	bool is_out_of_memory;
	bool is_too_large;
	uint64_t trouble; /* that constants have met with since it was last looked at */
};

void builder_init(struct builder *builder);
void builder_fini(struct builder *builder);

/** builder_const - the slot of a constant. [init] */
uint16_t builder_const(struct builder *builder, struct slot value);

/** builder_slot - a new slot of a region; of a var or an input for good. [init] */
uint16_t builder_slot(struct builder *builder, enum region region);

/** builder_begin_statement - temporary slots are free again. [init] */
void builder_begin_statement(struct builder *builder);

/** builder_op - an operation of up to three operands; its result's slot. [init] */
uint16_t builder_op(struct builder *builder, enum op_number op, uint16_t a, uint16_t b,
		    uint16_t c);

/* An operation with a list of operands. */
struct builder_call {
	enum op_number op;
	const uint16_t *operands;
	unsigned count;
	unsigned results;
	size_t words;
	bool is_stateful;
	unsigned weight; /* operations that it counts for */
};

/** builder_call - the slot of its first result; further ones follow it. [init] */
uint16_t builder_call(struct builder *builder, const struct builder_call *call);

/** builder_load - read a symbol's channel at the beginning; its slot. [init] */
uint16_t builder_load(struct builder *builder, enum op_number op, unsigned symbol);

/** builder_load_into - the same, into a slot that there is. [init] */
void builder_load_into(struct builder *builder, enum op_number op, unsigned symbol,
		       uint16_t slot);

/** builder_insn - append an operation as it is. [init] */
void builder_insn(struct builder *builder, const struct insn *insn);

/** builder_value - of a constant. [init] */
struct slot builder_value(const struct builder *builder, uint16_t slot);

#endif
