/* wraps: sys_datasync sys_sync_folder sys_close thread_start */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/log/syncer.h"
#include "tests/fakes/folder.h"
#include "tests/fakes/kernel.h"

#define CALLS_MAX 64

/* What the syncer did, and a gate that holds it inside a sync. */
static struct {
	int synced[CALLS_MAX];
	int closed[CALLS_MAX];
	_Atomic unsigned sync_count; /* of those that have begun */
	_Atomic unsigned close_count;
	_Atomic bool is_held;
	int thread_code;	       /* of thread_start(); 0: the real one */
	char folder_of[PATH_MAX];      /* whose folder was synced last, */
	_Atomic unsigned folder_count; /* and how often one was */
	int folder_code;	       /* what that says */
} seen;

int __real_sys_datasync(int fd);
int __wrap_sys_datasync(int fd);
int __wrap_sys_datasync(int fd)
{
	seen.synced[seen.sync_count % CALLS_MAX] = fd;
	seen.sync_count++;
	while (seen.is_held) {
		sched_yield();
	}
	return __real_sys_datasync(fd);
}

int __wrap_sys_sync_folder(const char *file);
int __wrap_sys_sync_folder(const char *file)
{
	snprintf(seen.folder_of, sizeof(seen.folder_of), "%s", file);
	seen.folder_count++;
	return seen.folder_code;
}

void __real_sys_close(int fd);
void __wrap_sys_close(int fd);
void __wrap_sys_close(int fd)
{
	__real_sys_close(fd);
	seen.closed[seen.close_count % CALLS_MAX] = fd;
	seen.close_count++;
}

int __real_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err);
int __wrap_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err);
int __wrap_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err)
{
	return seen.thread_code ? err_set_errno(err, seen.thread_code, "cannot start")
				: __real_thread_start(thread, options, main, arg, err);
}

static struct folder folder;

static int set_up(void **state)
{
	static struct syncer syncer;

	memset(&seen, 0, sizeof(seen));
	folder_init(&folder);
	*state = &syncer;
	return syncer_start(&syncer, NULL);
}

static int tear_down(void **state)
{
	seen.is_held = false;
	syncer_stop(*state);
	folder_fini(&folder);
	return 0;
}

static int open_file(const char *name)
{
	int fd = open(folder_file(&folder, name), O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "data", 4), 4);
	return fd;
}

