/*
 * The syncer: a thread that makes what was written durable, so that the one that drains the ring never
 * waits for the disk's cache. It owns the descriptors of files that are done with.
 *
 * Files have numbers, from 1 on, that rise. A sync that fails says nothing of any other file, and its descriptor may be
 * another file's meanwhile: so a failure is told with the number.
 */
#ifndef RTLOOP_LOG_SYNCER_H
#define RTLOOP_LOG_SYNCER_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/err.h"
#include "rtloop/base/thread.h"

#define SYNCER_RETIRED_MAX 8
#define SYNCER_FAILED_MAX  16 /* more than can be retired, and the open one */

struct syncer_file {
	int fd; /* -1: none */
	uint32_t number;
	uint64_t mark; /* the caller's: how far it had come when it asked */
};

/* A sync that did not come out well. */
struct syncer_failure {
	int code; /* -errno; 0: none */
	uint32_t number;
};

struct syncer {
	struct thread thread;
	pthread_mutex_t mutex; /* over all up to good */
	pthread_cond_t changed;
	bool is_asked_to_stop;
	struct syncer_file current;			/* to be synced */
	struct syncer_file retired[SYNCER_RETIRED_MAX]; /* to be synced and closed */
	unsigned retired_count;
	char path[PATH_MAX];  /* of a new file, whose folder is to be synced with it */
	uint32_t path_number; /* of that file; 0: none */
	/* of the files of which a sync failed last, one each, in that order */
	struct syncer_failure failures[SYNCER_FAILED_MAX];
	unsigned failure_count;
	unsigned told_count;	 /* of those, that were asked for */
	struct syncer_file good; /* the last one that is on the disk, up to its mark */
	struct counter syncs;
	struct counter longest_ns;
};

/** syncer_start - -EAGAIN, -ENOMEM with @err filled. [init] */
int syncer_start(struct syncer *syncer, struct err *err) MUST_CHECK;

/** syncer_stop - sync and close all that was retired, then end. [init] */
void syncer_stop(struct syncer *syncer);

/** syncer_ask - sync a file soon; asked again before it was done, it is done once. [log] */
void syncer_ask(struct syncer *syncer, struct syncer_file file);

/**
 * syncer_begin - the same of a new file, and of the folder that its name is in.
 * @path: PATH_MAX at most; copied
 *
 * [log]
 */
void syncer_begin(struct syncer *syncer, struct syncer_file file, const char *path);

/** syncer_retire - the file is done with: sync and close it. Waits only if many are pending. [log] */
void syncer_retire(struct syncer *syncer, struct syncer_file file);

/** syncer_note - somebody else has synced a file, 0, or could not, -errno; @took_ns: how long that took. [log]
 */
void syncer_note(struct syncer *syncer, struct syncer_file file, int code,
		 int64_t took_ns);

/** syncer_failure - the oldest sync that failed and was not told yet, of each file the first; also when stopped. [log] */
struct syncer_failure syncer_failure(struct syncer *syncer);

/**
 * syncer_good - the file that was synced last, if none of its syncs failed, else the one before; number 0: none.
 * Failures of before are told by the syncer_failure() that follow. Also when stopped. [log]
 */
struct syncer_file syncer_good(struct syncer *syncer);

#endif
