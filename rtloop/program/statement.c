#include <string.h>

#include "rtloop/program/compiler.h"

static bool is_writable(enum symbol_kind kind)
{
	return kind == SYMBOL_VAR || kind == SYMBOL_OUTPUT;
}

static void not_writable(struct compiler *compiler, const struct program_symbol *symbol,
			 struct span span)
{
	if (symbol->kind == SYMBOL_PARAM) {
		compiler_error(
			compiler, span,
			"'%s' is a param, which 'rtloop set' changes; expected a var "
			"or an output",
			symbol->name);
	} else {
		compiler_error(compiler, span,
			       "'%s' is an input; expected a var or an output",
			       symbol->name);
	}
}

static bool check_target(struct compiler *compiler, uint32_t symbol, struct span span)
{
	const struct program_symbol *row = &compiler->source->symbols[symbol];
	const struct symbol_use *use = &compiler->uses[symbol];

	if (!is_writable(row->kind)) {
		not_writable(compiler, row, span);
		return false;
	}
	if (use->is_written) {
		compiler_error(
			compiler, span,
			"'%s' is assigned a second time; expected it once: the first "
			"is on line %u",
			row->name, compiler_line(compiler, use->written.offset));
		return false;
	}
	return true;
}

static const char *conversion(enum program_type from, enum program_type to)
{
	if (to == TYPE_INT && from == TYPE_FLOAT) {
		return ": round(), trunc(), floor() or ceil() makes one";
	}
	if (to == TYPE_INT && from == TYPE_BOOL) {
		return ": int() makes one";
	}
	if (to == TYPE_FLOAT && from == TYPE_TIME) {
		return ": seconds() makes one";
	}
	if (to == TYPE_TIME) {
		return ", such as 2s: duration() makes one of a number of seconds";
	}
	return to == TYPE_BOOL ? ": a comparison makes one" : "";
}

void statement_assign(struct compiler *compiler, uint32_t symbol, struct span span,
		      const struct operand *operand)
{
	const struct program_symbol *row = &compiler->source->symbols[symbol];
	struct symbol_use *use = &compiler->uses[symbol];
	struct operand value = *operand;
	struct insn insn = { .op = NUMBER(op_assign) };

	if (compiler->has_failed || !check_target(compiler, symbol, span)) {
		return;
	}
	if (row->type == TYPE_FLOAT && value.type == TYPE_INT) {
		compiler_widen(compiler, &value);
	}
	if (row->type != value.type) {
		compiler_error(
			compiler, value.span, "'%s' is %s, and this is %s; expected %s%s",
			row->name, compiler_type(row->type), compiler_type(value.type),
			compiler_type(row->type), conversion(value.type, row->type));
		return;
	}
	if (!use->has_slot) {
		use->has_slot = true;
		use->slot = builder_slot(&compiler->builder, REGION_VAR);
	}
	use->is_written = true;
	use->written = span;
	insn.dst = use->slot;
	insn.a = value.slot;
	insn.word = compiler_line(compiler, span.offset);
	builder_insn(&compiler->builder, &insn);
}

static void no_target(struct compiler *compiler)
{
	enum token_kind kind = compiler->token.kind;

	compiler_error(compiler, compiler_here(compiler),
		       kind == TOKEN_IF
			       ? "'if' begins an expression; expected target := if "
				 "... then ... else ..."
			       : "a statement begins here; expected the name of a var "
				 "or an output, and ':='");
}

/* Returns the target; NO_SYMBOL after an error. */
static uint32_t take_target(struct compiler *compiler, struct span *ret_span)
{
	uint32_t symbol;

	*ret_span = compiler_here(compiler);
	if (compiler->token.kind != TOKEN_NAME) {
		no_target(compiler);
		return NO_SYMBOL;
	}
	symbol = compiler_find(compiler, compiler->token.name, *ret_span);
	if (symbol == NO_SYMBOL || !check_target(compiler, symbol, *ret_span)) {
		return NO_SYMBOL;
	}
	compiler_advance(compiler);
	if (compiler->token.kind != TOKEN_ASSIGN) {
		compiler_error(compiler, compiler_here(compiler),
			       compiler->token.kind == TOKEN_EQ
				       ? "'=' compares; expected ':=' behind the target"
				       : "expected ':=' behind the target");
		return NO_SYMBOL;
	}
	compiler_advance(compiler);
	return symbol;
}

