#include "drivers/modbus_link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "drivers/connection.h"
#include "drivers/tty.h"
#include "rtloop/base/sys.h"

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
	rc = fd < 0 ? -errno : set_up_socket(fd);
	rc = rc ? rc
		: connection_begin(fd, (const struct sockaddr *)&address.storage,
				   address.bytes);
	if (rc && rc != -EINPROGRESS) {
		sys_close(fd);
		return err_set_errno(err, rc, "%s", options->tcp);
	}
	*ret_fd = fd;
	return rc;
}

int modbus_link_proceed(const struct modbus_options *options, int fd, int64_t deadline_ns,
			struct err *err)
{
	int rc = connection_look(fd, deadline_ns);

	return rc && rc != -EINPROGRESS ? err_set_errno(err, rc, "%s", options->tcp) : rc;
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
