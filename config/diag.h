/* The errors of one file, all of them in one go: "file:line:column: what is wrong". */
#ifndef CONFIG_DIAG_H
#define CONFIG_DIAG_H

#include <stdbool.h>
#include <stdio.h>

#include "rtloop/base/attr.h"

/* Errors kept of one file; what comes after them is only counted. */
#define DIAG_ERRORS_MAX 200

struct diag_error {
	unsigned line;	 /* from 1; 0: the file as a whole */
	unsigned column; /* from 1, in characters */
	char *text;	 /* owned */
	char *source;	 /* owned: the line of the file; NULL: it is not shown */
	unsigned marked; /* characters to mark in it, from @column on */
};

/* A place to be shown. */
struct diag_mark {
	const char *source; /* the line of the file, not ended by a NUL */
	size_t bytes;
	unsigned line;
	unsigned column; /* from 1, in characters */
	unsigned characters;
};

struct diag {
	char *file;		   /* owned; as the user wrote it; NULL without memory */
	struct diag_error *errors; /* owned */
	unsigned count;		   /* of errors kept, duplicates among them */
	unsigned dropped;	   /* errors that were only counted */
};

/** diag_init - no errors yet. @file: stands before each of them; copied. [init] */
void diag_init(struct diag *diag, const char *file);
void diag_fini(struct diag *diag);

/**
 * diag_add - one error: what is wrong, then "; " and what is expected; no full stop.
 * @line: from 1; 0: the file as a whole, where @column is left out as well
 *
 * Without memory, or past DIAG_ERRORS_MAX, the error is only counted. [init]
 */
void diag_add(struct diag *diag, unsigned line, unsigned column, const char *format, ...)
	PRINTF_LIKE(4, 5);

/**
 * diag_add_marked - the same, and the line is shown below it with the place marked.
 * @text: what is wrong, then "; " and what is expected
 *
 * [init]
 */
void diag_add_marked(struct diag *diag, const struct diag_mark *mark, const char *text);

/** diag_total - errors so far, kept or not. [init] */
unsigned diag_total(const struct diag *diag);

/** diag_is_full - the next error will only be counted. [init] */
bool diag_is_full(const struct diag *diag);

/** diag_print - a line for each, in the order of the file, each only once. [init] */
void diag_print(struct diag *diag, FILE *stream);

#endif
