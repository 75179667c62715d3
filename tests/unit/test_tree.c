#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/tree.h"

/* One text parsed, and what was said of it. */
struct parsing {
	struct tree tree;
	struct diag diag;
	int code;
	char *errors; /* owned: as printed, of the file "f" */
};

static void parse_bytes(struct parsing *parsing, const char *text, size_t bytes)
{
	size_t printed = 0;
	FILE *stream;

	memset(parsing, 0, sizeof(*parsing));
	diag_init(&parsing->diag, "f");
	parsing->code = tree_parse(&parsing->tree, text, bytes, "/etc", &parsing->diag);
	stream = open_memstream(&parsing->errors, &printed);
	diag_print(&parsing->diag, stream);
	fclose(stream);
}

static void parse(struct parsing *parsing, const char *text)
{
	parse_bytes(parsing, text, strlen(text));
}

static void finish(struct parsing *parsing)
{
	tree_fini(&parsing->tree);
	diag_fini(&parsing->diag);
	free(parsing->errors);
}

static void assert_errors(const char *text, int code, const char *errors)
{
	struct parsing parsing;

	parse(&parsing, text);
	assert_string_equal(parsing.errors, errors);
	assert_int_equal(parsing.code, code);
	finish(&parsing);
}

static void keys_and_values_know_their_line_and_column(void **state)
{
	const struct node *loop;
	const struct node *period;
	struct parsing parsing;

	parse(&parsing, "# comment\nloop:\n  period: 1ms\n  \"é\": [1, 2]\n");
	assert_int_equal(parsing.code, 0);
	loop = node_child(parsing.tree.root, "loop");
	assert_int_equal(loop->kind, NODE_MAPPING);
	assert_int_equal(loop->key_line, 2);
	assert_int_equal(loop->key_column, 1);
	period = node_child(loop, "period");
	assert_string_equal(period->text, "1ms");
	assert_int_equal(period->key_line, 3);
	assert_int_equal(period->key_column, 3);
	assert_int_equal(period->line, 3);
	assert_int_equal(period->column, 11);
	/* in characters, not in bytes */
	assert_int_equal(node_child(loop, "é")->column, 8);
	finish(&parsing);
}

static void children_keep_the_order_of_the_file(void **state)
{
	const struct node *child;
	struct parsing parsing;

	parse(&parsing, "c: 1\na: 2\nb: [x, y, z]\n");
	child = parsing.tree.root->first;
	assert_string_equal(child->key, "c");
	assert_string_equal(child->next->key, "a");
	child = child->next->next;
	assert_string_equal(child->key, "b");
	assert_null(child->next);
	assert_int_equal(child->kind, NODE_SEQUENCE);
	assert_int_equal(child->child_count, 3);
	assert_null(child->first->key);
	assert_string_equal(child->last->text, "z");
	assert_ptr_equal(child->parent, parsing.tree.root);
	finish(&parsing);
}

static void quoted_and_block_scalars_are_told_from_plain_ones(void **state)
{
	const struct node *root;
	struct parsing parsing;

	parse(&parsing, "a: 1\nb: '1'\nc: \"1\"\nd: |\n  1\ne: >\n  1\n");
	root = parsing.tree.root;
	assert_false(node_child(root, "a")->is_quoted);
	assert_true(node_child(root, "b")->is_quoted);
	assert_true(node_child(root, "c")->is_quoted);
	assert_true(node_child(root, "d")->is_quoted);
	assert_true(node_child(root, "e")->is_quoted);
	finish(&parsing);
}

static void scalars_may_hold_nul_bytes_and_keys_may_not(void **state)
{
	const struct node *node;
	struct parsing parsing;

	parse(&parsing, "a: \"x\\0y\"\n");
	node = node_child(parsing.tree.root, "a");
	assert_int_equal(node->bytes, 3);
	assert_memory_equal(node->text, "x\0y", 4);
	finish(&parsing);
	assert_errors("\"x\\0y\": 1\n", 0, "f:1:1: a key holds a NUL; expected a name\n");
}

