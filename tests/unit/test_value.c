#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "config/value.h"
#include "rtloop/base/time.h"

static int parse_duration(const char *text)
{
	int64_t ns = 0;

	return value_parse_duration(text, &ns);
}

static int64_t duration(const char *text)
{
	int64_t ns = -1;

	assert_int_equal(value_parse_duration(text, &ns), 0);
	return ns;
}

static int64_t size(const char *text)
{
	int64_t bytes = -1;

	assert_int_equal(value_parse_size(text, &bytes), 0);
	return bytes;
}

static int parse_size(const char *text)
{
	int64_t bytes = 0;

	return value_parse_size(text, &bytes);
}

static int64_t integer(const char *text)
{
	int64_t value = 77;

	assert_int_equal(value_parse_int(text, &value), 0);
	return value;
}

static int parse_int(const char *text)
{
	int64_t value = 0;

	return value_parse_int(text, &value);
}

static double number(const char *text)
{
	double value = 77;

	assert_int_equal(value_parse_float(text, &value), 0);
	return value;
}

static int parse_float(const char *text)
{
	double value = 0;

	return value_parse_float(text, &value);
}

static void bools_are_true_and_false_alone(void **state)
{
	static const char *const others[] = { "yes",  "no",   "on", "off",
					      "True", "TRUE", "1",  "" };
	bool value = false;

	assert_int_equal(value_parse_bool("true", &value), 0);
	assert_true(value);
	assert_int_equal(value_parse_bool("false", &value), 0);
	assert_false(value);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(value_parse_bool(others[i], &value), -EINVAL);
	}
}

static void whole_numbers_are_decimal_or_hexadecimal(void **state)
{
	assert_int_equal(integer("0"), 0);
	assert_int_equal(integer("-5"), -5);
	assert_int_equal(integer("+115200"), 115200);
	assert_int_equal(integer("0x1F"), 31);
	assert_int_equal(integer("-0xff"), -255);
}

static void whole_numbers_reach_both_ends_of_their_type(void **state)
{
	assert_true(integer("9223372036854775807") == INT64_MAX);
	assert_true(integer("-9223372036854775808") == INT64_MIN);
	assert_true(integer("0x7fffffffffffffff") == INT64_MAX);
	assert_int_equal(parse_int("9223372036854775808"), -ERANGE);
	assert_int_equal(parse_int("-9223372036854775809"), -ERANGE);
	assert_int_equal(parse_int("99999999999999999999999"), -ERANGE);
}

static void what_is_no_whole_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"-",
		"+",
		"0x",
		"1.0",
		"1e3",
		"010",
		"00",
		"1_000",
		" 1",
		"1 ",
		"115k",
		"--1",
		"0b1",
		"0x1g",
		"ten",
		"99999999999999999999x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(parse_int(texts[i]), -EINVAL);
	}
}

static void numbers_are_decimal(void **state)
{
	assert_true(number("0.1") == 0.1);
	assert_true(number("-2.5e-3") == -2.5e-3);
	assert_true(number(".5") == 0.5);
	assert_true(number("5.") == 5);
	assert_true(number("1E+2") == 100);
	assert_true(number("1e-400") == 0);
}

static void what_is_no_finite_number_is_refused(void **state)
{
	static const char *const texts[] = {
		"",    ".",    "-",    "e1",  "1e", "1e+", "inf",
		"nan", ".inf", "0x10", "1,5", "1 ", " 1",  "1.2.3",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(parse_float(texts[i]), -EINVAL);
	}
	assert_int_equal(parse_float("1e400"), -ERANGE);
}

