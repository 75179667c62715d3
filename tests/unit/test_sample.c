#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "drivers/sample.h"

static uint64_t cell;
static uint8_t quality;

static struct channel make_channel(enum value_type type)
{
	cell = 0;
	quality = QUALITY_BAD;
	return (struct channel){
		.name = "c", .type = type, .cell = &cell, .quality = &quality
	};
}

static void the_sign_is_the_highest_bit_of_the_width(void **state)
{
	assert_int_equal(sample_of_int(1, 1, true).as_int, -1);
	assert_int_equal(sample_of_int(1, 1, false).as_int, 1);
	assert_int_equal(sample_of_int(0x7ff, 12, true).as_int, 2047);
	assert_int_equal(sample_of_int(0x800, 12, true).as_int, -2048);
	assert_int_equal(sample_of_int(UINT64_MAX, 64, true).as_int, -1);
	assert_int_equal(sample_of_int(UINT64_C(1) << 63, 64, true).as_int, INT64_MIN);
	assert_true(sample_of_int(0x800, 12, true).as_float == -2048);
}

static void an_unsigned_one_saturates_as_an_integer_only(void **state)
{
	struct sample sample = sample_of_int(UINT64_MAX, 64, false);

	assert_true(sample.is_int);
	assert_int_equal(sample.as_int, INT64_MAX);
	assert_true(sample.as_float == 0x1p64);
}

static void a_float_is_taken_as_its_bits_are(void **state)
{
	assert_true(sample_of_float(0x3fc00000, 4).as_float == 1.5);
	assert_true(sample_of_float(UINT64_C(0xbff8000000000000), 8).as_float == -1.5);
	assert_true(isnan(sample_of_float(0x7fc00000, 4).as_float));
	assert_false(sample_of_float(0, 4).is_int);
}

static void without_scaling_an_integer_keeps_all_its_bits(void **state)
{
	struct channel channel = make_channel(VALUE_INT);
	struct sample sample = sample_of_int((UINT64_C(1) << 53) + 1, 64, false);
	struct scaling scaling = { .has_scale = false };

	assert_int_equal(sample_put(&sample, &scaling, &channel, 7), 0);
	assert_int_equal(channel_value(&channel).as_int, (INT64_C(1) << 53) + 1);
	assert_int_equal(channel.sample_ns, 7);
	assert_int_equal(quality, QUALITY_GOOD);
}

static void scale_comes_before_offset(void **state)
{
	struct channel channel = make_channel(VALUE_FLOAT);
	struct sample sample = sample_of_int(100, 8, false);
	struct scaling scaling = {
		.scale = 0.5, .has_scale = true, .offset = -40, .has_offset = true
	};

	assert_int_equal(sample_put(&sample, &scaling, &channel, 7), 0);
	assert_true(channel_value(&channel).as_float == 10);
	scaling.has_scale = false;
	assert_int_equal(sample_put(&sample, &scaling, &channel, 8), 0);
	assert_true(channel_value(&channel).as_float == 60);
}

static void what_is_not_finite_leaves_the_channel_as_it_was(void **state)
{
	struct channel channel = make_channel(VALUE_FLOAT);
	struct sample large = { .as_float = 1e308 };
	struct sample none = { .as_float = NAN };
	struct scaling scaling = { .scale = 10, .has_scale = true };

	assert_int_equal(sample_put(&large, &scaling, &channel, 7), -ERANGE);
	scaling.has_scale = false;
	assert_int_equal(sample_put(&none, &scaling, &channel, 7), -ERANGE);
	assert_int_equal(quality, QUALITY_BAD);
	assert_int_equal(channel.sample_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sign_is_the_highest_bit_of_the_width),
		cmocka_unit_test(an_unsigned_one_saturates_as_an_integer_only),
		cmocka_unit_test(a_float_is_taken_as_its_bits_are),
		cmocka_unit_test(without_scaling_an_integer_keeps_all_its_bits),
		cmocka_unit_test(scale_comes_before_offset),
		cmocka_unit_test(what_is_not_finite_leaves_the_channel_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
