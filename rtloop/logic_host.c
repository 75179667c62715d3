#include "rtloop/logic_host_parts.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"

_Static_assert((int)RTLOOP_BOOL == (int)TYPE_BOOL && (int)RTLOOP_INT == (int)TYPE_INT &&
		       (int)RTLOOP_FLOAT == (int)TYPE_FLOAT &&
		       (int)RTLOOP_DURATION == (int)TYPE_TIME,
	       "the types of plugins are those of the program, in the same order");
_Static_assert((int)RTLOOP_GOOD == (int)QUALITY_GOOD &&
		       (int)RTLOOP_STALE == (int)QUALITY_STALE &&
		       (int)RTLOOP_BAD == (int)QUALITY_BAD,
	       "qualities of plugins are those of channels");

void binding_out_of_memory(struct binding *binding)
{
	binding->is_out_of_memory = true;
	binding->has_failed = true;
}

/* --- errors --------------------------------------------------------------------------------------- */

/* Where a name comes from: the option that says it, or the plugin's entry, where the plugin has it itself. */
static const struct node *origin_of(const struct binding *binding, const char *name)
{
	const struct node *options = binding->spec->options;
	const struct node *option = options ? options->first : NULL;

	for (; option; option = option->next) {
		if (option->kind == NODE_SCALAR && strcmp(option->text, name) == 0) {
			return option;
		}
	}
	return binding->spec->node;
}

static void name_error(struct binding *binding, const char *name, const char *format, ...)
	PRINTF_LIKE(3, 4);
static void name_error(struct binding *binding, const char *name, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	binding->has_failed = true;
	node_error(origin_of(binding, name), &binding->diag, "plugin '%s': %s",
		   binding->spec->name, text);
}

/* --- channels ------------------------------------------------------------------------------------- */

static bool is_writable(enum symbol_kind kind)
{
	return kind == SYMBOL_OUTPUT || kind == SYMBOL_VAR;
}

static void unknown_name(struct binding *binding, const char *name, bool is_written)
{
	const struct logic_spec *logic = binding->source->logic;
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (unsigned i = 0; i < logic->symbol_count; i++) {
		if (!is_written || is_writable(logic->symbols[i].kind)) {
			suggest_offer(&suggest, logic->symbols[i].name);
		}
	}
	name_error(binding, name, "there is no '%s'; %s%s%s", name,
		   suggest.best ? "did you mean '" : "expected ",
		   suggest.best ? suggest.best
		   : is_written ? "an output, as device.channel, or a var"
				: "device.channel, a param or a var",
		   suggest.best ? "'?" : "");
}

/* -1: the error was told. */
static int find(struct binding *binding, const char *name, enum rtloop_type type,
		bool is_written)
{
	const struct logic_spec *logic = binding->source->logic;

	for (unsigned i = 0; name && i < logic->symbol_count; i++) {
		enum program_type is = logic->symbols[i].type;

		if (strcmp(logic->symbols[i].name, name) != 0) {
			continue;
		}
		if ((unsigned)is == (unsigned)type) {
			return (int)i;
		}
		name_error(binding, name, "'%s' is of type %s; expected %s", name,
			   program_type_name(is),
			   (unsigned)type > RTLOOP_DURATION
				   ? "one of enum rtloop_type"
				   : program_type_name((enum program_type)type));
		return -1;
	}
	unknown_name(binding, name ? name : "", is_written);
	return -1;
}

static const struct rtloop_input *host_input(struct rtloop_host *host, const char *name,
					     enum rtloop_type type, unsigned flags)
{
	struct binding *binding = binding_of(host);
	int symbol = find(binding, name, type, false);
	struct rtloop_input *input;
	const struct channel *channel;

	if (symbol < 0) {
		return NULL;
	}
	if ((flags & RTLOOP_WITH_AGE) &&
	    binding->source->logic->symbols[symbol].kind != SYMBOL_INPUT) {
		name_error(binding, name, "'%s' has no age; expected an input channel",
			   name);
		return NULL;
	}
	input = arena_take(binding->source->arena, sizeof(*input));
	if (!input) {
		binding_out_of_memory(binding);
		return NULL;
	}
	channel = binding->source->channels[symbol];
	binding->source->uses[symbol].is_read = true;
	binding->source->uses[symbol].is_aged |= (flags & RTLOOP_WITH_AGE) != 0;
	*input = (struct rtloop_input){
		.bytes = sizeof(*input),
		.type = (uint32_t)type,
		.cell = channel->cell,
		.quality = channel->quality,
		.sample_ns = flags & RTLOOP_WITH_AGE ? &channel->sample_ns : NULL,
	};
	return input;
}

/* Whether this plugin may become the one that writes it. */
static bool may_write(struct binding *binding, unsigned symbol)
{
	const struct logic_spec *logic = binding->source->logic;
	const struct program_symbol *row = &logic->symbols[symbol];
	const char *writer = binding->source->uses[symbol].writer;

	if (!is_writable(row->kind)) {
		name_error(binding, row->name,
			   "'%s' is %s; expected an output or a var to write", row->name,
			   row->kind == SYMBOL_PARAM ? "a param" : "an input");
	} else if (logic->program && program_writes(logic->program, symbol)) {
		name_error(binding, row->name,
			   "'%s' is assigned by the program already; expected one "
			   "writer",
			   row->name);
	} else if (writer) {
		name_error(binding, row->name,
			   "'%s' is written by plugin '%s' already; expected one writer",
			   row->name, writer);
	} else {
		return true;
	}
	return false;
}

