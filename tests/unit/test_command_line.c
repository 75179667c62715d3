/* Command lines as people write them, well and badly, read by the rows of one small
 * command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/help.h"
#include "rtloop/cmd/terminal.h"

enum { PRIORITY, QUIET, JSON, JITTER };

static const struct command_option options[] = {
	[PRIORITY] = { 'p', "priority", "N", "the thread's priority" },
	[QUIET] = { 'q', "quiet", NULL, "no status line" },
	[JSON] = { 0, "json", "FILE", "write a report" },
	[JITTER] = { 0, "jitter", NULL,
		     "show it; a text that is longer than its line goes on below its "
		     "beginning" },
	{ 0, NULL, NULL, NULL },
};

static const struct command command = {
	.name = "test",
	.arguments = "FILE",
	.summary = "try a command line",
	.description = "One paragraph that is long enough to be filled again, because it "
		       "has far "
		       "more words than fit.\n\n  an example stays as it is",
	.options = options,
	.exits = "  0  fine\n  2  not fine\n128 + N  ended by a signal",
};

/* A command line with its own words, and what was written while it was read. */
struct reading {
	char *argv[8];
	struct command_line line;
	FILE *out, *out_before;
	FILE *err, *err_before;
	char *out_text, *err_text;
	size_t out_bytes, err_bytes;
};

static int set_up(void **state)
{
	struct reading *reading = calloc(1, sizeof(*reading));

	reading->out = open_memstream(&reading->out_text, &reading->out_bytes);
	reading->err = open_memstream(&reading->err_text, &reading->err_bytes);
	reading->out_before = stdout;
	reading->err_before = stderr;
	*state = reading;
	return 0;
}

static int tear_down(void **state)
{
	struct reading *reading = *state;
	const char *argument;

	while (reading->line.getopt_rows != NULL &&
	       command_next(&reading->line, &argument) >= 0) {
	}
	fclose(reading->out);
	fclose(reading->err);
	free(reading->out_text);
	free(reading->err_text);
	for (int i = 0; i < reading->line.argc; i++) {
		free(reading->argv[i]);
	}
	free(reading);
	return 0;
}

/* Words are parted by single spaces. */
static void give(struct reading *reading, const char *words)
{
	int argc = 0;

	while (*words != '\0') {
		size_t bytes = strcspn(words, " ");

		reading->argv[argc++] = strndup(words, bytes);
		words += bytes + (words[bytes] == ' ');
	}
	reading->line = (struct command_line){
		.command = &command,
		.argc = argc,
		.argv = reading->argv,
	};
}

static void capture(struct reading *reading, int is_on)
{
	fflush(stdout);
	stdout = is_on ? reading->out : reading->out_before;
	stderr = is_on ? reading->err : reading->err_before;
	fflush(reading->out);
	fflush(reading->err);
}

static int next(struct reading *reading, const char **ret_argument)
{
	int option;

	capture(reading, 1);
	option = command_next(&reading->line, ret_argument);
	capture(reading, 0);
	return option;
}

static void assert_wrong(void **state, const char *words, const char *message)
{
	struct reading *reading = *state;
	char expected[256];
	const char *argument;
	int option;

	give(reading, words);
	do {
		option = next(reading, &argument);
	} while (option >= 0);
	assert_int_equal(option, COMMAND_LINE_WRONG);
	snprintf(expected, sizeof(expected), "rtloop test: %s\nTry 'rtloop help test'.\n",
		 message);
	assert_string_equal(reading->err_text, expected);
	assert_int_equal(reading->out_bytes, 0);
}

static void letters_and_long_names_give_the_row_and_its_argument(void **state)
{
	struct reading *reading = *state;
	const char *argument = NULL;

	give(reading, "test -p 80 --json=a.json --quiet --priority 7");
	assert_int_equal(next(reading, &argument), PRIORITY);
	assert_string_equal(argument, "80");
	assert_int_equal(next(reading, &argument), JSON);
	assert_string_equal(argument, "a.json");
	assert_int_equal(next(reading, &argument), QUIET);
	assert_null(argument);
	assert_int_equal(next(reading, &argument), PRIORITY);
	assert_string_equal(argument, "7");
	assert_int_equal(next(reading, &argument), COMMAND_LINE_END);
	assert_int_equal(optind, reading->line.argc);
}

static void options_may_follow_positional_arguments(void **state)
{
	struct reading *reading = *state;
	const char *argument;

	give(reading, "test one.yaml -q two.yaml");
	assert_int_equal(next(reading, &argument), QUIET);
	assert_int_equal(next(reading, &argument), COMMAND_LINE_END);
	assert_int_equal(optind, 2);
	assert_string_equal(reading->argv[2], "one.yaml");
	assert_string_equal(reading->argv[3], "two.yaml");
}