static void durations_come_with_their_unit(void **state)
{
	assert_int_equal(duration("7ns"), 7);
	assert_int_equal(duration("250us"), 250 * NS_PER_US);
	assert_int_equal(duration("1ms"), NS_PER_MS);
	assert_int_equal(duration("1s"), NS_PER_SEC);
	assert_int_equal(duration("2min"), 120 * NS_PER_SEC);
	assert_int_equal(duration("24h"), 86400 * NS_PER_SEC);
	assert_int_equal(duration("0s"), 0);
	assert_int_equal(parse_duration("1"), -EINVAL);
	assert_int_equal(parse_duration("0"), -EINVAL);
	assert_int_equal(parse_duration("1 ms"), -EINVAL);
	assert_int_equal(parse_duration("1m"), -EINVAL);
	assert_int_equal(parse_duration("1S"), -EINVAL);
	assert_int_equal(parse_duration("ms"), -EINVAL);
	assert_int_equal(parse_duration(".s"), -EINVAL);
	assert_int_equal(parse_duration("-1ms"), -EINVAL);
	assert_int_equal(parse_duration("1e3ms"), -EINVAL);
	assert_int_equal(parse_duration(""), -EINVAL);
}

static void fractions_of_durations_are_exact_or_refused(void **state)
{
	assert_int_equal(duration("1.5s"), 1500 * NS_PER_MS);
	assert_int_equal(duration("0.1us"), 100);
	assert_int_equal(duration(".25ms"), 250 * NS_PER_US);
	assert_int_equal(duration("1.50000000000000000000000000000s"), 1500 * NS_PER_MS);
	assert_int_equal(duration("0.000000001s"), 1);
	assert_int_equal(duration("3.s"), 3 * NS_PER_SEC);
	assert_int_equal(parse_duration("1.5ns"), -EINVAL);
	assert_int_equal(parse_duration("0.0000000001s"), -EINVAL);
	assert_int_equal(parse_duration("0.33333333333333333333h"), -EINVAL);
}

static void durations_past_the_type_are_out_of_range(void **state)
{
	assert_int_equal(parse_duration("9223372036854775808ns"), -ERANGE);
	assert_int_equal(parse_duration("9999999999h"), -ERANGE);
	assert_int_equal(parse_duration("9223372036.9s"), -ERANGE);
	assert_true(duration("9223372036854775807ns") == INT64_MAX);
}

static void sizes_are_in_powers_of_1024(void **state)
{
	assert_int_equal(size("0"), 0);
	assert_int_equal(size("4096"), 4096);
	assert_int_equal(size("12B"), 12);
	assert_int_equal(size("64KiB"), 65536);
	assert_int_equal(size("1.5MiB"), 1572864);
	assert_int_equal(size("2GiB"), INT64_C(2147483648));
	assert_int_equal(parse_size("1.3KiB"), -EINVAL);
	assert_int_equal(parse_size("10MB"), -EINVAL);
	assert_int_equal(parse_size("10k"), -EINVAL);
	assert_int_equal(parse_size("-1"), -EINVAL);
	assert_int_equal(parse_size(""), -EINVAL);
	assert_int_equal(parse_size("99999999999GiB"), -ERANGE);
}

static void sizes_are_printed_as_they_are_written(void **state)
{
	char text[32];

	assert_string_equal(value_print_size(text, sizeof(text), 0), "0");
	assert_string_equal(value_print_size(text, sizeof(text), 1000), "1000");
	assert_string_equal(value_print_size(text, sizeof(text), 65536), "64KiB");
	assert_string_equal(value_print_size(text, sizeof(text), 100 << 20), "100MiB");
	assert_string_equal(value_print_size(text, sizeof(text), INT64_C(3) << 30),
			    "3GiB");
}

static void each_character_up_to_ff_is_one_byte(void **state)
{
	static const char text[] =
		"a\0\xc2\x80\xc3\xbf"; /* U+0061 U+0000 U+0080 U+00FF */
	static const uint8_t expected[] = { 'a', 0, 0x80, 0xff };
	uint8_t data[sizeof(text)];
	size_t bytes = 0;

	assert_int_equal(value_parse_bytes(text, sizeof(text) - 1, data, &bytes), 0);
	assert_int_equal(bytes, sizeof(expected));
	assert_memory_equal(data, expected, sizeof(expected));
}

