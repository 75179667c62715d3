/* wraps: sys_gpio_set sys_now nanosleep mlockall */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/guard/guard.h"
#include "rtloop/guard/heir.h"

/* An emulator asks for memory all along, of which a process without rights gets none where it is locked:
 * tests/rt/test_guardian.sh has the real one. */
int __wrap_mlockall(int flags);
int __wrap_mlockall(int flags)
{
	(void)flags;
	return 0;
}

/* Runs and guardians are processes of their own here; what they do to a chip is seen by all of them. */
static struct {
	_Atomic unsigned writes;
	_Atomic uint64_t mask;
	_Atomic uint64_t bits;
} * chip;

static struct guard guard; /* of this process */
static struct heartbeat *heartbeat;
static struct heir heir;
static char folder[] = "/tmp/test_guard.XXXXXX";
static char path[64];
static pid_t run_pid; /* 0: none */
static int64_t waited_ns;

int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits);
int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits)
{
	(void)fd;
	chip->mask = mask;
	chip->bits = bits;
	chip->writes++;
	return 0;
}

int64_t __real_sys_now(void);
int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return __real_sys_now() + waited_ns;
}

/* Who looks again and again in this process need not wait for it. */
int __real_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left);
int __wrap_nanosleep(const struct timespec *time, struct timespec *left)
{
	const struct timespec moment = { .tv_nsec = 1000 };

	(void)left;
	waited_ns += time_from_timespec(time);
	return __real_nanosleep(&moment, NULL);
}

static struct guarded panel(uint32_t offset)
{
	return (struct guarded){
		.device = "panel",
		.chip = "gpiochip0",
		.line_count = 2,
		.lines = { { offset, 8, 0 }, { offset + 1, 8, 0 } },
		.out_mask = 3,
		.safe_bits = 2,
	};
}

/* A run that holds two requests, beats never again, and waits to be killed. */
static void be_a_run(int ready_fd)
{
	const struct guarded requests[] = { panel(3), panel(8) };
	struct err err;

	if (guard_start(&guard, heartbeat, 60 * NS_PER_SEC, 0, &err) ||
	    guard_listen(&guard, path, &err)) {
		_exit(1);
	}
	for (uint32_t i = 0; i < 2; i++) {
		guard_hold(&guard, i, &requests[i], eventfd(i + 1, EFD_CLOEXEC));
	}
	(void)!write(ready_fd, &guard.pid, sizeof(guard.pid));
	for (;;) {
		pause();
	}
}

/* Returns its guardian. */
static pid_t start_run(void)
{
	pid_t guardian = 0;
	int ready[2];

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	run_pid = fork();
	if (run_pid == 0) {
		be_a_run(ready[1]);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &guardian, sizeof(guardian)), sizeof(guardian));
	close(ready[0]);
	return guardian;
}

static void kill_run(void)
{
	if (run_pid > 0) {
		kill(run_pid, SIGKILL);
		waitpid(run_pid, NULL, 0);
		run_pid = 0;
	}
}

static int set_up(void **state)
{
	(void)state;
	waited_ns = 0;
	memset(&guard, 0, sizeof(guard));
	chip->writes = 0;
	heir_init(&heir, &guard);
	return 0;
}

/* Whoever is left is let go. */
static int tear_down(void **state)
{
	int fd;

	(void)state;
	kill_run();
	guard_end(&guard, true);
	heir_settle(&heir);
	for (int code = -EBUSY; code == -EBUSY;) {
		fd = heir_connect(path);
		code = fd >= 0 ? heir_let_go(fd) : fd;
		sys_close(fd);
	}
	return 0;
}

