#include "rtloop/bench/cyclictest.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtloop/base/scan.h"
#include "rtloop/base/time.h"

#define LIMIT_US       20000
#define LINE_BYTES     256
#define ARGUMENT_BYTES 32
#define ARGUMENTS      9

/* The greatest stands on a line of its own: those beyond the histogram are only in that one. */
static void take_worst(const char *at, struct samples *samples)
{
	uint64_t us;
	double ns;

	if (!scan_number(&at, &us)) {
		return;
	}
	ns = ((double)us + 0.5) * (double)NS_PER_US;
	if (ns > samples->worst_ns) {
		samples_add(samples, ns);
	}
}

void cyclictest_take_line(const char *line, struct samples *samples)
{
	static const char worst[] = "# Max Latencies:";
	const char *at = line;
	uint64_t us, count;

	if (strncmp(line, worst, strlen(worst)) == 0) {
		take_worst(line + strlen(worst), samples);
	} else if (scan_number(&at, &us) && scan_number(&at, &count)) {
		for (uint64_t i = 0; i < count; i++) {
			samples_add(samples, ((double)us + 0.5) * (double)NS_PER_US);
		}
	}
}

static void fill_arguments(const struct conditions *conditions, int64_t cycles,
			   char texts[ARGUMENTS][ARGUMENT_BYTES])
{
	int64_t us = conditions_interval_ns(conditions) / NS_PER_US;
	unsigned at = 0;

	snprintf(texts[at++], ARGUMENT_BYTES, "cyclictest");
	snprintf(texts[at++], ARGUMENT_BYTES, "-q");
	snprintf(texts[at++], ARGUMENT_BYTES, "-t1");
	snprintf(texts[at++], ARGUMENT_BYTES, "-i%" PRId64, us > 0 ? us : 1);
	snprintf(texts[at++], ARGUMENT_BYTES, "-l%" PRId64, cycles);
	snprintf(texts[at++], ARGUMENT_BYTES, "-h%d", LIMIT_US);
	if (conditions->priority > 0) {
		snprintf(texts[at++], ARGUMENT_BYTES, "-p%d", conditions->priority);
	} else {
		snprintf(texts[at++], ARGUMENT_BYTES, "--policy=other");
	}
	if (conditions->is_locked) {
		snprintf(texts[at++], ARGUMENT_BYTES, "-m");
	}
	if (conditions->cpu >= 0) {
		snprintf(texts[at++], ARGUMENT_BYTES, "-a%d", conditions->cpu);
	}
	for (; at < ARGUMENTS; at++) {
		texts[at][0] = '\0';
	}
}

/* Its main thread is an ordinary one that signals reach, whoever starts it. */
static int spawn(char *const *argv, int output, pid_t *ret_child)
{
	const struct sched_param ordinary = { .sched_priority = 0 };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	int code;

	if (posix_spawn_file_actions_init(&actions)) {
		return -ENOMEM;
	}
	if (posix_spawnattr_init(&attributes)) {
		posix_spawn_file_actions_destroy(&actions);
		return -ENOMEM;
	}
	sigemptyset(&none);
	code = -posix_spawnattr_setsigmask(&attributes, &none);
	code = code ? code : -posix_spawnattr_setschedpolicy(&attributes, SCHED_OTHER);
	code = code ? code : -posix_spawnattr_setschedparam(&attributes, &ordinary);
	code = code ? code
		    : -posix_spawnattr_setflags(&attributes,
						POSIX_SPAWN_SETSCHEDULER |
							POSIX_SPAWN_SETSIGMASK);
	code = code ? code : -posix_spawn_file_actions_adddup2(&actions, output, 1);
	code = code ? code
		    : -posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
	code = code ? code
		    : -posix_spawnp(ret_child, argv[0], &actions, &attributes, argv,
				    environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return code;
}

static int wait_for(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			return -errno;
		}
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static void take_output(FILE *from, struct samples *samples)
{
	char line[LINE_BYTES];

	while (fgets(line, sizeof(line), from)) {
		cyclictest_take_line(line, samples);
	}
}

static int run_program(char *const *argv, struct samples *samples)
{
	int ends[2];
	pid_t child;
	FILE *from;
	int code;

	if (pipe2(ends, O_CLOEXEC)) {
		return -errno;
	}
	code = spawn(argv, ends[1], &child);
	close(ends[1]);
	from = code == 0 ? fdopen(ends[0], "r") : NULL;
	if (from) {
		take_output(from, samples);
		fclose(from);
	} else {
		close(ends[0]);
	}
	return code ? code : wait_for(child);
}

int cyclictest_run(const struct conditions *conditions, int64_t cycles,
		   struct samples *samples, struct err *err)
{
	char texts[ARGUMENTS][ARGUMENT_BYTES];
	char *argv[ARGUMENTS + 1] = { NULL };
	uint64_t before = samples->count;
	int code;

	fill_arguments(conditions, cycles, texts);
	for (unsigned i = 0; i < ARGUMENTS && texts[i][0]; i++) {
		argv[i] = texts[i];
	}
	code = run_program(argv, samples);
	if (code == -ENOENT) {
		return err_set(err, code,
			       "not installed; Debian has it in the package rt-tests");
	}
	if (code) {
		return err_set_errno(err, code, "cyclictest failed");
	}
	return samples->count > before
		       ? 0
		       : err_set(err, -EIO, "cyclictest printed no histogram");
}