static void two_dashes_end_the_options(void **state)
{
	struct reading *reading = *state;
	const char *argument;

	give(reading, "test -- -q");
	assert_int_equal(next(reading, &argument), COMMAND_LINE_END);
	assert_string_equal(reading->argv[optind], "-q");
}

static void an_unambiguous_beginning_is_enough(void **state)
{
	struct reading *reading = *state;
	const char *argument;

	give(reading, "test --prio 5");
	assert_int_equal(next(reading, &argument), PRIORITY);
	assert_string_equal(argument, "5");
}

static void a_second_command_line_starts_from_its_own_beginning(void **state)
{
	struct reading *reading = *state;
	const char *argument;

	give(reading, "test -qq a b c");
	assert_int_equal(next(reading, &argument), QUIET);
	assert_int_equal(next(reading, &argument), QUIET);
	assert_int_equal(next(reading, &argument), COMMAND_LINE_END);
	assert_null(reading->line.getopt_rows);
	optind = 4;
	reading->line.argc = 3;
	assert_int_equal(next(reading, &argument), QUIET);
	reading->line.argc = 5;
}

static void help_is_answered_on_stdout(void **state)
{
	struct reading *reading = *state;
	const char *argument;

	give(reading, "test -q --help");
	assert_int_equal(next(reading, &argument), QUIET);
	assert_int_equal(next(reading, &argument), COMMAND_LINE_HELP);
	assert_string_equal(
		reading->out_text,
		"rtloop test: try a command line\n\n"
		"Usage: rtloop test [OPTION...] FILE\n\n"
		"One paragraph that is long enough to be filled again, because it has "
		"far more\nwords than fit.\n\n"
		"  an example stays as it is\n\n"
		"Options:\n"
		"  -p, --priority N        the thread's priority\n"
		"  -q, --quiet             no status line\n"
		"      --json FILE         write a report\n"
		"      --jitter            show it; a text that is longer than its line "
		"goes on\n"
		"                          below its beginning\n"
		"  -h, --help              print this help\n\n"
		"Exit status:\n"
		"  0        fine\n"
		"  2        not fine\n"
		"  128 + N  ended by a signal\n");
	assert_int_equal(reading->err_bytes, 0);
}

static void a_misspelt_option_is_answered_with_the_nearest(void **state)
{
	assert_wrong(state, "test --priorty=3",
		     "unknown option '--priorty'; did you mean '--priority'?");
}

static void an_option_that_is_near_to_none_gets_no_suggestion(void **state)
{
	assert_wrong(state, "test --xyzzy", "unknown option '--xyzzy'");
}

static void a_beginning_of_two_options_is_ambiguous(void **state)
{
	assert_wrong(state, "test --j", "'--j' could be '--json' or '--jitter'");
}

static void an_unknown_letter_is_named(void **state)
{
	assert_wrong(state, "test -qz", "unknown option '-z'");
}

static void a_missing_argument_is_named_by_the_letter(void **state)
{
	assert_wrong(state, "test -p", "option '-p' needs an argument");
}

static void a_missing_argument_is_named_by_the_long_name(void **state)
{
	assert_wrong(state, "test --json", "option '--json' needs an argument");
}

static void an_argument_too_many_is_named(void **state)
{
	assert_wrong(state, "test --quiet=yes", "option '--quiet' takes no argument");
}

static void help_takes_no_argument(void **state)
{
	assert_wrong(state, "test --help=me", "option '--help' takes no argument");
}

/* The priority is taken, and any file that is not called "wrong". */
static int take(const struct command *of, int option, const char *argument, void *request)
{
	const char **priority = request;

	if (option == PRIORITY) {
		*priority = argument;
	}
	return option == JSON && strcmp(argument, "wrong") == 0
		       ? command_wrong(of, "wrong it is")
		       : EXIT_OK;
}

static int take_all(struct reading *reading, const char *words, const char **ret_priority)
{
	int status;

	give(reading, words);
	capture(reading, 1);
	status = command_options(&command, reading->line.argc, reading->argv, take,
				 ret_priority);
	capture(reading, 0);
	return status;
}

static void all_options_are_taken_up_to_the_first_argument(void **state)
{
	struct reading *reading = *state;
	const char *priority = NULL;

	assert_int_equal(take_all(reading, "test --json right one -p 7", &priority),
			 EXIT_OK);
	assert_string_equal(priority, "7");
	assert_string_equal(reading->argv[optind], "one");
	assert_int_equal(reading->err_bytes, 0);
}

