#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/field.h"
#include "tests/fakes/rig.h"

#define UDP(device, in) "probe: { driver: udp, listen: ':9', " device "in: { " in " } }"

static void take(struct rig *rig, const void *data, size_t bytes)
{
	rig_step(rig, 1000000);
	rig_receive(rig, data, bytes, NULL);
}

static void take_text(struct rig *rig, const char *text)
{
	take(rig, text, strlen(text));
}

static void columns_are_counted_from_0_and_trimmed(void **state)
{
	struct rig rig;

	rig_init(&rig,
		 UDP("", "a: { column: 0, type: integer }, b: { column: 2, type: float },"
			 "c: { column: 1, type: bool }"));
	take_text(&rig, " 5 ,\t1 , -2.5\r\n");
	assert_int_equal(rig_int(&rig, "a"), 5);
	assert_true(rig_float(&rig, "b") == -2.5);
	assert_true(rig_bool(&rig, "c"));
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 0);
	rig_fini(&rig);
}

static void a_separator_may_be_any_bytes(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("separator: \"::\", ", "a: { column: 1, type: integer },"
						  "b: { column: 2, type: integer }"));
	take_text(&rig, "1::2::3");
	assert_int_equal(rig_int(&rig, "a"), 2);
	assert_int_equal(rig_int(&rig, "b"), 3);
	take_text(&rig, ":::4::");
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	rig_fini(&rig);
}

static void a_space_separates_by_any_run_of_blanks(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("separator: \" \", ", "a: { column: 0, type: float },"
						 "b: { column: 1, type: integer }"));
	take_text(&rig, "   12.5 \t  7  ");
	assert_true(rig_float(&rig, "a") == 12.5);
	assert_int_equal(rig_int(&rig, "b"), 7);
	take_text(&rig, "  ");
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 2);
	rig_fini(&rig);
}

static void integers_in_text_keep_all_64_bits(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("", "a: { column: 0, type: integer }"));
	take_text(&rig, "9007199254740993");
	assert_true(rig_int(&rig, "a") == INT64_C(9007199254740993));
	take_text(&rig, "18446744073709551615");
	assert_true(rig_int(&rig, "a") == INT64_MAX);
	take_text(&rig, "2.5");
	assert_int_equal(rig_int(&rig, "a"), 2);
	rig_fini(&rig);
}

static void hexadecimal_text_has_a_prefix_or_base_16(void **state)
{
	struct rig rig;

	rig_init(
		&rig,
		UDP("",
		    "a: { column: 0, type: integer },"
		    "b: { column: 1, base: 16, type: integer },"
		    "c: { column: 1, base: 16, bits: 16, encoding: signed, type: float },"
		    "d: { column: 0, bit: 3, type: bool }"));
	take_text(&rig, "0x1F,fff6");
	assert_int_equal(rig_int(&rig, "a"), 31);
	assert_int_equal(rig_int(&rig, "b"), 0xfff6);
	assert_true(rig_float(&rig, "c") == -10);
	assert_true(rig_bool(&rig, "d"));
	take_text(&rig, "7.5,0");
	assert_int_equal(rig_quality(&rig, "d"), QUALITY_BAD);
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_GOOD);
	rig_fini(&rig);
}

static void a_bool_is_a_word_or_a_number(void **state)
{
	static const char *const yes[] = { "1",	  "true", "TRUE", "On",
					   "yes", "0.5",  "-3",	  "0x10" };
	static const char *const no[] = { "0", "false", "Off", "NO", "0.0", "-0" };
	static const char *const neither[] = {
		"", "tru", "truee", "o", "y", "nan", "1 0"
	};
	struct rig rig;

	rig_init(&rig, UDP("", "a: { column: 0, type: bool }"));
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		take_text(&rig, yes[i]);
		assert_int_equal(rig_quality(&rig, "a"), QUALITY_GOOD);
		assert_true(rig_bool(&rig, "a"));
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		take_text(&rig, no[i]);
		assert_int_equal(rig_quality(&rig, "a"), QUALITY_GOOD);
		assert_false(rig_bool(&rig, "a"));
	}
	for (size_t i = 1; i < sizeof(neither) / sizeof(neither[0]); i++) {
		take_text(&rig, neither[i]);
		assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
	}
	rig_fini(&rig);
}

