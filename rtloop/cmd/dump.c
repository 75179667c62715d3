/*
 * rtloop dump: what a log holds, as a list, a table or lines of JSON; and whether it is
 * whole.
 */
#include "rtloop/cmd/dump.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/cmd/argument.h"
#include "rtloop/cmd/same_file.h"

static int run_dump(const struct command *command, int argc, char **argv);

enum {
	OPTION_CSV,
	OPTION_JSONL,
	OPTION_CHECK,
	OPTION_CHANNELS,
	OPTION_QUALITY,
	OPTION_FROM,
	OPTION_TO,
	OPTION_EVERY,
	OPTION_ATTACHMENT,
	OPTION_OUTPUT,
	OPTIONS,
};

static const struct command_option dump_option_rows[] = {
	[OPTION_CSV] = { 0, "csv", NULL, "export a table" },
	[OPTION_JSONL] = { 0, "jsonl", NULL,
			   "export one JSON object a message, one a line" },
	[OPTION_CHECK] = { 0, "check", NULL,
			   "verify CRCs, indexes, statistics, and that no cycle is "
			   "missing" },
	[OPTION_CHANNELS] = { 'c', "channels", "LIST",
			      "export these only: device, device.channel, "
			      "cycle.latency_ns; "
			      "separated by commas; * ? [] match" },
	[OPTION_QUALITY] = { 'q', "quality", NULL,
			     "export the quality of each channel too: 0 good, 1 "
			     "stale, "
			     "2 bad" },
	[OPTION_FROM] = { 0, "from", "TIME", "export from this time on" },
	[OPTION_TO] = { 0, "to", "TIME", "export up to, and without, this time" },
	[OPTION_EVERY] = { 0, "every", "N",
			   "export each N-th message of a topic; every event and gap" },
	[OPTION_ATTACHMENT] = { 0, "attachment", "NAME",
				"write an attachment: the configuration of the run" },
	[OPTION_OUTPUT] = { 'o', "output", "FILE",
			    "write there instead of standard output" },
	[OPTIONS] = { 0, NULL, NULL, NULL },
};

const struct command command_dump = {
	.name = "dump",
	.arguments = "FILE...",
	.summary = "show, export or check a log",
	.description =
		"Without an option it lists what each log holds: when and how long it "
		"was "
		"recorded, its topics, their messages and channels, attachments, and "
		"whether "
		"it was closed. Several FILEs are one log, in the order given: that of "
		"their "
		"names, for what one run wrote.\n\n"
		"--csv writes one row for each time at which something was logged: all "
		"that "
		"one cycle logged is one row. The first columns are time_ns (since 1970, "
		"exact) and time_s (since the log's start); then one column for each "
		"channel, named device.channel. A cell is empty where nothing was logged "
		"of "
		"that channel at that time. Booleans are 0 and 1; what is not a number "
		"is "
		"nan, inf or -inf; elements of an array are separated by semicolons. "
		"Without --channels these are the values of all devices.\n\n"
		"--jsonl writes {\"topic\", \"log_time\", \"data\"}, of all topics "
		"unless "
		"--channels names some. Integers are exact, which some readers spoil "
		"beyond "
		"2^53; what is not a number is \"NaN\", \"Infinity\" or "
		"\"-Infinity\".\n\n"
		"In LIST a name without a dot is a device or one of cycle, gap, event, "
		"param and var: all "
		"of its values. With a dot any field can be had: probe.sample_ns, "
		"probe.temp.quality, *.quality, cycle.*.\n\n"
		"TIME is seconds since the log's start (12.5, or with a unit: 500ms, "
		"90s, "
		"2min, 1h) or a date: 2026-02-01T12:00:00.5Z, local time without an "
		"offset "
		"from UTC.\n\n"
		"A log that was not closed, because power failed or it is still being "
		"written, gives all of its whole messages. Chunks whose CRC is wrong are "
		"left "
		"out and reported.",
	.options = dump_option_rows,
	.exits = "0  done; with --check: nothing is wrong\n"
		 "1  something is wrong with a log, or it could not be read or exported\n"
		 "2  the command line is wrong",
	.run = run_dump,
};

static int set_kind(const struct command *command, struct dump_options *options,
		    enum dump_kind kind)
{
	if (options->kind != DUMP_LIST && options->kind != kind) {
		return command_wrong(
			command, "takes one of --csv, --jsonl, --check and --attachment");
	}
	options->kind = kind;
	return EXIT_OK;
}