static void the_first_option_that_is_wrong_is_the_last_that_is_read(void **state)
{
	struct reading *reading = *state;
	const char *priority = NULL;

	assert_int_equal(take_all(reading, "test --json=wrong -p 7 -z --help", &priority),
			 EXIT_USAGE);
	assert_null(priority);
	assert_string_equal(reading->err_text, "rtloop test: wrong it is\n"
					       "Try 'rtloop help test'.\n");
	assert_int_equal(reading->out_bytes, 0);
}

static void an_option_that_there_is_not_ends_the_taking(void **state)
{
	const char *priority = NULL;

	assert_int_equal(take_all(*state, "test -z", &priority), EXIT_USAGE);
}

static void help_among_options_that_are_taken_is_answered(void **state)
{
	const char *priority = NULL;

	assert_int_equal(take_all(*state, "test -p 7 -h", &priority), COMMAND_LINE_HELP);
	assert_string_equal(priority, "7");
}

static void every_command_is_found_by_its_name(void **state)
{
	const struct command *found;
	unsigned count = 0;

	for (; (found = command_at(count)) != NULL; count++) {
		assert_ptr_equal(command_find(found->name), found);
		assert_non_null(found->run);
		assert_non_null(found->options);
	}
	assert_in_range(count, 6, 100);
	assert_null(command_find("nothing"));
	assert_null(command_find(""));
}

static int bytes_of_help(const struct command *of)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	help_print_command(out, of);
	fclose(out);
	for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
		assert_in_range(strlen(line), 1, 80);
	}
	free(text);
	return (int)bytes;
}

static void every_command_has_help_that_fits_a_terminal(void **state)
{
	const struct command *of;

	for (unsigned i = 0; (of = command_at(i)) != NULL; i++) {
		assert_in_range(bytes_of_help(of), 100, 10000);
	}
}

static void the_time_left_is_known_once_something_is_done(void **state)
{
	assert_int_equal(progress_left_s(INT64_C(2000000000), 0, 100), -1);
	assert_int_equal(progress_left_s(INT64_C(2000000000), 50, 100), 2);
	assert_int_equal(progress_left_s(INT64_C(2000000000), 100, 100), 0);
	assert_int_equal(progress_left_s(INT64_C(3000000000), 2, 3), 2);
}

static void the_time_left_is_unknown_where_the_total_is(void **state)
{
	assert_int_equal(progress_left_s(INT64_C(2000000000), 7, 0), -1);
}

static void a_file_gets_neither_colour_nor_a_progress_line(void **state)
{
	struct progress progress;
	FILE *file = tmpfile();

	assert_false(terminal_wants_colour(file));
	progress_init(&progress, file, "reading", 0);
	progress_show(&progress, 1, 2, INT64_C(9000000000));
	progress_end(&progress);
	assert_int_equal(ftell(file), 0);
	fclose(file);
}

#define LINE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest command_line[] = {
		LINE_TEST(letters_and_long_names_give_the_row_and_its_argument),
		LINE_TEST(options_may_follow_positional_arguments),
		LINE_TEST(two_dashes_end_the_options),
		LINE_TEST(an_unambiguous_beginning_is_enough),
		LINE_TEST(a_second_command_line_starts_from_its_own_beginning),
		LINE_TEST(help_is_answered_on_stdout),
		LINE_TEST(a_misspelt_option_is_answered_with_the_nearest),
		LINE_TEST(an_option_that_is_near_to_none_gets_no_suggestion),
		LINE_TEST(a_beginning_of_two_options_is_ambiguous),
		LINE_TEST(an_unknown_letter_is_named),
		LINE_TEST(a_missing_argument_is_named_by_the_letter),
		LINE_TEST(a_missing_argument_is_named_by_the_long_name),
		LINE_TEST(an_argument_too_many_is_named),
		LINE_TEST(help_takes_no_argument),
		LINE_TEST(all_options_are_taken_up_to_the_first_argument),
		LINE_TEST(the_first_option_that_is_wrong_is_the_last_that_is_read),
		LINE_TEST(an_option_that_there_is_not_ends_the_taking),
		LINE_TEST(help_among_options_that_are_taken_is_answered),
		cmocka_unit_test(every_command_is_found_by_its_name),
		cmocka_unit_test(every_command_has_help_that_fits_a_terminal),
		cmocka_unit_test(the_time_left_is_known_once_something_is_done),
		cmocka_unit_test(the_time_left_is_unknown_where_the_total_is),
		cmocka_unit_test(a_file_gets_neither_colour_nor_a_progress_line),
	};

	return cmocka_run_group_tests(command_line, NULL, NULL);
}
