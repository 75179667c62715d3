#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/report/source.h"
#include "tests/fakes/fake_run.h"

#define FILES_MAX 4

static struct fake_file files[FILES_MAX];
static char *paths[FILES_MAX];
static unsigned count;
static struct report_sources sources;
static struct err err;

static int set_up(void **state)
{
	count = 0;
	return 0;
}

static int tear_down(void **state)
{
	report_sources_close(&sources);
	for (unsigned i = 0; i < count; i++) {
		fake_file_fini(&files[i]);
	}
	return 0;
}

/* Cycles first to last, one a release, of which release 0 is at @start_ns. */
static void add_file_of(const struct fake_run_options *options, uint64_t first,
			uint64_t last, int64_t start_ns)
{
	struct fake_run run;

	fake_run_begin(&run, options);
	for (uint64_t i = first; i <= last; i++) {
		fake_run_cycle(&run, (struct record_cycle){
					     .cycle = i,
					     .release = i,
					     .release_ns = start_ns +
							   (int64_t)i * FAKE_PERIOD_NS,
					     .latency_ns = 5000 });
	}
	fake_run_end(&run, &files[count]);
	paths[count] = files[count].path;
	count++;
}

static void add_file(const char *loop, const char *boot, uint64_t first, uint64_t last,
		     int64_t start_ns)
{
	add_file_of(&(struct fake_run_options){ .loop = loop, .boot = boot }, first, last,
		    start_ns);
}

static void open_all(void)
{
	assert_int_equal(report_sources_open(&sources, paths, count, &err), 0);
}

static void a_log_says_where_it_comes_from(void **state)
{
	const struct report_file *file;

	add_file("oven", "b007", 100, 199, 50 * NS_PER_SEC);
	open_all();
	assert_int_equal(sources.run_count, 1);
	assert_int_equal(sources.file_count, 1);
	file = &sources.files[0];
	assert_string_equal(file->loop, "oven");
	assert_string_equal(file->boot, "b007");
	assert_string_equal(file->version, "1.2.3");
	assert_string_equal(file->kernel, "6.12-rt");
	assert_int_equal(file->period_ns, FAKE_PERIOD_NS);
	assert_true(file->has_offset);
	assert_int_equal(file->offset_ns, FAKE_OFFSET_NS);
	assert_int_equal(file->first_cycle, 100);
	assert_true(file->has_grid);
	assert_int_equal(file->grid_ns, 50 * NS_PER_SEC);
	assert_true(file->is_closed);
	assert_int_equal(sources.start_ns,
			 FAKE_OFFSET_NS + 50 * NS_PER_SEC + 100 * NS_PER_MS + 5000);
	assert_int_equal(sources.runs[0].end_ns,
			 FAKE_OFFSET_NS + 50 * NS_PER_SEC + 199 * NS_PER_MS + 5000);
	assert_int_equal(sources.bytes, file->bytes);
}

static void files_of_one_run_are_put_in_order(void **state)
{
	add_file("oven", "b007", 200, 299, NS_PER_SEC);
	add_file("oven", "b007", 0, 99, NS_PER_SEC);
	add_file("oven", "b007", 100, 199, NS_PER_SEC);
	open_all();
	assert_int_equal(sources.run_count, 1);
	assert_int_equal(sources.runs[0].count, 3);
	assert_ptr_equal(sources.runs[0].files[0].path, paths[1]);
	assert_ptr_equal(sources.runs[0].files[1].path, paths[2]);
	assert_ptr_equal(sources.runs[0].files[2].path, paths[0]);
}

static void a_clock_that_was_set_back_puts_no_file_before_another(void **state)
{
	const struct fake_run_options before = { .loop = "oven", .boot = "b007" };
	const struct fake_run_options after = { .loop = "oven",
						.boot = "b007",
						.stepped_ns = -3600 * NS_PER_SEC };

	add_file_of(&before, 0, 99, NS_PER_SEC);
	add_file_of(&after, 100, 199, NS_PER_SEC);
	open_all();
	assert_int_equal(sources.run_count, 1);
	assert_ptr_equal(sources.runs[0].files[0].path, paths[0]);
	assert_ptr_equal(sources.runs[0].files[1].path, paths[1]);
	assert_int_equal(sources.runs[0].start_ns, sources.files[1].start_ns);
}

