/* What the benchmarks share: time, CPUs, medians. A benchmark prints one JSON object on
 * stdout. */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline int64_t bench_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* CPU time of the calling thread, user and system, ns. */
static inline int64_t bench_thread_cpu(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* How long the whole benchmark may take: BENCH_SECONDS, or what is given. */
static inline double bench_seconds(double fallback)
{
	const char *text = getenv("BENCH_SECONDS");
	double seconds = text != NULL ? strtod(text, NULL) : 0.0;

	return seconds > 0.0 ? seconds : fallback;
}

/* The n-th CPU that this process may use; -1 where there are not so many. */
static inline int bench_cpu(int n)
{
	cpu_set_t allowed;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) {
		return -1;
	}
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET((size_t)cpu, &allowed) && n-- == 0) {
			return cpu;
		}
	}
	return -1;
}

static inline void bench_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Sorts @values; 0 where there are none. */
static inline double bench_median(double *values, size_t count)
{
	if (count == 0) {
		return 0.0;
	}
	qsort(values, count, sizeof(*values), bench_compare);
	return count % 2 != 0 ? values[count / 2]
			      : (values[count / 2 - 1] + values[count / 2]) / 2.0;
}

static inline int bench_fail(const char *what)
{
	perror(what);
	return EXIT_FAILURE;
}

#endif
