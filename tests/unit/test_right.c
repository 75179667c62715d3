/* wraps: geteuid getrlimit getrlimit64 privilege_has_nice privilege_is_contained */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "rtloop/cycle/right.h"

static struct {
	uid_t user;
	rlim_t limit;
	bool has_nice;
	bool is_contained;
} fake;

uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void)
{
	return fake.user;
}

bool __wrap_privilege_has_nice(void);
bool __wrap_privilege_has_nice(void)
{
	return fake.has_nice;
}

bool __wrap_privilege_is_contained(void);
bool __wrap_privilege_is_contained(void)
{
	return fake.is_contained;
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

#define PRIORITY 80

static enum right ask(uid_t user, rlim_t limit, bool has_nice, bool is_contained)
{
	int said = -1;
	enum right right;

	fake.user = user;
	fake.limit = limit;
	fake.has_nice = has_nice;
	fake.is_contained = is_contained;
	right = right_to_priority(PRIORITY, &said);
	assert_true(limit == RLIM_INFINITY || said == (int)limit);
	return right;
}

static void a_limit_that_is_high_enough_grants_it(void **state)
{
	(void)state;
	assert_int_equal(ask(1000, PRIORITY, false, false), RIGHT_GRANTED);
	assert_int_equal(ask(1000, RLIM_INFINITY, false, true), RIGHT_GRANTED);
}

static void a_capability_grants_it_but_not_from_within_a_namespace(void **state)
{
	(void)state;
	assert_int_equal(ask(1000, 0, true, false), RIGHT_GRANTED);
	assert_int_equal(ask(0, 0, true, false), RIGHT_GRANTED);
	assert_int_equal(ask(0, 0, true, true), RIGHT_CONTAINED);
}

static void root_without_the_capability_is_that_of_a_container(void **state)
{
	(void)state;
	assert_int_equal(ask(0, 0, false, false), RIGHT_CONTAINED);
}

static void a_limit_below_it_is_told_from_none(void **state)
{
	(void)state;
	assert_int_equal(ask(1000, PRIORITY - 1, false, false), RIGHT_TOO_LOW);
	assert_int_equal(ask(1000, 0, false, false), RIGHT_MISSING);
}

static void a_path_that_does_not_fit_is_an_error(void **state)
{
	char path[8];
	int code = right_group_file(path, sizeof(path));

	(void)state;
	/* -ENOENT where the kernel has no such groups */
	assert_true(code == -ENAMETOOLONG || code == -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_that_is_high_enough_grants_it),
		cmocka_unit_test(a_capability_grants_it_but_not_from_within_a_namespace),
		cmocka_unit_test(root_without_the_capability_is_that_of_a_container),
		cmocka_unit_test(a_limit_below_it_is_told_from_none),
		cmocka_unit_test(a_path_that_does_not_fit_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
