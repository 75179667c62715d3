#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/bind.h"
#include "config/describe.h"
#include "config/place.h"
#include "rtloop/base/time.h"
#include "tests/fakes/fake_driver.h"

struct second {
	int64_t other;
	const struct node *map;
	const struct node *list;
};

static const struct option second_rows[] = {
	{ .name = "other", .type = OPTION_INT, .fallback = "3", .help = "an other" },
	{
		.name = "map",
		.type = OPTION_MAP,
		.offset = offsetof(struct second, map),
		.help = "a map",
	},
	{
		.name = "list",
		.type = OPTION_LIST,
		.offset = offsetof(struct second, list),
		.help = "a list",
	},
	{ .name = NULL },
};

/* One text bound to fake_options and to the second struct, and what was said of it. */
struct binding {
	struct tree tree;
	struct diag diag;
	struct fake_options options;
	struct second second;
	char *errors; /* owned: as printed, of the file "f" */
};

static char *print(struct diag *diag)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);

	diag_print(diag, stream);
	fclose(stream);
	return text;
}

static void bind_into(struct binding *binding, const char *text, bool ignores_unknown)
{
	struct bind_target target = {
		.what = "device 'x'",
		.parts = { { .rows = fake_rows, .base = &binding->options },
			   { .rows = second_rows, .base = &binding->second } },
		.ignores_unknown = ignores_unknown,
	};
	struct binder binder = {
		.arena = &binding->tree.arena,
		.folder = "/etc/rtloop",
		.diag = &binding->diag,
	};

	memset(binding, 0, sizeof(*binding));
	diag_init(&binding->diag, "f");
	assert_int_equal(
		tree_parse(&binding->tree, text, strlen(text), "/unused", &binding->diag),
		0);
	assert_int_equal(bind_mapping(&binder, binding->tree.root, &target), 0);
	binding->errors = print(&binding->diag);
}

static void bind_text(struct binding *binding, const char *text)
{
	bind_into(binding, text, false);
}

static void finish(struct binding *binding)
{
	tree_fini(&binding->tree);
	diag_fini(&binding->diag);
	free(binding->errors);
}

static void assert_errors(const char *text, const char *errors)
{
	struct binding binding;

	bind_text(&binding, text);
	assert_string_equal(binding.errors, errors);
	finish(&binding);
}

static void each_kind_of_value_reaches_its_member(void **state)
{
	struct binding b;

	bind_text(&b,
		  "{flag: true, number: 0x20, ratio: 0.5, wait: 250us, room: 1KiB, text: "
		  "on,\n"
		  " data: \"\\xff\\0\", path: a/b, mode: slow, other: -9, map: {k: v}, "
		  "list: [a, b]}\n");
	assert_string_equal(b.errors, "");
	assert_true(b.options.flag);
	assert_int_equal(b.options.number, 32);
	assert_true(b.options.ratio == 0.5);
	assert_int_equal(b.options.wait_ns, 250 * NS_PER_US);
	assert_int_equal(b.options.room_bytes, 1024);
	assert_string_equal(b.options.text, "on");
	assert_int_equal(b.options.data.bytes, 2);
	assert_memory_equal(b.options.data.data, "\xff\0", 2);
	assert_string_equal(b.options.path, "/etc/rtloop/a/b");
	assert_int_equal(b.options.mode, 0);
	assert_int_equal(b.second.other, -9);
	assert_string_equal(b.second.map->first->key, "k");
	assert_int_equal(b.second.list->child_count, 2);
	assert_string_equal(b.second.list->last->text, "b");
	finish(&b);
}

static void what_is_absent_takes_its_fallback_or_stays_zero(void **state)
{
	struct binding b;

	bind_text(&b, "{}");
	assert_string_equal(b.errors, "");
	assert_int_equal(b.options.number, 12);
	assert_int_equal(b.options.wait_ns, 1500 * NS_PER_MS);
	assert_int_equal(b.options.mode, 1);
	assert_null(b.options.text);
	assert_null(b.options.data.data);
	assert_null(b.options.path);
	assert_int_equal(b.options.room_bytes, 0);
	assert_null(b.second.map);
	assert_null(b.second.list);
	finish(&b);
}

