/* A file of the kernel that is read again and again: kept open, and read whole each time. */
#ifndef RTLOOP_SUPER_PROC_FILE_H
#define RTLOOP_SUPER_PROC_FILE_H

#include <limits.h>
#include <stddef.h>

#include "rtloop/base/attr.h"

#define PROC_FILE_MAX ((size_t)4 << 20)

struct proc_file {
	int fd; /* -1: it could not be opened, and is not tried again */
	char *text;
	size_t capacity;
};

/** proc_file_open - @format: its path. One that is not there is read as -ENOENT. [super] */
void proc_file_open(struct proc_file *file, const char *format, ...) PRINTF_LIKE(2, 3);

/** proc_file_close - of a zeroed one too. [super] */
void proc_file_close(struct proc_file *file);

/**
 * proc_file_read - all of it, ended by a NUL; valid until the next call.
 *
 * NULL where it cannot be read, is longer than PROC_FILE_MAX, or there is no memory. [super]
 */
const char *proc_file_read(struct proc_file *file);

/**
 * proc_read_once - a small file, that need not be kept open.
 * @text: ended by a NUL; of a longer file its beginning
 *
 * The length, or -errno. [super]
 */
int proc_read_once(char *text, size_t bytes, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
