/* wraps: eventfd eventfd_write timerfd_create timerfd_settime */
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include "rtloop/base/time.h"
#include "tests/sim/fds.h"
#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"

static uint32_t events_of_counter(struct sim_file *file)
{
	return EPOLLOUT | (file->offset > 0 ? EPOLLIN : 0u);
}

static ssize_t read_counter(struct sim_file *file, void *data, size_t bytes)
{
	if (bytes < sizeof(file->offset)) {
		return -EINVAL;
	}
	if (file->offset == 0) {
		return -EAGAIN;
	}
	memcpy(data, &file->offset, sizeof(file->offset));
	file->offset = 0;
	return sizeof(file->offset);
}

static const struct sim_file_ops eventfd_ops = { .name = "eventfd",
						 .events = events_of_counter,
						 .read = read_counter };

WRAP(int, eventfd, unsigned value, int flags)
{
	(void)value;
	(void)flags;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(fds_open(&eventfd_ops, NULL));
}

WRAP(int, eventfd_write, int fd, eventfd_t value)
{
	struct sim_file *file = fds_file(fd);

	kernel_call(CALL_WAKE);
	if (!file) {
		return (int)kernel_result(-EBADF);
	}
	file->offset += value;
	return 0;
}

/* Its time is kept where a counter has its count. */
static uint32_t events_of_timer(struct sim_file *file)
{
	return file->offset != 0 && (int64_t)file->offset <= sched_now() ? EPOLLIN : 0u;
}

static const struct sim_file_ops timerfd_ops = { .name = "timerfd",
						 .events = events_of_timer };

int64_t kernel_timer_ns(const struct sim_file *file)
{
	return file->ops == &timerfd_ops && file->offset > 0 ? (int64_t)file->offset
							     : SCHED_NEVER;
}

WRAP(int, timerfd_create, int clock, int flags)
{
	(void)clock;
	(void)flags;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(fds_open(&timerfd_ops, NULL));
}

WRAP(int, timerfd_settime, int fd, int flags, const struct itimerspec *when,
     struct itimerspec *before)
{
	struct sim_file *file = fds_file(fd);

	(void)flags;
	(void)before;
	kernel_call(CALL_WAIT);
	if (!file) {
		return (int)kernel_result(-EBADF);
	}
	file->offset = (uint64_t)time_from_timespec(&when->it_value);
	return 0;
}
