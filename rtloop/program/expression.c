/*
 * Expressions by operator precedence (Dijkstra's shunting yard): operands wait on one stack, what takes them on
 * another. An operator first applies all before it that bind at least as strongly.
 */
#include "rtloop/program/compiler.h"

static struct pending *top(struct compiler *compiler)
{
	return compiler->pending_count > 0
		       ? &compiler->pending[compiler->pending_count - 1]
		       : NULL;
}

void expression_push(struct compiler *compiler, const struct operand *operand)
{
	if (compiler->operand_count == OPERANDS_MAX) {
		compiler_error(
			compiler, operand->span,
			"too many values wait for their operators; expected at most "
			"%d: split the statement",
			OPERANDS_MAX);
		return;
	}
	compiler->operands[compiler->operand_count++] = *operand;
}

static void push_pending(struct compiler *compiler, enum pending_kind kind,
			 unsigned precedence)
{
	struct span span = compiler_here(compiler);

	if (compiler->pending_count == PENDING_MAX) {
		compiler_error(compiler, span,
			       "nested too deeply; expected at most %d levels: split the "
			       "statement",
			       PENDING_MAX);
		return;
	}
	compiler->pending[compiler->pending_count++] = (struct pending){
		.kind = kind,
		.token = compiler->token.kind,
		.precedence = precedence,
		.span = span,
		.first_operand = compiler->operand_count,
	};
	compiler_advance(compiler);
}

static void push_constant(struct compiler *compiler, enum program_type type,
			  struct slot value)
{
	const struct operand operand = {
		.slot = builder_const(&compiler->builder, value),
		.type = type,
		.span = compiler_here(compiler),
		.symbol = NO_SYMBOL,
	};

	expression_push(compiler, &operand);
	compiler_advance(compiler);
}

static void push_symbol(struct compiler *compiler)
{
	struct operand operand = { .span = compiler_here(compiler) };

	operand.symbol = compiler_find(compiler, compiler->token.name, operand.span);
	if (operand.symbol != NO_SYMBOL) {
		operand.type = compiler->source->symbols[operand.symbol].type;
		operand.slot = compiler_read(compiler, operand.symbol, operand.span);
		expression_push(compiler, &operand);
	}
	compiler_advance(compiler);
}

/* A line that begins a statement ends the one before, though that is not complete. */
static bool begins_statement(const struct compiler *compiler)
{
	return compiler->token.kind == TOKEN_NAME && compiler->token.starts_line &&
	       compiler_peek(compiler) == TOKEN_ASSIGN;
}

static void missing_value(struct compiler *compiler)
{
	const char *text = token_text(compiler->token.kind);
	bool ends = compiler->token.kind == TOKEN_END || begins_statement(compiler);

	if (ends) {
		compiler_error(compiler, compiler->previous,
			       "the statement ends here; expected a value behind this");
	} else {
		compiler_error(compiler, compiler_here(compiler),
			       "'%s' stands where a value should; expected a number, a "
			       "name, a function or '('",
			       text ? text : "");
	}
}

static void open_point(struct compiler *compiler)
{
	const struct pending *call = top(compiler);

	if (!call || call->kind != PENDING_CALL ||
	    call->function->params[call->param].kind != KIND_POINT) {
		compiler_error(compiler, compiler_here(compiler),
			       "'[' stands where a value should; a point [x, y] is an "
			       "argument of lookup only");
		return;
	}
	push_pending(compiler, PENDING_POINT, 0);
}

/* Returns whether an operand is still wanted. */
static bool take_named(struct compiler *compiler)
{
	if (begins_statement(compiler)) {
		missing_value(compiler);
	} else if (compiler_peek(compiler) == TOKEN_OPEN) {
		call_open(compiler);
		return true;
	} else {
		push_symbol(compiler);
	}
	return false;
}

