#include "rtloop/setup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/bind.h"
#include "config/describe.h"
#include "config/value.h"
#include "drivers/registry.h"
#include "rtloop/base/time.h"

const struct option setup_rows[] = {
	{
		.name = "name",
		.type = OPTION_TEXT,
		.offset = offsetof(struct setup, name),
		.help = "of the loop, in the log and in reports; made from the file's "
			"name where "
			"absent",
	},
	{
		.name = "loop",
		.type = OPTION_GROUP,
		.offset = offsetof(struct setup, loop),
		.rows = loop_rows,
		.help = "the cycle: how often, where and how it runs",
	},
	{
		.name = "log",
		.type = OPTION_GROUP,
		.offset = offsetof(struct setup, log),
		.rows = log_rows,
		.is_given_offset = offsetof(struct setup, has_log),
		.help = "where the log goes; without it nothing is logged",
	},
	{
		.name = "control",
		.type = OPTION_BOOL,
		.offset = offsetof(struct setup, has_control),
		.fallback = "true",
		.help = "whether the run can be asked and told by 'rtloop status' and "
			"its like",
	},
	{
		.name = "devices",
		.type = OPTION_MAP,
		.offset = offsetof(struct setup, device_nodes),
		.help = "the devices by name",
	},
	{
		.name = "params",
		.type = OPTION_MAP,
		.offset = offsetof(struct setup, param_nodes),
		.help = "values that the program reads and 'rtloop set' changes, by name",
	},
	{
		.name = "vars",
		.type = OPTION_MAP,
		.offset = offsetof(struct setup, var_nodes),
		.help = "values that the program keeps, by name: each with its first "
			"value, whose form "
			"gives the type: false, 0, 0.0 or 0s",
	},
	{
		.name = "program",
		.type = OPTION_TEXT,
		.offset = offsetof(struct setup, program),
		.help = "the logic, as a literal block (|): 'rtloop help program'",
	},
	{
		.name = "plugins",
		.type = OPTION_MAP,
		.offset = offsetof(struct setup, plugin_nodes),
		.help = "logic in C, as shared objects, by name",
	},
	{
		.name = "logic",
		.type = OPTION_LIST,
		.offset = offsetof(struct setup, order),
		.help = "the order in which 'program' and the plugins run, such as "
			"[filter, program]; required where there is more than one of "
			"them",
	},
	{ .name = NULL },
};

static void check_loop(const struct loop_options *loop, const struct place *place)
{
	char period[32];
	char spin[32];

	if (loop->spin_ns >= loop->period_ns) {
		time_print_duration(period, sizeof(period), loop->period_ns);
		time_print_duration(spin, sizeof(spin), loop->spin_ns);
		place_error(place, "loop.spin",
			    "%s is not shorter than the period; expected less than %s",
			    spin, period);
	}
	if (loop->watchdog && loop->guard == GUARD_OFF) {
		place_error(place, "loop.watchdog",
			    "it is fed by the guardian; expected 'guard' to be auto "
			    "or on");
	}
	if (loop->watchdog_timeout_ns % NS_PER_SEC != 0) {
		place_error(place, "loop.watchdog_timeout",
			    "is no whole number of seconds; expected one");
	}
}

#define HANG_MIN_NS (10 * NS_PER_MS)

static void check_fault(const struct loop_options *loop, const struct place *place)
{
	const struct fault_options *fault = &loop->fault;
	char hang[32];

	if (fault->has_within && fault->overruns == 0) {
		place_error(place, "loop.fault.within",
			    "'overruns' is not given; expected how many are allowed "
			    "within this time");
	}
	if (fault->overruns > 0 && loop->overrun == OVERRUN_STOP) {
		place_error(place, "loop.fault.overruns",
			    "with 'overrun: stop' the first overrun ends the run; "
			    "expected 'overrun: skip' or 'catch-up'");
	}
	if (fault->hang_ns != 0 && fault->hang_ns < HANG_MIN_NS) {
		time_print_duration(hang, sizeof(hang), fault->hang_ns);
		place_error(place, "loop.fault.hang",
			    "%s is too short to tell a hang from a late wake-up; "
			    "expected 10ms or more, or 0s",
			    hang);
	}
}

static void check_log(const struct log_options *log, const struct place *place)
{
	char rotate[32];
	char keep[32];

	if (!log->dir && !log->file) {
		place_error(place, "log",
			    "neither 'dir' nor 'file' is given; expected one of them");
	}
	if (log->dir && log->file) {
		place_error(place, "log.file",
			    "'dir' is given too; expected only one of them");
	}
	if (log->dir && log->keep_bytes != 0 && log->keep_bytes / 2 < log->rotate_bytes) {
		value_print_size(rotate, sizeof(rotate), log->rotate_bytes);
		value_print_size(keep, sizeof(keep), log->keep_bytes);
		place_error(place, "log.keep",
			    "to keep %s is less than two files; expected 0, or at least "
			    "twice 'rotate', which is %s",
			    keep, rotate);
	}
}

static void check_places(const struct setup *setup, const struct place *place)
{
	check_loop(&setup->loop, place);
	check_fault(&setup->loop, place);
	if (setup->has_log) {
		check_log(&setup->log, place);
	}
}

int setup_check(const struct setup *setup, struct diag *diag)
{
	struct place place = { .diag = diag, .node = setup->tree.root };
	unsigned errors = diag_total(diag);

	check_places(setup, &place);
	return diag_total(diag) == errors ? 0 : -EINVAL;
}

