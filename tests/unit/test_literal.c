#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/literal.h"

/* Marks the first "@" and the bytes behind it, in what stands under the key "p". */
static char *errors_of(const char *yaml, size_t marked)
{
	const struct node *node;
	struct tree tree;
	struct diag diag;
	char *text = NULL;
	size_t bytes;
	FILE *stream;

	diag_init(&diag, "f");
	assert_int_equal(tree_parse(&tree, yaml, strlen(yaml), "/", &diag), 0);
	node = node_child(tree.root, "p");
	assert_true(literal_is_one(&tree, node));
	literal_error(&tree, node, (size_t)(strchr(node->text, '@') - node->text), marked,
		      &diag, "wrong; expected right");
	stream = open_memstream(&text, &bytes);
	diag_print(&diag, stream);
	fclose(stream);
	diag_fini(&diag);
	tree_fini(&tree);
	return text;
}

static void assert_shown(const char *yaml, size_t marked, const char *shown)
{
	char *text = errors_of(yaml, marked);

	assert_string_equal(text, shown);
	free(text);
}

static void a_place_in_a_block_is_one_in_the_file(void **state)
{
	assert_shown("p: |\n  ab @cd ef\n", 3,
		     "f:2:6: wrong; expected right\n"
		     "     2 |   ab @cd ef\n"
		     "       |      ^~~\n");
	assert_shown("a: 1\nb: 2\np: | # why\n\n\n      one\n        two @\nc: 3\n", 1,
		     "f:7:13: wrong; expected right\n"
		     "     7 |         two @\n"
		     "       |             ^\n");
}

static void an_indentation_that_is_stated_counts(void **state)
{
	assert_shown("p: |2\n      @x\n  y\n", 2,
		     "f:2:7: wrong; expected right\n"
		     "     2 |       @x\n"
		     "       |       ^~\n");
	assert_shown("p: |-\n  @", 1,
		     "f:2:3: wrong; expected right\n"
		     "     2 |   @\n"
		     "       |   ^\n");
}

static void columns_are_characters_and_tabs_stay_tabs(void **state)
{
	assert_shown("p: |\n  \xc3\xa4\xc2\xb5 @\n", 1,
		     "f:2:6: wrong; expected right\n"
		     "     2 |   \xc3\xa4\xc2\xb5 @\n"
		     "       |      ^\n");
	assert_shown("p: |\n  a\tb\t@\xc3\xa4z\n", 4,
		     "f:2:7: wrong; expected right\n"
		     "     2 |   a\tb\t@\xc3\xa4z\n"
		     "       |    \t \t^~~\n");
}

static void lines_may_end_as_on_windows(void **state)
{
	assert_shown("p: |\r\n  one\r\n  two @\r\n", 1,
		     "f:3:7: wrong; expected right\n"
		     "     3 |   two @\n"
		     "       |       ^\n");
}

static void a_mark_ends_with_its_line(void **state)
{
	assert_shown("p: |\n  a @\n  b\n", 10,
		     "f:2:5: wrong; expected right\n"
		     "     2 |   a @\n"
		     "       |     ^\n");
}

static bool is_literal(const char *yaml)
{
	struct tree tree;
	struct diag diag;
	bool is_one;

	diag_init(&diag, "f");
	assert_int_equal(tree_parse(&tree, yaml, strlen(yaml), "/", &diag), 0);
	is_one = literal_is_one(&tree, node_child(tree.root, "p"));
	diag_fini(&diag);
	tree_fini(&tree);
	return is_one;
}

static void only_a_literal_block_is_one(void **state)
{
	assert_true(is_literal("p: |\n  x\n"));
	assert_true(is_literal("\xc3\xa4: 1\np:   |+\n  x\n"));
	assert_false(is_literal("p: >\n  x\n"));
	assert_false(is_literal("p: x\n"));
	assert_false(is_literal("p: \"|\"\n"));
	assert_false(is_literal("p: [1]\n"));
	assert_false(is_literal("p: {}\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_in_a_block_is_one_in_the_file),
		cmocka_unit_test(an_indentation_that_is_stated_counts),
		cmocka_unit_test(columns_are_characters_and_tabs_stay_tabs),
		cmocka_unit_test(lines_may_end_as_on_windows),
		cmocka_unit_test(a_mark_ends_with_its_line),
		cmocka_unit_test(only_a_literal_block_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