static int set_up_all(void **state)
{
	(void)state;
	chip = mmap(NULL, sizeof(*chip), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	snprintf(path, sizeof(path), "%s/oven.guard", mkdtemp(folder));
	return heartbeat_create(&heartbeat);
}

static int tear_down_all(void **state)
{
	(void)state;
	heartbeat_destroy(heartbeat);
	return rmdir(folder);
}

static void start_guard(void)
{
	struct err err;

	assert_int_equal(guard_start(&guard, heartbeat, 60 * NS_PER_SEC, 0, &err), 0);
}

/* Which of its two a descriptor is. */
static eventfd_t number_of(int fd)
{
	eventfd_t value = 0;

	assert_int_equal(eventfd_read(fd, &value), 0);
	assert_int_equal(eventfd_write(fd, value), 0);
	return value;
}

static void it_outlives_its_run_and_hands_over_what_it_holds(void **state)
{
	pid_t before = start_run();
	struct guarded like = panel(8);
	struct err err;
	int fd;

	(void)state;
	kill_run();
	start_guard();
	assert_int_equal(heir_take_over(&heir, path, &err), 0);
	assert_int_equal(heir.count, 2);
	assert_int_equal(heir.before.guardian_pid, before);
	assert_int_equal(heir.before.cause, GUARD_CAUSE_DEATH);
	assert_true(chip->writes >= 2);
	assert_int_equal(chip->mask, 3);
	assert_int_equal(chip->bits, 2);
	assert_int_equal(guard.requests, 2);
	fd = heir.heritage.take(&heir.heritage, &like);
	assert_true(fd >= 0);
	assert_int_equal(number_of(fd), 2);
	/* a request is there once */
	assert_int_equal(heir.heritage.take(&heir.heritage, &like), -ENOENT);
	sys_close(fd);
	assert_int_equal(heir_settle(&heir), 1);
	assert_int_equal(guard.requests, 0);
	assert_int_equal(heir_connect(path), -ENOENT);
}

static void lines_that_are_in_the_way_are_let_go_of_and_no_others(void **state)
{
	struct guarded like = panel(4);
	struct err err;

	(void)state;
	start_run();
	kill_run();
	start_guard();
	assert_int_equal(heir_take_over(&heir, path, &err), 0);
	assert_int_equal(heir.heritage.take(&heir.heritage, &like), -ENOENT);
	assert_int_equal(guard.requests, 1);
	assert_int_equal(heir.entries[0].fd, -1);
	assert_true(heir.entries[1].fd >= 0);
}

static void a_run_without_a_guardian_can_take_over_too(void **state)
{
	struct guarded like = panel(3);
	struct err err;
	int fd;

	(void)state;
	start_run();
	kill_run();
	assert_int_equal(heir_take_over(&heir, path, &err), 0);
	fd = heir.heritage.take(&heir.heritage, &like);
	assert_true(fd >= 0);
	assert_int_equal(number_of(fd), 1);
	sys_close(fd);
}

static void nothing_is_taken_from_a_run_that_lives(void **state)
{
	struct err err;

	(void)state;
	start_run();
	start_guard();
	assert_int_equal(heir_take_over(&heir, path, &err), -EBUSY);
	assert_non_null(strstr(err.text, "of another run of this name"));
	assert_int_equal(heir.count, 0);
	assert_int_equal(guard.requests, 0);
	assert_int_equal(chip->writes, 0);
}

static void nothing_is_inherited_where_nobody_is(void **state)
{
	struct guarded like = panel(3);
	struct err err;

	(void)state;
	assert_int_equal(heir_take_over(&heir, path, &err), 0);
	assert_int_equal(heir.count, 0);
	assert_int_equal(heir.heritage.take(&heir.heritage, &like), -ENOENT);
}

static void a_person_can_have_it_let_go_when_the_run_is_gone(void **state)
{
	struct guard_state stands;
	int fd, code;

	(void)state;
	start_run();
	fd = heir_connect(path);
	assert_true(fd >= 0);
	assert_int_equal(heir_let_go(fd), -EBUSY);
	kill_run();
	do {
		assert_int_equal(heir_ask(fd, &stands), 0);
	} while (stands.phase != GUARD_HOLDS);
	assert_int_equal(stands.requests, 2);
	code = heir_let_go(fd);
	assert_int_equal(code, 0);
	sys_close(fd);
	assert_int_equal(heir_connect(path), -ENOENT);
}

/* As another user, in the place of a guardian. */
static void pretend(int ready_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, sizeof(path));
	if (setuid(65534) || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(fd, 1) || write(ready_fd, "r", 1) != 1) {
		_exit(1);
	}
	for (;;) {
		pause();
	}
}