static bool take_operand(struct compiler *compiler)
{
	const struct token *token = &compiler->token;

	switch (token->kind) {
	case TOKEN_NAME:
		return take_named(compiler);
	case TOKEN_INT:
	case TOKEN_TIME:
		push_constant(compiler, token->kind == TOKEN_INT ? TYPE_INT : TYPE_TIME,
			      (struct slot){ .i = token->i });
		return false;
	case TOKEN_FLOAT:
		push_constant(compiler, TYPE_FLOAT, (struct slot){ .f = token->f });
		return false;
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		push_constant(compiler, TYPE_BOOL,
			      (struct slot){ .i = token->kind == TOKEN_TRUE });
		return false;
	case TOKEN_MINUS:
	case TOKEN_PLUS:
	case TOKEN_NOT:
		push_pending(compiler, PENDING_UNARY, PRECEDENCE_UNARY);
		return true;
	case TOKEN_IF:
		push_pending(compiler, PENDING_IF, 0);
		return true;
	case TOKEN_OPEN:
		push_pending(compiler, PENDING_PAREN, 0);
		return true;
	case TOKEN_OPEN_POINT:
		open_point(compiler);
		return true;
	default:
		missing_value(compiler);
		return false;
	}
}

/* Apply what binds at least as strongly. */
static void apply_down_to(struct compiler *compiler, unsigned precedence)
{
	struct pending *pending = top(compiler);

	while (!compiler->has_failed && pending && pending->kind <= PENDING_ELSE &&
	       pending->precedence >= precedence) {
		compiler->pending_count--;
		operator_apply(compiler, pending);
		pending = top(compiler);
	}
}

static bool take_binary(struct compiler *compiler)
{
	unsigned precedence = operator_precedence(compiler->token.kind);

	if (precedence == 0) {
		return false;
	}
	apply_down_to(compiler, precedence);
	if (!compiler->has_failed) {
		push_pending(compiler, PENDING_BINARY, precedence);
	}
	return true;
}

static void misplaced(struct compiler *compiler, const char *expected)
{
	compiler_error(compiler, compiler_here(compiler), "'%s' does not belong here; %s",
		       token_text(compiler->token.kind), expected);
}

static void take_then(struct compiler *compiler)
{
	struct pending *pending = top(compiler);

	if (!pending || pending->kind != PENDING_IF) {
		misplaced(compiler, "expected 'if' and a condition before it");
		return;
	}
	pending->kind = PENDING_THEN;
	pending->span = compiler_here(compiler);
	compiler_advance(compiler);
}

/* "elsif" is "else if". */
static void take_else(struct compiler *compiler)
{
	struct pending *pending = top(compiler);

	if (!pending || pending->kind != PENDING_THEN) {
		misplaced(compiler,
			  "expected 'if', a condition, 'then' and a value before it");
		return;
	}
	pending->kind = PENDING_ELSE;
	pending->precedence = 0;
	if (compiler->token.kind == TOKEN_ELSIF) {
		push_pending(compiler, PENDING_IF, 0);
	} else {
		compiler_advance(compiler);
	}
}

static void take_comma(struct compiler *compiler)
{
	struct pending *pending = top(compiler);

	if (pending && pending->kind == PENDING_CALL) {
		call_end_argument(compiler, pending);
		pending->is_at_argument = true;
	} else if (!pending || pending->kind != PENDING_POINT) {
		misplaced(compiler, "expected it between the arguments of a function");
	}
	compiler_advance(compiler);
}

static void take_close(struct compiler *compiler)
{
	struct pending *pending = top(compiler);
	struct span end = compiler_here(compiler);
	struct operand *operand;

	if (pending && pending->kind == PENDING_PAREN) {
		operand = &compiler->operands[compiler->operand_count - 1];
		operand->span = (struct span){ pending->span.offset, end.end };
		compiler->pending_count--;
	} else if (pending && pending->kind == PENDING_CALL) {
		struct pending call = *pending;

		call_end_argument(compiler, &call);
		compiler->pending_count--;
		call_close(compiler, &call, end);
	} else {
		misplaced(compiler, "expected '(' before it");
	}
	compiler_advance(compiler);
}

