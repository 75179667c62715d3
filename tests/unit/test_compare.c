#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/compare.h"
#include "config/describe.h"

struct seen {
	struct words words; /* "path: before -> after; " of each */
	unsigned count;
	unsigned parent_line; /* of the last one */
};

static void note(void *context, const struct node *before, const struct node *after,
		 const struct node *parent)
{
	struct seen *seen = context;

	seen->count++;
	seen->parent_line = parent ? parent->line : 0;
	compare_path(&seen->words, after ? after : before);
	words_add(&seen->words, ": ");
	if (before) {
		describe_node(&seen->words, before);
	}
	words_add(&seen->words, " -> ");
	if (after) {
		describe_node(&seen->words, after);
	}
	words_add(&seen->words, "; ");
}

static struct seen seen;

static void compare(const char *before, const char *after)
{
	struct compare how = { .context = &seen, .differs = note };
	struct tree trees[2];
	struct diag diag;

	memset(&seen, 0, sizeof(seen));
	diag_init(&diag, "file");
	assert_int_equal(tree_parse(&trees[0], before, strlen(before), "/", &diag), 0);
	assert_int_equal(tree_parse(&trees[1], after, strlen(after), "/", &diag), 0);
	compare_trees(trees[0].root, trees[1].root, &how);
	tree_fini(&trees[0]);
	tree_fini(&trees[1]);
	diag_fini(&diag);
}

static void layout_comments_and_order_make_no_difference(void **state)
{
	compare("loop: { period: 1ms, cpu: 3 }\nlog: { dir: a }\n",
		"# of the oven\nlog:\n  dir: a\nloop:\n  cpu: 3\n  period: 1ms\n");
	assert_int_equal(seen.count, 0);
}

static void a_changed_value_is_told_with_both(void **state)
{
	compare("loop: { period: 1ms, cpu: 3 }\n", "loop: { period: 2ms, cpu: 3 }\n");
	assert_string_equal(seen.words.text, "loop.period: 1ms -> 2ms; ");
	/* quotes make another value of it */
	compare("a: 1\n", "a: \"1\"\n");
	assert_int_equal(seen.count, 1);
}

static void what_is_new_or_gone_is_told_once_with_all_that_is_in_it(void **state)
{
	compare("devices: { probe: { driver: serial, baud: 9600 } }\n",
		"devices:\n  flow: { driver: udp, listen: a }\n");
	assert_int_equal(seen.count, 2);
	assert_non_null(strstr(seen.words.text, "devices.flow:  -> "));
	assert_non_null(strstr(seen.words.text, "devices.probe: "));
	/* what is left of where it was */
	assert_int_equal(seen.parent_line, 2);
}

static void a_value_of_another_kind_is_one_difference(void **state)
{
	compare("a: { b: { c: 1, d: 2 } }\n", "a: { b: 3 }\n");
	assert_int_equal(seen.count, 1);
	assert_non_null(strstr(seen.words.text, "a.b: "));
	compare("a: { b: 3 }\n", "a: { b: { c: 1, d: 2 } }\n");
	assert_int_equal(seen.count, 1);
}

static void items_of_a_list_are_told_by_their_place(void **state)
{
	compare("a: [1, 2, [3, 4]]\n", "a: [1, 5, [3]]\n");
	assert_int_equal(seen.count, 2);
	assert_non_null(strstr(seen.words.text, "a[1]: 2 -> 5; "));
	assert_non_null(strstr(seen.words.text, "a[2][1]: 4 -> ; "));
}

static void the_root_may_be_another_thing(void **state)
{
	compare("a: 1\n", "[1]\n");
	assert_int_equal(seen.count, 1);
	assert_true(strncmp(seen.words.text, ": ", 2) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layout_comments_and_order_make_no_difference),
		cmocka_unit_test(a_changed_value_is_told_with_both),
		cmocka_unit_test(what_is_new_or_gone_is_told_once_with_all_that_is_in_it),
		cmocka_unit_test(a_value_of_another_kind_is_one_difference),
		cmocka_unit_test(items_of_a_list_are_told_by_their_place),
		cmocka_unit_test(the_root_may_be_another_thing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
