#include "rtloop/base/thread.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rtloop/base/rights.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define INTERRUPT_SIGNAL SIGUSR2

/* How soon the end of a thread is noticed. */
#define JOIN_LOOK_NS NS_PER_MS

/* ThreadSanitizer puts about a megabyte of its own on each stack. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SANITIZER_BYTES (2u << 20)
#endif
#elif defined(__SANITIZE_THREAD__)
#define SANITIZER_BYTES (2u << 20)
#endif
#ifndef SANITIZER_BYTES
#define SANITIZER_BYTES 0u
#endif

void thread_park_here(struct thread *thread)
{
	/* pairs with the acquire in thread_is_parked() */
	atomic_store_explicit(&thread->is_parked, true, memory_order_release);
	for (;;) {
		(void)sys_sleep_until(INT64_MAX);
	}
}

/* A handler reaches nothing but statics: which of the threads it runs in. */
static _Thread_local struct thread *self;

static void park_if_asked(void)
{
	if (self && atomic_load(&self->is_to_park)) {
		thread_park_here(self);
	}
}

static void take_interrupt(int signal)
{
	(void)signal;
	park_if_asked();
}

static void *begin_thread(void *arg)
{
	struct thread *thread = arg;

	self = thread;
	/* capabilities are each thread's own: what it does not need it gives up before anything else */
	(void)rights_keep(thread->rights);
	/* a signal may have come before this thread knew itself */
	park_if_asked();
	return thread->main(thread->arg);
}

static size_t guard_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static int set_attributes(pthread_attr_t *attr, const struct thread *thread,
			  const struct thread_options *options)
{
	struct sched_param param = { .sched_priority = options->priority };
	int policy = options->priority > 0 ? SCHED_FIFO : SCHED_OTHER;
	int code = pthread_attr_setstack(attr, (uint8_t *)thread->stack + guard_bytes(),
					 thread->stack_bytes - guard_bytes());
	cpu_set_t cpus;

	code = code ? code : pthread_attr_setinheritsched(attr, PTHREAD_EXPLICIT_SCHED);
	code = code ? code : pthread_attr_setschedpolicy(attr, policy);
	code = code ? code : pthread_attr_setschedparam(attr, &param);
	if (options->cpu >= 0) {
		CPU_ZERO(&cpus);
		CPU_SET((size_t)options->cpu, &cpus);
		code = code ? code
			    : pthread_attr_setaffinity_np(attr, sizeof(cpus), &cpus);
	}
	return -code;
}

/* A stack that is handed to pthread_create() gets no guard page from it: without one, a
 * stack that is too small would silently spoil what lies below. */
static int map_stack(struct thread *thread, size_t bytes)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;
	size_t all = guard_bytes() + bytes;
	uint8_t *stack = mmap(NULL, all, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (stack == MAP_FAILED) {
		return -errno;
	}
	if (mprotect(stack, guard_bytes(), PROT_NONE)) {
		int code = -errno;

		munmap(stack, all);
		return code;
	}
	memset(stack + guard_bytes(), 0, bytes);
	thread->stack = stack;
	thread->stack_bytes = all;
	return 0;
}

/* Signals are the main thread's business; only the interrupt, and faults of its own, reach others. */
static int create_without_signals(struct thread *thread, const pthread_attr_t *attr)
{
	static const int kept[] = { INTERRUPT_SIGNAL, SIGSEGV, SIGBUS,
				    SIGFPE,	      SIGILL,  SIGABRT };
	sigset_t blocked, before;
	int code;

	sigfillset(&blocked);
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		sigdelset(&blocked, kept[i]);
	}
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	code = -pthread_create(&thread->id, attr, begin_thread, thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return code;
}

static int say_why(const struct thread_options *options, int code, struct err *err)
{
	if (code == -EINVAL && options->cpu >= 0) {
		return err_set(err, code,
			       "cannot start thread %s on CPU %d; expected one that this "
			       "process "
			       "may use, as nproc and taskset -p show them",
			       options->name, options->cpu);
	}
	return err_set_errno(err, code, "cannot start thread %s", options->name);
}

int thread_start(struct thread *thread, const struct thread_options *options,
		 void *(*main)(void *), void *arg, struct err *err)
{
	pthread_attr_t attr;
	int code;

	*thread = (struct thread){ .rights = options->rights, .main = main, .arg = arg };
	code = map_stack(thread, options->stack_bytes + SANITIZER_BYTES);
	if (code) {
		return err_set_errno(err, code, "no memory for the stack of thread %s",
				     options->name);
	}
	code = -pthread_attr_init(&attr);
	if (code == 0) {
		code = set_attributes(&attr, thread, options);
		code = code ? code : create_without_signals(thread, &attr);
		pthread_attr_destroy(&attr);
	}
	if (code) {
		munmap(thread->stack, thread->stack_bytes);
		return say_why(options, code, err);
	}
	pthread_setname_np(thread->id, options->name);
	thread->is_running = true;
	return 0;
}

void thread_prepare(void)
{
	struct sigaction action = { .sa_handler = take_interrupt };

	/* one that is parked takes no other signal either */
	sigfillset(&action.sa_mask);
	sigaction(INTERRUPT_SIGNAL, &action, NULL);
}

void thread_interrupt(const struct thread *thread)
{
	if (thread->is_running) {
		pthread_kill(thread->id, INTERRUPT_SIGNAL);
	}
}

static void give_back(struct thread *thread)
{
	munmap(thread->stack, thread->stack_bytes);
	thread->is_running = false;
}

void thread_join(struct thread *thread)
{
	if (thread->is_running) {
		pthread_join(thread->id, NULL);
		give_back(thread);
	}
}

bool thread_join_until(struct thread *thread, int64_t until_ns)
{
	/* no call that waits for CLOCK_MONOTONIC is known to each ThreadSanitizer */
	while (thread->is_running) {
		int64_t now_ns = sys_now();

		if (pthread_tryjoin_np(thread->id, NULL) == 0) {
			give_back(thread);
		} else if (now_ns >= until_ns) {
			return false;
		} else {
			(void)sys_sleep_until(now_ns + JOIN_LOOK_NS);
		}
	}
	return true;
}

void thread_ask_park(struct thread *thread)
{
	atomic_store(&thread->is_to_park, true);
	thread_interrupt(thread);
}

bool thread_is_parked(const struct thread *thread)
{
	return atomic_load_explicit(&thread->is_parked, memory_order_acquire);
}

void thread_demote(const struct thread *thread)
{
	const struct sched_param ordinary = { .sched_priority = 0 };

	if (thread->is_running) {
		pthread_setschedparam(thread->id, SCHED_OTHER, &ordinary);
	}
}
