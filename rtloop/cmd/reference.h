/* The reference of all that a configuration may hold, made from the option rows themselves. */
#ifndef RTLOOP_CMD_REFERENCE_H
#define RTLOOP_CMD_REFERENCE_H

#include <stdbool.h>
#include <stdio.h>

#include "config/describe.h"
#include "config/option.h"
#include "drivers/driver.h"

#define REFERENCE_DEPTH_MAX 8

/* A way through rows and, after each group, through the rows within. */
struct row_walk {
	const struct option *at[REFERENCE_DEPTH_MAX]; /* the next row of each level */
	unsigned depth; /* of the row returned last, from 0 */
	unsigned next_depth;
	bool is_flat; /* groups are not entered */
};

/** row_walk_init - before the first row. @is_flat: groups are not entered. [init] */
void row_walk_init(struct row_walk *walk, const struct option *rows, bool is_flat);

/** row_walk_next - NULL after the last one; @walk->depth says how deep the row is. [init] */
const struct option *row_walk_next(struct row_walk *walk);

/** row_walk_group - the group that the current row is in, @level from 0 up to depth - 1. [init] */
const struct option *row_walk_group(const struct row_walk *walk, unsigned level);

/** row_walk_path - append the current row's key with those of its groups: "frame.match". [init] */
void row_walk_path(const struct row_walk *walk, const struct option *row,
		   struct words *words);

/** reference_fallback - append a row's default as a file would write it. [init] */
void reference_fallback(struct words *words, const struct option *row);

/* Keys that belong to no driver. */
struct reference_part {
	const char *name;  /* "loop": what rtloop drivers calls it */
	const char *title; /* a phrase */
	const struct option *rows;
	bool is_flat; /* its groups are parts of their own */
};

/** reference_part_at - NULL past the last. [init] */
const struct reference_part *reference_part_at(unsigned index);

/** reference_print_part, reference_print_driver - for a terminal. [init] */
void reference_print_part(FILE *out, const struct reference_part *part);
void reference_print_driver(FILE *out, const struct driver *driver);

/** markdown_print_part, markdown_print_driver - a section of a Markdown document. [init] */
void markdown_print_part(FILE *out, const struct reference_part *part);
void markdown_print_driver(FILE *out, const struct driver *driver);

/** markdown_print_reference - the whole document. [init] */
void markdown_print_reference(FILE *out);

/** man_print_reference - the same as the manual page rtloop.yaml(5). [init] */
void man_print_reference(FILE *out);

#endif
