#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/plugin/plugin.h"
#include "tests/fakes/folder.h"

/* A plugin as a shared object would hold it, and what its step is to do. */
struct script {
	unsigned reports; /* in each step */
	unsigned steps;
	unsigned exits;
	struct rtloop_now now; /* of the last step */
	const void *instance;
	void *state;
	const struct rtloop_output *output; /* NULL: nothing is set */
	double value;
};

static struct script script;

static int fake_init(struct rtloop_host *host, void *instance)
{
	return 0;
}

static void fake_step(const void *instance, void *state,
		      const struct rtloop_now *now) RTLOOP_RT_SAFE;
static void fake_step(const void *instance, void *state, const struct rtloop_now *now)
{
	script.steps++;
	script.now = *now;
	script.instance = instance;
	script.state = state;
	for (unsigned i = 0; i < script.reports; i++) {
		rtloop_report(now, 3, (int64_t)i);
	}
	if (script.output) {
		rtloop_set_float(script.output, script.value, RTLOOP_STALE);
	}
}

static void fake_exit(void *instance)
{
	script.exits++;
}

static const struct rtloop_plugin entry = {
	RTLOOP_PLUGIN_HEAD, "fake", "1", 0, NULL, 0, fake_init, fake_step, fake_exit
};

/* One that works, and a recorder that records nothing but what it is asked to. */
struct bench {
	struct plugin plugin;
	struct recorder recorder;
	struct plugin_time time;
};

static struct bench bench;

static int begin(void **state)
{
	memset(&script, 0, sizeof(script));
	memset(&bench, 0, sizeof(bench));
	bench.plugin.name = "voter";
	bench.plugin.index = 2;
	bench.plugin.library.plugin = &entry;
	bench.time = (struct plugin_time){ .cycle = 9,
					   .release_ns = 5 * NS_PER_SEC,
					   .dt_ns = 3 * NS_PER_MS };
	return 0;
}

static int end(void **state)
{
	plugin_close(&bench.plugin);
	return 0;
}

static void step(int64_t after_ns)
{
	bench.time.release_ns += after_ns;
	bench.recorder.event_count = 0;
	plugin_step(&bench.plugin, &bench.time, &bench.recorder);
}

static void a_step_sees_its_memory_and_its_time(void **state)
{
	bench.plugin.instance = malloc(1);
	assert_int_equal(plugin_take_state(&bench.plugin, 12), 0);
	step(0);
	assert_ptr_equal(script.instance, bench.plugin.instance);
	assert_ptr_equal(script.state, bench.plugin.state);
	assert_int_equal(script.now.bytes, sizeof(struct rtloop_now));
	assert_int_equal(script.now.cycle, 9);
	assert_int_equal(script.now.release_ns, 5 * NS_PER_SEC);
	assert_int_equal(script.now.dt_ns, 3 * NS_PER_MS);
}

static void a_state_is_zeroed_aligned_given_once_and_of_a_bounded_size(void **state)
{
	uint8_t zeros[100] = { 0 };

	assert_int_equal(plugin_take_state(&bench.plugin, PLUGIN_STATE_BYTES_MAX + 1),
			 -EFBIG);
	assert_null(bench.plugin.state);
	assert_int_equal(plugin_take_state(&bench.plugin, sizeof(zeros)), 0);
	assert_memory_equal(bench.plugin.state, zeros, sizeof(zeros));
	assert_int_equal((uintptr_t)bench.plugin.state % 64, 0);
	assert_int_equal(bench.plugin.state_bytes, sizeof(zeros));
	assert_int_equal(plugin_take_state(&bench.plugin, 1), -EEXIST);
	assert_int_equal(bench.plugin.state_bytes, sizeof(zeros));
}

static void a_report_is_an_event_of_the_plugin_with_its_code(void **state)
{
	script.reports = 1;
	step(0);
	assert_int_equal(bench.recorder.event_count, 1);
	assert_int_equal(bench.recorder.events[0].code,
			 EVENT_PLUGIN_REPORT | 3 << EVENT_DETAIL_SHIFT);
	assert_int_equal(bench.recorder.events[0].device, EVENT_PLUGINS + 2);
	assert_int_equal(bench.recorder.events[0].value, 0);
	assert_string_equal(event_kind(bench.recorder.events[0].code)->name,
			    "plugin_report");
}

static void eight_reports_a_second_are_recorded_and_all_are_counted(void **state)
{
	script.reports = 5;
	step(0);
	assert_int_equal(bench.recorder.event_count, 5);
	step(NS_PER_SEC - 1);
	assert_int_equal(bench.recorder.event_count, 3);
	assert_int_equal(bench.recorder.events[2].value, 2);
	step(1);
	assert_int_equal(bench.recorder.event_count, 5);
	assert_int_equal(counter_get(&bench.plugin.reports), 15);
	assert_int_equal(counter_get(&bench.plugin.reports_held), 2);
}

