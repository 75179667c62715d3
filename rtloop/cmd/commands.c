/* The table of commands, in the order in which help lists them. */
#include "rtloop/cmd/cmd.h"

#include <string.h>

static const struct command *const commands[] = {
	&command_run,	  &command_check,  &command_bench,   &command_dump,
	&command_recover, &command_report, &command_replay,  &command_status,
	&command_top,	  &command_get,	   &command_set,     &command_force,
	&command_reload,  &command_guard,  &command_drivers, &command_version,
	&command_help,
};

const struct command *command_at(unsigned index)
{
	return index < ARRAY_SIZE(commands) ? commands[index] : NULL;
}

const struct command *command_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}
