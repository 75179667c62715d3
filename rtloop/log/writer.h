/* The writer: how the bytes of a log reach the disk. One small table of functions a kind. */
#ifndef RTLOOP_LOG_WRITER_H
#define RTLOOP_LOG_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

struct writer;

struct writer_ops {
	const char *name;
	/* all of it, in order; 0 or -errno. [log] */
	int (*put)(struct writer *writer, const void *data, size_t bytes);
};

/* write(2) on the logger's thread: a disk that stalls is the ring's to bridge. */
extern const struct writer_ops writer_write;

struct writer {
	const struct writer_ops *ops;
	int fd; /* borrowed; -1: none */
};

/** writer_init - @kind: enum writer_kind of options.h. [init] */
void writer_init(struct writer *writer, int kind);

#endif
