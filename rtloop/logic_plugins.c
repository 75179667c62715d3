#include "rtloop/logic_plugins.h"

#include <errno.h>
#include <string.h>

#include "config/describe.h"
#include "config/place.h"
#include "config/suggest.h"
#include "rtloop/plugin/library.h"

#define PROGRAM "program"

const struct option logic_plugin_rows[] = {
	{
		.name = "path",
		.type = OPTION_PATH,
		.offset = offsetof(struct logic_plugin, path),
		.is_required = true,
		.help = "of the shared object, which runs with the rights of the loop",
	},
	{
		.name = "options",
		.type = OPTION_MAP,
		.offset = offsetof(struct logic_plugin, options),
		.help = "what the plugin asks for at its start, by name",
	},
	{
		.name = "budget",
		.type = OPTION_DURATION,
		.offset = offsetof(struct logic_plugin, budget_ns),
		.fallback = "0s",
		.max = 60e9,
		.help = "a step that takes longer is counted and told; 0s for none",
	},
	{ .name = NULL },
};

/* What reading needs at every step. */
struct reader {
	const struct binder *binder;
	const struct logic_plugins_source *source;
	struct logic_plugins *plugins;
};

static void check_name(const struct reader *reader, const struct node *node)
{
	const struct spec_list *specs = reader->source->specs;

	if (!bind_name(reader->binder, node, "a plugin's name")) {
		return;
	}
	if (strcmp(node->key, PROGRAM) == 0) {
		node_key_error(node, reader->binder->diag,
			       "a plugin cannot be called '" PROGRAM
			       "', which stands for the program in 'logic'; expected "
			       "another name");
	}
	for (unsigned i = 0; specs && i < specs->device_count; i++) {
		if (strcmp(specs->devices[i].name, node->key) == 0) {
			node_key_error(node, reader->binder->diag,
				       "'%s' is a device already, and events name both; "
				       "expected another name",
				       node->key);
		}
	}
}

static void check_path(const struct reader *reader, const struct logic_plugin *plugin)
{
	struct place place = { .diag = reader->binder->diag, .node = plugin->node };
	struct err err;

	if (plugin->path && library_check(plugin->path, &err)) {
		place_error(&place, "path", "%s", err.text);
	}
}

static void check_options(const struct reader *reader, const struct node *options)
{
	const struct node *node = options ? options->first : NULL;

	for (; node; node = node->next) {
		if (!node->is_broken && node->kind != NODE_SCALAR) {
			node_error(node, reader->binder->diag,
				   "'%s' is a %s; expected one value, for a plugin's "
				   "options are plain",
				   node->key,
				   node->kind == NODE_MAPPING ? "mapping" : "list");
		}
	}
}

static int read_plugin(const struct reader *reader, const struct node *node,
		       struct logic_plugin *plugin)
{
	struct words what = { .length = 0 };
	struct bind_target target = { .parts = { { .rows = logic_plugin_rows,
						   .base = plugin } } };
	int code;

	plugin->name = node->key;
	plugin->node = node;
	if (node->is_broken) {
		return 0;
	}
	check_name(reader, node);
	words_add(&what, "plugin ");
	describe_key(&what, node->key);
	target.what = what.text;
	code = bind_mapping(reader->binder, node, &target);
	if (code == 0) {
		check_path(reader, plugin);
		check_options(reader, plugin->options);
	}
	return code;
}

static int read_list(const struct reader *reader)
{
	const struct node *mapping = reader->source->plugins;
	struct logic_plugins *plugins = reader->plugins;
	const struct node *node;

	if (mapping->child_count > LOGIC_PLUGINS_MAX) {
		node_key_error(mapping, reader->binder->diag,
			       "too many in '%s'; expected at most %d", mapping->key,
			       LOGIC_PLUGINS_MAX);
		return 0;
	}
	plugins->list = arena_take(reader->binder->arena,
				   (mapping->child_count + 1) * sizeof(*plugins->list));
	if (!plugins->list) {
		return -ENOMEM;
	}
	for (node = mapping->first; node; node = node->next) {
		int code = read_plugin(reader, node, &plugins->list[plugins->count++]);

		if (code) {
			return code;
		}
	}
	return 0;
}

/* --- the order ------------------------------------------------------------------------------------ */

static bool is_name_of(const struct node *item, const char *name)
{
	return item->kind == NODE_SCALAR && strcmp(item->text, name) == 0;
}

/* Its first place in the order; -1: it is not there. */
static int place_of(const struct node *order, const char *name)
{
	int place = 0;

	for (const struct node *item = order->first; item; item = item->next, place++) {
		if (is_name_of(item, name)) {
			return place;
		}
	}
	return -1;
}

