/* What "log:" in a configuration says. */
#ifndef RTLOOP_LOG_OPTIONS_H
#define RTLOOP_LOG_OPTIONS_H

#include <stdint.h>

#include "config/option.h"

enum writer_kind { WRITER_WRITE, WRITER_URING, WRITER_AIO };

struct log_options {
	const char *dir;  /* of files that are named, rotated and pruned; NULL: @file is
			     used */
	const char *file; /* one file, never rotated, that must not exist yet; NULL: @dir
			     is used */
	int64_t rotate_bytes;
	int64_t keep_bytes; /* 0: all files are kept */
	int64_t sync_ns;
	int64_t ring_bytes; /* 0: chosen at start */
	int writer;	    /* enum writer_kind */
	int64_t chunk_bytes;
};

/* Bound to struct log_options. */
extern const struct option log_rows[];

#endif
