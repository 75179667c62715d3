/* From what the compiler has collected to what runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/program/compiler.h"
#include "rtloop/program/layout.h"

static void add_store(struct compiler *compiler, unsigned symbol)
{
	struct insn insn = {
		.op = NUMBER(op_store),
		.word = symbol,
		.a = compiler->uses[symbol].slot,
	};

	builder_insn(&compiler->builder, &insn);
}

static void add_stores(struct compiler *compiler)
{
	for (unsigned i = 0; i < compiler->source->symbol_count; i++) {
		if (compiler->uses[i].is_written) {
			add_store(compiler, i);
		}
	}
}

/* A var that only others write is read like an input, from where they put it. */
static void add_shared_loads(struct compiler *compiler)
{
	const struct program_source *source = compiler->source;

	for (unsigned i = 0; source->others_write && i < source->symbol_count; i++) {
		const struct symbol_use *use = &compiler->uses[i];

		if (source->symbols[i].kind == SYMBOL_VAR && use->is_read &&
		    !use->is_written) {
			builder_load_into(&compiler->builder,
					  compiler_load_op(source->symbols[i].type), i,
					  use->slot);
		}
	}
}

struct layout {
	unsigned first[REGION_COUNT]; /* slot of each region */
	unsigned slots;
};

static struct layout lay_out(const struct builder *builder)
{
	const unsigned counts[REGION_COUNT] = {
		[REGION_CONST] = builder->consts.count,
		[REGION_INPUT] = builder->inputs,
		[REGION_TEMP] = builder->temps_max,
		[REGION_VAR] = builder->vars,
	};
	struct layout layout = { .slots = 0 };

	for (unsigned i = 0; i < REGION_COUNT; i++) {
		layout.first[i] = layout.slots;
		layout.slots += counts[i];
	}
	return layout;
}

static uint16_t placed(const struct layout *layout, uint16_t slot)
{
	return (uint16_t)(layout->first[region_of(slot)] +
			  (slot & (REGION_SLOTS_MAX - 1)));
}

static void place_insns(struct program *program, const struct list *list,
			const struct layout *layout)
{
	const struct insn *insns = list->items;

	for (unsigned i = 0; i < list->count; i++) {
		struct insn *insn = &program->insns[program->insn_count++];

		*insn = insns[i];
		insn->run = op_rows[insn->op].run;
		insn->dst = placed(layout, insn->dst);
		insn->a = placed(layout, insn->a);
		insn->b = placed(layout, insn->b);
		insn->c = placed(layout, insn->c);
	}
}

static void place_uses(struct program *program, const struct compiler *compiler,
		       const struct layout *layout)
{
	for (unsigned i = 0; i < program->symbol_count; i++) {
		const struct program_symbol *symbol = &compiler->source->symbols[i];
		const struct symbol_use *use = &compiler->uses[i];
		bool has_state =
			symbol->kind == SYMBOL_VAR || symbol->kind == SYMBOL_OUTPUT;

		program->uses[i] = (struct program_use){
			.slot = placed(layout, use->slot),
			.has_slot = use->has_slot && has_state,
			.is_read = use->is_read,
			.is_written = use->is_written,
			.is_bool = symbol->type == TYPE_BOOL,
			.initial = symbol->initial,
			.has_initial = symbol->kind == SYMBOL_VAR,
		};
	}
}

static int take_memory(struct program *program, const struct builder *builder,
		       const struct layout *layout)
{
	unsigned insns = builder->loads.count + builder->insns.count;

	program->bytes =
		layout->slots * sizeof(struct slot) + builder->words * sizeof(uint64_t);
	program->insns = calloc(insns + 1u, sizeof(*program->insns));
	program->operands =
		calloc(builder->operands.count + 1u, sizeof(*program->operands));
	program->slots = calloc(1, program->bytes + 1);
	program->uses = calloc(program->symbol_count + 1u, sizeof(*program->uses));
	program->channels =
		calloc(program->symbol_count + 1u, sizeof(*program->channels));
	return program->insns && program->operands && program->slots && program->uses &&
			       program->channels
		       ? 0
		       : -ENOMEM;
}

/* FNV-1a, 64 bits; of numbers the least byte first, on every machine. */
static uint64_t hash_number(uint64_t hash, uint64_t number)
{
	for (unsigned shift = 0; shift < 64; shift += 8) {
		hash = (hash ^ (number >> shift & 0xff)) * UINT64_C(0x100000001b3);
	}
	return hash;
}

