#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/registry.h"
#include "rtloop/base/time.h"
#include "rtloop/setup.h"

/* One file loaded, and what was said of it. */
struct loading {
	char folder[32];
	char path[64];
	struct setup *setup;
	struct diag diag;
	int code;
	char *errors; /* owned: as printed, of the file "f" */
};

static void load_as(struct loading *loading, const char *name, const char *text)
{
	size_t bytes = 0;
	FILE *stream;

	memset(loading, 0, sizeof(*loading));
	strcpy(loading->folder, "/tmp/test_setup_XXXXXX");
	assert_non_null(mkdtemp(loading->folder));
	snprintf(loading->path, sizeof(loading->path), "%s/%s", loading->folder, name);
	stream = fopen(loading->path, "w");
	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	diag_init(&loading->diag, "f");
	loading->code = setup_load(loading->path, &loading->setup, &loading->diag);
	stream = open_memstream(&loading->errors, &bytes);
	diag_print(&loading->diag, stream);
	fclose(stream);
}

static void load(struct loading *loading, const char *text)
{
	load_as(loading, "oven.yaml", text);
}

static void finish(struct loading *loading)
{
	setup_destroy(loading->setup);
	diag_fini(&loading->diag);
	free(loading->errors);
	unlink(loading->path);
	rmdir(loading->folder);
}

static void assert_errors(const char *text, const char *errors)
{
	struct loading loading;

	load(&loading, text);
	assert_string_equal(loading.errors, errors);
	assert_int_equal(loading.code, *errors ? -EINVAL : 0);
	assert_true(*errors ? !loading.setup : loading.setup != NULL);
	finish(&loading);
}

static void an_empty_loop_has_all_defaults(void **state)
{
	const struct loop_options *loop;
	struct loading l;

	load(&l, "loop: {}\n");
	assert_string_equal(l.errors, "");
	assert_int_equal(l.code, 0);
	loop = &l.setup->loop;
	assert_int_equal(loop->period_ns, NS_PER_MS);
	assert_int_equal(loop->cpu, -1);
	assert_int_equal(loop->priority, 80);
	assert_int_equal(loop->overrun, OVERRUN_SKIP);
	assert_int_equal(loop->catch_up_max, 10);
	assert_int_equal(loop->spin_ns, 0);
	assert_int_equal(loop->pacer, PACER_NANOSLEEP);
	assert_int_equal(loop->poller, POLLER_EPOLL);
	assert_int_equal(loop->stack_bytes, 256 * 1024);
	assert_int_equal(loop->cycles, 0);
	assert_int_equal(loop->duration_ns, 0);
	assert_false(l.setup->has_log);
	assert_int_equal(l.setup->device_count, 0);
	assert_int_equal(l.setup->channel_count, 0);
	finish(&l);
}

static void without_a_loop_the_defaults_hold_too(void **state)
{
	struct loading l;

	load(&l, "devices: {}\n");
	assert_int_equal(l.code, 0);
	assert_int_equal(l.setup->loop.period_ns, NS_PER_MS);
	assert_int_equal(l.setup->loop.priority, 80);
	finish(&l);
}

static void every_option_of_the_loop_is_read(void **state)
{
	const struct loop_options *loop;
	struct loading l;

	load(&l, "loop:\n  period: 250us\n  cpu: 3\n  priority: 0\n  overrun: catch-up\n"
		 "  catch_up_max: 5\n  spin: 20us\n  pacer: timerfd\n  poller: epoll\n"
		 "  stack: 1MiB\n  cycles: 1000\n  duration: 10s\n");
	assert_string_equal(l.errors, "");
	loop = &l.setup->loop;
	assert_int_equal(loop->period_ns, 250 * NS_PER_US);
	assert_int_equal(loop->cpu, 3);
	assert_int_equal(loop->priority, 0);
	assert_int_equal(loop->overrun, OVERRUN_CATCH_UP);
	assert_int_equal(loop->catch_up_max, 5);
	assert_int_equal(loop->spin_ns, 20 * NS_PER_US);
	assert_int_equal(loop->pacer, PACER_TIMERFD);
	assert_int_equal(loop->stack_bytes, 1 << 20);
	assert_int_equal(loop->cycles, 1000);
	assert_int_equal(loop->duration_ns, 10 * NS_PER_SEC);
	finish(&l);
}

