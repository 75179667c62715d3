/* Logs of runs, written message by message with the topics that rtloop has: for tests of what reports on
 * them. */
#ifndef TESTS_FAKES_FAKE_RUN_H
#define TESTS_FAKES_FAKE_RUN_H

#include <stdint.h>

#include "rtloop/base/record.h"
#include "rtloop/log/topics.h"
#include "rtloop/mcap/writer.h"
#include "tests/fakes/fake_log.h"

#define FAKE_PERIOD_NS INT64_C(1000000)
/* log_time minus CLOCK_MONOTONIC */
#define FAKE_OFFSET_NS INT64_C(1700000000000000000)

struct fake_run_options {
	const char *loop; /* NULL: the log has no metadata */
	const char *boot;
	const char *cycle_schema; /* NULL: rtloop's own */
	int64_t stepped_ns;	  /* by what the clock is off FAKE_OFFSET_NS */
};

struct fake_run {
	struct fake_sink sink;
	struct mcap_writer *writer;
	struct topics topics;
	uint64_t cycle; /* the next of fake_run_cycles() */
	int64_t offset_ns;
};

/* Every function fails the test where it cannot do what it says. Times are of CLOCK_MONOTONIC. */

/** fake_run_begin - the head of a log; with one device, "probe". */
void fake_run_begin(struct fake_run *run, const struct fake_run_options *options);

/** fake_run_end - close the log and put it into a file. */
void fake_run_end(struct fake_run *run, struct fake_file *file);

/** fake_run_cycle - release_ns 0 means the release's own, period by period from 1 s on. */
void fake_run_cycle(struct fake_run *run, struct record_cycle cycle);

/** fake_run_cycles - so many more with nothing amiss: latency 10 us, read 3, write 2, record 1. */
void fake_run_cycles(struct fake_run *run, unsigned count);

/** fake_run_numbers - a message of /cycle made of 8-byte numbers. */
void fake_run_numbers(struct fake_run *run, int64_t time_ns, const uint64_t *numbers,
		      unsigned count);

void fake_run_gap(struct fake_run *run, uint64_t first, uint64_t last);
void fake_run_event(struct fake_run *run, uint64_t cycle, int64_t time_ns,
		    const char *kind, const char *text);
void fake_run_probe(struct fake_run *run, int64_t time_ns, int64_t sample_ns,
		    uint8_t quality);

/** fake_run_release_ns - when a release is due. */
int64_t fake_run_release_ns(uint64_t release);

#endif
