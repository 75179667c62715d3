/* rtloop version: what this program is and what it was built with. */
#include <stdio.h>

#include "rtloop/cmd/build_info.h"
#include "rtloop/cmd/cmd.h"

static int run_version(const struct command *command, int argc, char **argv);

static const struct command_option version_options[] = {
	{ 0, NULL, NULL, NULL },
};

const struct command command_version = {
	.name = "version",
	.arguments = "",
	.summary = "print the version and how it was built",
	.description = "Prints the version, the compiler, the libraries.",
	.options = version_options,
	.exits = "  0  printed\n  2  the command line is wrong",
	.run = run_version,
};

static int run_version(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	const char *argument;
	int option = command_next(&line, &argument);

	if (option < 0 && option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	printf("rtloop %s\n", BUILD_VERSION);
	return EXIT_OK;
}
