#include <string.h>

#include "rtloop/program/compiler.h"

/* What a call becomes. */
struct arguments {
	struct operand list[FUNCTION_REPEATS_MAX];
	unsigned count;
};

void call_open(struct compiler *compiler)
{
	struct pending call = {
		.kind = PENDING_CALL,
		.span = compiler_here(compiler),
		.function = function_find(compiler->token.name),
		.first_operand = compiler->operand_count,
		.first_binding = compiler->binding_count,
		.is_empty = true,
		.is_at_argument = true,
	};
	const char *meant;

	if (!call.function) {
		meant = compiler_nearest_function(compiler, compiler->token.name);
		compiler_error(compiler, call.span,
			       meant ? "there is no function '%s'; did you mean '%s'?"
				     : "there is no function '%s'; 'rtloop help program' "
				       "lists them%s",
			       compiler->token.name, meant ? meant : "");
		return;
	}
	if (compiler->pending_count == PENDING_MAX) {
		compiler_error(compiler, call.span,
			       "nested too deeply; expected at most %d levels: split the "
			       "statement",
			       PENDING_MAX);
		return;
	}
	compiler_advance(compiler);
	call.span.end = compiler_here(compiler).end;
	compiler_advance(compiler);
	compiler->pending[compiler->pending_count++] = call;
}

static unsigned find_result(const struct function *function, const char *name)
{
	unsigned i = 0;

	while (function->results[i].name &&
	       strcmp(function->results[i].name, name) != 0) {
		i++;
	}
	return i;
}

/* et => elapsed */
static void take_result(struct compiler *compiler, struct pending *call)
{
	struct binding binding = { .symbol = NO_SYMBOL };
	struct span span = compiler_here(compiler);

	binding.result = find_result(call->function, compiler->token.name);
	if (!call->function->results[binding.result].name) {
		compiler_error(
			compiler, span,
			"'%s' is no result of %s; 'rtloop help program' lists them",
			compiler->token.name, call->function->name);
		return;
	}
	compiler_advance(compiler);
	compiler_advance(compiler);
	binding.span = compiler_here(compiler);
	if (compiler->token.kind != TOKEN_NAME) {
		compiler_error(compiler, binding.span,
			       "expected a var or an output behind '=>', which takes the "
			       "result");
	} else if (compiler->binding_count == BINDINGS_MAX) {
		compiler_error(compiler, binding.span,
			       "too many results in one statement; expected at most %d",
			       BINDINGS_MAX);
	} else {
		binding.symbol =
			compiler_find(compiler, compiler->token.name, binding.span);
		compiler->bindings[compiler->binding_count++] = binding;
	}
	compiler_advance(compiler);
	call->param = PARAM_NONE;
}

/* pt := */
static void take_param(struct compiler *compiler, struct pending *call)
{
	const struct function *function = call->function;
	const char *name = compiler->token.name;
	const char *meant;
	unsigned i = 0;

	while (function->params[i].name && strcmp(function->params[i].name, name) != 0) {
		i++;
	}
	if (function->repeats_from) {
		compiler_error(
			compiler, compiler_here(compiler),
			"the arguments of %s have no names; expected them in their "
			"order",
			function->name);
	} else if (!function->params[i].name) {
		meant = compiler_nearest_param(compiler, function, name);
		compiler_error(
			compiler, compiler_here(compiler),
			meant ? "%s has no argument '%s'; did you mean '%s'?"
			      : "%s has no argument '%s'; 'rtloop help program' lists "
				"them%s",
			function->name, name, meant ? meant : "");
	}
	call->param = i;
	call->has_named = true;
	compiler_advance(compiler);
	compiler_advance(compiler);
}

static void take_position(struct compiler *compiler, struct pending *call)
{
	const struct function *function = call->function;
	unsigned count = function_params(function);

	if (call->has_named) {
		compiler_error(compiler, compiler_here(compiler),
			       "an argument without a name behind one with; expected its "
			       "name and ':=' before it");
	} else if (call->positional < count) {
		call->param = call->positional++;
	} else if (function->repeats_from) {
		call->param = count - 1;
	} else {
		compiler_error(compiler, compiler_here(compiler),
			       "too many arguments of %s; expected at most %u",
			       function->name, count);
	}
}

