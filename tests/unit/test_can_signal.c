#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "drivers/can_signal.h"

/* The reference walks from bit to bit as the documents of the format draw it: Intel to the
 * next number, from the least significant bit on; Motorola to the right, which is the next
 * lower number, and from a byte's last bit to the next byte's first, most significant first. */
static uint64_t take_slowly(const struct can_bits *bits, const uint8_t *data)
{
	uint32_t at = bits->start;
	uint64_t raw = 0;

	for (uint32_t i = 0; i < bits->length; i++) {
		uint64_t bit = data[at / 8] >> at % 8 & 1;

		if (bits->is_big) {
			raw = raw * 2 + bit;
			at = at % 8 == 0 ? at + 15 : at - 1;
		} else {
			raw += bit << i;
			at++;
		}
	}
	return raw;
}

static uint32_t end_slowly(const struct can_bits *bits)
{
	uint32_t at = bits->start;
	uint32_t last = 0;

	for (uint32_t i = 0; i < bits->length; i++) {
		last = at / 8 > last ? at / 8 : last;
		if (bits->is_big) {
			at = at % 8 == 0 ? at + 15 : at - 1;
		} else {
			at++;
		}
	}
	return last + 1;
}

static uint64_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static void each_start_length_and_order_takes_what_a_slow_walk_takes(void **state)
{
	uint64_t seed = 1;
	uint8_t frames[6][CAN_FD_BYTES];
	unsigned checked = 0;

	for (unsigned f = 0; f < 6; f++) {
		for (unsigned i = 0; i < CAN_FD_BYTES; i++) {
			frames[f][i] = (uint8_t)next_random(&seed);
		}
	}
	memset(frames[0], 0xff, CAN_FD_BYTES);
	for (uint32_t start = 0; start < 8 * CAN_FD_BYTES; start++) {
		for (uint32_t length = 1; length <= 64; length++) {
			for (unsigned order = 0; order < 2; order++) {
				struct can_bits bits = { start, length, order };

				assert_int_equal(can_bits_end(&bits), end_slowly(&bits));
				if (can_bits_end(&bits) > CAN_FD_BYTES) {
					continue;
				}
				for (unsigned f = 0; f < 6; f++) {
					if (can_bits_take(&bits, frames[f]) !=
					    take_slowly(&bits, frames[f])) {
						fail_msg("%u|%u@%u", start, length,
							 !order);
					}
					checked++;
				}
			}
		}
	}
	assert_int_equal(checked, 6 * (2 * 64 * 512 - 2 * 63 * 64 / 2));
}

/* Nothing behind its last byte is looked at: the sanitizer watches. */
static void no_byte_behind_the_signal_is_read(void **state)
{
	for (uint32_t length = 1; length <= 64; length++) {
		for (unsigned order = 0; order < 2; order++) {
			struct can_bits bits = { .start = order ? 2 : 5,
						 .length = length,
						 .is_big = order };
			uint8_t *data = test_malloc(can_bits_end(&bits));

			memset(data, 0xff, can_bits_end(&bits));
			assert_int_equal(can_bits_take(&bits, data),
					 length == 64 ? UINT64_MAX
						      : (UINT64_C(1) << length) - 1);
			test_free(data);
		}
	}
}

static void signals_overlap_where_they_share_a_bit(void **state)
{
	struct can_bits nibble = { .start = 4, .length = 4 };
	struct can_bits below = { .start = 0, .length = 4 };
	struct can_bits motorola = { .start = 3, .length = 12, .is_big = true };

	assert_false(can_bits_overlap(&nibble, &below));
	assert_true(can_bits_overlap(&nibble, &nibble));
	/* bits 3 to 0 and 15 to 8 */
	assert_true(can_bits_overlap(&below, &motorola));
	assert_false(can_bits_overlap(&nibble, &motorola));
	nibble.length = 5;
	assert_true(can_bits_overlap(&motorola, &nibble));
}

static struct sample decode(const struct can_signal *signal, const char *data,
			    uint32_t bytes)
{
	struct sample sample;

	assert_int_equal(can_signal_decode(signal, (const uint8_t *)data, bytes, &sample),
			 0);
	return sample;
}

