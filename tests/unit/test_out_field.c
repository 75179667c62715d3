#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "drivers/field.h"
#include "drivers/out_field.h"

/* A channel beside an image. */
struct one {
	struct channel channel;
	union value cell;
	uint8_t quality;
};

static void put(struct one *one, enum value_type type, double value)
{
	*one = (struct one){ .channel = { .type = type } };
	one->channel.cell = &one->cell;
	one->channel.quality = &one->quality;
	channel_put_float(&one->channel, value, 0);
}

static void assert_encoded(const struct out_field_options *options, const struct one *one,
			   const char *expected, size_t bytes)
{
	uint8_t message[16];

	memset(message, 0xee, sizeof(message));
	out_field_encode(options, &one->channel, message);
	assert_memory_equal(message, expected, bytes);
	/* nothing beside it is touched */
	for (size_t i = bytes; i < sizeof(message); i++) {
		assert_int_equal(message[i], 0xee);
	}
}

static void an_integer_is_written_in_the_order_of_its_bytes(void **state)
{
	struct out_field_options options = { .bytes = 3 };
	struct one one;

	put(&one, VALUE_INT, 0x010203);
	assert_encoded(&options, &one, "\x03\x02\x01", 3);
	options.order = FIELD_ORDER_BIG;
	assert_encoded(&options, &one, "\x01\x02\x03", 3);
}

static void a_float_is_scaled_back_and_rounded_to_even(void **state)
{
	struct out_field_options options = { .bytes = 1,
					     .scaling = { .scale = 0.5,
							  .offset = 10,
							  .has_scale = true,
							  .has_offset = true } };
	struct one one;

	put(&one, VALUE_FLOAT, 12);
	assert_encoded(&options, &one, "\x04", 1);
	put(&one, VALUE_FLOAT, 12.25);
	assert_encoded(&options, &one, "\x04", 1);
	put(&one, VALUE_FLOAT, 12.75);
	assert_encoded(&options, &one, "\x06", 1);
}

static void what_does_not_fit_is_the_nearest_that_does(void **state)
{
	struct out_field_options options = { .bytes = 1 };
	struct one one;

	put(&one, VALUE_FLOAT, 300);
	assert_encoded(&options, &one, "\xff", 1);
	put(&one, VALUE_FLOAT, -1);
	assert_encoded(&options, &one, "\x00", 1);
	put(&one, VALUE_INT, 300);
	assert_encoded(&options, &one, "\xff", 1);
	put(&one, VALUE_INT, -1);
	assert_encoded(&options, &one, "\x00", 1);
	options.encoding = FIELD_SIGNED;
	put(&one, VALUE_FLOAT, 200);
	assert_encoded(&options, &one, "\x7f", 1);
	put(&one, VALUE_FLOAT, -200);
	assert_encoded(&options, &one, "\x80", 1);
	put(&one, VALUE_INT, -129);
	assert_encoded(&options, &one, "\x80", 1);
	put(&one, VALUE_INT, -128);
	assert_encoded(&options, &one, "\x80", 1);
}

