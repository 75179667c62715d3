/* Help, manual page and shell completion, all from the one table of commands. */
#ifndef RTLOOP_CMD_HELP_H
#define RTLOOP_CMD_HELP_H

#include <stdio.h>

#include "rtloop/cmd/cmd.h"

/** help_print_overview - what rtloop is for, and a line for each command. [init] */
void help_print_overview(FILE *out);

/** help_print_command - all that there is to know of one command. [init] */
void help_print_command(FILE *out, const struct command *command);

/** help_print_unknown - there is no such command; the nearest one is named. [init] */
void help_print_unknown(FILE *out, const char *name);

#endif
