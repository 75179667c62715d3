#include "rtloop/mcap/window.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small enough to stay in the cache between being read and being looked at. */
#define CAPACITY  ((size_t)512 << 10)
#define CRC_PIECE ((uint64_t)CAPACITY)

static int take_size(struct window *window, const char *path, struct err *err)
{
	struct stat status;

	if (fstat(window->fd, &status) < 0) {
		return err_set_errno(err, -errno, "%s", path);
	}
	if (!S_ISREG(status.st_mode)) {
		return err_set(err, S_ISDIR(status.st_mode) ? -EISDIR : -EINVAL,
			       "%s: is not a file", path);
	}
	window->file_bytes = (uint64_t)status.st_size;
	return 0;
}

int window_open(struct window *window, const char *path, struct err *err)
{
	int code;

	*window = (struct window){ .fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) };
	if (window->fd < 0) {
		return err_set_errno(err, -errno, "%s", path);
	}
	code = take_size(window, path, err);
	if (code) {
		goto err_close;
	}
	window->capacity =
		window->file_bytes < CAPACITY ? (size_t)window->file_bytes : CAPACITY;
	window->data = malloc(window->capacity ? window->capacity : 1);
	if (!window->data) {
		code = err_set_errno(err, -ENOMEM, "%s", path);
		goto err_close;
	}
	return 0;
err_close:
	close(window->fd);
	return code;
}

void window_close(struct window *window)
{
	close(window->fd);
	free(window->data);
}

/* Empty window of at least that size, of which what it held from offset on is kept. */
static int make_room(struct window *window, uint64_t offset, size_t bytes)
{
	size_t kept = 0;
	uint8_t *data;

	if (offset >= window->start && offset - window->start < window->used) {
		kept = window->used - (size_t)(offset - window->start);
		memmove(window->data, window->data + (window->used - kept), kept);
	}
	window->start = offset;
	window->used = kept;
	if (bytes <= window->capacity) {
		return 0;
	}
	data = realloc(window->data, bytes);
	if (!data) {
		return -ENOMEM;
	}
	window->data = data;
	window->capacity = bytes;
	return 0;
}

int window_fetch(struct window *window, uint64_t offset, uint64_t bytes)
{
	ssize_t count;
	int code;

	if (offset > window->file_bytes || bytes > window->file_bytes - offset) {
		return -ENODATA;
	}
	if (bytes > WINDOW_PIECE_MAX) {
		return -EFBIG;
	}
	code = make_room(window, offset, (size_t)bytes);
	while (!code && window->used < bytes) {
		count = pread(window->fd, window->data + window->used,
			      window->capacity - window->used,
			      (off_t)(window->start + window->used));
		if (count > 0) {
			window->used += (size_t)count;
		} else if (count == 0) {
			code = -ENODATA;
		} else if (errno != EINTR) {
			code = -errno;
		}
	}
	return code;
}

int window_crc(struct window *window, uint64_t offset, uint64_t bytes, uint32_t *crc)
{
	uint64_t count;
	const uint8_t *data;
	int code;

	for (; bytes; offset += count, bytes -= count) {
		count = bytes < CRC_PIECE ? bytes : CRC_PIECE;
		code = window_get(window, offset, count, &data);
		if (code) {
			return code;
		}
		*crc = libdeflate_crc32(*crc, data, (size_t)count);
	}
	return 0;
}
