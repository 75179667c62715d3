#include "rtloop/program/compiler.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void compiler_error(struct compiler *compiler, struct span span, const char *format, ...)
{
	struct program_error error = { .offset = span.offset };
	char text[512];
	va_list args;

	if (compiler->has_failed) {
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error.bytes = span.end > span.offset ? span.end - span.offset : 1;
	error.text = text;
	compiler->has_failed = true;
	compiler->errors++;
	compiler->source->report(compiler->source->context, &error);
}

struct span compiler_here(const struct compiler *compiler)
{
	const struct token *token = &compiler->token;

	return (struct span){ token->offset, token->offset + token->bytes };
}

void compiler_advance(struct compiler *compiler)
{
	compiler->previous = compiler_here(compiler);
	lexer_next(&compiler->lexer, &compiler->token);
	if (compiler->token.kind == TOKEN_WRONG) {
		compiler_error(compiler, compiler_here(compiler), "%s",
			       compiler->token.message);
	}
}

enum token_kind compiler_peek(const struct compiler *compiler)
{
	struct lexer lexer = compiler->lexer;
	struct token token;

	lexer_next(&lexer, &token);
	return token.kind;
}

unsigned compiler_line(const struct compiler *compiler, size_t offset)
{
	unsigned line = compiler->source->line;

	for (size_t i = 0; i < offset; i++) {
		line += compiler->source->text[i] == '\n';
	}
	return line;
}

static const char *nearest(const struct compiler *compiler, const char *name,
			   const char *const *names)
{
	return names && compiler->source->nearest ? compiler->source->nearest(name, names)
						  : NULL;
}

static const char *nearest_symbol(const struct compiler *compiler, const char *name)
{
	const struct program_source *source = compiler->source;
	const char **names = calloc(source->symbol_count + 1u, sizeof(*names));
	const char *found;

	for (unsigned i = 0; names && i < source->symbol_count; i++) {
		names[i] = source->symbols[i].name;
	}
	found = nearest(compiler, name, names);
	free(names);
	return found;
}

const char *compiler_nearest_function(const struct compiler *compiler, const char *name)
{
	const char *names[128] = { NULL };

	for (unsigned i = 0; i < ARRAY_SIZE(names) - 1 && function_at(i); i++) {
		names[i] = function_at(i)->name;
	}
	return nearest(compiler, name, names);
}

const char *compiler_nearest_param(const struct compiler *compiler,
				   const struct function *function, const char *name)
{
	const char *names[FUNCTION_ARGS_MAX + 1] = { NULL };

	for (unsigned i = 0; function->params[i].name; i++) {
		names[i] = function->params[i].name;
	}
	return nearest(compiler, name, names);
}

static void unknown_name(struct compiler *compiler, const char *name, struct span span)
{
	const char *meant = nearest_symbol(compiler, name);

	if (function_find(name)) {
		compiler_error(
			compiler, span,
			"'%s' is a function; expected '(' and its arguments behind "
			"it",
			name);
	} else if (meant) {
		compiler_error(compiler, span, "unknown name '%s'; did you mean '%s'?",
			       name, meant);
	} else {
		compiler_error(
			compiler, span,
			"unknown name '%s'; expected a channel as device.channel, a "
			"param or a var",
			name);
	}
}

uint32_t compiler_find(struct compiler *compiler, const char *name, struct span span)
{
	const struct program_source *source = compiler->source;

	for (unsigned i = 0; i < source->symbol_count; i++) {
		if (strcmp(source->symbols[i].name, name) == 0) {
			return i;
		}
	}
	unknown_name(compiler, name, span);
	return NO_SYMBOL;
}

const char *compiler_type(enum program_type type)
{
	static const char *const names[] = {
		[TYPE_BOOL] = "a bool",
		[TYPE_INT] = "an integer",
		[TYPE_FLOAT] = "a float",
		[TYPE_TIME] = "a duration",
	};

	return names[type];
}

enum op_number compiler_load_op(enum program_type type)
{
	return type == TYPE_BOOL    ? NUMBER(op_load_bool)
	       : type == TYPE_FLOAT ? NUMBER(op_load_float)
				    : NUMBER(op_load_int);
}

uint16_t compiler_read(struct compiler *compiler, uint32_t symbol, struct span span)
{
	const struct program_symbol *row = &compiler->source->symbols[symbol];
	struct symbol_use *use = &compiler->uses[symbol];

	if (!use->is_read) {
		use->is_read = true;
		use->read = span;
	}
	if (!use->has_slot) {
		use->has_slot = true;
		use->slot = row->kind == SYMBOL_VAR || row->kind == SYMBOL_OUTPUT
				    ? builder_slot(&compiler->builder, REGION_VAR)
				    : builder_load(&compiler->builder,
						   compiler_load_op(row->type), symbol);
	}
	return use->slot;
}

void compiler_widen(struct compiler *compiler, struct operand *operand)
{
	operand->slot = builder_op(&compiler->builder, NUMBER(op_float_of_int),
				   operand->slot, operand->slot, operand->slot);
	operand->type = TYPE_FLOAT;
}

void compiler_check_constants(struct compiler *compiler, struct span span)
{
	for (unsigned kind = 0; kind < TROUBLE_KINDS; kind++) {
		if (compiler->builder.trouble & WORTH_DIVISION << kind) {
			compiler_error(compiler, span, "these constants give %s",
				       program_trouble_name((enum trouble)kind));
		}
	}
	compiler->builder.trouble = 0;
}
