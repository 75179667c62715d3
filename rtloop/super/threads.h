/*
 * Who ran: the time that each thread of the machine has spent running, at two moments.
 *
 * A thread that has ended by the second is not seen, whatever it ran: the sum of what is seen, held
 * against what the CPU ran in all, tells how much that was.
 */
#ifndef RTLOOP_SUPER_THREADS_H
#define RTLOOP_SUPER_THREADS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/super/proc.h"

/* More threads are not looked at, and said. */
#define THREADS_MAX 4096

/* Of those that ran on a CPU, so many are told of by name. */
#define THREADS_RAN_MAX 16

struct thread_time {
	int id;
	uint64_t run_ns;
};

struct threads {
	const char *root;	   /* borrowed: put before each path; "" */
	unsigned capacity;	   /* THREADS_MAX */
	struct thread_time *times; /* in order of ids; THREADS_MAX of each */
	struct thread_time *next;
	unsigned count;
	bool is_cut; /* there were more */
};

/* One that ran between two moments. */
struct thread_ran {
	int id;
	uint64_t ran_ns;
	bool may_preempt; /* the cycle thread: it is real-time, of the same priority or more */
	struct proc_thread thread;
};

struct threads_ran {
	/* those that may preempt first; of each kind who ran longest first */
	struct thread_ran list[THREADS_RAN_MAX];
	unsigned count;
	uint64_t others_ns;	    /* of all others that ran on that CPU, together */
	uint64_t others_preempt_ns; /* of those, who may preempt */
	uint64_t self_ns;	    /* what the cycle thread itself ran */
	bool is_cut;		    /* not all were seen: sums prove nothing */
};

/** threads_init - -ENOMEM. [super] */
int threads_init(struct threads *threads, const char *root) MUST_CHECK;
void threads_fini(struct threads *threads);

/** threads_look - take the times of all threads. [super] */
void threads_look(struct threads *threads);

/* The cycle thread, as far as others can be in its way. */
struct threads_self {
	int id;
	int cpu;
	int priority; /* real-time; 0: it is an ordinary thread, which any may preempt */
};

/**
 * threads_compare - take them again: who ran since, of those that are on @self's CPU now.
 *
 * Where the kernel keeps no times of threads nobody ran. [super]
 */
void threads_compare(struct threads *threads, const struct threads_self *self,
		     struct threads_ran *ret_ran);

#endif
