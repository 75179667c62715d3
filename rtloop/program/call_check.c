/* Whether the arguments of a call are what its function takes. */
#include "rtloop/program/call.h"

static void argument_error(struct compiler *compiler, const struct function *function,
			   unsigned param, const struct operand *operand)
{
	compiler_error(compiler, operand->span, "'%s' of %s is %s; expected %s",
		       function->params[param].name, function->name,
		       compiler_type(operand->type),
		       function_kind_name(function->params[param].kind));
}

static void check_count(struct compiler *compiler, const struct function *function,
			unsigned param, const struct operand *operand)
{
	struct slot value = builder_value(&compiler->builder, operand->slot);

	if (!slot_is_const(operand->slot) || operand->type != TYPE_INT || value.i < 1 ||
	    value.i > FUNCTION_COUNT_MAX) {
		compiler_error(compiler, operand->span,
			       "'%s' of %s sets aside memory; expected %s",
			       function->params[param].name, function->name,
			       function_kind_name(KIND_COUNT));
	}
}

static void check_input(struct compiler *compiler, const struct function *function,
			const struct operand *operand)
{
	if (operand->symbol == NO_SYMBOL ||
	    compiler->source->symbols[operand->symbol].kind != SYMBOL_INPUT) {
		compiler_error(compiler, operand->span,
			       "%s takes the name of an input channel, such as "
			       "device.channel",
			       function->name);
	}
}

static bool is_number(enum program_type type)
{
	return type == TYPE_INT || type == TYPE_FLOAT;
}

/* One argument by its kind; those that become one type are seen to later. */
void call_check_argument(struct compiler *compiler, const struct function *function,
			 unsigned param, struct operand *operand)
{
	enum kind kind = function->params[param].kind;
	bool is_right = true;

	switch (kind) {
	case KIND_BOOL:
		is_right = operand->type == TYPE_BOOL;
		break;
	case KIND_INT:
		is_right = operand->type == TYPE_INT;
		break;
	case KIND_TIME:
		is_right = operand->type == TYPE_TIME;
		break;
	case KIND_FLOAT:
	case KIND_POINT:
	case KIND_NUMBER:
		is_right = is_number(operand->type);
		break;
	case KIND_ORDERED:
		is_right = operand->type != TYPE_BOOL;
		break;
	case KIND_COUNT:
		check_count(compiler, function, param, operand);
		return;
	case KIND_INPUT:
		check_input(compiler, function, operand);
		return;
	default:
		break;
	}
	if (!is_right) {
		argument_error(compiler, function, param, operand);
	} else if ((kind == KIND_FLOAT || kind == KIND_POINT) &&
		   operand->type == TYPE_INT) {
		compiler_widen(compiler, operand);
	}
}

static bool becomes_one(enum kind kind)
{
	return kind == KIND_NUMBER || kind == KIND_ORDERED || kind == KIND_ANY;
}

/* Integers beside a float become floats. Returns what all of them are. */
enum program_type call_unify(struct compiler *compiler, const struct function *function,
			     struct arguments *arguments)
{
	bool any_float = false;
	enum program_type type = TYPE_FLOAT;

	for (unsigned i = 0; i < arguments->count; i++) {
		const struct operand *operand = &arguments->list[i];

		any_float |= becomes_one(function->params[operand->param - 1].kind) &&
			     operand->type == TYPE_FLOAT;
	}
	for (unsigned i = 0, seen = 0; i < arguments->count; i++) {
		struct operand *operand = &arguments->list[i];

		if (!becomes_one(function->params[operand->param - 1].kind)) {
			continue;
		}
		if (any_float && operand->type == TYPE_INT) {
			compiler_widen(compiler, operand);
		}
		if (seen++ > 0 && operand->type != type) {
			compiler_error(compiler, operand->span,
				       "the arguments of %s are %s and %s; expected one "
				       "type",
				       function->name, compiler_type(type),
				       compiler_type(operand->type));
		}
		type = operand->type;
	}
	return type;
}

/* A lookup searches by halves: its x must rise. */
void call_check_points(struct compiler *compiler, const struct function *function,
		       const struct arguments *arguments)
{
	double last = 0.0;

	for (unsigned i = 1; i < arguments->count; i++) {
		const struct operand *operand = &arguments->list[i];
		double value = builder_value(&compiler->builder, operand->slot).f;
		bool is_x = i % 2 == 1;

		if (function->params[operand->param - 1].kind != KIND_POINT) {
			return;
		}
		if (!slot_is_const(operand->slot)) {
			compiler_error(compiler, operand->span,
				       "a point of %s is not constant; expected numbers",
				       function->name);
		} else if (is_x && i > 1 && value <= last) {
			compiler_error(
				compiler, operand->span,
				"the x of the points of %s do not rise; expected one "
				"above %.15g",
				function->name, last);
		}
		last = is_x ? value : last;
	}
}

/* A point that is not written as one would be taken for half of one. */
void call_check_brackets(struct compiler *compiler, const struct function *function,
			 const struct arguments *arguments)
{
	for (unsigned i = 0; i < arguments->count; i++) {
		const struct operand *operand = &arguments->list[i];
		bool is_point = function->params[operand->param - 1].kind == KIND_POINT;

		if (is_point && !operand->is_in_point) {
			compiler_error(
				compiler, operand->span,
				"%s takes points behind its number; expected [x, y]",
				function->name);
		}
	}
}
