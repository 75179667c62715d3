#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drivers/due.h"

static void it_is_due_at_the_first_release_at_or_after_its_time(void **state)
{
	int64_t next_ns = 100;

	assert_false(due_take(&next_ns, 50, 99));
	assert_int_equal(next_ns, 100);
	assert_true(due_take(&next_ns, 50, 100));
	assert_false(due_take(&next_ns, 50, 149));
	assert_true(due_take(&next_ns, 50, 163));
	assert_true(due_take(&next_ns, 50, 200));
}

static void those_that_were_missed_are_not_made_up_for(void **state)
{
	int64_t next_ns = 100;

	assert_true(due_take(&next_ns, 50, 349));
	assert_int_equal(next_ns, 350);
	assert_true(due_take(&next_ns, 50, 350));
	assert_int_equal(next_ns, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_due_at_the_first_release_at_or_after_its_time),
		cmocka_unit_test(those_that_were_missed_are_not_made_up_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
