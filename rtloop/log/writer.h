/*
 * The writer: how the bytes of a log reach the disk, without the logger's thread ever waiting for it.
 *
 * What is put is copied into blocks, each of which begins and ends at a multiple of its size in the file, but for what a
 * sync cuts in two. Full ones are under way at once, several at a time; which are written is known later. The
 * kinds differ in who writes: a thread, io_uring, or POSIX AIO. One file at a time; its head and its end are written
 * directly, while nothing is under way.
 *
 * Of one thread, that of the logger, but for what is [init].
 */
#ifndef RTLOOP_LOG_WRITER_H
#define RTLOOP_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/log/options.h"
#include "rtloop/log/syncer.h"

struct writer;

struct writer_block {
	unsigned index; /* among the writer's */
	uint8_t *data;
	uint64_t offset; /* in the file */
	size_t bytes;
	size_t done_bytes; /* of those, written */
	size_t room_bytes; /* bytes, when it is full */
	bool ends_in_sync; /* a sync is to begin when it is written */
};

/* What a kind does. Each start() and sync() is answered by writer_written() and writer_synced(), inside of reap(). */
struct writer_ops {
	const char *name;
	/* memory, threads; -errno with @err filled. [init] */
	int (*open)(struct writer *writer, struct err *err);
	/* nothing is under way any more. [init] */
	void (*close)(struct writer *writer);
	/* first call of the thread that uses it; -errno with @err filled; NULL: nothing to do. [log] */
	int (*begin)(struct writer *writer, struct err *err);
	/* write what is left of a block to its place; with ends_in_sync, a sync behind it. [log] */
	void (*start)(struct writer *writer, struct writer_block *block);
	/* a sync of sync.fd; NULL: the syncer does it. [log] */
	void (*sync)(struct writer *writer);
	/* take what has ended, having waited for something to end for @most_ns at most. [log] */
	void (*reap)(struct writer *writer, int64_t most_ns);
	/* what has not begun need not; NULL: it cannot be told. [log] */
	void (*cancel)(struct writer *writer);
	/* nothing is under way: what the kernel still holds of what has ended, files among it, is given up; NULL: nothing. [log] */
	void (*let_go)(struct writer *writer);
	bool links; /* start() knows ends_in_sync */
};

/* A thread that calls write(2), and the syncer. */
extern const struct writer_ops writer_write;
/* io_uring: a write and the sync behind it are linked. NULL name: not in this build. */
extern const struct writer_ops writer_uring;
/* POSIX AIO. */
extern const struct writer_ops writer_aio;

struct writer_room {
	uint64_t offset; /* in the file */
	uint64_t bytes;	 /* 0: none */
};

struct writer_sync {
	bool is_asked; /* one waits until all before @at is written */
	struct syncer_file asked;
	uint64_t at;
	bool is_under_way;
	bool is_of_this_file;	 /* the one under way, while that file is written */
	struct syncer_file file; /* the one under way, */
	uint64_t file_at;
	int fd; /* and its own descriptor: the other may be closed meanwhile */
	int64_t began_ns;
};

struct writer {
	const struct writer_ops *ops;
	struct err note;       /* "": it is the kind that was asked for; else why not */
	struct syncer *syncer; /* borrowed: who is told of syncs */
	void *engine;	       /* of the kind */
	int fd;		       /* borrowed; -1: none */
	bool is_direct;	       /* what is put is written at once */
	size_t chunk_bytes;
	size_t block_bytes; /* 256 KiB, or less, where chunks are smaller */
	uint8_t *memory;
	struct writer_block *blocks;
	struct writer_block **places; /* of the queue: which block is where */
	unsigned depth;		      /* of both */
	unsigned head, started,
		tail; /* free-running: being filled, next to be started, oldest not written */
	unsigned under_way;	  /* blocks, and an allocation */
	uint64_t put_bytes;	  /* of the file */
	uint64_t written_bytes;	  /* of the file: all before is with the kernel */
	bool cannot_allocate;	  /* the file system does not know how */
	uint64_t allocated_bytes; /* of the file: set aside */
	int code;		  /* of the first write that failed, in this file */
	struct writer_sync sync;
};

/**
 * writer_open - where the kind cannot be had here, write takes its place: see @note.
 * @kind: enum writer_kind of options.h
 * @chunk_bytes: what one writer_put() brings, as a rule, its indexes aside
 * @syncer: started; of kind write, it syncs
 *
 * -ENOMEM, -EAGAIN with @err filled; writer_close() is right then, too. [init]
 */
int writer_open(struct writer *writer, int kind, size_t chunk_bytes,
		struct syncer *syncer, struct err *err) MUST_CHECK;

/** writer_close - after writer_end(); also of a zeroed one. [init] */
void writer_close(struct writer *writer);

/**
 * writer_begin - the calling thread is the one that uses it from now on, and nothing was queued before. Where the kind cannot
 * be used by it, write takes its place: see @note. -EAGAIN, -ENOMEM with @err filled: nothing can be queued.
 */
int writer_begin(struct writer *writer, struct err *err) MUST_CHECK;

/** writer_end - wait for what is under way, syncs included: the thread's last call. */
void writer_end(struct writer *writer);

/** writer_set_file - an empty file, directly. @fd: at its beginning. [init] too */
void writer_set_file(struct writer *writer, int fd);

/** writer_queue - the head is written: from now on what is put is queued. [init] too */
void writer_queue(struct writer *writer);

/**
 * writer_put - all of it, in order. Queued it waits only where there is no room.
 *
 * -errno, directly: it may have been taken in part; queued: of what was put before. [init] too, directly
 */
int writer_put(struct writer *writer, const void *data, size_t bytes) MUST_CHECK;

/** writer_has_room - whether writer_put() of a chunk will not wait. */
bool writer_has_room(const struct writer *writer);

/** writer_push - what was put is to be written, the last block though it is not full. */
void writer_push(struct writer *writer);

/** writer_sync - all that was put, durably; the syncer is told when it is, or that it is not. */
void writer_sync(struct writer *writer, struct syncer_file file);

/** writer_poll - take what has ended, and start what can be; see @written_bytes and @code. */
void writer_poll(struct writer *writer);

/** writer_wait - the same, having waited for something to end, where anything is under way. */
void writer_wait(struct writer *writer, int64_t most_ns);

/** writer_settle - wait until all that was put is written, or has failed: @code. From now on directly. */
int writer_settle(struct writer *writer);

/** writer_abandon - what was not begun is forgotten, what is under way waited for. From now on directly. */
void writer_abandon(struct writer *writer);

/** writer_leave - the file is done with: what was set aside behind its end is given back. Returns its
 * descriptor. */
int writer_leave(struct writer *writer);

/**
 * writer_wants_room - for kinds: whether room is to be set aside behind the file's end, before a block that ends at @end is
 * written: the file system finds a place for all of it at once. It counts as done; where that fails, the writes tell.
 */
bool writer_wants_room(struct writer *writer, uint64_t end, struct writer_room *ret_room);

/** writer_written - for kinds: of a block, so many bytes more, or -errno. */
void writer_written(struct writer *writer, struct writer_block *block, int64_t result);

/** writer_synced - for kinds: 0, -errno; -ECANCELED: it was not begun, and is to be. */
void writer_synced(struct writer *writer, int code);

#endif