static bool is_known(const struct reader *reader, const struct node *item)
{
	const struct node *plugins = reader->source->plugins;

	return (reader->source->program && is_name_of(item, PROGRAM)) ||
	       (plugins && item->kind == NODE_SCALAR && node_child(plugins, item->text));
}

static void unknown_item(const struct reader *reader, const struct node *item)
{
	struct words words = { .length = 0 };
	const struct node *plugins = reader->source->plugins;
	const struct node *node = plugins ? plugins->first : NULL;
	struct suggest suggest;

	describe_node(&words, item);
	suggest_init(&suggest, item->kind == NODE_SCALAR ? item->text : "");
	if (reader->source->program) {
		suggest_offer(&suggest, PROGRAM);
	}
	for (; node; node = node->next) {
		suggest_offer(&suggest, node->key);
	}
	node_error(item, reader->binder->diag,
		   "%s is no plugin%s; expected each plugin once%s%s%s%s", words.text,
		   reader->source->program ? ", nor '" PROGRAM "'" : "",
		   reader->source->program ? ", and '" PROGRAM "'" : "",
		   suggest.best ? "; did you mean '" : "",
		   suggest.best ? suggest.best : "", suggest.best ? "'?" : "");
}

static void check_items(const struct reader *reader)
{
	const struct node *order = reader->source->order;
	int place = 0;

	for (const struct node *item = order->first; item; item = item->next, place++) {
		if (item->is_broken) {
			continue;
		}
		if (!is_known(reader, item)) {
			unknown_item(reader, item);
		} else if (place_of(order, item->text) != place) {
			node_error(item, reader->binder->diag,
				   "'%s' is there a second time; expected it once",
				   item->text);
		}
	}
}

static void check_is_there(const struct reader *reader, const char *name)
{
	const struct node *order = reader->source->order;

	if (place_of(order, name) < 0) {
		node_key_error(order, reader->binder->diag,
			       "'%s' lacks '%s'; expected all that runs, in its order",
			       order->key, name);
	}
}

/* By their places: few, so the simplest sort will do. */
static void sort(const struct reader *reader)
{
	const struct node *order = reader->source->order;
	struct logic_plugins *plugins = reader->plugins;

	for (unsigned i = 1; i < plugins->count; i++) {
		struct logic_plugin moved = plugins->list[i];
		unsigned at = i;

		for (; at > 0 && place_of(order, plugins->list[at - 1].name) >
					 place_of(order, moved.name);
		     at--) {
			plugins->list[at] = plugins->list[at - 1];
		}
		plugins->list[at] = moved;
	}
	for (unsigned i = 0; reader->source->program && i < plugins->count; i++) {
		plugins->program_at +=
			place_of(order, plugins->list[i].name) < place_of(order, PROGRAM);
	}
}

static void missing_order(const struct reader *reader)
{
	const struct logic_plugins *plugins = reader->plugins;
	struct words words = { .length = 0 };

	words_add(&words, "logic: [%s", reader->source->program ? PROGRAM : "");
	for (unsigned i = 0; i < plugins->count; i++) {
		words_add(&words, "%s%s", i > 0 || reader->source->program ? ", " : "",
			  plugins->list[i].name);
	}
	node_key_error(reader->source->plugins, reader->binder->diag,
		       "the order in which %s run is not stated; expected '%s]', or "
		       "another order",
		       reader->source->program ? "the program and plugins" : "plugins",
		       words.text);
}

static void read_order(const struct reader *reader)
{
	const struct logic_plugins *plugins = reader->plugins;
	unsigned errors = diag_total(reader->binder->diag);

	if (!reader->source->order) {
		if (plugins->count + (reader->source->program != NULL) > 1) {
			missing_order(reader);
		}
		return;
	}
	check_items(reader);
	if (reader->source->program) {
		check_is_there(reader, PROGRAM);
	}
	for (unsigned i = 0; i < plugins->count; i++) {
		check_is_there(reader, plugins->list[i].name);
	}
	if (diag_total(reader->binder->diag) == errors) {
		sort(reader);
	}
}

int logic_plugins_read(const struct binder *binder,
		       const struct logic_plugins_source *source,
		       struct logic_plugins *plugins)
{
	const struct reader reader = { .binder = binder,
				       .source = source,
				       .plugins = plugins };
	int code = source->plugins ? read_list(&reader) : 0;

	if (code == 0 && (plugins->count > 0 || source->order)) {
		read_order(&reader);
	}
	return code;
}
