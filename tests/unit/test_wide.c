#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "drivers/wide.h"

static void assert_wide(struct wide wide, uint64_t high, uint64_t low)
{
	assert_int_equal(wide.high, high);
	assert_int_equal(wide.low, low);
}

/* 10^38 is the greatest power of ten below 2^128: its digits are known. */
static void times_ten_carries_into_the_upper_half(void **state)
{
	struct wide wide = { .low = 1 };

	(void)state;
	for (int i = 0; i < 38; i++) {
		wide = wide_times_10(wide);
	}
	assert_wide(wide, UINT64_C(0x4b3b4ca85a86c47a), UINT64_C(0x098a224000000000));
}

static void shifting_crosses_the_halves(void **state)
{
	const struct wide wide = { UINT64_C(0x8123456789abcdef),
				   UINT64_C(0xfedcba9876543210) };

	(void)state;
	assert_wide(wide_shifted_right(wide, 0), wide.high, wide.low);
	assert_wide(wide_shifted_right(wide, 4), UINT64_C(0x08123456789abcde),
		    UINT64_C(0xffedcba987654321));
	assert_wide(wide_shifted_right(wide, 64), 0, wide.high);
	assert_wide(wide_shifted_right(wide, 68), 0, UINT64_C(0x08123456789abcde));
	assert_wide(wide_shifted_right(wide, 127), 0, 1);
}

static void the_low_bits_are_those_that_shifting_loses(void **state)
{
	const struct wide ones = { UINT64_MAX, UINT64_MAX };

	(void)state;
	assert_wide(wide_low_bits(ones, 0), 0, 0);
	assert_wide(wide_low_bits(ones, 63), 0, UINT64_MAX >> 1);
	assert_wide(wide_low_bits(ones, 64), 0, UINT64_MAX);
	assert_wide(wide_low_bits(ones, 65), 1, UINT64_MAX);
	assert_wide(wide_low_bits(ones, 127), UINT64_MAX >> 1, UINT64_MAX);
}

static void the_upper_half_decides_first(void **state)
{
	(void)state;
	assert_true(wide_compare((struct wide){ 1, 0 }, (struct wide){ 0, 9 }) > 0);
	assert_true(wide_compare((struct wide){ 0, 9 }, (struct wide){ 1, 0 }) < 0);
	assert_true(wide_compare((struct wide){ 1, 2 }, (struct wide){ 1, 3 }) < 0);
	assert_true(wide_compare((struct wide){ 1, 3 }, (struct wide){ 1, 2 }) > 0);
	assert_int_equal(wide_compare((struct wide){ 1, 3 }, (struct wide){ 1, 3 }), 0);
}

static void a_quotient_and_its_rest_make_the_number_again(void **state)
{
	const uint64_t ten_18 = UINT64_C(1000000000000000000);
	uint64_t rest;

	(void)state;
	/* 12345678901234567890123 */
	assert_int_equal(wide_divide((struct wide){ 669, UINT64_C(4807115922877859019) },
				     ten_18, &rest),
			 12345);
	assert_int_equal(rest, UINT64_C(678901234567890123));
	assert_int_equal(wide_divide((struct wide){ 0, 23 }, 7, &rest), 3);
	assert_int_equal(rest, 2);
	/* the greatest rest and divisor */
	assert_int_equal(wide_divide((struct wide){ (UINT64_C(1) << 63) - 1, UINT64_MAX },
				     UINT64_C(1) << 63, &rest),
			 UINT64_MAX);
	assert_int_equal(rest, (UINT64_C(1) << 63) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_ten_carries_into_the_upper_half),
		cmocka_unit_test(shifting_crosses_the_halves),
		cmocka_unit_test(the_low_bits_are_those_that_shifting_loses),
		cmocka_unit_test(the_upper_half_decides_first),
		cmocka_unit_test(a_quotient_and_its_rest_make_the_number_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