bool call_take_name(struct compiler *compiler, struct pending *call)
{
	enum token_kind next = compiler_peek(compiler);
	bool is_name = compiler->token.kind == TOKEN_NAME;

	call->is_empty = false;
	if (is_name && next == TOKEN_ARROW) {
		take_result(compiler, call);
		return false;
	}
	if (is_name && next == TOKEN_ASSIGN) {
		take_param(compiler, call);
	} else {
		take_position(compiler, call);
	}
	return true;
}

/* Points are two operands. */
void call_end_argument(struct compiler *compiler, struct pending *call)
{
	unsigned i = compiler->operand_count;

	if (call->is_empty || call->param == PARAM_NONE) {
		return;
	}
	while (i > call->first_operand && compiler->operands[i - 1].param == 0) {
		compiler->operands[--i].param = call->param + 1;
	}
}

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
static void check_argument(struct compiler *compiler, const struct function *function,
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
static enum program_type unify(struct compiler *compiler, const struct function *function,
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

static const struct operand *find_argument(const struct compiler *compiler,
					   const struct pending *call, unsigned param)
{
	for (unsigned i = call->first_operand; i < compiler->operand_count; i++) {
		if (compiler->operands[i].param == param + 1) {
			return &compiler->operands[i];
		}
	}
	return NULL;
}

static void check_twice(struct compiler *compiler, const struct pending *call,
			const struct operand *first)
{
	for (const struct operand *operand = first + 1;
	     operand < &compiler->operands[compiler->operand_count]; operand++) {
		if (operand->param == first->param) {
			compiler_error(compiler, operand->span,
				       "'%s' of %s is given twice; expected it once",
				       call->function->params[first->param - 1].name,
				       call->function->name);
		}
	}
}

static struct operand fallback(struct compiler *compiler, const struct param *param)
{
	struct operand operand = { .symbol = NO_SYMBOL };
	struct slot value = { .f = param->fallback };

	operand.type = param->kind == KIND_BOOL	  ? TYPE_BOOL
		       : param->kind == KIND_TIME ? TYPE_TIME
						  : TYPE_FLOAT;
	if (operand.type != TYPE_FLOAT) {
		value.i = (int64_t)param->fallback;
	}
	operand.slot = builder_const(&compiler->builder, value);
	return operand;
}

/* In the order of the params, with those that are not given. */
static void collect_params(struct compiler *compiler, const struct pending *call,
			   struct arguments *arguments)
{
	const struct function *function = call->function;

	for (unsigned i = 0; function->params[i].name; i++) {
		const struct param *param = &function->params[i];
		const struct operand *given = find_argument(compiler, call, i);

		if (given) {
			check_twice(compiler, call, given);
			arguments->list[i] = *given;
		} else if (!param->is_optional) {
			compiler_error(compiler, call->span,
				       "%s has no '%s'; expected %s := %s",
				       function->name, param->name, param->name,
				       function_kind_name(param->kind));
			return;
		} else if (param->same_as) {
			arguments->list[i] = arguments->list[param->same_as - 1];
		} else {
			arguments->list[i] = fallback(compiler, param);
		}
		arguments->list[i].param = i + 1;
		arguments->count++;
	}
}

static void collect_repeated(struct compiler *compiler, const struct pending *call,
			     struct arguments *arguments)
{
	const struct function *function = call->function;
	unsigned count = compiler->operand_count - call->first_operand;
	const struct param *last = &function->params[function_params(function) - 1];

	if (count < function->repeats_from) {
		compiler_error(
			compiler, call->span, "%s has too few arguments; expected %s",
			function->name,
			last->kind == KIND_POINT     ? "a number and two or more points "
						       "[x, y]"
			: function->repeats_from > 2 ? "an integer and two or more values"
						     : "two or more values");
		return;
	}
	if (count > FUNCTION_REPEATS_MAX) {
		compiler_error(compiler, call->span,
			       "%s has too many arguments; expected at most %d",
			       function->name, FUNCTION_REPEATS_MAX);
		return;
	}
	memcpy(arguments->list, &compiler->operands[call->first_operand],
	       count * sizeof(arguments->list[0]));
	arguments->count = count;
}

/* A lookup searches by halves: its x must rise. */
static void check_points(struct compiler *compiler, const struct function *function,
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
static void check_brackets(struct compiler *compiler, const struct arguments *arguments,
			   const struct function *function)
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

static enum program_type result_type(const struct function *function, unsigned result,
				     enum program_type unified)
{
	switch (function->results[result].kind) {
	case KIND_BOOL:
		return TYPE_BOOL;
	case KIND_INT:
		return TYPE_INT;
	case KIND_TIME:
		return TYPE_TIME;
	case KIND_SAME:
		return unified;
	default:
		return TYPE_FLOAT;
	}
}

static unsigned count_results(const struct function *function)
{
	unsigned count = 0;

	while (function->results[count].name) {
		count++;
	}
	return count;
}

/* How many samples it keeps, besides its other state. */
static unsigned kept(const struct compiler *compiler, const struct function *function,
		     const struct arguments *arguments)
{
	for (unsigned i = 0; i < arguments->count; i++) {
		if (function->params[arguments->list[i].param - 1].kind == KIND_COUNT) {
			return (unsigned)builder_value(&compiler->builder,
						       arguments->list[i].slot)
				.i;
		}
	}
	return 0;
}

static uint16_t emit_age(struct compiler *compiler, const struct arguments *arguments)
{
	struct insn insn = {
		.op = NUMBER(op_age),
		.word = arguments->list[0].symbol,
		.dst = builder_slot(&compiler->builder, REGION_TEMP),
	};

	builder_insn(&compiler->builder, &insn);
	return insn.dst;
}

static uint16_t emit(struct compiler *compiler, const struct function *function,
		     const struct arguments *arguments, enum program_type unified)
{
	uint16_t operands[FUNCTION_REPEATS_MAX];
	unsigned samples = kept(compiler, function, arguments);
	bool is_int = unified != TYPE_FLOAT && function->op_int != OP_NONE;
	const struct builder_call call = {
		.op = (enum op_number)(is_int ? function->op_int : function->op),
		.operands = operands,
		.count = arguments->count,
		.results = count_results(function),
		.words = function->words + samples,
		.is_stateful = function->is_stateful,
		.weight = 1 + samples + (function->repeats_from ? arguments->count : 0),
	};

	for (unsigned i = 0; i < arguments->count; i++) {
		operands[i] = arguments->list[i].slot;
	}
	return function->op == NUMBER(op_age) ? emit_age(compiler, arguments)
					      : builder_call(&compiler->builder, &call);
}

/* The results that the call gives to vars, in the order of the text. */
static void assign_results(struct compiler *compiler, const struct pending *call,
			   const struct operand *value, enum program_type unified)
{
	for (unsigned i = call->first_binding; i < compiler->binding_count; i++) {
		const struct binding *binding = &compiler->bindings[i];
		struct operand operand = *value;

		operand.span = binding->span;
		operand.slot = (uint16_t)(value->slot + binding->result);
		operand.type = result_type(call->function, binding->result, unified);
		statement_assign(compiler, binding->symbol, binding->span, &operand);
	}
	compiler->binding_count = call->first_binding;
}

void call_close(struct compiler *compiler, const struct pending *call, struct span end)
{
	const struct function *function = call->function;
	struct arguments arguments = { .count = 0 };
	struct operand value = { .span = { call->span.offset, end.end },
				 .symbol = NO_SYMBOL };
	enum program_type unified;

	if (function->repeats_from) {
		collect_repeated(compiler, call, &arguments);
		check_brackets(compiler, &arguments, function);
	} else {
		collect_params(compiler, call, &arguments);
	}
	for (unsigned i = 0; i < arguments.count && !compiler->has_failed; i++) {
		check_argument(compiler, function, arguments.list[i].param - 1,
			       &arguments.list[i]);
	}
	unified = unify(compiler, function, &arguments);
	check_points(compiler, function, &arguments);
	if (compiler->has_failed) {
		return;
	}
	value.slot = emit(compiler, function, &arguments, unified);
	value.type = result_type(function, 0, unified);
	compiler_check_constants(compiler, value.span);
	assign_results(compiler, call, &value, unified);
	compiler->operand_count = call->first_operand;
	expression_push(compiler, &value);
}
