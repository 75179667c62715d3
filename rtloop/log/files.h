/*
 * The files of a log: their names, the next number, and which of the old ones go.
 *
 * A file is named LOOP-SEQUENCE-BOOT.mcap: the sequence rises over all files of the loop in the folder,
 * so that names sort by age; the boot tells which of them share one CLOCK_MONOTONIC. Without a folder there is one
 * file with a name of its own, one.mcap; where the disk refuses it, what follows is in one.2.mcap.
 */
#ifndef RTLOOP_LOG_FILES_H
#define RTLOOP_LOG_FILES_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#define FILES_LOG_END ".mcap"
#define FILES_TRACE_BEGIN                                                                \
	".cycle-" /* of the trace of an overrun, in place of the log's end: then its cycle */
#define FILES_TRACE_END ".trace"

#define FILES_BOOT_BYTES 9 /* the first eight digits of the boot's id, and a NUL */

struct files {
	const char *dir;  /* borrowed; NULL: one file */
	const char *file; /* borrowed; NULL: a folder */
	const char *loop; /* borrowed: the loop's name */
	int64_t keep_bytes;
	dev_t device;	   /* on which the folder was at the start */
	uint32_t sequence; /* of the newest file; 0: none yet */
	uint32_t left;	   /* of a file that files_discard() could not remove; 0: none */
	char boot[FILES_BOOT_BYTES];
	char path[PATH_MAX]; /* of the newest file */
};

/**
 * files_init - look into the folder, making it where it is not there.
 *
 * -errno with @err filled where it cannot be made or read. [init]
 */
int files_init(struct files *files, const char *dir, const char *file, const char *loop,
	       int64_t keep_bytes, struct err *err) MUST_CHECK;

/**
 * files_create - a new file for writing; one that is there is never opened. Mode 0640.
 *
 * In a folder, numbers that are taken are passed over. A folder that has been removed is made again, but not on
 * another file system: a disk that is unmounted is not there. Returns the descriptor, or -errno with @err filled;
 * -EEXIST where the one file is there; -ENAMETOOLONG. [log]
 */
int files_create(struct files *files, struct err *err) MUST_CHECK;

/** files_name_trace - of an overrun, beside its log: "oven-000012-0a1b2c3d.cycle-8123.trace". [super] */
void files_name_trace(const char *log, uint64_t cycle, char *path, size_t bytes);

/**
 * files_discard - close and remove the newest file, into which nothing came.
 *
 * Where that cannot be, the next files_create() removes it, if it is empty. [log]
 */
void files_discard(struct files *files, int fd);

/** files_remove - the name of the newest file; -errno. [log] */
int files_remove(const struct files *files);

/** files_is_removed - whether an open file has no name left: nobody will find what is put into it. [log] */
bool files_is_removed(int fd);

/** files_cut - shorten a file to @bytes, and go on writing there. -errno. [log] */
int files_cut(int fd, uint64_t bytes);

/**
 * files_prune - remove the oldest files of this loop, traces beside them included, until what is left takes
 * at most keep_bytes, with @coming_bytes more to come; never the newest log.
 *
 * Returns how many were removed, or -errno. [log]
 */
int files_prune(const struct files *files, int64_t coming_bytes);

#endif
