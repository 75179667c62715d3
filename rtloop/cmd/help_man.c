/* The manual page rtloop(1), in the macros of man(7). */
#include <stdbool.h>
#include <string.h>

#include "rtloop/cmd/help.h"
#include "rtloop/cmd/version.h"

/* roff reads '\' as an escape, '-' as a hyphen, and a '.' or ''' that begins a line as a
 * request. */
static void print_escaped(FILE *out, const char *text, size_t bytes)
{
	if (bytes > 0 && (text[0] == '.' || text[0] == '\'')) {
		fputs("\\&", out);
	}
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\\') {
			fputs("\\e", out);
		} else if (text[i] == '-') {
			fputs("\\-", out);
		} else {
			fputc(text[i], out);
		}
	}
}

static void print_word(FILE *out, const char *text)
{
	print_escaped(out, text, strlen(text));
}

/* Paragraphs; lines that begin with a space become examples. */
static void print_paragraphs(FILE *out, const char *text)
{
	bool is_example = false;

	while (*text != '\0') {
		size_t bytes = strcspn(text, "\n");
		bool was_example = is_example;

		is_example = *text == ' ';
		if (is_example != was_example) {
			fputs(is_example ? ".RS 4\n.nf\n" : ".fi\n.RE\n", out);
		}
		if (bytes == 0) {
			fputs(".PP\n", out);
		} else {
			print_escaped(out, text, bytes);
			fputc('\n', out);
		}
		text += bytes + (text[bytes] == '\n');
	}
	if (is_example) {
		fputs(".fi\n.RE\n", out);
	}
}

static void print_option(FILE *out, const struct command_option *option)
{
	fputs(".TP\n", out);
	if (option->letter != 0) {
		fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
	}
	fputs("\\fB\\-\\-", out);
	print_word(out, option->name);
	fputs("\\fR", out);
	if (option->argument != NULL) {
		fputs(" \\fI", out);
		print_word(out, option->argument);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	print_word(out, option->help);
	fputc('\n', out);
}

/* "0  all is well": what stands before the two blanks is the tag of a list. */
static void print_exit(FILE *out, const char *line, size_t bytes)
{
	const char *text = memmem(line, bytes, "  ", 2);

	if (text != NULL) {
		fprintf(out, ".TP 9\n.B %.*s\n", (int)(text - line), line);
		bytes -= (size_t)(text - line);
		line = text + strspn(text, " ");
		bytes -= (size_t)(line - text);
	}
	print_escaped(out, line, bytes);
	fputc('\n', out);
}

static void print_exits(FILE *out, const char *exits)
{
	fputs(".PP\nExit status:\n", out);
	while (*exits != '\0') {
		size_t blanks = strspn(exits, " ");
		size_t bytes = strcspn(exits, "\n");

		if (blanks < bytes) {
			print_exit(out, exits + blanks, bytes - blanks);
		}
		exits += bytes + (exits[bytes] == '\n');
	}
}

static void print_command(FILE *out, const struct command *command)
{
	static const struct command_option help = { 'h', "help", NULL, HELP_OPTION_TEXT };
	const struct command_option *option;

	fprintf(out, ".SS \"rtloop %s\"\n\\fBrtloop %s\\fR [\\fIOPTION\\fR...]",
		command->name, command->name);
	if (command->arguments[0] != '\0') {
		fprintf(out, " \\fI%s\\fR", command->arguments);
	}
	fprintf(out, "\n.PP\n");
	print_paragraphs(out, command->description);
	for (option = command->options; option->name != NULL; option++) {
		print_option(out, option);
	}
	print_option(out, &help);
	print_exits(out, command->exits);
}

void help_print_man(FILE *out)
{
	const struct command *command;

	fprintf(out,
		".TH RTLOOP 1 \"\" \"rtloop %s\" \"User Commands\"\n"
		".SH NAME\nrtloop \\- a hard real\\-time periodic I/O controller\n"
		".SH SYNOPSIS\n\\fBrtloop\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] "
		"[\\fIARGUMENT\\fR...]\n"
		".SH DESCRIPTION\n",
		version_text());
	print_paragraphs(
		out,
		"rtloop reads one YAML file, runs a cycle that holds its period, samples "
		"the devices in the file, and writes a log in which every cycle is "
		"found, "
		"or is named as missing. The end of a run says how good the timing "
		"was.\n\n"
		"Where the kernel or the privileges are not those of a real-time system "
		"it "
		"runs all the same, and says so, with the command that mends it.");
	fputs(".SH COMMANDS\n", out);
	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		fputs(".TP\n.B ", out);
		print_word(out, command->name);
		fputc('\n', out);
		print_word(out, command->summary);
		fputc('\n', out);
	}
	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		print_command(out, command);
	}
	fputs(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nset to anything: no colours\n"
	      ".TP\n.BR NOTIFY_SOCKET \", \" WATCHDOG_USEC \", \" WATCHDOG_PID\n"
	      "set by a service manager that wants to be told how a run goes, as in\n"
	      ".BR sd_notify (3)\n"
	      ".SH SEE ALSO\n.BR cyclictest (8),\n.BR sched (7)\n",
	      out);
}
