#include "tests/fakes/logic.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"

const struct program_symbol logic_symbols[LOGIC_SYMBOLS] = {
	[LOGIC_A] = { "in.a", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	[LOGIC_B] = { "in.b", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	[LOGIC_C] = { "in.c", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	[LOGIC_D] = { "in.d", SYMBOL_INPUT, TYPE_BOOL, { 0 } },
	[LOGIC_I] = { "in.i", SYMBOL_INPUT, TYPE_INT, { 0 } },
	[LOGIC_J] = { "in.j", SYMBOL_INPUT, TYPE_INT, { 0 } },
	[LOGIC_X] = { "in.x", SYMBOL_INPUT, TYPE_FLOAT, { 0 } },
	[LOGIC_Y] = { "in.y", SYMBOL_INPUT, TYPE_FLOAT, { 0 } },
	[LOGIC_Z] = { "in.z", SYMBOL_INPUT, TYPE_FLOAT, { 0 } },
	[LOGIC_TARGET] = { "target", SYMBOL_PARAM, TYPE_FLOAT, { 0 } },
	[LOGIC_HOLD] = { "hold", SYMBOL_PARAM, TYPE_TIME, { 0 } },
	[LOGIC_Q] = { "q", SYMBOL_VAR, TYPE_BOOL, { 0 } },
	[LOGIC_Q2] = { "q2", SYMBOL_VAR, TYPE_BOOL, { 0 } },
	[LOGIC_N] = { "n", SYMBOL_VAR, TYPE_INT, { 0 } },
	[LOGIC_N2] = { "n2", SYMBOL_VAR, TYPE_INT, { 0 } },
	[LOGIC_F] = { "f", SYMBOL_VAR, TYPE_FLOAT, { 0 } },
	[LOGIC_F2] = { "f2", SYMBOL_VAR, TYPE_FLOAT, { 0 } },
	[LOGIC_T] = { "t", SYMBOL_VAR, TYPE_TIME, { 0 } },
	[LOGIC_T2] = { "t2", SYMBOL_VAR, TYPE_TIME, { 0 } },
	[LOGIC_LAMP] = { "out.lamp", SYMBOL_OUTPUT, TYPE_BOOL, { 0 } },
	[LOGIC_VALVE] = { "out.valve", SYMBOL_OUTPUT, TYPE_FLOAT, { 0 } },
};

struct listing {
	FILE *stream;
	const char *text;
};

/* Where the mistake is, as a line and a column, and how far its mark reaches. */
static void report(void *context, const struct program_error *error)
{
	struct listing *listing = context;
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < error->offset; i++) {
		column = listing->text[i] == '\n' ? 1 : column + 1;
		line += listing->text[i] == '\n';
	}
	fprintf(listing->stream, "%u:%u+%zu: %s\n", line, column, error->bytes,
		error->text);
}

/* The first that begins with the same two letters: how near is near is not of these tests. */
static const char *nearest(const char *word, const char *const *names)
{
	for (; *names; names++) {
		if (strncmp(*names, word, 2) == 0 && (*names)[1]) {
			return *names;
		}
	}
	return NULL;
}

static void make_image(struct logic *logic)
{
	logic->image = image_create();
	assert(logic->image);
	for (unsigned i = 0; i < LOGIC_SYMBOLS; i++) {
		enum program_type type = logic_symbols[i].type;

		logic->channels[i].name = logic_symbols[i].name;
		logic->channels[i].type = type == TYPE_BOOL    ? VALUE_BOOL
					  : type == TYPE_FLOAT ? VALUE_FLOAT
							       : VALUE_INT;
	}
	if (image_add(logic->image, &logic->part, logic->channels, LOGIC_SYMBOLS) ||
	    image_seal(logic->image)) {
		abort();
	}
	for (unsigned i = 0; i < LOGIC_SYMBOLS; i++) {
		channel_put_int(&logic->channels[i], 0, NS_PER_SEC);
	}
}

static void make(struct logic *logic, const char *text, bool others_write)
{
	size_t bytes = 0;
	struct listing listing = { .text = text };
	const struct program_source source = {
		.text = text,
		.bytes = strlen(text),
		.line = 1,
		.symbols = logic_symbols,
		.symbol_count = LOGIC_SYMBOLS,
		.others_write = others_write,
		.context = &listing,
		.report = report,
		.nearest = nearest,
	};
	struct channel *channels[LOGIC_SYMBOLS];

	*logic = (struct logic){ .now = { .release_ns = NS_PER_SEC } };
	listing.stream = open_memstream(&logic->errors, &bytes);
	logic->code = program_compile(&source, &logic->program);
	fclose(listing.stream);
	make_image(logic);
	for (unsigned i = 0; i < LOGIC_SYMBOLS; i++) {
		channels[i] = &logic->channels[i];
	}
	if (logic->program) {
		program_bind(logic->program, channels);
	}
}

void logic_make(struct logic *logic, const char *text)
{
	make(logic, text, false);
}

void logic_make_shared(struct logic *logic, const char *text)
{
	make(logic, text, true);
}

void logic_end(struct logic *logic)
{
	program_destroy(logic->program);
	image_destroy(logic->image);
	free(logic->errors);
}

static void set(struct logic *logic, unsigned symbol, union value value)
{
	channel_put(&logic->channels[symbol], value, QUALITY_GOOD, logic->now.release_ns);
}

void logic_set_bool(struct logic *logic, unsigned symbol, bool value)
{
	set(logic, symbol, (union value){ .as_bool = value });
}

void logic_set_int(struct logic *logic, unsigned symbol, int64_t value)
{
	set(logic, symbol, (union value){ .as_int = value });
}

void logic_set_float(struct logic *logic, unsigned symbol, double value)
{
	set(logic, symbol, (union value){ .as_float = value });
}

void logic_set_quality(struct logic *logic, unsigned symbol, enum quality quality)
{
	*logic->channels[symbol].quality = (uint8_t)quality;
}

unsigned logic_step(struct logic *logic, int64_t dt_ns)
{
	logic->now.release_ns += dt_ns;
	logic->now.dt_ns = dt_ns;
	return program_step(logic->program, &logic->now);
}

bool logic_bool(const struct logic *logic, unsigned symbol)
{
	return channel_value(&logic->channels[symbol]).as_bool;
}

int64_t logic_int(const struct logic *logic, unsigned symbol)
{
	return channel_value(&logic->channels[symbol]).as_int;
}

double logic_float(const struct logic *logic, unsigned symbol)
{
	return channel_value(&logic->channels[symbol]).as_float;
}

enum quality logic_quality(const struct logic *logic, unsigned symbol)
{
	return (enum quality) * logic->channels[symbol].quality;
}
