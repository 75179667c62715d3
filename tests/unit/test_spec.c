#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/registry.h"
#include "drivers/spec.h"
#include "rtloop/base/time.h"
#include "tests/fakes/fake_driver.h"

/* One text read as the mapping after "devices:", and what was said of it. */
struct reading {
	struct tree tree;
	struct diag diag;
	struct spec_list *list;
	char *errors; /* owned: as printed, of the file "f" */
};

static const struct driver *const fake_drivers[] = { &fake_driver, &fake_output_driver,
						     NULL };

static void read_with(struct reading *reading, const char *text,
		      const struct driver *const *drivers)
{
	size_t bytes = 0;
	FILE *stream = open_memstream(&reading->errors, &bytes);
	struct binder binder = {
		.arena = &reading->tree.arena,
		.folder = "/etc",
		.diag = &reading->diag,
	};

	diag_init(&reading->diag, "f");
	assert_int_equal(
		tree_parse(&reading->tree, text, strlen(text), "/etc", &reading->diag),
		0);
	assert_int_equal(
		spec_list_create(&binder, reading->tree.root, drivers, &reading->list),
		0);
	diag_print(&reading->diag, stream);
	fclose(stream);
}

static void read_text(struct reading *reading, const char *text)
{
	read_with(reading, text, fake_drivers);
}

static void finish(struct reading *reading)
{
	spec_list_destroy(reading->list);
	tree_fini(&reading->tree);
	diag_fini(&reading->diag);
	free(reading->errors);
}

static void assert_errors(const char *text, const char *errors)
{
	struct reading reading;

	read_text(&reading, text);
	assert_string_equal(reading.errors, errors);
	finish(&reading);
}

/* As the keys of a device "d" of the fake driver. */
static void assert_device_errors(const char *keys, const char *errors)
{
	char text[1024];

	snprintf(text, sizeof(text), "d: { driver: fake, %s }\n", keys);
	assert_errors(text, errors);
}

static void no_devices_are_an_empty_list(void **state)
{
	struct diag diag;
	struct arena arena;
	struct spec_list *list = NULL;
	struct binder binder = { .arena = &arena, .folder = "/", .diag = &diag };

	arena_init(&arena);
	diag_init(&diag, "f");
	assert_int_equal(spec_list_create(&binder, NULL, fake_drivers, &list), 0);
	assert_int_equal(list->device_count, 0);
	assert_int_equal(list->channel_count, 0);
	spec_list_destroy(list);
	spec_list_destroy(NULL);
	diag_fini(&diag);
	arena_fini(&arena);
	assert_errors("{}\n", "");
}

static void a_device_takes_common_keys_and_those_of_its_driver(void **state)
{
	const struct fake_options *options;
	const struct device_spec *spec;
	struct reading r;

	read_text(&r, "probe:\n  driver: fake_output\n  every: 10\n  max_age: 500ms\n  "
		      "budget: 4\n"
		      "  lane: async\n  number: 99\n  group: {word: w}\n");
	assert_string_equal(r.errors, "");
	assert_int_equal(r.list->device_count, 1);
	spec = &r.list->devices[0];
	assert_string_equal(spec->name, "probe");
	assert_ptr_equal(spec->driver, &fake_output_driver);
	assert_int_equal(spec->every, 10);
	assert_int_equal(spec->max_age_ns, 500 * NS_PER_MS);
	assert_int_equal(spec->budget, 4);
	assert_int_equal(spec->lane, LANE_ASYNC);
	assert_int_equal(spec->in_count, 0);
	options = spec->options;
	assert_int_equal(options->number, 99);
	assert_string_equal(options->group.word, "w");
	finish(&r);
}

static void common_keys_have_defaults(void **state)
{
	const struct device_spec *spec;
	struct reading r;

	read_text(&r, "d: { driver: fake }\n");
	assert_string_equal(r.errors, "");
	spec = &r.list->devices[0];
	assert_int_equal(spec->every, 1);
	assert_int_equal(spec->max_age_ns, 0);
	assert_int_equal(spec->budget, 16);
	assert_int_equal(spec->lane, LANE_CYCLE);
	finish(&r);
}