static void a_character_above_ff_is_no_byte(void **state)
{
	static const char *const texts[] = { "\xc4\x80", "x\xe2\x82\xac",
					     "\xf0\x9f\x98\x80" };
	uint8_t data[8];
	size_t bytes = 5;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(
			value_parse_bytes(texts[i], strlen(texts[i]), data, &bytes),
			-ERANGE);
	}
	assert_int_equal(bytes, 5);
}

static void hints_say_what_was_probably_meant(void **state)
{
	char hint[VALUE_HINT_BYTES];

	assert_string_equal(value_hint_bool("Yes", hint), "true");
	assert_string_equal(value_hint_bool("off", hint), "false");
	assert_string_equal(value_hint_bool("maybe", hint), "");
	assert_string_equal(value_hint_number("1_000_000", hint), "1000000");
	assert_string_equal(value_hint_number("0,5", hint), "0.5");
	assert_string_equal(value_hint_number("-010", hint), "-10");
	assert_string_equal(value_hint_number("115k", hint), "");
	assert_string_equal(value_hint_duration("250 us", hint), "250us");
	assert_string_equal(value_hint_duration("10sec", hint), "10s");
	assert_string_equal(value_hint_duration("10µs", hint), "10us");
	assert_string_equal(value_hint_duration("5m", hint), "5min");
	assert_string_equal(value_hint_duration("5", hint), "");
	assert_string_equal(value_hint_duration("5 parsecs", hint), "");
	assert_string_equal(value_hint_size("100MB", hint), "100MiB");
	assert_string_equal(value_hint_size("64 kib", hint), "64KiB");
	assert_string_equal(value_hint_size("1.2.3MB", hint), "");
	assert_string_equal(value_hint_size("lots", hint), "");
}

static void names_are_lower_case_words(void **state)
{
	assert_true(value_is_name("a"));
	assert_true(value_is_name("probe_2"));
	assert_false(value_is_name(""));
	assert_false(value_is_name("2probe"));
	assert_false(value_is_name("_probe"));
	assert_false(value_is_name("Probe"));
	assert_false(value_is_name("probe-2"));
	assert_false(value_is_name("sonde_é"));
}

static void names_have_at_most_63_characters(void **state)
{
	char text[65] = "";

	memset(text, 'x', 63);
	assert_true(value_is_name(text));
	text[63] = 'x';
	assert_false(value_is_name(text));
}

static void any_text_can_be_made_a_name(void **state)
{
	static const char *const texts[] = { "Oven-2", "7up", "--", "", "éa", "a.b c" };
	static const char *const names[] = { "oven_2", "loop_7up", "loop",
					     "loop",   "loop",	   "a_b_c" };
	char text[100] = "";
	char name[VALUE_NAME_MAX + 1];

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_string_equal(value_make_name(texts[i], "loop", name), names[i]);
	}
	memset(text, 'x', sizeof(text) - 1);
	assert_true(value_is_name(value_make_name(text, "loop", name)));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bools_are_true_and_false_alone),
		cmocka_unit_test(whole_numbers_are_decimal_or_hexadecimal),
		cmocka_unit_test(whole_numbers_reach_both_ends_of_their_type),
		cmocka_unit_test(what_is_no_whole_number_is_refused),
		cmocka_unit_test(numbers_are_decimal),
		cmocka_unit_test(what_is_no_finite_number_is_refused),
		cmocka_unit_test(durations_come_with_their_unit),
		cmocka_unit_test(fractions_of_durations_are_exact_or_refused),
		cmocka_unit_test(durations_past_the_type_are_out_of_range),
		cmocka_unit_test(sizes_are_in_powers_of_1024),
		cmocka_unit_test(sizes_are_printed_as_they_are_written),
		cmocka_unit_test(each_character_up_to_ff_is_one_byte),
		cmocka_unit_test(a_character_above_ff_is_no_byte),
		cmocka_unit_test(hints_say_what_was_probably_meant),
		cmocka_unit_test(names_are_lower_case_words),
		cmocka_unit_test(names_have_at_most_63_characters),
		cmocka_unit_test(any_text_can_be_made_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
