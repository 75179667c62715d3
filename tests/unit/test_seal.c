#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rtloop/base/calls.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/seal.h"
#include "rtloop/cycle/seal_arch.h"

/* What a sealed thread does, in a process of its own: a seal is for good. Its exit status is what it finds; 77:
 * the kernel has no filters, as under qemu's user emulation. */
typedef int (*deed_of_thread)(struct seal *seal);

#define NO_FILTERS 77

struct task {
	int kind;
	deed_of_thread deed;
	int status;
	struct seal seal;
};

static const struct filter_scope nothing = { .calls = CALLS_NOW | CALLS_END,
					     .timer_fd = -1,
					     .pacer_fd = -1,
					     .poller_fd = -1,
					     .signal_fd = -1 };

static void *do_sealed(void *arg)
{
	struct task *task = arg;
	struct err err = { "" };

	if (seal_put_on(&task->seal, task->kind, &nothing, &err)) {
		task->status =
			strstr(err.text, "'seal: off' runs without") ? NO_FILTERS : 98;
		return NULL;
	}
	task->status = task->deed(&task->seal);
	return NULL;
}

static int work(int kind, deed_of_thread deed)
{
	struct task task = { .kind = kind, .deed = deed };
	pthread_t thread;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    pthread_create(&thread, NULL, do_sealed, &task) ||
	    pthread_join(thread, NULL)) {
		return 99;
	}
	return task.status;
}

/* What it says on standard error comes back in @said. */
static int run(int kind, deed_of_thread deed, char *said, size_t bytes)
{
	int status, ends[2];
	ssize_t got;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		_exit(work(kind, deed));
	}
	close(ends[1]);
	got = read(ends[0], said, bytes - 1);
	said[got > 0 ? got : 0] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_FILTERS) {
		print_message("the kernel has no filters of system calls\n");
		skip();
	}
	return status;
}

static void assert_good(int kind, deed_of_thread deed)
{
	char said[512];
	int status = run(kind, deed, said, sizeof(said));

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int call_what_is_allowed(struct seal *seal)
{
	struct timespec now;

	if (syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) || now.tv_sec < 0) {
		return 1;
	}
	return seal_next(seal, 0) ? 2 : counter_get(&seal->total) != 0;
}

static int call_others(struct seal *seal)
{
	char text[SEAL_TEXT_BYTES], expected[64];
	const struct seal_call *call;
	long parent = 0;

	for (int i = 0; i < 3; i++) {
		parent = syscall(SYS_getppid);
	}
	if (parent != getppid()) {
		return 1; /* it was not made */
	}
	call = seal_next(seal, 0);
	if (!call || call->number != SYS_getppid || atomic_load(&call->count) != 3) {
		return 2;
	}
	seal_describe(call, text);
	snprintf(expected, sizeof(expected), "getppid (%d) at rtloop+0x", SYS_getppid);
	return strncmp(text, expected, strlen(expected)) != 0 ||
	       counter_get(&seal->total) < 3;
}

/* Arguments and results go through the handler whole. */
static int read_a_file(struct seal *seal)
{
	int fd = open("/dev/zero", O_RDONLY);
	char bytes[3] = { 1, 1, 1 };
	int code = fd < 0 || read(fd, bytes, 2) != 2 || bytes[0] || bytes[1] || !bytes[2];

	if (fd < 0 || close(fd) || open("/dev/null/none", O_RDONLY) >= 0) {
		return 1;
	}
	return code ? 2 : errno != ENOTDIR || counter_get(&seal->total) < 3;
}

static int start_a_process(struct seal *seal)
{
	long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (child == 0) {
		_exit(0);
	}
	return child >= 0 || errno != EPERM || seal_next(seal, 0)->number != SYS_clone;
}

/* A call with a place for each, from as many places as the list has room for, and then some. */
static int call_many(struct seal *seal)
{
	struct seal_request request = { .number = SYS_getppid };
	unsigned count = 0;

	for (long number = 0; number < 2 * SEAL_CALLS_MAX; number++) {
		request.number = 100000 + number;
		(void)syscall(request.number);
	}
	while (seal_next(seal, count)) {
		count++;
	}
	return count != SEAL_CALLS_MAX ||
	       counter_get(&seal->total) < (uint64_t)2 * SEAL_CALLS_MAX;
}

