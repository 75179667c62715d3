/* rtloop status: how a run goes. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/cmd/client.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/terminal.h"

static int run_status(const struct command *command, int argc, char **argv);

enum { STATUS_JSON };

static const struct command_option status_options[] = {
	[STATUS_JSON] = { 0, "json", NULL,
			  "for programs; docs/control.md describes the members" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_status = {
	.name = "status",
	.arguments = "[NAME]",
	.summary = "show how a run goes",
	.description =
		"Asks the run of this name what 'rtloop run' would report if it ended "
		"now: "
		"what is forced, and that the log is degraded, before all else; whether "
		"it is real-time; cycles and "
		"overruns, how good the timing was, and what the devices brought.\n\n"
		"NAME is the loop's name, or the path of its control socket. Without it, "
		"the "
		"only run that there is.",
	.options = status_options,
	.exits = "0  printed\n1  no such run, or it does not answer\n2  the command line "
		 "is "
		 "wrong",
	.run = run_status,
};

/* What must not be overlooked. */
static bool is_loud(const char *line)
{
	return strncmp(line, "FORCED", 6) == 0 || strstr(line, "LOST: ") ||
	       strncmp(line, "LOG DEGRADED", 12) == 0 ||
	       strncmp(line, "NOT REALTIME", 12) == 0 || strncmp(line, "CHANGED", 7) == 0;
}

static void print_report(char *text)
{
	bool colour = terminal_wants_colour(stdout);
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		bool is_red = colour && is_loud(line);

		if (rest || *line) {
			printf("%s%s%s\n", is_red ? "\033[31m" : "", line,
			       is_red ? "\033[0m" : "");
		}
	}
}

static int show(struct client *client, bool wants_json)
{
	struct client_reply reply;
	int status =
		client_ask(client, wants_json ? "status" : "report", NULL, 0, &reply);

	if (status != EXIT_OK) {
		return status;
	}
	if (wants_json) {
		fputs(reply.text, stdout);
	} else {
		print_report(reply.text);
	}
	client_free(&reply);
	return EXIT_OK;
}

static int run_status(const struct command *command, int argc, char **argv)
{
	return client_run(command, argc, argv, show);
}