static void a_key_without_a_value_is_empty(void **state)
{
	const struct node *root;
	struct parsing parsing;

	parse(&parsing, "a:\nb: ~\nc: null\nd: ''\ne: 'null'\nf: []\ng: 0\n");
	root = parsing.tree.root;
	assert_true(node_is_empty(node_child(root, "a")));
	assert_true(node_is_empty(node_child(root, "b")));
	assert_true(node_is_empty(node_child(root, "c")));
	assert_false(node_is_empty(node_child(root, "d")));
	assert_false(node_is_empty(node_child(root, "e")));
	assert_false(node_is_empty(node_child(root, "f")));
	assert_false(node_is_empty(node_child(root, "g")));
	assert_null(node_child(root, "h"));
	assert_null(node_child(node_child(root, "f"), "a"));
	finish(&parsing);
}

static void the_raw_bytes_and_the_folder_are_kept(void **state)
{
	static const char text[] = "a: 1 # comment\n";
	struct parsing parsing;

	parse(&parsing, text);
	assert_int_equal(parsing.tree.raw_bytes, strlen(text));
	assert_string_equal(parsing.tree.raw, text);
	assert_string_equal(parsing.tree.folder, "/etc");
	finish(&parsing);
}

static void duplicate_keys_name_the_line_of_the_first(void **state)
{
	assert_errors(
		"a: 1\nb: 2\na: 3\nc: {x: 1, 'x': 2}\na: 4\n", 0,
		"f:3:1: duplicate key 'a'; expected it once: the first is on line 1\n"
		"f:4:11: duplicate key 'x'; expected it once: the first is on line 4\n"
		"f:5:1: duplicate key 'a'; expected it once: the first is on line 1\n");
}

static void the_first_of_duplicate_keys_is_found(void **state)
{
	struct parsing parsing;

	parse(&parsing, "a: 1\na: 2\n");
	assert_string_equal(node_child(parsing.tree.root, "a")->text, "1");
	assert_false(node_child(parsing.tree.root, "a")->is_broken);
	assert_true(parsing.tree.root->last->is_broken);
	finish(&parsing);
}

static void anchors_and_aliases_are_refused(void **state)
{
	assert_errors("a: &x 1\nb: *x\nc: &y [1]\nd: &z {k: 1}\n*x : 1\n", 0,
		      "f:1:4: an anchor (&) is not allowed; expected the value alone\n"
		      "f:2:4: an alias (*) is not allowed; expected the value itself, or "
		      "quotes "
		      "around text that begins with *\n"
		      "f:3:4: an anchor (&) is not allowed; expected the value alone\n"
		      "f:4:4: an anchor (&) is not allowed; expected the value alone\n"
		      "f:5:1: an alias (*) is not allowed; expected the value itself, or "
		      "quotes "
		      "around text that begins with *\n");
}

static void tags_are_refused(void **state)
{
	assert_errors("a: !!str 1\nb: !x [1]\nc: !<y> {k: 1}\n! d: 1\n", 0,
		      "f:1:4: a tag (!) is not allowed; expected the value alone\n"
		      "f:2:4: a tag (!) is not allowed; expected the value alone\n"
		      "f:3:4: a tag (!) is not allowed; expected the value alone\n"
		      "f:4:1: a tag (!) is not allowed; expected the value alone\n");
	assert_errors(
		"%TAG !e! tag:e,1:\n---\na: 1\n", 0,
		"f:1:1: a %TAG directive is not allowed; expected the document alone\n");
	assert_errors("a: !e!x 1\n", -EINVAL,
		      "f:1:4: a tag (!) is not allowed; expected the value alone\n");
}

static void a_key_must_be_text(void **state)
{
	assert_errors(
		"{a: 1}: 2\n[b]: {c: [d]}\nok: 3\n", 0,
		"f:1:1: a key is a mapping or a list; expected a name, or quotes around "
		"text that begins with { or [\n"
		"f:2:1: a key is a mapping or a list; expected a name, or quotes around "
		"text that begins with { or [\n");
}