static void an_option_past_its_range_is_refused(void **state)
{
	assert_errors(
		"loop: {period: 19us}\n",
		"f:1:16: 'period' is 19us; expected a duration from 20us to 1min\n");
	assert_errors("loop: {priority: 99}\n",
		      "f:1:18: 'priority' is 99; expected a whole number from 0 to 98\n");
	assert_errors("loop: {stack: 63KiB}\n",
		      "f:1:15: 'stack' is 63KiB; expected a size from 64KiB to 8MiB\n");
	assert_errors(
		"loop: {overrun: catch_up}\n",
		"f:1:17: 'overrun' is catch_up; expected skip, catch-up or stop; did you "
		"mean catch-up?\n");
}

static void a_spin_must_be_shorter_than_the_period(void **state)
{
	assert_errors("loop: {period: 100us, spin: 99us}\n", "");
	assert_errors("loop: {period: 100us, spin: 100us}\n",
		      "f:1:29: 'spin': 100us is not shorter than the period; expected "
		      "less than 100us\n");
}

static void a_log_has_defaults_and_its_folder_starts_at_the_file(void **state)
{
	const struct log_options *log;
	char expected[64];
	struct loading l;

	load(&l, "log: {dir: logs}\n");
	assert_string_equal(l.errors, "");
	assert_true(l.setup->has_log);
	log = &l.setup->log;
	snprintf(expected, sizeof(expected), "%s/logs", l.folder);
	assert_string_equal(log->dir, expected);
	assert_null(log->file);
	assert_int_equal(log->rotate_bytes, 100 << 20);
	assert_int_equal(log->keep_bytes, INT64_C(2) << 30);
	assert_int_equal(log->sync_ns, NS_PER_SEC);
	assert_int_equal(log->ring_bytes, 0);
	assert_int_equal(log->writer, WRITER_WRITE);
	assert_int_equal(log->chunk_bytes, 256 * 1024);
	finish(&l);
}

static void a_log_goes_to_a_folder_or_to_a_file(void **state)
{
	assert_errors("log: {file: /tmp/a.mcap}\n", "");
	assert_errors("log: {}\n", "f:1:1: 'log': neither 'dir' nor 'file' is given; "
				   "expected one of them\n");
	assert_errors("log: {dir: a, file: b}\n",
		      "f:1:21: 'file': 'dir' is given too; expected only one of them\n");
}

static void what_is_kept_is_at_least_two_files(void **state)
{
	assert_errors("log: {dir: a, rotate: 1MiB, keep: 2MiB}\n", "");
	assert_errors("log: {dir: a, keep: 0}\n", "");
	assert_errors("log: {dir: a, rotate: 1MiB, keep: 2047KiB}\n",
		      "f:1:35: 'keep': to keep 2047KiB is less than two files; expected "
		      "0, or at least twice "
		      "'rotate', which is "
		      "1MiB\n");
	assert_errors("log: {dir: a, rotate: 2GiB}\n",
		      "f:1:1: 'log': to keep 2GiB is less than two files; expected 0, or "
		      "at least twice 'rotate', which is "
		      "2GiB\n");
}

static void options_changed_later_are_checked_again(void **state)
{
	struct loading l;

	load(&l, "loop: {period: 1ms, spin: 20us}\n");
	assert_int_equal(setup_check(l.setup, &l.diag), 0);
	l.setup->loop.period_ns = 20 * NS_PER_US;
	assert_int_equal(setup_check(l.setup, &l.diag), -EINVAL);
	assert_int_equal(diag_total(&l.diag), 1);
	finish(&l);
}

static void the_name_is_made_from_the_files(void **state)
{
	static const char *const files[] = { "oven.yaml", "Oven-2.yml", "7up.yaml", "a.b",
					     "é.yaml" };
	static const char *const names[] = { "oven", "oven_2", "loop_7up", "a_b",
					     "loop" };

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct loading l;

		load_as(&l, files[i], "loop: {}\n");
		assert_string_equal(l.setup->name, names[i]);
		finish(&l);
	}
}

static void a_name_that_is_given_must_fit_the_rule(void **state)
{
	struct loading l;

	load(&l, "name: kiln\n");
	assert_string_equal(l.setup->name, "kiln");
	finish(&l);
	assert_errors("name: My Kiln\n",
		      "f:1:7: 'name': My Kiln is not a name; expected a to z, 0 "
		      "to 9 and _, a letter first, at "
		      "most 63 characters; did you mean my_kiln?\n");
}

