/* Text for manual pages, in the macros of man(7). */
#ifndef RTLOOP_CMD_ROFF_H
#define RTLOOP_CMD_ROFF_H

#include <stddef.h>
#include <stdio.h>

/** roff_print_header - the line that every page begins with. @title: of the collection of pages. [init] */
void roff_print_header(FILE *out, const char *name, int section, const char *title);

/** roff_print - text within a line, with what roff would take for its own escaped. [init] */
void roff_print(FILE *out, const char *text);

/** roff_print_line - words, filled to lines of less than 80 bytes, with the end of the last one. [init] */
void roff_print_line(FILE *out, const char *line, size_t bytes);

/**
 * roff_print_text - paragraphs as help_print_text() has them, filled; lines that begin with a space
 * become examples. [init]
 */
void roff_print_text(FILE *out, const char *text);

/** roff_print_example - lines as they are. [init] */
void roff_print_example(FILE *out, const char *text);

#endif