static int call_one_and_go_on(struct seal *seal)
{
	(void)syscall(SYS_getppid);
	return 0;
}

static int print(struct seal *seal)
{
	(void)!write(STDERR_FILENO, "not to be seen\n", 15);
	return 0;
}

static int send_signal(struct seal *seal)
{
	raise(SIGSYS);
	return 0;
}

static void what_the_scope_holds_costs_nothing(void **state)
{
	assert_good(SEAL_LOG, call_what_is_allowed);
	assert_good(SEAL_KILL, call_what_is_allowed);
}

static void a_call_that_is_logged_is_made_counted_and_named_with_its_place(void **state)
{
	assert_good(SEAL_LOG, call_others);
	assert_good(SEAL_LOG, read_a_file);
}

static void a_process_is_not_made_even_where_calls_are_only_logged(void **state)
{
	assert_good(SEAL_LOG, start_a_process);
}

static void more_places_than_there_is_room_for_are_counted(void **state)
{
	assert_good(SEAL_LOG, call_many);
}

static void a_seal_that_is_off_changes_nothing(void **state)
{
	char said[64];
	int status = run(SEAL_OFF, call_one_and_go_on, said, sizeof(said));

	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_call_that_is_not_allowed_kills_the_process_which_says_why(void **state)
{
	char said[512], expected[256];
	int status = run(SEAL_KILL, call_one_and_go_on, said, sizeof(said));

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
	snprintf(expected, sizeof(expected),
		 "rtloop: loop: seal: the cycle thread called getppid (%d) at rtloop+0x",
		 SYS_getppid);
	assert_memory_equal(said, expected, strlen(expected));
	assert_non_null(strstr(said, ", which its configuration does not need: the "
				     "process is killed\n"));
}

static void what_the_handler_may_print_the_thread_may_not(void **state)
{
	char said[512];
	int status = run(SEAL_KILL, print, said, sizeof(said));

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	assert_null(strstr(said, "not to be seen"));
	assert_non_null(strstr(said, "called write ("));
}

static void the_signal_itself_kills_as_it_does_without_a_seal(void **state)
{
	char said[512];
	int status = run(SEAL_KILL, send_signal, said, sizeof(said));

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

static void what_is_not_known_is_described_by_its_number(void **state)
{
	static const struct seal_object plugin = { .name = "voter.so" };
	struct seal_call call = { .number = 123456, .object = &plugin, .offset = 0x1a2b };
	char text[SEAL_TEXT_BYTES];
	unsigned bytes;

	bytes = seal_describe(&call, text);
	assert_int_equal(bytes, strlen(text));
	assert_string_equal(text, "a system call (123456) at voter.so+0x1a2b");
	call = (struct seal_call){ .number = 20, .is_foreign = true };
	seal_describe(&call, text);
	assert_string_equal(text, "a system call (20, of another architecture)");
	assert_string_equal(seal_call_name(SYS_openat), "openat");
	assert_null(seal_call_name(123456));
	assert_string_equal(seal_kind_name(SEAL_KILL), "kill");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_scope_holds_costs_nothing),
		cmocka_unit_test(
			a_call_that_is_logged_is_made_counted_and_named_with_its_place),
		cmocka_unit_test(a_process_is_not_made_even_where_calls_are_only_logged),
		cmocka_unit_test(more_places_than_there_is_room_for_are_counted),
		cmocka_unit_test(a_seal_that_is_off_changes_nothing),
		cmocka_unit_test(
			a_call_that_is_not_allowed_kills_the_process_which_says_why),
		cmocka_unit_test(what_the_handler_may_print_the_thread_may_not),
		cmocka_unit_test(the_signal_itself_kills_as_it_does_without_a_seal),
		cmocka_unit_test(what_is_not_known_is_described_by_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
