/*
 * Sensors for a benchmark: a datagram of 8 bytes to each of COUNT ports of this machine, from FIRST_PORT
 * on, every PERIOD_US, until it is ended or its parent is gone.
 *
 * usage: udp_load FIRST_PORT COUNT PERIOD_US
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "tests/bench/bench.h"

/* Nobody listens yet, or no more: the next one may arrive. */
static void send_one(int fd, unsigned port, uint64_t number)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	(void)sendto(fd, &number, sizeof(number), 0, (const struct sockaddr *)&to,
		     sizeof(to));
}

int main(int argc, char **argv)
{
	unsigned first, count;
	int64_t period_ns, due_ns;
	int fd;

	if (argc != 4) {
		fprintf(stderr, "usage: udp_load FIRST_PORT COUNT PERIOD_US\n");
		return 2;
	}
	first = (unsigned)strtoul(argv[1], NULL, 10);
	count = (unsigned)strtoul(argv[2], NULL, 10);
	period_ns = strtoll(argv[3], NULL, 10) * 1000;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return bench_fail("udp_load");
	}
	due_ns = bench_now();
	for (uint64_t number = 0;; number++) {
		struct timespec due = { .tv_sec = due_ns / 1000000000,
					.tv_nsec = due_ns % 1000000000 };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
		for (unsigned i = 0; i < count; i++) {
			send_one(fd, first + i, number);
		}
		due_ns += period_ns;
	}
}
