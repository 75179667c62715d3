#include "rtloop/logic.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/describe.h"
#include "config/literal.h"
#include "config/suggest.h"
#include "rtloop/logic_values.h"

enum value_type logic_value_type(enum program_type type)
{
	return type == TYPE_BOOL    ? VALUE_BOOL
	       : type == TYPE_FLOAT ? VALUE_FLOAT
				    : VALUE_INT;
}

static enum program_type type_of_channel(enum value_type type)
{
	return type == VALUE_BOOL    ? TYPE_BOOL
	       : type == VALUE_FLOAT ? TYPE_FLOAT
				     : TYPE_INT;
}

static int add_channels(struct logic_spec *logic, const struct device_spec *device,
			bool is_out)
{
	unsigned count = is_out ? device->out_count : device->in_count;
	const struct channel_spec *channels = is_out ? device->out : device->in;

	for (unsigned i = 0; i < count; i++) {
		struct words name = { .length = 0 };
		char *copy;

		words_add(&name, "%s.%s", device->name, channels[i].name);
		copy = arena_copy(&logic->arena, name.text, name.length);
		if (!copy) {
			return -ENOMEM;
		}
		logic->symbols[logic->symbol_count++] = (struct program_symbol){
			.name = copy,
			.kind = is_out ? SYMBOL_OUTPUT : SYMBOL_INPUT,
			.type = type_of_channel(channels[i].type),
		};
	}
	return 0;
}

static void add_values(struct logic_spec *logic, const struct logic_list *list,
		       enum symbol_kind kind)
{
	for (unsigned i = 0; i < list->count; i++) {
		logic->symbols[logic->symbol_count++] = (struct program_symbol){
			.name = list->values[i].name,
			.kind = kind,
			.type = list->values[i].type,
			.initial = list->values[i].value,
		};
	}
}

static int make_symbols(struct logic_spec *logic, const struct spec_list *specs)
{
	size_t count = logic->params.count + logic->vars.count;
	int code = 0;

	for (unsigned i = 0; i < specs->device_count; i++) {
		count += specs->devices[i].in_count + specs->devices[i].out_count;
	}
	logic->symbols = arena_take(&logic->arena, count * sizeof(*logic->symbols));
	if (!logic->symbols) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < 2 * specs->device_count && code == 0; i++) {
		code = add_channels(logic, &specs->devices[i % specs->device_count],
				    i >= specs->device_count);
	}
	add_values(logic, &logic->params, SYMBOL_PARAM);
	add_values(logic, &logic->vars, SYMBOL_VAR);
	return code;
}

static void report(void *context, const struct program_error *error)
{
	const struct logic_reader *reader = context;

	literal_error(reader->source->tree, reader->source->program, error->offset,
		      error->bytes, reader->binder->diag, error->text);
}

static const char *nearest(const char *word, const char *const *names)
{
	struct suggest suggest;

	suggest_init(&suggest, word);
	for (; *names; names++) {
		suggest_offer(&suggest, *names);
	}
	return suggest.best;
}

static int compile(struct logic_reader *reader)
{
	const struct node *node = reader->source->program;
	const struct program_source source = {
		.text = node->text,
		.bytes = node->bytes,
		.line = literal_line(node),
		.symbols = reader->logic->symbols,
		.symbol_count = reader->logic->symbol_count,
		.others_write = reader->source->has_plugins,
		.context = reader,
		.report = report,
		.nearest = nearest,
	};
	int code = program_compile(&source, &reader->logic->program);

	return code == -ENOMEM ? code : 0;
}

/* Only of a literal block does each line stay where it is. */
static bool is_program(const struct logic_reader *reader)
{
	const struct node *node = reader->source->program;

	if (!node || node->is_broken || node->kind != NODE_SCALAR ||
	    node_is_empty(node) || strlen(node->text) != node->bytes) {
		return false;
	}
	if (!literal_is_one(reader->source->tree, node)) {
		node_key_error(node, reader->binder->diag,
			       "'%s' is not a literal block; expected '%s: |', and the "
			       "statements in the lines below",
			       node->key, node->key);
		return false;
	}
	return true;
}

static int read_all(struct logic_reader *reader, bool compiles)
{
	struct logic_spec *logic = reader->logic;
	unsigned errors = diag_total(reader->binder->diag);
	bool has_program = false;
	int code =
		logic_values_read(reader, reader->source->params, true, &logic->params);

	code = code ? code
		    : logic_values_read(reader, reader->source->vars, false,
					&logic->vars);
	if (code == 0) {
		has_program = is_program(reader);
	}
	if (code == 0 && (has_program || reader->source->has_plugins) && compiles &&
	    diag_total(reader->binder->diag) == errors) {
		code = make_symbols(logic, reader->source->specs);
		code = code || !has_program ? code : compile(reader);
	}
	return code;
}

int logic_create(const struct binder *binder, const struct logic_source *source,
		 bool compiles, struct logic_spec **ret_logic)
{
	struct logic_spec *logic = calloc(1, sizeof(*logic));
	struct logic_reader reader = { .binder = binder,
				       .source = source,
				       .logic = logic };
	int code;

	if (!logic) {
		return -ENOMEM;
	}
	arena_init(&logic->arena);
	code = read_all(&reader, compiles);
	if (code < 0) {
		logic_destroy(logic);
		return code;
	}
	*ret_logic = logic;
	return 0;
}

void logic_destroy(struct logic_spec *logic)
{
	if (logic) {
		program_destroy(logic->program);
		arena_fini(&logic->arena);
		free(logic);
	}
}
