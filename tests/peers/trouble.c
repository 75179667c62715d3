/*
 * What delays a cycle, on purpose:
 *
 *   trouble hog CPU PRIORITY MS    a SCHED_FIFO thread that spins for so long, and then sleeps until killed
 *   trouble timers CPU COUNT MS    so many timers that expire at once, ten times a second: one long interrupt
 *   trouble pageout PID MS         take the program's pages away from a process, again and again
 *
 * It says "begun" when it begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define MAPPINGS_MAX 64
#define TIMERS_NS    (100 * NS_PER_MS)

static int usage(void)
{
	fputs("usage: trouble hog CPU PRIORITY MS | timers CPU COUNT MS | pageout PID "
	      "MS\n",
	      stderr);
	return 2;
}

static int fail(const char *what)
{
	fprintf(stderr, "trouble: %s: %s\n", what, strerror(errno));
	return 1;
}

static void say_begun(void)
{
	puts("begun");
	fflush(stdout);
}

static int hog(int cpu, int priority, int64_t ns)
{
	struct sched_param param = { .sched_priority = priority };
	int64_t end_ns;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	/* all that may fault or wait comes before: nothing is to let others run meanwhile */
	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setaffinity(0, sizeof(cpus), &cpus)) {
		return fail("cannot prepare");
	}
	say_begun();
	if (sched_setscheduler(0, SCHED_FIFO, &param)) {
		return fail("SCHED_FIFO");
	}
	end_ns = sys_now() + ns;
	while (sys_now() < end_ns) {
	}
	for (;;) {
		pause();
	}
}

struct timers {
	int64_t first_ns;
	int64_t end_ns;
};

/* Of a real-time thread the kernel runs the timer in the interrupt itself. */
static void *sleep_again_and_again(void *arg)
{
	const struct timers *timers = arg;
	struct sched_param param = { .sched_priority = 1 };
	int64_t ns = timers->first_ns;

	sched_setscheduler(0, SCHED_FIFO, &param);
	for (; ns < timers->end_ns; ns += TIMERS_NS) {
		sys_sleep_until(ns);
	}
	return NULL;
}

static int expire_timers(int cpu, int count, int64_t ns)
{
	struct timers timers = { .first_ns = sys_now() + 6 * NS_PER_SEC };
	pthread_attr_t attr;
	cpu_set_t cpus;

	timers.end_ns = timers.first_ns + ns;
	CPU_ZERO(&cpus);
	CPU_SET((size_t)cpu, &cpus);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 64 * 1024);
	if (sched_setaffinity(0, sizeof(cpus), &cpus)) {
		return fail("affinity");
	}
	for (int i = 0; i < count; i++) {
		pthread_t thread;

		errno = pthread_create(&thread, &attr, sleep_again_and_again, &timers);
		if (errno) {
			return fail("no thread");
		}
	}
	say_begun();
	sys_sleep_until(timers.end_ns + NS_PER_SEC);
	return 0;
}

/* The mappings of files, which the kernel can drop and read again. */
static size_t find_mappings(int process, struct iovec list[MAPPINGS_MAX])
{
	char path[64], line[512];
	size_t count = 0;
	FILE *in;

	snprintf(path, sizeof(path), "/proc/%d/maps", process);
	in = fopen(path, "re");
	while (in && count < MAPPINGS_MAX && fgets(line, sizeof(line), in)) {
		char *end;
		uint64_t from = strtoull(line, &end, 16);
		uint64_t to = *end == '-' ? strtoull(end + 1, NULL, 16) : from;

		if (to > from && strstr(line, "rtloop")) {
			uintptr_t address = (uintptr_t)from;

			/* an address of another process: here it is only a number */
			memcpy(&list[count].iov_base, &address, sizeof(address));
			list[count++].iov_len = (size_t)(to - from);
		}
	}
	if (in) {
		fclose(in);
	}
	return count;
}

static int page_out(int process, int64_t ns)
{
	struct iovec mappings[MAPPINGS_MAX];
	size_t count = find_mappings(process, mappings);
	int fd = (int)syscall(SYS_pidfd_open, process, 0);
	int64_t end_ns = sys_now() + ns;

	if (fd < 0 || count == 0) {
		return fail("no such process");
	}
	say_begun();
	do {
		if (syscall(SYS_process_madvise, fd, mappings, count, MADV_PAGEOUT, 0) <
		    0) {
			return fail("process_madvise");
		}
	} while (sys_now() < end_ns);
	return 0;
}

static int number(const char *text)
{
	return (int)strtol(text, NULL, 10);
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "hog") == 0) {
		return hog(number(argv[2]), number(argv[3]), number(argv[4]) * NS_PER_MS);
	}
	if (argc == 5 && strcmp(argv[1], "timers") == 0) {
		return expire_timers(number(argv[2]), number(argv[3]),
				     number(argv[4]) * NS_PER_MS);
	}
	if (argc == 4 && strcmp(argv[1], "pageout") == 0) {
		return page_out(number(argv[2]), number(argv[3]) * NS_PER_MS);
	}
	return usage();
}
