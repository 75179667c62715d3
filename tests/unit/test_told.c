#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/report/told.h"

static struct told told;

static int tear_down(void **state)
{
	(void)state;
	told_fini(&told);
	return 0;
}

static void add(int64_t number, const char *device, const char *text)
{
	assert_int_equal(told_add(&told, number, device, text), 0);
}

static void words_are_found_by_their_key(void **state)
{
	char value[8];

	(void)state;
	assert_int_equal(told_number("cpu cpu=1 xcpu=2 khz=-3", "cpu", 9), 1);
	assert_int_equal(told_number("cpu cpu=1 xcpu=2 khz=-3", "khz", 9), -3);
	assert_int_equal(told_number("cpu cpu=1", "missing", 9), 9);
	assert_int_equal(told_number("cpu cpu= a=", "cpu", 9), 9);
	assert_int_equal(told_number("cpu=1", "cpu", 9), 9);
	told_word("trace cycle=1 file=a.trace", "file", value, sizeof(value));
	assert_string_equal(value, "a.trace");
	told_word("trace file=longer.trace", "file", value, sizeof(value));
	assert_string_equal(value, "longer.");
	told_word("trace", "file", value, sizeof(value));
	assert_string_equal(value, "");
}

static void the_lines_of_a_look_become_one(void **state)
{
	const struct told_overrun *overrun;
	const struct told_look *look;

	(void)state;
	add(1, "",
	    "look overruns=2 told=2 first=8123 last=8125 cpu=3 policy=fifo priority=80");
	add(1, "probe",
	    "overrun cycle=8123 kind=late_wake,long_work release_ns=10 wake_ns=20 "
	    "end_ns=30 "
	    "record_ns=4 call=receive call_ns=5 call_end_ns=29");
	add(1, "", "overrun cycle=8125 kind=long_work release_ns=50");
	add(1, "",
	    "thread from_ns=1 to_ns=60 run_ns=9 delay_ns=7 voluntary=3 involuntary=1 "
	    "minor=2 major=1");
	add(1, "", "continued alive_ns=11 at_ns=19 sender=4711");
	add(1, "", "fault time_ns=21 kind=major address=0x1 ip=0x2");
	add(1, "", "fault time_ns=22 kind=minor address=0x1 ip=0x2");
	add(1, "", "cpu cpu=3 steal_ticks=6 thermal_throttles=2 group_throttles=3");
	add(1, "", "interrupts cpu=3 37(eth0)=5");
	add(1, "", "ran cpu=3 123(hog,fifo,90)=5");
	add(1, "", "trace cycle=8123 file=x");
	look = told_find(&told, 8124);
	assert_non_null(look);
	assert_int_equal(look->all, 2);
	assert_int_equal(look->cpu, 3);
	assert_int_equal(look->priority, 80);
	assert_int_equal(look->delay_ns, 7);
	assert_int_equal(look->minor, 2);
	assert_int_equal(look->major, 1);
	assert_int_equal(look->alive_ns, 11);
	assert_int_equal(look->continued_ns, 19);
	assert_int_equal(look->sender, 4711);
	assert_int_equal(look->fault_count, 2);
	assert_true(look->faults[0].is_major);
	assert_false(look->faults[1].is_major);
	assert_int_equal(look->throttles, 5);
	assert_int_equal(look->steal_ticks, 6);
	assert_string_equal(look->interrupts, "interrupts cpu=3 37(eth0)=5");
	assert_string_equal(look->ran, "ran cpu=3 123(hog,fifo,90)=5");
	assert_string_equal(look->trace, "trace cycle=8123 file=x");
	overrun = told_overrun_of(look, 8123);
	assert_true(overrun->is_late_wake && overrun->is_long_work);
	assert_string_equal(overrun->device, "probe");
	assert_string_equal(overrun->call, "receive");
	assert_int_equal(overrun->call_ns, 5);
	assert_int_equal(overrun->wake_ns, 20);
	assert_false(told_overrun_of(look, 8125)->is_late_wake);
	assert_null(told_overrun_of(look, 8124));
}

static void each_number_is_a_look_of_its_own(void **state)
{
	(void)state;
	add(1, "", "look overruns=1 first=5 last=5");
	add(2, "", "look overruns=1 first=9 last=12");
	assert_int_equal(told.count, 2);
	assert_int_equal(told_find(&told, 5)->number, 1);
	assert_int_equal(told_find(&told, 12)->number, 2);
	assert_null(told_find(&told, 7));
	assert_null(told_find(&told, 13));
}

static void a_look_whose_first_line_was_lost_hides_no_other(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 9; i++) {
		char text[64];

		snprintf(text, sizeof(text), "look overruns=1 first=%u last=%u", 10 * i,
			 10 * i + 3);
		add(i, "", i == 5 ? "thread from_ns=1" : text);
	}
	for (unsigned i = 1; i <= 9; i++) {
		const struct told_look *look = told_find(&told, 10 * i + 2);

		assert_int_equal(look ? look->number : 0, i == 5 ? 0 : i);
		assert_null(told_find(&told, 10 * i + 4));
	}
}

static void what_was_not_told_is_not_known(void **state)
{
	const struct told_look *look;

	(void)state;
	add(1, "", "look overruns=1 first=5 last=5");
	add(1, "", "a line of another version");
	add(1, "", "");
	look = told_find(&told, 5);
	assert_int_equal(look->cpu, -1);
	assert_int_equal(look->delay_ns, -1);
	assert_string_equal(look->ran, "");
}

static void all_that_is_kept_is_bounded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < REPORT_LOOKS_MAX + 3; i++) {
		char text[64];

		snprintf(text, sizeof(text), "look overruns=1 first=%u last=%u", i, i);
		add(i, "", text);
		add(i, "", "thread from_ns=1");
	}
	assert_int_equal(told.count, REPORT_LOOKS_MAX);
	assert_int_equal(told.more, 3);
	for (unsigned i = 0; i < REPORT_FAULTS_MAX + 3; i++) {
		told.more = 0;
		told_fini(&told);
		add(1, "", "look overruns=20 first=1 last=20");
		for (unsigned j = 0; j < i; j++) {
			add(1, "", "fault time_ns=1 kind=minor");
			add(1, "", "overrun cycle=1");
		}
	}
	assert_int_equal(told.looks[0].fault_count, REPORT_FAULTS_MAX);
	assert_int_equal(told.looks[0].overrun_count, REPORT_TOLD_MAX);
}

#define TEST(function) cmocka_unit_test_teardown(function, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words_are_found_by_their_key),
		TEST(the_lines_of_a_look_become_one),
		TEST(each_number_is_a_look_of_its_own),
		TEST(a_look_whose_first_line_was_lost_hides_no_other),
		TEST(what_was_not_told_is_not_known),
		TEST(all_that_is_kept_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
