/*
 * The logger: a thread that is not real-time. It drains the ring, puts each record into the MCAP file
 * that is open, starts a new file when that one is full, and lets the syncer make it durable.
 *
 * When the disk refuses, the ring is drained all the same; the cycles that were lost are written as a
 * gap into the next file that can be opened, which is tried once a second.
 */
#ifndef RTLOOP_LOG_LOGGER_H
#define RTLOOP_LOG_LOGGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/err.h"
#include "rtloop/base/event.h"
#include "rtloop/base/record.h"
#include "rtloop/base/ring.h"
#include "rtloop/base/thread.h"
#include "rtloop/log/files.h"
#include "rtloop/log/options.h"
#include "rtloop/log/syncer.h"
#include "rtloop/log/topics.h"
#include "rtloop/log/writer.h"
#include "rtloop/mcap/writer.h"

/* What a log says of its run. All borrowed. */
struct log_description {
	const char *loop;    /* the loop's name */
	const char *version; /* "rtloop 0.1.0" */
	const char *kernel;
	int64_t period_ns;
	const char *config_name; /* of the attachment */
	const char *config;	 /* its bytes */
	size_t config_bytes;
};

/* Cycles that ran and could not be written. */
struct lost_cycles {
	bool any;
	struct record_gap gap;
};

/* An event that waits for the logger: from the supervisor, or from a time when no file was open. */
struct log_note {
	struct record_event event;
	int64_t time_ns;
};

#define LOGGER_NOTES_MAX 256

struct logger {
	const struct log_options *options;	   /* borrowed */
	const struct log_description *description; /* borrowed */
	const struct log_device *devices;	   /* borrowed */
	unsigned device_count;
	struct recorder *recorder; /* borrowed */
	struct ring ring;
	int wake_fd;
	struct topics topics;
	struct files files;
	struct writer writer;
	struct syncer syncer;
	struct mcap_writer *mcap;
	struct thread thread;
	_Atomic bool is_asked_to_stop;

	/* of the logger thread */
	int64_t offset_ns;	 /* log_time minus CLOCK_MONOTONIC, in the open file */
	int64_t clock_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC at the last look */
	int64_t flushed_ns;	 /* when the open chunk was begun, or last flushed */
	int64_t retry_ns;	 /* no new file is tried before */
	uint64_t cycles_seen;	 /* the number after the last cycle that was put in */
	uint64_t cycles_put;	 /* the same, of those that have left the open chunk */
	struct lost_cycles lost;

	/* events that do not come through the ring, or found no open file */
	pthread_mutex_t mutex; /* over notes, note_count and err */
	struct log_note notes[LOGGER_NOTES_MAX];
	unsigned note_count;
	struct err err; /* the last failure */

	_Atomic bool is_degraded; /* the disk refuses: nothing is written */
	struct counter bytes;	  /* put into files so far */
	struct counter files_done;
	struct counter cycles_lost; /* drained while degraded */
	struct counter failures;
	struct counter events_lost; /* that found no room among the notes */
};

/**
 * logger_start - make the ring and the first file, and start the threads; from then on @recorder
 * records into the ring.
 * @ring_bytes: at least this much, and at least what options->ring_bytes says
 *
 * -EEXIST, -EACCES, -ENOSPC, -ENOMEM and what else opening a file can say, with @err filled. [init]
 */
int logger_start(struct logger *logger, const struct log_options *options,
		 const struct log_description *description, struct recorder *recorder,
		 uint64_t ring_bytes, struct err *err) MUST_CHECK;

/** logger_set_devices - their topics; before logger_start(), both borrowed. -ENOMEM. [init] */
int logger_set_devices(struct logger *logger, const struct log_device *devices,
		       unsigned device_count) MUST_CHECK;

/**
 * logger_stop - drain what is left, close the file, end the threads.
 *
 * -errno with @err filled where not all could be written. A no-op returning 0 if never started. [init]
 */
int logger_stop(struct logger *logger, struct err *err);

/** logger_fini - memory and descriptors, after logger_stop(). [init] */
void logger_fini(struct logger *logger);

/** logger_note - an event from outside the cycle. [super] */
void logger_note(struct logger *logger, const struct record_event *event);

/** logger_failure - the text of the last failure, into @err. [super] */
void logger_failure(struct logger *logger, struct err *err);

#endif
