/* rtloop check: read a configuration and say what is wrong with it, or what it holds. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/app.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/version.h"
#include "rtloop/setup.h"

static int run_check(const struct command *command, int argc, char **argv);

enum { CHECK_PLUGINS };

static const struct command_option check_options[] = {
	[CHECK_PLUGINS] = { 0, "plugins", NULL,
			    "load the plugins and start them too, which runs their "
			    "code" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_check = {
	.name = "check",
	.arguments = "FILE",
	.summary = "read a configuration and report every mistake in it",
	.description =
		"Reads the configuration as \"rtloop run\" would, without opening a "
		"device or writing a log. Every mistake goes to standard error, one a "
		"line, as FILE:LINE:COLUMN: what is wrong; what is expected.\n"
		"\n"
		"Of plugins it looks at the files without loading them. With --plugins "
		"it "
		"has them find their channels and options as a run would, which executes "
		"what is in these files.",
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
static void print_idle_outputs(const char *path, const struct logic_spec *logic,
			       const struct logic_run *run)
{
	for (unsigned i = 0; i < logic->symbol_count; i++) {
		if (logic->symbols[i].kind == SYMBOL_OUTPUT &&
		    !logic_run_writes(run, logic, i)) {
			printf("%s: note: nothing assigns '%s', which stays at its safe "
			       "value\n",
			       path, logic->symbols[i].name);
		}
	}
}

/* @run: what plugins do is known; NULL: they were not loaded */
static void print_setup(const char *path, const struct setup *setup,
			const struct logic_run *run)
{
	static const struct logic_run no_plugins = { .uses = NULL };
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
	if (setup->plugins.count > 0) {
		printf(", %u plugin%s%s", setup->plugins.count,
		       plural(setup->plugins.count), run ? "" : " not loaded");
	}
	putchar('\n');
	if (run || setup->plugins.count == 0) {
		print_idle_outputs(path, setup->logic, run ? run : &no_plugins);
	}
}

/* All objects of a run, of which none is opened or started but the plugins. */
static int check_plugins(const char *path, struct setup *setup)
{
	struct app *app = NULL;
	struct err err;
	int code = app_create(&app, setup, version_text(), &err);

	if (code == 0) {
		print_setup(path, setup, &app->logic);
	} else {
		fprintf(stderr, "%s%s\n",
			setup_is_place(setup, err.text) ? "" : "rtloop: ", err.text);
	}
	app_destroy(app);
	return code;
}

static int check_file(const char *path, bool loads_plugins)
{
	struct setup *setup = NULL;
	struct diag diag;
	int code;

	diag_init(&diag, path);
	code = setup_load(path, &setup, &diag);
	if (code) {
		diag_print(&diag, stderr);
	} else if (loads_plugins && setup->plugins.count > 0) {
		code = check_plugins(path, setup);
	} else {
		print_setup(path, setup, NULL);
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
	bool loads_plugins = false;
	const char *argument;
	int option;

	while ((option = command_next(&line, &argument)) >= 0) {
		loads_plugins |= option == CHECK_PLUGINS;
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (command_one_word(command, argc, argv, "FILE") != EXIT_OK) {
		return EXIT_USAGE;
	}
	if (optind == argc) {
		return command_wrong(command, "needs FILE, the configuration");
	}
	return check_file(argv[optind], loads_plugins);
}
