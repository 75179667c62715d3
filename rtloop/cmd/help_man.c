/* The manual page rtloop(1), in the macros of man(7). */
#include <string.h>

#include "rtloop/cmd/help.h"
#include "rtloop/cmd/roff.h"

static void print_option(FILE *out, const struct command_option *option)
{
	fputs(".TP\n", out);
	if (option->letter != 0) {
		fprintf(out, "\\fB\\-%c\\fR, ", option->letter);
	}
	fputs("\\fB\\-\\-", out);
	roff_print(out, option->name);
	fputs("\\fR", out);
	if (option->argument != NULL) {
		fputs(" \\fI", out);
		roff_print(out, option->argument);
		fputs("\\fR", out);
	}
	fputc('\n', out);
	roff_print_line(out, option->help, strlen(option->help));
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
	roff_print_line(out, line, bytes);
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
	roff_print_text(out, command->description);
	for (option = command->options; option->name != NULL; option++) {
		print_option(out, option);
	}
	print_option(out, &help);
	print_exits(out, command->exits);
}

void help_print_man(FILE *out)
{
	const struct command *command;

	roff_print_header(out, "RTLOOP", 1, "User Commands");
	fputs(".SH NAME\nrtloop \\- a hard real\\-time periodic I/O controller\n"
	      ".SH SYNOPSIS\n\\fBrtloop\\fR \\fICOMMAND\\fR [\\fIOPTION\\fR...] "
	      "[\\fIARGUMENT\\fR...]\n"
	      ".SH DESCRIPTION\n",
	      out);
	roff_print_text(
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
		roff_print(out, command->name);
		fputc('\n', out);
		roff_print_line(out, command->summary, strlen(command->summary));
	}
	for (unsigned i = 0; (command = command_at(i)) != NULL; i++) {
		print_command(out, command);
	}
	fputs(".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nset to anything: no colours\n"
	      ".TP\n.BR NOTIFY_SOCKET \", \" WATCHDOG_USEC \", \" WATCHDOG_PID\n"
	      "set by a service manager that wants to be told how a run goes, as in\n"
	      ".BR sd_notify (3)\n"
	      ".SH SEE ALSO\n.BR rtloop.yaml (5),\n.BR rtloop\\-measure (1),\n.BR "
	      "cyclictest (8),\n.BR sched (7)\n",
	      out);
}
