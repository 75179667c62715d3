/* wraps: read write close fcntl64 fcntl ioctl */
#include "tests/sim/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

REAL(ssize_t, read, int fd, void *data, size_t bytes);
REAL(ssize_t, write, int fd, const void *data, size_t bytes);
REAL(int, close, int fd);

static struct sim_file *table[FDS_MAX];

void fds_begin(void)
{
	memset(table, 0, sizeof(table));
}

static int take_lowest(struct sim_file *file)
{
	for (int i = 0; i < FDS_MAX; i++) {
		if (!table[i]) {
			table[i] = file;
			file->refs++;
			return FDS_BASE + i;
		}
	}
	return -EMFILE;
}

int fds_open(const struct sim_file_ops *ops, void *object)
{
	struct sim_file *file = calloc(1, sizeof(*file));
	int fd;

	SIM_CHECK(file, "no memory");
	file->ops = ops;
	file->object = object;
	fd = take_lowest(file);
	if (fd < 0) {
		free(file);
	}
	return fd;
}

bool fds_is_ours(int fd)
{
	return fd >= FDS_BASE;
}

struct sim_file *fds_file(int fd)
{
	return fd >= FDS_BASE && fd < FDS_BASE + FDS_MAX ? table[fd - FDS_BASE] : NULL;
}

struct sim_file *fds_need(int fd)
{
	struct sim_file *file = fds_file(fd);

	SIM_CHECK(file, "descriptor %d is used, and is not open", fd);
	return file;
}

int fds_close(int fd)
{
	struct sim_file *file = fds_need(fd);

	table[fd - FDS_BASE] = NULL;
	file->refs--;
	if (file->refs == 0) {
		if (file->ops->release) {
			file->ops->release(file);
		}
		free(file);
	}
	return 0;
}

unsigned fds_count(void)
{
	unsigned count = 0;

	for (unsigned i = 0; i < FDS_MAX; i++) {
		count += table[i] != NULL;
	}
	return count;
}

const char *fds_first(void)
{
	for (unsigned i = 0; i < FDS_MAX; i++) {
		if (table[i]) {
			return table[i]->ops->name;
		}
	}
	return "";
}

WRAP(ssize_t, read, int fd, void *data, size_t bytes)
{
	struct sim_file *file;
	ssize_t result;

	if (!fds_is_ours(fd)) {
		return __real_read(fd, data, bytes);
	}
	kernel_call(CALL_READ);
	file = fds_need(fd);
	result = file->ops->read ? file->ops->read(file, data, bytes) : -EINVAL;
	if (result <= 0 && result != -EAGAIN && result != -EINTR) {
		kernel_note_call(CALL_END);
	}
	return kernel_result(result);
}

WRAP(ssize_t, write, int fd, const void *data, size_t bytes)
{
	struct sim_file *file;

	if (!fds_is_ours(fd)) {
		return __real_write(fd, data, bytes);
	}
	kernel_call(CALL_WRITE);
	file = fds_need(fd);
	return kernel_result(file->ops->write ? file->ops->write(file, data, bytes)
					      : -EINVAL);
}

/* The number is another file's as soon as the call is made, however long closing takes. */
WRAP(int, close, int fd)
{
	if (!fds_is_ours(fd)) {
		return __real_close(fd);
	}
	kernel_call(CALL_OTHER);
	return (int)kernel_result(fds_close(fd));
}

static int duplicate(int fd)
{
	return take_lowest(fds_need(fd));
}

static int control(int fd, int command)
{
	kernel_call(CALL_OTHER);
	switch (command) {
	case F_DUPFD_CLOEXEC:
		return duplicate(fd);
	case F_GETFL:
	case F_SETFL:
		fds_need(fd);
		return 0;
	default:
		sim_fail("fcntl() with command %d", command);
	}
}

WRAP(int, fcntl64, int fd, int command, ...)
{
	return (int)kernel_result(control(fd, command));
}

WRAP(int, fcntl, int fd, int command, ...)
{
	return (int)kernel_result(control(fd, command));
}

WRAP(int, ioctl, int fd, unsigned long request, ...)
{
	struct sim_file *file;
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	kernel_call(CALL_READ);
	file = fds_need(fd);
	return (int)kernel_result(file->ops->ioctl ? file->ops->ioctl(file, request, arg)
						   : -ENOTTY);
}