static void fallbacks_within_absent_groups_are_taken(void **state)
{
	struct binding b;

	bind_text(&b, "{}");
	assert_false(b.options.has_group);
	assert_false(b.options.group.has_inner);
	assert_true(b.options.group.inner.is_on);
	assert_int_equal(b.options.group.inner.level, 7);
	finish(&b);
}

static void what_is_given_says_so(void **state)
{
	struct binding b;

	bind_text(&b, "{number: 12, group: {word: w, inner: {}}}");
	assert_string_equal(b.errors, "");
	assert_true(b.options.has_number);
	assert_true(b.options.has_group);
	assert_true(b.options.group.has_inner);
	finish(&b);
	bind_text(&b, "{}");
	assert_false(b.options.has_number);
	finish(&b);
}

static void groups_are_bound_within_groups(void **state)
{
	struct binding b;

	bind_text(&b,
		  "group:\n  word: hello\n  inner:\n    is_on: false\n    level: 9\n");
	assert_string_equal(b.errors, "");
	assert_string_equal(b.options.group.word, "hello");
	assert_false(b.options.group.inner.is_on);
	assert_int_equal(b.options.group.inner.level, 9);
	finish(&b);
}

static void no_mapping_at_all_is_all_fallbacks(void **state)
{
	struct fake_group group = { .word = NULL };
	struct fake_options options = { .group = group };
	struct bind_target target = {
		.what = "nothing",
		.parts = { { .rows = fake_rows, .base = &options } },
	};
	struct diag diag;
	struct arena arena;
	struct binder binder = { .arena = &arena, .folder = "/", .diag = &diag };

	arena_init(&arena);
	diag_init(&diag, "f");
	assert_int_equal(bind_mapping(&binder, NULL, &target), 0);
	assert_int_equal(diag_total(&diag), 0);
	assert_int_equal(options.number, 12);
	diag_fini(&diag);
	arena_fini(&arena);
}

static void unknown_keys_get_the_nearest_name(void **state)
{
	assert_errors("nummber: 1\n",
		      "f:1:1: unknown key 'nummber'; did you mean 'number'?\n");
	assert_errors("group: {word: w, inner: {levle: 1}}\n",
		      "f:1:26: unknown key 'levle'; did you mean 'level'?\n");
}

static void unknown_keys_near_nothing_get_all_names(void **state)
{
	assert_errors(
		"zzz: 1\n",
		"f:1:1: unknown key 'zzz' in device 'x'; expected one of flag, number, "
		"ratio, wait, room, text, data, path, mode, group, other, map, list\n");
	assert_errors("group: {word: w, zzz: 1}\n",
		      "f:1:18: unknown key 'zzz' in 'group' of device 'x'; expected one "
		      "of word, "
		      "inner\n");
}

static void unknown_keys_may_be_ignored(void **state)
{
	struct binding b;

	bind_into(&b, "{zzz: 1, number: 5}", true);
	assert_string_equal(b.errors, "");
	assert_int_equal(b.options.number, 5);
	finish(&b);
}

static void strange_keys_are_printed_safely(void **state)
{
	assert_errors(
		"\"a\\nb\\e[1m\": 1\n",
		"f:1:1: unknown key 'a\\nb\\x1b[1m' in device 'x'; expected one of flag, "
		"number, ratio, wait, room, text, data, path, mode, group, other, map, "
		"list\n");
}

static void missing_keys_are_reported_at_their_mapping(void **state)
{
	assert_errors(
		"group: {}\n",
		"f:1:1: missing key 'word' in 'group' of device 'x'; expected a text: a "
		"word\n");
	assert_errors(
		"group:\n  inner: {level: 1}\n",
		"f:1:1: missing key 'word' in 'group' of device 'x'; expected a text: a "
		"word\n");
}

