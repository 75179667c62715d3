/*
 * One run of a log being read: its files one after the other, each message handed over as what it tells
 * of. The summary and the overruns are both made so, each in a pass of its own.
 */
#ifndef RTLOOP_REPORT_READING_H
#define RTLOOP_REPORT_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/mcap/cycles.h"
#include "rtloop/mcap/log.h"
#include "rtloop/report/device.h"
#include "rtloop/report/event.h"
#include "rtloop/report/fields.h"
#include "rtloop/report/source.h"

/* Who is told while logs are read; may be NULL, and so may what is in it. */
struct report_listener {
	/* Something is wrong with a log, at that offset. */
	void (*problem)(void *context, const char *path, uint64_t offset,
			const char *text);
	/* So many bytes of the run's files have been passed. */
	void (*progress)(void *context, uint64_t done_bytes);
	void *context;
};

/* Which messages are wanted: log_time in [from, to). */
struct report_span {
	uint64_t from_ns;
	uint64_t to_ns; /* UINT64_MAX: to the end */
};

#define REPORT_ALL ((struct report_span){ .to_ns = UINT64_MAX })

/*
 * What is done with what is read; slots that are NULL are not asked. Each returns 0, or -errno, which
 * ends the reading.
 */
struct report_handler {
	int (*cycle)(void *context, const struct report_cycle *cycle,
		     uint64_t log_time_ns);
	/* Cycles that are not in the log: told by a gap, or simply not there. */
	int (*gap)(void *context, uint64_t first, uint64_t last, uint64_t log_time_ns);
	int (*event)(void *context, const struct report_event *event);
	/*
	 * A message of /io/@device; @offset_ns: see report_device_take(). @slot: the handler's own for
	 * this device and file, NULL at first.
	 */
	int (*device)(void *context, const char *device,
		      const struct report_device_fields *fields,
		      const struct mcap_message *message, const int64_t *offset_ns,
		      void **slot);
	/* Whether a chunk with messages of that time is to be read. */
	bool (*wants)(void *context, uint64_t start_ns, uint64_t end_ns);
	void *context;
};

/* What was found out by reading a run. */
struct report_reading {
	struct report_phases phases;
	struct mcap_cycles cycles;
	uint64_t problems; /* with the logs; what was not closed counts too */
	bool has_flags;	   /* the logs tell of overruns */
	bool has_latency;
};

/**
 * report_read - read the files of a run.
 *
 * Damage is no failure: it is counted and told. -errno with @err filled where a file cannot be opened
 * any more, or a handler failed; -ENOMEM. [any but rt]
 */
int report_read(struct report_reading *reading, const struct report_run_files *run,
		const struct report_span *span, const struct report_handler *handler,
		const struct report_listener *listener, struct err *err) MUST_CHECK;

#endif
