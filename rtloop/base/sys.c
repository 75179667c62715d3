#include "rtloop/base/sys.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/gpio.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "rtloop/base/rt_call.h"
#include "rtloop/base/time.h"

#ifndef __NR_io_uring_setup /* the same on every architecture that Linux got it for */
#define __NR_io_uring_setup    425
#define __NR_io_uring_enter    426
#define __NR_io_uring_register 427
#endif

/*
 * The calls below are the ones that the cycle is allowed. The compiler's check cannot
 * know that they are made on non-blocking descriptors, and RealtimeSanitizer would stop
 * at each of them.
 */
#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic ignored "-Wfunction-effects"
#endif

static int result(int value)
{
	return value < 0 ? -errno : value;
}

static ssize_t result_size(ssize_t value)
{
	return value < 0 ? -errno : value;
}

int64_t sys_now(void)
{
	struct timespec ts;

	RT_CALL(clock_gettime(CLOCK_MONOTONIC, &ts));
	return time_from_timespec(&ts);
}

int64_t sys_realtime(void)
{
	struct timespec ts;

	RT_CALL(clock_gettime(CLOCK_REALTIME, &ts));
	return time_from_timespec(&ts);
}

int sys_sleep_until(int64_t ns)
{
	struct timespec ts = time_to_timespec(ns);

	return -RT_CALL(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL));
}

int sys_timer_arm(int fd, int64_t ns)
{
	struct itimerspec when = { .it_value = time_to_timespec(ns) };

	return result(RT_CALL(timerfd_settime(fd, TFD_TIMER_ABSTIME, &when, NULL)));
}

int sys_epoll_wait(int epoll_fd, struct epoll_event *events, int capacity, int timeout_ms)
{
	return result(RT_CALL(epoll_wait(epoll_fd, events, capacity, timeout_ms)));
}

int sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	return result(RT_CALL(epoll_ctl(epoll_fd, op, fd, event)));
}

ssize_t sys_read(int fd, void *data, size_t bytes)
{
	return result_size(RT_CALL(read(fd, data, bytes)));
}

ssize_t sys_write(int fd, const void *data, size_t bytes)
{
	return result_size(RT_CALL(write(fd, data, bytes)));
}

int sys_recv_many(int fd, struct mmsghdr *messages, unsigned count)
{
	return result(RT_CALL(recvmmsg(fd, messages, count, MSG_DONTWAIT, NULL)));
}

ssize_t sys_send(int fd, const void *data, size_t bytes)
{
	return result_size(RT_CALL(send(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL)));
}

int sys_send_many(int fd, struct mmsghdr *messages, unsigned count)
{
	return result(
		RT_CALL(sendmmsg(fd, messages, count, MSG_DONTWAIT | MSG_NOSIGNAL)));
}

ssize_t sys_send_to(int fd, const void *data, size_t bytes,
		    const struct sockaddr *address, socklen_t address_bytes)
{
	return result_size(RT_CALL(sendto(fd, data, bytes, MSG_DONTWAIT | MSG_NOSIGNAL,
					  address, address_bytes)));
}

int sys_mq_send(int fd, const void *data, size_t bytes, unsigned priority)
{
	return result(RT_CALL(mq_send(fd, data, bytes, priority)));
}

ssize_t sys_mq_receive(int fd, void *data, size_t bytes)
{
	return result_size(RT_CALL(mq_receive(fd, data, bytes, NULL)));
}

int sys_gpio_get(int fd, uint64_t mask, uint64_t *ret_bits)
{
	struct gpio_v2_line_values values = { .mask = mask };
	int code = result(RT_CALL(ioctl(fd, GPIO_V2_LINE_GET_VALUES_IOCTL, &values)));

	if (code == 0) {
		*ret_bits = values.bits & mask;
	}
	return code;
}

