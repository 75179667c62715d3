/* The command line: picks a command. */
#include <errno.h>
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

/* What was printed into a full disk was not printed. */
static int finish(int status)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "rtloop: standard output: %s\n", strerror(errno));
		return status == EXIT_OK ? EXIT_FAILED : status;
	}
	return status;
}

int main(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help_print_overview(stderr);
		return EXIT_USAGE;
	}
	command = find_command(argv[1]);
	if (command == NULL && argv[1][0] == '-') {
		help_print_unknown_option(stderr, argv[1]);
		return EXIT_USAGE;
	}
	if (command == NULL) {
		help_print_unknown(stderr, argv[1], NULL);
		return EXIT_USAGE;
	}
	return finish(command->run(command, argc - 1, argv + 1));
}
