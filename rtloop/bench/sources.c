#include "rtloop/bench/sources.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "rtloop/base/limit.h"
#include "rtloop/base/sys.h"

#define SETTLE_MS 20000

/* Nine ways to read 256 endpoints, and what else there is. */
#define FILES_WANTED 8192

static const char *const kind_names[SOURCE_KINDS] = {
	[SOURCE_STREAM] = "stream", [SOURCE_PACKET] = "packet", [SOURCE_UDP] = "udp",
	[SOURCE_PTY] = "pty",	    [SOURCE_PIPE] = "pipe",
};

const char *source_kind_name(enum source_kind kind)
{
	return kind_names[kind];
}

unsigned source_set_count(const struct source_set *set)
{
	unsigned count = 0;

	for (unsigned kind = 0; kind < SOURCE_KINDS; kind++) {
		count += set->counts[kind];
	}
	return count;
}

bool source_is_socket(const struct source *source)
{
	return source->kind == SOURCE_STREAM || source->kind == SOURCE_PACKET ||
	       source->kind == SOURCE_UDP;
}

static int open_pair(struct source *source, int type)
{
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends)) {
		return -errno;
	}
	source->read_fd = ends[0];
	source->write_fd = ends[1];
	return 0;
}

/* Bound to a port that nobody else has, and connected to itself by another socket. */
static int open_udp(struct source *source)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t bytes = sizeof(address);

	source->read_fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	source->write_fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (source->read_fd < 0 || source->write_fd < 0 ||
	    bind(source->read_fd, (struct sockaddr *)&address, bytes) ||
	    getsockname(source->read_fd, (struct sockaddr *)&address, &bytes) ||
	    connect(source->write_fd, (struct sockaddr *)&address, bytes)) {
		return -errno;
	}
	return 0;
}

static int open_pty(struct source *source)
{
	struct termios mode;

	if (openpty(&source->write_fd, &source->read_fd, NULL, NULL, NULL)) {
		return -errno;
	}
	if (tcgetattr(source->read_fd, &mode)) {
		return -errno;
	}
	cfmakeraw(&mode);
	if (tcsetattr(source->read_fd, TCSANOW, &mode) ||
	    fcntl(source->read_fd, F_SETFL, O_RDWR | O_NONBLOCK) ||
	    fcntl(source->write_fd, F_SETFL, O_RDWR | O_NONBLOCK)) {
		return -errno;
	}
	return 0;
}

static int open_pipe(struct source *source)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC)) {
		return -errno;
	}
	source->read_fd = ends[0];
	source->write_fd = ends[1];
	return 0;
}

static int open_source(struct source *source)
{
	switch (source->kind) {
	case SOURCE_STREAM:
		return open_pair(source, SOCK_STREAM);
	case SOURCE_PACKET:
		return open_pair(source, SOCK_DGRAM);
	case SOURCE_UDP:
		return open_udp(source);
	case SOURCE_PTY:
		return open_pty(source);
	default:
		return open_pipe(source);
	}
}

static int open_kind(struct sources *sources, enum source_kind kind, unsigned count,
		     struct err *err)
{
	for (unsigned i = 0; i < count; i++) {
		struct source *source = &sources->items[sources->count++];
		int code;

		*source = (struct source){ .kind = kind, .read_fd = -1, .write_fd = -1 };
		code = open_source(source);
		if (code) {
			return err_set_errno(err, code, "cannot make %u endpoints (%s)",
					     count, kind_names[kind]);
		}
	}
	return 0;
}

int sources_open(struct sources *sources, const struct source_set *set, struct err *err)
{
	unsigned count = source_set_count(set);
	int code = 0;

	*sources = (struct sources){ .items = calloc(count + 1, sizeof(struct source)),
				     .ready = calloc(count + 1, sizeof(unsigned)) };
	if (!sources->items || !sources->ready) {
		sources_close(sources);
		return err_set(err, -ENOMEM, "no memory for %u endpoints", count);
	}
	for (unsigned kind = 0; kind < SOURCE_KINDS && code == 0; kind++) {
		code = open_kind(sources, kind, set->counts[kind], err);
	}
	if (code) {
		sources_close(sources);
	}
	return code;
}

void sources_close(struct sources *sources)
{
	for (unsigned i = 0; i < sources->count; i++) {
		sys_close(sources->items[i].read_fd);
		sys_close(sources->items[i].write_fd);
	}
	free(sources->items);
	free(sources->ready);
	*sources = (struct sources){ .items = NULL };
}

int sources_send(struct sources *sources, unsigned ready, unsigned first)
{
	/* a terminal must not take it for anything but bytes: no control character */
	static const char message[SOURCE_MESSAGE_BYTES + 1] = "M,+0123.4,56.7*\n";

	for (unsigned i = 0; i < ready; i++) {
		unsigned place = (first + i * sources->count / ready) % sources->count;
		ssize_t sent = sys_write(sources->items[place].write_fd, message,
					 SOURCE_MESSAGE_BYTES);

		if (sent != SOURCE_MESSAGE_BYTES) {
			return sent < 0 ? (int)sent : -EIO;
		}
		sources->ready[i] = place;
	}
	sources->ready_count = ready;
	return 0;
}

int sources_settle(const struct sources *sources)
{
	for (unsigned i = 0; i < sources->ready_count; i++) {
		const struct source *source = &sources->items[sources->ready[i]];
		struct pollfd polled = { .fd = source->read_fd, .events = POLLIN };

		/* what is sent to a UNIX socket or a pipe is there */
		if ((source->kind == SOURCE_PTY || source->kind == SOURCE_UDP) &&
		    poll(&polled, 1, SETTLE_MS) != 1) {
			return -ETIMEDOUT;
		}
	}
	return 0;
}

void sources_lift_limit(void)
{
	struct rlimit limit;

	limit_lift_files();
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_max < FILES_WANTED) {
		/* for whoever may */
		limit.rlim_cur = limit.rlim_max = FILES_WANTED;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}