static void a_word_is_no_number_to_other_types(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("", "a: { column: 0, type: integer }"));
	take_text(&rig, "true");
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
	rig_fini(&rig);
}

static void a_missing_or_undecodable_field_turns_only_its_channel_bad(void **state)
{
	struct rig rig;

	rig_init(&rig,
		 UDP("", "a: { column: 0, type: float }, b: { column: 1, type: float }"));
	take_text(&rig, "1,2");
	take_text(&rig, "3,---");
	assert_true(rig_float(&rig, "a") == 3);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	assert_true(rig_float(&rig, "b") == 2);
	take_text(&rig, "4");
	assert_true(rig_float(&rig, "a") == 4);
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 2);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 3);
	take_text(&rig, "5,6");
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_GOOD);
	rig_fini(&rig);
}

static void a_frame_of_which_nothing_decodes_is_no_sample(void **state)
{
	struct rig rig;
	uint64_t last_ns;

	rig_init(&rig,
		 UDP("", "a: { column: 0, type: float }, b: { column: 1, type: float }"));
	take_text(&rig, "1,2");
	last_ns = counter_get(&rig.device.last_ns);
	take_text(&rig, "ERROR");
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 2);
	assert_true(counter_get(&rig.device.last_ns) == last_ns);
	assert_memory_equal(rig.device.published, rig.device.part.block,
			    rig.device.part.bytes);
	rig_fini(&rig);
}

static void a_value_that_is_not_finite_is_bad(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("", "a: { column: 0, type: float, scale: 10 },"
			       "b: { byte: 0, bytes: 4, encoding: float, type: float }"));
	take_text(&rig, "1e308");
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
	take_text(&rig, "1e309");
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_BAD);
	take(&rig, "\0\0\x80\x7f", 4);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	take(&rig, "\0\0\xc0\x7f", 4);
	assert_int_equal(rig_quality(&rig, "b"), QUALITY_BAD);
	rig_fini(&rig);
}

static void scale_and_offset_are_applied_in_that_order(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("", "a: { column: 0, type: float, scale: 0.5, offset: 10 },"
			       "b: { column: 0, type: integer, scale: 0.5 },"
			       "c: { column: 0, type: float, offset: -1 }"));
	take_text(&rig, "5");
	assert_true(rig_float(&rig, "a") == 12.5);
	assert_int_equal(rig_int(&rig, "b"), 2);
	assert_true(rig_float(&rig, "c") == 4);
	rig_fini(&rig);
}

static int decode(const struct field_options *options, const void *data, size_t bytes,
		  struct sample *ret_sample)
{
	const struct frame frame = { data, (uint32_t)bytes };

	return field_decode_binary(options, &frame, ret_sample);
}

static void every_width_is_read_in_both_orders(void **state)
{
	static const uint8_t data[] = { 0xff, 0x81, 2, 3, 4, 5, 6, 7, 0x88, 0xff };
	struct field_options options = { .byte = 1 };
	struct sample sample;

	for (options.bytes = 1; options.bytes <= 8; options.bytes++) {
		uint64_t big = 0;
		uint64_t little = 0;

		for (int64_t i = 0; i < options.bytes; i++) {
			big = big << 8 | data[1 + i];
			little |= (uint64_t)data[1 + i] << 8 * i;
		}
		options.order = FIELD_ORDER_BIG;
		assert_int_equal(decode(&options, data, sizeof(data), &sample), 0);
		assert_true(sample.is_int && sample.as_float == (double)big);
		assert_true(sample.as_int ==
			    (big > INT64_MAX ? INT64_MAX : (int64_t)big));
		options.order = FIELD_ORDER_LITTLE;
		assert_int_equal(decode(&options, data, sizeof(data), &sample), 0);
		assert_true(sample.as_float == (double)little);
	}
}