static bool is_of_symbol(const struct insn *insn)
{
	return insn->op == NUMBER(op_load_bool) || insn->op == NUMBER(op_load_int) ||
	       insn->op == NUMBER(op_load_float) || insn->op == NUMBER(op_age) ||
	       insn->op == NUMBER(op_store);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++) {
		hash = hash_number(hash, (unsigned char)*text);
	}
	return hash_number(hash, 0);
}

/* The line of a statement is no part of what it does, nor is a symbol's number. */
static uint64_t hash_insn(uint64_t hash, const struct insn *insn,
			  const struct program_symbol *symbols)
{
	const uint32_t numbers[] = { insn->dst, insn->a,     insn->b,
				     insn->c,	insn->first, insn->count };

	hash = hash_text(hash, op_rows[insn->op].name);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		hash = hash_number(hash, numbers[i]);
	}
	if (is_of_symbol(insn)) {
		return hash_text(hash, symbols[insn->word].name);
	}
	return insn->op == NUMBER(op_assign) ? hash : hash_number(hash, insn->word);
}

static uint64_t hash_program(const struct program *program,
			     const struct compiler *compiler)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (unsigned i = 0; i < program->insn_count; i++) {
		hash = hash_insn(hash, &program->insns[i], compiler->source->symbols);
	}
	for (unsigned i = 0; i < compiler->builder.operands.count; i++) {
		hash = hash_number(hash, program->operands[i]);
	}
	for (unsigned i = 0; i < compiler->builder.consts.count; i++) {
		hash = hash_number(hash, program->slots[i].bits);
	}
	return hash;
}

static void fill(struct program *program, const struct compiler *compiler,
		 const struct layout *layout)
{
	const struct builder *builder = &compiler->builder;
	const uint16_t *operands = builder->operands.items;

	place_insns(program, &builder->loads, layout);
	place_insns(program, &builder->insns, layout);
	for (unsigned i = 0; i < builder->operands.count; i++) {
		program->operands[i] = placed(layout, operands[i]);
	}
	if (builder->consts.count > 0) {
		memcpy(program->slots, builder->consts.items,
		       builder->consts.count * sizeof(*program->slots));
	}
	place_uses(program, compiler, layout);
	program->state_at = layout->first[REGION_VAR];
	program->operation_count = (unsigned)builder->weight;
	program->frame = (struct frame){
		.slots = program->slots,
		.words = (uint64_t *)(program->slots + layout->slots),
		.operands = program->operands,
		.channels = program->channels,
	};
	program->hash = hash_program(program, compiler);
}

static int finish(struct compiler *compiler, struct program **ret_program)
{
	struct program *program = calloc(1, sizeof(*program));
	struct layout layout;

	if (!program) {
		return -ENOMEM;
	}
	add_stores(compiler);
	layout = lay_out(&compiler->builder);
	program->symbol_count = compiler->source->symbol_count;
	if (compiler->builder.is_out_of_memory ||
	    take_memory(program, &compiler->builder, &layout)) {
		program_destroy(program);
		return -ENOMEM;
	}
	fill(program, compiler, &layout);
	*ret_program = program;
	return 0;
}

static void check_size(struct compiler *compiler)
{
	struct span start = { 0, 0 };

	if (compiler->builder.is_too_large ||
	    compiler->builder.weight > PROGRAM_WEIGHT_MAX) {
		compiler->has_failed = false;
		compiler_error(compiler, start,
			       "the program is too large; expected at most %d operations "
			       "and a megabyte of state",
			       PROGRAM_OPERATIONS_MAX);
	}
}

static int compile(struct compiler *compiler, struct program **ret_program)
{
	const struct program_source *source = compiler->source;
	struct span start = { 0, 0 };

	compiler->uses = calloc(source->symbol_count + 1u, sizeof(*compiler->uses));
	if (!compiler->uses) {
		return -ENOMEM;
	}
	if (source->bytes > PROGRAM_TEXT_MAX) {
		compiler_error(compiler, start,
			       "the program is over %zu KiB; expected less",
			       PROGRAM_TEXT_MAX >> 10);
	} else {
		statement_read_all(compiler);
		add_shared_loads(compiler);
		check_size(compiler);
	}
	return compiler->errors > 0 ? -EINVAL : finish(compiler, ret_program);
}

int program_compile(const struct program_source *source, struct program **ret_program)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	int code;

	if (!compiler) {
		return -ENOMEM;
	}
	compiler->source = source;
	builder_init(&compiler->builder);
	lexer_init(&compiler->lexer, source->text, source->bytes);
	code = compile(compiler, ret_program);
	builder_fini(&compiler->builder);
	free(compiler->uses);
	free(compiler);
	return code;
}