static void sixty_four_bits_are_written_whole(void **state)
{
	struct out_field_options options = { .bytes = 8, .order = FIELD_ORDER_BIG };
	struct one one;

	put(&one, VALUE_INT, 0);
	one.cell.as_int = INT64_MAX;
	assert_encoded(&options, &one, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
	options.encoding = FIELD_SIGNED;
	one.cell.as_int = INT64_MIN;
	assert_encoded(&options, &one, "\x80\x00\x00\x00\x00\x00\x00\x00", 8);
	one.cell.as_int = -2;
	assert_encoded(&options, &one, "\xff\xff\xff\xff\xff\xff\xff\xfe", 8);
	put(&one, VALUE_FLOAT, 1e30);
	assert_encoded(&options, &one, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
	options.encoding = FIELD_UNSIGNED;
	assert_encoded(&options, &one, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

static void floats_are_of_four_or_eight_bytes(void **state)
{
	struct out_field_options options = { .bytes = 4, .encoding = FIELD_FLOAT };
	struct one one;

	put(&one, VALUE_FLOAT, -1.5);
	assert_encoded(&options, &one, "\x00\x00\xc0\xbf", 4);
	options.bytes = 8;
	options.order = FIELD_ORDER_BIG;
	assert_encoded(&options, &one, "\xbf\xf8\x00\x00\x00\x00\x00\x00", 8);
}

static void a_float_that_does_not_fit_is_the_nearest_finite_one(void **state)
{
	struct out_field_options options = { .bytes = 4,
					     .order = FIELD_ORDER_BIG,
					     .encoding = FIELD_FLOAT };
	struct one one;

	put(&one, VALUE_FLOAT, 1e300);
	assert_encoded(&options, &one, "\x7f\x7f\xff\xff", 4);
	put(&one, VALUE_FLOAT, -1e300);
	assert_encoded(&options, &one, "\xff\x7f\xff\xff", 4);
	options.scaling = (struct scaling){ .scale = 1e-10, .has_scale = true };
	assert_encoded(&options, &one, "\xff\x7f\xff\xff", 4);
	options.bytes = 8;
	assert_encoded(&options, &one, "\xff\xef\xff\xff\xff\xff\xff\xff", 8);
}

static void bits_leave_their_neighbours_alone(void **state)
{
	struct out_field_options options = { .byte = 1,
					     .bytes = 2,
					     .bit = 6,
					     .bits = 4,
					     .has_bit = true,
					     .has_bits = true };
	struct one one;
	uint8_t message[3] = { 0x11, 0xff, 0xff };

	put(&one, VALUE_INT, 9);
	out_field_encode(&options, &one.channel, message);
	assert_memory_equal(message, "\x11\x7f\xfe", 3);
	options = (struct out_field_options){ .bytes = 1, .bit = 4, .has_bit = true };
	put(&one, VALUE_BOOL, 1);
	message[0] = 0;
	out_field_encode(&options, &one.channel, message);
	assert_int_equal(message[0], 0x10);
	put(&one, VALUE_BOOL, 0);
	message[0] = 0xff;
	out_field_encode(&options, &one.channel, message);
	assert_int_equal(message[0], 0xef);
}

/* What is written is what field.h reads. */
static void assert_round_trip(const struct out_field_options *out, int64_t value)
{
	const struct field_options in = { .byte = out->byte,
					  .bytes = out->bytes,
					  .order = out->order,
					  .encoding = out->encoding,
					  .bit = out->bit,
					  .bits = out->bits,
					  .has_bit = out->has_bit,
					  .has_bits = out->has_bits };
	uint8_t message[16] = { 0 };
	const struct frame frame = { .data = message, .bytes = sizeof(message) };
	struct sample sample;
	struct one one;

	put(&one, VALUE_INT, 0);
	one.cell.as_int = value;
	out_field_encode(out, &one.channel, message);
	assert_int_equal(field_decode_binary(&in, &frame, &sample), 0);
	assert_true(sample.as_int == value);
}

static void what_is_written_is_read_back(void **state)
{
	for (int64_t bytes = 1; bytes <= 8; bytes++) {
		for (int order = 0; order < 2; order++) {
			struct out_field_options options = { .byte = 3,
							     .bytes = bytes,
							     .order = order,
							     .encoding = FIELD_SIGNED };

			assert_round_trip(&options, 0);
			assert_round_trip(&options, -1);
			assert_round_trip(&options, 101);
			assert_round_trip(&options, INT64_MIN >> (64 - 8 * bytes));
			options.has_bits = options.has_bit = true;
			options.bit = 2;
			options.bits = 5;
			assert_round_trip(&options, -16);
			assert_round_trip(&options, 15);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_integer_is_written_in_the_order_of_its_bytes),
		cmocka_unit_test(a_float_is_scaled_back_and_rounded_to_even),
		cmocka_unit_test(what_does_not_fit_is_the_nearest_that_does),
		cmocka_unit_test(sixty_four_bits_are_written_whole),
		cmocka_unit_test(floats_are_of_four_or_eight_bytes),
		cmocka_unit_test(a_float_that_does_not_fit_is_the_nearest_finite_one),
		cmocka_unit_test(bits_leave_their_neighbours_alone),
		cmocka_unit_test(what_is_written_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
