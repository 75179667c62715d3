/* Ways to bring blocks to a file, with and without making them durable: one small table entry a way. */
#ifndef RTLOOP_BENCH_DISK_H
#define RTLOOP_BENCH_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/* What one write brings, as a chunk of a log; and how many may be under way. */
#define DISK_BLOCK_BYTES (64u << 10)
#define DISK_DEPTH	 8
#define DISK_ALIGN	 4096 /* what O_DIRECT asks for, and more than some disks do */

struct disk;

struct disk_ops {
	const char *name;
	const char *writer; /* as log: names it; NULL: rtloop has none such */
	const char *sync;   /* how it is made durable; "none" */
	/* -errno with @err filled; nothing is to be closed then. [init] */
	int (*open)(struct disk *disk, struct err *err);
	/* write a block behind the others, and where @is_sync_due make all of them durable; 0 or -errno. [init] */
	int (*put)(struct disk *disk, const uint8_t *block, bool is_sync_due);
	/* until nothing is under way; 0 or -errno. [init] */
	int (*drain)(struct disk *disk);
	void (*close)(struct disk *disk);
};

struct disk {
	const struct disk_ops *ops;
	int fd;		 /* borrowed; a file that is only this one's */
	uint64_t offset; /* of the next block */
	void *state;	 /* owned: the way's own */
};

/** disk_at - the index-th way; NULL past the last. [any] */
const struct disk_ops *disk_at(unsigned index);

/**
 * disk_open - a file in @folder that has no name.
 *
 * -errno with @err filled. [init]
 */
int disk_open(struct disk *disk, const struct disk_ops *ops, const char *folder,
	      struct err *err) MUST_CHECK;
void disk_close(struct disk *disk);

/** disk_rewind - drain, and begin with an empty file; 0 or -errno. [init] */
int disk_rewind(struct disk *disk) MUST_CHECK;

/** disk_go_direct - from now on past the page cache, for ways; -EINVAL with @err filled where that cannot be. [init] */
int disk_go_direct(struct disk *disk, struct err *err) MUST_CHECK;

extern const struct disk_ops disk_write;
extern const struct disk_ops disk_write_sync;
extern const struct disk_ops disk_write_syncer;
extern const struct disk_ops disk_direct;
extern const struct disk_ops disk_direct_sync;
extern const struct disk_ops disk_aio;
extern const struct disk_ops disk_aio_sync;
extern const struct disk_ops disk_uring;
extern const struct disk_ops disk_uring_sync;
extern const struct disk_ops disk_uring_registered;
extern const struct disk_ops disk_uring_registered_sync;
extern const struct disk_ops disk_uring_direct;
extern const struct disk_ops disk_uring_direct_sync;
extern const struct disk_ops disk_uring_direct_registered;
extern const struct disk_ops disk_uring_direct_registered_sync;

#endif
