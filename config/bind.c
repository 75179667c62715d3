#include "config/bind.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "config/describe.h"
#include "config/scalar.h"
#include "config/suggest.h"
#include "config/value.h"

/* A mapping that is still to be bound: groups wait in a list, since nothing here
 * recurses. */
struct task {
	struct task *next;
	const struct node *mapping; /* NULL: absent */
	struct bind_target target;
};

/* What binding one mapping needs at every step. */
struct pass {
	const struct binder *binder;
	const struct node *mapping; /* NULL: absent */
	const struct bind_target *target;
	struct task *tasks; /* groups found, the last one first */
};

static const struct option *find_row(const struct bind_target *target, const char *key)
{
	for (unsigned i = 0; i < BIND_PARTS_MAX; i++) {
		const struct option *row = target->parts[i].rows;

		for (; row && row->name; row++) {
			if (strcmp(row->name, key) == 0) {
				return row;
			}
		}
	}
	return NULL;
}

static const char *nearest_key(const struct bind_target *target, const char *key)
{
	struct suggest suggest;

	suggest_init(&suggest, key);
	for (unsigned i = 0; i < BIND_PARTS_MAX; i++) {
		const struct option *row = target->parts[i].rows;

		for (; row && row->name; row++) {
			suggest_offer(&suggest, row->name);
		}
	}
	return suggest.best;
}

static void add_keys(struct words *words, const struct bind_target *target)
{
	const char *separator = "";

	for (unsigned i = 0; i < BIND_PARTS_MAX; i++) {
		const struct option *row = target->parts[i].rows;

		for (; row && row->name; row++) {
			words_add(words, "%s%s", separator, row->name);
			separator = ", ";
		}
	}
}

static void unknown_key(const struct pass *pass, const struct node *child)
{
	struct words words = { .length = 0 };
	const char *nearest;

	if (diag_is_full(pass->binder->diag)) {
		/* It is only counted: the search for words would be in vain, and can be
		 * long. */
		node_key_error(child, pass->binder->diag, "unknown key");
		return;
	}
	nearest = nearest_key(pass->target, child->key);
	words_add(&words, "unknown key ");
	describe_key(&words, child->key);
	if (nearest) {
		words_add(&words, "; did you mean '%s'?", nearest);
	} else {
		words_add(&words, " in %s; expected one of ", pass->target->what);
		add_keys(&words, pass->target);
	}
	node_key_error(child, pass->binder->diag, "%s", words.text);
}

static void check_unknown(const struct pass *pass)
{
	const struct node *child = pass->mapping->first;

	for (; child; child = child->next) {
		if (!child->is_broken && !find_row(pass->target, child->key)) {
			unknown_key(pass, child);
		}
	}
}

static void missing_key(const struct pass *pass, const struct option *row)
{
	struct words words = { .length = 0 };

	words_add(&words, "missing key '%s' in %s; expected ", row->name,
		  pass->target->what);
	describe_expected(&words, row, false);
	node_key_error(pass->mapping, pass->binder->diag, "%s: %s", words.text,
		       row->help);
}

static int take_fallback(const struct binder *binder, const struct option *row,
			 void *member)
{
	int code;

	if (!row->fallback) {
		return 0;
	}
	code = scalar_store(binder, row, row->fallback, strlen(row->fallback), member);
	assert(code == 0 || code == -ENOMEM);
	return code;
}

/* @node: NULL: absent, where the fallbacks within are still to be taken. */
static int queue_group(struct pass *pass, const struct option *row,
		       const struct node *node, void *member)
{
	struct task *task = arena_take(pass->binder->arena, sizeof(*task));
	struct words what = { .length = 0 };

	if (!task) {
		return -ENOMEM;
	}
	words_add(&what, "'%s' of %s", row->name, pass->target->what);
	task->mapping = node;
	task->target.parts[0] = (struct bind_part){ .rows = row->rows, .base = member };
	task->target.what = arena_copy(pass->binder->arena, what.text, what.length);
	task->next = pass->tasks;
	pass->tasks = task;
	return task->target.what ? 0 : -ENOMEM;
}

