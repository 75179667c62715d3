/* The end of a call: its arguments in the order of the params, its operation, its results. */
#include <string.h>

#include "rtloop/program/call.h"

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
		call_check_brackets(compiler, function, &arguments);
	} else {
		collect_params(compiler, call, &arguments);
	}
	for (unsigned i = 0; i < arguments.count && !compiler->has_failed; i++) {
		call_check_argument(compiler, function, arguments.list[i].param - 1,
				    &arguments.list[i]);
	}
	unified = call_unify(compiler, function, &arguments);
	call_check_points(compiler, function, &arguments);
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
