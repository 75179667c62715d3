/*
 * Ways to read many endpoints, of which some have a message: one small table entry a way. None of them waits, but the
 * blocking one, which is told what it is to read.
 */
#ifndef RTLOOP_BENCH_READER_H
#define RTLOOP_BENCH_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/bench/sources.h"

struct reader;
struct uring;

struct reader_ops {
	const char *name;
	/* take what it needs; -errno with @err filled. close() is right after a failure, too. [init] */
	int (*open)(struct reader *reader, struct err *err);
	/* before the first scan, by the thread that scans; -errno with @err filled. NULL: nothing to do. [init] */
	int (*arm)(struct reader *reader, struct err *err);
	/* read what is there: messages, or -errno; -EBUSY: it waits at an endpoint that has nothing. [init] */
	int (*scan)(struct reader *reader);
	void (*close)(struct reader *reader);
	/* of one that has receives armed, or both are NULL: a ring to sleep on, ... [init] */
	struct uring *(*ring)(struct reader *reader);
	/* ... and, as scan(), but without a call, what came into its memory while somebody slept. [init] */
	int (*collect)(struct reader *reader);
};

struct reader {
	const struct reader_ops *ops;
	struct sources *sources; /* borrowed; its own */
	void *state;		 /* owned: the way's own */
	uint64_t calls;		 /* system calls of all scans */
	uint64_t bytes;		 /* that were read */
};

/** reader_at - the index-th way; NULL past the last. reader_find - by name; NULL: there is none. [any] */
const struct reader_ops *reader_at(unsigned index);
const struct reader_ops *reader_find(const char *name);

/** reader_open - @sources: of which it becomes the only reader. As open(), after a failure nothing is to be closed.
 * [init] */
int reader_open(struct reader *reader, const struct reader_ops *ops,
		struct sources *sources, struct err *err) MUST_CHECK;

/** reader_arm - in the thread that scans. [init] */
int reader_arm(struct reader *reader, struct err *err) MUST_CHECK;
void reader_close(struct reader *reader);

/** reader_take - one message of an endpoint: 1, 0 where there is none, or -errno; counts the call and the bytes.
 * [init] */
int reader_take(struct reader *reader, const struct source *source);

extern const struct reader_ops reader_blocking;
extern const struct reader_ops reader_each;
extern const struct reader_ops reader_poll;
extern const struct reader_ops reader_epoll;
extern const struct reader_ops reader_epoll_edge;
extern const struct reader_ops reader_batch;	   /* registered files */
extern const struct reader_ops reader_batch_plain; /* files as they are */
extern const struct reader_ops reader_multishot;
extern const struct reader_ops reader_sqpoll;

#endif
