/*
 * The commands: one file each. One table describes them all; getopt, help, shell completion and the
 * manual page are made from it.
 */
#ifndef RTLOOP_CMD_CMD_H
#define RTLOOP_CMD_CMD_H

#include "rtloop/base/attr.h"

/* Exit statuses, for scripts. */
enum exit_status {
	EXIT_OK = 0,
	EXIT_FAILED = 1,   /* the answer is no, or the command failed */
	EXIT_USAGE = 2,	   /* the command line or the configuration is wrong */
	EXIT_REPAIRED = 3, /* done, but something was not there any more */
	EXIT_OVERRUN =
		4, /* overrun: stop has ended the run: do not restart into motion */
	EXIT_NOT_REALTIME = 5, /* --require-rt, and it is not */
	EXIT_FAULT = 6,	       /* a fault has ended the run: do not restart into motion */
};

/* One option of a command; tables end with a row whose name is NULL. */
struct command_option {
	char letter;	      /* 0: only the long form */
	const char *name;     /* without the dashes */
	const char *argument; /* "FILE", "US"; NULL: none */
	const char *help;     /* a phrase without a full stop */
};

struct command {
	const char *name;
	const char *arguments;	 /* "FILE", "[NAME]", "FILE..."; "" for none */
	const char *summary;	 /* a phrase without a full stop */
	const char *description; /* paragraphs for help and the manual page */
	const struct command_option *options;
	const char *exits; /* the exit statuses in words, a line each */
	/* argv[0] is the command's own name. Returns an exit_status. */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_run;
extern const struct command command_check;
extern const struct command command_bench;
extern const struct command command_dump;
extern const struct command command_recover;
extern const struct command command_report;
extern const struct command command_replay;
extern const struct command command_status;
extern const struct command command_top;
extern const struct command command_get;
extern const struct command command_set;
extern const struct command command_force;
extern const struct command command_reload;
extern const struct command command_guard;
extern const struct command command_drivers;
extern const struct command command_version;
extern const struct command command_help;

/** command_find - NULL where there is none. command_at - NULL past the last. [any] */
const struct command *command_find(const char *name);
const struct command *command_at(unsigned index);

/* A command line being read. */
struct command_line {
	const struct command *command;
	int argc;
	char **argv;
	void *getopt_rows; /* owned; freed when command_next() returns a negative value */
	char *letters;	   /* owned, likewise */
};

#define COMMAND_LINE_END   (-1) /* none is left: argv[optind] is the first argument */
#define COMMAND_LINE_WRONG (-2) /* a mistake, reported on stderr: return EXIT_USAGE */
#define COMMAND_LINE_HELP  (-3) /* -h or --help, answered on stdout: return EXIT_OK */

/**
 * command_next - the index of the next option given in command->options, or one of the above.
 * @ret_argument: the option's argument; NULL where it takes none
 *
 * Options and positional arguments may be mixed, as with GNU programs. A misspelt option is answered
 * with the nearest name. [init]
 */
int command_next(struct command_line *line, const char **ret_argument);

/* Takes an option of a line; returns EXIT_OK, or the status to end with: what is wrong was told on stderr. */
typedef int command_taker(const struct command *command, int option, const char *argument,
			  void *request);

/**
 * command_options - have all options of a line taken, up to the first that is wrong.
 *
 * Returns EXIT_OK where argv[optind] is the first argument; what @take returned, or EXIT_USAGE; or
 * COMMAND_LINE_HELP. [init]
 */
int command_options(const struct command *command, int argc, char **argv,
		    command_taker *take, void *request);

/**
 * command_one_word - whether at most one word is left of a line, which is a @noun: "FILE"; the second is reported.
 *
 * To be asked when there are no options any more. Returns EXIT_OK or EXIT_USAGE. [init]
 */
int command_one_word(const struct command *command, int argc, char **argv,
		     const char *noun) MUST_CHECK;

/** command_wrong - report a mistake and how to get help on stderr; returns EXIT_USAGE. [init] */
int command_wrong(const struct command *command, const char *format, ...)
	PRINTF_LIKE(2, 3);

#endif