/* From "/etc/rtloop/Oven-2.yaml" to "oven_2". */
static const char *name_from_path(struct setup *setup, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *base = slash ? slash + 1 : path;
	const char *point = strrchr(base, '.');
	char name[VALUE_NAME_MAX + 1];
	char *stem;

	if (!point || (strcmp(point, ".yaml") != 0 && strcmp(point, ".yml") != 0)) {
		point = base + strlen(base);
	}
	stem = arena_copy(&setup->tree.arena, base, (size_t)(point - base));
	if (!stem) {
		return NULL;
	}
	value_make_name(stem, "loop", name);
	return arena_copy(&setup->tree.arena, name, strlen(name));
}

static void check_name(const struct setup *setup, struct diag *diag)
{
	struct place place = { .diag = diag, .node = setup->tree.root };
	char name[VALUE_NAME_MAX + 1];
	struct words words = { .length = 0 };

	if (setup->name && !value_is_name(setup->name)) {
		describe_node(&words, node_child(setup->tree.root, "name"));
		place_error(&place, "name",
			    "%s is not a name; expected a to z, 0 to 9 and _, a letter "
			    "first, "
			    "at most %d characters; did you mean %s?",
			    words.text, VALUE_NAME_MAX,
			    value_make_name(setup->name, "loop", name));
	}
}

/* Nothing in it was broken, which binding passes over in silence. */
static bool is_whole(const struct setup *setup, const char *key)
{
	const struct node *node = node_child(setup->tree.root, key);

	return !node || node_is_whole(node);
}

static int bind_logic(struct setup *setup, const struct binder *binder, bool compiles)
{
	const struct logic_source source = {
		.tree = &setup->tree,
		.params = setup->param_nodes,
		.vars = setup->var_nodes,
		.program = node_child(setup->tree.root, "program"),
		.specs = setup->specs,
		.has_plugins = setup->plugin_nodes && setup->plugin_nodes->first,
	};

	return logic_create(binder, &source, compiles, &setup->logic);
}

static int bind_plugins(struct setup *setup, const struct binder *binder)
{
	const struct logic_plugins_source source = {
		.plugins = setup->plugin_nodes,
		.order = setup->order,
		.program = node_child(setup->tree.root, "program"),
		.specs = setup->specs,
	};

	return logic_plugins_read(binder, &source, &setup->plugins);
}

/* Errors of the file are in @diag; a code is returned for what is not of the file. */
static int bind_setup(struct setup *setup, struct diag *diag)
{
	struct binder binder = {
		.arena = &setup->tree.arena,
		.folder = setup->tree.folder,
		.diag = diag,
	};
	struct bind_target target = {
		.what = "the configuration",
		.parts = { { .rows = setup_rows, .base = setup } },
	};
	struct place place = { .diag = diag, .node = setup->tree.root };
	unsigned errors = diag_total(diag);
	int code = bind_mapping(&binder, setup->tree.root, &target);

	if (code < 0) {
		return code;
	}
	check_name(setup, diag);
	/* Options that are wrong each for themselves are not compared with each other. */
	if (diag_total(diag) == errors && is_whole(setup, "loop") &&
	    is_whole(setup, "log")) {
		check_places(setup, &place);
	}
	code = spec_list_create(&binder, setup->device_nodes, registry_drivers,
				&setup->specs);
	code = code ? code : bind_logic(setup, &binder, diag_total(diag) == errors);
	return code ? code : bind_plugins(setup, &binder);
}

static int finish_setup(struct setup *setup, const char *path, struct diag *diag)
{
	int code = bind_setup(setup, diag);

	if (code < 0) {
		return code;
	}
	if (diag_total(diag) > 0) {
		return -EINVAL;
	}
	setup->devices = setup->specs->devices;
	setup->device_count = setup->specs->device_count;
	setup->channel_count = setup->specs->channel_count;
	if (!setup->name) {
		setup->name = name_from_path(setup, path);
	}
	setup->file = diag->file ? arena_copy(&setup->tree.arena, diag->file,
					      strlen(diag->file))
				 : NULL;
	return setup->name && setup->file ? 0 : -ENOMEM;
}

/* @code: of making the tree. */
static int finish_load(struct setup *setup, const char *path, int code,
		       struct setup **ret_setup, struct diag *diag)
{
	if (code == 0) {
		code = finish_setup(setup, path, diag);
	}
	if (code == -ENOMEM) {
		diag_add(diag, 0, 0, "out of memory");
	}
	if (code < 0) {
		setup_destroy(setup);
		return code;
	}
	*ret_setup = setup;
	return 0;
}

static struct setup *create(struct diag *diag)
{
	struct setup *setup = calloc(1, sizeof(*setup));

	if (!setup) {
		diag_add(diag, 0, 0, "out of memory");
	}
	return setup;
}

int setup_load(const char *path, struct setup **ret_setup, struct diag *diag)
{
	struct setup *setup = create(diag);

	return setup ? finish_load(setup, path, tree_load(&setup->tree, path, diag),
				   ret_setup, diag)
		     : -ENOMEM;
}

int setup_parse(const char *text, size_t bytes, const char *folder,
		struct setup **ret_setup, struct diag *diag)
{
	struct setup *setup = create(diag);

	return setup ? finish_load(setup, "config.yaml",
				   tree_parse(&setup->tree, text, bytes, folder, diag),
				   ret_setup, diag)
		     : -ENOMEM;
}

void setup_destroy(struct setup *setup)
{
	if (setup) {
		logic_destroy(setup->logic);
		spec_list_destroy(setup->specs);
		tree_fini(&setup->tree);
		free(setup);
	}
}

bool setup_is_place(const struct setup *setup, const char *text)
{
	size_t length = strlen(setup->file);

	return strncmp(text, setup->file, length) == 0 && text[length] == ':';
}
