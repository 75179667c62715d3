/*
 * Page faults on the cycle's CPU, each with its time: the kernel writes them into a buffer that is mapped
 * here, so that reading them costs nobody a call.
 *
 * They are asked of the CPU, not of the thread: an event of a thread makes the kernel switch it at each
 * of the thread's sleeps, which costs some 2000 instructions a cycle; one of a CPU costs nothing until a
 * page is faulted in. The price is that this takes a right (CAP_PERFMON, or kernel.perf_event_paranoid at
 * most 0) and a cycle that is bound to a CPU.
 */
#ifndef RTLOOP_SUPER_FAULTS_H
#define RTLOOP_SUPER_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define FAULTS_KINDS 2 /* minor, major */

struct fault {
	int64_t time_ns; /* CLOCK_MONOTONIC */
	uint64_t address;
	uint64_t ip;   /* of the instruction */
	bool is_major; /* it had to be read from a disk */
};

struct faults {
	int thread;
	int fds[FAULTS_KINDS];
	uint8_t *maps[FAULTS_KINDS]; /* NULL: not open */
	uint8_t *copy;		     /* of what one of them holds */
	uint64_t lost;		     /* of any thread on that CPU, since the last call */
};

/**
 * faults_open - on one CPU; whose are told is faults->thread, once it is known. -EACCES, -EPERM, -ENOSYS,
 * -ENOMEM and others. [super]
 */
int faults_open(struct faults *faults, int cpu) MUST_CHECK;
void faults_close(struct faults *faults);

/** faults_is_open - [any] */
bool faults_is_open(const struct faults *faults);

/**
 * faults_take - those of the thread since the last call: the first @capacity of them.
 *
 * Returns how many there were, which may be more. [super]
 */
unsigned faults_take(struct faults *faults, struct fault *list, unsigned capacity);

/** faults_parse - the records of such a buffer, as faults_take() does; for tests. [any but rt] */
unsigned faults_parse(struct faults *faults, bool is_major, const uint8_t *records,
		      uint64_t bytes, struct fault *list, unsigned capacity);

#endif
