#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rtloop/cycle/overrun_limit.h"

#define WITHIN INT64_C(1000)

static struct overrun_limit limit;

static void allow(uint64_t overruns)
{
	assert_int_equal(overrun_limit_init(&limit, overruns, WITHIN), 0);
}

static int tear_down(void **state)
{
	(void)state;
	overrun_limit_fini(&limit);
	return 0;
}

static void as_many_as_are_allowed_are_no_fault(void **state)
{
	(void)state;
	allow(5);
	for (int i = 0; i < 5; i++) {
		assert_false(overrun_limit_count(&limit, i, 1));
	}
	assert_true(overrun_limit_count(&limit, 5, 1));
}

static void the_end_of_the_time_belongs_to_it(void **state)
{
	(void)state;
	allow(2);
	assert_false(overrun_limit_count(&limit, 0, 2));
	assert_true(overrun_limit_count(&limit, WITHIN, 1));
}

static void those_longer_ago_do_not_count(void **state)
{
	(void)state;
	allow(2);
	for (int64_t now = 0; now < 100 * WITHIN; now += WITHIN / 2 + 1) {
		assert_false(overrun_limit_count(&limit, now, 1));
	}
}

static void it_slides_along(void **state)
{
	(void)state;
	allow(3);
	assert_false(overrun_limit_count(&limit, 0, 1));
	assert_false(overrun_limit_count(&limit, 900, 2));
	/* the first one is too long ago */
	assert_false(overrun_limit_count(&limit, 1001, 1));
	assert_true(overrun_limit_count(&limit, 1900, 1));
}

static void both_kinds_of_one_cycle_count(void **state)
{
	(void)state;
	allow(1);
	assert_true(overrun_limit_count(&limit, 7, 2));
}

static void a_cycle_without_one_changes_nothing(void **state)
{
	(void)state;
	allow(1);
	assert_false(overrun_limit_count(&limit, 0, 1));
	assert_false(overrun_limit_count(&limit, 1, 0));
	assert_int_equal(limit.seen, 1);
}

static void without_a_limit_there_is_no_fault(void **state)
{
	(void)state;
	allow(0);
	for (int i = 0; i < 10; i++) {
		assert_false(overrun_limit_count(&limit, 0, 2));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(as_many_as_are_allowed_are_no_fault, tear_down),
		cmocka_unit_test_teardown(the_end_of_the_time_belongs_to_it, tear_down),
		cmocka_unit_test_teardown(those_longer_ago_do_not_count, tear_down),
		cmocka_unit_test_teardown(it_slides_along, tear_down),
		cmocka_unit_test_teardown(both_kinds_of_one_cycle_count, tear_down),
		cmocka_unit_test_teardown(a_cycle_without_one_changes_nothing, tear_down),
		cmocka_unit_test_teardown(without_a_limit_there_is_no_fault, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