static void values_of_the_wrong_kind_say_what_is_expected(void **state)
{
	assert_errors(
		"number: 115k\n",
		"f:1:9: 'number' is 115k; expected a whole number from -5 to 4000 Hz\n");
	assert_errors("number: [1]\n", "f:1:1: 'number' is a list; expected a whole "
				       "number from -5 to 4000 Hz\n");
	assert_errors("ratio: {}\n",
		      "f:1:1: 'ratio' is a mapping; expected a number from 0 to 1.5\n");
	assert_errors("group: 1\n", "f:1:8: 'group' is 1; expected a mapping\n");
	assert_errors("map: x\n", "f:1:6: 'map' is x; expected a mapping\n");
	assert_errors("list: x\n", "f:1:7: 'list' is x; expected a list of names\n");
	assert_errors("list: {x: 1}\n",
		      "f:1:1: 'list' is a mapping; expected a list of names\n");
	assert_errors("text: [a]\n",
		      "f:1:1: 'text' is a list; expected a text of 0 to 20 bytes\n");
	assert_errors("path: ''\n", "f:1:7: 'path' is \"\"; expected a path\n");
	assert_errors("room: 1TB\n",
		      "f:1:7: 'room' is 1TB; expected a size, in B, KiB, MiB or GiB\n");
	assert_errors("wait: 1\n",
		      "f:1:7: 'wait' is 1; expected a duration from 0s to 2s, with its "
		      "unit: ns, us, ms, s, min or h\n");
}

static void values_out_of_range_print_the_range(void **state)
{
	assert_errors(
		"number: 4001\n",
		"f:1:9: 'number' is 4001; expected a whole number from -5 to 4000 Hz\n");
	assert_errors("ratio: -0.1\n",
		      "f:1:8: 'ratio' is -0.1; expected a number from 0 to 1.5\n");
	assert_errors("wait: 3s\n",
		      "f:1:7: 'wait' is 3s; expected a duration from 0s to 2s\n");
	assert_errors("data: ''\n", "f:1:7: 'data' is \"\"; expected 1 to 8 bytes\n");
	assert_errors(
		"text: '123456789012345678901'\n",
		"f:1:7: 'text' is \"123456789012345678901\"; expected a text of 0 to 20 "
		"bytes\n");
	assert_errors("number: 99999999999999999999\n",
		      "f:1:9: 'number' is 99999999999999999999; expected a whole number "
		      "from -5 "
		      "to 4000 Hz\n");
}

static void the_ends_of_a_range_belong_to_it(void **state)
{
	assert_errors("{number: -5, ratio: 1.5, wait: 2s, data: '12345678'}\n", "");
	assert_errors("{number: 4000, ratio: 0, wait: 0s, data: '1'}\n", "");
}

static void quoted_scalars_are_text_only(void **state)
{
	assert_errors("number: '12'\n",
		      "f:1:9: 'number' is \"12\"; expected a whole number from -5 "
		      "to 4000 Hz; did you mean 12 without quotes?\n");
	assert_errors("flag: 'true'\n",
		      "f:1:7: 'flag' is \"true\"; expected true or false; did you "
		      "mean true without quotes?\n");
	assert_errors("wait: 'soon'\n",
		      "f:1:7: 'wait' is \"soon\"; expected a duration from 0s to "
		      "2s, with its unit: ns, us, ms, s, min or h\n");
	assert_errors("{text: '12', mode: 'slow', path: 'a', data: 'b'}\n", "");
}

static void hints_are_given_where_they_would_be_taken(void **state)
{
	assert_errors(
		"flag: yes\n",
		"f:1:7: 'flag' is yes; expected true or false; did you mean true?\n");
	assert_errors("wait: 1sec\n",
		      "f:1:7: 'wait' is 1sec; expected a duration from 0s to 2s, "
		      "with its unit: ns, us, ms, s, min or h; did you mean 1s?\n");
	assert_errors("wait: 3sec\n",
		      "f:1:7: 'wait' is 3sec; expected a duration from 0s to 2s, "
		      "with its unit: ns, us, ms, s, min or h\n");
	assert_errors(
		"mode: fsat\n",
		"f:1:7: 'mode' is fsat; expected slow or fast; did you mean fast?\n");
	assert_errors("mode: both\n", "f:1:7: 'mode' is both; expected slow or fast\n");
	assert_errors("number: 1_000\n",
		      "f:1:9: 'number' is 1_000; expected a whole number from -5 "
		      "to 4000 Hz; did you mean 1000?\n");
}

