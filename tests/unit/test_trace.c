/* wraps: mkdir getpid */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/super/trace.h"
#include "tests/fakes/fake_proc.h"

#define INSTANCE "instances/rtloop-4711/"

/* A folder that looks like tracefs: making an instance fills it, as the kernel does. */
static struct folder folder;
static struct trace trace;
static struct err err;
static int mkdir_code;
static const char *lacks; /* an event that the kernel does not have */

static const char *const settings[] = {
	"tracing_on",
	"trace_clock",
	"buffer_size_kb",
	"tracing_cpumask",
	"per_cpu/cpu3/buffer_size_kb",
	"events/sched/sched_switch/enable",
	"events/sched/sched_waking/enable",
	"events/sched/sched_waking/filter",
	"events/irq/irq_handler_entry/enable",
	"events/irq/irq_handler_exit/enable",
	"events/irq/softirq_entry/enable",
	"events/irq/softirq_exit/enable",
	"events/timer/hrtimer_expire_entry/enable",
	"events/exceptions/page_fault_user/enable",
	"events/exceptions/page_fault_user/filter",
};

int __real_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_mkdir(const char *path, mode_t mode)
{
	size_t length = strlen(path);
	bool is_instance = length > 12 && strcmp(path + length - 12, "/rtloop-4711") == 0;

	if (is_instance && mkdir_code) {
		errno = -mkdir_code;
		return -1;
	}
	if (__real_mkdir(path, mode)) {
		return -1;
	}
	for (size_t i = 0; is_instance && i < ARRAY_SIZE(settings); i++) {
		char file[128];

		snprintf(file, sizeof(file), INSTANCE "%s", settings[i]);
		if (!lacks || !strstr(file, lacks)) {
			fake_proc_put(&folder, file, "%s", "");
		}
	}
	return 0;
}

pid_t __wrap_getpid(void);
pid_t __wrap_getpid(void)
{
	return 4711;
}

