#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "rtloop/base/image.h"

static struct channel channels[4];
static struct image_part part;
static struct image *image;

static int set_up(void **state)
{
	(void)state;
	channels[0] = (struct channel){ .name = "door", .type = VALUE_BOOL };
	channels[1] = (struct channel){ .name = "temp", .type = VALUE_FLOAT };
	channels[2] = (struct channel){ .name = "count", .type = VALUE_INT };
	channels[3] = (struct channel){ .name = "level",
					.type = VALUE_FLOAT,
					.has_substitute = true,
					.substitute.as_float = -1.5 };
	image = image_create();
	return image_add(image, &part, channels, 4) || image_seal(image);
}

static int tear_down(void **state)
{
	(void)state;
	image_destroy(image);
	return 0;
}

static void a_part_is_the_body_of_its_message(void **state)
{
	(void)state;
	/* two stamps, three values of eight bytes, a bool, four qualities */
	assert_int_equal(part.bytes, 16 + 3 * 8 + 1 + 4);
	assert_int_equal((uintptr_t)part.block % 8, 0);
	assert_ptr_equal(channels[1].cell, part.block + 16);
	assert_ptr_equal(channels[2].cell, part.block + 24);
	assert_ptr_equal(channels[3].cell, part.block + 32);
	assert_ptr_equal(channels[0].cell, part.block + 40);
	assert_ptr_equal(channels[0].quality, part.block + 41);
	assert_ptr_equal(channels[3].quality, part.block + 44);
}

static void channels_start_bad_and_at_their_substitute(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(*channels[i].quality, QUALITY_BAD);
	}
	assert_true(channel_value(&channels[3]).as_float == -1.5);
	assert_true(channel_value(&channels[1]).as_float == 0.0);
}

static void a_sample_is_good_and_keeps_its_time(void **state)
{
	(void)state;
	channel_put_float(&channels[1], 21.5, 77);
	assert_int_equal(*channels[1].quality, QUALITY_GOOD);
	assert_int_equal(channels[1].sample_ns, 77);
	assert_true(channel_value(&channels[1]).as_float == 21.5);
}

static void floats_become_integers_rounded_and_saturating(void **state)
{
	static const struct {
		double value;
		int64_t expected;
	} cases[] = { { 2.5, 2 },
		      { 3.5, 4 },
		      { -2.5, -2 },
		      { 1e300, INT64_MAX },
		      { -1e300, INT64_MIN },
		      { 0x1p63, INT64_MAX },
		      { -0x1p63, INT64_MIN },
		      { INFINITY, INT64_MAX } };

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		channel_put_float(&channels[2], cases[i].value, 1);
		assert_true(channel_value(&channels[2]).as_int == cases[i].expected);
	}
}

static void not_a_number_makes_a_channel_bad_and_holds_the_value(void **state)
{
	(void)state;
	channel_put_float(&channels[1], 3.0, 1);
	channel_put_float(&channels[1], NAN, 2);
	assert_int_equal(*channels[1].quality, QUALITY_BAD);
	assert_true(channel_value(&channels[1]).as_float == 3.0);
	assert_int_equal(channels[1].sample_ns, 1);
}

static void a_substitute_is_taken_on_turning_bad_and_not_on_turning_stale(void **state)
{
	(void)state;
	channel_put_float(&channels[3], 8.0, 1);
	assert_true(channel_set_quality(&channels[3], QUALITY_STALE));
	assert_true(channel_value(&channels[3]).as_float == 8.0);
	assert_true(channel_set_quality(&channels[3], QUALITY_BAD));
	assert_false(channel_set_quality(&channels[3], QUALITY_BAD));
	assert_true(channel_value(&channels[3]).as_float == -1.5);
}

static void integers_keep_all_their_bits(void **state)
{
	(void)state;
	channel_put_int(&channels[2], INT64_MIN + 1, 1);
	assert_true(channel_value(&channels[2]).as_int == INT64_MIN + 1);
	channel_put_int(&channels[0], 256, 1);
	assert_true(channel_value(&channels[0]).as_bool);
	channel_put_int(&channels[1], -3, 1);
	assert_true(channel_value(&channels[1]).as_float == -3.0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_part_is_the_body_of_its_message),
		TEST(channels_start_bad_and_at_their_substitute),
		TEST(a_sample_is_good_and_keeps_its_time),
		TEST(floats_become_integers_rounded_and_saturating),
		TEST(not_a_number_makes_a_channel_bad_and_holds_the_value),
		TEST(a_substitute_is_taken_on_turning_bad_and_not_on_turning_stale),
		TEST(integers_keep_all_their_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
