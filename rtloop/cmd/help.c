/* Help for people. */
#include "rtloop/cmd/help.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "config/suggest.h"

#define TEXT_COLUMNS   79
#define OPTION_COLUMNS 26

static int run_help(const struct command *command, int argc, char **argv);

enum { HELP_MAN, HELP_COMPLETION };

static const struct command_option help_options[] = {
	[HELP_MAN] = { 0, "man", NULL, "print the manual page rtloop(1)" },
	[HELP_COMPLETION] = { 0, "completion", "SHELL",
			      "print the completion for a shell: bash" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND|program]",
	.summary = "explain rtloop, one of its commands, or the program's language",
	.description =
		"Without a command it lists them. \"rtloop help program\" lists the "
		"operators, functions and blocks of a configuration's \"program:\". The "
		"manual page and the completion are "
		"made from what the program itself knows, so they fit it.\n\n"
		"  rtloop help --man | man -l -\n"
		"  source <(rtloop help --completion bash)",
	.options = help_options,
	.exits = "0  printed\n2  no such command, or the command line is wrong",
	.run = run_help,
};

/* Ends the line first where the word would not fit. */
static unsigned print_word(FILE *out, const char *word, size_t bytes, unsigned column,
			   unsigned indent)
{
	if (column > indent && column + 1 + bytes > TEXT_COLUMNS) {
		fputc('\n', out);
		column = 0;
	}
	if (column == 0) {
		fprintf(out, "%*s", (int)indent, "");
		column = indent;
	}
	if (column > indent) {
		fputc(' ', out);
		column++;
	}
	fwrite(word, 1, bytes, out);
	return column + (unsigned)bytes;
}

static unsigned end_line(FILE *out, unsigned column)
{
	if (column > 0) {
		fputc('\n', out);
	}
	return 0;
}

static unsigned print_filled_line(FILE *out, const char *line, size_t bytes,
				  unsigned column, unsigned indent)
{
	size_t at = 0;

	while (at < bytes) {
		size_t word_bytes = strcspn(line + at, " \n");

		if (word_bytes > 0) {
			column = print_word(out, line + at, word_bytes, column, indent);
		}
		at += word_bytes + 1;
	}
	return column;
}

void help_print_text(FILE *out, const char *text, unsigned indent)
{
	unsigned column = 0;

	while (*text != '\0') {
		size_t bytes = strcspn(text, "\n");

		if (bytes == 0) {
			column = end_line(out, column);
			fputc('\n', out);
		} else if (*text == ' ') {
			column = end_line(out, column);
			fprintf(out, "%*s%.*s\n", (int)indent, "", (int)bytes, text);
		} else {
			column = print_filled_line(out, text, bytes, column, indent);
		}
		text += bytes + (text[bytes] == '\n');
	}
	end_line(out, column);
}

void help_print_overview(FILE *out)
{
	const struct command *command;

	fprintf(out, "rtloop: a hard real-time periodic I/O controller\n\n"
		     "Usage: rtloop COMMAND [OPTION...] [ARGUMENT...]\n\n");
	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		fprintf(out, "  %-8s  %s\n", command->name, command->summary);
	}
	fprintf(out, "\n'rtloop help COMMAND' explains one of them. First steps:\n\n"
		     "  rtloop check FILE    is this configuration right?\n"
		     "  rtloop run FILE      run it; Ctrl-C ends it in order\n"
		     "  rtloop dump LOG      what is in the log that it wrote\n");
}

/* An entry of a list: text after a term, its further lines below its first. */
static void print_entry(FILE *out, unsigned column, const char *text, size_t bytes,
			unsigned indent)
{
	if (column >= indent) {
		fputc('\n', out);
		column = 0;
	}
	fprintf(out, "%*s", (int)(indent - column), "");
	end_line(out, print_filled_line(out, text, bytes, indent, indent));
}

static void print_option(FILE *out, char letter, const char *name, const char *argument,
			 const char *help)
{
	char letter_text[8] = "";
	char term[64];
	int column;

	if (letter != 0) {
		snprintf(letter_text, sizeof(letter_text), "-%c,", letter);
	}
	column = snprintf(term, sizeof(term), "  %-3s --%s%s%s ", letter_text, name,
			  argument != NULL ? " " : "", argument != NULL ? argument : "");
	fputs(term, out);
	print_entry(out, (unsigned)column, help, strlen(help), OPTION_COLUMNS);
}

