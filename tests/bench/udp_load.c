/*
 * Sensors for a benchmark: a datagram of 8 bytes to each of COUNT ports of this machine, from FIRST_PORT
 * on, every PERIOD_US, until it is ended or its parent is gone. They come all at once, or in PARTS that are spread
 * over the period. A datagram holds four numbers of 16 bits that all change.
 *
 * usage: udp_load FIRST_PORT COUNT PERIOD_US [PARTS]
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

	number *= UINT64_C(0x0001000100010001);
	(void)sendto(fd, &number, sizeof(number), 0, (const struct sockaddr *)&to,
		     sizeof(to));
}

static void sleep_until(int64_t due_ns)
{
	struct timespec due = { .tv_sec = due_ns / 1000000000,
				.tv_nsec = due_ns % 1000000000 };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

int main(int argc, char **argv)
{
	unsigned first, count, parts;
	int64_t period_ns, start_ns;
	int fd;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: udp_load FIRST_PORT COUNT PERIOD_US [PARTS]\n");
		return 2;
	}
	first = (unsigned)strtoul(argv[1], NULL, 10);
	count = (unsigned)strtoul(argv[2], NULL, 10);
	period_ns = strtoll(argv[3], NULL, 10) * 1000;
	parts = argc == 5 ? (unsigned)strtoul(argv[4], NULL, 10) : 1;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return bench_fail("udp_load");
	}
	start_ns = bench_now();
	for (uint64_t number = 0;; number++) {
		int64_t due_ns = start_ns + (int64_t)number * period_ns;

		for (unsigned part = 0, i = 0; part < parts; part++) {
			sleep_until(due_ns + period_ns / parts * part);
			for (; i < (uint64_t)count * (part + 1) / parts; i++) {
				send_one(fd, first + i, number);
			}
		}
	}
}