static void what_follows_an_error_is_still_read(void **state)
{
	struct parsing parsing;

	parse(&parsing, "? [x, {y: z}]\n: 1\na: *x\nok: 3\n");
	assert_int_equal(parsing.code, 0);
	assert_int_equal(diag_total(&parsing.diag), 2);
	assert_true(node_child(parsing.tree.root, "a")->is_broken);
	assert_string_equal(node_child(parsing.tree.root, "ok")->text, "3");
	finish(&parsing);
}

static void a_second_document_is_refused(void **state)
{
	assert_errors(
		"a: 1\n---\nb: 1\n", 0,
		"f:2:1: a second document begins; expected one document in a file\n");
	assert_errors("---\na: 1\n...\n", 0, "");
}

static void nest(char *text, size_t depth)
{
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
}

static void nesting_stops_at_the_sixteenth_level(void **state)
{
	char text[100];

	nest(text, TREE_DEPTH_MAX);
	assert_errors(text, 0, "");
	nest(text, TREE_DEPTH_MAX + 1);
	assert_errors(text, 0, "f:1:17: nested too deeply; expected at most 16 levels\n");
	nest(text, TREE_DEPTH_MAX + 20);
	assert_errors(text, 0, "f:1:17: nested too deeply; expected at most 16 levels\n");
}

static void nesting_is_counted_again_after_each_end(void **state)
{
	assert_errors("[[[[[[[[[[[[[[[[[x]]]],[[[y]]]]]]]]]]]]]]]]", 0,
		      "f:1:17: nested too deeply; expected at most 16 levels\n");
}

static void bytes_that_are_not_utf8_are_found_by_line_and_column(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xc0\xaf",	"\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
		"\xff", "\xe0\x80\xaf",
	};
	char text[64];
	char errors[128];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), "a: 1\nb: é%s\n", bad[i]);
		snprintf(errors, sizeof(errors),
			 "f:2:5: byte 0x%02x is not UTF-8; expected UTF-8 text\n",
			 (unsigned)(unsigned char)bad[i][0]);
		assert_errors(text, -EINVAL, errors);
	}
}

static void characters_of_every_length_are_utf8(void **state)
{
	assert_errors("a: \"\x7e é € \xf0\x9f\x98\x80\"\n", 0, "");
}

static void control_characters_are_found_by_line_and_column(void **state)
{
	struct parsing parsing;

	assert_errors("a: 1\nb: \x07\n", -EINVAL,
		      "f:2:4: control character U+0007; expected text; in \"quotes\" "
		      "write \\x07\n");
	parse_bytes(&parsing, "a: \0\n", 5);
	assert_string_equal(parsing.errors, "f:1:4: control character U+0000; expected "
					    "text; in \"quotes\" write \\x00\n");
	finish(&parsing);
}

/* What YAML takes for the end of a line and editors do not would shift all places behind it. */
static void lines_end_in_a_line_feed_and_in_nothing_else(void **state)
{
	struct parsing parsing;

	assert_errors(
		"a: 1\nb: 2\rc: 3\n", -EINVAL,
		"f:2:5: U+000D ends a line here; expected a line feed; in \"quotes\" "
		"write \\r\n");
	assert_errors(
		"a: \xc2\x85", -EINVAL,
		"f:1:4: U+0085 ends a line here; expected a line feed; in \"quotes\" "
		"write \\N\n");
	assert_errors(
		"a: 'x\xe2\x80\xa8'", -EINVAL,
		"f:1:6: U+2028 ends a line here; expected a line feed; in \"quotes\" "
		"write \\L\n");
	assert_errors(
		"# \xe2\x80\xa9\na: 1", -EINVAL,
		"f:1:3: U+2029 ends a line here; expected a line feed; in \"quotes\" "
		"write \\P\n");
	parse(&parsing, "a: 1\r\nb: \"\\L\"\r\n");
	assert_int_equal(parsing.code, 0);
	finish(&parsing);
}