static void the_file_itself_is_kept(void **state)
{
	static const char text[] = "loop: {} # why\n";
	struct loading l;

	load(&l, text);
	assert_string_equal(l.setup->tree.raw, text);
	assert_int_equal(l.setup->tree.raw_bytes, strlen(text));
	finish(&l);
}

static void a_configuration_may_come_from_memory(void **state)
{
	static const char text[] = "log: { file: a.mcap }\ndevices: {}\n";
	struct setup *setup = NULL;
	struct diag diag;

	diag_init(&diag, "a log");
	assert_int_equal(setup_parse(text, strlen(text), "/var/lib", &setup, &diag), 0);
	assert_string_equal(setup->log.file, "/var/lib/a.mcap");
	assert_string_equal(setup->name, "config");
	setup_destroy(setup);
	assert_int_equal(setup_parse("lop: {}\n", 8, "/", &setup, &diag), -EINVAL);
	assert_int_equal(diag_total(&diag), 1);
	diag_fini(&diag);
}

static void devices_are_read_with_the_drivers_that_there_are(void **state)
{
	struct loading l;

	load(&l, "devices:\n  wave:\n    driver: sim\n");
	assert_string_equal(l.errors, "");
	assert_int_equal(l.setup->device_count, 1);
	assert_string_equal(l.setup->devices[0].name, "wave");
	assert_ptr_equal(l.setup->devices[0].driver, &sim_driver);
	finish(&l);
}

static void devices_must_be_a_mapping(void **state)
{
	assert_errors("devices: [a]\n",
		      "f:1:1: 'devices' is a list; expected a mapping\n");
	assert_errors("devices:\n",
		      "f:1:1: 'devices' has no value; expected a mapping\n");
}

static void errors_of_all_parts_come_in_one_go(void **state)
{
	assert_errors("looop: 1\nlog: {dir: a, sync: 1}\ndevices:\n  d: {driver: sim, "
		      "evry: 2}\n",
		      "f:1:1: unknown key 'looop'; did you mean 'loop'?\n"
		      "f:2:21: 'sync' is 1; expected a duration from 10ms to 1min, with "
		      "its unit: "
		      "ns, us, ms, s, min or h\n"
		      "f:4:20: unknown key 'evry'; did you mean 'every'?\n");
}

static void a_file_that_is_no_mapping_is_refused(void **state)
{
	assert_errors("- loop\n",
		      "f:1:1: the configuration is a list; expected a mapping\n");
	assert_errors("", "f: the file holds no configuration; expected a mapping\n");
	assert_errors(
		"loop: [\n",
		"f:2:1: no value can begin here; expected one, or the closing ] or }\n");
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
	struct setup *setup = NULL;
	struct diag diag;

	diag_init(&diag, "f");
	assert_int_equal(setup_load("/nowhere/a.yaml", &setup, &diag), -EINVAL);
	assert_null(setup);
	assert_int_equal(diag_total(&diag), 1);
	setup_destroy(NULL);
	diag_fini(&diag);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_loop_has_all_defaults),
		cmocka_unit_test(without_a_loop_the_defaults_hold_too),
		cmocka_unit_test(every_option_of_the_loop_is_read),
		cmocka_unit_test(an_option_past_its_range_is_refused),
		cmocka_unit_test(a_spin_must_be_shorter_than_the_period),
		cmocka_unit_test(a_log_has_defaults_and_its_folder_starts_at_the_file),
		cmocka_unit_test(a_log_goes_to_a_folder_or_to_a_file),
		cmocka_unit_test(what_is_kept_is_at_least_two_files),
		cmocka_unit_test(options_changed_later_are_checked_again),
		cmocka_unit_test(the_name_is_made_from_the_files),
		cmocka_unit_test(a_name_that_is_given_must_fit_the_rule),
		cmocka_unit_test(the_file_itself_is_kept),
		cmocka_unit_test(a_configuration_may_come_from_memory),
		cmocka_unit_test(devices_are_read_with_the_drivers_that_there_are),
		cmocka_unit_test(devices_must_be_a_mapping),
		cmocka_unit_test(errors_of_all_parts_come_in_one_go),
		cmocka_unit_test(a_file_that_is_no_mapping_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