static void channels_take_common_keys_and_those_of_the_driver(void **state)
{
	const struct channel_spec *in;
	struct reading r;

	read_text(&r, "a: {driver: fake, in: {x: {column: 1}}}\n"
		      "b:\n  driver: fake\n  in:\n"
		      "    t: {column: 2, unit: degC, on_bad: -1.5}\n"
		      "    n: {column: 3, type: integer, on_bad: 0x10}\n"
		      "    f: {column: 4, type: bool, on_bad: true}\n"
		      "    h: {column: 5, on_bad: hold}\n");
	assert_string_equal(r.errors, "");
	assert_int_equal(r.list->device_count, 2);
	assert_int_equal(r.list->channel_count, 5);
	in = r.list->devices[0].in;
	assert_int_equal(r.list->devices[0].in_count, 1);
	assert_string_equal(in->name, "x");
	assert_null(in->unit);
	assert_int_equal(in->type, VALUE_FLOAT);
	assert_false(in->has_substitute);
	in = r.list->devices[1].in;
	assert_int_equal(r.list->devices[1].in_count, 4);
	assert_string_equal(in[0].unit, "degC");
	assert_true(in[0].has_substitute);
	assert_true(in[0].substitute.as_float == -1.5);
	assert_int_equal(((const struct fake_in_options *)in[0].options)->column, 2);
	assert_int_equal(in[1].type, VALUE_INT);
	assert_int_equal(in[1].substitute.as_int, 16);
	assert_int_equal(in[2].type, VALUE_BOOL);
	assert_true(in[2].substitute.as_bool);
	assert_false(in[3].has_substitute);
	finish(&r);
}

static void an_output_has_a_safe_value_of_its_type(void **state)
{
	const struct channel_spec *out;
	struct reading r;

	read_text(&r, "d:\n  driver: fake\n  in: {i: {column: 1}}\n  out:\n"
		      "    f: {column: 1, unit: V, safe: -1.5}\n"
		      "    n: {column: 2, type: integer, safe: 0x10}\n"
		      "    b: {column: 64, safe: true}\n"
		      "    z: {column: 64, safe: 0}\n"
		      "    o: {column: 3, type: bool, safe: 1}\n");
	assert_string_equal(r.errors, "");
	assert_int_equal(r.list->channel_count, 6);
	assert_int_equal(r.list->devices[0].in_count, 1);
	assert_int_equal(r.list->devices[0].out_count, 5);
	out = r.list->devices[0].out;
	assert_string_equal(out[0].name, "f");
	assert_string_equal(out[0].unit, "V");
	assert_int_equal(out[0].type, VALUE_FLOAT);
	assert_true(out[0].safe.as_float == -1.5);
	assert_int_equal(((const struct fake_in_options *)out[1].options)->column, 2);
	assert_int_equal(out[1].type, VALUE_INT);
	assert_int_equal(out[1].safe.as_int, 16);
	assert_int_equal(out[2].type, VALUE_BOOL);
	assert_true(out[2].safe.as_bool);
	assert_false(out[3].safe.as_bool);
	assert_true(out[4].safe.as_bool);
	finish(&r);
}

static void a_safe_value_has_no_default(void **state)
{
	assert_device_errors(
		"out: {x: {column: 1}}",
		"f:1:26: missing key 'safe' in channel 'x'; expected a text: the value "
		"of its type that is written before the first cycle, at the end, also of "
		"an "
		"overrun: stop, and while what drives it is not good; a bool may be 0 or "
		"1\n");
	assert_device_errors("out: {x: {column: 1, safe: }}",
			     "f:1:41: 'safe' has no value; expected a text\n");
}

static void a_safe_value_of_another_type_is_refused(void **state)
{
	assert_device_errors("out: {x: {column: 1, safe: off}}",
			     "f:1:47: 'safe' is off; expected a number\n");
	assert_device_errors("out: {x: {column: 64, safe: 2}}",
			     "f:1:48: 'safe' is 2; expected true or false, 0 or 1\n");
	assert_device_errors("out: {x: {column: 64, safe: \"1\"}}",
			     "f:1:48: 'safe' is \"1\"; expected true or false, 0 or 1\n");
	assert_device_errors("out: {x: {column: 1, type: integer, safe: 1.5}}",
			     "f:1:62: 'safe' is 1.5; expected a whole number\n");
}

static void a_name_is_of_one_channel_whichever_way_it_goes(void **state)
{
	assert_device_errors("in: {x: {column: 1}}, out: {x: {column: 1, safe: 0}}",
			     "f:1:48: 'x' is an input channel of this device already; "
			     "expected another name\n");
}

