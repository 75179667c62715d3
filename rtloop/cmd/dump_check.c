#include <inttypes.h>

#include "rtloop/base/sys.h"
#include "rtloop/cmd/dump.h"
#include "rtloop/mcap/verify.h"

/* A file that is nothing but damage would fill the disk with its problems. */
#define SHOWN_MAX 1000

struct checker {
	const char *path; /* of the file being checked */
	struct mcap_cycles cycles;
	struct progress progress;
	uint64_t messages;
	uint64_t chunks;
	uint64_t problems;
	uint64_t shown; /* of this file */
};

static void tell_problem(void *context, uint64_t offset, const char *text)
{
	struct checker *checker = context;

	checker->problems++;
	if (++checker->shown > SHOWN_MAX) {
		return;
	}
	progress_end(&checker->progress);
	printf("%s: byte %" PRIu64 ": ", checker->path, offset);
	clean_print(stdout, text);
	printf("\n");
}

static void tell_progress(void *context, uint64_t done_bytes, uint64_t all_bytes)
{
	struct checker *checker = context;

	progress_show(&checker->progress, done_bytes, all_bytes, sys_now());
}

static bool check_file(struct checker *checker, const char *path)
{
	const struct mcap_verify_listener listener = {
		.problem = tell_problem,
		.progress = tell_progress,
		.context = checker,
	};
	struct mcap_verify_result result;
	struct err err;
	int code;

	checker->path = path;
	checker->shown = 0;
	progress_init(&checker->progress, stderr, path, sys_now());
	code = mcap_verify(path, &listener, &checker->cycles, &result, &err);
	progress_end(&checker->progress);
	if (code) {
		printf("%s\n", err.text);
		checker->problems++;
		return false;
	}
	if (checker->shown > SHOWN_MAX) {
		printf("%s: %" PRIu64 " further problems\n", path,
		       checker->shown - SHOWN_MAX);
	}
	checker->messages += result.messages;
	checker->chunks += result.chunks;
	return true;
}

static void print_cycles(const struct mcap_cycles *cycles)
{
	if (cycles->runs == 0) {
		printf("no cycles");
		return;
	}
	if (cycles->runs == 1) {
		printf("cycles %" PRIu64 " to %" PRIu64, cycles->first, cycles->next - 1);
	} else {
		printf("cycles of %" PRIu64 " runs", cycles->runs);
	}
	printf(" (%" PRIu64 " logged, %" PRIu64 " in %" PRIu64 " gap%s, %" PRIu64
	       " missing)",
	       cycles->logged, cycles->in_gaps, cycles->gaps,
	       cycles->gaps == 1 ? "" : "s", cycles->missing);
}

int dump_check(const struct dump_options *options)
{
	struct checker checker = { .path = NULL };

	for (unsigned i = 0; i < options->file_count; i++) {
		check_file(&checker, options->files[i]);
	}
	printf("%s: ", checker.problems ? "NOT OK" : "ok");
	if (checker.problems) {
		printf("%" PRIu64 " problem%s, ", checker.problems,
		       checker.problems == 1 ? "" : "s");
	}
	printf("%u file%s, %" PRIu64 " chunks, %" PRIu64 " messages, ",
	       options->file_count, options->file_count == 1 ? "" : "s", checker.chunks,
	       checker.messages);
	print_cycles(&checker.cycles);
	printf("\n");
	return checker.problems ? EXIT_FAILED : EXIT_OK;
}
