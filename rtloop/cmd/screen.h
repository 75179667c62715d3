/*
 * A screen full of lines, made in memory and written in one piece: none is wider than the terminal, and there
 * are never more than it has.
 */
#ifndef RTLOOP_CMD_SCREEN_H
#define RTLOOP_CMD_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

#include "rtloop/base/attr.h"

enum screen_style {
	SCREEN_PLAIN,
	SCREEN_BOLD,
	SCREEN_DIM,
	SCREEN_GOOD,
	SCREEN_WARNING,
	SCREEN_BAD,
	SCREEN_LOUD, /* reversed: without colours, too */
};

struct screen {
	FILE *out; /* borrowed */
	unsigned width;
	unsigned rows;	  /* of the terminal */
	unsigned limit;	  /* the row from which on nothing is shown; @rows at first */
	unsigned row;	  /* lines ended so far, those that were skipped left out */
	unsigned skip;	  /* lines that are not shown: they have been scrolled away */
	unsigned skipped; /* of these so far */
	unsigned column;  /* in the line that is open */
	bool has_colour;
};

/** screen_begin - at the top of a terminal of this size. [init] */
void screen_begin(struct screen *screen, FILE *out, unsigned width, unsigned rows,
		  bool has_colour);

/** screen_end - nothing of what stood below is left. [init] */
void screen_end(struct screen *screen);

/** screen_put - text into the open line; what does not fit is cut off. [init] */
void screen_put(struct screen *screen, enum screen_style style, const char *format, ...)
	PRINTF_LIKE(3, 4);

/**
 * screen_cell - text that takes exactly @width columns, and a space; longer text is cut.
 * @width: negative: to the right
 *
 * [init]
 */
void screen_cell(struct screen *screen, enum screen_style style, int width,
		 const char *text);

/** screen_line - end the open line. [init] */
void screen_line(struct screen *screen);

/** screen_is_full - what follows is not shown. [init] */
bool screen_is_full(const struct screen *screen);

#endif
