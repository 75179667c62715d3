/*
 * What the kernel counts for one CPU, at one moment: interrupts by name, softirqs, context switches, time
 * taken by a hypervisor, throttling. What this kernel does not keep is left out.
 */
#ifndef RTLOOP_SUPER_LOOK_H
#define RTLOOP_SUPER_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/super/proc.h"
#include "rtloop/super/proc_file.h"

struct look {
	int64_t at_ns; /* 0: none was taken */
	int cpu;
	struct proc_counts interrupts; /* count 0: not to be had, as below */
	struct proc_counts softirqs;
	bool has_sched;
	struct proc_sched sched;
	bool has_steal;
	uint64_t steal_ticks;
	uint64_t thermal_throttles; /* how often the CPU, or its package, was too hot */
	uint64_t group_throttles; /* how often the control group had used up its share */
};

struct look_files {
	const char *root; /* borrowed: put before each path; "" */
	struct proc_file interrupts;
	struct proc_file softirqs;
	struct proc_file schedstat;
	struct proc_file stat;
	char group[512]; /* the folder of this process's control group; "" */
};

/** look_open - [super] */
void look_open(struct look_files *files, const char *root);
void look_close(struct look_files *files);

/** look_take - [super] */
void look_take(struct look_files *files, int cpu, int64_t now_ns, struct look *ret_look);

/**
 * look_frequency - of a CPU now, kHz; 0 where the kernel does not tell. Not for every look: some kernels
 * interrupt that CPU to learn it. [super]
 */
uint64_t look_frequency(const struct look_files *files, int cpu);

#endif