/* As most tests number it: by its descriptor. */
static struct syncer_file file_of(int fd)
{
	return (struct syncer_file){ fd, (uint32_t)fd, 0 };
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

/* Wait until this many syncs have begun. */
static bool has_begun(void *count)
{
	return seen.sync_count >= *(unsigned *)count;
}

static void wait_for_syncs(unsigned count)
{
	wait_until(has_begun, &count);
}

static void a_file_is_synced_when_that_is_asked(void **state)
{
	int fd = open_file("a");

	syncer_ask(*state, file_of(fd));
	wait_for_syncs(1);
	syncer_stop(*state);
	assert_int_equal(seen.synced[0], fd);
	assert_int_equal(seen.sync_count, 1);
	assert_true(is_open(fd));
	close(fd);
}

static void asked_again_before_it_was_begun_it_is_done_once(void **state)
{
	int first = open_file("a"), fd = open_file("b");

	seen.is_held = true;
	syncer_ask(*state, file_of(first));
	wait_for_syncs(1);
	for (int i = 0; i < 5; i++) {
		syncer_ask(*state, file_of(fd));
	}
	seen.is_held = false;
	syncer_stop(*state);
	assert_int_equal(seen.sync_count, 2);
	assert_int_equal(seen.synced[1], fd);
	close(first);
	close(fd);
}

static void asked_again_while_it_is_done_it_is_done_again(void **state)
{
	int fd = open_file("a");

	seen.is_held = true;
	syncer_ask(*state, file_of(fd));
	wait_for_syncs(1);
	syncer_ask(*state, file_of(fd));
	seen.is_held = false;
	syncer_stop(*state);
	assert_int_equal(seen.sync_count, 2);
	close(fd);
}

static void a_retired_file_is_synced_and_then_closed(void **state)
{
	int fd = open_file("a");

	seen.is_held = true;
	syncer_retire(*state, file_of(fd));
	wait_for_syncs(1);
	assert_true(is_open(fd));
	seen.is_held = false;
	syncer_stop(*state);
	assert_int_equal(seen.synced[0], fd);
	assert_int_equal(seen.closed[0], fd);
	assert_false(is_open(fd));
}

static void a_file_that_was_asked_for_and_is_retired_is_synced_once(void **state)
{
	int first = open_file("a"), fd = open_file("b");

	seen.is_held = true;
	syncer_ask(*state, file_of(first));
	wait_for_syncs(1);
	syncer_ask(*state, file_of(fd));
	syncer_retire(*state, file_of(fd));
	seen.is_held = false;
	syncer_stop(*state);
	assert_int_equal(seen.sync_count, 2);
	assert_int_equal(seen.close_count, 1);
	close(first);
}

static void retiring_one_file_leaves_another_to_be_synced(void **state)
{
	int old = open_file("a"), next = open_file("b"), busy = open_file("c");

	seen.is_held = true;
	syncer_ask(*state, file_of(busy));
	wait_for_syncs(1);
	syncer_ask(*state, file_of(next));
	syncer_retire(*state, file_of(old));
	seen.is_held = false;
	syncer_stop(*state);
	assert_int_equal(seen.sync_count, 3);
	assert_false(is_open(old));
	assert_true(is_open(next));
	close(next);
	close(busy);
}

/* Retires one more than the list holds, from a thread that has to wait for that. */
static void *retire_many(void *syncer)
{
	for (int i = 0; i < SYNCER_RETIRED_MAX + 4; i++) {
		syncer_retire(syncer, file_of(open_file("a")));
	}
	return NULL;
}

static void many_retired_files_wait_for_room_and_are_all_closed(void **state)
{
	pthread_t thread;

	seen.is_held = true;
	assert_int_equal(pthread_create(&thread, NULL, retire_many, *state), 0);
	wait_for_syncs(1);
	assert_int_equal(seen.close_count, 0);
	seen.is_held = false;
	pthread_join(thread, NULL);
	syncer_stop(*state);
	assert_int_equal(seen.close_count, SYNCER_RETIRED_MAX + 4);
	for (unsigned i = 0; i < SYNCER_RETIRED_MAX + 4; i++) {
		assert_int_equal(seen.synced[i], seen.closed[i]);
	}
}

static void stopping_finishes_all_that_was_asked(void **state)
{
	struct syncer *syncer = *state;
	int first = open_file("a"), second = open_file("b"), third = open_file("c");

	syncer_retire(syncer, file_of(first));
	syncer_retire(syncer, file_of(second));
	syncer_ask(syncer, file_of(third));
	syncer_stop(syncer);
	assert_int_equal(seen.close_count, 2);
	assert_int_equal(seen.sync_count, 3);
	assert_int_equal(seen.closed[0], first);
	assert_int_equal(seen.closed[1], second);
	assert_int_equal(seen.synced[2], third);
	assert_int_equal(counter_get(&syncer->syncs), 3);
	assert_true(counter_get(&syncer->longest_ns) > 0);
	close(third);
	syncer_stop(syncer);
}

static bool has_failed(void *state)
{
	struct syncer *syncer = state;
	int code;

	pthread_mutex_lock(&syncer->mutex);
	code = syncer->failures[0].code;
	pthread_mutex_unlock(&syncer->mutex);
	return code != 0;
}

static void a_failure_is_told_once(void **state)
{
	int pipes[2];

	assert_int_equal(syncer_failure(*state).code, 0);
	assert_int_equal(pipe(pipes), 0);
	syncer_ask(*state, file_of(pipes[1]));
	wait_until(has_failed, *state);
	assert_int_equal(syncer_failure(*state).code, -EINVAL);
	assert_int_equal(syncer_failure(*state).code, 0);
	close(pipes[0]);
	close(pipes[1]);
}

static void a_failure_while_stopping_is_told_afterwards(void **state)
{
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	syncer_retire(*state, file_of(pipes[1]));
	syncer_stop(*state);
	assert_false(is_open(pipes[1]));
	assert_int_equal(syncer_failure(*state).code, -EINVAL);
	assert_int_equal(syncer_failure(*state).code, 0);
	close(pipes[0]);
}

static void a_descriptor_that_is_none_is_a_failure(void **state)
{
	int fd = open_file("a");

	close(fd);
	syncer_ask(*state, file_of(fd));
	syncer_stop(*state);
	assert_int_equal(syncer_failure(*state).code, -EBADF);
}

static void a_failure_names_its_file_whatever_has_its_descriptor_now(void **state)
{
	struct syncer_failure failure;
	int pipes[2], fd = open_file("a");

	assert_int_equal(pipe(pipes), 0);
	syncer_retire(*state, (struct syncer_file){ pipes[1], 6, 60 });
	syncer_ask(*state, (struct syncer_file){ fd, 7, 70 });
	syncer_stop(*state);
	failure = syncer_failure(*state);
	assert_int_equal(failure.code, -EINVAL);
	assert_int_equal(failure.number, 6);
	assert_int_equal(syncer_good(*state).number, 7);
	assert_int_equal(syncer_good(*state).mark, 70);
	close(pipes[0]);
	close(fd);
}

/* The kernel tells of a failure once: what it lost is lost all the same. */
static void a_file_is_not_good_again_after_a_failure(void **state)
{
	int fd = open_file("a");

	seen.folder_code = -EIO;
	syncer_begin(*state, (struct syncer_file){ fd, 3, 30 }, "logs/a");
	wait_until(has_failed, *state);
	syncer_retire(*state, (struct syncer_file){ fd, 3, 30 });
	syncer_stop(*state);
	assert_int_equal(seen.sync_count, 2);
	assert_int_equal(syncer_failure(*state).code, -EIO);
	assert_int_equal(syncer_good(*state).number, 0);
}

static void a_new_file_is_synced_with_its_folder_once(void **state)
{
	int first = open_file("a"), fd = open_file("b");

	seen.is_held = true;
	syncer_ask(*state, (struct syncer_file){ first, 1, 10 });
	wait_for_syncs(1);
	syncer_begin(*state, (struct syncer_file){ fd, 2, 20 }, "logs/b");
	syncer_retire(*state, (struct syncer_file){ first, 1, 10 });
	seen.is_held = false;
	wait_for_syncs(3);
	syncer_ask(*state, (struct syncer_file){ fd, 2, 20 });
	syncer_stop(*state);
	assert_int_equal(seen.folder_count, 1);
	assert_string_equal(seen.folder_of, "logs/b");
	assert_int_equal(syncer_good(*state).number, 2);
	close(fd);
}

/* Before anyone has asked: one that the writer has synced itself, and the one before it. */
static void failures_of_two_files_are_both_told(void **state)
{
	int pipes[2], fd = open_file("a");
	struct syncer_failure first, second;

	assert_int_equal(pipe(pipes), 0);
	syncer_note(*state, (struct syncer_file){ fd, 7, 70 }, -EIO, 1);
	syncer_retire(*state, (struct syncer_file){ pipes[1], 6, 60 });
	wait_for_syncs(1);
	syncer_ask(*state, (struct syncer_file){ fd, 7, 71 });
	syncer_stop(*state);
	first = syncer_failure(*state);
	second = syncer_failure(*state);
	assert_int_equal(first.number, 7);
	assert_int_equal(first.code, -EIO);
	assert_int_equal(second.number, 6);
	assert_int_equal(second.code, -EINVAL);
	assert_int_equal(syncer_failure(*state).code, 0);
	/* a later sync of it says nothing */
	assert_int_equal(syncer_good(*state).number, 0);
	close(pipes[0]);
	close(fd);
}

static void good_syncs_behind_a_failure_do_not_hide_it(void **state)
{
	int pipes[2], fd = open_file("a");

	assert_int_equal(pipe(pipes), 0);
	syncer_retire(*state, file_of(pipes[1]));
	syncer_retire(*state, file_of(fd));
	syncer_stop(*state);
	assert_int_equal(syncer_failure(*state).code, -EINVAL);
	close(pipes[0]);
}

static void without_memory_for_its_stack_it_does_not_start(void **state)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	struct syncer syncer;
	struct rlimit before;
	struct err err = { "" };
	int code;

