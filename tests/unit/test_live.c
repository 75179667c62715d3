#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/app.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/live.h"
#include "rtloop/cycle/cycle.h"
#include "rtloop/setup.h"

static const char yaml[] =
	"loop: { period: 1ms }\n"
	"devices: { kiln: { driver: sim, in: { temp: { wave: constant } } } }\n"
	"params: { target: { value: 20.0, min: 0, max: 200 } }\n"
	"vars: { seen: 0.0 }\n"
	"program: |\n"
	"  seen := target\n";

struct bed {
	struct diag diag;
	struct setup *setup;
	struct app *app;
	struct live live;
	FILE *reply;
};

static struct bed bed;

static int set_up(void **state)
{
	struct err err;

	memset(&bed, 0, sizeof(bed));
	diag_init(&bed.diag, "oven.yaml");
	assert_int_equal(setup_parse(yaml, strlen(yaml), "/", &bed.setup, &bed.diag), 0);
	assert_int_equal(app_create(&bed.app, bed.setup, "1", &err), 0);
	grid_init(&bed.app->loop.grid, NS_PER_SEC, &bed.setup->loop);
	bed.live.app = bed.app;
	assert_int_equal(live_channels_init(&bed.live.channels, bed.app), 0);
	bed.reply = fopen("/dev/null", "we");
	return bed.reply ? 0 : -1;
}

static int tear_down(void **state)
{
	fclose(bed.reply);
	live_channels_fini(&bed.live.channels);
	app_destroy(bed.app);
	setup_destroy(bed.setup);
	diag_fini(&bed.diag);
	return 0;
}

static void run(void)
{
	struct loop *loop = &bed.app->loop;

	assert_true(cycle_run(loop, grid_release_ns(&loop->grid, loop->grid.release)));
}

/* As the control socket asks for an answer. */
static bool ask(struct control_request *request)
{
	live_settle(&bed.live);
	return live_answer_set(&bed.live, request, 0, bed.reply);
}

static double seen(void)
{
	return channel_value(&bed.app->step.vars.channels[0]).as_float;
}

static void what_is_set_is_in_effect_in_the_cycle_after_its_line_was_read(void **state)
{
	struct control_request request = { .words = { "set", "target=175" },
					   .word_count = 2 };

	run();
	assert_true(seen() == 20.0);
	assert_false(ask(&request));
	run();
	assert_true(seen() == 175.0);
	assert_true(ask(&request));
	assert_int_equal(bed.app->loop.orders.cycle, 1);
}

static void the_answer_waits_for_the_cycle_and_the_cycle_for_nobody(void **state)
{
	struct control_request request = { .words = { "set", "target=175" },
					   .word_count = 2,
					   .came_ns = INT64_MAX };

	assert_false(ask(&request));
	assert_false(ask(&request));
	assert_true(seen() == 0.0);
	run();
	run();
	assert_true(ask(&request));
}

static void a_second_set_is_given_when_the_first_was_taken(void **state)
{
	struct control_request first = { .words = { "set", "target=175" },
					 .word_count = 2,
					 .came_ns = INT64_MAX };
	struct control_request second = { .words = { "set", "target=30" },
					  .word_count = 2,
					  .came_ns = INT64_MAX };

	assert_false(ask(&first));
	assert_false(ask(&second));
	run();
	assert_true(seen() == 175.0);
	assert_false(ask(&second));
	run();
	assert_true(seen() == 30.0);
	assert_true(ask(&first));
	assert_true(ask(&second));
}

/* Its reply, whatever others were told before and after. */
static void expect_reply(struct control_request *request, const char *text)
{
	FILE *nowhere = bed.reply;
	char *said = NULL;
	size_t bytes = 0;

	bed.reply = open_memstream(&said, &bytes);
	assert_non_null(bed.reply);
	assert_true(ask(request));
	fclose(bed.reply);
	bed.reply = nowhere;
	if (!strstr(said, text)) {
		fail_msg("no '%s' in %s", text, said);
	}
	free(said);
}

static void who_is_told_after_the_next_has_given_hears_of_what_was_his(void **state)
{
	struct control_request first = { .words = { "set", "target=175" },
					 .word_count = 2,
					 .came_ns = INT64_MAX };
	struct control_request second = { .words = { "set", "target=30" },
					  .word_count = 2,
					  .came_ns = INT64_MAX };

	assert_false(ask(&first));
	run();
	run();
	assert_false(ask(&second));
	expect_reply(&first, "\"cycle\": 0,\n  \"changed\": 1,");
	run();
	expect_reply(&second, "\"cycle\": 2,\n  \"changed\": 1,");
	expect_reply(&first, "\"cycle\": 0,\n  \"changed\": 1,");
}

/* Its answer to "force", once the cycle has come round. */
static void expect_forced(const char *first, const char *second, const char *text)
{
	struct control_request request = { .words = { "force", first, second },
					   .word_count = second ? 3 : 2,
					   .came_ns = INT64_MAX };
	char *said = NULL;
	size_t bytes = 0;
	FILE *reply = open_memstream(&said, &bytes);

	assert_non_null(reply);
	live_settle(&bed.live);
	if (!live_answer_force(&bed.live, &request, 0, reply)) {
		run();
		live_settle(&bed.live);
		assert_true(live_answer_force(&bed.live, &request, 0, reply));
	}
	fclose(reply);
	if (!strstr(said, text)) {
		fail_msg("no '%s' in %s", text, said);
	}
	free(said);
}

static void to_release_what_is_not_forced_changes_nothing(void **state)
{
	expect_forced("kiln.temp=", NULL, "\"changed\": 0");
	expect_forced("kiln.temp=20", NULL, "\"changed\": 1");
	expect_forced("kiln.temp=", "kiln.temp=", "\"changed\": 1");
	expect_forced("kiln.temp=20", "kiln.temp=", "\"changed\": 2");
	expect_forced("kiln.temp=", NULL, "\"changed\": 0");
	assert_int_equal(counter_get(&bed.app->loop.forced), 0);
}

static void a_reload_that_was_not_begun_says_so(void **state)
{
	struct control_request set = { .words = { "set", "target=175" },
				       .word_count = 2,
				       .came_ns = INT64_MAX };
	struct control_request reload = { .words = { "reload" }, .word_count = 1 };
	char *said = NULL;
	size_t bytes = 0;
	FILE *reply = open_memstream(&said, &bytes);

	assert_non_null(reply);
	assert_false(ask(&set));
	assert_true(live_answer_reload(&bed.live, &reload, 0, reply));
	fclose(reply);
	assert_non_null(strstr(said, "nothing was changed"));
	free(said);
}

static void a_set_out_of_range_is_refused_and_changes_nothing(void **state)
{
	static const char *const words[] = { "target=201", "target=-1", "target=nan",
					     "target=1e999", "target=inf" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct control_request request = { .words = { "set", words[i] },
						   .word_count = 2 };

		assert_true(ask(&request));
		run();
		assert_true(seen() == 20.0);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_set_is_in_effect_in_the_cycle_after_its_line_was_read),
		TEST(the_answer_waits_for_the_cycle_and_the_cycle_for_nobody),
		TEST(a_second_set_is_given_when_the_first_was_taken),
		TEST(who_is_told_after_the_next_has_given_hears_of_what_was_his),
		TEST(to_release_what_is_not_forced_changes_nothing),
		TEST(a_reload_that_was_not_begun_says_so),
		TEST(a_set_out_of_range_is_refused_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
