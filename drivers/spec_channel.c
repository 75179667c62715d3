#include "drivers/spec_channel.h"

#include <errno.h>
#include <string.h>

#include "config/describe.h"
#include "config/scalar.h"
#include "config/suggest.h"
#include "config/value.h"
#include "rtloop/base/time.h"

/* What spec_channel_rows and spec_output_rows are bound to. */
struct channel_keys {
	const char *unit;
	const char *on_bad;
	const char *safe;
	int type;
	bool has_type;
};

/* What stays where the type was wrong. */
#define TYPE_UNKNOWN (-1)

/* In the order of enum value_type. */
static const char *const type_names[] = { "bool", "integer", "float", NULL };

/* Fields of the log's messages, whose other fields are the channels. */
static const char *const reserved_names[] = { "cycle", "sample_ns", "quality" };

const struct option spec_channel_rows[] = {
	{
		.name = "type",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct channel_keys, type),
		.fallback = "float",
		.choices = type_names,
		.is_given_offset = offsetof(struct channel_keys, has_type),
		.help = "what kind of value it holds; some drivers of bits and counts "
			"have a default of their own",
	},
	{
		.name = "unit",
		.type = OPTION_TEXT,
		.offset = offsetof(struct channel_keys, unit),
		.min = 1,
		.max = 32,
		.help = "of the value, for people: it stands in the log and is not "
			"converted",
	},
	{
		.name = "on_bad",
		.type = OPTION_TEXT,
		.offset = offsetof(struct channel_keys, on_bad),
		.fallback = "hold",
		.help = "the value once the channel turns bad: hold keeps the last one; "
			"or one of its "
			"type",
	},
	{ .name = NULL },
};

const struct option spec_output_rows[] = {
	{
		.name = "type",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct channel_keys, type),
		.fallback = "float",
		.choices = type_names,
		.is_given_offset = offsetof(struct channel_keys, has_type),
		.help = "what kind of value it takes; some drivers of bits have a "
			"default of their own",
	},
	{
		.name = "unit",
		.type = OPTION_TEXT,
		.offset = offsetof(struct channel_keys, unit),
		.min = 1,
		.max = 32,
		.help = "of the value, for people: it stands in the log and is not "
			"converted",
	},
	{
		.name = "safe",
		.type = OPTION_TEXT,
		.offset = offsetof(struct channel_keys, safe),
		.is_required = true,
		.help = "the value of its type that is written before the first cycle, "
			"at the end, also of an overrun: stop, and while what drives it "
			"is not good; a "
			"bool may be 0 or 1",
	},
	{ .name = NULL },
};

static const struct option *row_of_value(enum value_type type)
{
	static const struct option rows[] = {
		[VALUE_BOOL] = { .name = "value", .type = OPTION_BOOL },
		[VALUE_INT] = { .name = "value", .type = OPTION_INT },
		[VALUE_FLOAT] = { .name = "value", .type = OPTION_FLOAT },
	};

	return &rows[type];
}

static void on_bad_error(const struct binder *binder, const struct node *node,
			 const struct option *row)
{
	struct words words = { .length = 0 };
	struct suggest suggest;

	suggest_init(&suggest, node->text);
	suggest_offer(&suggest, "hold");
	words_add(&words, "'on_bad' is ");
	describe_node(&words, node);
	words_add(&words,
		  row->type == OPTION_BOOL ? "; expected hold, " : "; expected hold or ");
	describe_expected(&words, row, false);
	if (suggest.best) {
		words_add(&words, "; did you mean hold?");
	}
	node_error(node, binder->diag, "%s", words.text);
}

static int read_on_bad(const struct binder *binder, const struct node *channel,
		       struct channel_spec *spec)
{
	const struct node *node = node_child(channel, "on_bad");
	const struct option *row = row_of_value(spec->type);
	int code = -EINVAL;

	if (!node || node->is_broken || node->kind != NODE_SCALAR ||
	    node_is_empty(node) || strcmp(node->text, "hold") == 0) {
		return 0;
	}
	if (!node->is_quoted) {
		code = scalar_store(binder, row, node->text, node->bytes,
				    &spec->substitute);
	}
	if (code < 0) {
		on_bad_error(binder, node, row);
		return 0;
	}
	spec->has_substitute = true;
	return 0;
}

static void safe_error(const struct binder *binder, const struct node *node,
		       enum value_type type)
{
	struct words words = { .length = 0 };

	words_add(&words, "'safe' is ");
	describe_node(&words, node);
	words_add(&words, "; expected ");
	describe_expected(&words, row_of_value(type), false);
	words_add(&words, type == VALUE_BOOL ? ", 0 or 1" : "");
	node_error(node, binder->diag, "%s", words.text);
}