static int bind_absent(struct pass *pass, const struct option *row, void *member)
{
	if (row->is_required && pass->mapping) {
		missing_key(pass, row);
		return 0;
	}
	if (row->type == OPTION_GROUP) {
		return queue_group(pass, row, NULL, member);
	}
	return take_fallback(pass->binder, row, member);
}

static int bind_given(struct pass *pass, const struct option *row,
		      const struct node *node, void *member)
{
	if (row->type == OPTION_GROUP && node->kind == NODE_MAPPING) {
		return queue_group(pass, row, node, member);
	}
	return bind_value(pass->binder, node, row, member);
}

static int bind_row(struct pass *pass, const struct option *row, char *base)
{
	const struct node *node =
		pass->mapping ? node_child(pass->mapping, row->name) : NULL;
	int code;

	if (!node) {
		return bind_absent(pass, row, base + row->offset);
	}
	if (row->is_given_offset) {
		*(bool *)(base + row->is_given_offset) = true;
	}
	if (node->is_broken) {
		return 0;
	}
	code = bind_given(pass, row, node, base + row->offset);
	return code == -ENOMEM ? code : 0;
}

static int bind_rows(struct pass *pass, const struct bind_part *part)
{
	for (const struct option *row = part->rows; row && row->name; row++) {
		int code = bind_row(pass, row, part->base);

		if (code < 0) {
			return code;
		}
	}
	return 0;
}

static int bind_one(struct pass *pass)
{
	if (pass->mapping && !pass->target->ignores_unknown) {
		check_unknown(pass);
	}
	for (unsigned i = 0; i < BIND_PARTS_MAX; i++) {
		int code = bind_rows(pass, &pass->target->parts[i]);

		if (code < 0) {
			return code;
		}
	}
	return 0;
}

static bool is_mapping(const struct binder *binder, const struct node *node,
		       const char *what)
{
	struct words words = { .length = 0 };

	if (node->kind == NODE_MAPPING) {
		return true;
	}
	if (node_is_empty(node)) {
		words_add(&words, "%s is empty", what);
	} else {
		words_add(&words, "%s is ", what);
		describe_node(&words, node);
	}
	node_error(node, binder->diag, "%s; expected a mapping", words.text);
	return false;
}

int bind_mapping(const struct binder *binder, const struct node *mapping,
		 const struct bind_target *target)
{
	struct pass pass = { .binder = binder, .mapping = mapping, .target = target };
	int code;

	if (mapping &&
	    (mapping->is_broken || !is_mapping(binder, mapping, target->what))) {
		return 0;
	}
	code = bind_one(&pass);
	while (code == 0 && pass.tasks) {
		struct task *task = pass.tasks;

		pass.tasks = task->next;
		pass.mapping = task->mapping;
		pass.target = &task->target;
		code = bind_one(&pass);
	}
	return code;
}

int bind_value(const struct binder *binder, const struct node *node,
	       const struct option *row, void *member)
{
	int code = -EINVAL;

	if (node->is_broken) {
		return -EINVAL;
	}
	if (node_is_empty(node)) {
		struct words words = { .length = 0 };

		describe_expected(&words, row, true);
		node_error(node, binder->diag, "'%s' has no value; expected %s",
			   row->name, words.text);
		return -EINVAL;
	}
	if ((row->type == OPTION_MAP && node->kind == NODE_MAPPING) ||
	    (row->type == OPTION_LIST && node->kind == NODE_SEQUENCE)) {
		*(const struct node **)member = node;
		return 0;
	}
	if (node->kind == NODE_SCALAR &&
	    (!node->is_quoted || scalar_takes_quotes(row->type))) {
		code = scalar_store(binder, row, node->text, node->bytes, member);
	}
	if (code < 0 && code != -ENOMEM) {
		scalar_error(binder, row, node, code);
		return -EINVAL;
	}
	return code;
}

bool bind_name(const struct binder *binder, const struct node *node, const char *what)
{
	char name[VALUE_NAME_MAX + 1];
	struct words words = { .length = 0 };

	if (value_is_name(node->key)) {
		return true;
	}
	describe_key(&words, node->key);
	node_key_error(
		node, binder->diag,
		"%s cannot be %s; expected a to z, 0 to 9 and _, a letter first, at most "
		"%d characters; did you mean '%s'?",
		words.text, what, VALUE_NAME_MAX, value_make_name(node->key, "x", name));
	return false;
}