static void nothing_is_taken_from_another_user(void **state)
{
	struct err err;
	int ready[2];
	char byte;

	(void)state;
	if (geteuid() != 0) {
		print_message("it takes root to be another user\n");
		skip();
	}
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	run_pid = fork();
	if (run_pid == 0) {
		pretend(ready[1]);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	assert_int_equal(heir_take_over(&heir, path, &err), -EPERM);
	assert_int_equal(heir.count, 0);
	unlink(path);
}

static void its_death_is_noticed_once_and_all_goes_on(void **state)
{
	const struct guarded request = panel(3);

	(void)state;
	start_guard();
	assert_false(guard_look(&guard));
	guard_hold(&guard, 0, &request, STDERR_FILENO);
	assert_int_equal(guard.requests, 1);
	kill(guard.pid, SIGKILL);
	while (!guard_look(&guard)) {
		sched_yield();
	}
	assert_int_equal(guard.presence, GUARD_LOST);
	assert_false(guard_look(&guard));
	guard_hold(&guard, 0, &request, STDERR_FILENO);
	guard_drop(&guard, 0);
	guard_end(&guard, true);
	assert_int_equal(guard.presence, GUARD_LOST);
	assert_int_equal(guard.requests, 0);
}

static void one_that_died_unseen_is_noticed_by_what_it_is_told(void **state)
{
	const struct guarded request = panel(3);

	(void)state;
	start_guard();
	kill(guard.pid, SIGKILL);
	waitid(P_PID, (id_t)guard.pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	guard_hold(&guard, 0, &request, STDERR_FILENO);
	assert_int_equal(guard.presence, GUARD_LOST);
	assert_true(guard_look(&guard));
}

static void at_the_end_it_is_sent_home(void **state)
{
	pid_t pid;

	(void)state;
	start_guard();
	pid = guard.pid;
	guard_end(&guard, true);
	assert_int_equal(guard.presence, GUARD_OVER);
	/* one that takes long to end is left to whoever reaps orphans: here, to this test */
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	assert_false(guard_look(&guard));
}

static void its_socket_replaces_what_was_left_and_follows_no_link(void **state)
{
	char victim[80];
	struct stat info;
	struct err err;

	(void)state;
	snprintf(victim, sizeof(victim), "%s/victim", folder);
	assert_int_equal(symlink(victim, path), 0);
	start_guard();
	assert_int_equal(guard_listen(&guard, path, &err), 0);
	assert_int_equal(lstat(path, &info), 0);
	assert_true(S_ISSOCK(info.st_mode));
	assert_int_equal(info.st_mode & 0777, 0660);
	assert_int_equal(access(victim, F_OK), -1);
}

static void a_socket_that_cannot_be_made_says_why(void **state)
{
	char name[200];
	struct err err;

	(void)state;
	start_guard();
	assert_int_equal(guard_listen(&guard, "/nosuch/oven.guard", &err), -ENOENT);
	assert_string_equal(err.text, "the guardian's socket /nosuch/oven.guard: No such "
				      "file or directory");
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(guard_listen(&guard, name, &err), -ENAMETOOLONG);
	assert_int_equal(guard.presence, GUARD_PRESENT);
}

static void without_one_nothing_happens(void **state)
{
	const struct guarded request = panel(3);
	struct err err;

	(void)state;
	guard_hold(&guard, 0, &request, STDERR_FILENO);
	guard_drop(&guard, 0);
	assert_int_equal(guard_listen(&guard, path, &err), 0);
	assert_int_equal(access(path, F_OK), -1);
	guard_feed(&guard, eventfd(0, EFD_CLOEXEC), 10);
	assert_false(guard_look(&guard));
	guard_end(&guard, false);
	assert_int_equal(guard.presence, GUARD_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_outlives_its_run_and_hands_over_what_it_holds),
		TEST(lines_that_are_in_the_way_are_let_go_of_and_no_others),
		TEST(a_run_without_a_guardian_can_take_over_too),
		TEST(nothing_is_taken_from_a_run_that_lives),
		TEST(nothing_is_inherited_where_nobody_is),
		TEST(a_person_can_have_it_let_go_when_the_run_is_gone),
		TEST(nothing_is_taken_from_another_user),
		TEST(its_death_is_noticed_once_and_all_goes_on),
		TEST(one_that_died_unseen_is_noticed_by_what_it_is_told),
		TEST(at_the_end_it_is_sent_home),
		TEST(its_socket_replaces_what_was_left_and_follows_no_link),
		TEST(a_socket_that_cannot_be_made_says_why),
		TEST(without_one_nothing_happens),
	};

	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
