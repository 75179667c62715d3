/* wraps: sys_gpio_set sys_close */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/guard/held.h"

/* The kernel's side, by descriptor: they begin at 100, and are none. */
static struct {
	int code;
	uint64_t mask;
	uint64_t bits;
	unsigned writes;
	unsigned closed;
} kernel[HELD_MAX + 100];

int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits);
int __wrap_sys_gpio_set(int fd, uint64_t mask, uint64_t bits)
{
	kernel[fd - 100].mask = mask;
	kernel[fd - 100].bits = bits;
	kernel[fd - 100].writes++;
	return kernel[fd - 100].code;
}

void __wrap_sys_close(int fd);
void __wrap_sys_close(int fd)
{
	kernel[fd - 100].closed++;
}

static struct held held;

static int set_up(void **state)
{
	(void)state;
	memset(kernel, 0, sizeof(kernel));
	memset(&held, 0, sizeof(held));
	return 0;
}

static void put(uint32_t slot, int fd, uint64_t mask, uint64_t bits)
{
	const struct guarded guarded = { .line_count = 4,
					 .out_mask = mask,
					 .safe_bits = bits };

	assert_int_equal(held_put(&held, slot, &guarded, fd), 0);
}

static void safe_values_go_to_the_driven_lines_of_each_request(void **state)
{
	(void)state;
	put(0, 100, 5, 4);
	put(9, 101, 2, 0);
	assert_int_equal(held_write_safe(&held), 0);
	assert_int_equal(kernel[0].mask, 5);
	assert_int_equal(kernel[0].bits, 4);
	assert_int_equal(kernel[1].mask, 2);
	assert_int_equal(kernel[1].bits, 0);
	assert_int_equal(held_lines(&held), 3);
}

static void one_that_fails_keeps_no_other_from_its_values(void **state)
{
	(void)state;
	put(0, 100, 1, 0);
	put(1, 101, 1, 1);
	kernel[0].code = -EIO;
	assert_int_equal(held_write_safe(&held), 1);
	assert_int_equal(held.list[0].code, -EIO);
	assert_int_equal(kernel[1].writes, 1);
}

static void a_chip_that_is_gone_is_no_failure(void **state)
{
	(void)state;
	put(0, 100, 1, 0);
	kernel[0].code = -ENODEV;
	assert_int_equal(held_write_safe(&held), 0);
}

static void a_slot_holds_one_request_the_newest(void **state)
{
	(void)state;
	put(3, 100, 1, 0);
	put(3, 101, 1, 0);
	assert_int_equal(held.count, 1);
	assert_int_equal(kernel[0].closed, 1);
	assert_int_equal(kernel[1].closed, 0);
}

static void what_is_dropped_is_closed_and_the_others_stay(void **state)
{
	(void)state;
	put(3, 100, 1, 0);
	put(4, 101, 2, 0);
	put(5, 102, 4, 0);
	assert_int_equal(held_drop(&held, 4), 0);
	assert_int_equal(kernel[1].closed, 1);
	assert_int_equal(held_drop(&held, 4), -ENOENT);
	assert_int_equal(held.count, 2);
	held_write_safe(&held);
	assert_int_equal(kernel[0].mask, 1);
	assert_int_equal(kernel[1].writes, 0);
	assert_int_equal(kernel[2].mask, 4);
	held_clear(&held);
	assert_int_equal(kernel[0].closed + kernel[1].closed + kernel[2].closed, 3);
	assert_int_equal(held.count, 0);
}

static void one_too_many_is_refused_and_closed(void **state)
{
	const struct guarded guarded = { .line_count = 1 };

	(void)state;
	for (unsigned i = 0; i < HELD_MAX; i++) {
		put(i, 100 + (int)i, 1, 0);
	}
	assert_int_equal(held_put(&held, HELD_MAX, &guarded, 100 + HELD_MAX), -ENOSPC);
	assert_int_equal(kernel[HELD_MAX].closed, 1);
	assert_int_equal(held.count, HELD_MAX);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(safe_values_go_to_the_driven_lines_of_each_request,
				       set_up),
		cmocka_unit_test_setup(one_that_fails_keeps_no_other_from_its_values,
				       set_up),
		cmocka_unit_test_setup(a_chip_that_is_gone_is_no_failure, set_up),
		cmocka_unit_test_setup(a_slot_holds_one_request_the_newest, set_up),
		cmocka_unit_test_setup(what_is_dropped_is_closed_and_the_others_stay,
				       set_up),
		cmocka_unit_test_setup(one_too_many_is_refused_and_closed, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
