/* wraps: geteuid getrlimit getrlimit64 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rtloop/cycle/realtime.h"

/* Who asks, and what the limit on priorities is. */
static struct {
	uid_t user;
	rlim_t limit;
} fake;

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return fake.user;
}

/* With 64-bit file offsets it has the other name. */
int __wrap_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit64(int resource, struct rlimit *limit);
int __wrap_getrlimit(int resource, struct rlimit *limit)
{
	assert_int_equal(resource, RLIMIT_RTPRIO);
	limit->rlim_cur = fake.limit;
	limit->rlim_max = fake.limit;
	return 0;
}
int __wrap_getrlimit64(int resource, struct rlimit *limit)
{
	return __wrap_getrlimit(resource, limit);
}

/* Priority 80 was answered with @code; returns what would mend it. */
static const char *fix_of(struct realtime *realtime, uid_t user, rlim_t limit, int code)
{
	fake.user = user;
	fake.limit = limit;
	memset(realtime, 0, sizeof(*realtime));
	realtime_note_fifo(realtime, 80, code);
	return realtime->problem_count > 0 ? realtime->problems[0].fix : "";
}

static void what_was_given_is_no_problem(void **state)
{
	struct realtime realtime;

	assert_string_equal(fix_of(&realtime, 1000, 99, 0), "");
	assert_true(realtime.is_fifo);
	assert_int_equal(realtime.priority, 80);
	assert_true(realtime_is_met(&realtime));
}

static void without_the_right_a_capability_mends_it(void **state)
{
	struct realtime realtime;

	assert_non_null(
		strstr(fix_of(&realtime, 1000, 0, -EPERM), "setcap cap_sys_nice"));
	assert_non_null(
		strstr(fix_of(&realtime, 1000, 79, -EPERM), "setcap cap_sys_nice"));
	assert_false(realtime.is_fifo);
	assert_false(realtime_is_met(&realtime));
}

static void with_the_right_it_is_the_control_group(void **state)
{
	struct realtime realtime;

	assert_non_null(strstr(fix_of(&realtime, 1000, 80, -EPERM), "cpu.rt_runtime_us"));
	assert_non_null(strstr(fix_of(&realtime, 0, 0, -EPERM), "cpu.rt_runtime_us"));
	assert_false(realtime_is_met(&realtime));
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
		cmocka_unit_test(with_the_right_it_is_the_control_group),
		cmocka_unit_test(a_priority_that_was_not_asked_for_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
