#include "rtloop/logic_values.h"

#include <errno.h>
#include <string.h>

#include "config/describe.h"
#include "config/value.h"

/* What logic_param_rows and logic_var_rows are bound to. */
struct value_keys {
	const char *value;
	const char *min;
	const char *max;
	const char *unit;
};

/* Fields of the log's messages, whose other fields are params or vars. */
static const char *const reserved_names[] = { "cycle", "sample_ns", "quality" };

const struct option logic_param_rows[] = {
	{
		.name = "value",
		.type = OPTION_TEXT,
		.offset = offsetof(struct value_keys, value),
		.is_required = true,
		.help = "at start; its form gives the type: false, 0, 0.0 or 0s",
	},
	{
		.name = "min",
		.type = OPTION_TEXT,
		.offset = offsetof(struct value_keys, min),
		.help = "least value that 'rtloop set' takes, of the same type",
	},
	{
		.name = "max",
		.type = OPTION_TEXT,
		.offset = offsetof(struct value_keys, max),
		.help = "greatest value that 'rtloop set' takes, of the same type",
	},
	{
		.name = "unit",
		.type = OPTION_TEXT,
		.offset = offsetof(struct value_keys, unit),
		.min = 1,
		.max = 32,
		.help = "of the value, for people: it stands in the log and is not "
			"converted",
	},
	{ .name = NULL },
};

const struct option logic_var_rows[] = {
	{
		.name = "value",
		.type = OPTION_TEXT,
		.offset = offsetof(struct value_keys, value),
		.is_required = true,
		.help = "at start; its form gives the type: false, 0, 0.0 or 0s",
	},
	{
		.name = "unit",
		.type = OPTION_TEXT,
		.offset = offsetof(struct value_keys, unit),
		.min = 1,
		.max = 32,
		.help = "of the value, for people: it stands in the log and is not "
			"converted",
	},
	{ .name = NULL },
};

/* 0; -EINVAL: it is not written as any type; -ERANGE. */
static int parse_value(const char *text, enum program_type *ret_type,
		       union value *ret_value)
{
	int code = value_parse_bool(text, &ret_value->as_bool);

	*ret_type = TYPE_BOOL;
	if (code == -EINVAL) {
		*ret_type = TYPE_INT;
		code = value_parse_int(text, &ret_value->as_int);
	}
	if (code == -EINVAL) {
		*ret_type = TYPE_TIME;
		code = value_parse_duration(text, &ret_value->as_int);
	}
	if (code == -EINVAL) {
		*ret_type = TYPE_FLOAT;
		code = value_parse_float(text, &ret_value->as_float);
	}
	return code;
}

static bool is_plain(const struct node *node)
{
	return node->kind == NODE_SCALAR && !node->is_quoted &&
	       strlen(node->text) == node->bytes;
}

static void value_error(const struct logic_reader *reader, const struct node *node,
			const char *expected)
{
	struct words words = { .length = 0 };

	if (node_is_empty(node)) {
		node_error(node, reader->binder->diag, "'%s' has no value; expected %s",
			   node->key, expected);
		return;
	}
	describe_node(&words, node);
	node_error(node, reader->binder->diag, "'%s' is %s; expected %s", node->key,
		   words.text, expected);
}

/* The first one, which gives the type. */
static void read_first(const struct logic_reader *reader, const struct node *node,
		       struct logic_value *value)
{
	int code = is_plain(node) ? parse_value(node->text, &value->type, &value->value)
				  : -EINVAL;

	if (code < 0) {
		value_error(reader, node,
			    code == -ERANGE
				    ? "what fits 64 bits"
				    : "false or true, a whole number as 0, a number as "
				      "0.0, or a duration as 0s");
	}
}

static const char *expected_of(enum program_type type)
{
	return type == TYPE_INT	   ? "a whole number, as the value is one"
	       : type == TYPE_TIME ? "a duration such as 2s, as the value is one"
				   : "a number";
}

/* A limit is of the value's type; a whole number is a number too. */
static void read_limit(const struct logic_reader *reader, const struct node *node,
		       const struct logic_value *value, union value *ret_limit)
{
	enum program_type type;
	union value limit = { 0 };

	if (value->type == TYPE_BOOL) {
		node_key_error(
			node, reader->binder->diag,
			"'%s' of a bool; expected it of numbers and durations only",
			node->key);
		return;
	}
	if (!is_plain(node) || parse_value(node->text, &type, &limit) < 0 ||
	    (type != value->type && !(value->type == TYPE_FLOAT && type == TYPE_INT))) {
		value_error(reader, node, expected_of(value->type));
		return;
	}
	if (type == TYPE_INT && value->type == TYPE_FLOAT) {
		limit = (union value){ .as_float = (double)limit.as_int };
	}
	*ret_limit = limit;
}

static bool is_less(enum program_type type, union value a, union value b)
{
	return type == TYPE_FLOAT ? a.as_float < b.as_float : a.as_int < b.as_int;
}

