/*
 * A file read through a window of memory: mostly forwards, but from anywhere. Not mapped,
 * so that a file cut short by someone else is an error and no signal, and so that memory
 * stays small.
 */
#ifndef RTLOOP_MCAP_WINDOW_H
#define RTLOOP_MCAP_WINDOW_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

/* The most that window_get() gives in one piece. */
#define WINDOW_PIECE_MAX ((size_t)64 << 20)

struct window {
	int fd;
	uint64_t file_bytes; /* when it was opened: what is appended later is not seen */
	uint8_t *data;	     /* of the file from start on */
	size_t capacity;
	uint64_t start;
	size_t used;
};

/** window_open - a regular file. -errno with @err filled. [any but rt] */
int window_open(struct window *window, const char *path, struct err *err) MUST_CHECK;
void window_close(struct window *window);

/**
 * window_fetch - make a piece of the file stand in the window.
 *
 * -ENODATA beyond the file's end, -EFBIG longer than WINDOW_PIECE_MAX, -ENOMEM, -errno.
 * What was got before is gone. [any but rt]
 */
int window_fetch(struct window *window, uint64_t offset, uint64_t bytes) MUST_CHECK;

/**
 * window_get - a piece of the file, valid until the next call with the same window.
 *
 * As window_fetch(). [any but rt]
 */
static inline int window_get(struct window *window, uint64_t offset, uint64_t bytes,
			     const uint8_t **ret_data)
{
	int code;

	if (offset < window->start || bytes > window->used ||
	    offset - window->start > window->used - bytes) {
		code = window_fetch(window, offset, bytes);
		if (code) {
			return code;
		}
	}
	*ret_data = window->data + (offset - window->start);
	return 0;
}

/** window_crc - continue a CRC-32 over any length of the file. As window_fetch(). [any
 * but rt] */
int window_crc(struct window *window, uint64_t offset, uint64_t bytes,
	       uint32_t *crc) MUST_CHECK;

#endif
