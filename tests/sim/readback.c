#include "tests/sim/readback.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/record.h"
#include "rtloop/mcap/log.h"
#include "rtloop/mcap/verify.h"
#include "tests/sim/disk.h"
#include "tests/sim/faults.h"
#include "tests/sim/sim.h"

struct readback {
	const struct app *app;
	const struct plan *plan;
	struct mcap_cycles cycles;
	bool is_spoiled; /* the disk has lost something without a word */
	const char *path;
	struct record_cycle last; /* of the cycle before */
	bool has_last;
};

/* One that the disk refused is closed as well as that can be done. */
static bool is_excused(const struct readback *readback, const char *text)
{
	return readback->is_spoiled ||
	       (counter_get(&readback->app->logger.failures) > 0 &&
		strstr(text, "was not closed"));
}

static void take_problem(void *context, uint64_t offset, const char *text)
{
	const struct readback *readback = context;

	SIM_CHECK(is_excused(readback, text), "%s, byte %" PRIu64 ": %s", readback->path,
		  offset, text);
}

static void verify(struct readback *readback)
{
	const struct mcap_verify_listener listener = { .problem = take_problem,
						       .context = readback };
	struct mcap_verify_result result;
	struct err err = { "" };

	if (mcap_verify(readback->path, &listener, &readback->cycles, &result, &err)) {
		SIM_CHECK(readback->is_spoiled, "%s", err.text);
	}
}

/* --- releases, worked out from what the log says of each cycle ---------------------------------------- */

static uint64_t passed(const struct readback *readback, int64_t since_ns)
{
	return since_ns < readback->plan->period_ns
		       ? 0
		       : (uint64_t)(since_ns / readback->plan->period_ns);
}

static void check_grid(struct readback *readback, const struct record_cycle *cycle)
{
	const struct record_cycle *last = &readback->last;
	int64_t start_ns = readback->app->loop.grid.start_ns;
	bool is_long = passed(readback, cycle->latency_ns) > 0;

	SIM_CHECK(cycle->release_ns ==
			  start_ns + (int64_t)cycle->release * readback->plan->period_ns,
		  "cycle %" PRIu64 " is not on the grid", cycle->cycle);
	SIM_CHECK(is_long == ((cycle->flags & RECORD_LATE_WAKE) != 0) ||
			  (cycle->flags & RECORD_CATCH_UP),
		  "cycle %" PRIu64 " woke %" PRId64 " ns late, and has the flags %x",
		  cycle->cycle, cycle->latency_ns, cycle->flags);
	if (readback->has_last && last->cycle + 1 == cycle->cycle) {
		SIM_CHECK(cycle->release == last->release + 1 + last->missed,
			  "cycle %" PRIu64
			  " missed %u releases, and the next one is %" PRIu64
			  " after its own %" PRIu64,
			  last->cycle, last->missed, cycle->release, last->release);
	}
	readback->last = *cycle;
	readback->has_last = true;
}

/* A skipped release is one whose time had come before the cycle was done. */
static void check_missed(const struct readback *readback,
			 const struct record_cycle *cycle)
{
	int64_t done_ns =
		cycle->latency_ns + cycle->read_ns + cycle->step_ns + cycle->write_ns;

	if (readback->plan->policy != OVERRUN_CATCH_UP) {
		SIM_CHECK(cycle->missed == passed(readback, done_ns),
			  "cycle %" PRIu64 " was done after %" PRId64
			  " ns, and missed %u releases",
			  cycle->cycle, done_ns, cycle->missed);
	}
}

static void take_cycle(struct readback *readback, const struct mcap_message *message)
{
	struct record_cycle cycle;

	SIM_CHECK(message->bytes >= CDR_HEAD_BYTES + sizeof(cycle),
		  "a message of /cycle is too short");
	memcpy(&cycle, message->data + CDR_HEAD_BYTES, sizeof(cycle));
	check_grid(readback, &cycle);
	check_missed(readback, &cycle);
}

static void read_messages(struct readback *readback)
{
	const struct mcap_log_options options = MCAP_LOG_ALL;
	struct mcap_log_message message;
	struct mcap_log log;
	struct err err = { "" };

	if (mcap_log_open(&log, readback->path, &options, &err)) {
		sim_fail("%s", err.text);
	}
	while (mcap_log_next(&log, &message) == 1) {
		if (strcmp(message.stream->name, "/cycle") == 0) {
			take_cycle(readback, &message.message);
		}
	}
	mcap_log_close(&log);
}

/* --- the files ---------------------------------------------------------------------------------------- */

static bool is_log(const struct disk_file *file)
{
	size_t bytes = strlen(file->path);

	return file->is_used && bytes > 5 && strcmp(file->path + bytes - 5, ".mcap") == 0;
}

/* A file that is made, and cannot be removed again: the disk has become read-only between the two. */
static bool is_left_over(const struct app *app, const struct disk_file *file)
{
	return file->bytes == 0 && counter_get(&app->logger.failures) > 0;
}

/* one.10.mcap comes after one.2.mcap. */
static int by_path(const void *a, const void *b)
{
	const struct disk_file *const *first = a, *const *second = b;
	size_t bytes = strlen((*first)->path), other = strlen((*second)->path);

	return bytes == other ? strcmp((*first)->path, (*second)->path)
			      : (bytes > other) - (bytes < other);
}

static unsigned list_logs(const struct disk_file **files)
{
	unsigned count = 0;

	for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
		if (is_log(disk_at(i))) {
			files[count++] = disk_at(i);
		}
	}
	qsort(files, count, sizeof(*files), by_path);
	return count;
}

static void check_account(const struct readback *readback, int code)
{
	uint64_t run = counter_get(&readback->app->loop.stats.cycles);
	const struct mcap_cycles *cycles = &readback->cycles;

	SIM_CHECK(cycles->logged + cycles->in_gaps <= run,
		  "%" PRIu64 " cycles in the log and %" PRIu64 " in gaps; %" PRIu64
		  " were run",
		  cycles->logged, cycles->in_gaps, run);
	if (code == 0) {
		SIM_CHECK(cycles->logged + cycles->in_gaps == run && cycles->missing == 0,
			  "%" PRIu64 " cycles in the log, %" PRIu64 " in gaps, %" PRIu64
			  " in neither; %" PRIu64 " were run",
			  cycles->logged, cycles->in_gaps, cycles->missing, run);
		SIM_CHECK(cycles->gaps == counter_get(&readback->app->logger.gaps),
			  "%" PRIu64 " gaps in the log; %" PRIu64 " are reported",
			  cycles->gaps, counter_get(&readback->app->logger.gaps));
	}
}

void readback_check(const struct app *app, const struct plan *plan, int code)
{
	struct readback readback = { .app = app,
				     .plan = plan,
				     .is_spoiled = faults_spoiled_log() };
	const struct disk_file *files[DISK_FILES_MAX] = { NULL };
	unsigned count = list_logs(files);

	if (!plan->has_log || faults_removed_log()) {
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		if (is_left_over(app, files[i])) {
			continue;
		}
		readback.path = files[i]->path;
		verify(&readback);
		if (!readback.is_spoiled) {
			read_messages(&readback);
		}
	}
	if (!readback.is_spoiled) {
		check_account(&readback, code);
	}
}
