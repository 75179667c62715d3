/* wraps: right_to_priority right_group_file throttle_look */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/cycle/realtime.h"
#include "rtloop/cycle/right.h"
#include "rtloop/cycle/throttle.h"

/* What the kernel would say. */
static struct {
	enum right right;
	int limit;
	const char *group_file; /* NULL: there is none */
	struct throttle throttle;
} fake;

enum right __wrap_right_to_priority(int priority, int *ret_limit);
enum right __wrap_right_to_priority(int priority, int *ret_limit)
{
	(void)priority;
	*ret_limit = fake.limit;
	return fake.right;
}

int __wrap_right_group_file(char *path, size_t bytes);
int __wrap_right_group_file(char *path, size_t bytes)
{
	if (!fake.group_file) {
		return -ENOENT;
	}
	snprintf(path, bytes, "%s", fake.group_file);
	return 0;
}

void __wrap_throttle_look(struct throttle *throttle, const char *release, int cpu,
			  const char *root);
void __wrap_throttle_look(struct throttle *throttle, const char *release, int cpu,
			  const char *root)
{
	(void)release, (void)cpu, (void)root;
	*throttle = fake.throttle;
}

/* Priority 80 was answered with @code; returns what would mend it. */
static const char *fix_of(struct realtime *realtime, enum right right, int code)
{
	fake.right = right;
	memset(realtime, 0, sizeof(*realtime));
	realtime_note_fifo(realtime, 80, code);
	return realtime->problem_count > 0 ? realtime->problems[0].fix : "";
}

static void what_was_given_is_no_problem(void **state)
{
	struct realtime realtime;

	(void)state;
	assert_string_equal(fix_of(&realtime, RIGHT_GRANTED, 0), "");
	assert_true(realtime.is_fifo);
	assert_int_equal(realtime.priority, 80);
	assert_true(realtime_is_met(&realtime));
}

static void without_the_right_a_capability_mends_it(void **state)
{
	struct realtime realtime;

	(void)state;
	assert_non_null(
		strstr(fix_of(&realtime, RIGHT_MISSING, -EPERM), "setcap cap_sys_nice"));
	assert_false(realtime.is_fifo);
	assert_false(realtime_is_met(&realtime));
}

static void a_limit_that_is_too_low_is_named_with_what_is_needed(void **state)
{
	struct realtime realtime;

	(void)state;
	fake.limit = 50;
	assert_non_null(strstr(fix_of(&realtime, RIGHT_TOO_LOW, -EPERM),
			       "prlimit --pid $$ --rtprio=80"));
	assert_non_null(strstr(realtime.problems[0].fix, "limit is 50"));
}

static void root_of_a_container_is_told_what_the_container_lacks(void **state)
{
	struct realtime realtime;

	(void)state;
	assert_non_null(
		strstr(fix_of(&realtime, RIGHT_CONTAINED, -EPERM), "--ulimit rtprio=80"));
}

static void with_the_right_it_is_the_control_group(void **state)
{
	struct realtime realtime;

	(void)state;
	fake.group_file = NULL;
	assert_non_null(
		strstr(fix_of(&realtime, RIGHT_GRANTED, -EPERM), "cpu.rt_runtime_us"));
	assert_false(realtime_is_met(&realtime));
	fake.group_file = "/sys/fs/cgroup/cpu/oven/cpu.rt_runtime_us";
	assert_non_null(strstr(
		fix_of(&realtime, RIGHT_GRANTED, -EPERM),
		"echo 900000 | sudo tee /sys/fs/cgroup/cpu/oven/cpu.rt_runtime_us"));
}

static void a_watchdog_that_is_not_above_the_cycle_is_a_problem(void **state)
{
	struct realtime realtime;

	(void)state;
	fix_of(&realtime, RIGHT_GRANTED, 0);
	realtime_note_watchdog(&realtime, 81);
	assert_true(realtime_is_met(&realtime));
	fake.right = RIGHT_TOO_LOW;
	fake.limit = 80;
	realtime_note_watchdog(&realtime, 80);
	assert_false(realtime_is_met(&realtime));
	assert_non_null(strstr(realtime.problems[0].why, "priority 81"));
	assert_non_null(strstr(realtime.problems[0].fix, "--rtprio=81"));
}

/* Beside a cycle that is an ordinary thread it is one itself, and that has been told. */
static void a_watchdog_beside_an_ordinary_cycle_is_none(void **state)
{
	struct realtime realtime = { .problem_count = 0 };

	(void)state;
	realtime_note_watchdog(&realtime, 0);
	assert_int_equal(realtime.problem_count, 0);
}

static unsigned problems_of_throttling(struct realtime *realtime, int64_t rt_us,
				       int spin_percent)
{
	fake.throttle = (struct throttle){ .is_known = true,
					   .period_us = 1000000,
					   .rt_us = rt_us,
					   .path = "/proc/it",
					   .off = "-1" };
	memset(realtime, 0, sizeof(*realtime));
	realtime_note_throttling(realtime, 0, spin_percent, "");
	return realtime->problem_count;
}

static void what_the_kernel_leaves_by_itself_is_enough(void **state)
{
	struct realtime realtime;

	(void)state;
	assert_int_equal(problems_of_throttling(&realtime, 950000, 0), 0);
	assert_int_equal(problems_of_throttling(&realtime, 950000, 95), 0);
	assert_int_equal(problems_of_throttling(&realtime, 1000000, 100), 0);
}

static void
less_than_that_is_a_problem_and_so_is_a_cycle_that_spins_for_more(void **state)
{
	struct realtime realtime;

	(void)state;
	assert_int_equal(problems_of_throttling(&realtime, 949999, 0), 1);
	assert_false(realtime_is_met(&realtime));
	assert_non_null(strstr(realtime.problems[0].why, "949999 us"));
	assert_string_equal(realtime.problems[0].fix, "echo -1 | sudo tee /proc/it");
	assert_int_equal(problems_of_throttling(&realtime, 950000, 96), 1);
}

static void a_priority_that_was_not_asked_for_is_named(void **state)
{
	struct realtime realtime = { .problem_count = 0 };

	realtime_note_fifo(&realtime, 0, 0);
	assert_int_equal(realtime.problem_count, 1);
	assert_non_null(strstr(realtime.problems[0].fix, "loop: priority"));
	assert_false(realtime_is_met(&realtime));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_given_is_no_problem),
		cmocka_unit_test(without_the_right_a_capability_mends_it),
		cmocka_unit_test(a_limit_that_is_too_low_is_named_with_what_is_needed),
		cmocka_unit_test(root_of_a_container_is_told_what_the_container_lacks),
		cmocka_unit_test(with_the_right_it_is_the_control_group),
		cmocka_unit_test(a_watchdog_that_is_not_above_the_cycle_is_a_problem),
		cmocka_unit_test(a_watchdog_beside_an_ordinary_cycle_is_none),
		cmocka_unit_test(what_the_kernel_leaves_by_itself_is_enough),
		cmocka_unit_test(
			less_than_that_is_a_problem_and_so_is_a_cycle_that_spins_for_more),
		cmocka_unit_test(a_priority_that_was_not_asked_for_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