static void signed_values_are_extended_from_every_width(void **state)
{
	static const uint8_t data[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	struct field_options options = { .encoding = FIELD_SIGNED };
	struct sample sample;

	for (options.bytes = 1; options.bytes <= 8; options.bytes++) {
		assert_int_equal(decode(&options, data, sizeof(data), &sample), 0);
		assert_true(sample.as_int == -1 && sample.as_float == -1);
	}
	options.bytes = 3;
	assert_int_equal(decode(&options, "\0\0\x80", 3, &sample), 0);
	assert_true(sample.as_int == -0x800000);
	options.bytes = 8;
	assert_int_equal(decode(&options, "\0\0\0\0\0\0\0\x80", 8, &sample), 0);
	assert_true(sample.as_int == INT64_MIN);
}

static void an_unsigned_value_above_the_greatest_integer_saturates(void **state)
{
	const struct field_options options = { .bytes = 8 };
	struct sample sample;

	assert_int_equal(decode(&options, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, &sample),
			 0);
	assert_true(sample.as_int == INT64_MAX);
	assert_true(sample.as_float == 0x1p64);
}

static void floats_have_4_or_8_bytes(void **state)
{
	struct field_options options = { .bytes = 4, .encoding = FIELD_FLOAT };
	struct sample sample;

	assert_int_equal(decode(&options, "\x00\x00\xc8\xc1", 4, &sample), 0);
	assert_true(!sample.is_int && sample.as_float == -25);
	options.order = FIELD_ORDER_BIG;
	assert_int_equal(decode(&options, "\x3d\xcc\xcc\xcd", 4, &sample), 0);
	assert_true(sample.as_float == (double)0.1f);
	options.bytes = 8;
	assert_int_equal(decode(&options, "\x3f\xb9\x99\x99\x99\x99\x99\x9a", 8, &sample),
			 0);
	assert_true(sample.as_float == 0.1);
}

static void bits_are_cut_out_after_the_bytes_are_ordered(void **state)
{
	struct field_options options = {
		.bytes = 2,
		.order = FIELD_ORDER_BIG,
		.bit = 4,
		.bits = 9,
		.has_bits = true,
	};
	struct sample sample;

	assert_int_equal(decode(&options, "\x1a\xb7", 2, &sample), 0);
	assert_true(sample.as_int == (0x1ab7 >> 4 & 0x1ff));
	options.encoding = FIELD_SIGNED;
	assert_int_equal(decode(&options, "\x1a\xb7", 2, &sample), 0);
	assert_true(sample.as_int == (0x1ab7 >> 4 & 0x1ff) - 0x200);
	options = (struct field_options){ .bytes = 1, .bit = 7, .has_bit = true };
	assert_int_equal(decode(&options, "\x80", 1, &sample), 0);
	assert_true(sample.as_int == 1);
	options = (struct field_options){ .bytes = 8, .bits = 64, .has_bits = true };
	assert_int_equal(decode(&options, "\1\0\0\0\0\0\0\x40", 8, &sample), 0);
	assert_true(sample.as_int == INT64_C(0x4000000000000001));
}

static void a_frame_that_ends_before_the_field_is_too_short(void **state)
{
	const struct field_options options = { .byte = 2, .bytes = 4 };
	struct sample sample = { .as_int = 7 };

	assert_int_equal(decode(&options, "12345", 5, &sample), -EMSGSIZE);
	assert_int_equal(decode(&options, "", 0, &sample), -EMSGSIZE);
	assert_int_equal(sample.as_int, 7);
	assert_int_equal(decode(&options, "123456", 6, &sample), 0);
}

static void text_that_is_no_number_says_so(void **state)
{
	const struct field_options options = { .has_column = true };
	struct sample sample;

	assert_int_equal(field_decode_text(&options, VALUE_FLOAT, (const uint8_t *)"x", 1,
					   &sample),
			 -EINVAL);
	assert_int_equal(field_decode_text(&options, VALUE_FLOAT,
					   (const uint8_t *)"1e999", 5, &sample),
			 -ERANGE);
}

static void samples_carry_the_time_when_they_came(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("", "a: { column: 0, type: float }"));
	take_text(&rig, "1");
	assert_true(rig.device.in[0].sample_ns == rig.now.wake_ns);
	rig_fini(&rig);
}

