#include "drivers/modbus_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "drivers/tty.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* Where nothing is sent for long: a probe after 10 s without a word, and one each 3 s. */
#define KEEPALIVE_IDLE_S  10
#define KEEPALIVE_EVERY_S 3

static int open_serial(const struct modbus_options *options, int *ret_fd, struct err *err)
{
	const struct modbus_serial_options *serial = &options->serial;
	const struct tty_options tty = {
		.path = serial->path,
		.baud = serial->baud,
		.parity = serial->parity,
		.data_bits = 8,
		.stop_bits = modbus_stop_bits(serial),
		.flow = TTY_FLOW_NONE,
		.is_exclusive = serial->is_exclusive,
		.is_low_latency = serial->is_low_latency,
		.insists_on_low_latency = serial->has_low_latency,
	};

	return tty_open(&tty, ret_fd, err);
}

static int set_up_socket(int fd)
{
	static const struct {
		int level;
		int name;
		int value;
	} settings[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, MODBUS_SILENT_PEER_MS },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
		{ IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY_S },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(settings); i++) {
		if (setsockopt(fd, settings[i].level, settings[i].name,
			       &settings[i].value, sizeof(settings[i].value))) {
			return -errno;
		}
	}
	return 0;
}

static int wait_connected(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	int64_t deadline_ns = sys_now() + MODBUS_CONNECT_TIMEOUT_MS * NS_PER_MS;
	int64_t left_ns = deadline_ns - sys_now();
	socklen_t bytes = sizeof(int);
	int code = 0;
	int ready = 0;

	while (ready == 0 && left_ns > 0) {
		ready = poll(&poll_fd, 1, (int)(left_ns / NS_PER_MS) + 1);
		if (ready < 0 && errno != EINTR) {
			return -errno;
		}
		ready = ready < 0 ? 0 : ready;
		left_ns = deadline_ns - sys_now();
	}
	if (ready == 0) {
		return -ETIMEDOUT;
	}
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &bytes) ? -errno : -code;
}

static int connect_socket(int fd, const struct address *address)
{
	int rc = set_up_socket(fd);

	if (!rc &&
	    connect(fd, (const struct sockaddr *)&address->storage, address->bytes)) {
		rc = errno == EINPROGRESS ? wait_connected(fd) : -errno;
	}
	return rc;
}

static int open_tcp(const struct modbus_options *options, int *ret_fd, struct err *err)
{
	struct address address;
	int rc = modbus_address(options, &address);
	int fd;

	if (rc) {
		return err_set(err, rc, "'%s' is no numeric address", options->tcp);
	}
	fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
		    0);
	rc = fd < 0 ? -errno : connect_socket(fd, &address);
	if (rc) {
		sys_close(fd);
		return err_set_errno(err, rc, "%s", options->tcp);
	}
	*ret_fd = fd;
	return 0;
}

int modbus_link_open(const struct modbus_options *options, int *ret_fd, struct err *err)
{
	return options->tcp ? open_tcp(options, ret_fd, err)
			    : open_serial(options, ret_fd, err);
}

void modbus_link_close(const struct modbus_options *options, int fd)
{
	if (options->tcp) {
		sys_close(fd);
	} else {
		tty_close(fd);
	}
}