static void an_empty_file_holds_no_configuration(void **state)
{
	static const char expected[] =
		"f: the file holds no configuration; expected a mapping\n";

	assert_errors("", -EINVAL, expected);
	assert_errors("# nothing\n", -EINVAL, expected);
	assert_errors("---\n", -EINVAL, expected);
	assert_errors("~\n", -EINVAL, expected);
}

static void syntax_errors_come_with_their_place(void **state)
{
	assert_errors("a: [1, 2\nb: 3\n", -EINVAL,
		      "f:2:2: a list in [ ] goes wrong, begun on line 1; expected ',' or "
		      "']'\n");
	assert_errors("a: {b: 1\n", -EINVAL,
		      "f:2:1: a mapping in { } goes wrong, begun on line 1; expected ',' "
		      "or '}'\n");
	assert_errors("a:\n\tb: 1\n", -EINVAL,
		      "f:2:1: a tab in the indentation; expected spaces\n");
	assert_errors("a: @b\n", -EINVAL,
		      "f:1:4: '@' cannot begin a value; expected quotes around text that "
		      "begins so\n");
	assert_errors("a: b: c\n", -EINVAL,
		      "f:1:5: a ':' where no key can stand; expected quotes around text "
		      "with ': ' in "
		      "it, or other indentation\n");
	assert_errors("a: \"\\q\"\n", -EINVAL,
		      "f:1:5: an unknown escape after \\; expected one of \\n \\r \\t "
		      "\\\\ \\\" \\xNN "
		      "\\uNNNN\n");
	assert_errors(
		"a: \"\\xg0\"\n", -EINVAL,
		"f:1:7: an escape without its digits; expected two after \\x, four after "
		"\\u\n");
	assert_errors("a: 1\n b: 2\n", -EINVAL,
		      "f:2:3: a ':' where no key can stand; expected quotes around text "
		      "with ': ' in "
		      "it, or other indentation\n");
	assert_errors("a: 1\nb\nc: 2\n", -EINVAL,
		      "f:2:1: a key without ':'; expected 'key: value'\n");
	assert_errors("a: 'x\n", -EINVAL,
		      "f:2:1: the file ends within quotes, begun on line 1; expected a "
		      "closing quote\n");
}

static void errors_before_a_syntax_error_are_kept(void **state)
{
	assert_errors("a: &x 1\nb: @\n", -EINVAL,
		      "f:1:4: an anchor (&) is not allowed; expected the value alone\n"
		      "f:2:4: '@' cannot begin a value; expected quotes around text that "
		      "begins "
		      "so\n");
}

/* A file of its own for each test that needs one. */
struct file {
	char folder[32];
	char path[64];
};

static void write_file(struct file *file, const char *text, size_t bytes)
{
	FILE *stream;

	strcpy(file->folder, "/tmp/test_tree_XXXXXX");
	assert_non_null(mkdtemp(file->folder));
	snprintf(file->path, sizeof(file->path), "%s/a.yaml", file->folder);
	stream = fopen(file->path, "w");
	assert_non_null(stream);
	assert_int_equal(fwrite(text, 1, bytes, stream), bytes);
	fclose(stream);
}

static void remove_file(const struct file *file)
{
	unlink(file->path);
	rmdir(file->folder);
}

static void assert_load_fails(const char *path, const char *text)
{
	struct diag diag;
	struct tree tree;

	diag_init(&diag, path);
	assert_int_equal(tree_load(&tree, path, &diag), -EINVAL);
	assert_int_equal(diag_total(&diag), 1);
	assert_int_equal(diag.errors[0].line, 0);
	assert_string_equal(diag.errors[0].text, text);
	diag_fini(&diag);
}

static void a_file_is_read_and_its_folder_is_absolute(void **state)
{
	struct file file;
	struct tree tree;
	struct diag diag;

	write_file(&file, "a: 1\n", 5);
	diag_init(&diag, file.path);
	assert_int_equal(tree_load(&tree, file.path, &diag), 0);
	assert_string_equal(node_child(tree.root, "a")->text, "1");
	assert_string_equal(tree.folder, file.folder);
	tree_fini(&tree);
	diag_fini(&diag);
	remove_file(&file);
}