int sys_gpio_set(int fd, uint64_t mask, uint64_t bits)
{
	struct gpio_v2_line_values values = { .mask = mask, .bits = bits };

	return result(RT_CALL(ioctl(fd, GPIO_V2_LINE_SET_VALUES_IOCTL, &values)));
}

int sys_tty_unsent(int fd)
{
	int bytes = 0;
	int code = result(RT_CALL(ioctl(fd, TIOCOUTQ, &bytes)));

	return code < 0 ? code : bytes;
}

int sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
		    const void *argument)
{
	/* the size that the kernel knows the argument by: a mask, its size, a pad, a pointer */
	return result((int)RT_CALL(syscall(__NR_io_uring_enter, fd, submitted, least,
					   flags, argument, argument ? 24 : 0)));
}

int sys_uring_register(int fd, unsigned op, void *argument, unsigned count)
{
	return result(
		(int)RT_CALL(syscall(__NR_io_uring_register, fd, op, argument, count)));
}

int sys_set_blocking(int fd, bool is_blocking)
{
	int is_nonblocking = !is_blocking;

	return result(RT_CALL(ioctl(fd, FIONBIO, &is_nonblocking)));
}

bool sys_is_hung_up(int fd)
{
	struct pollfd watched = { .fd = fd, .events = POLLRDHUP };

	return RT_CALL(poll(&watched, 1, 0)) > 0 &&
	       (watched.revents & (POLLHUP | POLLRDHUP)) != 0;
}

int sys_signal(int event_fd)
{
	return result(RT_CALL(eventfd_write(event_fd, 1)));
}

int sys_open(const char *path, int flags, unsigned mode)
{
	return result(open(path, flags | O_CLOEXEC, mode));
}

void sys_close(int fd)
{
	if (fd >= 0) {
		close(fd);
	}
}

/* Move the parts past what was written; returns how many are left. */
static int advance(struct iovec **parts, int part_count, size_t written)
{
	while (part_count > 0 && written >= (*parts)->iov_len) {
		written -= (*parts)->iov_len;
		(*parts)++;
		part_count--;
	}
	if (part_count > 0) {
		(*parts)->iov_base = (char *)(*parts)->iov_base + written;
		(*parts)->iov_len -= written;
	}
	return part_count;
}

int sys_writev_all(int fd, struct iovec *parts, int part_count)
{
	part_count = advance(&parts, part_count, 0);
	while (part_count > 0) {
		ssize_t written = writev(fd, parts, part_count);

		if (written < 0 && errno == EINTR) {
			continue;
		}
		if (written < 0) {
			return -errno;
		}
		if (written == 0) {
			return -EIO;
		}
		part_count = advance(&parts, part_count, (size_t)written);
	}
	return 0;
}

int sys_judge_sync(int fd, int code)
{
	struct statvfs info;

	/* ext4 of 6.12, made read-only by an error, says 0 and has written nothing */
	if (code == 0 && fstatvfs(fd, &info) == 0 && (info.f_flag & ST_RDONLY)) {
		return -EROFS;
	}
	return code;
}

int sys_datasync(int fd)
{
	return sys_judge_sync(fd, result(fdatasync(fd)));
}

int sys_allocate(int fd, uint64_t offset, uint64_t bytes)
{
	return result(fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes));
}

int sys_trim(int fd)
{
	struct stat info;

	return result(fstat(fd, &info) ? -1 : ftruncate(fd, info.st_size));
}

int sys_sync(int fd)
{
	return result(fsync(fd));
}

int sys_sync_folder(const char *file)
{
	const char *slash = strrchr(file, '/');
	char folder[PATH_MAX];
	int fd, code;

	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - file) + 1 : 1,
		 slash ? file : ".");
	fd = sys_open(folder, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0) {
		return fd;
	}
	code = sys_sync(fd);
	sys_close(fd);
	return code == -EINVAL ? 0 : code;
}

int sys_uring_setup(unsigned entries, void *params)
{
	return result((int)syscall(__NR_io_uring_setup, entries, params));
}

int sys_thread_id(void)
{
	return gettid();
}
