/* rtloop version: what this program is and what it was built with. */
#include "rtloop/cmd/version.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "rtloop/cmd/build_info.h"
#include "rtloop/cmd/cmd.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#if defined(__x86_64__)
#define ARCHITECTURE "x86_64"
#elif defined(__aarch64__)
#define ARCHITECTURE "aarch64"
#elif defined(__arm__)
#define ARCHITECTURE "arm"
#elif defined(__riscv)
#define ARCHITECTURE "riscv"
#else
#define ARCHITECTURE "other"
#endif

static int run_version(const struct command *command, int argc, char **argv);

enum { VERSION_JSON };

static const struct command_option version_options[] = {
	[VERSION_JSON] = { 0, "json", NULL, "print it as JSON, for programs" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_version = {
	.name = "version",
	.arguments = "",
	.summary = "print the version, and how this program was built",
	.description =
		"Prints the version, the compiler and its flags, the architecture, the "
		"libraries with the versions that were built against, and the optional "
		"features that this build lacks. Put it into every report of a fault.",
	.options = version_options,
	.exits = "0  printed\n2  the command line is wrong",
	.run = run_version,
};

static const struct {
	const char *key;
	const char *value;
} facts[] = {
	{ "compiler", COMPILER },	  { "flags", BUILD_FLAGS },
	{ "architecture", ARCHITECTURE }, { "libraries", BUILD_LIBRARIES },
	{ "missing", BUILD_MISSING },
};

const char *version_text(void)
{
	return BUILD_VERSION;
}

const char *version_date(void)
{
	return BUILD_DATE;
}

static void print_for_people(const struct utsname *system)
{
	printf("rtloop %s\n\n", BUILD_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		printf("  %-13s %s\n", facts[i].key,
		       facts[i].value[0] != '\0' ? facts[i].value : "nothing");
	}
	printf("  %-13s %s %s\n", "running on", system->sysname, system->release);
}

/* Words of compilers and flags: printable, but maybe with quotes. */
static void print_json_text(const char *text)
{
	putchar('"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\') {
			putchar('\\');
		}
		putchar(*text);
	}
	putchar('"');
}

static void print_for_programs(const struct utsname *system)
{
	printf("{\"version\":");
	print_json_text(BUILD_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++) {
		printf(",\"%s\":", facts[i].key);
		print_json_text(facts[i].value);
	}
	printf(",\"kernel\":");
	print_json_text(system->release);
	printf("}\n");
}

static int run_version(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct utsname system = { .sysname = "?" };
	bool wants_json = false;
	const char *argument;
	int option;

	while ((option = command_next(&line, &argument)) >= 0) {
		wants_json = true;
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (optind < argc) {
		return command_wrong(command, "takes no '%s'", argv[optind]);
	}
	uname(&system);
	if (wants_json) {
		print_for_programs(&system);
	} else {
		print_for_people(&system);
	}
	return EXIT_OK;
}
