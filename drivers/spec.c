#include "drivers/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/describe.h"
#include "config/scalar.h"
#include "drivers/spec_channel.h"
#include "rtloop/base/time.h"

/* What spec_device_rows are bound to. */
struct device_keys {
	const char *driver;
	int64_t every;
	int64_t max_age_ns;
	int64_t budget;
	int lane;
	const struct node *in;
	const struct node *out;
};

/* What reading any part of the devices needs. */
struct reader {
	const struct binder *binder;
	const struct driver *const *drivers;
	struct spec_list *list;
};

/* In the order of their enums. */
static const char *const lane_names[] = { "cycle", "async", NULL };

const struct option spec_device_rows[] = {
	{
		.name = "driver",
		.type = OPTION_TEXT,
		.offset = offsetof(struct device_keys, driver),
		.is_required = true,
		.help = "the driver for its kind; 'rtloop drivers' lists them",
	},
	{
		.name = "every",
		.type = OPTION_INT,
		.offset = offsetof(struct device_keys, every),
		.fallback = "1",
		.min = 1,
		.max = 1000000,
		.help = "it takes part in every n-th cycle; 1: in each",
	},
	{
		.name = "max_age",
		.type = OPTION_DURATION,
		.offset = offsetof(struct device_keys, max_age_ns),
		.fallback = "0s",
		.max = 24 * 3600.0 * NS_PER_SEC,
		.help = "channels without a sample for longer are stale; 0s: never",
	},
	{
		.name = "budget",
		.type = OPTION_INT,
		.offset = offsetof(struct device_keys, budget),
		.fallback = "16",
		.min = 1,
		.max = ENDPOINT_BUDGET_MAX,
		.help = "most messages and frames taken from it in one cycle",
	},
	{
		.name = "lane",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct device_keys, lane),
		.fallback = "cycle",
		.choices = lane_names,
		.help = "runs in the cycle, or beside it on a thread of its own, for "
			"what can block",
	},
	{
		.name = "in",
		.type = OPTION_MAP,
		.offset = offsetof(struct device_keys, in),
		.help = "its input channels by name",
	},
	{
		.name = "out",
		.type = OPTION_MAP,
		.offset = offsetof(struct device_keys, out),
		.help = "its output channels by name; another name than those of 'in'",
	},
	{ .name = NULL },
};

static const struct driver *find_driver(const struct reader *reader, const char *name)
{
	for (const struct driver *const *driver = reader->drivers; *driver; driver++) {
		if (strcmp((*driver)->name, name) == 0) {
			return *driver;
		}
	}
	return NULL;
}

/* As though the drivers' names were the choices of the key. */
static int unknown_driver(const struct reader *reader, const struct node *node)
{
	struct option row = { .name = "driver", .type = OPTION_CHOICE };
	const char **names;
	size_t count = 0;

	while (reader->drivers[count]) {
		count++;
	}
	names = arena_take(&reader->list->arena, (count + 1) * sizeof(*names));
	if (!names) {
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		names[i] = reader->drivers[i]->name;
	}
	row.choices = names;
	scalar_error(reader->binder, &row, node, -EINVAL);
	return 0;
}

/* Before anything else is bound, since the driver says what other keys there are. */
static int choose_driver(const struct reader *reader, const struct node *node,
			 const struct driver **ret_driver)
{
	const struct node *name = node_child(node, "driver");

	*ret_driver = NULL;
	if (!name || name->is_broken || name->kind != NODE_SCALAR ||
	    node_is_empty(name)) {
		return 0;
	}
	*ret_driver = find_driver(reader, name->text);
	return *ret_driver ? 0 : unknown_driver(reader, name);
}

/* One map of channels, as far as there is room for all of them. */
static int read_channels(const struct reader *reader, const struct node *map,
			 const struct spec_channel_reader *channels,
			 struct channel_spec **ret_list, unsigned *ret_count)
{
	unsigned room = SPEC_CHANNELS_MAX - reader->list->channel_count;
	unsigned count = map->child_count < room ? map->child_count : room;
	const struct node *node = map->first;
	unsigned done = 0;

	*ret_list = arena_take(&reader->list->arena, count * sizeof(**ret_list));
	if (!*ret_list) {
		return -ENOMEM;
	}
	for (; node && done < count; node = node->next) {
		int code = spec_channel_read(channels, node, &(*ret_list)[done]);

		if (code < 0) {
			return code;
		}
		done++;
	}
	if (node) {
		node_key_error(node, reader->binder->diag,
			       "too many channels; expected at most %d in all",
			       SPEC_CHANNELS_MAX);
	}
	*ret_count = done;
	reader->list->channel_count += count;
	return 0;
}

static int read_in(const struct reader *reader, const struct node *in,
		   struct device_spec *spec)
{
	const struct spec_channel_reader channels = { .binder = reader->binder,
						      .arena = &reader->list->arena,
						      .driver = spec->driver };

	if (!in) {
		return 0;
	}
	if (spec->driver && !spec->driver->in_options) {
		node_key_error(in, reader->binder->diag,
			       "driver '%s' has no input channels; expected no 'in'",
			       spec->driver->name);
		return 0;
	}
	return read_channels(reader, in, &channels, &spec->in, &spec->in_count);
}

static int read_out(const struct reader *reader, const struct node *out,
		    struct device_spec *spec)
{
	const struct spec_channel_reader channels = { .binder = reader->binder,
						      .arena = &reader->list->arena,
						      .driver = spec->driver,
						      .is_out = true };

