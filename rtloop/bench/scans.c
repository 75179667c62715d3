#include "rtloop/bench/scans.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* Where nothing is to be read, a scan may be shorter than reading the clock: so many are one sample. */
#define IDLE_SCANS 64

/* Messages that are on their way through loopback. */
#define LATE_MAX_NS  (20 * NS_PER_SEC)
#define LATE_LOOK_NS (20 * NS_PER_US)

static void give_up(struct scanned *scanned, int code)
{
	const char *why = strerror(-code);

	if (code == -EBUSY) {
		why = "it waits at an endpoint of this kind that has nothing";
	} else if (code == -EOPNOTSUPP) {
		why = "an endpoint of this kind can only be waited for in this way";
	} else if (code == -ETIMEDOUT) {
		why = "it does not read all that was sent";
	} else if (code == -EPROTO) {
		why = "it reads more than was sent";
	}
	snprintf(scanned->failure, sizeof(scanned->failure), "%s", why);
}

void scanned_open(struct scanned *scanned, const struct reader_ops *ops,
		  const struct source_set *set)
{
	struct err err;

	memset(scanned, 0, sizeof(*scanned));
	if (sources_open(&scanned->sources, set, &err) == 0) {
		if (reader_open(&scanned->reader, ops, &scanned->sources, &err) == 0) {
			scanned->is_open = true;
			if (reader_arm(&scanned->reader, &err) == 0) {
				return;
			}
		}
	}
	snprintf(scanned->failure, sizeof(scanned->failure), "%.*s",
		 (int)sizeof(scanned->failure) - 1, err.text);
	scanned_close(scanned);
}

void scanned_close(struct scanned *scanned)
{
	if (scanned->is_open) {
		reader_close(&scanned->reader);
	}
	scanned->is_open = false;
	sources_close(&scanned->sources);
}

int scanned_finish_within(struct scanned *scanned, unsigned missing, int64_t limit_ns)
{
	int64_t end_ns = sys_now() + limit_ns;

	while (missing > 0) {
		int got = scanned->reader.ops->scan(&scanned->reader);

		if (got < 0) {
			return got;
		}
		missing -= (unsigned)got < missing ? (unsigned)got : missing;
		if (got == 0) {
			/* what brings them may need this CPU */
			(void)sys_sleep_until(sys_now() + LATE_LOOK_NS);
			if (sys_now() > end_ns) {
				return -ETIMEDOUT;
			}
		}
	}
	return 0;
}

int scanned_finish(struct scanned *scanned, unsigned missing)
{
	return scanned_finish_within(scanned, missing, LATE_MAX_NS);
}

/* A scan that does not bring what was sent is no sample. */
static int scan_once(struct scanned *scanned, struct row *row)
{
	struct reader *reader = &scanned->reader;
	int64_t begun_ns = sys_now();
	int got = reader->ops->scan(reader);
	int64_t took_ns = sys_now() - begun_ns;

	if (got < 0) {
		return got;
	}
	if ((unsigned)got != row->ready) {
		row->late++;
		return (unsigned)got < row->ready
			       ? scanned_finish(scanned, row->ready - (unsigned)got)
			       : -EPROTO;
	}
	samples_add(&row->samples, (double)took_ns);
	return 0;
}

static int scan_idle(struct scanned *scanned, struct row *row)
{
	struct reader *reader = &scanned->reader;
	int64_t begun_ns = sys_now();
	int got = 0;

	for (unsigned i = 0; i < IDLE_SCANS && got == 0; i++) {
		got = reader->ops->scan(reader);
	}
	if (got != 0) {
		return got < 0 ? got : -EPROTO;
	}
	samples_add(&row->samples, (double)(sys_now() - begun_ns) / IDLE_SCANS);
	row->scans += IDLE_SCANS;
	return 0;
}

static int scan_ready(struct scanned *scanned, struct row *row)
{
	uint64_t calls = scanned->reader.calls;
	uint64_t late = row->late;
	int code = sources_send(&scanned->sources, row->ready, scanned->first++);

	code = code ? code : sources_settle(&scanned->sources);
	code = code ? code : scan_once(scanned, row);
	if (code == 0 && row->late == late) {
		row->calls += scanned->reader.calls - calls;
		row->scans++;
	}
	return code;
}

void scanned_measure(struct scanned *scanned, struct row *row, int64_t slice_ns)
{
	int64_t end_ns = sys_now() + slice_ns;
	uint64_t calls;
	int code;

	do {
		calls = scanned->reader.calls;
		if (row->ready > 0) {
			code = scan_ready(scanned, row);
		} else {
			code = scan_idle(scanned, row);
			row->calls += scanned->reader.calls - calls;
		}
	} while (code == 0 && sys_now() < end_ns);
	if (code) {
		give_up(scanned, code);
	}
}
