/* The arguments of a call, from where they are collected to where they are checked. Private to call_*.c. */
#ifndef RTLOOP_PROGRAM_CALL_H
#define RTLOOP_PROGRAM_CALL_H

#include "rtloop/program/compiler.h"

/* In the order of the params; a point is two of them. */
struct arguments {
	struct operand list[FUNCTION_REPEATS_MAX];
	unsigned count;
};

/** call_check_argument - one of them, by its kind; an integer is widened where a float is wanted. [init] */
void call_check_argument(struct compiler *compiler, const struct function *function,
			 unsigned param, struct operand *operand);

/** call_unify - those that become one type. Returns which; TYPE_FLOAT where there are none. [init] */
enum program_type call_unify(struct compiler *compiler, const struct function *function,
			     struct arguments *arguments);

/** call_check_brackets - points are written as [x, y]. [init] */
void call_check_brackets(struct compiler *compiler, const struct function *function,
			 const struct arguments *arguments);

/** call_check_points - they are constant, and their x rises. [init] */
void call_check_points(struct compiler *compiler, const struct function *function,
		       const struct arguments *arguments);

#endif
