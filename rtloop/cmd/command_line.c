/* Reads a command line by the rows of its command: getopt_long's rows are built from
 * them. */
#include "rtloop/cmd/cmd.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "rtloop/cmd/help.h"

/* What getopt_long() returns for row i is ROW_BASE + i: apart from every letter. */
#define ROW_BASE 256

static unsigned option_count(const struct command *command)
{
	unsigned count = 0;

	while (command->options[count].name != NULL) {
		count++;
	}
	return count;
}

/* A leading ':' tells a missing argument from an unknown option. */
static void fill_letters(char *letters, const struct command_option *options)
{
	*letters++ = ':';
	*letters++ = 'h';
	for (; options->name != NULL; options++) {
		if (options->letter != 0) {
			*letters++ = options->letter;
			if (options->argument != NULL) {
				*letters++ = ':';
			}
		}
	}
	*letters = '\0';
}

static void fill_rows(struct option *rows, const struct command_option *options)
{
	for (int i = 0; options[i].name != NULL; i++) {
		*rows++ = (struct option){
			.name = options[i].name,
			.has_arg = options[i].argument != NULL ? required_argument
							       : no_argument,
			.val = ROW_BASE + i,
		};
	}
	*rows = (struct option){ .name = "help", .val = 'h' };
}

static int command_line_begin(struct command_line *line)
{
	unsigned count = option_count(line->command);

	line->getopt_rows = calloc(count + 2, sizeof(struct option));
	line->letters = calloc(2 * count + 3, 1);
	if (line->getopt_rows == NULL || line->letters == NULL) {
		return -ENOMEM;
	}
	fill_rows(line->getopt_rows, line->command->options);
	fill_letters(line->letters, line->command->options);
	/* 0, not 1: GNU getopt then forgets a command line that was read before. */
	optind = 0;
	opterr = 0;
	return 0;
}

static int command_line_end(struct command_line *line, int result)
{
	free(line->getopt_rows);
	free(line->letters);
	line->getopt_rows = NULL;
	line->letters = NULL;
	return result;
}

static int row_of_letter(const struct command *command, int letter)
{
	for (int i = 0; command->options[i].name != NULL; i++) {
		if (command->options[i].letter == letter) {
			return i;
		}
	}
	return COMMAND_LINE_WRONG;
}

/* What getopt_long() calls an option in optopt: a letter, or a row's val. */
static const char *option_text(const struct command *command, int val, char *text,
			       size_t text_bytes)
{
	if (val >= ROW_BASE) {
		snprintf(text, text_bytes, "--%s", command->options[val - ROW_BASE].name);
	} else if (val == 'h') {
		snprintf(text, text_bytes, "--help");
	} else {
		snprintf(text, text_bytes, "-%c", val);
	}
	return text;
}

/* The long name in row i of a command; "help" stands after the last row. */
static const char *long_name(const struct command *command, unsigned i)
{
	return command->options[i].name != NULL ? command->options[i].name : "help";
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* What does not fit is cut off. */
static void append(char *text, size_t text_bytes, const char *before, const char *name)
{
	size_t length = strlen(text);

	snprintf(text + length, text_bytes - length, "%s'--%s'", before, name);
}

/* @name is the beginning of @matches options, two or more. */
static void ambiguous_option(const struct command *command, const char *name,
			     unsigned matches)
{
	unsigned count = option_count(command) + 1;
	unsigned listed = 0;
	char list[256] = "";

	for (unsigned i = 0; i < count; i++) {
		if (begins_with(long_name(command, i), name)) {
			const char *before = listed + 1 == matches ? " or " : ", ";

			append(list, sizeof(list), listed > 0 ? before : "",
			       long_name(command, i));
			listed++;
		}
	}
	command_wrong(command, "'--%s' could be %s", name, list);
}

static void wrong_long_option(const struct command *command, const char *word)
{
	unsigned count = option_count(command) + 1;
	struct suggest suggest;
	unsigned matches = 0;
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	suggest_init(&suggest, name);
	for (unsigned i = 0; i < count; i++) {
		matches += begins_with(long_name(command, i), name);
		suggest_offer(&suggest, long_name(command, i));
	}
	if (matches > 1) {
		ambiguous_option(command, name, matches);
	} else if (suggest.best != NULL) {
		command_wrong(command, "unknown option '--%s'; did you mean '--%s'?",
			      name, suggest.best);
	} else {
		command_wrong(command, "unknown option '--%s'", name);
	}
}

static void wrong_option(const struct command_line *line)
{
	char text[64];

	if (optopt == 0) {
		wrong_long_option(line->command, line->argv[optind - 1] + 2);
	} else if (optopt >= ROW_BASE || optopt == 'h') {
		command_wrong(line->command, "option '%s' takes no argument",
			      option_text(line->command, optopt, text, sizeof(text)));
	} else {
		command_wrong(line->command, "unknown option '-%c'", optopt);
	}
}

int command_next(struct command_line *line, const char **ret_argument)
{
	char text[64];
	int val;

	if (line->getopt_rows == NULL && command_line_begin(line) < 0) {
		command_wrong(line->command, "out of memory");
		return command_line_end(line, COMMAND_LINE_WRONG);
	}
	val = getopt_long(line->argc, line->argv, line->letters, line->getopt_rows, NULL);
	switch (val) {
	case -1:
		return command_line_end(line, COMMAND_LINE_END);
	case 'h':
		help_print_command(stdout, line->command);
		return command_line_end(line, COMMAND_LINE_HELP);
	case '?':
		wrong_option(line);
		return command_line_end(line, COMMAND_LINE_WRONG);
	case ':':
		command_wrong(line->command, "option '%s' needs an argument",
			      option_text(line->command, optopt, text, sizeof(text)));
		return command_line_end(line, COMMAND_LINE_WRONG);
	default:
		*ret_argument = optarg;
		return val >= ROW_BASE ? val - ROW_BASE
				       : row_of_letter(line->command, val);
	}
}

int command_options(const struct command *command, int argc, char **argv,
		    command_taker *take, void *request)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	const char *argument;
	int option = COMMAND_LINE_END, status = EXIT_OK;

	while (status == EXIT_OK && (option = command_next(&line, &argument)) >= 0) {
		status = take(command, option, argument, request);
	}
	if (command_line_end(&line, status) != EXIT_OK) {
		return status;
	}
	if (option == COMMAND_LINE_WRONG) {
		return EXIT_USAGE;
	}
	return option == COMMAND_LINE_HELP ? COMMAND_LINE_HELP : EXIT_OK;
}

int command_one_word(const struct command *command, int argc, char **argv,
		     const char *noun)
{
	if (argc - optind > 1) {
		return command_wrong(command, "takes one %s, not '%s' too", noun,
				     argv[optind + 1]);
	}
	return EXIT_OK;
}

int command_wrong(const struct command *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "rtloop %s: ", command->name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry 'rtloop help %s'.\n", command->name);
	return EXIT_USAGE;
}
