/*
 * What files of /proc say of threads and CPUs, taken apart. Nothing here reads a file: tests give texts.
 * A file may be cut, may come from another version of the kernel, and a thread's name may hold any byte.
 */
#ifndef RTLOOP_SUPER_PROC_H
#define RTLOOP_SUPER_PROC_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/* Of a thread: /proc/PID/schedstat; of all threads of a CPU: its line in /proc/schedstat. */
struct proc_sched {
	uint64_t run_ns;   /* spent running */
	uint64_t delay_ns; /* spent ready to run, while others ran */
	uint64_t
		slices; /* how often it was given a CPU; of a CPU: to a thread other than idle */
};

/* Of a thread: /proc/PID/stat. */
struct proc_thread {
	char name[16];
	uint64_t minor_faults;
	uint64_t major_faults;
	int cpu;      /* it runs on, or ran on last */
	int priority; /* real-time priority; 0: none */
	int policy;   /* SCHED_OTHER, SCHED_FIFO ...: the kernel's numbers */
};

/* Of a thread: /proc/PID/status. */
struct proc_switches {
	uint64_t voluntary;
	uint64_t involuntary;
};

#define PROC_COUNTS_MAX 384
#define PROC_NAME_BYTES 40

/* One CPU's column of /proc/interrupts or /proc/softirqs. */
struct proc_count {
	char name
		[PROC_NAME_BYTES]; /* "37(eth0)", "LOC(Local_timer_interrupts)", "NET_RX": no blanks */
	uint64_t value;
};

struct proc_counts {
	struct proc_count list[PROC_COUNTS_MAX];
	unsigned count;
};

/** proc_parse_sched - of a thread. -EBADMSG. [any but rt] */
int proc_parse_sched(const char *text, struct proc_sched *ret_sched) MUST_CHECK;

/** proc_parse_cpu_sched - of /proc/schedstat. -ENOENT without that CPU, -EBADMSG. [any but rt] */
int proc_parse_cpu_sched(const char *text, int cpu,
			 struct proc_sched *ret_sched) MUST_CHECK;

/** proc_parse_thread - -EBADMSG. [any but rt] */
int proc_parse_thread(const char *text, struct proc_thread *ret_thread) MUST_CHECK;

/** proc_parse_switches - -EBADMSG where either is not there. [any but rt] */
int proc_parse_switches(const char *text, struct proc_switches *ret_switches) MUST_CHECK;

/** proc_parse_steal - of /proc/stat: ticks that a hypervisor took. -ENOENT, -EBADMSG. [any but rt] */
int proc_parse_steal(const char *text, int cpu, uint64_t *ret_ticks) MUST_CHECK;

/** proc_parse_value - the number behind "KEY " at a line's beginning. -ENOENT. [any but rt] */
int proc_parse_value(const char *text, const char *key, uint64_t *ret_value) MUST_CHECK;

/**
 * proc_parse_counts - one CPU's column. Lines that have none, like ERR, are left out, and so are
 * lines past PROC_COUNTS_MAX.
 *
 * -ENOENT without that CPU: it is offline. [any but rt]
 */
int proc_parse_counts(const char *text, int cpu,
		      struct proc_counts *ret_counts) MUST_CHECK;

/**
 * proc_count_before - what a count was; 0 for one that is new.
 * @hint: where it probably stands
 *
 * False where it is not known: it may be past PROC_COUNTS_MAX of them. [any but rt]
 */
bool proc_count_before(const struct proc_counts *before, const struct proc_count *now,
		       unsigned hint, uint64_t *ret_value);

/** proc_clean_name - what is not a letter, a digit or one of "_-./:" becomes "_". [any but rt] */
void proc_clean_name(char *name);

#endif
