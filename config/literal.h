/*
 * A text of several lines in a YAML file ("key: |"), and where each part of it stands there, so that mistakes
 * within it can be shown at their place.
 */
#ifndef CONFIG_LITERAL_H
#define CONFIG_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "config/diag.h"
#include "config/tree.h"

/** literal_is_one - whether a scalar is written as a literal block: with |. [init] */
bool literal_is_one(const struct tree *tree, const struct node *node);

/** literal_line - of the file, of the block's first line. [init] */
unsigned literal_line(const struct node *node);

/**
 * literal_error - add an error at a part of the block, with its line and a mark.
 * @offset, @bytes: of the part, in node->text
 * @text: what is wrong, and what is expected
 *
 * [init]
 */
void literal_error(const struct tree *tree, const struct node *node, size_t offset,
		   size_t bytes, struct diag *diag, const char *text);

#endif
