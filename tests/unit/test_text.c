#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "drivers/text.h"
#include "rtloop/base/time.h"

static struct text text;
static struct err err;

static void assert_wrong(const char *template, int code, const char *expected)
{
	assert_int_equal(text_parse(&text, template, "nan", &err), code);
	assert_string_equal(err.text, expected);
}

static void parse(const char *template)
{
	if (text_parse(&text, template, "nan", &err)) {
		fail_msg("%s", err.text);
	}
}

static void a_template_is_taken_apart(void **state)
{
	parse("a {b.c:.3f}{{x}} {time_ns}{cycle}\n");
	assert_int_equal(text.count, 9);
	assert_int_equal(text.parts[1].kind, TEXT_CHANNEL);
	assert_int_equal(text.parts[1].decimals, 3);
	assert_int_equal(text.parts[1].bytes, 3);
	assert_true(text.parts[2].is_brace);
	assert_int_equal(text.parts[6].kind, TEXT_TIME_NS);
	assert_int_equal(text.parts[7].kind, TEXT_CYCLE);
	assert_true(text_names(&text, "b", "c"));
	assert_false(text_names(&text, "b", "cc"));
	assert_false(text_names(&text, "bb", "c"));
	assert_false(text_names(&text, "b.c", ""));
}

static void a_brace_needs_its_other_one(void **state)
{
	assert_wrong("a {b.c", -EINVAL,
		     "a '{' without its other one; expected {{ for a brace");
	assert_wrong("a {b.{c}", -EINVAL,
		     "a '{' without its other one; expected {{ for a brace");
	assert_wrong("a } b", -EINVAL,
		     "a '}' without its other one; expected }} for a brace");
	assert_wrong("a }", -EINVAL,
		     "a '}' without its other one; expected }} for a brace");
	assert_wrong("{", -EINVAL,
		     "a '{' without its other one; expected {{ for a brace");
}

static void what_is_in_braces_is_a_channel_or_a_word_that_is_known(void **state)
{
	assert_wrong("{temp}", -EINVAL,
		     "'{temp}' is no channel; expected {device.channel}, {time_ns} or "
		     "{cycle}, and {{ for a brace");
	assert_wrong("{}", -EINVAL,
		     "'{}' is no channel; expected {device.channel}, {time_ns} or "
		     "{cycle}, and {{ for a brace");
	assert_wrong("{cycle:.1f}", -EINVAL,
		     "'{cycle:.1f}' has a format; expected it of a channel only");
}

static void a_format_has_decimals_and_an_f(void **state)
{
	static const char *const wrong[] = { "",    ".",    ".2",  "2f",    ".f",
					     ".2g", ".16f", "..f", ".100f", ".2ff" };
	char template[32], expected[128];

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		snprintf(template, sizeof(template), "{a.b:%s}", wrong[i]);
		snprintf(expected, sizeof(expected),
			 "'{a.b:%s}' has no such format; expected .0f to .15f", wrong[i]);
		assert_wrong(template, -EINVAL, expected);
	}
	parse("{a.b:.0f}{a.b:.15f}");
	assert_int_equal(text.parts[1].decimals, 15);
}

static void a_template_of_too_many_parts_is_refused(void **state)
{
	char template[8 * TEXT_PARTS_MAX];
	size_t at = 0;

	for (unsigned i = 0; i <= TEXT_PARTS_MAX; i++) {
		at += (size_t)sprintf(template + at, "{a.b}");
	}
	assert_wrong(template, -E2BIG, "more than 256 parts; expected fewer channels");
}

static struct channel_spec in[] = { { .name = "temp", .type = VALUE_FLOAT } };
static struct channel_spec out[] = { { .name = "heater", .type = VALUE_BOOL } };
static const struct device_spec devices[] = {
	{ .name = "probe", .in = in, .in_count = 1 },
	{ .name = "panel", .out = out, .out_count = 1 },
};

static int check(const char *template)
{
	parse(template);
	return text_check(&text, devices, ARRAY_SIZE(devices), &err);
}

static void channels_are_looked_for_in_all_devices(void **state)
{
	assert_int_equal(check("{probe.temp:.1f} {panel.heater}"), 0);
	assert_int_equal(check("{panel.heatr}"), -ENOENT);
	assert_string_equal(
		err.text,
		"'{panel.heatr}' is no channel; did you mean '{panel.heater}'?");
	assert_int_equal(check("{a.b}"), -ENOENT);
	assert_string_equal(err.text,
			    "'{a.b}' is no channel; expected the device.channel of one");
}

static void a_bool_has_no_format(void **state)
{
	assert_int_equal(check("{panel.heater:.1f}"), -EINVAL);
	assert_string_equal(err.text, "'{panel.heater}' is a bool; expected no format");
}

/* Whatever the values are, the text stays within what was said at start. */
static void no_text_is_longer_than_was_said(void **state)
{
	static const double values[] = { 0,
					 -1.2345678901234567e-300,
					 -99999999999999.99,
					 -1.7976931348623157e308,
					 -0.000012345678901234567,
					 -999999999999999999.0 };
	double cell;
	uint8_t quality = QUALITY_GOOD, data[256];
	struct channel channel = { .type = VALUE_FLOAT,
				   .cell = &cell,
				   .quality = &quality };
	const struct cycle_time now = { .cycle = INT64_MAX, .release_ns = 1 };

	for (unsigned i = 0; i < 2 * ARRAY_SIZE(values); i++) {
		parse(i % 2 ? "{probe.temp:.15f}{cycle}" : "{probe.temp}{time_ns}");
		cell = values[i / 2];
		text.parts[0].channel = &channel;
		assert_in_range(text_bytes_max(&text), 2, sizeof(data));
		assert_in_range(text_write(&text, &now, data), 2, text_bytes_max(&text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_template_is_taken_apart),
		cmocka_unit_test(a_brace_needs_its_other_one),
		cmocka_unit_test(what_is_in_braces_is_a_channel_or_a_word_that_is_known),
		cmocka_unit_test(a_format_has_decimals_and_an_f),
		cmocka_unit_test(a_template_of_too_many_parts_is_refused),
		cmocka_unit_test(channels_are_looked_for_in_all_devices),
		cmocka_unit_test(a_bool_has_no_format),
		cmocka_unit_test(no_text_is_longer_than_was_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
