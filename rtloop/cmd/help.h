/* Help, manual page and shell completion, all made from the one table of commands. */
#ifndef RTLOOP_CMD_HELP_H
#define RTLOOP_CMD_HELP_H

#include <stdio.h>

#include "rtloop/cmd/cmd.h"

/* The rows that every command has without naming them. */
#define HELP_OPTION_TEXT "print this help"

/*
 * Text of a table is written in paragraphs, parted by an empty line, each a single line
 * or many: it is filled again. A line that begins with a space stays as it is: an
 * example.
 */

/** help_print_overview - what rtloop is for, and a line for each command. [init] */
void help_print_overview(FILE *out);

/** help_print_command - all that there is to know of one command. [init] */
void help_print_command(FILE *out, const struct command *command);

/**
 * help_print_unknown - there is no such command; the nearest one is named.
 * @topic: what could have been meant besides; NULL: nothing
 *
 * [init]
 */
void help_print_unknown(FILE *out, const char *name, const char *topic);

/** help_print_unknown_option - there is no such one before a command; a near one is named. [init] */
void help_print_unknown_option(FILE *out, const char *word);

/** help_print_text - paragraphs, filled to 79 columns, each line after @indent spaces.
 * [init] */
void help_print_text(FILE *out, const char *text, unsigned indent);

/** help_print_man - the manual page rtloop(1), for man(7). [init] */
void help_print_man(FILE *out);

/** help_print_program - the program's language; _markdown: its functions, for the reference. [init] */
void help_print_program(FILE *out);
void help_print_program_markdown(FILE *out);

/** help_print_bash - the completion, to be sourced by bash. [init] */
void help_print_bash(FILE *out);

#endif
