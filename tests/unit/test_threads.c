#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "rtloop/super/threads.h"
#include "tests/fakes/fake_proc.h"

static struct folder folder;
static struct threads threads;
static struct threads_ran ran;
static const struct threads_self self = { .id = 93, .cpu = 1, .priority = 80 };

static int set_up(void **state)
{
	(void)state;
	folder_init(&folder);
	fake_proc_put(&folder, "proc/uptime", "1 2\n");
	assert_int_equal(threads_init(&threads, folder.path), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	threads_fini(&threads);
	folder_fini(&folder);
	return 0;
}

static void put(const char *task, const char *name, const char *how, uint64_t run_ns)
{
	fake_proc_thread(&folder, task, name, how, run_ns, 0);
}

static void who_ran_on_that_cpu_is_told(void **state)
{
	(void)state;
	put("30/task/30", "hog", "fifo 90 1", 1000);
	put("30/task/31", "idle", "fifo 90 1", 1000);
	put("40/task/40", "elsewhere", "other 0 0", 1000);
	put("92/task/93", "rtloop-cycle", "fifo 80 1", 500);
	threads_look(&threads);
	put("30/task/30", "hog", "fifo 90 1", 4000);
	put("40/task/40", "elsewhere", "other 0 0", 9000);
	put("92/task/93", "rtloop-cycle", "fifo 80 1", 700);
	threads_compare(&threads, &self, &ran);
	assert_int_equal(ran.count, 1);
	assert_int_equal(ran.list[0].id, 30);
	assert_int_equal(ran.list[0].ran_ns, 3000);
	assert_string_equal(ran.list[0].thread.name, "hog");
	assert_true(ran.list[0].may_preempt);
	assert_int_equal(ran.self_ns, 200);
	assert_false(ran.is_cut);
}

static void one_that_is_new_has_run_since(void **state)
{
	(void)state;
	threads_look(&threads);
	put("30/task/30", "hog", "fifo 90 1", 4000);
	threads_compare(&threads, &self, &ran);
	assert_int_equal(ran.count, 1);
	assert_int_equal(ran.list[0].ran_ns, 4000);
}

static void one_that_has_got_a_number_anew_is_new(void **state)
{
	(void)state;
	put("30/task/30", "old", "fifo 90 1", 900000);
	threads_look(&threads);
	put("30/task/30", "hog", "fifo 90 1", 4000);
	threads_compare(&threads, &self, &ran);
	assert_int_equal(ran.count, 1);
	assert_int_equal(ran.list[0].ran_ns, 4000);
}

static void each_comparison_is_with_the_look_before(void **state)
{
	(void)state;
	put("30/task/30", "hog", "fifo 90 1", 1000);
	threads_look(&threads);
	put("30/task/30", "hog", "fifo 90 1", 3000);
	threads_compare(&threads, &self, &ran);
	put("30/task/30", "hog", "fifo 90 1", 3500);
	threads_compare(&threads, &self, &ran);
	assert_int_equal(ran.list[0].ran_ns, 500);
}

static void those_that_go_before_the_cycle_come_first(void **state)
{
	(void)state;
	threads_look(&threads);
	put("30/task/30", "busy", "other 0 1", 9000);
	put("31/task/31", "below", "fifo 79 1", 8000);
	put("32/task/32", "above", "fifo 81 1", 10);
	put("33/task/33", "equal", "fifo 80 1", 20);
	threads_compare(&threads, &self, &ran);
	assert_int_equal(ran.count, 4);
	assert_int_equal(ran.list[0].id, 33);
	assert_int_equal(ran.list[1].id, 32);
	assert_int_equal(ran.list[2].id, 30);
	assert_int_equal(ran.list[3].id, 31);
	assert_false(ran.list[2].may_preempt);
	assert_false(ran.list[3].may_preempt);
}

static void before_an_ordinary_thread_any_other_goes(void **state)
{
	const struct threads_self ordinary = { .id = 93, .cpu = 1, .priority = 0 };

	(void)state;
	threads_look(&threads);
	put("30/task/30", "busy", "other 0 1", 9000);
	threads_compare(&threads, &ordinary, &ran);
	assert_true(ran.list[0].may_preempt);
}

static void what_has_no_room_is_summed_up(void **state)
{
	(void)state;
	threads_look(&threads);
	for (unsigned i = 0; i < THREADS_RAN_MAX + 2; i++) {
		char task[64];

		snprintf(task, sizeof(task), "%u/task/%u", 100 + i, 100 + i);
		put(task, "x", i == 0 ? "fifo 90 1" : "other 0 1", 1000 + i);
	}
	threads_compare(&threads, &self, &ran);
	assert_int_equal(ran.count, THREADS_RAN_MAX);
	assert_int_equal(ran.list[0].id, 100);
	/* the two that ran least, of those that cannot preempt */
	assert_int_equal(ran.others_ns, 1001 + 1002);
	assert_int_equal(ran.others_preempt_ns, 0);
}

static void where_the_kernel_keeps_no_times_nobody_ran(void **state)
{
	(void)state;
	threads_look(&threads);
	put("30/task/30", "hog", "fifo 90 1", 4000);
	fake_proc_remove(&folder, "proc/30/task/30/schedstat");
	threads_compare(&threads, &self, &ran);
	assert_int_equal(ran.count, 0);
}

static void more_threads_than_have_room_are_said(void **state)
{
	(void)state;
	threads.capacity = 3;
	for (unsigned i = 1; i < 6; i++) {
		char task[64];

		snprintf(task, sizeof(task), "30/task/%u", i);
		put(task, "x", "other 0 1", 1);
	}
	threads_look(&threads);
	assert_true(threads.is_cut);
	assert_int_equal(threads.count, 3);
	threads_compare(&threads, &self, &ran);
	assert_true(ran.is_cut);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_ran_on_that_cpu_is_told),
		TEST(one_that_is_new_has_run_since),
		TEST(one_that_has_got_a_number_anew_is_new),
		TEST(each_comparison_is_with_the_look_before),
		TEST(those_that_go_before_the_cycle_come_first),
		TEST(before_an_ordinary_thread_any_other_goes),
		TEST(what_has_no_room_is_summed_up),
		TEST(where_the_kernel_keeps_no_times_nobody_ran),
		TEST(more_threads_than_have_room_are_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