static void an_output_follows_the_rules_of_channels(void **state)
{
	assert_device_errors("out: {cycle: {column: 1, safe: 0}}",
			     "f:1:26: 'cycle' cannot be a channel's name: the log's "
			     "messages have a field of this name; expected another\n");
	assert_device_errors("out: {x: {column: 1, safe: 0, on_bad: 1}}",
			     "f:1:50: unknown key 'on_bad' in channel 'x'; expected one "
			     "of type, unit, safe, column\n");
	assert_errors("d: {driver: fake_output, out: {x: {safe: 0}}}\n",
		      "f:1:26: driver 'fake_output' has no output channels; expected no "
		      "'out'\n");
}

static void a_driver_may_tell_the_type_from_the_channels_options(void **state)
{
	const struct channel_spec *in;
	struct reading r;

	read_text(&r, "d:\n  driver: fake\n  in:\n"
		      "    a: {column: 64, on_bad: true}\n"
		      "    b: {column: 64, type: float, on_bad: 2.5}\n"
		      "    c: {column: 63}\n");
	assert_string_equal(r.errors, "");
	in = r.list->devices[0].in;
	assert_int_equal(in[0].type, VALUE_BOOL);
	assert_true(in[0].substitute.as_bool);
	assert_int_equal(in[1].type, VALUE_FLOAT);
	assert_int_equal(in[2].type, VALUE_FLOAT);
	finish(&r);
	assert_device_errors("in: {x: {column: 64, on_bad: 1.5}}",
			     "f:1:49: 'on_bad' is 1.5; expected hold, true or false\n");
}

static void a_driver_whose_library_was_not_there_is_told_with_all_else(void **state)
{
	static const struct driver *const drivers[] = { &fake_lacking_driver, NULL };
	struct reading r;

	read_with(&r, "d: {driver: fake_lacking, number: 13}\n", drivers);
	assert_string_equal(
		r.errors,
		"f:1:13: 'driver': this rtloop was built without libfake (Debian: "
		"libfake-dev); expected it to be built anew with that installed\n"
		"f:1:35: 'number': 13 is unlucky; expected any other\n");
	finish(&r);
}

static void an_unknown_driver_is_met_with_the_list(void **state)
{
	assert_errors("d: {driver: fak}\n", "f:1:13: 'driver' is fak; expected fake or "
					    "fake_output; did you mean fake?\n");
	assert_errors("d: {driver: gpio}\n",
		      "f:1:13: 'driver' is gpio; expected fake or fake_output\n");
}

static void of_an_unknown_driver_only_common_keys_are_checked(void **state)
{
	assert_errors(
		"d: {driver: gpio, chip: c, every: 0, in: {x: {line: 3, type: int}}}\n",
		"f:1:13: 'driver' is gpio; expected fake or fake_output\n"
		"f:1:35: 'every' is 0; expected a whole number from 1 to 1000000\n"
		"f:1:62: 'type' is int; expected bool, integer or float; did you mean "
		"integer?\n");
}

static void a_device_needs_a_driver(void **state)
{
	assert_errors("d: {}\n",
		      "f:1:1: missing key 'driver' in device 'd'; expected a text: the "
		      "driver for its kind; 'rtloop drivers' lists them\n");
	assert_errors("d: {driver: }\n",
		      "f:1:5: 'driver' has no value; expected a text\n");
	assert_errors("d: {driver: [fake]}\n",
		      "f:1:5: 'driver' is a list; expected a text\n");
	assert_errors("d:\n", "f:1:1: device 'd' is empty; expected a mapping\n");
	assert_errors("d: fake\n", "f:1:4: device 'd' is fake; expected a mapping\n");
}

static void names_follow_the_rule(void **state)
{
	assert_errors("Probe-1: {driver: fake, in: {2x: {column: 1}}}\n",
		      "f:1:1: 'Probe-1' cannot be a device's name; expected a to z, 0 to "
		      "9 and _, a "
		      "letter first, at most 63 characters; did you mean 'probe_1'?\n"
		      "f:1:30: '2x' cannot be a channel's name; expected a to z, 0 to 9 "
		      "and _, a "
		      "letter first, at most 63 characters; did you mean 'x_2x'?\n");
}