static void keys_without_a_value_are_errors(void **state)
{
	assert_errors("flag:\n", "f:1:1: 'flag' has no value; expected true or false\n");
	assert_errors("text: ~\n",
		      "f:1:7: 'text' has no value; expected a text of 0 to 20 bytes\n");
	assert_errors("group:\n", "f:1:1: 'group' has no value; expected a mapping\n");
}

static void text_with_a_nul_and_bytes_past_ff_are_errors(void **state)
{
	assert_errors("text: \"a\\0\"\n",
		      "f:1:7: 'text' holds a NUL; expected a text without\n");
	assert_errors("path: \"a\\0\"\n",
		      "f:1:7: 'path' holds a NUL; expected a text without\n");
	assert_errors("data: €\n",
		      "f:1:7: 'data' holds a character above U+00FF; expected bytes: "
		      "ASCII, or escapes from \\x00 to \\xff\n");
	assert_errors("mode: \"slow\\0\"\n", "f:1:7: 'mode' is \"slow\\x00\"; expected "
					     "slow or fast; did you mean slow?\n");
}

static void long_values_are_shortened_between_characters(void **state)
{
	assert_errors("number: 1234567890123456789012345678901234567890x\n",
		      "f:1:9: 'number' is 1234567890123456789012345678901234567890...; "
		      "expected a "
		      "whole number from -5 to 4000 Hz\n");
	assert_errors("number: 123456789012345678901234567890123456789é\n",
		      "f:1:9: 'number' is 123456789012345678901234567890123456789...; "
		      "expected a "
		      "whole number from -5 to 4000 Hz\n");
}

static void all_errors_come_in_one_go(void **state)
{
	assert_errors(
		"number: x\nzzz: 1\ngroup:\n  inner:\n    level: y\nmode: z\n",
		"f:1:9: 'number' is x; expected a whole number from -5 to 4000 Hz\n"
		"f:2:1: unknown key 'zzz' in device 'x'; expected one of flag, number, "
		"ratio, wait, room, text, data, path, mode, group, other, map, list\n"
		"f:3:1: missing key 'word' in 'group' of device 'x'; expected a text: a "
		"word\n"
		"f:5:12: 'level' is y; expected a whole number\n"
		"f:6:7: 'mode' is z; expected slow or fast\n");
}

static void broken_nodes_are_not_reported_twice(void **state)
{
	assert_errors("number: *x\n",
		      "f:1:9: an alias (*) is not allowed; expected the value "
		      "itself, or quotes around text that begins with *\n");
	assert_errors("group: {word: *x}\n", "f:1:15: an alias (*) is not allowed; "
					     "expected the value itself, or quotes "
					     "around text that begins with *\n");
	assert_errors("number: 1\nnumber: x\n", "f:2:1: duplicate key 'number'; expected "
						"it once: the first is on line 1\n");
}

static void what_is_no_mapping_is_refused_by_name(void **state)
{
	assert_errors("[1]\n", "f:1:1: device 'x' is a list; expected a mapping\n");
	assert_errors("text\n", "f:1:1: device 'x' is text; expected a mapping\n");
}

static void absolute_paths_stay_as_they_are(void **state)
{
	struct binding b;

	bind_text(&b, "path: /dev/ttyS0\n");
	assert_string_equal(b.options.path, "/dev/ttyS0");
	finish(&b);
}

static void names_of_entries_are_checked(void **state)
{
	struct binder binder;
	struct binding b;

	bind_text(&b, "map: {good_1: 1, Bad-1: 2}\n");
	binder.diag = &b.diag;
	assert_true(bind_name(&binder, b.second.map->first, "a thing's name"));
	assert_false(bind_name(&binder, b.second.map->last, "a thing's name"));
	free(b.errors);
	b.errors = print(&b.diag);
	assert_string_equal(
		b.errors,
		"f:1:18: 'Bad-1' cannot be a thing's name; expected a to z, 0 to 9 and "
		"_, a letter first, at most 63 characters; did you mean 'bad_1'?\n");
	finish(&b);
}