static int set_up(void **state)
{
	(void)state;
	memset(&trace, 0, sizeof(trace));
	mkdir_code = 0;
	lacks = NULL;
	folder_init(&folder);
	fake_proc_put(&folder, "instances/other/trace", "%s", "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	trace_close(&trace);
	folder_fini(&folder);
	return 0;
}

static const char *setting(const char *name)
{
	static char text[4096];
	char path[512];
	FILE *in;

	snprintf(path, sizeof(path), "%s/" INSTANCE "%s", folder.path, name);
	in = fopen(path, "r");
	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

static void begin(int cpu)
{
	assert_int_equal(trace_open(&trace, folder.path, cpu, &err), 0);
	assert_true(trace_is_open(&trace));
}

static void an_instance_of_its_own_traces_one_cpu(void **state)
{
	char kib[16];

	(void)state;
	begin(3);
	assert_string_equal(setting("tracing_on"), "1");
	assert_string_equal(setting("trace_clock"), "mono");
	assert_string_equal(setting("tracing_cpumask"), "8");
	assert_string_equal(setting("buffer_size_kb"), "8");
	snprintf(kib, sizeof(kib), "%d", TRACE_BUFFER_KIB);
	assert_string_equal(setting("per_cpu/cpu3/buffer_size_kb"), kib);
	assert_string_equal(setting("events/sched/sched_switch/enable"), "1");
	assert_string_equal(setting("events/exceptions/page_fault_user/enable"), "1");
	assert_true(trace.since_ns > 0);
}

static void a_cpu_past_31_is_in_the_next_group_of_the_mask(void **state)
{
	(void)state;
	begin(-1);
	assert_string_equal(setting("tracing_cpumask"), "");
	assert_true(strtol(setting("buffer_size_kb"), NULL, 10) >= 8);
	trace_close(&trace);
	fake_proc_put(&folder, INSTANCE "per_cpu/cpu67/buffer_size_kb", "%s", "");
	begin(67);
	assert_string_equal(setting("tracing_cpumask"), "8,00000000,00000000");
}

static void of_threads_only_the_cycle_s_is_traced(void **state)
{
	(void)state;
	begin(3);
	trace_watch(&trace, 93);
	assert_string_equal(setting("events/sched/sched_waking/filter"), "pid == 93");
	assert_string_equal(setting("events/exceptions/page_fault_user/filter"),
			    "common_pid == 93");
}

static void closing_stops_the_trace(void **state)
{
	(void)state;
	begin(3);
	trace_close(&trace);
	assert_string_equal(setting("tracing_on"), "0");
	assert_false(trace_is_open(&trace));
	trace_close(&trace);
	trace_watch(&trace, 93);
}

static void without_tracefs_it_is_said_how_to_have_it(void **state)
{
	char missing[128];

	(void)state;
	snprintf(missing, sizeof(missing), "%s/missing", folder.path);
	assert_int_equal(trace_open(&trace, missing, 3, &err), -ENOENT);
	assert_non_null(strstr(err.text, "there is no tracefs at "));
	assert_non_null(
		strstr(err.text, "mount it with: sudo mount -t tracefs tracefs "));
	assert_false(trace_is_open(&trace));
}

static void without_the_right_to_it_it_is_said_whose(void **state)
{
	(void)state;
	mkdir_code = -EACCES;
	assert_int_equal(trace_open(&trace, folder.path, 3, &err), -EACCES);
	assert_non_null(strstr(err.text, "/instances/rtloop-4711: Permission denied"));
	assert_false(trace_is_open(&trace));
}

static void a_kernel_that_lacks_an_event_is_refused_by_name(void **state)
{
	(void)state;
	lacks = "irq/irq_handler_entry";
	assert_int_equal(trace_open(&trace, folder.path, 3, &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot trace irq/irq_handler_entry"));
	assert_false(trace_is_open(&trace));
}

static void what_is_not_of_every_machine_need_not_be_there(void **state)
{
	(void)state;
	lacks = "exceptions";
	begin(3);
}

/* --- snapshots ------------------------------------------------------------------------------------ */

static const struct trace_window window = {
	.cycle = 7,
	.release_ns = 2 * NS_PER_SEC,
	.from_ns = 2 * NS_PER_SEC - NS_PER_MS,
	.to_ns = 2 * NS_PER_SEC + 5 * NS_PER_MS,
};

#define LINE(time) "  task-1  [003] d.h1.  " time ": sched_switch: x\n"

static void put_trace(const char *text)
{
	fake_proc_put(&folder, INSTANCE "per_cpu/cpu3/trace", "%s", text);
}

static const char *read_snapshot(void)
{
	static char text[4096];
	FILE *in = fopen(folder_file(&folder, "a.trace"), "r");

	assert_non_null(in);
	text[fread(text, 1, sizeof(text) - 1, in)] = '\0';
	fclose(in);
	return text;
}

static int freeze(void)
{
	return trace_freeze(&trace, &window, folder_file(&folder, "a.trace"));
}

static void the_window_is_written_with_the_line_before_it(void **state)
{
	const char *text;
	int64_t since_ns;

	(void)state;
	begin(3);
	trace_watch(&trace, 93);
	since_ns = trace.since_ns;
	put_trace("# tracer: nop\n" LINE("1.000000") LINE("1.998000") LINE("1.999000")
			  LINE("2.005000") LINE("2.005001"));
	assert_int_equal(freeze(), 0);
	assert_int_equal(trace.snapshots, 1);
	text = read_snapshot();
	assert_int_equal(strncmp(text,
				 "# rtloop trace: cycle=7 thread=93 cpu=3 "
				 "release_ns=2000000000\n",
				 62),
			 0);
	assert_string_equal(strstr(text, "  task"),
			    LINE("1.998000") LINE("1.999000") LINE("2.005000"));
	/* and it goes on */
	assert_string_equal(setting("tracing_on"), "1");
	assert_true(trace.since_ns >= since_ns);
}

static void where_nothing_of_it_is_left_there_is_no_file(void **state)
{
	(void)state;
	begin(3);
	put_trace(LINE("1.000000") LINE("9.000000"));
	assert_int_equal(freeze(), -ENODATA);
	assert_int_equal(trace.snapshots, 0);
	assert_false(folder_has(&folder, "a.trace"));
}

static void a_file_that_is_there_is_never_written_over(void **state)
{
	(void)state;
	begin(3);
	put_trace(LINE("2.000000"));
	folder_put(&folder, "a.trace", 3);
	assert_int_equal(freeze(), -EEXIST);
	assert_string_equal(setting("tracing_on"), "1");
}

static void so_many_snapshots_and_no_more(void **state)
{
	(void)state;
	begin(3);
	put_trace(LINE("2.000000"));
	for (unsigned i = 0; i < TRACE_SNAPSHOTS_MAX; i++) {
		assert_int_equal(freeze(), 0);
		assert_int_equal(unlink(folder_file(&folder, "a.trace")), 0);
	}
	assert_int_equal(freeze(), -EDQUOT);
	assert_false(folder_has(&folder, "a.trace"));
}

static void a_snapshot_is_bounded_and_says_so(void **state)
{
	size_t bytes = TRACE_FILE_MAX + 4096, used = 0;
	char *text = malloc(bytes + 64);
	struct stat info;

	(void)state;
	while (used < bytes) {
		used += (size_t)sprintf(text + used, LINE("2.000000"));
	}
	begin(3);
	put_trace(text);
	assert_int_equal(freeze(), 0);
	assert_int_equal(stat(folder_file(&folder, "a.trace"), &info), 0);
	assert_true((size_t)info.st_size <= TRACE_FILE_MAX);
	assert_true((size_t)info.st_size > TRACE_FILE_MAX - 4096);
	free(text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_instance_of_its_own_traces_one_cpu),
		TEST(a_cpu_past_31_is_in_the_next_group_of_the_mask),
		TEST(of_threads_only_the_cycle_s_is_traced),
		TEST(closing_stops_the_trace),
		TEST(without_tracefs_it_is_said_how_to_have_it),
		TEST(without_the_right_to_it_it_is_said_whose),
		TEST(a_kernel_that_lacks_an_event_is_refused_by_name),
		TEST(what_is_not_of_every_machine_need_not_be_there),
		TEST(the_window_is_written_with_the_line_before_it),
		TEST(where_nothing_of_it_is_left_there_is_no_file),
		TEST(a_file_that_is_there_is_never_written_over),
		TEST(so_many_snapshots_and_no_more),
		TEST(a_snapshot_is_bounded_and_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