/* Of a line "  0  all is well": the term. Returns the bytes of it, 0 for an empty line. */
static size_t exit_term(const char *line, const char **ret_term)
{
	size_t blanks = strspn(line, " ");
	size_t bytes = strcspn(line + blanks, "\n");
	const char *end = memmem(line + blanks, bytes, "  ", 2);

	*ret_term = line + blanks;
	return end != NULL ? (size_t)(end - *ret_term) : bytes;
}

static const char *next_line(const char *line)
{
	line += strcspn(line, "\n");
	return line + (*line == '\n');
}

static void print_exits(FILE *out, const char *exits)
{
	const char *term, *line;
	size_t widest = 0;

	for (line = exits; *line != '\0'; line = next_line(line)) {
		size_t bytes = exit_term(line, &term);

		widest = bytes > widest ? bytes : widest;
	}
	for (line = exits; *line != '\0'; line = next_line(line)) {
		size_t bytes = exit_term(line, &term);
		const char *text = term + bytes;

		fprintf(out, "  %.*s", (int)bytes, term);
		print_entry(out, (unsigned)bytes + 2, text, strcspn(text, "\n"),
			    (unsigned)widest + 4);
	}
}

void help_print_command(FILE *out, const struct command *command)
{
	const struct command_option *option;

	fprintf(out, "rtloop %s: %s\n\nUsage: rtloop %s [OPTION...]%s%s\n\n",
		command->name, command->summary, command->name,
		command->arguments[0] != '\0' ? " " : "", command->arguments);
	help_print_text(out, command->description, 0);
	fprintf(out, "\nOptions:\n");
	for (option = command->options; option->name != NULL; option++) {
		print_option(out, option->letter, option->name, option->argument,
			     option->help);
	}
	print_option(out, 'h', "help", NULL, HELP_OPTION_TEXT);
	fprintf(out, "\nExit status:\n");
	print_exits(out, command->exits);
}

void help_print_unknown(FILE *out, const char *name, const char *topic)
{
	const struct command *command;
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		suggest_offer(&suggest, command->name);
	}
	if (topic != NULL) {
		suggest_offer(&suggest, topic);
	}
	fprintf(out, "rtloop: unknown command '%s'", name);
	if (suggest.best != NULL) {
		fprintf(out, "; did you mean '%s'?", suggest.best);
	}
	fprintf(out, "\nTry 'rtloop help'.\n");
}

void help_print_unknown_option(FILE *out, const char *word)
{
	struct suggest suggest;

	suggest_init(&suggest, word);
	suggest_offer(&suggest, "--help");
	suggest_offer(&suggest, "--version");
	fprintf(out, "rtloop: unknown option '%s'", word);
	if (suggest.best != NULL) {
		fprintf(out, "; did you mean '%s'?", suggest.best);
	} else {
		fprintf(out, "; expected a command, and its options behind it");
	}
	fprintf(out, "\nTry 'rtloop help'.\n");
}

/* The language, which is no command. */
static const char topic_program[] = "program";

static int explain(const struct command *command, int count, char **names)
{
	const struct command *explained;

	if (count == 0) {
		help_print_overview(stdout);
		return EXIT_OK;
	}
	if (count > 1) {
		return command_wrong(command, "one command at a time, not '%s' as well",
				     names[1]);
	}
	if (strcmp(names[0], topic_program) == 0) {
		help_print_program(stdout);
		return EXIT_OK;
	}
	explained = command_find(names[0]);
	if (explained == NULL) {
		help_print_unknown(stderr, names[0], topic_program);
		return EXIT_USAGE;
	}
	help_print_command(stdout, explained);
	return EXIT_OK;
}

static int run_help(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	const char *shell = NULL;
	bool wants_man = false;
	const char *argument;
	int option;

	while ((option = command_next(&line, &argument)) >= 0) {
		if (option == HELP_MAN) {
			wants_man = true;
		} else {
			shell = argument;
		}
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (shell != NULL && strcmp(shell, "bash") != 0) {
		return command_wrong(command, "no completion for '%s', only for bash",
				     shell);
	}
	if (!wants_man && shell == NULL) {
		return explain(command, argc - optind, argv + optind);
	}
	if (optind < argc || (wants_man && shell != NULL)) {
		return command_wrong(command,
				     "a command, --man or --completion, not several");
	}
	if (wants_man) {
		help_print_man(stdout);
	} else {
		help_print_bash(stdout);
	}
	return EXIT_OK;
}
