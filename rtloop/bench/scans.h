/* A reader with endpoints of its own, and what one scan of it takes. */
#ifndef RTLOOP_BENCH_SCANS_H
#define RTLOOP_BENCH_SCANS_H

#include "rtloop/bench/reader.h"
#include "rtloop/bench/table.h"

struct scanned {
	struct sources sources;
	struct reader reader;
	unsigned first; /* with which endpoint the next messages begin */
	bool is_open;
	char failure[ROW_FAILURE_BYTES]; /* why it is not; or what went wrong later */
};

/** scanned_open - a failure is in it. scanned_close - also of one that is not open. [init] */
void scanned_open(struct scanned *scanned, const struct reader_ops *ops,
		  const struct source_set *set);
void scanned_close(struct scanned *scanned);

/** scanned_finish_within - read on until @missing messages more are read: 0, or -ETIMEDOUT where they do not come in
 * time, or -errno. scanned_finish - the same with all patience that even a machine that stands still needs. [init] */
int scanned_finish_within(struct scanned *scanned, unsigned missing,
			  int64_t limit_ns) MUST_CHECK;
int scanned_finish(struct scanned *scanned, unsigned missing) MUST_CHECK;

/** scanned_measure - for about so long: messages to @row->ready endpoints, then a scan. [init] */
void scanned_measure(struct scanned *scanned, struct row *row, int64_t slice_ns);

#endif