static void check_limits(const struct logic_reader *reader, const struct node *node,
			 const struct logic_value *value)
{
	struct place place = { .diag = reader->binder->diag, .node = node };

	if (value->has_min && value->has_max &&
	    is_less(value->type, value->max, value->min)) {
		place_error(&place, "max", "less than 'min'; expected a range");
	} else if (value->has_min && is_less(value->type, value->value, value->min)) {
		place_error(&place, "value",
			    "less than 'min'; expected one within the range");
	} else if (value->has_max && is_less(value->type, value->max, value->value)) {
		place_error(&place, "value",
			    "greater than 'max'; expected one within the range");
	}
}

static void check_unit(const struct place *place, const char *unit)
{
	for (const char *at = unit; at && *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f) {
			place_error(place, "unit",
				    "a control character in it; expected printable text");
			return;
		}
	}
}

static int bind_keys(const struct logic_reader *reader, const struct node *node,
		     const struct option *rows, struct value_keys *keys)
{
	struct words what = { .length = 0 };
	struct bind_target target = { .parts = { { .rows = rows, .base = keys } } };

	words_add(&what, rows == logic_param_rows ? "param " : "var ");
	describe_key(&what, node->key);
	target.what = what.text;
	return bind_mapping(reader->binder, node, &target);
}

static int read_mapping(const struct logic_reader *reader, const struct node *node,
			const struct option *rows, struct logic_value *value)
{
	unsigned errors = diag_total(reader->binder->diag);
	struct place place = { .diag = reader->binder->diag, .node = node };
	struct value_keys keys = { .value = NULL };
	int code = bind_keys(reader, node, rows, &keys);

	if (code < 0 || diag_total(reader->binder->diag) > errors) {
		return code;
	}
	value->unit = keys.unit;
	check_unit(&place, keys.unit);
	read_first(reader, node_child(node, "value"), value);
	if (diag_total(reader->binder->diag) == errors && keys.min) {
		value->has_min = true;
		read_limit(reader, node_child(node, "min"), value, &value->min);
	}
	if (diag_total(reader->binder->diag) == errors && keys.max) {
		value->has_max = true;
		read_limit(reader, node_child(node, "max"), value, &value->max);
	}
	if (diag_total(reader->binder->diag) == errors) {
		check_limits(reader, node, value);
	}
	return 0;
}

static void check_name(const struct logic_reader *reader, const struct node *node,
		       const char *what)
{
	const struct node *params = reader->source->params;

	if (!bind_name(reader->binder, node, what)) {
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(reserved_names); i++) {
		if (strcmp(node->key, reserved_names[i]) == 0) {
			node_key_error(
				node, reader->binder->diag,
				"'%s' cannot be %s: the log's messages have a field of "
				"this name; expected another",
				node->key, what);
		}
	}
	if (program_is_reserved(node->key)) {
		node_key_error(
			node, reader->binder->diag,
			"'%s' cannot be %s: it is a word of the program's language; "
			"expected another",
			node->key, what);
	}
	if (params && node->parent != params && node_child(params, node->key)) {
		node_key_error(node, reader->binder->diag,
			       "'%s' is a param already; expected another name",
			       node->key);
	}
}

static int read_value(const struct logic_reader *reader, const struct node *node,
		      bool is_param, struct logic_value *value)
{
	int code = 0;

	value->name = node->key;
	if (node->is_broken) {
		return 0;
	}
	check_name(reader, node, is_param ? "a param's name" : "a var's name");
	if (node->kind == NODE_MAPPING || is_param) {
		code = node->kind == NODE_MAPPING
			       ? read_mapping(reader, node,
					      is_param ? logic_param_rows
						       : logic_var_rows,
					      value)
			       : 0;
		if (node->kind != NODE_MAPPING) {
			value_error(reader, node,
				    "a mapping such as { value: 1.5, min: 0, max: 10 }");
		}
	} else {
		read_first(reader, node, value);
	}
	if (value->type == TYPE_TIME && !value->unit) {
		value->unit = "ns";
	}
	return code;
}

int logic_values_read(const struct logic_reader *reader, const struct node *mapping,
		      bool is_param, struct logic_list *list)
{
	const struct node *node;

	if (!mapping) {
		return 0;
	}
	if (mapping->child_count > LOGIC_VALUES_MAX) {
		node_key_error(mapping, reader->binder->diag,
			       "too many in '%s'; expected at most %d", mapping->key,
			       LOGIC_VALUES_MAX);
		return 0;
	}
	list->values = arena_take(&reader->logic->arena,
				  mapping->child_count * sizeof(*list->values));
	if (!list->values) {
		return -ENOMEM;
	}
	for (node = mapping->first; node; node = node->next) {
		int code =
			read_value(reader, node, is_param, &list->values[list->count++]);

		if (code < 0) {
			return code;
		}
	}
	return 0;
}