static void random_frames_only_ever_decode_or_turn_bad(void **state)
{
	struct rig rig;
	uint32_t seed = 6;
	uint8_t data[64];

	rig_init(&rig,
		 UDP("separator: \",;\", bytes: 64, ",
		     "a: { column: 0, type: float }, b: { column: 255, type: integer },"
		     "c: { byte: 5, bytes: 7, type: integer, order: big },"
		     "d: { byte: 60, bytes: 4, type: float, encoding: float },"
		     "e: { byte: 1, bytes: 2, bit: 3, bits: 11, encoding: signed, type: "
		     "float }"));
	for (int i = 0; i < 20000; i++) {
		uint32_t bytes = (seed >> 10) % (sizeof(data) + 1);

		for (uint32_t at = 0; at < bytes; at++) {
			seed = seed * 1664525 + 1013904223;
			data[at] =
				seed >> 31
					? (uint8_t)(seed >> 16)
					: (uint8_t) "0123456789.,;-e"[(seed >> 16) % 15];
		}
		seed = seed * 1664525 + 1013904223;
		take(&rig, data, bytes);
	}
	assert_true(rig_count(&rig, COUNT_BAD_FIELD) > 0);
	assert_true(rig_count(&rig, COUNT_FRAMES) > 0);
	rig_fini(&rig);
}

static void assert_errors(const char *text, const char *part)
{
	struct rig rig;

	rig_load(&rig, text);
	if (!strstr(rig.errors, part)) {
		fail_msg("'%s' is not in '%s'", part, rig.errors);
	}
	rig_fini(&rig);
}

static void a_channel_with_a_match_is_of_those_frames_only(void **state)
{
	struct rig rig;

	rig_init(&rig,
		 UDP("", "wind: { column: 1, type: integer, match: \"W,\" },"
			 "level: { column: 1, type: integer, match: \"L,\" },"
			 "any: { column: 0, type: bool, match: \"1,\", match_at: 2 }"));
	take_text(&rig, "W,1,");
	assert_int_equal(rig_int(&rig, "wind"), 1);
	assert_int_equal(rig_quality(&rig, "level"), QUALITY_BAD);
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 1);
	take_text(&rig, "L,2,");
	assert_int_equal(rig_int(&rig, "wind"), 1);
	assert_int_equal(rig_quality(&rig, "wind"), QUALITY_GOOD);
	assert_int_equal(rig_int(&rig, "level"), 2);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 2);
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 1);
	rig_fini(&rig);
}

static void a_frame_of_no_channel_is_passed_over(void **state)
{
	struct rig rig;

	rig_init(&rig, UDP("", "a: { column: 1, type: integer, match: \"LONGER,\" }"));
	take_text(&rig, "LONGER,7");
	take_text(&rig, "X,8");
	/* one that ends within the match */
	take(&rig, "LONGER,9", 6);
	assert_int_equal(rig_int(&rig, "a"), 7);
	assert_int_equal(rig_quality(&rig, "a"), QUALITY_GOOD);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 1);
	assert_int_equal(rig_count(&rig, COUNT_BAD_FIELD), 0);
	assert_int_equal(rig_count(&rig, COUNT_BAD_MATCH), 0);
	rig_fini(&rig);
}

static void exactly_one_of_column_and_byte_is_given(void **state)
{
	assert_errors(UDP("", "a: { type: float }"),
		      "expected either column, for text, or byte");
	assert_errors(UDP("", "a: { column: 0, byte: 0 }"), "not both");
}

static void options_of_the_other_sort_are_errors(void **state)
{
	assert_errors(UDP("", "a: { column: 0, order: big }"),
		      "expected with byte, not column");
	assert_errors(UDP("", "a: { column: 0, bytes: 2 }"),
		      "expected with byte, not column");
	assert_errors(UDP("", "a: { column: 0, encoding: signed }"),
		      "expected with byte, not column");
	assert_errors(UDP("", "a: { byte: 0, base: 16 }"),
		      "expected with column, not byte");
	assert_errors(UDP("frame: { kind: line }, ", "a: { byte: 0 }"),
		      "a binary value may hold the byte that ends a line");
}

