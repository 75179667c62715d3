/*
 * Functions and blocks: one table, from which calls are checked, and help and docs/program.md are made.
 */
#ifndef RTLOOP_PROGRAM_FUNCTION_H
#define RTLOOP_PROGRAM_FUNCTION_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/program/program.h"

/* What an argument takes, and what a result is. */
enum kind {
	KIND_BOOL,
	KIND_INT,
	KIND_FLOAT, /* an integer is widened */
	KIND_TIME,
	KIND_NUMBER,  /* integer or float; all such arguments of a call become one type */
	KIND_ORDERED, /* or duration; likewise */
	KIND_ANY,     /* any type; likewise */
	KIND_VALUE,   /* any type, whatever the others are */
	KIND_COUNT,   /* a constant integer, 1 to FUNCTION_COUNT_MAX */
	KIND_INPUT,   /* the name of an input channel */
	KIND_POINT,   /* [x, y]: two constants; x rises from point to point */
	KIND_SAME     /* of a result: what the arguments became */
};

#define FUNCTION_COUNT_MAX   1000
#define FUNCTION_ARGS_MAX    10	 /* of those without repeats */
#define FUNCTION_REPEATS_MAX 128 /* operands of those with */
#define FUNCTION_RESULTS_MAX 3

struct param {
	const char *name; /* NULL: no more */
	enum kind kind;
	bool is_optional;
	uint8_t same_as; /* optional: takes that argument's value, from 1; 0: @fallback */
	double fallback;
};

struct result {
	const char *name; /* NULL: no more */
	enum kind kind;
};

struct function {
	const char *name;
	const char *group;   /* heading in the reference */
	const char *summary; /* one sentence without a full stop */
	struct param params[FUNCTION_ARGS_MAX + 1];
	unsigned
		repeats_from; /* the last param repeats: least operands of the call; 0: it does not */
	struct result
		results[FUNCTION_RESULTS_MAX + 1]; /* the first is the call's value */
	uint16_t words;	  /* of state; with KIND_COUNT one more for each of the count */
	bool is_stateful; /* never folded: state, time or a channel is in it */
	uint16_t op;	  /* enum op_number */
	uint16_t
		op_int; /* where the arguments became integers or durations; OP_NONE: the same */
};

/** function_find - NULL where there is none. @name: in lower case. [init] */
const struct function *function_find(const char *name);

/** function_at - the index-th in the order of the reference; NULL past the last. [init] */
const struct function *function_at(unsigned index);

/** function_params - how many it has. [init] */
unsigned function_params(const struct function *function);

/** function_kind_name - "a bool", "a number": what an argument takes. [init] */
const char *function_kind_name(enum kind kind);

#endif
