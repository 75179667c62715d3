#include "config/compare.h"

#include <string.h>

#include "config/describe.h"

static const struct node *item_at(const struct node *sequence, unsigned order)
{
	const struct node *item = sequence->first;

	while (item && item->order != order) {
		item = item->next;
	}
	return item;
}

/* The nodes from a tree's root to one of its nodes, the root left out. */
struct path {
	const struct node *nodes[TREE_DEPTH_MAX + 1];
	unsigned count;
};

static void find_path(struct path *path, const struct node *node)
{
	unsigned depth = 0;

	for (const struct node *at = node; at->parent; at = at->parent) {
		depth++;
	}
	path->count = depth;
	for (const struct node *at = node; at->parent; at = at->parent) {
		path->nodes[--depth] = at;
	}
}

/* The same place in the other tree; NULL: it has none. @ret_last: the last one on the way there. */
static const struct node *find(const struct node *root, const struct node *node,
			       const struct node **ret_last)
{
	const struct node *at = root;
	struct path path;

	find_path(&path, node);
	for (unsigned i = 0; at && i < path.count; i++) {
		const struct node *step = path.nodes[i];

		*ret_last = at;
		if (at->kind == NODE_MAPPING) {
			at = step->key ? node_child(at, step->key) : NULL;
		} else {
			at = step->key ? NULL : item_at(at, step->order);
		}
	}
	return at;
}

/* The next one in the order of the file, without or with what is in this one. */
static const struct node *next_node(const struct node *node, bool enters)
{
	if (enters && node->first) {
		return node->first;
	}
	while (node && !node->next) {
		node = node->parent;
	}
	return node ? node->next : NULL;
}

static bool is_same_scalar(const struct node *one, const struct node *other)
{
	return one->is_quoted == other->is_quoted && one->bytes == other->bytes &&
	       memcmp(one->text, other->text, one->bytes) == 0;
}

static bool is_changed(const struct node *before, const struct node *after)
{
	return before->kind != after->kind ||
	       (before->kind == NODE_SCALAR && !is_same_scalar(before, after));
}

void compare_trees(const struct node *before, const struct node *after,
		   const struct compare *compare)
{
	const struct node *last = NULL;
	bool enters;

	for (const struct node *at = after; at; at = next_node(at, enters)) {
		const struct node *other = find(before, at, &last);

		enters = other && !is_changed(other, at);
		if (!enters) {
			compare->differs(compare->context, other, at, at->parent);
		}
	}
	for (const struct node *at = before; at; at = next_node(at, enters)) {
		const struct node *other = find(after, at, &last);

		enters = other && other->kind == at->kind;
		if (!other) {
			compare->differs(compare->context, at, NULL, last);
		}
	}
}

void compare_path(struct words *words, const struct node *node)
{
	struct path path;

	find_path(&path, node);
	for (unsigned i = 0; i < path.count; i++) {
		const struct node *step = path.nodes[i];

		if (step->key) {
			words_add(words, "%s%s", i > 0 ? "." : "", step->key);
		} else {
			words_add(words, "[%u]", step->order);
		}
	}
}