static void a_file_may_have_one_mebibyte_and_no_more(void **state)
{
	char *text = malloc(TREE_BYTES_MAX + 1);
	struct tree tree;
	struct diag diag;
	struct file file;

	memset(text, '#', TREE_BYTES_MAX + 1);
	memcpy(text, "a: 1\n", 5);
	write_file(&file, text, TREE_BYTES_MAX);
	diag_init(&diag, file.path);
	assert_int_equal(tree_load(&tree, file.path, &diag), 0);
	assert_int_equal(tree.raw_bytes, TREE_BYTES_MAX);
	tree_fini(&tree);
	diag_fini(&diag);
	remove_file(&file);

	write_file(&file, text, TREE_BYTES_MAX + 1);
	assert_load_fails(file.path, "is over 1 MiB; expected a configuration file");
	remove_file(&file);
	free(text);
}

static void what_is_no_regular_file_is_refused(void **state)
{
	struct file file;

	assert_load_fails("/nowhere/a.yaml",
			  "cannot be opened: No such file or directory");
	assert_load_fails("/tmp", "is a folder; expected a configuration file");
	assert_load_fails("/dev/null",
			  "is not a regular file; expected a configuration file");
	write_file(&file, "", 0);
	unlink(file.path);
	assert_int_equal(mkfifo(file.path, 0600), 0);
	assert_load_fails(file.path,
			  "is not a regular file; expected a configuration file");
	remove_file(&file);
}

static void a_hundred_thousand_keys_are_no_trouble(void **state)
{
	const size_t count = 100000;
	char *text = malloc(count * 8 + 1);
	struct parsing parsing;

	for (size_t i = 0; i < count; i++) {
		snprintf(text + i * 8, 9, "%05zx: \n", i % 90000);
	}
	parse_bytes(&parsing, text, strlen(text));
	assert_int_equal(parsing.code, 0);
	assert_int_equal(diag_total(&parsing.diag), count - 90000);
	finish(&parsing);
	free(text);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_and_values_know_their_line_and_column),
		cmocka_unit_test(children_keep_the_order_of_the_file),
		cmocka_unit_test(quoted_and_block_scalars_are_told_from_plain_ones),
		cmocka_unit_test(scalars_may_hold_nul_bytes_and_keys_may_not),
		cmocka_unit_test(a_key_without_a_value_is_empty),
		cmocka_unit_test(the_raw_bytes_and_the_folder_are_kept),
		cmocka_unit_test(duplicate_keys_name_the_line_of_the_first),
		cmocka_unit_test(the_first_of_duplicate_keys_is_found),
		cmocka_unit_test(anchors_and_aliases_are_refused),
		cmocka_unit_test(tags_are_refused),
		cmocka_unit_test(a_key_must_be_text),
		cmocka_unit_test(what_follows_an_error_is_still_read),
		cmocka_unit_test(a_second_document_is_refused),
		cmocka_unit_test(nesting_stops_at_the_sixteenth_level),
		cmocka_unit_test(nesting_is_counted_again_after_each_end),
		cmocka_unit_test(bytes_that_are_not_utf8_are_found_by_line_and_column),
		cmocka_unit_test(characters_of_every_length_are_utf8),
		cmocka_unit_test(control_characters_are_found_by_line_and_column),
		cmocka_unit_test(lines_end_in_a_line_feed_and_in_nothing_else),
		cmocka_unit_test(an_empty_file_holds_no_configuration),
		cmocka_unit_test(syntax_errors_come_with_their_place),
		cmocka_unit_test(errors_before_a_syntax_error_are_kept),
		cmocka_unit_test(a_file_is_read_and_its_folder_is_absolute),
		cmocka_unit_test(a_file_may_have_one_mebibyte_and_no_more),
		cmocka_unit_test(what_is_no_regular_file_is_refused),
		cmocka_unit_test(a_hundred_thousand_keys_are_no_trouble),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
