/*
 * A file that is there whole or not at all: written under another name beside its own, brought to the
 * disk, and only then given its name.
 */
#ifndef RTLOOP_MCAP_NEW_FILE_H
#define RTLOOP_MCAP_NEW_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct new_file {
	const char *path;	  /* borrowed */
	char temporary[PATH_MAX]; /* its name until then */
	bool replaces;
	int fd; /* -1: none */
};

/**
 * new_file_open - begin; the file's mode is 0640.
 * @replaces: what is there already may be replaced
 *
 * -EEXIST it is there already, -ENAMETOOLONG, -errno; @err filled. [any but rt]
 */
int new_file_open(struct new_file *file, const char *path, bool replaces,
		  struct err *err) MUST_CHECK;

/** new_file_put - append; -errno. [any but rt] */
int new_file_put(struct new_file *file, const void *data, size_t bytes) MUST_CHECK;

/**
 * new_file_commit - to the disk, and under its name.
 *
 * -EEXIST where someone else made it meanwhile, -errno, with @err filled; then it is as after
 * new_file_discard(). [any but rt]
 */
int new_file_commit(struct new_file *file, struct err *err) MUST_CHECK;

/** new_file_discard - remove what was written; a no-op when there is nothing. [any but rt] */
void new_file_discard(struct new_file *file);

#endif