	if (!out) {
		return 0;
	}
	if (spec->driver && !spec->driver->out_options) {
		node_key_error(out, reader->binder->diag,
			       "driver '%s' has no output channels; expected no 'out'",
			       spec->driver->name);
		return 0;
	}
	return read_channels(reader, out, &channels, &spec->out, &spec->out_count);
}

static bool has_input(const struct device_spec *spec, const char *name)
{
	for (unsigned i = 0; i < spec->in_count; i++) {
		if (spec->in[i].name && strcmp(spec->in[i].name, name) == 0) {
			return true;
		}
	}
	return false;
}

/* A channel is device.channel, whichever way it goes. */
static void check_names(const struct device_spec *spec)
{
	for (unsigned i = 0; i < spec->out_count; i++) {
		const struct channel_spec *out = &spec->out[i];

		if (out->name && has_input(spec, out->name)) {
			node_key_error(out->place.node, out->place.diag,
				       "'%s' is an input channel of this device already; "
				       "expected another name",
				       out->name);
		}
	}
}

static void check_lane(const struct device_spec *spec)
{
	if (spec->lane == LANE_ASYNC && spec->driver && !spec->driver->allows_async) {
		place_error(&spec->place, "lane",
			    "driver '%s' never blocks; expected cycle",
			    spec->driver->name);
	}
}

static void check_build(const struct device_spec *spec)
{
	if (spec->driver && spec->driver->lacks) {
		place_error(
			&spec->place, "driver",
			"this rtloop was built without %s; expected it to be built anew "
			"with that installed",
			spec->driver->lacks);
	}
}

static int bind_device(const struct reader *reader, const struct node *node,
		       struct device_spec *spec, struct device_keys *keys)
{
	const struct driver *driver = spec->driver;
	struct words what = { .length = 0 };
	struct bind_target target = { .ignores_unknown = !driver };
	void *options =
		arena_take(&reader->list->arena, driver ? driver->options_bytes : 0);

	if (!options) {
		return -ENOMEM;
	}
	spec->options = options;
	words_add(&what, "device ");
	describe_key(&what, node->key);
	target.what = what.text;
	target.parts[0] = (struct bind_part){ .rows = spec_device_rows, .base = keys };
	target.parts[1] = (struct bind_part){
		.rows = driver ? driver->options : NULL,
		.base = options,
	};
	return bind_mapping(reader->binder, node, &target);
}

static int read_device(const struct reader *reader, const struct node *node,
		       struct device_spec *spec)
{
	unsigned errors = diag_total(reader->binder->diag);
	struct device_keys keys = { .driver = NULL };
	int code;

	if (node->is_broken) {
		return 0;
	}
	spec->name = node->key;
	spec->place = (struct place){ .diag = reader->binder->diag, .node = node };
	bind_name(reader->binder, node, "a device's name");
	code = choose_driver(reader, node, &spec->driver);
	if (code == 0) {
		code = bind_device(reader, node, spec, &keys);
	}
	spec->every = keys.every;
	spec->max_age_ns = keys.max_age_ns;
	spec->budget = keys.budget;
	spec->lane = keys.lane;
	check_lane(spec);
	if (code == 0) {
		code = read_in(reader, keys.in, spec);
	}
	if (code == 0) {
		code = read_out(reader, keys.out, spec);
	}
	check_names(spec);
	/* A driver looks at a device only where every row has found its options right. */
	if (code == 0 && spec->driver && spec->driver->check &&
	    diag_total(reader->binder->diag) == errors && node_is_whole(node)) {
		spec->driver->check(spec);
	}
	check_build(spec);
	return code;
}

static int read_devices(const struct reader *reader, const struct node *devices)
{
	struct spec_list *list = reader->list;
	unsigned count = devices->child_count < SPEC_DEVICES_MAX ? devices->child_count
								 : SPEC_DEVICES_MAX;
	const struct node *node = devices->first;

	list->devices = arena_take(&list->arena, count * sizeof(*list->devices));
	if (!list->devices) {
		return -ENOMEM;
	}
	for (; node && list->device_count < count; node = node->next) {
		int code = read_device(reader, node, &list->devices[list->device_count]);

		if (code < 0) {
			return code;
		}
		list->device_count++;
	}
	if (node) {
		node_key_error(node, reader->binder->diag,
			       "too many devices; expected at most %d", SPEC_DEVICES_MAX);
	}
	return 0;
}

/* Where something is wrong with a device, its channels may be missing: names would be wrong too. */
static void check_names_of_all(const struct spec_list *list)
{
	for (unsigned i = 0; i < list->device_count; i++) {
		const struct device_spec *spec = &list->devices[i];

		if (spec->driver && spec->driver->check_names) {
			spec->driver->check_names(spec, list->devices,
						  list->device_count);
		}
	}
}

int spec_list_create(const struct binder *binder, const struct node *devices,
		     const struct driver *const *drivers, struct spec_list **ret_list)
{
	struct spec_list *list = calloc(1, sizeof(*list));
	struct reader reader = { .binder = binder, .drivers = drivers, .list = list };
	unsigned errors = diag_total(binder->diag);
	int code = 0;

	if (!list) {
		return -ENOMEM;
	}
	arena_init(&list->arena);
	if (devices) {
		code = read_devices(&reader, devices);
	}
	if (code == 0 && diag_total(binder->diag) == errors &&
	    (!devices || node_is_whole(devices))) {
		check_names_of_all(list);
	}
	if (code < 0) {
		spec_list_destroy(list);
		return code;
	}
	*ret_list = list;
	return 0;
}

void spec_list_destroy(struct spec_list *list)
{
	if (list) {
		arena_fini(&list->arena);
		free(list);
	}
}
