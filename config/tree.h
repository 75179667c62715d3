/*
 * A YAML file as a tree of nodes that know their line and column. What is more than data
 * in YAML (anchors, aliases, tags, several documents) is refused, as are duplicate keys
 * and deep nesting.
 */
#ifndef CONFIG_TREE_H
#define CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/arena.h"
#include "config/diag.h"
#include "rtloop/base/attr.h"

#define TREE_BYTES_MAX ((size_t)1024 * 1024)
#define TREE_DEPTH_MAX 16

enum node_kind { NODE_SCALAR, NODE_MAPPING, NODE_SEQUENCE };

struct node {
	enum node_kind kind;
	bool is_quoted; /* a scalar in quotes or in a block: text, never a number */
	bool is_broken; /* its error was reported: not to be looked at any further */
	unsigned line;	/* of the value; both from 1, columns in characters */
	unsigned column;
	const char *key; /* NULL: an item of a sequence, or the root */
	unsigned key_line;
	unsigned key_column;
	const char *text; /* of a scalar; never NULL there; may hold NULs */
	size_t bytes;
	struct node *parent;
	struct node *first; /* child; NULL: none */
	struct node *last;
	struct node *next; /* sibling, in the order of the file */
	unsigned child_count;
	unsigned order; /* among its siblings, from 0 */
};

struct tree {
	struct arena arena; /* owns the nodes, and what is bound from them */
	const struct node *root;
	const char *folder; /* absolute: where relative paths in the file start */
	const char *raw;    /* the file's own bytes, and a NUL */
	size_t raw_bytes;
};

/**
 * tree_load - read and parse a file.
 *
 * 0: there is a root, though errors may have been added to @diag. -EINVAL: there is not,
 * and @diag says why: the file cannot be read, is over TREE_BYTES_MAX or not UTF-8, is
 * empty, or its syntax is wrong. -ENOMEM. On failure nothing is left to give back. [init]
 */
int tree_load(struct tree *tree, const char *path, struct diag *diag) MUST_CHECK;

/**
 * tree_parse - the same from memory.
 * @folder: absolute; copied
 *
 * [init]
 */
int tree_parse(struct tree *tree, const char *text, size_t bytes, const char *folder,
	       struct diag *diag) MUST_CHECK;

/** tree_fini - every node and string of it is gone. [init] */
void tree_fini(struct tree *tree);

/** node_child - the value of a key in a mapping; NULL where there is none. [init] */
const struct node *node_child(const struct node *mapping, const char *key);

/** node_is_empty - a key without a value: nothing, "~" or "null". [init] */
bool node_is_empty(const struct node *node);

/** node_is_whole - neither it nor anything within it is broken. [init] */
bool node_is_whole(const struct node *node);

/** node_error - add an error at a node: at a scalar itself, else at its key. [init] */
void node_error(const struct node *node, struct diag *diag, const char *format, ...)
	PRINTF_LIKE(3, 4);

/** node_key_error - add an error at a node's key. [init] */
void node_key_error(const struct node *node, struct diag *diag, const char *format, ...)
	PRINTF_LIKE(3, 4);

#endif