static void runs_are_told_apart_by_the_time_of_release_0(void **state)
{
	add_file("oven", "b007", 0, 99, NS_PER_SEC);
	/* its own beginning is gone: the oldest files are pruned */
	add_file("oven", "b007", 5000, 5099, 9 * NS_PER_SEC);
	open_all();
	assert_int_equal(sources.run_count, 2);
	assert_int_equal(sources.runs[0].files[0].first_cycle, 0);
	assert_int_equal(sources.runs[1].files[0].first_cycle, 5000);
}

static void runs_of_other_loops_and_boots_are_others(void **state)
{
	add_file("press", "b007", 100, 199, NS_PER_SEC);
	add_file("oven", "b007", 0, 99, NS_PER_SEC);
	add_file("oven", "b008", 300, 399, NS_PER_SEC);
	open_all();
	assert_int_equal(sources.run_count, 3);
	/* in order of time, not of names */
	assert_ptr_equal(sources.runs[0].files[0].path, paths[1]);
	assert_ptr_equal(sources.runs[1].files[0].path, paths[0]);
	assert_ptr_equal(sources.runs[2].files[0].path, paths[2]);
}

static void without_metadata_cycle_0_begins_a_run(void **state)
{
	add_file(NULL, NULL, 0, 99, NS_PER_SEC);
	add_file(NULL, NULL, 100, 199, NS_PER_SEC);
	add_file(NULL, NULL, 0, 99, 9 * NS_PER_SEC);
	open_all();
	assert_int_equal(sources.run_count, 2);
	assert_int_equal(sources.runs[0].count, 2);
	assert_int_equal(sources.runs[1].count, 1);
	assert_string_equal(sources.files[0].loop, "");
	assert_false(sources.files[0].has_offset);
}

static void a_log_without_cycles_belongs_to_its_loop(void **state)
{
	struct fake_run run;

	add_file("oven", "b007", 0, 99, NS_PER_SEC);
	fake_run_begin(&run,
		       &(struct fake_run_options){ .loop = "oven", .boot = "b007" });
	fake_run_event(&run, 99, 2 * NS_PER_SEC, "run_ended", "");
	fake_run_end(&run, &files[count]);
	paths[count] = files[count].path;
	count++;
	open_all();
	assert_int_equal(sources.run_count, 1);
	assert_int_equal(sources.runs[0].count, 2);
	assert_false(sources.runs[0].files[1].has_cycle);
}

static void a_log_that_was_not_closed_is_taken_as_far_as_it_goes(void **state)
{
	add_file("oven", "b007", 0, 999, NS_PER_SEC);
	assert_int_equal(ftruncate(files[0].fd, 30000), 0);
	open_all();
	assert_false(sources.files[0].is_closed);
	assert_true(strlen(sources.files[0].why_not) > 0);
	assert_true(sources.files[0].has_cycle);
	assert_true(sources.files[0].end_ns > sources.files[0].start_ns);
}

static void what_is_no_log_is_refused(void **state)
{
	static char nowhere[] = "/nowhere/x.mcap";

	fake_file_init(&files[0], "loop: {}\n", 9);
	paths[0] = files[0].path;
	count = 1;
	assert_int_equal(report_sources_open(&sources, paths, 1, &err), -EBADMSG);
	paths[0] = nowhere;
	assert_int_equal(report_sources_open(&sources, paths, 1, &err), -ENOENT);
	assert_string_equal(err.text, "/nowhere/x.mcap: No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_log_says_where_it_comes_from, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(files_of_one_run_are_put_in_order, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_clock_that_was_set_back_puts_no_file_before_another, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			runs_are_told_apart_by_the_time_of_release_0, set_up, tear_down),
		cmocka_unit_test_setup_teardown(runs_of_other_loops_and_boots_are_others,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(without_metadata_cycle_0_begins_a_run,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_log_without_cycles_belongs_to_its_loop,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_log_that_was_not_closed_is_taken_as_far_as_it_goes, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(what_is_no_log_is_refused, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
