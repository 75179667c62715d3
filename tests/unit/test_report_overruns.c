#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/report.h"
#include "rtloop/report/overruns.h"
#include "tests/fakes/fake_run.h"

#define TAKEN_MAX 2000

static const struct fake_run_options oven = { .loop = "oven", .boot = "b007" };
static struct fake_run run;
static struct fake_file file;
static struct report_sources sources;
static struct report_summary *summary;

/* What was handed on, with its events as one line. */
static struct {
	struct report_overrun overrun;
	char events[1024];
} taken[TAKEN_MAX];
static unsigned taken_count;

static int set_up(void **state)
{
	taken_count = 0;
	summary = NULL;
	fake_run_begin(&run, &oven);
	return 0;
}

static int tear_down(void **state)
{
	report_summary_destroy(summary);
	report_sources_close(&sources);
	fake_file_fini(&file);
	return 0;
}

static int take(void *context, const struct report_overrun *overrun)
{
	char *events = taken[taken_count].events;

	taken[taken_count].overrun = *overrun;
	events[0] = '\0';
	for (unsigned i = 0; i < overrun->event_count; i++) {
		snprintf(events + strlen(events),
			 sizeof(taken[0].events) - strlen(events), "%s=%s;",
			 overrun->events[i]->kind, overrun->events[i]->text);
	}
	taken_count++;
	return 0;
}

static int refuse(void *context, const struct report_overrun *overrun)
{
	taken_count++;
	return -EIO;
}

static int read_overruns(report_overrun_taker *taker)
{
	char *paths[] = { file.path };
	struct err err;

	fake_run_end(&run, &file);
	assert_int_equal(report_sources_open(&sources, paths, 1, &err), 0);
	assert_int_equal(report_summary_create(&summary, &sources.runs[0], &REPORT_ALL, 0,
					       NULL, &err),
			 0);
	return report_overruns_read(summary, taker, NULL, NULL, &err);
}

static void add_overrun(void)
{
	fake_run_cycle(&run, (struct record_cycle){ .cycle = run.cycle,
						    .release = run.cycle,
						    .latency_ns = 1500000,
						    .flags = RECORD_LATE_WAKE,
						    .missed = 1 });
}

static void expect_cycles(unsigned i, const uint64_t *cycles, unsigned count, unsigned at)
{
	const struct report_overrun *overrun = &taken[i].overrun;

	assert_int_equal(overrun->count, count);
	assert_int_equal(overrun->at, at);
	for (unsigned k = 0; k < count; k++) {
		assert_int_equal(overrun->cycles[k].cycle, cycles[k]);
	}
}

static void an_overrun_comes_with_three_cycles_before_and_after(void **state)
{
	static const uint64_t cycles[] = { 97, 98, 99, 100, 101, 102, 103 };

	fake_run_cycles(&run, 100);
	add_overrun();
	fake_run_cycles(&run, 5000);
	assert_int_equal(read_overruns(take), 0);
	assert_int_equal(taken_count, 1);
	expect_cycles(0, cycles, 7, 3);
	assert_int_equal(report_overrun_cycle(&taken[0].overrun)->latency_ns, 1500000);
	assert_int_equal(taken[0].overrun.log_time_ns[3],
			 FAKE_OFFSET_NS + fake_run_release_ns(100) + 1500000);
}

static void at_the_ends_of_a_run_there_are_fewer(void **state)
{
	static const uint64_t first[] = { 0, 1, 2, 3 };
	static const uint64_t last[] = { 6, 7, 8, 9 };

	add_overrun();
	fake_run_cycles(&run, 8);
	add_overrun();
	assert_int_equal(read_overruns(take), 0);
	assert_int_equal(taken_count, 2);
	expect_cycles(0, first, 4, 0);
	expect_cycles(1, last, 4, 3);
}

static void overruns_in_a_row_are_neighbours_of_each_other(void **state)
{
	static const uint64_t second[] = { 8, 9, 10, 11, 12, 13, 14 };

	fake_run_cycles(&run, 10);
	add_overrun();
	add_overrun();
	add_overrun();
	fake_run_cycles(&run, 10);
	assert_int_equal(read_overruns(take), 0);
	assert_int_equal(taken_count, 3);
	expect_cycles(1, second, 7, 3);
	assert_int_equal(taken[1].overrun.cycles[4].flags, RECORD_LATE_WAKE);
}

static void cycles_in_a_gap_are_not_there(void **state)
{
	static const uint64_t cycles[] = { 8, 9, 12 };

	fake_run_cycles(&run, 10);
	fake_run_gap(&run, 10, 11);
	add_overrun();
	fake_run_gap(&run, 13, 20);
	fake_run_cycles(&run, 10);
	run.cycle = 100;
	assert_int_equal(read_overruns(take), 0);
	/* 9 is three before 12; 8 is not */
	expect_cycles(0, cycles + 1, 2, 1);
}

