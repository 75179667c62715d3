#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rtloop/super/look.h"
#include "tests/fakes/fake_proc.h"

static struct folder folder;
static struct look_files files;
static struct look look;

static int set_up(void **state)
{
	(void)state;
	memset(&look, 0xff, sizeof(look));
	folder_init(&folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	look_close(&files);
	folder_fini(&folder);
	return 0;
}

static void put_all(unsigned eth0)
{
	fake_proc_put(&folder, "proc/interrupts",
		      "  CPU0 CPU1\n 37: 5 %u  PCI-MSI 1-edge  eth0\n", eth0);
	fake_proc_put(&folder, "proc/softirqs", "  CPU0 CPU1\n NET_RX: 5 7\n");
	fake_proc_put(&folder, "proc/schedstat",
		      "version 16\ncpu1 0 0 0 0 0 0 11 12 13\n");
	fake_proc_put(&folder, "proc/stat", "cpu 0\ncpu1 1 2 3 4 5 6 7 8 9 10\n");
	fake_proc_put(&folder, "proc/self/cgroup",
		      "1:cpu:/old\n0::/system.slice/a.service\n");
	fake_proc_put(&folder, "sys/fs/cgroup/system.slice/a.service/cpu.stat",
		      "usage_usec 1\nnr_periods 9\nnr_throttled 4\n");
	fake_proc_put(&folder,
		      "sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count",
		      "2\n");
	fake_proc_put(
		&folder,
		"sys/devices/system/cpu/cpu1/thermal_throttle/package_throttle_count",
		"3\n");
	fake_proc_put(&folder, "sys/devices/system/cpu/cpu1/cpufreq/scaling_cur_freq",
		      "1500000\n");
}

static void all_that_the_kernel_counts_for_a_cpu_is_taken(void **state)
{
	(void)state;
	put_all(9);
	look_open(&files, folder.path);
	look_take(&files, 1, 7000, &look);
	assert_int_equal(look.at_ns, 7000);
	assert_int_equal(look.cpu, 1);
	assert_int_equal(look.interrupts.count, 1);
	assert_string_equal(look.interrupts.list[0].name, "37(eth0)");
	assert_int_equal(look.interrupts.list[0].value, 9);
	assert_int_equal(look.softirqs.list[0].value, 7);
	assert_true(look.has_sched);
	assert_int_equal(look.sched.slices, 13);
	assert_true(look.has_steal);
	assert_int_equal(look.steal_ticks, 8);
	assert_int_equal(look.thermal_throttles, 5);
	assert_int_equal(look.group_throttles, 4);
	assert_int_equal(look_frequency(&files, 1), 1500000);
}

static void the_next_look_sees_what_is_there_then(void **state)
{
	(void)state;
	put_all(9);
	look_open(&files, folder.path);
	look_take(&files, 1, 7000, &look);
	put_all(123456);
	look_take(&files, 1, 8000, &look);
	assert_int_equal(look.interrupts.list[0].value, 123456);
}

static void what_a_kernel_does_not_keep_is_left_out(void **state)
{
	(void)state;
	look_open(&files, folder.path);
	look_take(&files, 1, 7000, &look);
	assert_int_equal(look.interrupts.count, 0);
	assert_int_equal(look.softirqs.count, 0);
	assert_false(look.has_sched);
	assert_false(look.has_steal);
	assert_int_equal(look.thermal_throttles, 0);
	assert_int_equal(look.group_throttles, 0);
	assert_int_equal(look_frequency(&files, 1), 0);
}

static void a_cpu_that_is_offline_has_no_counts(void **state)
{
	(void)state;
	put_all(9);
	look_open(&files, folder.path);
	look_take(&files, 5, 7000, &look);
	assert_int_equal(look.interrupts.count, 0);
	assert_false(look.has_sched);
}

/* --- files that are read again and again ---------------------------------------------------------- */

static void a_file_of_any_length_is_read_whole(void **state)
{
	char *text = malloc(100001);
	struct proc_file file;

	(void)state;
	memset(text, 'x', 100000);
	text[100000] = '\0';
	fake_proc_put(&folder, "proc/long", "%s", text);
	proc_file_open(&file, "%s/proc/long", folder.path);
	assert_string_equal(proc_file_read(&file), text);
	fake_proc_put(&folder, "proc/long", "short");
	assert_string_equal(proc_file_read(&file), "short");
	proc_file_close(&file);
	free(text);
}

static void one_that_is_not_there_or_empty_is_nothing(void **state)
{
	struct proc_file file;
	char text[8];

	(void)state;
	proc_file_open(&file, "%s/proc/none", folder.path);
	assert_null(proc_file_read(&file));
	proc_file_close(&file);
	fake_proc_put(&folder, "proc/empty", "%s", "");
	proc_file_open(&file, "%s/proc/empty", folder.path);
	assert_null(proc_file_read(&file));
	proc_file_close(&file);
	assert_true(proc_read_once(text, sizeof(text), "%s/proc/none", folder.path) < 0);
}

static void a_small_one_is_cut_to_its_place(void **state)
{
	char text[4];

	(void)state;
	fake_proc_put(&folder, "proc/small", "12345");
	assert_int_equal(proc_read_once(text, sizeof(text), "%s/proc/small", folder.path),
			 3);
	assert_string_equal(text, "123");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_that_the_kernel_counts_for_a_cpu_is_taken),
		TEST(the_next_look_sees_what_is_there_then),
		TEST(what_a_kernel_does_not_keep_is_left_out),
		TEST(a_cpu_that_is_offline_has_no_counts),
		TEST(a_file_of_any_length_is_read_whole),
		TEST(one_that_is_not_there_or_empty_is_nothing),
		TEST(a_small_one_is_cut_to_its_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