/* A statement ends where the next one begins; a semicolon may say so. */
static void check_end(struct compiler *compiler)
{
	const struct token *token = &compiler->token;

	if (token->kind == TOKEN_SEMICOLON) {
		compiler_advance(compiler);
	} else if (token->kind == TOKEN_ASSIGN) {
		compiler_error(
			compiler, compiler_here(compiler),
			"':=' assigns, within a statement it only names an argument "
			"of a function; expected '=' to compare");
	} else if (token->kind == TOKEN_ARROW) {
		compiler_error(
			compiler, compiler_here(compiler),
			"'=>' takes a result of a block; expected '>=' to compare");
	} else if (token->kind != TOKEN_END &&
		   !(token->kind == TOKEN_NAME && token->starts_line)) {
		compiler_error(compiler, compiler_here(compiler),
			       "expected an operator before this, or a new line");
	}
}

static void read_statement(struct compiler *compiler)
{
	struct operand value;
	struct span span;
	uint32_t target = take_target(compiler, &span);

	if (target == NO_SYMBOL) {
		return;
	}
	builder_begin_statement(&compiler->builder);
	expression_read(compiler, &value);
	if (!compiler->has_failed) {
		check_end(compiler);
	}
	statement_assign(compiler, target, span, &value);
}

/* A line of named arguments looks the same, but for the name. */
static bool begins_statement(const struct compiler *compiler)
{
	const struct program_source *source = compiler->source;

	if (compiler->token.kind != TOKEN_NAME || !compiler->token.starts_line ||
	    compiler_peek(compiler) != TOKEN_ASSIGN) {
		return false;
	}
	for (unsigned i = 0; i < source->symbol_count; i++) {
		if (strcmp(source->symbols[i].name, compiler->token.name) == 0) {
			return true;
		}
	}
	return false;
}

/* To the next line that begins like a statement. */
static void skip_statement(struct compiler *compiler)
{
	compiler_advance(compiler);
	while (compiler->token.kind != TOKEN_END && !begins_statement(compiler)) {
		compiler_advance(compiler);
	}
}

static void skip_wrong_start(struct compiler *compiler)
{
	/* it may have failed at the first word of the next statement, which is whole */
	if (compiler->token.offset == compiler->statement_offset ||
	    !begins_statement(compiler)) {
		skip_statement(compiler);
	}
}

/* An output that is read has a value only where the program gives it one. */
static void check_reads(struct compiler *compiler)
{
	for (unsigned i = 0; i < compiler->source->symbol_count; i++) {
		const struct symbol_use *use = &compiler->uses[i];

		if (compiler->source->symbols[i].kind == SYMBOL_OUTPUT && use->is_read &&
		    !use->is_written) {
			compiler->has_failed = false;
			compiler_error(
				compiler, use->read,
				"'%s' is an output that nothing assigns; expected a "
				"statement that does",
				compiler->source->symbols[i].name);
		}
	}
}

void statement_read_all(struct compiler *compiler)
{
	compiler->has_failed = false;
	compiler_advance(compiler);
	if (compiler->has_failed) {
		skip_statement(compiler);
	}
	while (compiler->token.kind != TOKEN_END) {
		compiler->has_failed = false;
		compiler->statement_offset = compiler->token.offset;
		read_statement(compiler);
		if (compiler->has_failed) {
			skip_wrong_start(compiler);
		}
	}
	if (compiler->errors == 0) {
		check_reads(compiler);
	}
}