/* A line is switched to 0 or 1, as people say. */
static bool parse_bit(const struct node *node, enum value_type type, union value *value)
{
	bool is_bit = type == VALUE_BOOL &&
		      (strcmp(node->text, "0") == 0 || strcmp(node->text, "1") == 0);

	if (is_bit) {
		value->as_bool = node->text[0] == '1';
	}
	return is_bit;
}

static void read_safe(const struct binder *binder, const struct node *channel,
		      struct channel_spec *spec)
{
	const struct node *node = node_child(channel, "safe");
	int code = -EINVAL;

	/* what is missing or no value was said by the row */
	if (!node || node->is_broken || node->kind != NODE_SCALAR ||
	    node_is_empty(node)) {
		return;
	}
	if (!node->is_quoted) {
		code = parse_bit(node, spec->type, &spec->safe)
			       ? 0
			       : scalar_store(binder, row_of_value(spec->type),
					      node->text, node->bytes, &spec->safe);
	}
	if (code < 0) {
		safe_error(binder, node, spec->type);
	}
}

static void check_channel_name(const struct binder *binder, const struct node *node)
{
	if (!bind_name(binder, node, "a channel's name")) {
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(reserved_names); i++) {
		if (strcmp(node->key, reserved_names[i]) == 0) {
			node_key_error(node, binder->diag,
				       "'%s' cannot be a channel's name: the log's "
				       "messages have a "
				       "field of this name; expected another",
				       node->key);
		}
	}
}

/* A unit stands in a comment of the log's schemas: a line break would end it. */
static void check_unit(const struct channel_spec *spec)
{
	for (const char *at = spec->unit; at && *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			place_error(&spec->place, "unit",
				    "a control character in it; expected printable text");
			return;
		}
	}
}

static enum value_type type_of(const struct channel_keys *keys,
			       enum value_type (*told)(const void *options),
			       const void *options)
{
	if (!keys->has_type && told) {
		return told(options);
	}
	return keys->type == TYPE_UNKNOWN ? VALUE_BOOL : (enum value_type)keys->type;
}

/* What the driver says of the channels of one map. */
struct map_kind {
	const struct option *common;
	const struct option *rows;
	size_t bytes;
	enum value_type (*type)(const void *options);
};

static struct map_kind kind_of(const struct spec_channel_reader *reader)
{
	const struct driver *driver = reader->driver;
	struct map_kind kind = { .common = reader->is_out ? spec_output_rows
							  : spec_channel_rows };

	if (driver) {
		kind.rows = reader->is_out ? driver->out_options : driver->in_options;
		kind.bytes = reader->is_out ? driver->out_bytes : driver->in_bytes;
		kind.type =
			reader->is_out ? driver->out_channel_type : driver->channel_type;
	}
	return kind;
}

static int bind_channel(const struct spec_channel_reader *reader, const struct node *node,
			const struct map_kind *kind, struct channel_keys *keys,
			void *options)
{
	struct words what = { .length = 0 };
	struct bind_target target = { .ignores_unknown = !reader->driver };

	words_add(&what, "channel ");
	describe_key(&what, node->key);
	target.what = what.text;
	target.parts[0] = (struct bind_part){ .rows = kind->common, .base = keys };
	target.parts[1] = (struct bind_part){ .rows = kind->rows, .base = options };
	return bind_mapping(reader->binder, node, &target);
}

int spec_channel_read(const struct spec_channel_reader *reader, const struct node *node,
		      struct channel_spec *spec)
{
	const struct map_kind kind = kind_of(reader);
	struct channel_keys keys = { .type = TYPE_UNKNOWN };
	void *options = arena_take(reader->arena, kind.bytes);
	int code;

	if (node->is_broken) {
		return 0;
	}
	if (!options) {
		return -ENOMEM;
	}
	check_channel_name(reader->binder, node);
	code = bind_channel(reader, node, &kind, &keys, options);
	*spec = (struct channel_spec){
		.name = node->key,
		.unit = keys.unit,
		.type = type_of(&keys, kind.type, options),
		.options = options,
		.place = { .diag = reader->binder->diag, .node = node },
	};
	if (code) {
		return code;
	}
	check_unit(spec);
	if (keys.type != TYPE_UNKNOWN && reader->is_out) {
		read_safe(reader->binder, node, spec);
	} else if (keys.type != TYPE_UNKNOWN) {
		code = read_on_bad(reader->binder, node, spec);
	}
	return code;
}