static void encodings_are_unsigned_signed_and_float(void **state)
{
	struct can_signal signal = { .bits = { .start = 8, .length = 12 } };
	const char data[] = "\x00\x18\xf8\x00";

	assert_int_equal(decode(&signal, data, 4).as_int, 0x818);
	signal.encoding = CAN_SIGNED;
	assert_int_equal(decode(&signal, data, 4).as_int, 0x818 - 0x1000);
	signal.encoding = CAN_FLOAT;
	signal.bits = (struct can_bits){ .start = 0, .length = 32 };
	assert_true(decode(&signal, "\x00\x00\xc0\x3f", 4).as_float == 1.5);
	signal.bits = (struct can_bits){ .start = 7, .length = 32, .is_big = true };
	assert_true(decode(&signal, "\x3f\xc0\x00\x00", 4).as_float == 1.5);
	signal.bits = (struct can_bits){ .start = 7, .length = 64, .is_big = true };
	assert_true(decode(&signal, "\xbf\xf8\0\0\0\0\0\0", 8).as_float == -1.5);
	signal.bits = (struct can_bits){ .start = 4, .length = 32 };
	assert_true(decode(&signal, "\x00\x00\x00\xfc\x03", 5).as_float == 1.5);
}

static int result(const struct can_signal *signal, const char *data, uint32_t bytes)
{
	struct sample sample;

	return can_signal_decode(signal, (const uint8_t *)data, bytes, &sample);
}

static void data_that_ends_too_early_is_told(void **state)
{
	struct can_signal signal = { .bits = {
					     .start = 15, .length = 9, .is_big = true } };

	assert_int_equal(result(&signal, "\0\0\0", 3), 0);
	assert_int_equal(result(&signal, "\0\0", 2), -EMSGSIZE);
	assert_int_equal(result(&signal, "", 0), -EMSGSIZE);
}

static void a_multiplexed_signal_is_there_for_some_values_only(void **state)
{
	static const struct can_range ranges[] = { { 3, 3 }, { 5, 10 } };
	static const struct can_switch above = { .bits = { .start = 4, .length = 4 },
						 .ranges = ranges,
						 .range_count = 2 };
	struct can_signal signal = {
		.bits = { .start = 8, .length = 8 },
		.switches = &above,
		.switch_count = 1,
	};

	for (unsigned value = 0; value < 16; value++) {
		char data[] = { (char)(value << 4 | 0xf), 1 };
		bool is_there = value == 3 || (value >= 5 && value <= 10);

		assert_int_equal(result(&signal, data, 2), is_there ? 0 : -ENOENT);
	}
	assert_int_equal(result(&signal, "\x30", 1), -EMSGSIZE);
	assert_int_equal(result(&signal, "\x40", 1), -ENOENT);
	assert_int_equal(result(&signal, "", 0), -EMSGSIZE);
}

static void a_multiplexor_may_be_multiplexed_itself(void **state)
{
	static const struct can_range one = { 1, 1 }, two = { 2, 2 };
	static const struct can_switch above[] = {
		{ .bits = { .start = 0, .length = 8 }, .ranges = &one, .range_count = 1 },
		{ .bits = { .start = 8, .length = 8 }, .ranges = &two, .range_count = 1 },
	};
	struct can_signal signal = {
		.bits = { .start = 16, .length = 8 },
		.switches = above,
		.switch_count = 2,
	};

	assert_int_equal(result(&signal, "\1\2\3", 3), 0);
	assert_int_equal(result(&signal, "\1\1\3", 3), -ENOENT);
	assert_int_equal(result(&signal, "\2\2\3", 3), -ENOENT);
	/* where the outer one excludes it, the frame may be short */
	assert_int_equal(result(&signal, "\2", 1), -ENOENT);
	assert_int_equal(result(&signal, "\1", 1), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			each_start_length_and_order_takes_what_a_slow_walk_takes),
		cmocka_unit_test(no_byte_behind_the_signal_is_read),
		cmocka_unit_test(signals_overlap_where_they_share_a_bit),
		cmocka_unit_test(encodings_are_unsigned_signed_and_float),
		cmocka_unit_test(data_that_ends_too_early_is_told),
		cmocka_unit_test(a_multiplexed_signal_is_there_for_some_values_only),
		cmocka_unit_test(a_multiplexor_may_be_multiplexed_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
