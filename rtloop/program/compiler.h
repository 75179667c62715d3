/*
 * The compiler's own state, shared by its parts. Private to rtloop/program.
 *
 *   compiler.c    words, errors, names
 *   statement.c   target := expression, and what follows from all of them
 *   expression.c  operands and operators in turns, on two stacks; nothing recurses
 *   operator.c    types and operations of operators
 *   call.c        the arguments of a call, as they are read; call_check.c, whether they are right;
 *                 call_close.c, what the call becomes
 */
#ifndef RTLOOP_PROGRAM_COMPILER_H
#define RTLOOP_PROGRAM_COMPILER_H

#include "rtloop/program/builder.h"
#include "rtloop/program/function.h"
#include "rtloop/program/lexer.h"
#include "rtloop/program/program.h"

#define OPERANDS_MAX 256
#define PENDING_MAX  64
#define BINDINGS_MAX 32

#define NO_SYMBOL UINT32_MAX

/* A place in the text. */
struct span {
	size_t offset;
	size_t end;
};

/* A value that waits for its operator or its call. */
struct operand {
	uint16_t slot;
	enum program_type type;
	struct span span;
	uint32_t symbol; /* where it is one, alone */
	unsigned
		param; /* of the call that it is an argument of, from 1; 0: not known yet */
	bool is_in_point;
};

enum pending_kind {
	/* ended by the next operator of lower precedence */
	PENDING_UNARY,
	PENDING_BINARY,
	PENDING_ELSE,
	/* ended by a word of their own */
	PENDING_IF,
	PENDING_THEN,
	PENDING_PAREN,
	PENDING_CALL,
	PENDING_POINT
};

#define PARAM_NONE UINT32_MAX /* what stands there is no argument, but takes a result */

/* What waits for the operands behind it. */
struct pending {
	enum pending_kind kind;
	enum token_kind token;
	unsigned precedence;
	struct span span;
	unsigned first_operand;

	/* of a call */
	const struct function *function;
	unsigned first_binding;
	unsigned positional; /* arguments without a name so far */
	unsigned param;	     /* of the argument that is being read */
	bool has_named;
	bool is_empty;	     /* no argument so far */
	bool is_at_argument; /* one begins here */
};

/* et => elapsed */
struct binding {
	unsigned result;
	uint32_t symbol;
	struct span span; /* of the target */
};

struct symbol_use {
	uint16_t slot;
	bool has_slot;
	bool is_read;
	bool is_written;
	struct span read;    /* the first time */
	struct span written; /* the one time */
};

struct compiler {
	const struct program_source *source;
	struct builder builder;
	struct symbol_use *uses; /* one a symbol */
	struct lexer lexer;
	struct token token;   /* the one that is looked at */
	struct span previous; /* the one before */
	bool has_failed;      /* the statement: it is given up */
	unsigned errors;
	size_t statement_offset; /* of its first word */

	struct operand operands[OPERANDS_MAX];
	unsigned operand_count;
	struct pending pending[PENDING_MAX];
	unsigned pending_count;
	struct binding bindings[BINDINGS_MAX];
	unsigned binding_count;
};

/* --- compiler.c --- */

/** compiler_error - report a mistake, and give the statement up. [init] */
void compiler_error(struct compiler *compiler, struct span span, const char *format, ...)
	PRINTF_LIKE(3, 4);

/** compiler_advance - look at the next word. [init] */
void compiler_advance(struct compiler *compiler);

/** compiler_peek - the kind of the word behind. [init] */
enum token_kind compiler_peek(const struct compiler *compiler);

/** compiler_here - where the word is that is looked at. [init] */
struct span compiler_here(const struct compiler *compiler);

/** compiler_line - of a place, in the file. [init] */
unsigned compiler_line(const struct compiler *compiler, size_t offset);

/** compiler_find - the symbol of a name; NO_SYMBOL after an error. [init] */
uint32_t compiler_find(struct compiler *compiler, const char *name, struct span span);

/** compiler_nearest_function - and of a function's params: NULL where none is near. [init] */
const char *compiler_nearest_function(const struct compiler *compiler, const char *name);
const char *compiler_nearest_param(const struct compiler *compiler,
				   const struct function *function, const char *name);

/** compiler_type - "a bool", "an integer". [init] */
const char *compiler_type(enum program_type type);

/** compiler_load_op - that reads a channel of that type. [init] */
enum op_number compiler_load_op(enum program_type type);

/** compiler_read - the slot of a symbol's value. [init] */
uint16_t compiler_read(struct compiler *compiler, uint32_t symbol, struct span span);

/** compiler_widen - an integer as a float. [init] */
void compiler_widen(struct compiler *compiler, struct operand *operand);

/** compiler_check_constants - an error where constants have met with trouble. [init] */
void compiler_check_constants(struct compiler *compiler, struct span span);

/* --- statement.c --- */

/** statement_assign - an operand to a target; an error where that cannot be. [init] */
void statement_assign(struct compiler *compiler, uint32_t symbol, struct span span,
		      const struct operand *operand);

/** statement_read_all - the whole text. [init] */
void statement_read_all(struct compiler *compiler);

/* --- expression.c --- */

/** expression_read - up to the first word that cannot belong to it. [init] */
void expression_read(struct compiler *compiler, struct operand *ret_operand);

/** expression_push - an operand. [init] */
void expression_push(struct compiler *compiler, const struct operand *operand);

/* --- operator.c --- */

/** operator_precedence - of a binary operator, from 1 for the weakest; 0: it is none. [init] */
unsigned operator_precedence(enum token_kind token);

#define PRECEDENCE_UNARY 9

/** operator_apply - a pending operator to the operands on top of the stack. [init] */
void operator_apply(struct compiler *compiler, const struct pending *pending);

/* --- call.c, call_close.c --- */

/** call_open - the name of a function, and the parenthesis behind it. [init] */
void call_open(struct compiler *compiler);

/**
 * call_take_name - what may stand before an argument, "pt :=", or a whole "et => elapsed"; which argument it
 * is.
 *
 * Returns whether a value is to come. [init]
 */
bool call_take_name(struct compiler *compiler, struct pending *call);

/** call_end_argument - a comma or the end. [init] */
void call_end_argument(struct compiler *compiler, struct pending *call);

/** call_close - the call's value takes the place of its arguments. [init] */
void call_close(struct compiler *compiler, const struct pending *call, struct span end);

#endif
