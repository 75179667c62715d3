/* rtloop force: override inputs and outputs of a run. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/cmd/client.h"
#include "rtloop/cmd/cmd.h"

static int run_force(const struct command *command, int argc, char **argv);

enum { FORCE_CLEAR, FORCE_JSON };

static const struct command_option force_options[] = {
	[FORCE_CLEAR] = { 'c', "clear", NULL,
			  "force the named channels no longer; all: whatever is forced" },
	[FORCE_JSON] = { 0, "json", NULL,
			 "for programs; docs/control.md describes the members" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_force = {
	.name = "force",
	.arguments = "[NAME] CHANNEL=VALUE...",
	.summary = "override inputs and outputs of a run",
	.description =
		"A forced input holds the value, with good quality, whatever its device "
		"brings; a forced output is driven with it, whatever the logic asks for. "
		"All "
		"channels of one command change in the same cycle, or none does.\n\n"
		"What is forced is shown by every 'rtloop status' until it is cleared: "
		"by "
		"CHANNEL=, or by --clear and the channels' names, or all. It ends with "
		"the "
		"run, and the safe values are written at the end all the same. The log "
		"says "
		"who forced what, and when.\n\n"
		"NAME is the loop's name, or the path of its control socket. Without it, "
		"the "
		"only run that there is.",
	.options = force_options,
	.exits = "0  in effect\n1  no such run, or it does not answer\n2  no such "
		 "channel, "
		 "not a value of its type, or the command line is wrong",
	.run = run_force,
};

struct force_request {
	const char *name;
	bool clears;
	bool wants_json;
};

static int force(struct client *client, char **words, unsigned count,
		 const struct force_request *request)
{
	struct client_reply reply;
	int status = client_ask(client, request->clears ? "release" : "force", words,
				count, &reply);

	if (status != EXIT_OK) {
		return status;
	}
	if (request->wants_json) {
		fputs(reply.text, stdout);
	} else {
		client_print_change(&reply);
	}
	client_free(&reply);
	return EXIT_OK;
}

static int run_force(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct force_request request = { .name = NULL };
	struct client client = { .command = command };
	const char *argument;
	int option, status;

	while ((option = command_next(&line, &argument)) >= 0) {
		request.clears |= option == FORCE_CLEAR;
		request.wants_json |= option == FORCE_JSON;
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	/* "all" could be a run's name; after --clear it is not, where it stands alone */
	if (optind < argc && client_is_name(argv[optind]) &&
	    !(request.clears && optind + 1 == argc)) {
		request.name = argv[optind++];
	}
	if (optind == argc) {
		return command_wrong(command, request.clears
						      ? "expected CHANNEL... or all"
						      : "expected CHANNEL=VALUE...");
	}
	status = client_find(&client, request.name);
	return status == EXIT_OK ? force(&client, argv + optind,
					 (unsigned)(argc - optind), &request)
				 : status;
}
