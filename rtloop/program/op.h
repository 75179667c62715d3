/*
 * Operations: what a program is made of once it is compiled. Each is one small function on slots.
 * Private to rtloop/program.
 */
#ifndef RTLOOP_PROGRAM_OP_H
#define RTLOOP_PROGRAM_OP_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"

/*
 * What a slot's value is worth, as bits, so that the worth of a result is the OR of what it was made
 * from. Trouble travels with the value, and is counted where a statement assigns it: what is
 * computed but not chosen does no harm.
 */
#define WORTH_GOOD     UINT64_C(0)
#define WORTH_STALE    UINT64_C(1)
#define WORTH_BAD      UINT64_C(2)
#define WORTH_QUALITY  UINT64_C(3)
#define WORTH_DIVISION UINT64_C(4) /* 1 << (2 + enum trouble) */
#define WORTH_OVERFLOW UINT64_C(8)
#define WORTH_INVALID  UINT64_C(16)
#define WORTH_RANGE    UINT64_C(32)
#define WORTH_TROUBLE  UINT64_C(60)

/* A bool is an integer of 0 or 1. A float is never an infinity or not a number. */
struct slot {
	union {
		int64_t i;
		double f;
		uint64_t bits;
	};
	uint64_t worth;
};

struct insn;

/* What operations work on. */
struct frame {
	struct slot *slots;
	uint64_t *words;		 /* state of the blocks */
	const uint16_t *operands;	 /* slots of those that have more than three */
	struct channel *const *channels; /* one a symbol */
	int64_t release_ns;
	int64_t dt_ns;
	double dt_s; /* the same, rounded to the nearest double */
};

/* program_note - a statement's value was touched by trouble. [rt] */
void program_note(struct frame *frame, const struct insn *insn, uint64_t trouble) RT_SAFE;

typedef void op_run(struct frame *frame, const struct insn *insn) RT_SAFE;

struct insn {
	op_run *run;
	uint32_t word; /* first of its state; or the symbol; or the line of a statement */
	uint32_t first; /* of its operands in frame->operands */
	uint16_t dst;	/* slots; of several results the first */
	uint16_t a;
	uint16_t b;
	uint16_t c;
	uint16_t count; /* of its operands in frame->operands */
	uint16_t op;	/* its row in the table of operations */
};

/* Begins the definition of one; ops.h has declared it RT_SAFE. */
#define OP(name) void name(struct frame *frame, const struct insn *insn)

#define DST (&frame->slots[insn->dst])
#define A   (&frame->slots[insn->a])
#define B   (&frame->slots[insn->b])
#define C   (&frame->slots[insn->c])

/* The n-th operand of a block. */
#define ARG(n) (&frame->slots[frame->operands[insn->first + (n)]])

/* The n-th word of its state. */
#define WORD(n) (frame->words[insn->word + (n)])

#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)

static inline void put_int(struct slot *slot, int64_t value, uint64_t worth)
{
	slot->i = value;
	slot->worth = worth;
}

/* What a float must not be becomes what it may be. */
static inline void put_float(struct slot *slot, double value, uint64_t worth)
{
	if (UNLIKELY(!(value >= -DBL_MAX && value <= DBL_MAX))) {
		if (value != value) {
			value = 0.0;
			worth |= WORTH_BAD | WORTH_INVALID;
		} else {
			value = value > 0.0 ? DBL_MAX : -DBL_MAX;
			worth |= WORTH_OVERFLOW;
		}
	}
	slot->f = value;
	slot->worth = worth;
}

static inline bool is_good(uint64_t worth)
{
	return (worth & WORTH_QUALITY) == 0;
}

static inline double word_float(uint64_t word)
{
	double value;

	__builtin_memcpy(&value, &word, sizeof(value));
	return value;
}

static inline uint64_t float_word(double value)
{
	uint64_t word;

	__builtin_memcpy(&word, &value, sizeof(word));
	return word;
}

#endif