static void fields_of_the_log_are_no_channel_names(void **state)
{
	assert_device_errors(
		"in: {cycle: {column: 1}, sample_ns: {column: 1}, quality: {column: 1}, "
		"cycles: {column: 1}}",
		"f:1:25: 'cycle' cannot be a channel's name: the log's messages have "
		"a field of this name; expected another\n"
		"f:1:45: 'sample_ns' cannot be a channel's name: the log's messages "
		"have a field of this name; expected another\n"
		"f:1:69: 'quality' cannot be a channel's name: the log's messages have "
		"a field of this name; expected another\n");
}

static void on_bad_fits_the_channels_type(void **state)
{
	assert_device_errors("in: {x: {column: 1, on_bad: yes}}",
			     "f:1:48: 'on_bad' is yes; expected hold or a number\n");
	assert_device_errors("in: {x: {column: 1, type: bool, on_bad: 1}}",
			     "f:1:60: 'on_bad' is 1; expected hold, true or false\n");
	assert_device_errors(
		"in: {x: {column: 1, type: integer, on_bad: 1.5}}",
		"f:1:63: 'on_bad' is 1.5; expected hold or a whole number\n");
	assert_device_errors("in: {x: {column: 1, on_bad: '1'}}",
			     "f:1:48: 'on_bad' is \"1\"; expected hold or a number\n");
	assert_device_errors(
		"in: {x: {column: 1, on_bad: holt}}",
		"f:1:48: 'on_bad' is holt; expected hold or a number; did you mean "
		"hold?\n");
	assert_device_errors("in: {x: {column: 1, on_bad: }}",
			     "f:1:40: 'on_bad' has no value; expected a text\n");
}

static void a_unit_is_printable(void **state)
{
	assert_device_errors(
		"in: {x: {column: 1, unit: \"a\\nb\"}}",
		"f:1:46: 'unit': a control character in it; expected printable text\n");
}

static void the_async_lane_is_for_drivers_that_allow_it(void **state)
{
	assert_device_errors(
		"lane: async",
		"f:1:26: 'lane': driver 'fake' never blocks; expected cycle\n");
}

static void a_driver_without_channels_takes_no_in(void **state)
{
	assert_errors(
		"d: {driver: fake_output, in: {x: {}}}\n",
		"f:1:26: driver 'fake_output' has no input channels; expected no 'in'\n");
}

static void a_driver_checks_what_no_row_can_see(void **state)
{
	assert_device_errors("number: 13",
			     "f:1:28: 'number': 13 is unlucky; expected any other\n");
}

static void a_driver_never_sees_options_that_are_wrong(void **state)
{
	assert_device_errors("number: 13, ratio: x",
			     "f:1:39: 'ratio' is x; expected a number from 0 to 1.5\n");
	assert_device_errors(
		"number: 13, path: *x",
		"f:1:38: an alias (*) is not allowed; expected the value itself, or "
		"quotes around text that begins with *\n");
	/* errors of one device do not keep another from being checked */
	assert_errors("a: {driver: fake, ratio: x}\nb: {driver: fake, number: 13}\n",
		      "f:1:26: 'ratio' is x; expected a number from 0 to 1.5\n"
		      "f:2:27: 'number': 13 is unlucky; expected any other\n");
}

static void channels_need_what_their_driver_requires(void **state)
{
	assert_device_errors(
		"in: {x: {}, y: }",
		"f:1:25: missing key 'column' in channel 'x'; expected a whole number "
		"from 1 to 99: where the value stands\n"
		"f:1:32: channel 'y' is empty; expected a mapping\n");
}

/* @count entries of @format, which takes a number. */
static char *repeat(const char *head, const char *format, unsigned count)
{
	size_t bytes = 0;
	char *text = NULL;
	FILE *stream = open_memstream(&text, &bytes);

	fputs(head, stream);
	for (unsigned i = 0; i < count; i++) {
		fprintf(stream, format, i);
	}
	fclose(stream);
	return text;
}

static void there_are_at_most_1024_devices(void **state)
{
	struct reading r;
	char *text = repeat("", "d%u: {driver: fake}\n", 1024);

	read_text(&r, text);
	assert_string_equal(r.errors, "");
	assert_int_equal(r.list->device_count, 1024);
	finish(&r);
	free(text);
	text = repeat("", "d%u: {driver: fake}\n", 1026);
	assert_errors(text, "f:1025:1: too many devices; expected at most 1024\n");
	free(text);
}

