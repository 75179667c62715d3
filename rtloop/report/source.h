/*
 * The logs to report on, and the runs that they are of. A run that was rotated is several files; files
 * of several runs may be given together, in any order.
 */
#ifndef RTLOOP_REPORT_SOURCE_H
#define RTLOOP_REPORT_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/* A log, as its metadata and its first cycle tell of it. */
struct report_file {
	const char *path; /* borrowed from the caller */
	char *loop;	  /* here and below: "" where the log does not say */
	char *boot;
	char *version;
	char *kernel;
	int64_t period_ns; /* 0: it does not say */
	int64_t offset_ns; /* log_time minus CLOCK_MONOTONIC */
	bool has_offset;
	uint64_t bytes;
	bool has_messages;
	uint64_t start_ns; /* log_time of the first and the last message */
	uint64_t end_ns;
	bool has_cycle;
	uint64_t first_cycle;
	bool has_grid;
	int64_t grid_ns; /* CLOCK_MONOTONIC of release 0: no two runs of a boot share it */
	bool is_closed;
	char why_not[256]; /* it was not closed */
};

struct report_run_files {
	const struct report_file *files; /* in order of time; borrowed from the sources */
	unsigned count;
	uint64_t start_ns; /* both 0 where no file has a message */
	uint64_t end_ns;
};

struct report_sources {
	struct report_file *files;
	unsigned file_count;
	struct report_run_files *runs; /* in order of time */
	unsigned run_count;
	uint64_t start_ns; /* of the earliest message; 0 without one */
	uint64_t bytes;	   /* of all files */
};

/**
 * report_sources_open - look at each log and tell the runs apart.
 * @paths: borrowed until report_sources_close()
 *
 * Files belong to one run when loop and boot are the same and so is the time of release 0; where a log
 * does not have that, a file that begins with cycle 0 begins a run. A log that is damaged or was not
 * closed is no failure. -errno with @err filled where one cannot be opened, -EBADMSG where one is no
 * MCAP file, -ENOMEM. [any but rt]
 */
int report_sources_open(struct report_sources *sources, char *const *paths,
			unsigned count, struct err *err) MUST_CHECK;
void report_sources_close(struct report_sources *sources);

#endif