/* A var that the plugin writes, with its cell and quality. */
struct var {
	double cell;
	uint8_t quality;
	struct channel channel;
	struct rtloop_output output;
};

static void write_var(struct var *var, double value)
{
	var->channel = (struct channel){ .type = VALUE_FLOAT,
					 .cell = &var->cell,
					 .quality = &var->quality };
	var->output = (struct rtloop_output){ .bytes = sizeof(var->output),
					      .type = RTLOOP_FLOAT,
					      .cell = &var->cell,
					      .quality = &var->quality };
	if (bench.plugin.var_count == 0) {
		assert_int_equal(plugin_add_var(&bench.plugin, &var->channel), 0);
	}
	script.output = &var->output;
	script.value = value;
	step(NS_PER_MS);
}

static void a_var_has_the_time_of_the_step_that_wrote_it(void **state)
{
	struct var var = { .cell = 0 };

	write_var(&var, 2.5);
	assert_true(var.cell == 2.5);
	assert_int_equal(var.quality, QUALITY_STALE);
	assert_int_equal(var.channel.sample_ns, bench.time.release_ns);
}

static void what_is_no_number_leaves_a_value_and_makes_it_bad(void **state)
{
	const double wrong[] = { NAN, INFINITY, -INFINITY };
	struct var var = { .cell = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		write_var(&var, 1.5);
		assert_int_equal(var.quality, QUALITY_STALE);
		write_var(&var, wrong[i]);
		assert_true(var.cell == 1.5);
		assert_int_equal(var.quality, QUALITY_BAD);
	}
}

static void a_plugin_that_writes_to_the_cell_itself_puts_no_nonsense_there(void **state)
{
	struct var var = { .cell = 0 };

	write_var(&var, 1.5);
	script.output = NULL;
	var.cell = NAN;
	var.quality = 77;
	step(NS_PER_MS);
	assert_true(var.cell == 0);
	assert_int_equal(var.quality, QUALITY_BAD);
}

static void judge(int64_t took_ns)
{
	bench.recorder.event_count = 0;
	plugin_judge(&bench.plugin, took_ns, &bench.time, &bench.recorder);
}

static void each_step_over_the_budget_is_counted_and_told_once_a_second(void **state)
{
	bench.plugin.budget_ns = 1000;
	judge(1000);
	assert_int_equal(counter_get(&bench.plugin.over_budget), 0);
	assert_int_equal(bench.recorder.event_count, 0);
	judge(1001);
	assert_int_equal(bench.recorder.event_count, 1);
	assert_int_equal(bench.recorder.events[0].code, EVENT_PLUGIN_OVER_BUDGET);
	assert_int_equal(bench.recorder.events[0].device, EVENT_PLUGINS + 2);
	assert_int_equal(bench.recorder.events[0].value, 1001);
	bench.time.release_ns += NS_PER_SEC - 1;
	judge(5000);
	assert_int_equal(bench.recorder.event_count, 0);
	bench.time.release_ns += 1;
	judge(4000);
	assert_int_equal(bench.recorder.event_count, 1);
	assert_int_equal(counter_get(&bench.plugin.over_budget), 3);
	assert_int_equal(counter_get(&bench.plugin.took.count), 4);
}

static void the_worst_step_is_known_by_its_cycle(void **state)
{
	judge(10);
	bench.time.cycle = 20;
	judge(30);
	bench.time.cycle = 21;
	judge(29);
	assert_int_equal(counter_get(&bench.plugin.worst_cycle), 20);
	assert_int_equal(counter_get(&bench.plugin.over_budget), 0);
}

static void only_what_has_begun_is_ended(void **state)
{
	plugin_close(&bench.plugin);
	assert_int_equal(script.exits, 0);
	bench.plugin.library.plugin = &entry;
	bench.plugin.is_begun = true;
	plugin_close(&bench.plugin);
	assert_int_equal(script.exits, 1);
}

static void an_age_is_counted_from_the_release(void **state)
{
	int64_t sample_ns = 0;
	const struct rtloop_now now = { .release_ns = 100 };
	const struct rtloop_input input = { .sample_ns = &sample_ns };
	const struct rtloop_input unasked = { .sample_ns = NULL };

	assert_true(rtloop_age_ns(&input, &now) == INT64_MAX);
	assert_true(rtloop_age_ns(&unasked, &now) == INT64_MAX);
	sample_ns = 60;
	assert_int_equal(rtloop_age_ns(&input, &now), 40);
	sample_ns = 101;
	assert_int_equal(rtloop_age_ns(&input, &now), 0);
}