static void there_are_at_most_4096_channels_in_all(void **state)
{
	static const char head[] = "a: {driver: fake, in: {x: {column: 1}}}\n"
				   "b:\n  driver: fake\n  in:\n";
	struct reading r;
	char *text = repeat(head, "    c%u: {column: 1}\n", 4095);

	read_text(&r, text);
	assert_string_equal(r.errors, "");
	assert_int_equal(r.list->channel_count, 4096);
	finish(&r);
	free(text);
	text = repeat(head, "    c%u: {column: 1}\n", 4097);
	assert_errors(text,
		      "f:4100:5: too many channels; expected at most 4096 in all\n");
	free(text);
}

static void broken_entries_are_reported_once(void **state)
{
	assert_errors("? [a]\n: {driver: fake}\nd: *x\n",
		      "f:1:3: a key is a mapping or a list; expected a name, or quotes "
		      "around text "
		      "that begins with { or [\n"
		      "f:3:4: an alias (*) is not allowed; expected the value itself, or "
		      "quotes "
		      "around text that begins with *\n");
	assert_errors(
		"d: {driver: fake}\nd: {driver: fake}\n",
		"f:2:1: duplicate key 'd'; expected it once: the first is on line 1\n");
}

static void the_example_of_every_driver_is_right(void **state)
{
	const struct driver *driver;

	for (unsigned i = 0; (driver = driver_at(i)) != NULL; i++) {
		struct reading r;

		read_with(&r, driver->example, registry_drivers);
		if (driver->lacks) {
			assert_non_null(strstr(r.errors, "was built without"));
			assert_ptr_equal(strchr(r.errors, '\n'), strrchr(r.errors, '\n'));
		} else {
			assert_string_equal(r.errors, "");
		}
		assert_true(r.list->device_count >= 1);
		assert_ptr_equal(r.list->devices[0].driver, driver);
		finish(&r);
	}
}

static void every_driver_is_found_by_its_name(void **state)
{
	const struct driver *driver;
	unsigned count = 0;

	for (; (driver = driver_at(count)) != NULL; count++) {
		assert_ptr_equal(driver_find(driver->name), driver);
		if (count > 0) {
			assert_true(strcmp(driver_at(count - 1)->name, driver->name) < 0);
		}
	}
	assert_true(count > 0);
	assert_null(driver_at(count + 1));
	assert_null(driver_find("gpu"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_devices_are_an_empty_list),
		cmocka_unit_test(a_device_takes_common_keys_and_those_of_its_driver),
		cmocka_unit_test(common_keys_have_defaults),
		cmocka_unit_test(channels_take_common_keys_and_those_of_the_driver),
		cmocka_unit_test(an_output_has_a_safe_value_of_its_type),
		cmocka_unit_test(a_safe_value_has_no_default),
		cmocka_unit_test(a_safe_value_of_another_type_is_refused),
		cmocka_unit_test(a_name_is_of_one_channel_whichever_way_it_goes),
		cmocka_unit_test(an_output_follows_the_rules_of_channels),
		cmocka_unit_test(a_driver_may_tell_the_type_from_the_channels_options),
		cmocka_unit_test(
			a_driver_whose_library_was_not_there_is_told_with_all_else),
		cmocka_unit_test(an_unknown_driver_is_met_with_the_list),
		cmocka_unit_test(of_an_unknown_driver_only_common_keys_are_checked),
		cmocka_unit_test(a_device_needs_a_driver),
		cmocka_unit_test(names_follow_the_rule),
		cmocka_unit_test(fields_of_the_log_are_no_channel_names),
		cmocka_unit_test(on_bad_fits_the_channels_type),
		cmocka_unit_test(a_unit_is_printable),
		cmocka_unit_test(the_async_lane_is_for_drivers_that_allow_it),
		cmocka_unit_test(a_driver_without_channels_takes_no_in),
		cmocka_unit_test(a_driver_checks_what_no_row_can_see),
		cmocka_unit_test(a_driver_never_sees_options_that_are_wrong),
		cmocka_unit_test(channels_need_what_their_driver_requires),
		cmocka_unit_test(there_are_at_most_1024_devices),
		cmocka_unit_test(there_are_at_most_4096_channels_in_all),
		cmocka_unit_test(broken_entries_are_reported_once),
		cmocka_unit_test(the_example_of_every_driver_is_right),
		cmocka_unit_test(every_driver_is_found_by_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
