#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/diag.h"

/* Owned by the caller. */
static char *print(struct diag *diag)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *stream = open_memstream(&text, &bytes);

	diag_print(diag, stream);
	fclose(stream);
	return text;
}

static void assert_prints(struct diag *diag, const char *expected)
{
	char *text = print(diag);

	assert_string_equal(text, expected);
	free(text);
}

static void without_errors_nothing_is_printed(void **state)
{
	struct diag diag;

	diag_init(&diag, "a.yaml");
	assert_int_equal(diag_total(&diag), 0);
	assert_prints(&diag, "");
	diag_fini(&diag);
}

static void errors_are_printed_in_the_order_of_the_file(void **state)
{
	struct diag diag;

	diag_init(&diag, "a.yaml");
	diag_add(&diag, 10, 2, "fourth");
	diag_add(&diag, 2, 30, "third");
	diag_add(&diag, 2, 4, "second %d", 2);
	diag_add(&diag, 0, 0, "first");
	assert_int_equal(diag_total(&diag), 4);
	assert_prints(&diag, "a.yaml: first\na.yaml:2:4: second 2\na.yaml:2:30: third\n"
			     "a.yaml:10:2: fourth\n");
	diag_fini(&diag);
}

static void the_same_error_is_printed_once(void **state)
{
	struct diag diag;

	diag_init(&diag, "a.yaml");
	diag_add(&diag, 1, 1, "same");
	diag_add(&diag, 1, 1, "other");
	diag_add(&diag, 1, 1, "same");
	diag_add(&diag, 1, 2, "same");
	assert_prints(&diag, "a.yaml:1:1: other\na.yaml:1:1: same\na.yaml:1:2: same\n");
	diag_fini(&diag);
}

static void errors_past_the_most_that_are_kept_are_counted(void **state)
{
	struct diag diag;
	char *text;

	diag_init(&diag, "a.yaml");
	for (unsigned i = 0; i < DIAG_ERRORS_MAX; i++) {
		assert_false(diag_is_full(&diag));
		diag_add(&diag, i + 1, 1, "wrong");
	}
	assert_true(diag_is_full(&diag));
	diag_add(&diag, 1000, 1, "too many");
	diag_add(&diag, 1001, 1, "too many");
	assert_int_equal(diag_total(&diag), DIAG_ERRORS_MAX + 2);
	text = print(&diag);
	assert_null(strstr(text, "too many"));
	assert_non_null(strstr(text, "a.yaml: and 2 more; mend these first\n"));
	free(text);
	diag_fini(&diag);
}

static void the_files_name_and_the_texts_are_copied(void **state)
{
	char name[] = "a.yaml";
	char what[] = "wrong";
	struct diag diag;

	diag_init(&diag, name);
	diag_add(&diag, 1, 2, "%s", what);
	memset(name, 'x', sizeof(name) - 1);
	memset(what, 'x', sizeof(what) - 1);
	assert_prints(&diag, "a.yaml:1:2: wrong\n");
	diag_fini(&diag);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_errors_nothing_is_printed),
		cmocka_unit_test(errors_are_printed_in_the_order_of_the_file),
		cmocka_unit_test(the_same_error_is_printed_once),
		cmocka_unit_test(errors_past_the_most_that_are_kept_are_counted),
		cmocka_unit_test(the_files_name_and_the_texts_are_copied),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