/* --- the file ---------------------------------------------------------------------------------------- */

static struct folder folder;

static void assert_refused(const char *path, int code, const char *part)
{
	struct library library;
	struct err err = { "" };

	assert_int_equal(library_open(&library, path, &err), code);
	assert_null(library.handle);
	if (!strstr(err.text, part)) {
		fail_msg("\"%s\" is not in \"%s\"", part, err.text);
	}
}

static void a_file_that_is_not_there_or_is_none_is_refused(void **state)
{
	folder_init(&folder);
	assert_refused(folder_file(&folder, "none.so"), -ENOENT, "No such file");
	assert_refused(folder.path, -EINVAL, "is no file; expected a shared object");
	folder_put(&folder, "text.so", 4);
	assert_refused(folder_file(&folder, "text.so"), -EINVAL, "cannot be loaded: ");
	folder_fini(&folder);
}

/* Only root can make a file another user's. */
static void what_belongs_to_another_user_is_not_loaded(void **state)
{
	struct err err;

	if (geteuid() != 0) {
		print_message("only root can give files away\n");
		skip();
	}
	folder_init(&folder);
	folder_put(&folder, "text.so", 4);
	assert_int_equal(chown(folder_file(&folder, "text.so"), 12345, 0), 0);
	assert_refused(folder_file(&folder, "text.so"), -EPERM,
		       "belongs to user 12345, who may put other code there");
	assert_int_equal(chown(folder_file(&folder, "text.so"), 0, 12345), 0);
	assert_int_equal(library_check(folder_file(&folder, "text.so"), &err), 0);
	assert_int_equal(chown(folder.path, 12345, 0), 0);
	assert_refused(folder_file(&folder, "text.so"), -EPERM,
		       "belongs to user 12345, who may put other code there");
	folder_fini(&folder);
}

static void what_its_group_may_change_is_not_loaded(void **state)
{
	struct err err;

	folder_init(&folder);
	folder_put(&folder, "text.so", 4);
	assert_int_equal(chmod(folder_file(&folder, "text.so"), 0664), 0);
	assert_refused(folder_file(&folder, "text.so"), -EPERM, "its group may write to");
	assert_int_equal(chmod(folder_file(&folder, "text.so"), 0644), 0);
	assert_int_equal(chmod(folder.path, 0770), 0);
	assert_refused(folder_file(&folder, "text.so"), -EPERM,
		       "its group may write to its folder");
	assert_int_equal(chmod(folder.path, 01770), 0);
	assert_int_equal(library_check(folder_file(&folder, "text.so"), &err), 0);
	folder_fini(&folder);
}

static void what_everybody_may_change_is_not_loaded(void **state)
{
	struct err err;

	folder_init(&folder);
	folder_put(&folder, "text.so", 4);
	assert_int_equal(library_check(folder_file(&folder, "text.so"), &err), 0);
	assert_int_equal(chmod(folder_file(&folder, "text.so"), 0666), 0);
	assert_refused(folder_file(&folder, "text.so"), -EPERM, "everybody may write to");
	assert_int_equal(chmod(folder_file(&folder, "text.so"), 0644), 0);
	assert_int_equal(chmod(folder.path, 0777), 0);
	assert_refused(folder_file(&folder, "text.so"), -EPERM, "its folder");
	assert_int_equal(chmod(folder.path, 01777), 0);
	assert_int_equal(library_check(folder_file(&folder, "text.so"), &err), 0);
	folder_fini(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(a_step_sees_its_memory_and_its_time),
		TEST(a_state_is_zeroed_aligned_given_once_and_of_a_bounded_size),
		TEST(a_report_is_an_event_of_the_plugin_with_its_code),
		TEST(eight_reports_a_second_are_recorded_and_all_are_counted),
		TEST(a_var_has_the_time_of_the_step_that_wrote_it),
		TEST(what_is_no_number_leaves_a_value_and_makes_it_bad),
		TEST(a_plugin_that_writes_to_the_cell_itself_puts_no_nonsense_there),
		TEST(each_step_over_the_budget_is_counted_and_told_once_a_second),
		TEST(the_worst_step_is_known_by_its_cycle),
		TEST(only_what_has_begun_is_ended),
		TEST(an_age_is_counted_from_the_release),
		TEST(a_file_that_is_not_there_or_is_none_is_refused),
		TEST(what_everybody_may_change_is_not_loaded),
		TEST(what_its_group_may_change_is_not_loaded),
		TEST(what_belongs_to_another_user_is_not_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
