/* Pulls lines of gpio-sim, once for each cycle that it is told of; see -h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "drivers/address.h"
#include "rtloop/base/sys.h"

#define LINES_MAX 1024

struct pulser {
	int fd;
	int lines[LINES_MAX]; /* their attribute "pull" */
	unsigned count;
};

static volatile sig_atomic_t is_ending;

static const char usage[] =
	"usage: pulser PORT FILE...\n"
	"\n"
	"Whenever a datagram comes to PORT of 127.0.0.1, write \"pull-up\" and then "
	"\"pull-down\" to each\n"
	"FILE, in their order. Datagrams that come meanwhile count as one. The first is "
	"waited for; on\n"
	"SIGTERM, print how often all of them were written, and exit.\n";

static void end(int signal)
{
	(void)signal;
	is_ending = 1;
}

/* All that wait; 0 where a signal came first. */
static unsigned take_datagrams(const struct pulser *pulser)
{
	struct pollfd ready = { .fd = pulser->fd, .events = POLLIN };
	unsigned count = 0;
	char datagram[64];

	/* a signal that comes just before this is seen after it */
	(void)poll(&ready, 1, 100);
	while (recv(pulser->fd, datagram, sizeof(datagram), MSG_DONTWAIT) >= 0) {
		count++;
	}
	return count;
}

static int pull(int fd, const char *way)
{
	return pwrite(fd, way, strlen(way), 0) < 0 ? -errno : 0;
}

static int pulse_all(const struct pulser *pulser)
{
	int code = 0;

	for (unsigned i = 0; i < pulser->count && code == 0; i++) {
		code = pull(pulser->lines[i], "pull-up");
		code = code ? code : pull(pulser->lines[i], "pull-down");
	}
	return code;
}

static int run(const struct pulser *pulser)
{
	unsigned rounds = 0;
	int code = 0;

	while (!is_ending && code == 0) {
		if (take_datagrams(pulser) > 0) {
			code = pulse_all(pulser);
			rounds++;
		}
	}
	printf("%u\n", rounds);
	return code;
}

static int open_all(struct pulser *pulser, const char *port, char **files)
{
	struct address at;
	char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%.16s", port);
	if (address_parse(text, &at) || !at.has_port) {
		return -EINVAL;
	}
	pulser->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (pulser->fd < 0 ||
	    bind(pulser->fd, (const struct sockaddr *)&at.storage, at.bytes)) {
		return -errno;
	}
	for (; files[pulser->count]; pulser->count++) {
		int fd = sys_open(files[pulser->count], O_WRONLY, 0);

		if (fd < 0) {
			return fd;
		}
		pulser->lines[pulser->count] = fd;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct pulser pulser = { .fd = -1 };
	const struct sigaction action = { .sa_handler = end };
	int code;

	if (argc < 3 || argc - 2 > LINES_MAX || argv[1][0] == '-') {
		fputs(usage, argc > 1 && strcmp(argv[1], "-h") == 0 ? stdout : stderr);
		return argc > 1 && strcmp(argv[1], "-h") == 0 ? 0 : 2;
	}
	sigaction(SIGTERM, &action, NULL);
	code = open_all(&pulser, argv[1], argv + 2);
	code = code ? code : run(&pulser);
	if (code) {
		fprintf(stderr, "pulser: %s\n", strerror(-code));
	}
	return code != 0;
}