static void take_close_point(struct compiler *compiler)
{
	const struct pending *point = top(compiler);

	if (!point || point->kind != PENDING_POINT) {
		misplaced(compiler, "expected '[' before it");
	} else if (compiler->operand_count != point->first_operand + 2) {
		misplaced(compiler, "expected a point of two constants, [x, y]");
	} else {
		compiler->operands[point->first_operand].is_in_point = true;
		compiler->operands[point->first_operand + 1].is_in_point = true;
		compiler->pending_count--;
	}
	compiler_advance(compiler);
}

/* What ends a group applies all that waits within it. Returns whether the expression goes on. */
static bool take_bracket(struct compiler *compiler, bool *ret_wants_operand)
{
	enum token_kind kind = compiler->token.kind;

	if (kind != TOKEN_THEN && kind != TOKEN_ELSE && kind != TOKEN_ELSIF &&
	    kind != TOKEN_COMMA && kind != TOKEN_CLOSE && kind != TOKEN_CLOSE_POINT) {
		return false;
	}
	apply_down_to(compiler, 0);
	if (compiler->has_failed) {
		return true;
	}
	*ret_wants_operand = kind != TOKEN_CLOSE && kind != TOKEN_CLOSE_POINT;
	if (kind == TOKEN_THEN) {
		take_then(compiler);
	} else if (kind == TOKEN_COMMA) {
		take_comma(compiler);
	} else if (kind == TOKEN_CLOSE) {
		take_close(compiler);
	} else if (kind == TOKEN_CLOSE_POINT) {
		take_close_point(compiler);
	} else {
		take_else(compiler);
	}
	return true;
}

static bool take_operator(struct compiler *compiler, bool *ret_wants_operand)
{
	if (take_binary(compiler)) {
		*ret_wants_operand = true;
		return true;
	}
	return take_bracket(compiler, ret_wants_operand);
}

/* A group that is still open. */
static void not_closed(struct compiler *compiler, const struct pending *pending)
{
	switch (pending->kind) {
	case PENDING_IF:
		compiler_error(compiler, pending->span,
			       "'if' has no 'then'; expected if ... then ... else ...");
		break;
	case PENDING_THEN:
		compiler_error(compiler, pending->span,
			       "this 'then' has no 'else'; expected one, since an "
			       "expression always has a value");
		break;
	case PENDING_POINT:
		compiler_error(compiler, pending->span,
			       "'[' is not closed; expected ']'");
		break;
	default:
		compiler_error(compiler, pending->span,
			       "'(' is not closed; expected ')'");
		break;
	}
}

/* Behind "(" and "," of a call. Returns whether a value is to come. */
static bool begin_argument(struct compiler *compiler, struct pending *call)
{
	call->is_at_argument = false;
	if (call->is_empty && compiler->token.kind == TOKEN_CLOSE) {
		return false;
	}
	return call_take_name(compiler, call);
}

void expression_read(struct compiler *compiler, struct operand *ret_operand)
{
	bool wants_operand = true, goes_on = true;

	compiler->operand_count = 0;
	compiler->pending_count = 0;
	compiler->binding_count = 0;
	while (goes_on && !compiler->has_failed) {
		struct pending *call = top(compiler);

		if (call && call->is_at_argument) {
			wants_operand = begin_argument(compiler, call);
		} else if (wants_operand) {
			wants_operand = take_operand(compiler);
		} else {
			goes_on = take_operator(compiler, &wants_operand);
		}
	}
	apply_down_to(compiler, 0);
	if (!compiler->has_failed && compiler->pending_count > 0) {
		not_closed(compiler, top(compiler));
	}
	if (!compiler->has_failed) {
		*ret_operand = compiler->operands[0];
	}
}
