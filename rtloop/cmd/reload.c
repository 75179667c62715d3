/* rtloop reload: have a run read its configuration again. */
#include <stdbool.h>
#include <stdio.h>

#include "rtloop/cmd/client.h"
#include "rtloop/cmd/cmd.h"

static int run_reload(const struct command *command, int argc, char **argv);

enum { RELOAD_JSON };

static const struct command_option reload_options[] = {
	[RELOAD_JSON] = { 0, "json", NULL,
			  "for programs; docs/control.md describes the members" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_reload = {
	.name = "reload",
	.arguments = "[NAME]",
	.summary = "have a run read its configuration again",
	.description =
		"The run reads its file again and checks all of it. Where only values "
		"and "
		"ranges of params have changed, they take effect together, in one cycle, "
		"which is printed. Where anything else has, nothing is changed, and each "
		"place that needs a restart is listed. SIGHUP does the same.\n\n"
		"A param that was set by 'rtloop set' keeps its value, unless the file "
		"says "
		"another one than before.\n\n"
		"NAME is the loop's name, or the path of its control socket. Without it, "
		"the "
		"only run that there is.",
	.options = reload_options,
	.exits = "0  in effect\n1  no such run, it does not answer, or the file cannot "
		 "take "
		 "effect\n2  the command line is wrong",
	.run = run_reload,
};

static int reload(struct client *client, bool wants_json)
{
	struct client_reply reply;
	int status = client_ask(client, "reload", NULL, 0, &reply);

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

static int run_reload(const struct command *command, int argc, char **argv)
{
	return client_run(command, argc, argv, reload);
}