static void errors_of_rooms_find_their_place(void **state)
{
	struct place place;
	struct binding b;

	bind_text(&b, "number: 1\ngroup:\n  word: w\n  inner:\n    level: 3\n");
	place = (struct place){ .diag = &b.diag, .node = b.tree.root };
	place_error(&place, "group.inner.level", "%s", "deep");
	place_error(&place, "group.inner.is_on", "absent in inner");
	place_error(&place, "group.zzz.level", "absent in group");
	place_error(&place, "number", "number");
	place_error(&place, "numbe", "absent");
	place_error(&place, NULL, "root");
	free(b.errors);
	b.errors = print(&b.diag);
	assert_string_equal(b.errors,
			    "f:1:1: absent\nf:1:1: root\nf:1:9: 'number': number\n"
			    "f:2:1: 'group': absent in group\n"
			    "f:4:3: 'inner': absent in inner\n"
			    "f:5:12: 'level': deep\n");
	finish(&b);
}

static const char *expected_of(struct words *words, struct option row)
{
	words->length = 0;
	describe_expected(words, &row, false);
	return words->text;
}

static void open_ranges_are_described_in_words(void **state)
{
	struct words words;

	assert_string_equal(expected_of(&words, (struct option){ .type = OPTION_SIZE,
								 .min = 65536,
								 .max = INFINITY }),
			    "a size of 64KiB or more");
	assert_string_equal(expected_of(&words, (struct option){ .type = OPTION_INT,
								 .max = INFINITY,
								 .unit = "bit" }),
			    "a whole number of 0 bit or more");
	assert_string_equal(expected_of(&words, (struct option){ .type = OPTION_FLOAT,
								 .min = -INFINITY,
								 .max = 2.5 }),
			    "a number of at most 2.5");
	assert_string_equal(expected_of(&words, (struct option){ .type = OPTION_FLOAT,
								 .unit = "Hz" }),
			    "a number in Hz");
}

static void descriptions_past_their_room_are_cut(void **state)
{
	struct words words = { .length = 0 };

	for (unsigned i = 0; i < 2000; i++) {
		words_add(&words, "x");
	}
	assert_int_equal(words.length, sizeof(words.text) - 1);
	assert_int_equal(strlen(words.text), sizeof(words.text) - 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_value_reaches_its_member),
		cmocka_unit_test(what_is_absent_takes_its_fallback_or_stays_zero),
		cmocka_unit_test(fallbacks_within_absent_groups_are_taken),
		cmocka_unit_test(what_is_given_says_so),
		cmocka_unit_test(groups_are_bound_within_groups),
		cmocka_unit_test(no_mapping_at_all_is_all_fallbacks),
		cmocka_unit_test(unknown_keys_get_the_nearest_name),
		cmocka_unit_test(unknown_keys_near_nothing_get_all_names),
		cmocka_unit_test(unknown_keys_may_be_ignored),
		cmocka_unit_test(strange_keys_are_printed_safely),
		cmocka_unit_test(missing_keys_are_reported_at_their_mapping),
		cmocka_unit_test(values_of_the_wrong_kind_say_what_is_expected),
		cmocka_unit_test(values_out_of_range_print_the_range),
		cmocka_unit_test(the_ends_of_a_range_belong_to_it),
		cmocka_unit_test(quoted_scalars_are_text_only),
		cmocka_unit_test(hints_are_given_where_they_would_be_taken),
		cmocka_unit_test(keys_without_a_value_are_errors),
		cmocka_unit_test(text_with_a_nul_and_bytes_past_ff_are_errors),
		cmocka_unit_test(long_values_are_shortened_between_characters),
		cmocka_unit_test(all_errors_come_in_one_go),
		cmocka_unit_test(broken_nodes_are_not_reported_twice),
		cmocka_unit_test(what_is_no_mapping_is_refused_by_name),
		cmocka_unit_test(absolute_paths_stay_as_they_are),
		cmocka_unit_test(names_of_entries_are_checked),
		cmocka_unit_test(errors_of_rooms_find_their_place),
		cmocka_unit_test(open_ranges_are_described_in_words),
		cmocka_unit_test(descriptions_past_their_room_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
