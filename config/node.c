#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/tree.h"

const struct node *node_child(const struct node *mapping, const char *key)
{
	if (mapping->kind != NODE_MAPPING) {
		return NULL;
	}
	for (const struct node *child = mapping->first; child; child = child->next) {
		if (strcmp(child->key, key) == 0) {
			return child;
		}
	}
	return NULL;
}

bool node_is_empty(const struct node *node)
{
	return node->kind == NODE_SCALAR && !node->is_quoted &&
	       (node->bytes == 0 || strcmp(node->text, "~") == 0 ||
		strcasecmp(node->text, "null") == 0);
}

/* The next one of all that is within @top: children first; NULL after the last. */
static const struct node *next_within(const struct node *top, const struct node *node)
{
	if (node->first) {
		return node->first;
	}
	while (node != top && !node->next) {
		node = node->parent;
	}
	return node == top ? NULL : node->next;
}

bool node_is_whole(const struct node *node)
{
	const struct node *at = node;

	while (at && !at->is_broken) {
		at = next_within(node, at);
	}
	return !at;
}

static void add_error(struct diag *diag, unsigned line, unsigned column,
		      const char *format, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, format, args) < 0) {
		text = NULL;
	}
	diag_add(diag, line, column, "%s", text ? text : "out of memory");
	free(text);
}

void node_error(const struct node *node, struct diag *diag, const char *format, ...)
{
	bool is_at_key = node->key && (node->kind != NODE_SCALAR ||
				       (node->bytes == 0 && !node->is_quoted));
	va_list args;

	va_start(args, format);
	add_error(diag, is_at_key ? node->key_line : node->line,
		  is_at_key ? node->key_column : node->column, format, args);
	va_end(args);
}

void node_key_error(const struct node *node, struct diag *diag, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	add_error(diag, node->key ? node->key_line : node->line,
		  node->key ? node->key_column : node->column, format, args);
	va_end(args);
}
