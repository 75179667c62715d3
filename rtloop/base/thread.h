/*
 * Threads with everything about them explicit: stack, policy, priority, CPU. A thread
 * inherits the policy of its maker otherwise, and with memory locked a default stack may
 * not be had.
 */
#ifndef RTLOOP_BASE_THREAD_H
#define RTLOOP_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct thread_options {
	const char *name;   /* at most 15 bytes, as the kernel shows it */
	size_t stack_bytes; /* mapped, and every page touched */
	int priority;	    /* 1 to 99: SCHED_FIFO; 0: SCHED_OTHER */
	int cpu;	    /* -1: any */
};

struct thread {
	pthread_t id;
	void *stack;	    /* with the guard page below it */
	size_t stack_bytes; /* of both */
	bool is_running;
};

/**
 * thread_start - run @main(@arg) in a thread of its own.
 *
 * -EPERM without the right to the priority, -EINVAL for a CPU that is not there or a stack
 * that is too small, -EAGAIN, -ENOMEM, with @err filled. [init]
 */
int thread_start(struct thread *thread, const struct thread_options *options,
		 void *(*main)(void *), void *arg, struct err *err) MUST_CHECK;

/** thread_prepare - the signal of thread_interrupt() does nothing but interrupt. [init]
 */
void thread_prepare(void);

/** thread_interrupt - end a sleep of the thread early; it may miss one that just begins.
 * [super] */
void thread_interrupt(const struct thread *thread);

/** thread_join - wait for its end and give the stack back; a no-op where it does not run.
 * [init] */
void thread_join(struct thread *thread);

#endif
