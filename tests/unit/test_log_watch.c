#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/super/log_watch.h"

struct stand {
	struct logger logger; /* never started: only what it says of itself */
	struct log_watch watch;
	struct err text;
};

static int set_up(void **state)
{
	static struct stand stand;

	memset(&stand, 0, sizeof(stand));
	pthread_mutex_init(&stand.logger.mutex, NULL);
	*state = &stand;
	return 0;
}

static int tear_down(void **state)
{
	struct stand *stand = *state;

	pthread_mutex_destroy(&stand->logger.mutex);
	return 0;
}

static void fail_log(struct stand *stand, const char *why)
{
	err_set(&stand->logger.err, 0, "%s", why);
	counter_add(&stand->logger.failures, 1);
}

static void degrade(struct stand *stand, const char *why)
{
	fail_log(stand, why);
	counter_add(&stand->logger.degradations, 1);
	atomic_store(&stand->logger.is_degraded, true);
}

static void go_on(struct stand *stand, const char *path)
{
	snprintf(stand->logger.files.path, sizeof(stand->logger.files.path), "%s", path);
	atomic_store(&stand->logger.is_degraded, false);
}

static enum log_news look(struct stand *stand)
{
	return log_watch_look(&stand->watch, &stand->logger, &stand->text);
}

static void of_a_log_that_is_well_there_is_nothing_to_tell(void **state)
{
	assert_int_equal(look(*state), LOG_NEWS_NONE);
	assert_int_equal(look(*state), LOG_NEWS_NONE);
}

static void that_it_is_degraded_is_told_once_with_the_reason(void **state)
{
	struct stand *stand = *state;

	degrade(stand, "the disk is full");
	assert_int_equal(look(stand), LOG_NEWS_DEGRADED);
	assert_non_null(strstr(stand->text.text, "the disk is full"));
	assert_int_equal(look(stand), LOG_NEWS_NONE);
	fail_log(stand, "the disk is still full");
	assert_int_equal(look(stand), LOG_NEWS_NONE);
}

static void that_it_goes_on_is_told_once_with_the_file(void **state)
{
	struct stand *stand = *state;

	degrade(stand, "the disk is full");
	assert_int_equal(look(stand), LOG_NEWS_DEGRADED);
	go_on(stand, "/log/2.mcap");
	assert_int_equal(look(stand), LOG_NEWS_GOES_ON);
	assert_non_null(strstr(stand->text.text, "/log/2.mcap"));
	assert_int_equal(look(stand), LOG_NEWS_NONE);
}

static void what_is_over_before_anyone_looks_is_told_all_the_same(void **state)
{
	struct stand *stand = *state;

	degrade(stand, "the log was removed");
	go_on(stand, "/log/2.mcap");
	assert_int_equal(look(stand), LOG_NEWS_DEGRADED);
	assert_int_equal(look(stand), LOG_NEWS_GOES_ON);
	assert_int_equal(look(stand), LOG_NEWS_NONE);
	degrade(stand, "again");
	assert_int_equal(look(stand), LOG_NEWS_DEGRADED);
}

static void a_failure_that_degrades_nothing_is_told_too(void **state)
{
	struct stand *stand = *state;

	fail_log(stand, "cannot sync the log before /log/2.mcap");
	assert_int_equal(look(stand), LOG_NEWS_FAILED);
	assert_non_null(strstr(stand->text.text, "cannot sync the log before"));
	assert_int_equal(look(stand), LOG_NEWS_NONE);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_a_log_that_is_well_there_is_nothing_to_tell),
		TEST(that_it_is_degraded_is_told_once_with_the_reason),
		TEST(that_it_goes_on_is_told_once_with_the_file),
		TEST(what_is_over_before_anyone_looks_is_told_all_the_same),
		TEST(a_failure_that_degrades_nothing_is_told_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
