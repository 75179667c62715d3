/* rtloop drivers: what drivers there are, and all that a configuration may say to them. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/suggest.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/reference.h"

static int run_drivers(const struct command *command, int argc, char **argv);

enum { DRIVERS_MARKDOWN, DRIVERS_MAN };

static const struct command_option drivers_options[] = {
	[DRIVERS_MARKDOWN] = { 0, "markdown", NULL,
			       "print it as Markdown; without NAME, all of it" },
	[DRIVERS_MAN] = { 0, "man", NULL,
			  "print all of it as the manual page rtloop.yaml(5)" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_drivers = {
	.name = "drivers",
	.arguments = "[NAME]",
	.summary = "list the drivers, or explain the keys of one",
	.description =
		"Without a NAME it lists the drivers. With one it prints what the driver "
		"does, every key that its devices and their channels take, and an "
		"example.\n\n"
		"Keys that belong to no driver have names too: file (the top of a "
		"configuration), loop, log, device (keys of every device), channel (keys "
		"of every input channel) and output (keys of every output channel).",
	.options = drivers_options,
	.exits = "0  printed\n2  no such driver, or the command line is wrong",
	.run = run_drivers,
};

static int list_drivers(void)
{
	const struct driver *driver;

	for (unsigned i = 0; (driver = driver_at(i)); i++) {
		printf("%-8s %s\n", driver->name, driver->summary);
	}
	return EXIT_OK;
}

static const struct reference_part *find_part(const char *name)
{
	const struct reference_part *part;

	for (unsigned i = 0; (part = reference_part_at(i)); i++) {
		if (strcmp(part->name, name) == 0) {
			return part;
		}
	}
	return NULL;
}

static int unknown_name(const struct command *command, const char *name)
{
	const struct reference_part *part;
	const struct driver *driver;
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (unsigned i = 0; (driver = driver_at(i)); i++) {
		suggest_offer(&suggest, driver->name);
	}
	for (unsigned i = 0; (part = reference_part_at(i)); i++) {
		suggest_offer(&suggest, part->name);
	}
	if (suggest.best) {
		return command_wrong(command, "no driver '%s'; did you mean '%s'?", name,
				     suggest.best);
	}
	return command_wrong(command, "no driver '%s'; 'rtloop drivers' lists them",
			     name);
}

static int explain(const struct command *command, const char *name, bool wants_markdown)
{
	const struct driver *driver = driver_find(name);
	const struct reference_part *part = find_part(name);

	if (driver && wants_markdown) {
		markdown_print_driver(stdout, driver);
	} else if (driver) {
		reference_print_driver(stdout, driver);
	} else if (part && wants_markdown) {
		markdown_print_part(stdout, part);
	} else if (part) {
		reference_print_part(stdout, part);
	} else {
		return unknown_name(command, name);
	}
	return EXIT_OK;
}

static int run_drivers(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	bool wants_markdown = false, wants_man = false;
	const char *argument;
	int option;

	while ((option = command_next(&line, &argument)) >= 0) {
		wants_man = wants_man || option == DRIVERS_MAN;
		wants_markdown = wants_markdown || option == DRIVERS_MARKDOWN;
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (command_one_word(command, argc, argv, "NAME") != EXIT_OK) {
		return EXIT_USAGE;
	}
	if (wants_man && (wants_markdown || optind < argc)) {
		return command_wrong(command,
				     "--man is all of it, without NAME or --markdown");
	}
	if (wants_man) {
		man_print_reference(stdout);
		return EXIT_OK;
	}
	if (optind < argc) {
		return explain(command, argv[optind], wants_markdown);
	}
	if (wants_markdown) {
		markdown_print_reference(stdout);
		return EXIT_OK;
	}
	return list_drivers();
}
