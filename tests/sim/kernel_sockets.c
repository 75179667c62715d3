/*
 * wraps: socket bind listen accept4 connect getsockopt setsockopt recv recvmmsg send sendmmsg sendto
 * wraps: if_nametoindex
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "rtloop/base/time.h"
#include "tests/sim/fds.h"
#include "tests/sim/judge.h"
#include "tests/sim/kernel.h"
#include "tests/sim/port.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* A connection over the network takes at most so long. */
#define CONNECT_MAX_NS (5 * NS_PER_MS)

/* The program waits for no longer than PLAN_TIMEOUT_MS. */
#define SLOW_MAX_NS (PLAN_TIMEOUT_MS / 2 * NS_PER_MS)

struct connection {
	int type;
	struct peer *peer;	/* NULL: not bound, not connected */
	struct peer_line *line; /* NULL: no connection, yet */
	bool is_listening;
	int64_t connected_ns; /* when it will be known; 0: it is; SCHED_NEVER: it is not */
	int connect_code;
};

/* The outcome of a connection is there as soon as somebody looks. */
static void settle(struct connection *connection)
{
	struct peer *peer = connection->peer;

	if (connection->connected_ns == 0 || sched_now() < connection->connected_ns) {
		return;
	}
	connection->connected_ns = 0;
	connection->line = peer_connect(peer);
	connection->connect_code = connection->line ? 0 : peer->away_code;
	sim_note(NOTE_OPEN, peer->index, connection->connect_code);
}

static uint32_t events_of_listener(const struct connection *connection)
{
	return connection->peer->backlog > 0 ? EPOLLIN : 0u;
}

static uint32_t events_of_socket(struct sim_file *file)
{
	struct connection *connection = file->object;
	const struct wire *wire;

	if (connection->is_listening) {
		return events_of_listener(connection);
	}
	if (connection->connected_ns) {
		settle(connection);
	}
	if (!connection->line) {
		return connection->connect_code ? EPOLLERR | EPOLLHUP | EPOLLOUT : 0u;
	}
	wire = &connection->line->wire;
	return (wire_has_input(wire) ? EPOLLIN : 0u) |
	       (wire->has_ended ? EPOLLRDHUP : 0u) | (wire->error ? EPOLLERR : 0u) |
	       (wire->has_ended && wire->end_code ? EPOLLHUP | EPOLLERR : 0u) |
	       (wire->is_stalled ? 0u : EPOLLOUT);
}

static ssize_t read_socket(struct sim_file *file, void *data, size_t bytes)
{
	struct connection *connection = file->object;
	bool is_cut;

	return connection->line ? wire_read(&connection->line->wire, data, bytes, &is_cut)
				: -ENOTCONN;
}

static ssize_t send_socket(struct sim_file *file, const void *data, size_t bytes,
			   const struct sockaddr *to)
{
	struct connection *connection = file->object;

	(void)to;
	if (!connection->line) {
		return -ENOTCONN;
	}
	if (connection->peer->plan->kind == PLAN_UDP && !connection->peer->is_there) {
		connection->line->wire.refused++;
		return -ENETUNREACH;
	}
	if (connection->line->wire.has_ended && connection->line->wire.end_code == 0) {
		return -EPIPE;
	}
	return wire_write(&connection->line->wire, data, bytes);
}

static int receive_socket(struct sim_file *file, struct mmsghdr *messages, unsigned count)
{
	struct connection *connection = file->object;
	unsigned taken = 0;

	if (!connection->line) {
		return -ENOTCONN;
	}
	while (taken < count) {
		struct msghdr *header = &messages[taken].msg_hdr;
		bool is_cut;
		ssize_t got =
			wire_read(&connection->line->wire, header->msg_iov[0].iov_base,
				  header->msg_iov[0].iov_len, &is_cut);

		if (got < 0) {
			return taken > 0 ? (int)taken : (int)got;
		}
		header->msg_flags = is_cut ? MSG_TRUNC : 0;
		header->msg_namelen = 0;
		header->msg_controllen = 0;
		messages[taken].msg_len = (unsigned)got;
		taken++;
	}
	return (int)taken;
}

static void release_socket(struct sim_file *file)
{
	struct connection *connection = file->object;

	if (connection->is_listening) {
		connection->peer->is_listened_to = false;
		connection->peer->backlog = 0;
	}
	if (connection->line) {
		judge_closed(connection->line);
		peer_hang_up(connection->line);
	}
	free(connection);
}

static const struct sim_file_ops socket_ops = { .name = "a socket",
						.events = events_of_socket,
						.read = read_socket,
						.receive = receive_socket,
						.send = send_socket,
						.release = release_socket };

static struct connection *connection_of(int fd)
{
	struct sim_file *file = fds_file(fd);

	return file && file->ops == &socket_ops ? file->object : NULL;
}

static int make_socket(int type, struct connection **ret_connection)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int fd;

	SIM_CHECK(connection, "no memory");
	connection->type = type & 0xf;
	fd = fds_open(&socket_ops, connection);
	if (fd < 0) {
		free(connection);
		return fd;
	}
	*ret_connection = connection;
	return fd;
}

WRAP(int, socket, int domain, int type, int protocol)
{
	struct connection *connection;

	(void)domain;
	(void)protocol;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(make_socket(type, &connection));
}

