/* rtloop recover: a whole log of one that a crash, a power cut or a bad disk has left. */
#include "rtloop/mcap/recover.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/cmd/clean.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/same_file.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/cmd/version.h"

/* A file that is nothing but damage would fill the disk with its problems. */
#define SHOWN_MAX 100

static int run_recover(const struct command *command, int argc, char **argv);

enum { OPTION_OUT, OPTION_FORCE };

static const struct command_option recover_options[] = {
	[OPTION_OUT] = { 'o', "output", "OUT", "the file to write; must be given" },
	[OPTION_FORCE] = { 'f', "force", NULL, "replace OUT where it is there already" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_recover = {
	.name = "recover",
	.arguments = "LOG",
	.summary = "make a whole log of one that was cut off or damaged",
	.description =
		"Writes to OUT all that is whole in LOG: every message up to where it "
		"was cut off, "
		"those of a torn chunk as well, attachments and metadata; with the "
		"indexes and the summary that "
		"LOG lacks. What is damaged in the middle is left out, and what comes "
		"behind it is taken. LOG itself is not touched. A LOG that lacks nothing "
		"is copied.\n\n"
		"OUT is there whole or not at all: it is written under another name, "
		"checked, brought to the disk, and then given its name.\n\n"
		"Each place that is left out is told on stderr. Cycles that are missing "
		"are "
		"not made a gap of, for a gap is of cycles that were never logged: "
		"'rtloop "
		"dump --check OUT' goes on naming them. The metadata record "
		"\"recovered\" "
		"of OUT tells what was left out.\n\n"
		"A message is taken where a CRC vouches for it. Where none can, in a "
		"torn "
		"or damaged chunk, it must be known by its looks: topic, length, times, "
		"sequence and fields must be right, and what follows must be, too. A "
		"damaged chunk that shows no damage is left out, since any of its values "
		"may be the wrong one.",
	.options = recover_options,
	.exits = "0  LOG was intact: OUT is a copy of it\n"
		 "1  not even the header of LOG is there; or LOG cannot be read, or OUT "
		 "not written\n"
		 "2  the command line is wrong, or OUT is there already\n"
		 "3  LOG was cut off or damaged: OUT holds all that could be had\n"
		 "128 + N  ended by signal N; there is no OUT",
	.run = run_recover,
};

struct recovery {
	struct mcap_recover_request request;
	struct progress progress;
	uint64_t shown;
};

/* Only what a handler of signals may touch. */
static volatile sig_atomic_t ended_by;

static void note_signal(int number)
{
	ended_by = number;
}

/* Ctrl-C leaves no half of a file behind. */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = note_signal };

	ended_by = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static void tell_problem(void *context, uint64_t offset, const char *text)
{
	struct recovery *recovery = context;

	if (++recovery->shown > SHOWN_MAX) {
		return;
	}
	progress_end(&recovery->progress);
	fprintf(stderr, "%s: byte %" PRIu64 ": ", recovery->request.log, offset);
	clean_print(stderr, text);
	fprintf(stderr, "\n");
}

static int tell_progress(void *context, uint64_t done_bytes, uint64_t all_bytes)
{
	struct recovery *recovery = context;

	progress_show(&recovery->progress, done_bytes, all_bytes, sys_now());
	return ended_by ? -EINTR : 0;
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_cycles(const struct mcap_recover_result *result)
{
	const struct mcap_cycles *cycles = &result->cycles;

	if (cycles->runs == 0) {
		printf("cycles     none\n");
		return;
	}
	printf("cycles     %" PRIu64 " to %" PRIu64 ": %" PRIu64 " logged, %" PRIu64
	       " in gaps, %" PRIu64 " missing",
	       cycles->first, cycles->next - 1, cycles->logged, cycles->in_gaps,
	       cycles->missing);
	printf("%s%s%s\n", result->missing[0] ? " (" : "", result->missing,
	       result->missing[0] ? ")" : "");
}

static void print_repaired(const struct mcap_recover_result *result)
{
	const struct mcap_salvage_result *salvage = &result->salvage;

	printf("messages   %" PRIu64 "; %" PRIu64 " of them without a CRC to vouch for "
	       "them\n",
	       result->written_messages, salvage->unproven);
	printf("chunks     %" PRIu64 " whole, %" PRIu64 " torn, %" PRIu64 " damaged\n",
	       salvage->chunks, salvage->torn_chunks, salvage->damaged_chunks);
	printf("left out   %" PRIu64 " bytes in %" PRIu64 " place%s",
	       salvage->left_out_bytes, salvage->places, plural(salvage->places));
	if (salvage->left_out_messages > 0) {
		printf(", with %" PRIu64 " message%s", salvage->left_out_messages,
		       plural(salvage->left_out_messages));
	}
	printf("\n");
	if (result->other_topics > 0) {
		printf("not taken  %u topic%s, %" PRIu64
		       " message%s: not CDR with a ros2msg "
		       "schema\n",
		       result->other_topics, plural(result->other_topics),
		       result->other_messages, plural(result->other_messages));
	}
}

static int print_result(const struct recovery *recovery,
			const struct mcap_recover_result *result)
{
	if (recovery->shown > SHOWN_MAX) {
		fprintf(stderr, "%s: %" PRIu64 " further problems\n",
			recovery->request.log, recovery->shown - SHOWN_MAX);
	}
	if (result->is_intact) {
		printf("%s is intact; %s is a copy\n", recovery->request.log,
		       recovery->request.out);
		print_cycles(result);
		return EXIT_OK;
	}
	printf("%s was %s; %s holds what is whole of it\n", recovery->request.log,
	       result->salvage.is_closed ? "damaged" : "not closed",
	       recovery->request.out);
	print_repaired(result);
	print_cycles(result);
	return EXIT_REPAIRED;
}

static int print_failure(int code, enum mcap_recover_failure failure,
			 const struct err *err)
{
	if (failure == MCAP_RECOVER_OVER) {
		fprintf(stderr, "ended by a signal: nothing was written\n");
		return 128 + ended_by;
	}
	fprintf(stderr, "%s%s\n", err->text,
		code == -EEXIST ? "; --force replaces it" : "");
	return code == -EEXIST ? EXIT_USAGE : EXIT_FAILED;
}

static int recover(const struct mcap_recover_request *request)
{
	struct recovery recovery = { .request = *request };
	struct mcap_recover_result result;
	enum mcap_recover_failure failure;
	struct err err;
	int code;

	recovery.request.version = version_text();
	recovery.request.problem = tell_problem;
	recovery.request.progress = tell_progress;
	recovery.request.context = &recovery;
	catch_signals();
	progress_init(&recovery.progress, stderr, request->log, sys_now());
	code = mcap_recover(&recovery.request, &result, &failure, &err);
	progress_end(&recovery.progress);
	return code ? print_failure(code, failure, &err)
		    : print_result(&recovery, &result);
}

static int run_recover(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct mcap_recover_request request = { .out = NULL };
	const char *argument;
	int option;

	while ((option = command_next(&line, &argument)) >= 0) {
		if (option == OPTION_OUT) {
			request.out = argument;
		} else {
			request.replaces = true;
		}
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (command_one_word(command, argc, argv, "LOG") != EXIT_OK) {
		return EXIT_USAGE;
	}
	if (optind == argc) {
		return command_wrong(command, "needs LOG, the log to read");
	}
	if (!request.out) {
		return command_wrong(command, "needs -o OUT, the file to write");
	}
	request.log = argv[optind];
	if (same_file_among(request.out, argv + optind, 1)) {
		return command_wrong(command, "OUT is LOG itself, which is not touched");
	}
	return recover(&request);
}
