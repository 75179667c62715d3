/* rtloop check: read a configuration and say what is wrong with it, or what it holds. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/setup.h"

static int run_check(const struct command *command, int argc, char **argv);

static const struct command_option check_options[] = {
	{ 0, NULL, NULL, NULL },
};

const struct command command_check = {
	.name = "check",
	.arguments = "FILE",
	.summary = "read a configuration and report every mistake in it",
	.description =
		"Reads the configuration as \"rtloop run\" would, without opening a "
		"device or writing a log. Every mistake goes to standard error, one a "
		"line, as FILE:LINE:COLUMN: what is wrong; what is expected.",
	.options = check_options,
	.exits = "0  the configuration is right\n1  there was not enough memory\n2  it "
		 "is wrong, "
		 "or the command line is",
	.run = run_check,
};

static const char *plural(unsigned count)
{
	return count == 1 ? "" : "s";
}

/* No mistake, but hardly meant. */
static void print_idle_outputs(const char *path, const struct logic_spec *logic)
{
	for (unsigned i = 0; logic->program && i < logic->symbol_count; i++) {
		if (logic->symbols[i].kind == SYMBOL_OUTPUT &&
		    !program_writes(logic->program, i)) {
			printf("%s: note: nothing assigns '%s', which stays at its safe "
			       "value\n",
			       path, logic->symbols[i].name);
		}
	}
}

static void print_setup(const char *path, const struct setup *setup)
{
	char period[32];
	size_t digits;

	time_print_duration(period, sizeof(period), setup->loop.period_ns);
	digits = strspn(period, "0123456789");
	printf("%s: ok: %.*s %s period, %u device%s, %u channel%s", path, (int)digits,
	       period, period + digits, setup->device_count, plural(setup->device_count),
	       setup->channel_count, plural(setup->channel_count));
	if (setup->logic->program) {
		printf(", %u operations a cycle at most",
		       program_operations(setup->logic->program));
	}
	putchar('\n');
	print_idle_outputs(path, setup->logic);
}

static int check_file(const char *path)
{
	struct setup *setup = NULL;
	struct diag diag;
	int code;

	diag_init(&diag, path);
	code = setup_load(path, &setup, &diag);
	if (code == 0) {
		print_setup(path, setup);
	} else {
		diag_print(&diag, stderr);
	}
	setup_destroy(setup);
	diag_fini(&diag);
	if (code == 0) {
		return EXIT_OK;
	}
	return code == -ENOMEM ? EXIT_FAILED : EXIT_USAGE;
}

static int run_check(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	const char *argument;
	int option;

	do {
		option = command_next(&line, &argument);
	} while (option >= 0);
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (optind + 1 != argc) {
		return command_wrong(command, "takes one FILE");
	}
	return check_file(argv[optind]);
}
