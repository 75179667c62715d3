#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/thread.h"
#include "rtloop/base/time.h"

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define SANITIZE_THREAD
#endif
#elif defined(__SANITIZE_THREAD__)
#define SANITIZE_THREAD
#endif

#define STACK_BYTES ((size_t)256 << 10)
#define NOBODY	    65534
#define HOUR_NS	    (3600 * NS_PER_SEC)

/* What a thread finds about itself. */
struct found {
	int policy;
	int priority;
	size_t stack_bytes;
	bool is_usable;	 /* the stack's last byte */
	bool is_guarded; /* the one below it */
	cpu_set_t cpus;
	sigset_t blocked;
};

/* Whether a byte can be read: asked of the kernel, which answers EFAULT. */
static bool is_readable(const void *byte)
{
	ssize_t written = -1;
	int fds[2];

	if (pipe(fds) == 0) {
		written = write(fds[1], byte, 1);
		close(fds[0]);
		close(fds[1]);
	}
	return written == 1;
}

static void *look(void *arg)
{
	struct found *found = arg;
	struct sched_param param;
	pthread_attr_t attr;
	void *stack;

	pthread_getschedparam(pthread_self(), &found->policy, &param);
	found->priority = param.sched_priority;
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &stack, &found->stack_bytes);
	found->is_usable = is_readable(stack);
	found->is_guarded = !is_readable((char *)stack - 1);
	pthread_attr_destroy(&attr);
	pthread_getaffinity_np(pthread_self(), sizeof(found->cpus), &found->cpus);
	pthread_sigmask(SIG_SETMASK, NULL, &found->blocked);
	return NULL;
}

static struct thread_options make_options(void)
{
	return (struct thread_options){ .name = "test-thread",
					.stack_bytes = STACK_BYTES,
					.cpu = -1 };
}

static struct found run(const struct thread_options *options)
{
	struct thread thread;
	struct found found = { .policy = -1 };

	assert_int_equal(thread_start(&thread, options, look, &found, NULL), 0);
	thread_join(&thread);
	return found;
}

static int set_policy(int policy, int priority)
{
	const struct sched_param param = { .sched_priority = priority };

	return pthread_setschedparam(pthread_self(), policy, &param);
}

static void become_fifo(void)
{
	if (set_policy(SCHED_FIFO, 1)) {
		print_message("no right to SCHED_FIFO\n");
		skip();
	}
}

static void a_thread_made_by_a_real_time_one_is_ordinary(void **state)
{
	const struct thread_options options = make_options();
	struct found found;

	become_fifo();
	found = run(&options);
	assert_int_equal(set_policy(SCHED_OTHER, 0), 0);
	assert_int_equal(found.policy, SCHED_OTHER);
	assert_int_equal(found.priority, 0);
}

static void a_priority_is_one_of_fifo(void **state)
{
	struct thread_options options = make_options();
	struct found found;

	become_fifo();
	assert_int_equal(set_policy(SCHED_OTHER, 0), 0);
	options.priority = 7;
	found = run(&options);
	assert_int_equal(found.policy, SCHED_FIFO);
	assert_int_equal(found.priority, 7);
}

static void *do_nothing(void *arg)
{
	return arg;
}

static int fail_to_start(const struct thread_options *options)
{
	struct thread thread;
	struct err err = { .text = "" };
	int code = thread_start(&thread, options, do_nothing, NULL, &err);

	if (code == 0) {
		thread_join(&thread);
		return 0;
	}
	assert_non_null(strstr(err.text, options->name));
	assert_false(thread.is_running);
	thread_interrupt(&thread);
	thread_join(&thread);
	return code;
}

static void without_the_right_to_a_priority_it_says_so(void **state)
{
	struct thread_options options = make_options();
	int code;

	options.priority = 7;
	if (geteuid() != 0) {
		code = fail_to_start(&options);
		if (code == 0) {
			print_message("RLIMIT_RTPRIO allows it\n");
			skip();
		}
	} else {
		assert_int_equal(seteuid(NOBODY), 0);
		code = fail_to_start(&options);
		assert_int_equal(seteuid(0), 0);
	}
	assert_int_equal(code, -EPERM);
}