static void what_does_not_fit_together_is_an_error(void **state)
{
	assert_errors(UDP("", "a: { byte: 0, bytes: 2, encoding: float }"),
		      "a float has bytes: 4 or bytes: 8");
	assert_errors(UDP("", "a: { byte: 0, encoding: float }"),
		      "a float has bytes: 4 or bytes: 8");
	assert_errors(UDP("", "a: { byte: 0, bytes: 4, encoding: float, bit: 1 }"),
		      "a part cut out by bit and bits is an integer");
	assert_errors(UDP("", "a: { byte: 0, bit: 6, bits: 3 }"),
		      "bits up to 8 are past the end");
	assert_errors(UDP("", "a: { column: 0, bit: 60, bits: 5 }"),
		      "an integer has bits 0 to 63");
	assert_errors(UDP("", "a: { column: 0, type: bool, scale: 2 }"),
		      "a bool is not scaled");
	assert_errors(UDP("", "a: { column: 0, match_at: 2 }"),
		      "'match_at': is where match stands; expected match");
	assert_errors(UDP("", "a: { column: 0, match: \"\" }"),
		      "0 bytes long; expected 1 to 64");
	assert_errors(UDP("frame: { kind: fixed, size: 4 }, ",
			  "a: { byte: 0, match: \"ab\", match_at: 3 }"),
		      "'match_at': bytes 3 to 4 are past the frame, which has 4");
	assert_errors(UDP("frame: { kind: fixed, size: 4 }, ",
			  "a: { byte: 0, match: \"abcde\" }"),
		      "'match': bytes 0 to 4 are past the frame, which has 4");
	assert_errors(UDP("separator: \"\", ", "a: { column: 0 }"),
		      "0 bytes long; expected 1 to 8");
	assert_errors(UDP("frame: { kind: fixed, size: 6, checksum: crc16-modbus }, ",
			  "a: { byte: 3, bytes: 2 }"),
		      "bytes 3 to 4 are past the frame, which has 4");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_counted_from_0_and_trimmed),
		cmocka_unit_test(a_separator_may_be_any_bytes),
		cmocka_unit_test(a_space_separates_by_any_run_of_blanks),
		cmocka_unit_test(integers_in_text_keep_all_64_bits),
		cmocka_unit_test(hexadecimal_text_has_a_prefix_or_base_16),
		cmocka_unit_test(a_bool_is_a_word_or_a_number),
		cmocka_unit_test(a_word_is_no_number_to_other_types),
		cmocka_unit_test(
			a_missing_or_undecodable_field_turns_only_its_channel_bad),
		cmocka_unit_test(a_frame_of_which_nothing_decodes_is_no_sample),
		cmocka_unit_test(a_value_that_is_not_finite_is_bad),
		cmocka_unit_test(scale_and_offset_are_applied_in_that_order),
		cmocka_unit_test(every_width_is_read_in_both_orders),
		cmocka_unit_test(signed_values_are_extended_from_every_width),
		cmocka_unit_test(an_unsigned_value_above_the_greatest_integer_saturates),
		cmocka_unit_test(floats_have_4_or_8_bytes),
		cmocka_unit_test(bits_are_cut_out_after_the_bytes_are_ordered),
		cmocka_unit_test(a_frame_that_ends_before_the_field_is_too_short),
		cmocka_unit_test(text_that_is_no_number_says_so),
		cmocka_unit_test(samples_carry_the_time_when_they_came),
		cmocka_unit_test(random_frames_only_ever_decode_or_turn_bad),
		cmocka_unit_test(a_channel_with_a_match_is_of_those_frames_only),
		cmocka_unit_test(a_frame_of_no_channel_is_passed_over),
		cmocka_unit_test(exactly_one_of_column_and_byte_is_given),
		cmocka_unit_test(options_of_the_other_sort_are_errors),
		cmocka_unit_test(what_does_not_fit_together_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
