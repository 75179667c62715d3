#include <string.h>

#include "rtloop/program/compiler.h"

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