static void the_stack_is_as_large_as_asked(void **state)
{
	struct thread_options options = make_options();
	size_t slack = run(&options).stack_bytes - STACK_BYTES; /* a sanitizer's */
	struct found found;

	assert_in_range(slack, 0, (size_t)2 << 20);
	for (options.stack_bytes = STACK_BYTES; options.stack_bytes <= 4 * STACK_BYTES;
	     options.stack_bytes *= 2) {
		found = run(&options);
		assert_int_equal(found.stack_bytes - options.stack_bytes, slack);
	}
}

static atomic_bool may_end;

static void *wait_to_end(void *arg)
{
	while (!atomic_load(&may_end)) {
		sched_yield();
	}
	return look(arg);
}

static void below_the_stack_lies_what_cannot_be_touched(void **state)
{
	const struct thread_options options = make_options();
	struct found found = run(&options);

	assert_true(found.is_usable);
	assert_true(found.is_guarded);
}

static void a_thread_stays_on_its_cpu(void **state)
{
	struct thread_options options = make_options();
	cpu_set_t mine;

	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		struct found found;

		if (!CPU_ISSET((size_t)cpu, &mine)) {
			continue;
		}
		options.cpu = cpu;
		found = run(&options);
		assert_int_equal(CPU_COUNT(&found.cpus), 1);
		assert_true(CPU_ISSET((size_t)cpu, &found.cpus));
	}
}

static void without_a_cpu_stated_it_may_run_where_its_maker_may(void **state)
{
	const struct thread_options options = make_options();
	struct found found = run(&options);
	cpu_set_t mine;

	assert_int_equal(sched_getaffinity(0, sizeof(mine), &mine), 0);
	assert_true(CPU_EQUAL(&mine, &found.cpus));
}

static void a_cpu_that_is_not_there_is_an_error(void **state)
{
	struct thread_options options = make_options();

	options.cpu = CPU_SETSIZE - 1;
	assert_int_equal(fail_to_start(&options), -EINVAL);
}

static void a_stack_that_is_too_small_is_an_error(void **state)
{
	struct thread_options options = make_options();
	int code;

	options.stack_bytes = 1024;
	code = fail_to_start(&options);
	if (code == 0) {
		print_message("a sanitizer adds to each stack\n");
		skip();
	}
	assert_int_equal(code, -EINVAL);
}

static void a_stack_beyond_all_memory_is_an_error(void **state)
{
	struct thread_options options = make_options();

	options.stack_bytes = SIZE_MAX / 4 * 3;
	assert_int_equal(fail_to_start(&options), -ENOMEM);
}

