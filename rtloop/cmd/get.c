/* rtloop get: values of channels, as a run has them now. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/cmd/client.h"
#include "rtloop/cmd/client_channel.h"
#include "rtloop/cmd/cmd.h"

static int run_get(const struct command *command, int argc, char **argv);

enum { GET_JSON };

static const struct command_option get_options[] = {
	[GET_JSON] = { 0, "json", NULL,
		       "for programs; docs/control.md describes the members" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_get = {
	.name = "get",
	.arguments = "[NAME] [CHANNEL...]",
	.summary = "print values of a run's channels",
	.description =
		"Prints value, unit, quality and age of the channels that are named, "
		"as they were at the end of one cycle; of all where none is. A "
		"device's name stands for all of its channels.\n\n"
		"NAME is the loop's name, or the path of its control socket. "
		"Without it, the only run that there is.",
	.options = get_options,
	.exits = "0  printed\n1  no such run, or it does not answer\n2  no such channel, "
		 "or "
		 "the command line is wrong",
	.run = run_get,
};

static void print_channel(const struct node *channel)
{
	char value[64], age[32];

	printf("%-24s %14s %-8s %-6s %10s%s\n", client_text(channel, "name"),
	       client_channel_value(channel, value, sizeof(value)),
	       client_channel_unit(channel), client_text(channel, "quality"),
	       client_channel_age(channel, age, sizeof(age)),
	       client_is(channel, "is_forced") ? "  FORCED" : "");
}

static int print_reply(const struct client_reply *reply)
{
	const struct node *channels = node_child(reply->tree.root, "channels");

	for (const struct node *channel = channels ? channels->first : NULL; channel;
	     channel = channel->next) {
		print_channel(channel);
	}
	if (!channels) {
		fputs("rtloop get: no cycle has ended yet: there are no values\n",
		      stderr);
		return EXIT_FAILED;
	}
	return EXIT_OK;
}

static int get(struct client *client, char **names, unsigned count, bool wants_json)
{
	struct client_reply reply;
	int status = client_ask(client, "get", names, count, &reply);

	if (status != EXIT_OK) {
		return status;
	}
	if (wants_json) {
		fputs(reply.text, stdout);
	} else {
		status = print_reply(&reply);
	}
	client_free(&reply);
	return status;
}

static int run_get(const struct command *command, int argc, char **argv)
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
	if (optind < argc && client_is_name(argv[optind]) &&
	    !client_is_no_run(argv[optind])) {
		name = argv[optind++];
	}
	status = client_find(&client, name);
	return status == EXIT_OK ? get(&client, argv + optind, (unsigned)(argc - optind),
				       wants_json)
				 : status;
}
