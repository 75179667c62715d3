/*
 * The syncer: a thread that makes what was written durable, so that the one that drains the ring never
 * waits for the disk's cache. It owns the descriptors of files that are done with.
 */
#ifndef RTLOOP_LOG_SYNCER_H
#define RTLOOP_LOG_SYNCER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"
#include "rtloop/base/err.h"
#include "rtloop/base/thread.h"

#define SYNCER_RETIRED_MAX 8

struct syncer {
	struct thread thread;
	pthread_mutex_t mutex; /* over the next four */
	pthread_cond_t changed;
	bool is_asked_to_stop;
	int current;			 /* to be synced; -1: nothing is asked */
	int retired[SYNCER_RETIRED_MAX]; /* to be synced and closed */
	unsigned retired_count;
	_Atomic int
		failed_code; /* -errno of a sync that failed, until it is asked for; 0: none */
	struct counter syncs;
	struct counter longest_ns;
};

/** syncer_start - -EAGAIN, -ENOMEM with @err filled. [init] */
int syncer_start(struct syncer *syncer, struct err *err) MUST_CHECK;

/** syncer_stop - sync and close all that was retired, then end. [init] */
void syncer_stop(struct syncer *syncer);

/** syncer_ask - sync a file soon; asked again before it was done, it is done once. [log] */
void syncer_ask(struct syncer *syncer, int fd);

/** syncer_retire - the file is done with: sync and close it. Waits only if many are pending. [log] */
void syncer_retire(struct syncer *syncer, int fd);

/** syncer_failure - -errno of a sync that failed since the last call; 0: none. Also when stopped. [log] */
int syncer_failure(struct syncer *syncer);

#endif