static void events_are_near_by_their_cycle_or_their_time(void **state)
{
	int64_t at_ns = fake_run_release_ns(5000);

	fake_run_cycles(&run, 5000);
	fake_run_event(&run, 9, at_ns - REPORT_BEFORE_NS - 1, "too", "early");
	fake_run_event(&run, 9, at_ns - REPORT_BEFORE_NS, "just", "before");
	fake_run_event(&run, 5000, at_ns, "late_wake", "says nothing new");
	add_overrun();
	fake_run_event(&run, 5004, at_ns + 1000000, "device_lost", "after");
	fake_run_cycles(&run, 1000);
	fake_run_event(&run, 5000, at_ns + 1000 * FAKE_PERIOD_NS, "evidence",
		       "told later");
	fake_run_event(&run, 5004, at_ns + REPORT_AFTER_NS + 1, "too", "late");
	fake_run_cycles(&run, 5000);
	assert_int_equal(read_overruns(take), 0);
	assert_int_equal(taken_count, 1);
	assert_string_equal(taken[0].events,
			    "just=before;device_lost=after;evidence=told later;");
	assert_int_equal(taken[0].overrun.events_more, 0);
}

static char json_text_of_overrun[8192];

static int write_json(void *context, const struct report_overrun *overrun)
{
	FILE *out = fmemopen(json_text_of_overrun, sizeof(json_text_of_overrun), "w");
	struct json json = { .out = out };

	assert_non_null(out);
	report_json_overrun(&json, summary, overrun);
	assert_int_equal(fclose(out), 0);
	return 0;
}

static void in_json_an_overrun_has_the_events_near_it(void **state)
{
	int64_t at_ns = fake_run_release_ns(10);
	char expected[512];

	fake_run_cycles(&run, 10);
	add_overrun();
	fake_run_event(&run, 12, at_ns + 7, "device_lost", "it \"went\" away");
	fake_run_cycles(&run, 10);
	assert_int_equal(read_overruns(write_json), 0);
	snprintf(expected, sizeof(expected),
		 "\"cycle\": 12,\n"
		 "      \"time_ns\": %" PRId64 ",\n"
		 "      \"log_time_ns\": %" PRId64 ",\n"
		 "      \"kind\": \"device_lost\",\n"
		 "      \"device\": \"probe\",\n"
		 "      \"level\": 1,\n"
		 "      \"value\": -7,\n"
		 "      \"text\": \"it \\\"went\\\" away\"\n",
		 at_ns + 7, FAKE_OFFSET_NS + at_ns + 7);
	if (!strstr(json_text_of_overrun, expected)) {
		fail_msg("%s", strstr(json_text_of_overrun, "\"events\""));
	}
}

static void more_events_than_there_is_room_for_are_counted(void **state)
{
	add_overrun();
	for (unsigned i = 0; i < REPORT_NEAR_MAX + 3; i++) {
		fake_run_event(&run, 0, fake_run_release_ns(0), "x", "");
	}
	assert_int_equal(read_overruns(take), 0);
	assert_int_equal(taken[0].overrun.event_count, REPORT_NEAR_MAX);
	assert_int_equal(taken[0].overrun.events_more, 3);
}

static void a_flood_of_events_is_bounded_and_the_rest_counted(void **state)
{
	add_overrun();
	fake_run_event(&run, 0, fake_run_release_ns(0), "first", "");
	for (unsigned i = 0; i < 600; i++) {
		fake_run_event(&run, 300, fake_run_release_ns(300), "flood", "");
	}
	assert_int_equal(read_overruns(take), 0);
	assert_string_equal(taken[0].events, "");
	assert_int_equal(taken[0].overrun.events_more, 1);
}

static void any_number_of_overruns_is_handed_on_in_order(void **state)
{
	for (unsigned i = 0; i < TAKEN_MAX; i++) {
		add_overrun();
	}
	assert_int_equal(read_overruns(take), 0);
	assert_int_equal(taken_count, TAKEN_MAX);
	for (unsigned i = 0; i < TAKEN_MAX; i++) {
		assert_int_equal(report_overrun_cycle(&taken[i].overrun)->cycle, i);
		assert_int_equal(taken[i].overrun.count, i < 3 ? i + 4
							 : i >= TAKEN_MAX - 3
								 ? TAKEN_MAX - i + 3
								 : 7);
	}
}

static void a_taker_that_fails_ends_it(void **state)
{
	add_overrun();
	fake_run_cycles(&run, 5000);
	add_overrun();
	assert_int_equal(read_overruns(refuse), -EIO);
	assert_int_equal(taken_count, 1);
}

static void without_overruns_nothing_is_read(void **state)
{
	fake_run_cycles(&run, 10);
	assert_int_equal(read_overruns(take), 0);
	assert_int_equal(taken_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_overrun_comes_with_three_cycles_before_and_after),
		TEST(at_the_ends_of_a_run_there_are_fewer),
		TEST(overruns_in_a_row_are_neighbours_of_each_other),
		TEST(cycles_in_a_gap_are_not_there),
		TEST(events_are_near_by_their_cycle_or_their_time),
		TEST(in_json_an_overrun_has_the_events_near_it),
		TEST(more_events_than_there_is_room_for_are_counted),
		TEST(a_flood_of_events_is_bounded_and_the_rest_counted),
		TEST(any_number_of_overruns_is_handed_on_in_order),
		TEST(a_taker_that_fails_ends_it),
		TEST(without_overruns_nothing_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
