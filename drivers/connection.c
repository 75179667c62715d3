#include "drivers/connection.h"

#include <errno.h>
#include <poll.h>

#include "rtloop/base/sys.h"

int connection_begin(int fd, const struct sockaddr *address, socklen_t bytes)
{
	return connect(fd, address, bytes) ? -errno : 0;
}

static int error_of(int fd)
{
	socklen_t bytes = sizeof(int);
	int error = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) ? -errno : -error;
}

int connection_look(int fd, int64_t deadline_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	int count = poll(&poll_fd, 1, 0);

	if (count > 0) {
		return error_of(fd);
	}
	if (count < 0 && errno != EINTR) {
		return -errno;
	}
	return sys_now() < deadline_ns ? -EINPROGRESS : -ETIMEDOUT;
}
