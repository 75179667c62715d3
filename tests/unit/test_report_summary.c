#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/report/summary.h"
#include "tests/fakes/fake_run.h"

static const struct fake_run_options oven = { .loop = "oven", .boot = "b007" };
static struct fake_run run;
static struct fake_file file;
static struct report_sources sources;
static struct report_summary *summary;
static unsigned problems;
static char last_problem[256];

static int set_up(void **state)
{
	problems = 0;
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

static void take_problem(void *context, const char *path, uint64_t offset,
			 const char *text)
{
	problems++;
	snprintf(last_problem, sizeof(last_problem), "%s", text);
}

static void summarise_span(const struct report_span *span, unsigned worst)
{
	const struct report_listener listener = { .problem = take_problem };
	char *paths[] = { file.path };
	struct err err;

	assert_int_equal(report_sources_open(&sources, paths, 1, &err), 0);
	assert_int_equal(report_summary_create(&summary, &sources.runs[0], span, worst,
					       &listener, &err),
			 0);
}

static void summarise(unsigned worst)
{
	fake_run_end(&run, &file);
	summarise_span(&REPORT_ALL, worst);
}

static const struct hist *phase(const char *name)
{
	const struct report_phases *phases = &summary->reading.phases;

	for (unsigned i = 0; i < phases->count; i++) {
		if (strcmp(phases->names[i], name) == 0) {
			return &summary->phases[i];
		}
	}
	fail_msg("no phase %s", name);
	return NULL;
}

static void expect_hist(const struct hist *hist, uint64_t count, uint64_t min_ns,
			uint64_t max_ns)
{
	assert_int_equal(counter_get(&hist->count), count);
	assert_int_equal(counter_get(&hist->min_ns), min_ns);
	assert_int_equal(counter_get(&hist->max_ns), max_ns);
}

static void every_time_of_every_cycle_is_counted(void **state)
{
	fake_run_cycles(&run, 99);
	fake_run_cycle(&run, (struct record_cycle){ .cycle = 99,
						    .release = 99,
						    .latency_ns = 77000,
						    .read_ns = 30000,
						    .write_ns = 9000,
						    .record_ns = 8000 });
	summarise(0);
	assert_int_equal(summary->reading.cycles.logged, 100);
	expect_hist(&summary->latency, 100, 10000, 77000);
	expect_hist(&summary->busy, 100, 5000, 39000);
	expect_hist(phase("read"), 100, 3000, 30000);
	expect_hist(phase("write"), 100, 2000, 9000);
	expect_hist(phase("record"), 100, 1000, 8000);
	assert_int_equal(summary->latency_peak.cycle, 99);
	assert_int_equal(summary->busy_peak.cycle, 99);
	assert_int_equal(summary->latency_peak.log_time_ns,
			 FAKE_OFFSET_NS + fake_run_release_ns(99) + 77000);
	assert_true(report_summary_is_whole(summary));
	assert_int_equal(problems, 0);
}

static void a_clock_that_was_set_between_two_files_makes_a_run_no_longer(void **state)
{
	struct fake_run_options after = oven;
	struct fake_file second;
	char *paths[] = { file.path, second.path };
	struct err err;

	fake_run_cycles(&run, 1000);
	fake_run_end(&run, &file);
	after.stepped_ns = 3600 * NS_PER_SEC;
	fake_run_begin(&run, &after);
	run.cycle = 1000;
	fake_run_cycles(&run, 1001);
	fake_run_end(&run, &second);
	assert_int_equal(report_sources_open(&sources, paths, 2, &err), 0);
	assert_int_equal(report_summary_create(&summary, &sources.runs[0], &REPORT_ALL, 0,
					       NULL, &err),
			 0);
	assert_int_equal(summary->reading.cycles.logged, 2001);
	assert_true(report_summary_seconds(summary) == 2.0);
	fake_file_fini(&second);
}

static void the_second_half_is_judged_apart(void **state)
{
	fake_run_cycles(&run, 60);
	fake_run_cycle(&run, (struct record_cycle){
				     .cycle = 60, .release = 60, .latency_ns = 77000 });
	fake_run_cycles(&run, 39);
	summarise(0);
	expect_hist(&summary->halves[0].latency, 50, 10000, 10000);
	expect_hist(&summary->halves[1].latency, 50, 10000, 77000);
}

static void overruns_are_counted_by_kind(void **state)
{
	fake_run_cycle(&run,
		       (struct record_cycle){ .flags = RECORD_LATE_WAKE, .missed = 2 });
	fake_run_cycle(&run, (struct record_cycle){ .cycle = 1,
						    .release = 3,
						    .flags = RECORD_LONG_WORK,
						    .missed = 1 });
	fake_run_cycle(
		&run, (struct record_cycle){ .cycle = 2,
					     .release = 5,
					     .flags = RECORD_LONG_WORK | RECORD_LATE_WAKE,
					     .missed = 4 });
	fake_run_cycle(&run, (struct record_cycle){ .cycle = 3,
						    .release = 10,
						    .flags = RECORD_CATCH_UP,
						    .latency_ns = 999999 });
	summarise(0);
	assert_int_equal(summary->late_wakes, 2);
	assert_int_equal(summary->long_works, 2);
	assert_int_equal(summary->overruns, 3);
	assert_int_equal(summary->missed, 7);
	assert_int_equal(summary->caught_up, 1);
	/* a cycle that is run late on purpose has no wake-up latency */
	expect_hist(&summary->latency, 3, 0, 0);
	assert_int_equal(counter_get(&summary->busy.count), 4);
}

static void the_worst_overruns_are_known_by_their_cycles(void **state)
{
	for (unsigned i = 0; i < 100; i++) {
		fake_run_cycle(&run,
			       (struct record_cycle){
				       .cycle = i,
				       .release = 2 * i,
				       .latency_ns = 10000 * (int64_t)(i * 37 % 100),
				       .read_ns = 5000,
				       .flags = RECORD_LATE_WAKE,
				       .missed = 1 });
	}
	summarise(3);
	assert_int_equal(summary->worst_count, 3);
	/* i * 37 mod 100 is 99, 98 and 97 */
	assert_true(report_summary_is_worst(summary, 27));
	assert_true(report_summary_is_worst(summary, 54));
	assert_true(report_summary_is_worst(summary, 81));
	assert_false(report_summary_is_worst(summary, 8));
	assert_int_equal(summary->worst[0].past_ns, 995000);
}

static void gaps_are_told_and_no_damage(void **state)
{
	fake_run_cycles(&run, 10);
	fake_run_gap(&run, 10, 14);
	fake_run_cycles(&run, 10);
	fake_run_gap(&run, 25, 25);
	summarise(0);
	assert_int_equal(summary->reading.cycles.logged, 20);
	assert_int_equal(summary->reading.cycles.in_gaps, 6);
	assert_int_equal(summary->gap_count, 2);
	assert_int_equal(summary->gaps[0].first, 10);
	assert_int_equal(summary->gaps[0].last, 14);
	assert_int_equal(summary->longest_gap, 5);
	assert_true(report_summary_is_whole(summary));
}

static void missing_cycles_are_damage_and_listed_as_a_gap(void **state)
{
	fake_run_cycles(&run, 10);
	run.cycle = 15;
	fake_run_cycles(&run, 5);
	summarise(0);
	assert_int_equal(summary->reading.cycles.missing, 5);
	assert_int_equal(summary->reading.cycles.gaps, 0);
	assert_int_equal(summary->gap_count, 1);
	assert_int_equal(summary->gaps[0].first, 10);
	assert_int_equal(summary->gaps[0].last, 14);
	assert_false(report_summary_is_whole(summary));
	assert_int_equal(problems, 1);
	assert_string_equal(last_problem,
			    "cycles 10 to 14 are missing: neither logged nor in a gap");
}

static void a_cycle_that_comes_again_is_not_counted(void **state)
{
	fake_run_cycles(&run, 10);
	run.cycle = 8;
	fake_run_cycles(&run, 3);
	summarise(0);
	assert_int_equal(counter_get(&summary->latency.count), 11);
	assert_int_equal(problems, 2);
	assert_string_equal(last_problem, "cycle 9 comes again or out of order");
}

static void a_span_leaves_out_what_is_not_in_it(void **state)
{
	const struct report_span span = {
		.from_ns = (uint64_t)(FAKE_OFFSET_NS + fake_run_release_ns(100)),
		.to_ns = (uint64_t)(FAKE_OFFSET_NS + fake_run_release_ns(300)),
	};

	fake_run_cycles(&run, 1000);
	fake_run_end(&run, &file);
	summarise_span(&span, 0);
	assert_int_equal(summary->reading.cycles.logged, 200);
	assert_int_equal(summary->reading.cycles.missing, 0);
	assert_int_equal(summary->start_ns, span.from_ns + 10000);
	expect_hist(&summary->halves[0].latency, 100, 10000, 10000);
	assert_true(report_summary_is_whole(summary));
}

static void devices_and_events_are_gathered(void **state)
{
	fake_run_cycles(&run, 10);
	fake_run_probe(&run, fake_run_release_ns(9), fake_run_release_ns(5), 1);
	fake_run_event(&run, 9, fake_run_release_ns(9), "device_stale", "");
	summarise(0);
	assert_int_equal(summary->devices.count, 1);
	assert_string_equal(summary->devices.list[0]->name, "probe");
	assert_int_equal(counter_get(&summary->devices.list[0]->age.max_ns),
			 4 * FAKE_PERIOD_NS);
	assert_int_equal(summary->devices.list[0]->silence_ns,
			 4 * FAKE_PERIOD_NS + 10000);
	assert_int_equal(summary->devices.list[0]->quality, REPORT_STALE);
	assert_int_equal(summary->events.all, 1);
	assert_string_equal(summary->events.list[0].kind, "device_stale");
}

static void the_intervals_hold_all_cycles_and_overruns(void **state)
{
	uint64_t cycles = 0, overruns = 0;

	fake_run_cycles(&run, 500);
	fake_run_cycle(&run, (struct record_cycle){ .cycle = 500,
						    .release = 500,
						    .latency_ns = 55000,
						    .flags = RECORD_LONG_WORK });
	fake_run_cycles(&run, 499);
	summarise(0);
	assert_int_equal(summary->timeline.interval_ns, 10 * FAKE_PERIOD_NS);
	for (unsigned i = 0; i < summary->timeline.count; i++) {
		cycles += summary->timeline.intervals[i].cycles;
		overruns += summary->timeline.intervals[i].overruns;
	}
	assert_int_equal(cycles, 1000);
	assert_int_equal(overruns, 1);
	/* intervals begin with the first message, which is 10 us after its release */
	assert_int_equal(summary->timeline.intervals[50].latency_max_ns, 55000);
	assert_int_equal(summary->timeline.intervals[50].busy_max_ns, 5000);
}

static void a_topic_that_cannot_be_read_is_told_and_left_out(void **state)
{
	const struct fake_run_options other = { .loop = "oven",
						.boot = "b",
						.cycle_schema = "float64 x\n" };
	const uint64_t number = 0;

	fake_run_cycles(&run, 1);
	fake_run_end(&run, &file);
	fake_file_fini(&file);
	fake_run_begin(&run, &other);
	fake_run_numbers(&run, NS_PER_SEC, &number, 1);
	fake_run_event(&run, 0, NS_PER_SEC, "x", "");
	summarise(0);
	assert_int_equal(problems, 1);
	assert_string_equal(
		last_problem,
		"the topic /cycle is left out: it lacks the numbers that it should have");
	assert_int_equal(summary->events.all, 1);
	assert_false(report_summary_is_whole(summary));
}

static void a_log_without_flags_and_latency_says_so(void **state)
{
	const struct fake_run_options other = { .loop = "oven",
						.boot = "b",
						.cycle_schema =
							"uint64 cycle\nint64 step_ns\n" };
	const uint64_t numbers[] = { 0, 4000 };

	fake_run_end(&run, &file);
	fake_file_fini(&file);
	fake_run_begin(&run, &other);
	fake_run_numbers(&run, NS_PER_SEC, numbers, 2);
	summarise(0);
	assert_false(summary->reading.has_flags);
	assert_false(summary->reading.has_latency);
	assert_int_equal(counter_get(&summary->latency.count), 0);
	expect_hist(phase("step"), 1, 4000, 4000);
	expect_hist(&summary->busy, 1, 4000, 4000);
}

static void a_damaged_chunk_costs_its_cycles_and_no_more(void **state)
{
	const uint8_t wrong = 0xff;

	fake_run_cycles(&run, 1000);
	fake_run_end(&run, &file);
	fake_file_poke(&file, 60000, &wrong, 1);
	summarise_span(&REPORT_ALL, 0);
	assert_true(summary->reading.cycles.missing > 0);
	assert_int_equal(summary->reading.cycles.logged + summary->reading.cycles.missing,
			 1000);
	assert_false(report_summary_is_whole(summary));
	assert_int_equal(problems, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_time_of_every_cycle_is_counted),
		TEST(a_clock_that_was_set_between_two_files_makes_a_run_no_longer),
		TEST(the_second_half_is_judged_apart),
		TEST(overruns_are_counted_by_kind),
		TEST(the_worst_overruns_are_known_by_their_cycles),
		TEST(gaps_are_told_and_no_damage),
		TEST(missing_cycles_are_damage_and_listed_as_a_gap),
		TEST(a_cycle_that_comes_again_is_not_counted),
		TEST(a_span_leaves_out_what_is_not_in_it),
		TEST(devices_and_events_are_gathered),
		TEST(the_intervals_hold_all_cycles_and_overruns),
		TEST(a_topic_that_cannot_be_read_is_told_and_left_out),
		TEST(a_log_without_flags_and_latency_says_so),
		TEST(a_damaged_chunk_costs_its_cycles_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