static int bind_socket(struct connection *connection, const struct sockaddr *address)
{
	struct peer *peer = port_at(address);

	if (!connection || !peer) {
		return -EBADF;
	}
	if (!peer->is_there) {
		return peer->away_code;
	}
	connection->peer = peer;
	if (connection->type == SOCK_DGRAM) {
		connection->line = peer_connect(peer);
		return connection->line ? 0 : -EADDRINUSE;
	}
	return 0;
}

WRAP(int, bind, int fd, const struct sockaddr *address, socklen_t bytes)
{
	(void)bytes;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(bind_socket(connection_of(fd), address));
}

WRAP(int, listen, int fd, int backlog)
{
	struct connection *connection = connection_of(fd);

	(void)backlog;
	kernel_call(CALL_OTHER);
	connection->is_listening = true;
	connection->peer->is_listened_to = true;
	return 0;
}

static int accept_client(struct connection *listener)
{
	struct connection *connection;
	struct peer_line *line;
	int fd;

	if (listener->peer->backlog == 0) {
		return -EAGAIN;
	}
	line = peer_call(listener->peer);
	if (!line) {
		listener->peer->backlog = 0;
		return -ECONNABORTED;
	}
	fd = make_socket(listener->type, &connection);
	if (fd < 0) {
		peer_hang_up(line);
		return fd;
	}
	listener->peer->backlog--;
	connection->peer = listener->peer;
	connection->line = line;
	return fd;
}

WRAP(int, accept4, int fd, struct sockaddr *address, socklen_t *bytes, int flags)
{
	(void)address;
	(void)bytes;
	(void)flags;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(accept_client(connection_of(fd)));
}

/* Over the network its outcome is known later; nobody answering is not known at all. */
static int connect_socket(struct connection *connection, const struct sockaddr *address)
{
	struct peer *peer = port_at(address);
	int code;

	if (!connection || !peer) {
		return -ECONNREFUSED;
	}
	connection->peer = peer;
	if (address->sa_family == AF_UNIX) {
		connection->line = peer_connect(peer);
		code = connection->line ? 0 : peer->away_code;
		sim_note(NOTE_OPEN, peer->index, code);
		return code;
	}
	connection->connected_ns = !peer->is_there && peer->away_code == -ETIMEDOUT
					   ? SCHED_NEVER
					   : sched_now() + peer->open_ns % SLOW_MAX_NS +
						     rng_between(sim_rng(STREAM_WORLD),
								 1000, CONNECT_MAX_NS);
	return -EINPROGRESS;
}

WRAP(int, connect, int fd, const struct sockaddr *address, socklen_t bytes)
{
	(void)bytes;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(connect_socket(connection_of(fd), address));
}

WRAP(int, getsockopt, int fd, int level, int name, void *value, socklen_t *bytes)
{
	struct connection *connection = connection_of(fd);

	(void)bytes;
	kernel_call(CALL_OTHER);
	SIM_CHECK(level == SOL_SOCKET && name == SO_ERROR, "getsockopt() %d", name);
	settle(connection);
	*(int *)value = -connection->connect_code;
	return 0;
}

WRAP(int, setsockopt, int fd, int level, int name, const void *value, socklen_t bytes)
{
	(void)fd;
	(void)level;
	(void)name;
	(void)value;
	(void)bytes;
	kernel_call(CALL_OTHER);
	return 0;
}

WRAP(int, recvmmsg, int fd, struct mmsghdr *messages, unsigned count, int flags,
     struct timespec *limit)
{
	struct sim_file *file = fds_need(fd);

	(void)flags;
	(void)limit;
	kernel_call(CALL_READ);
	SIM_CHECK(file->ops->receive, "recvmmsg() of what is no socket");
	return (int)kernel_result(file->ops->receive(file, messages, count));
}

static ssize_t send_to(int fd, const void *data, size_t bytes, const struct sockaddr *to)
{
	struct sim_file *file = fds_need(fd);

	kernel_call(CALL_WRITE);
	SIM_CHECK(file->ops->send, "send() to what is no socket");
	return file->ops->send(file, data, bytes, to);
}

WRAP(ssize_t, send, int fd, const void *data, size_t bytes, int flags)
{
	SIM_CHECK(flags & MSG_NOSIGNAL, "a send that may raise SIGPIPE");
	return kernel_result(send_to(fd, data, bytes, NULL));
}

WRAP(ssize_t, sendto, int fd, const void *data, size_t bytes, int flags,
     const struct sockaddr *to, socklen_t to_bytes)
{
	(void)to_bytes;
	SIM_CHECK(flags & MSG_NOSIGNAL, "a send that may raise SIGPIPE");
	return kernel_result(send_to(fd, data, bytes, to));
}

WRAP(int, sendmmsg, int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	(void)fd;
	(void)messages;
	(void)count;
	(void)flags;
	sim_fail("sendmmsg() is not simulated");
}

WRAP(ssize_t, recv, int fd, void *data, size_t bytes, int flags)
{
	struct sim_file *file = fds_file(fd);

	(void)flags;
	kernel_call(CALL_READ);
	return kernel_result(file ? file->ops->read(file, data, bytes) : -EBADF);
}

WRAP(unsigned, if_nametoindex, const char *name)
{
	(void)name;
	errno = ENODEV;
	return 0;
}
