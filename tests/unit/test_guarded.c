#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/base/guarded.h"

static struct guarded panel(void)
{
	return (struct guarded){
		.device = "panel",
		.chip = "gpiochip0",
		.edge_buffer = 16,
		.line_count = 3,
		.lines = { { 4, 8, 0 }, { 7, 8, 0 }, { 9, 4, 5000 } },
		.out_mask = 3,
		.safe_bits = 2,
	};
}

static void the_same_request_fits_whatever_is_safe_and_whoever_asks(void **state)
{
	struct guarded a = panel(), b = panel();

	(void)state;
	assert_true(guarded_fits(&a, &b));
	b.safe_bits = 1;
	strcpy(b.device, "other");
	assert_true(guarded_fits(&a, &b));
}

static void every_other_difference_is_another_request(void **state)
{
	struct guarded a = panel(), b[7];

	(void)state;
	for (unsigned i = 0; i < 7; i++) {
		b[i] = panel();
	}
	strcpy(b[0].chip, "gpiochip1");
	b[1].edge_buffer = 32;
	b[2].line_count = 2;
	b[3].lines[1].offset = 8;
	b[4].lines[2].settings = 20;
	b[5].lines[2].debounce_us = 0;
	b[6].out_mask = 1;
	for (unsigned i = 0; i < 7; i++) {
		assert_false(guarded_fits(&a, &b[i]));
	}
}

static void one_common_line_of_a_chip_stands_in_the_way(void **state)
{
	struct guarded a = panel(), b = panel();

	(void)state;
	b.line_count = 1;
	b.lines[0].offset = 9;
	assert_true(guarded_overlaps(&a, &b));
	assert_true(guarded_overlaps(&b, &a));
	b.lines[0].offset = 10;
	assert_false(guarded_overlaps(&a, &b));
	b.lines[0].offset = 9;
	strcpy(b.chip, "gpiochip1");
	assert_false(guarded_overlaps(&a, &b));
}

static void what_has_lines_and_texts_with_an_end_is_whole(void **state)
{
	struct guarded a = panel();

	(void)state;
	assert_true(guarded_is_whole(&a));
	a.line_count = GUARDED_LINES_MAX;
	a.out_mask = UINT64_MAX;
	a.safe_bits = UINT64_C(1) << 63;
	assert_true(guarded_is_whole(&a));
}

static void what_is_out_of_range_is_not_whole(void **state)
{
	struct guarded bad[6];

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		bad[i] = panel();
	}
	bad[0].line_count = 0;
	bad[1].line_count = GUARDED_LINES_MAX + 1;
	bad[2].out_mask = 8;
	bad[3].safe_bits = 4;
	memset(bad[4].device, 'x', sizeof(bad[4].device));
	memset(bad[5].chip, 'x', sizeof(bad[5].chip));
	for (unsigned i = 0; i < 6; i++) {
		assert_false(guarded_is_whole(&bad[i]));
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_request_fits_whatever_is_safe_and_whoever_asks),
		cmocka_unit_test(every_other_difference_is_another_request),
		cmocka_unit_test(one_common_line_of_a_chip_stands_in_the_way),
		cmocka_unit_test(what_has_lines_and_texts_with_an_end_is_whole),
		cmocka_unit_test(what_is_out_of_range_is_not_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
