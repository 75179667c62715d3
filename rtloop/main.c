/* The command line: picks a command. */
#include <stdio.h>
#include <string.h>

#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/help.h"

/* The options that GNU programs have, as the commands that they stand for. */
static const struct command *find_command(const char *name)
{
	if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0) {
		return &command_help;
	}
	if (strcmp(name, "-V") == 0 || strcmp(name, "--version") == 0) {
		return &command_version;
	}
	return command_find(name);
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help_print_overview(stderr);
		return EXIT_USAGE;
	}
	command = find_command(argv[1]);
	if (command == NULL) {
		help_print_unknown(stderr, argv[1]);
		return EXIT_USAGE;
	}
	return command->run(command, argc - 1, argv + 1);
}
