/* Help for people; the manual page and the completion are made in help_man.c and
 * help_bash.c. */
#include "rtloop/cmd/help.h"

#include <stdlib.h>
#include <string.h>

static int run_help(const struct command *command, int argc, char **argv);

void help_print_overview(FILE *out)
{
	const struct command *command;

	fprintf(out, "rtloop: a hard real-time periodic I/O controller\n\n"
		     "Usage: rtloop COMMAND [OPTION...] [ARGUMENT...]\n\n");
	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		fprintf(out, "  %-10s %s\n", command->name, command->summary);
	}
	fprintf(out, "\n'rtloop help COMMAND' says more about one of them.\n");
}

static void print_option(FILE *out, char letter, const char *name, const char *argument,
			 const char *help)
{
	char text[64];

	snprintf(text, sizeof(text), "--%s%s%s", name, argument != NULL ? " " : "",
		 argument != NULL ? argument : "");
	if (letter != 0) {
		fprintf(out, "  -%c, %-22s %s\n", letter, text, help);
	} else {
		fprintf(out, "      %-22s %s\n", text, help);
	}
}

void help_print_command(FILE *out, const struct command *command)
{
	const struct command_option *option;

	fprintf(out,
		"rtloop %s: %s\n\nUsage: rtloop %s [OPTION...]%s%s\n\n%s\n\nOptions:\n",
		command->name, command->summary, command->name,
		command->arguments[0] != '\0' ? " " : "", command->arguments,
		command->description);
	for (option = command->options; option->name != NULL; option++) {
		print_option(out, option->letter, option->name, option->argument,
			     option->help);
	}
	print_option(out, 'h', "help", NULL, "print this");
	fprintf(out, "\nExit status:\n%s\n", command->exits);
}

void help_print_unknown(FILE *out, const char *name)
{
	fprintf(out, "rtloop: unknown command '%s'\nTry 'rtloop help'.\n", name);
}

enum { HELP_MAN, HELP_COMPLETION };

static const struct command_option help_options[] = {
	[HELP_MAN] = { 0, "man", NULL, "print the manual page rtloop(1)" },
	[HELP_COMPLETION] = { 0, "completion", "SHELL",
			      "print the completion for a shell: bash" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "explain rtloop or one of its commands",
	.description = "Prints what the commands are, or all about one of them.",
	.options = help_options,
	.exits = "  0  printed\n  2  the command line is wrong",
	.run = run_help,
};

static int run_help(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	const char *argument;
	int option = command_next(&line, &argument);

	if (option < 0 && option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	help_print_overview(stdout);
	return EXIT_OK;
}
