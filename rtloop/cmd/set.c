/* rtloop set: give params of a run new values. */
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "rtloop/cmd/client.h"
#include "rtloop/cmd/cmd.h"

static int run_set(const struct command *command, int argc, char **argv);

enum { SET_JSON };

static const struct command_option set_options[] = {
	[SET_JSON] = { 0, "json", NULL,
		       "for programs; docs/control.md describes the members" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_set = {
	.name = "set",
	.arguments = "[NAME] PARAM=VALUE...",
	.summary = "give params of a run new values",
	.description = "Sets params, which the configuration declares, to values of "
		       "their type and "
		       "within their range. All of one command change in the same cycle, "
		       "which is "
		       "printed, or none does. The log has the values, who set them, and "
		       "when.\n\n"
		       "A value that is set lasts as long as the run: the file still "
		       "says what a run "
		       "begins with. 'rtloop get' shows params and their ranges.\n\n"
		       "NAME is the loop's name, or the path of its control socket. "
		       "Without it, the "
		       "only run that there is.",
	.options = set_options,
	.exits = "0  in effect\n1  no such run, or it does not answer\n2  no such param, "
		 "not a "
		 "value of its type, out of its range, or the command line is wrong",
	.run = run_set,
};

static int set(struct client *client, char **words, unsigned count, bool wants_json)
{
	struct client_reply reply;
	int status = client_ask(client, "set", words, count, &reply);

	if (status != EXIT_OK) {
		return status;
	}
	if (wants_json) {
		fputs(reply.text, stdout);
	} else {
		client_print_change(&reply);
	}
	client_free(&reply);
	return EXIT_OK;
}

static int run_set(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct client client = { .command = command };
	const char *argument, *name = NULL;
	bool wants_json = false;
	int option, status;

	while ((option = command_next(&line, &argument)) >= 0) {
		wants_json = true;
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (optind < argc && client_is_name(argv[optind])) {
		name = argv[optind++];
	}
	if (optind == argc) {
		return command_wrong(command, "expected PARAM=VALUE...");
	}
	status = client_find(&client, name);
	return status == EXIT_OK ? set(&client, argv + optind, (unsigned)(argc - optind),
				       wants_json)
				 : status;
}
