#include "rtloop/program/program.h"

#include <stdlib.h>

#include "rtloop/base/time.h"
#include "rtloop/program/function.h"
#include "rtloop/program/layout.h"
#include "rtloop/program/lexer.h"

static const char *const trouble_names[TROUBLE_KINDS] = {
	[TROUBLE_DIVISION] = "a division by zero",
	[TROUBLE_OVERFLOW] = "an overflow",
	[TROUBLE_INVALID] = "a result that is not a number",
	[TROUBLE_RANGE] = "an argument out of range",
};

static const char *const trouble_keys[TROUBLE_KINDS] = {
	[TROUBLE_DIVISION] = "division",
	[TROUBLE_OVERFLOW] = "overflow",
	[TROUBLE_INVALID] = "invalid",
	[TROUBLE_RANGE] = "range",
};

static const char *const type_names[] = {
	[TYPE_BOOL] = "bool",
	[TYPE_INT] = "integer",
	[TYPE_FLOAT] = "float",
	[TYPE_TIME] = "duration",
};

const char *program_trouble_name(enum trouble kind)
{
	return trouble_names[kind];
}

const char *program_trouble_key(enum trouble kind)
{
	return trouble_keys[kind];
}

const char *program_type_name(enum program_type type)
{
	return type_names[type];
}

bool program_is_reserved(const char *name)
{
	return lexer_is_keyword(name) || function_find(name) != NULL;
}

void program_destroy(struct program *program)
{
	if (!program) {
		return;
	}
	free(program->insns);
	free(program->operands);
	free(program->slots);
	free(program->uses);
	free(program->channels);
	free(program);
}

static void set_initial(struct program *program, const struct program_use *use)
{
	struct slot *slot = &program->slots[use->slot];

	slot->worth = WORTH_GOOD;
	slot->i = use->is_bool ? use->initial.as_bool : use->initial.as_int;
}

void program_bind(struct program *program, struct channel *const *channels)
{
	for (unsigned i = 0; i < program->symbol_count; i++) {
		const struct program_use *use = &program->uses[i];

		program->channels[i] = channels[i];
		if (use->has_slot && use->has_initial) {
			set_initial(program, use);
		}
		if (channels[i] && use->has_initial) {
			channel_put(channels[i], use->initial, QUALITY_GOOD, 0);
		}
	}
}

void program_note(struct frame *frame, const struct insn *insn, uint64_t trouble)
{
	struct program *program = container_of(frame, struct program, frame);

	if (program->trouble_line == 0) {
		program->trouble_line = insn->word;
	}
	for (unsigned kind = 0; kind < TROUBLE_KINDS; kind++) {
		if (trouble & WORTH_DIVISION << kind) {
			counter_add(&program->trouble[kind].count, 1);
			if (counter_get(&program->trouble[kind].line) == 0) {
				counter_set(&program->trouble[kind].line, insn->word);
			}
		}
	}
}

unsigned program_step(struct program *program, const struct program_time *now)
{
	struct frame *frame = &program->frame;
	const struct insn *end = program->insns + program->insn_count;

	frame->release_ns = now->release_ns;
	frame->dt_ns = now->dt_ns;
	frame->dt_s = (double)now->dt_ns / (double)NS_PER_SEC;
	program->trouble_line = 0;
	for (const struct insn *insn = program->insns; insn < end; insn++) {
		insn->run(frame, insn);
	}
	return program->trouble_line;
}

unsigned program_operations(const struct program *program)
{
	return program->operation_count;
}

const struct program_trouble *program_trouble(const struct program *program,
					      enum trouble kind)
{
	return &program->trouble[kind];
}

bool program_writes(const struct program *program, unsigned symbol)
{
	return program->uses[symbol].is_written;
}

bool program_ages(const struct program *program, unsigned symbol)
{
	for (unsigned i = 0; i < program->insn_count; i++) {
		const struct insn *insn = &program->insns[i];

		if (insn->op == NUMBER(op_age) && insn->word == symbol) {
			return true;
		}
	}
	return false;
}

bool program_reads(const struct program *program, unsigned symbol)
{
	return program->uses[symbol].is_read;
}

void *program_state(struct program *program)
{
	return &program->slots[program->state_at];
}

size_t program_state_bytes(const struct program *program)
{
	return program->bytes - program->state_at * sizeof(struct slot);
}

uint64_t program_hash(const struct program *program)
{
	return program->hash;
}
