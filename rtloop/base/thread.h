/*
 * Threads with everything about them explicit: stack, policy, priority, CPU. A thread
 * inherits the policy of its maker otherwise, and with memory locked a default stack may
 * not be had.
 */
#ifndef RTLOOP_BASE_THREAD_H
#define RTLOOP_BASE_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct thread_options {
	const char *name;   /* at most 15 bytes, as the kernel shows it */
	size_t stack_bytes; /* mapped, and every page touched */
	int priority;	    /* 1 to 99: SCHED_FIFO; 0: SCHED_OTHER */
	int cpu;	    /* -1: any */
	uint32_t rights;    /* enum right, joined: what it keeps of its maker's */
};

struct thread {
	pthread_t id;
	void *stack;	    /* with the guard page below it */
	size_t stack_bytes; /* of both */
	_Atomic bool
		is_running; /* whoever watches a thread may look while it is being started */
	uint32_t rights;
	void *(*main)(void *arg);
	void *arg;
	_Atomic bool is_to_park;
	_Atomic bool is_parked;
};

/**
 * thread_start - run @main(@arg) in a thread of its own.
 * @thread: stays where it is until the thread has ended
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

/** thread_join_until - the same, but not beyond @until_ns, CLOCK_MONOTONIC: false where it runs still. [super] */
bool thread_join_until(struct thread *thread, int64_t until_ns) MUST_CHECK;

/**
 * thread_ask_park - the thread is to stop where it stands, in the middle of whatever it does, and never to go on:
 * in a signal's handler it sleeps until the process ends.
 *
 * Works on one that loops, and on one that waits in a call of the kernel that can be interrupted; where the call
 * cannot be, when it is over. What it held (a lock of the C library, say) stays held. [super]
 */
void thread_ask_park(struct thread *thread);

/** thread_is_parked - it has stopped; what it had written until then is seen. [super] */
bool thread_is_parked(const struct thread *thread);

/** thread_park_here - never returns. @thread: the one that calls it. [rt] */
void thread_park_here(struct thread *thread) RT_SAFE __attribute__((noreturn));

/** thread_demote - an ordinary thread from now on: it takes no CPU from others any more. [super] */
void thread_demote(const struct thread *thread);

#endif