static int set_every(const struct command *command, struct dump_options *options,
		     const char *argument)
{
	char *end;

	errno = 0;
	options->every = strtoull(argument, &end, 10);
	if (argument[0] < '0' || argument[0] > '9' || *end || errno ||
	    options->every == 0) {
		return argument_wrong(command, OPTION_EVERY, argument,
				      "a number of messages, 1 or more");
	}
	return EXIT_OK;
}

static int take_option(const struct command *command, int option, const char *argument,
		       void *context)
{
	struct dump_options *options = context;

	switch (option) {
	case OPTION_CSV:
		return set_kind(command, options, DUMP_CSV);
	case OPTION_JSONL:
		return set_kind(command, options, DUMP_JSONL);
	case OPTION_CHECK:
		return set_kind(command, options, DUMP_CHECK);
	case OPTION_CHANNELS:
		options->channels = argument;
		break;
	case OPTION_QUALITY:
		options->wants_quality = true;
		break;
	case OPTION_FROM:
		options->from = argument;
		break;
	case OPTION_TO:
		options->to = argument;
		break;
	case OPTION_EVERY:
		return set_every(command, options, argument);
	case OPTION_ATTACHMENT:
		options->attachment = argument;
		return set_kind(command, options, DUMP_ATTACHMENT);
	case OPTION_OUTPUT:
		options->output = argument;
		break;
	}
	return EXIT_OK;
}

/* An option that was given and is for an export only; NULL: none. */
static const char *export_option(const struct dump_options *options)
{
	if (options->channels) {
		return "channels";
	}
	if (options->wants_quality) {
		return "quality";
	}
	if (options->from) {
		return "from";
	}
	if (options->to) {
		return "to";
	}
	return options->every ? "every" : NULL;
}

/* What is given twice would be exported twice, and pass for two runs where it begins with cycle 0. */
static int check_files(const struct command *command, const struct dump_options *options)
{
	for (unsigned i = 1; i < options->file_count && options->kind != DUMP_LIST; i++) {
		if (same_file_among(options->files[i], options->files, i)) {
			return command_wrong(command, "'%s' is given twice",
					     options->files[i]);
		}
	}
	return EXIT_OK;
}

/* Options that say nothing to what was asked for. */
static int check_options(const struct command *command,
			 const struct dump_options *options)
{
	bool is_export = options->kind == DUMP_CSV || options->kind == DUMP_JSONL;
	const char *name = export_option(options);

	if (options->file_count == 0) {
		return command_wrong(command, "takes at least one FILE");
	}
	if (!is_export && name) {
		return command_wrong(command, "--%s needs --csv or --jsonl", name);
	}
	if (options->output && !is_export && options->kind != DUMP_ATTACHMENT) {
		return command_wrong(command,
				     "--output needs --csv, --jsonl or --attachment");
	}
	if (options->kind == DUMP_ATTACHMENT && options->file_count > 1) {
		return command_wrong(command, "--attachment takes one FILE");
	}
	/* To write over what is being read would end badly. */
	if (options->output && strcmp(options->output, "-") != 0 &&
	    same_file_among(options->output, options->files, options->file_count)) {
		return command_wrong(command, "'%s' is one of the logs", options->output);
	}
	return check_files(command, options);
}

static int parse_options(const struct command *command, int argc, char **argv,
			 struct dump_options *options)
{
	int status = command_options(command, argc, argv, take_option, options);

	if (status != EXIT_OK) {
		return status;
	}
	options->files = argv + optind;
	options->file_count = (unsigned)(argc - optind);
	return check_options(command, options);
}

static int run_dump(const struct command *command, int argc, char **argv)
{
	struct dump_options options = { .kind = DUMP_LIST };
	int status = parse_options(command, argc, argv, &options);

	if (status != EXIT_OK) {
		return status < 0 ? EXIT_OK : status;
	}
	switch (options.kind) {
	case DUMP_LIST:
		return dump_list(&options);
	case DUMP_CSV:
	case DUMP_JSONL:
		return dump_export(command, &options);
	case DUMP_CHECK:
		return dump_check(&options);
	case DUMP_ATTACHMENT:
		return dump_attachment(&options);
	}
	return EXIT_FAILED;
}
