/*
 * Peers that nobody wants at a control socket: each kind does one thing wrong, as many times as stated, and says
 * at the end what came of it.
 *
 * usage: pest KIND COUNT SOCKET
 *	silent	connects and says nothing, all at once, until standard input ends
 *	deaf	asks for much and reads nothing, all at once, until standard input ends
 *	garbage	sends bytes of no meaning, one connection after the other
 *	endless	sends a line without an end: COUNT KiB of it, over as many connections as that takes
 *	half	sends half a line, and then that it sends no more
 *	leave	asks, and is gone before the answer
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FULL_MS	  20000
#define KIB	  1024
#define ALL_KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct tally {
	unsigned long connected;
	unsigned long answered; /* with anything */
};

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		fprintf(stderr, "pest: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return fd;
}

/* As much as goes; who has been hung up on has sent enough. */
static size_t put(int fd, const void *bytes, size_t count)
{
	ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);

	return sent < 0 ? 0 : (size_t)sent;
}

static void hear(int fd, struct tally *tally)
{
	struct pollfd peer = { .fd = fd, .events = POLLIN };
	char bytes[KIB];

	if (poll(&peer, 1, FULL_MS) == 1 && recv(fd, bytes, sizeof(bytes), 0) > 0) {
		tally->answered++;
	}
	close(fd);
}

/* Its queue of those that wait is short: whoever comes while it is full waits in connect(). */
static void hold(unsigned long count, const char *path, const char *line,
		 struct tally *tally)
{
	char byte;

	for (unsigned long i = 0; i < count; i++) {
		int fd = connect_to(path);

		tally->connected++;
		put(fd, line, strlen(line));
	}
	printf("%lu are there\n", tally->connected);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
}

static void be_silent(unsigned long count, const char *path, struct tally *tally)
{
	hold(count, path, "", tally);
}

static void be_deaf(unsigned long count, const char *path, struct tally *tally)
{
	hold(count, path, "status\n", tally);
}

static void send_garbage(unsigned long count, const char *path, struct tally *tally)
{
	uint32_t random = 1;

	for (unsigned long i = 0; i < count; i++) {
		uint8_t bytes[256];
		int fd = connect_to(path);

		for (size_t at = 0; at < sizeof(bytes) - 1; at++) {
			random = random * 1664525 + 1013904223;
			bytes[at] = (uint8_t)(random >> 24);
		}
		bytes[sizeof(bytes) - 1] = '\n';
		tally->connected++;
		put(fd, bytes, 1 + i % sizeof(bytes));
		put(fd, bytes + sizeof(bytes) - 1, 1);
		hear(fd, tally);
	}
}

static void send_endless(unsigned long count, const char *path, struct tally *tally)
{
	char bytes[KIB];
	size_t left = count * KIB;

	memset(bytes, 'x', sizeof(bytes));
	while (left > 0) {
		int fd = connect_to(path);
		size_t sent = sizeof(bytes);

		tally->connected++;
		for (; sent > 0 && left > 0; left -= sent < left ? sent : left) {
			sent = put(fd, bytes, sizeof(bytes));
		}
		hear(fd, tally);
	}
}

static void send_half(unsigned long count, const char *path, struct tally *tally)
{
	for (unsigned long i = 0; i < count; i++) {
		int fd = connect_to(path);

		tally->connected++;
		put(fd, "stat", 4);
		shutdown(fd, SHUT_WR);
		hear(fd, tally);
	}
}

static void leave(unsigned long count, const char *path, struct tally *tally)
{
	for (unsigned long i = 0; i < count; i++) {
		int fd = connect_to(path);

		tally->connected++;
		put(fd, "status\n", 7);
		close(fd);
	}
}

static const struct {
	const char *name;
	void (*act)(unsigned long count, const char *path, struct tally *tally);
} kinds[] = {
	{ "silent", be_silent },     { "deaf", be_deaf },   { "garbage", send_garbage },
	{ "endless", send_endless }, { "half", send_half }, { "leave", leave },
};

/* A thousand descriptors are more than most shells give. */
static void lift_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

int main(int argc, char **argv)
{
	struct tally tally = { 0, 0 };

	lift_limit();
	for (size_t i = 0; argc == 4 && i < ALL_KINDS; i++) {
		if (strcmp(kinds[i].name, argv[1]) == 0) {
			kinds[i].act(strtoul(argv[2], NULL, 10), argv[3], &tally);
			printf("%lu connected, %lu answered\n", tally.connected,
			       tally.answered);
			return 0;
		}
	}
	fputs("usage: pest silent|deaf|garbage|endless|half|leave COUNT SOCKET\n",
	      stderr);
	return 2;
}