	need_address_limit();
	/* no other thread is to want memory meanwhile, as one of ThreadSanitizer does that begins */
	syncer_stop(*state);
	assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
	code = syncer_start(&syncer, &err);
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(code, -ENOMEM);
	assert_string_not_equal(err.text, "");
	syncer_stop(&syncer);
}

static void without_a_thread_it_does_not_start(void **state)
{
	struct syncer syncer;
	struct err err = { "" };

	seen.thread_code = -EAGAIN;
	assert_int_equal(syncer_start(&syncer, &err), -EAGAIN);
	assert_string_not_equal(err.text, "");
	syncer_stop(&syncer);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_synced_when_that_is_asked),
		TEST(asked_again_before_it_was_begun_it_is_done_once),
		TEST(asked_again_while_it_is_done_it_is_done_again),
		TEST(a_retired_file_is_synced_and_then_closed),
		TEST(a_file_that_was_asked_for_and_is_retired_is_synced_once),
		TEST(retiring_one_file_leaves_another_to_be_synced),
		TEST(many_retired_files_wait_for_room_and_are_all_closed),
		TEST(stopping_finishes_all_that_was_asked),
		TEST(a_failure_is_told_once),
		TEST(a_failure_while_stopping_is_told_afterwards),
		TEST(a_descriptor_that_is_none_is_a_failure),
		TEST(a_failure_names_its_file_whatever_has_its_descriptor_now),
		TEST(a_file_is_not_good_again_after_a_failure),
		TEST(a_new_file_is_synced_with_its_folder_once),
		TEST(failures_of_two_files_are_both_told),
		TEST(good_syncs_behind_a_failure_do_not_hide_it),
		TEST(without_memory_for_its_stack_it_does_not_start),
		TEST(without_a_thread_it_does_not_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