static const struct rtloop_output *host_output(struct rtloop_host *host, const char *name,
					       enum rtloop_type type)
{
	struct binding *binding = binding_of(host);
	int symbol = find(binding, name, type, true);
	struct rtloop_output *output;
	struct channel *channel;

	if (symbol < 0 || !may_write(binding, (unsigned)symbol)) {
		return NULL;
	}
	output = arena_take(binding->source->arena, sizeof(*output));
	channel = binding->source->channels[symbol];
	if (!output || (binding->source->logic->symbols[symbol].kind == SYMBOL_VAR &&
			plugin_add_var(binding->plugin, channel))) {
		binding_out_of_memory(binding);
		return NULL;
	}
	binding->source->uses[symbol].writer = binding->spec->name;
	*output = (struct rtloop_output){ .bytes = sizeof(*output),
					  .type = (uint32_t)type,
					  .cell = channel->cell,
					  .quality = channel->quality };
	return output;
}

static void *host_state(struct rtloop_host *host, size_t bytes)
{
	struct binding *binding = binding_of(host);
	int code = plugin_take_state(binding->plugin, bytes);

	if (code == -ENOMEM) {
		binding_out_of_memory(binding);
	} else if (code) {
		name_error(binding, "",
			   code == -EFBIG
				   ? "asks for a state of %zu bytes; expected at "
				     "most 1 MiB"
				   : "asks for a state of %zu bytes when it has one "
				     "already; expected it once",
			   bytes);
	}
	return code ? NULL : binding->plugin->state;
}

/* --- init() --------------------------------------------------------------------------------------- */

static void host_refuse(struct rtloop_host *host, const char *text)
{
	name_error(binding_of(host), "", "%s", text);
}

static const struct rtloop_host functions = {
	.bytes = sizeof(struct rtloop_host),
	.abi = RTLOOP_PLUGIN_ABI,
	.input = host_input,
	.output = host_output,
	.state = host_state,
	.refuse = host_refuse,
};

/* All errors, a line each, as far as there is room. */
static int give_errors(struct binding *binding, struct err *err)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);

	if (binding->is_out_of_memory || !stream) {
		if (stream) {
			fclose(stream);
		}
		free(text);
		return err_set(err, -ENOMEM, "no memory for plugin '%s'",
			       binding->spec->name);
	}
	diag_print(&binding->diag, stream);
	fclose(stream);
	if (text && bytes > 0 && text[bytes - 1] == '\n') {
		text[bytes - 1] = '\0';
	}
	err_set(err, -EINVAL, "%s", text ? text : "");
	free(text);
	return -EINVAL;
}

static void init(struct binding *binding)
{
	const struct rtloop_plugin *entry = binding->plugin->library.plugin;
	int code = entry->init(&binding->host, binding->plugin->instance);

	if (code && !binding->has_failed) {
		name_error(binding, "", "its init() failed: %s",
			   strerror(code < 0 ? -code : code));
	}
	if (!binding->has_failed) {
		/* from here on exit() is owed, whatever is still found wrong */
		binding->plugin->is_begun = true;
		binding_check_unasked(binding);
	}
}

/* FNV-1a, 64 bits. */
static uint64_t hash_text(uint64_t hash, const char *text)
{
	do {
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	} while (*text++);
	return hash;
}

/* Where the file is, and when it was made, is no part of what a plugin does: its version is. */
static uint64_t hash_plugin(const struct binding *binding)
{
	const struct rtloop_plugin *entry = binding->plugin->library.plugin;
	const struct node *options = binding->spec->options;
	const struct node *node = options ? options->first : NULL;
	uint64_t hash = hash_text(UINT64_C(0xcbf29ce484222325), binding->spec->name);

	hash = hash_text(hash_text(hash, entry->name), entry->version);
	for (; node; node = node->next) {
		hash = hash_text(hash_text(hash, node->key), node->text);
	}
	return (hash ^ binding->plugin->state_bytes) * UINT64_C(0x100000001b3);
}

int logic_host_begin(struct plugin *plugin, const struct logic_plugin *spec,
		     const struct logic_host_source *source, struct err *err)
{
	struct binding *binding = calloc(1, sizeof(*binding));
	int code = 0;

	if (!binding) {
		return err_set(err, -ENOMEM, "no memory for plugin '%s'", spec->name);
	}
	binding->host = functions;
	binding_add_options(binding);
	binding->host.name = spec->name;
	binding->host.period_ns = source->period_ns;
	binding->plugin = plugin;
	binding->spec = spec;
	binding->source = source;
	diag_init(&binding->diag, source->file);
	init(binding);
	plugin->hash = hash_plugin(binding);
	if (binding->has_failed) {
		code = give_errors(binding, err);
	}
	diag_fini(&binding->diag);
	free(binding);
	return code;
}

int logic_host_error(struct err *err, int code, const struct logic_host_source *source,
		     const struct logic_plugin *spec, const char *key, const char *text)
{
	const struct node *child = key ? node_child(spec->node, key) : NULL;

	return err_set(err, code, "%s:%u:%u: plugin '%s': %s", source->file,
		       child ? child->line : spec->node->key_line,
		       child ? child->column : spec->node->key_column, spec->name, text);
}
