#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/super/line.h"

static struct line line;

static void words_follow_their_subject(void **state)
{
	(void)state;
	line_begin(&line, "cpu");
	assert_string_equal(line_end(&line), "cpu");
	line_add(&line, "cpu=%d", 3);
	line_add(&line, "khz=%s", "1500000");
	assert_string_equal(line_end(&line), "cpu cpu=3 khz=1500000");
}

static void a_word_that_does_not_fit_is_left_out_whole(void **state)
{
	char word[NOTE_TEXT_BYTES * 2];

	(void)state;
	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	line_begin(&line, "ran");
	line_add(&line, "%s", word);
	line_add(&line, "a=1");
	word[NOTE_TEXT_BYTES - 20] = '\0';
	line_add(&line, "%s", word);
	assert_string_equal(line_end(&line), "ran a=1 more=2");
}

static void what_is_left_out_can_always_be_said(void **state)
{
	(void)state;
	line_begin(&line, "ran");
	for (unsigned i = 0; i < 1000; i++) {
		line_add(&line, "w=%u", i);
	}
	line.left_out = UINT32_MAX;
	assert_true(strlen(line_end(&line)) < NOTE_TEXT_BYTES);
	assert_non_null(strstr(line.text, " more=4294967295"));
	assert_int_equal(strncmp(line.text, "ran w=0 w=1 ", 12), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_follow_their_subject),
		cmocka_unit_test(a_word_that_does_not_fit_is_left_out_whole),
		cmocka_unit_test(what_is_left_out_can_always_be_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
