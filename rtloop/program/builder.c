#include "rtloop/program/builder.h"

#include <stdlib.h>
#include <string.h>

/* State of the blocks: a megabyte. */
#define WORDS_MAX ((size_t)128 * 1024)

void builder_init(struct builder *builder)
{
	*builder = (struct builder){ .temps = 0 };
}

void builder_fini(struct builder *builder)
{
	free(builder->consts.items);
	free(builder->insns.items);
	free(builder->loads.items);
	free(builder->operands.items);
}

/* NULL without memory, or where there would be more than @most. */
static void *add(struct builder *builder, struct list *list, size_t bytes, unsigned most)
{
	void *item;

	if (list->count == most) {
		builder->is_too_large = true;
		return NULL;
	}
	if (list->count == list->room) {
		unsigned room = list->room ? 2 * list->room : 64;
		void *items = reallocarray(list->items, room, bytes);

		if (!items) {
			builder->is_out_of_memory = true;
			return NULL;
		}
		list->items = items;
		list->room = room;
	}
	item = (char *)list->items + list->count++ * bytes;
	memset(item, 0, bytes);
	return item;
}

uint16_t builder_const(struct builder *builder, struct slot value)
{
	struct slot *consts = builder->consts.items;
	struct slot *slot;

	for (unsigned i = 0; i < builder->consts.count; i++) {
		if (consts[i].bits == value.bits && consts[i].worth == value.worth) {
			return (uint16_t)i;
		}
	}
	slot = add(builder, &builder->consts, sizeof(*slot), REGION_SLOTS_MAX);
	if (!slot) {
		return 0;
	}
	*slot = value;
	return (uint16_t)(builder->consts.count - 1);
}

struct slot builder_value(const struct builder *builder, uint16_t slot)
{
	const struct slot *consts = builder->consts.items;

	return slot < builder->consts.count ? consts[slot] : (struct slot){ .bits = 0 };
}

static uint16_t number(struct builder *builder, enum region region, unsigned index)
{
	if (index >= REGION_SLOTS_MAX) {
		builder->is_too_large = true;
		index = 0;
	}
	return (uint16_t)((unsigned)region << REGION_SHIFT | index);
}

static uint16_t take_temps(struct builder *builder, unsigned count)
{
	uint16_t slot = number(builder, REGION_TEMP, builder->temps + count - 1);

	builder->temps += count;
	if (builder->temps > builder->temps_max) {
		builder->temps_max = builder->temps;
	}
	return (uint16_t)(slot - (count - 1));
}

uint16_t builder_slot(struct builder *builder, enum region region)
{
	if (region == REGION_VAR) {
		return number(builder, region, builder->vars++);
	}
	if (region == REGION_INPUT) {
		return number(builder, region, builder->inputs++);
	}
	return take_temps(builder, 1);
}

void builder_begin_statement(struct builder *builder)
{
	builder->temps = 0;
}

void builder_insn(struct builder *builder, const struct insn *insn)
{
	struct insn *added =
		add(builder, &builder->insns, sizeof(*added), PROGRAM_OPERATIONS_MAX);

	if (added) {
		*added = *insn;
		builder->weight++;
	}
}

/* Compute it now, of constants: on slots of its own, the operands first and then the result. */
static uint16_t fold(struct builder *builder, enum op_number op, const uint16_t *operands,
		     unsigned count)
{
	struct slot slots[FUNCTION_REPEATS_MAX + 1];
	uint16_t numbers[FUNCTION_REPEATS_MAX];
	struct frame frame = { .slots = slots, .operands = numbers };
	const struct insn insn = {
		.b = 1, .c = 2, .dst = (uint16_t)count, .count = (uint16_t)count
	};

	for (unsigned i = 0; i < count; i++) {
		slots[i] = builder_value(builder, operands[i]);
		numbers[i] = (uint16_t)i;
	}
	op_rows[op].run(&frame, &insn);
	builder->trouble |= slots[count].worth & WORTH_TROUBLE;
	slots[count].worth = WORTH_GOOD;
	return builder_const(builder, slots[count]);
}

uint16_t builder_op(struct builder *builder, enum op_number op, uint16_t a, uint16_t b,
		    uint16_t c)
{
	const uint16_t operands[] = { a, b, c };
	struct insn insn = { .op = (uint16_t)op, .a = a, .b = b, .c = c };

	if (slot_is_const(a) && slot_is_const(b) && slot_is_const(c)) {
		return fold(builder, op, operands, ARRAY_SIZE(operands));
	}
	insn.dst = take_temps(builder, 1);
	builder_insn(builder, &insn);
	return insn.dst;
}

static bool are_consts(const struct builder_call *call)
{
	for (unsigned i = 0; i < call->count; i++) {
		if (!slot_is_const(call->operands[i])) {
			return false;
		}
	}
	return true;
}

static uint32_t add_operands(struct builder *builder, const struct builder_call *call)
{
	uint32_t first = builder->operands.count;

	for (unsigned i = 0; i < call->count; i++) {
		uint16_t *operand =
			add(builder, &builder->operands, sizeof(*operand), 1u << 20);

		if (operand) {
			*operand = call->operands[i];
		}
	}
	return first;
}

static uint32_t take_words(struct builder *builder, size_t count)
{
	size_t first = builder->words;

	if (count > WORDS_MAX - first) {
		builder->is_too_large = true;
		return 0;
	}
	builder->words += count;
	return (uint32_t)first;
}

uint16_t builder_call(struct builder *builder, const struct builder_call *call)
{
	struct insn insn = { .op = (uint16_t)call->op, .count = (uint16_t)call->count };

	if (call->count > 0) {
		insn.a = call->operands[0];
		insn.b = call->count > 1 ? call->operands[1] : 0;
	}
	if (!call->is_stateful && are_consts(call)) {
		return fold(builder, call->op, call->operands, call->count);
	}
	insn.first = add_operands(builder, call);
	insn.word = take_words(builder, call->words);
	insn.dst = take_temps(builder, call->results);
	builder_insn(builder, &insn);
	builder->weight += call->weight - 1;
	return insn.dst;
}

void builder_load_into(struct builder *builder, enum op_number op, unsigned symbol,
		       uint16_t slot)
{
	struct insn *insn =
		add(builder, &builder->loads, sizeof(*insn), PROGRAM_OPERATIONS_MAX);

	if (insn) {
		insn->op = (uint16_t)op;
		insn->word = symbol;
		insn->dst = slot;
		builder->weight++;
	}
}

uint16_t builder_load(struct builder *builder, enum op_number op, unsigned symbol)
{
	uint16_t slot = builder_slot(builder, REGION_INPUT);

	builder_load_into(builder, op, symbol, slot);
	return slot;
}
