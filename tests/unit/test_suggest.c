#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/suggest.h"

static const char *const keys[] = { "driver", "every", "max_age", "budget", "lane",
				    "in",     "path",  "baud",	  "parity", "period" };

static const char *nearest(const char *word)
{
	struct suggest suggest;

	suggest_init(&suggest, word);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		suggest_offer(&suggest, keys[i]);
	}
	return suggest.best;
}

static void a_letter_too_many_or_too_few_is_a_slip(void **state)
{
	assert_string_equal(nearest("perod"), "period");
	assert_string_equal(nearest("lanes"), "lane");
	assert_string_equal(nearest("n"), "in");
}

static void two_letters_swapped_are_one_slip(void **state)
{
	assert_string_equal(nearest("buad"), "baud");
	assert_string_equal(nearest("paht"), "path");
}

static void a_longer_word_may_have_more_slips(void **state)
{
	assert_string_equal(nearest("buqget"), "budget");
	assert_string_equal(nearest("drvier"), "driver");
	assert_string_equal(nearest("priode"), "period");
}

static void case_and_dashes_count_nothing(void **state)
{
	assert_string_equal(nearest("Max-Age"), "max_age");
	assert_string_equal(nearest("BAUD"), "baud");
}

static void a_word_that_begins_with_a_name_means_it(void **state)
{
	assert_string_equal(nearest("baudrate"), "baud");
	assert_string_equal(nearest("bud"), "baud");
	assert_string_equal(nearest("dri"), "driver");
	assert_string_equal(nearest("per"), "period");
}

static void a_slip_counts_for_more_than_a_beginning(void **state)
{
	struct suggest suggest;

	suggest_init(&suggest, "framed");
	suggest_offer(&suggest, "framed_kind");
	suggest_offer(&suggest, "frame");
	assert_string_equal(suggest.best, "frame");
}

static void a_beginning_of_several_names_means_none(void **state)
{
	struct suggest suggest;

	suggest_init(&suggest, "crc");
	suggest_offer(&suggest, "crc16_modbus");
	suggest_offer(&suggest, "crc16_ccitt");
	suggest_offer(&suggest, "crc32_ieee");
	assert_null(suggest.best);
}

static void what_is_near_to_nothing_gets_no_suggestion(void **state)
{
	assert_null(nearest("zzz"));
	assert_null(nearest("timeout"));
	assert_null(nearest(""));
}

static void words_of_any_length_are_safe(void **state)
{
	char word[200] = "";

	memset(word, 'x', sizeof(word) - 1);
	assert_null(nearest(word));
	word[64] = '\0';
	assert_null(nearest(word));
}

static void of_equals_the_first_one_is_taken(void **state)
{
	struct suggest suggest;

	suggest_init(&suggest, "bat");
	suggest_offer(&suggest, "cat");
	suggest_offer(&suggest, "hat");
	assert_string_equal(suggest.best, "cat");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_letter_too_many_or_too_few_is_a_slip),
		cmocka_unit_test(two_letters_swapped_are_one_slip),
		cmocka_unit_test(a_longer_word_may_have_more_slips),
		cmocka_unit_test(case_and_dashes_count_nothing),
		cmocka_unit_test(a_word_that_begins_with_a_name_means_it),
		cmocka_unit_test(a_slip_counts_for_more_than_a_beginning),
		cmocka_unit_test(a_beginning_of_several_names_means_none),
		cmocka_unit_test(what_is_near_to_nothing_gets_no_suggestion),
		cmocka_unit_test(words_of_any_length_are_safe),
		cmocka_unit_test(of_equals_the_first_one_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
