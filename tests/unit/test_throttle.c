#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rtloop/cycle/throttle.h"
#include "tests/fakes/folder.h"

static struct folder folder;
static struct throttle throttle;

static int set_up(void **state)
{
	(void)state;
	folder_init(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_fini(&folder);
	return 0;
}

static void make_folders(const char *path)
{
	char part[256];

	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(folder_file(&folder, part), 0700);
	}
}

static void put(const char *path, const char *text)
{
	FILE *file;

	make_folders(path);
	file = fopen(folder_file(&folder, path), "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void put_throttling(const char *runtime)
{
	put("proc/sys/kernel/sched_rt_runtime_us", runtime);
	put("proc/sys/kernel/sched_rt_period_us", "1000000\n");
}

static void put_server(const char *runtime)
{
	put("sys/kernel/debug/sched/fair_server/cpu3/runtime", runtime);
	put("sys/kernel/debug/sched/fair_server/cpu3/period", "1000000000\n");
}

static void look(const char *release)
{
	throttle_look(&throttle, release, 3, folder.path);
}

static void before_6_12_it_is_throttling(void **state)
{
	(void)state;
	put_throttling("950000\n");
	put_server("500000000\n");
	look("6.1.0-37-rt-amd64 #1 SMP PREEMPT_RT");
	assert_true(throttle.is_known);
	assert_int_equal(throttle.period_us, 1000000);
	assert_int_equal(throttle.rt_us, 950000);
	assert_string_equal(throttle.path, "/proc/sys/kernel/sched_rt_runtime_us");
	assert_string_equal(throttle.off, "-1");
}

static void throttling_can_be_off(void **state)
{
	(void)state;
	put_throttling("-1\n");
	look("5.10.0");
	assert_int_equal(throttle.rt_us, throttle.period_us);
}

static void from_6_12_on_it_is_the_server_of_the_cpu(void **state)
{
	(void)state;
	put_throttling("100000\n");
	put_server("50000000\n");
	look("6.12.5");
	assert_true(throttle.is_known);
	assert_int_equal(throttle.period_us, 1000000);
	assert_int_equal(throttle.rt_us, 950000);
	assert_string_equal(throttle.path,
			    "/sys/kernel/debug/sched/fair_server/cpu3/runtime");
	assert_string_equal(throttle.off, "0");
	look("7.0");
	assert_int_equal(throttle.rt_us, 950000);
}

static void what_cannot_be_read_is_not_known(void **state)
{
	(void)state;
	look("6.18.1");
	assert_false(throttle.is_known);
	look("6.1.0");
	assert_false(throttle.is_known);
	put_throttling("much\n");
	look("6.1.0");
	assert_false(throttle.is_known);
	look("a kernel");
	assert_false(throttle.is_known);
	assert_true(throttle_has_room(&throttle, 100));
}

static void room_is_what_is_left(void **state)
{
	(void)state;
	put_throttling("950000\n");
	look("6.1.0");
	assert_true(throttle_has_room(&throttle, 95));
	assert_false(throttle_has_room(&throttle, 96));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(before_6_12_it_is_throttling),
		TEST(throttling_can_be_off),
		TEST(from_6_12_on_it_is_the_server_of_the_cpu),
		TEST(what_cannot_be_read_is_not_known),
		TEST(room_is_what_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