static void signals_are_left_to_the_maker(void **state)
{
	static const int left[] = { SIGINT,  SIGTERM, SIGHUP,  SIGUSR1,
				    SIGALRM, SIGPIPE, SIGCHLD, SIGWINCH };
	static const int kept[] = { SIGUSR2, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
	const struct thread_options options = make_options();
	struct found found = run(&options);
	sigset_t mine;

	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		assert_true(sigismember(&found.blocked, left[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		assert_false(sigismember(&found.blocked, kept[i]));
	}
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mine), 0);
	assert_false(sigismember(&mine, SIGINT));
}

static atomic_bool has_woken;

static void *sleep_long(void *arg)
{
	*(int *)arg = sys_sleep_until(sys_now() + HOUR_NS);
	atomic_store(&has_woken, true);
	return NULL;
}

static void an_interrupt_ends_a_sleep(void **state)
{
	const struct thread_options options = make_options();
	struct thread thread;
	int code = 0;

	thread_prepare();
	atomic_store(&has_woken, false);
	assert_int_equal(thread_start(&thread, &options, sleep_long, &code, NULL), 0);
	while (!atomic_load(&has_woken)) {
		thread_interrupt(&thread);
		sched_yield();
	}
	thread_join(&thread);
	assert_int_equal(code, -EINTR);
	thread_join(&thread);
}

/* It stays where it is until the process ends: so do these. */
static struct thread parked[2];
static atomic_ulong turns;

static void *loop_for_ever(void *arg)
{
	(void)arg;
	for (;;) {
		atomic_fetch_add(&turns, 1);
	}
	return NULL;
}

static void *wait_for_ever(void *arg)
{
	(void)arg;
	for (;;) {
		pause();
	}
	return NULL;
}

static void wait_until_parked(struct thread *thread)
{
	thread_ask_park(thread);
	while (!thread_is_parked(thread)) {
		sched_yield();
	}
}

static void one_that_loops_is_parked_and_goes_on_no_more(void **state)
{
	const struct thread_options options = make_options();
	unsigned long seen;

#ifdef SANITIZE_THREAD
	print_message("ThreadSanitizer keeps signals from a thread that loops\n");
	skip();
#endif
	thread_prepare();
	assert_int_equal(thread_start(&parked[0], &options, loop_for_ever, NULL, NULL),
			 0);
	while (atomic_load(&turns) == 0) {
		sched_yield();
	}
	wait_until_parked(&parked[0]);
	seen = atomic_load(&turns);
	/* an interrupt does not wake it either */
	for (unsigned i = 0; i < 100; i++) {
		thread_interrupt(&parked[0]);
		sched_yield();
	}
	assert_int_equal(atomic_load(&turns), seen);
	assert_false(thread_join_until(&parked[0], sys_now()));
}

static void one_that_waits_is_parked(void **state)
{
	const struct thread_options options = make_options();

	thread_prepare();
	assert_int_equal(thread_start(&parked[1], &options, wait_for_ever, NULL, NULL),
			 0);
	assert_false(thread_is_parked(&parked[1]));
	wait_until_parked(&parked[1]);
}

static void a_thread_that_ends_is_joined_in_time(void **state)
{
	const struct thread_options options = make_options();
	struct thread thread;

	assert_int_equal(thread_start(&thread, &options, do_nothing, NULL, NULL), 0);
	while (!thread_join_until(&thread, sys_now() + NS_PER_MS)) {
	}
	assert_false(thread.is_running);
	assert_true(thread_join_until(&thread, 0));
}

static void a_real_time_one_is_made_ordinary(void **state)
{
	struct thread_options options = make_options();
	struct found found = { .policy = -1 };
	struct thread thread;

	become_fifo();
	assert_int_equal(set_policy(SCHED_OTHER, 0), 0);
	options.priority = 7;
	atomic_store(&may_end, false);
	assert_int_equal(thread_start(&thread, &options, wait_to_end, &found, NULL), 0);
	thread_demote(&thread);
	atomic_store(&may_end, true);
	thread_join(&thread);
	assert_int_equal(found.policy, SCHED_OTHER);
	thread_demote(&thread);
}

static void a_thread_carries_its_name(void **state)
{
	const struct thread_options options = make_options();
	struct found found;
	struct thread thread;
	char name[16];

	atomic_store(&may_end, false);
	assert_int_equal(thread_start(&thread, &options, wait_to_end, &found, NULL), 0);
	pthread_getname_np(thread.id, name, sizeof(name));
	atomic_store(&may_end, true);
	thread_join(&thread);
	assert_string_equal(name, "test-thread");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_made_by_a_real_time_one_is_ordinary),
		cmocka_unit_test(a_priority_is_one_of_fifo),
		cmocka_unit_test(without_the_right_to_a_priority_it_says_so),
		cmocka_unit_test(the_stack_is_as_large_as_asked),
		cmocka_unit_test(below_the_stack_lies_what_cannot_be_touched),
		cmocka_unit_test(a_thread_stays_on_its_cpu),
		cmocka_unit_test(without_a_cpu_stated_it_may_run_where_its_maker_may),
		cmocka_unit_test(a_cpu_that_is_not_there_is_an_error),
		cmocka_unit_test(a_stack_that_is_too_small_is_an_error),
		cmocka_unit_test(a_stack_beyond_all_memory_is_an_error),
		cmocka_unit_test(signals_are_left_to_the_maker),
		cmocka_unit_test(an_interrupt_ends_a_sleep),
		cmocka_unit_test(one_that_loops_is_parked_and_goes_on_no_more),
		cmocka_unit_test(one_that_waits_is_parked),
		cmocka_unit_test(a_thread_that_ends_is_joined_in_time),
		cmocka_unit_test(a_real_time_one_is_made_ordinary),
		cmocka_unit_test(a_thread_carries_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
