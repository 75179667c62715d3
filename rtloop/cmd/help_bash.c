/*
 * The completion for bash. It needs nothing but bash itself; where it offers nothing,
 * bash completes file names (-o default).
 */
#include <stdbool.h>
#include <string.h>

#include "rtloop/cmd/help.h"

static void print_command_names(FILE *out)
{
	const struct command *command;

	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		fprintf(out, "%s%s", i > 0 ? " " : "", command->name);
	}
}

static void print_option_names(FILE *out, const struct command *command)
{
	const struct command_option *option;

	for (option = command->options; option->name != NULL; option++) {
		fprintf(out, "--%s ", option->name);
	}
	fputs("--help", out);
}

static bool is_path(const char *argument)
{
	return strcmp(argument, "FILE") == 0 || strcmp(argument, "DIR") == 0;
}

/* Options whose argument is no file: after one of them there is nothing to offer. */
static void print_value_options(FILE *out, const struct command *command)
{
	const struct command_option *option;

	for (option = command->options; option->name != NULL; option++) {
		if (option->argument == NULL || is_path(option->argument)) {
			continue;
		}
		fprintf(out, " --%s", option->name);
		if (option->letter != 0) {
			fprintf(out, " -%c", option->letter);
		}
	}
}

static void print_case(FILE *out, const struct command *command)
{
	fprintf(out, "\t%s)\n\t\toptions='", command->name);
	print_option_names(out, command);
	fputs("'\n\t\tvalued='", out);
	print_value_options(out, command);
	fputs(" '\n", out);
	if (command == &command_help) {
		fputs("\t\twords=\"$commands program\"\n", out);
	}
	fputs("\t\t;;\n", out);
}

void help_print_bash(FILE *out)
{
	const struct command *command;

	fputs("# bash completion for rtloop, made by `rtloop help --completion bash`\n"
	      "_rtloop()\n{\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - "
	      "1]}\n"
	      "\tlocal options='' valued='' words='' commands='",
	      out);
	print_command_names(out);
	fputs("'\n\n\tCOMPREPLY=()\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$commands --help --version\" -- "
	      "\"$word\"))\n"
	      "\t\treturn\n\tfi\n"
	      "\tcase ${COMP_WORDS[1]} in\n",
	      out);
	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		print_case(out, command);
	}
	fputs("\tesac\n"
	      "\tif [[ $valued == *\" $before \"* ]]; then\n"
	      "\t\tcompopt +o default\n"
	      "\telif [[ $word == -* ]]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n"
	      "\telif [ -n \"$words\" ]; then\n"
	      "\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
	      "\tfi\n}\n"
	      "complete -o default -F _rtloop rtloop\n",
	      out);
}
