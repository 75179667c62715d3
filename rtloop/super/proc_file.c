#include "rtloop/super/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

/* All threads' files, and most others, fit. */
#define CAPACITY_MIN 4096

void proc_file_open(struct proc_file *file, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	*file = (struct proc_file){ .fd = sys_open(path, O_RDONLY, 0) };
}

void proc_file_close(struct proc_file *file)
{
	if (file->fd > 0) {
		sys_close(file->fd);
	}
	free(file->text);
	*file = (struct proc_file){ .fd = -1 };
}

static int make_room(struct proc_file *file, size_t used)
{
	size_t capacity = file->capacity ? 2 * file->capacity : CAPACITY_MIN;
	char *text;

	if (used + 1 < file->capacity) {
		return 0;
	}
	if (capacity > PROC_FILE_MAX) {
		return -EFBIG;
	}
	text = realloc(file->text, capacity);
	if (!text) {
		return -ENOMEM;
	}
	file->text = text;
	file->capacity = capacity;
	return 0;
}

const char *proc_file_read(struct proc_file *file)
{
	size_t used = 0;
	ssize_t got = 1;

	if (file->fd < 0) {
		return NULL;
	}
	while (got > 0) {
		if (make_room(file, used)) {
			return NULL;
		}
		got = pread(file->fd, file->text + used, file->capacity - used - 1,
			    (off_t)used);
		used += got > 0 ? (size_t)got : 0;
	}
	if (got < 0 || used == 0) {
		return NULL;
	}
	file->text[used] = '\0';
	return file->text;
}

int proc_read_once(char *text, size_t bytes, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	ssize_t got;
	int fd;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	fd = sys_open(path, O_RDONLY, 0);
	if (fd < 0) {
		return fd;
	}
	got = sys_read(fd, text, bytes - 1);
	sys_close(fd);
	text[got > 0 ? got : 0] = '\0';
	return (int)got;
}
