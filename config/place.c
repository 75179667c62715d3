#include "config/place.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/diag.h"
#include "config/tree.h"

static const struct node *find_child(const struct node *mapping, const char *key,
				     size_t length)
{
	const struct node *child = mapping->kind == NODE_MAPPING ? mapping->first : NULL;

	for (; child; child = child->next) {
		if (strncmp(child->key, key, length) == 0 && !child->key[length]) {
			return child;
		}
	}
	return NULL;
}

/* As far along the path as there are nodes. */
static const struct node *follow(const struct node *node, const char *path)
{
	while (path && *path) {
		size_t length = strcspn(path, ".");
		const struct node *child = find_child(node, path, length);

		if (!child) {
			break;
		}
		node = child;
		path += length + (path[length] == '.');
	}
	return node;
}

void place_error(const struct place *place, const char *key, const char *format, ...)
{
	const struct node *node = follow(place->node, key);
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (node->key) {
		node_error(node, place->diag, "'%s': %s", node->key, text);
	} else {
		node_error(node, place->diag, "%s", text);
	}
}
