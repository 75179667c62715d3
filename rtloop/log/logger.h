/*
 * The logger: a thread that is not real-time. It drains the ring, puts each record into the MCAP file
 * that is open, starts a new file when that one is full, and lets the syncer make it durable.
 *
 * When the disk refuses, the ring is drained all the same, and events wait. A new file is
 * tried once a second, and once more at the end: the cycles that were lost are a gap at its beginning.
 * A file that was refused is cut back to its last whole record and closed as well as that can be done. One of which a
 * sync failed is closed, and not trusted again. One that somebody has removed is given up, with all cycles in it. The log
 * is degraded until a new file is on the disk: written, synced, and its name with it.
 */
#ifndef RTLOOP_LOG_LOGGER_H
#define RTLOOP_LOG_LOGGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/err.h"
#include "rtloop/base/record.h"
#include "rtloop/base/ring.h"
#include "rtloop/base/thread.h"
#include "rtloop/log/clock_watch.h"
#include "rtloop/log/event_body.h"
#include "rtloop/log/files.h"
#include "rtloop/log/notes.h"
#include "rtloop/log/options.h"
#include "rtloop/log/present.h"
#include "rtloop/log/syncer.h"
#include "rtloop/log/topics.h"
#include "rtloop/log/unput.h"
#include "rtloop/log/unsynced.h"
#include "rtloop/log/writer.h"
#include "rtloop/mcap/writer.h"

/* What a log says of its run. All borrowed. */
struct log_description {
	const char *loop;    /* the loop's name */
	const char *version; /* "0.1.0" */
	const char *kernel;
	int64_t period_ns;
	const char *config_name;   /* of the attachment */
	const char *config_folder; /* where relative paths in it start; "" */
	const char *config;	   /* its bytes */
	size_t config_bytes;
};

/* Cycles that ran and could not be written. */
struct lost_cycles {
	bool any;
	struct record_gap gap;
};

/* What has left for the open file; of messages, how many. */
struct in_file {
	uint64_t first; /* the cycle with which it begins */
	uint64_t cycles;
	uint64_t gaps;
	uint64_t events;
};

/* The text of a configuration, as files are to have it attached. */
struct log_config {
	char *text; /* owned; NULL: what the description says */
	size_t bytes;
};

struct logger {
	const struct log_options *options;	   /* borrowed */
	const struct log_description *description; /* borrowed */
	const struct log_device *devices;	   /* borrowed */
	unsigned device_count;
	const struct log_plugin *plugins; /* borrowed; in the order of running */
	unsigned plugin_count;
	struct recorder *recorder; /* borrowed */
	struct ring ring;
	int wake_fd;
	struct topics topics;
	struct present present; /* of outputs and values */
	unsigned present_end;	/* the topic behind the last of outputs and values */
	struct files files;
	struct writer writer;
	struct syncer syncer;
	struct mcap_writer *mcap;
	struct thread thread;
	_Atomic bool is_asked_to_stop;

	struct notes
		notes; /* events that do not come through the ring, or found no open file */

	/* of the logger thread */
	int64_t offset_ns; /* log_time minus CLOCK_MONOTONIC, in the open file */
	struct clock_watch clock;
	uint32_t file_number;	/* of the newest file, for the syncer: none comes twice */
	uint64_t file_bytes;	/* of the open file: whole records that are written */
	int64_t flushed_ns;	/* when the open chunk was begun, or last flushed */
	int64_t retry_ns;	/* no new file is tried before */
	bool is_between_cycles; /* but for the events of the last one */
	uint16_t state_topic;	/* set before the start; 0: nothing has a state */
	bool has_asked_state;	/* for the end of this file */
	uint64_t cycles_seen;	/* the number after the last cycle that was put in */
	uint64_t cycles_put;	/* the same, of those that are known to be in a file */
	struct unput unput;
	struct in_file in_file;
	struct unsynced unsynced;
	struct lost_cycles lost;
	bool has_sync_failed; /* what was written before may be gone */
	bool is_ended_whole; /* at the end: the last file is closed, with all that was owed */
	bool counts_links; /* the file system of the open file says how many names it has */

	struct log_config config; /* of the next file, likewise of this thread */

	pthread_mutex_t mutex; /* over err, files.path, new_config and has_begun */
	pthread_cond_t begun;
	bool has_begun; /* the thread: which kind of writer writes is settled, */
	int begin_code; /* or none can: -errno */
	struct log_config new_config; /* for the logger thread to take */
	struct err err;		      /* the last failure */

	_Atomic bool
		is_degraded; /* nothing is written, or what is has not reached the disk yet */
	_Atomic int64_t degraded_ns; /* since when */
	struct counter bytes;	     /* written into files so far */
	struct counter files_begun;  /* and not discarded */
	struct counter gaps;	     /* messages of /gap */
	struct counter cycles_lost;  /* that were in the ring, and are in no file */
	struct counter failures;
	struct counter degradations; /* how often it became so */
};

/**
 * logger_start - make the ring and the first file, and start the threads; from then on @recorder
 * records into the ring.
 * @logger: zeroed, but for logger_set_devices() and logger_set_plugins()
 * @ring_bytes: at least this much, and at least what options->ring_bytes says
 *
 * -EEXIST, -EACCES, -ENOSPC, -ENOMEM and what else making a file can say, -EAGAIN no thread, with @err
 * filled; then no file was made, and logger_fini() is right. Which kind writes is settled when it returns. [init]
 */
int logger_start(struct logger *logger, const struct log_options *options,
		 const struct log_description *description, struct recorder *recorder,
		 uint64_t ring_bytes, struct err *err) MUST_CHECK;

/** logger_set_devices - their topics; before logger_start(), both borrowed. -ENOMEM. [init] */
int logger_set_devices(struct logger *logger, const struct log_device *devices,
		       unsigned device_count) MUST_CHECK;

/** logger_set_plugins - whose events there may be; before logger_start(), borrowed. [init] */
void logger_set_plugins(struct logger *logger, const struct log_plugin *plugins,
			unsigned plugin_count);

/** logger_add_values - a topic of values, after logger_set_devices() and before logger_start(). -ENOMEM.
 * [init] */
int logger_add_values(struct logger *logger, const struct log_values *values,
		      uint16_t *ret_topic) MUST_CHECK;

/**
 * logger_stop - drain what is left, close the file, end the threads.
 *
 * -EIO with @err filled where the disk refused cycles, or did not make durable what it took. A no-op
 * returning 0 if never started. [init]
 */
int logger_stop(struct logger *logger, struct err *err);

/** logger_fini - memory and descriptors, after logger_stop(). [init] */
void logger_fini(struct logger *logger);

/** logger_note - an event from outside the cycle; nothing if never started. [super] */
void logger_note(struct logger *logger, const struct record_event *event);

/** logger_tell - the same, with words of its own; see notes_add(). [super] */
void logger_tell(struct logger *logger, const struct record_event *event,
		 const char *text);

/**
 * logger_replace_config - files that begin from now on have this text attached; copied. Nothing if never
 * started. -ENOMEM: they have the one before. [super]
 */
int logger_replace_config(struct logger *logger, const char *text,
			  size_t bytes) MUST_CHECK;

/**
 * logger_path - of the newest file; "" if there never was one.
 * @ret_path: PATH_MAX long
 *
 * [super]
 */
void logger_path(struct logger *logger, char *ret_path);

/** logger_failure - the text of the last failure, "" if there was none, into @err. [super] */
void logger_failure(struct logger *logger, struct err *err);

#endif
