#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/cycle/overruns.h"

static struct overruns overruns;

static int clear(void **state)
{
	(void)state;
	memset(&overruns, 0, sizeof(overruns));
	return 0;
}

static void put(uint64_t cycle)
{
	const struct overrun overrun = { .cycle = cycle };

	overruns_put(&overruns, &overrun);
}

static void assert_next(uint64_t cycle)
{
	struct overrun overrun;

	assert_true(overruns_take(&overruns, &overrun));
	assert_int_equal(overrun.cycle, cycle);
}

static void assert_none(void)
{
	struct overrun overrun;

	assert_false(overruns_take(&overruns, &overrun));
}

static void they_come_out_in_order(void **state)
{
	(void)state;
	assert_none();
	put(1);
	put(2);
	assert_next(1);
	put(3);
	assert_next(2);
	assert_next(3);
	assert_none();
}

static void those_without_a_place_are_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < OVERRUNS_MAX + 5; i++) {
		put(i);
	}
	assert_int_equal(overruns_seen(&overruns), OVERRUNS_MAX + 5);
	for (unsigned i = 0; i < OVERRUNS_MAX; i++) {
		assert_next(i);
	}
	assert_none();
	put(100);
	assert_next(100);
}

static void they_go_round_for_ever(void **state)
{
	(void)state;
	overruns.put = UINT32_MAX - 1;
	overruns.taken = UINT32_MAX - 1;
	for (unsigned i = 0; i < 4; i++) {
		put(i);
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_next(i);
	}
	assert_none();
}

#define TEST(function) cmocka_unit_test_setup(function, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(they_come_out_in_order),
		TEST(those_without_a_place_are_counted),
		TEST(they_go_round_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
