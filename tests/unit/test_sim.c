#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "drivers/table.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

#define SIM(in) "oven: { driver: sim, in: { " in " } }"

/* As the cycle does it. */
static void sample(struct rig *rig)
{
	rig->device.driver->sample(&rig->device, &rig->now);
	device_sampled(&rig->device, &rig->now);
}

static void sample_after(struct rig *rig, int64_t ns)
{
	rig_step(rig, ns);
	sample(rig);
}

static bool is_near(double value, double expected)
{
	return fabs(value - expected) < 1e-9;
}

static void a_sine_begins_at_its_center_and_rises(void **state)
{
	struct rig rig;

	rig_init(&rig, SIM("t: { wave: sine, center: 10, amplitude: 2, period: 4s, type: "
			   "float }"));
	sample(&rig);
	assert_true(rig_float(&rig, "t") == 10);
	sample_after(&rig, NS_PER_SEC);
	assert_true(is_near(rig_float(&rig, "t"), 12));
	sample_after(&rig, 2 * NS_PER_SEC);
	assert_true(is_near(rig_float(&rig, "t"), 8));
	rig_fini(&rig);
}

static void phase_shifts_a_wave(void **state)
{
	struct rig rig;

	rig_init(&rig, SIM("t: { period: 4s, phase: 0.25, type: float },"
			   "u: { wave: ramp, period: 4s, phase: 1, type: float }"));
	sample(&rig);
	assert_true(is_near(rig_float(&rig, "t"), 1));
	assert_true(rig_float(&rig, "u") == -1);
	sample_after(&rig, 3 * NS_PER_SEC);
	assert_true(is_near(rig_float(&rig, "t"), 0));
	rig_fini(&rig);
}

static void a_square_is_at_its_top_for_its_duty(void **state)
{
	struct rig rig;

	rig_init(&rig,
		 SIM("t: { wave: square, center: 1, amplitude: 3, period: 10s, duty: 0.2,"
		     "type: float }, b: { wave: square, period: 10s, duty: 0.2, type: "
		     "bool }"));
	for (int i = 0; i < 30; i++) {
		sample(&rig);
		assert_true(rig_float(&rig, "t") == (i % 10 < 2 ? 4 : -2));
		assert_int_equal(rig_bool(&rig, "b"), i % 10 < 2);
		rig_step(&rig, NS_PER_SEC);
	}
	rig_fini(&rig);
}

static void a_ramp_rises_from_bottom_to_top(void **state)
{
	struct rig rig;

	rig_init(&rig, SIM("t: { wave: ramp, center: 50, amplitude: 50, period: 10s, "
			   "type: integer }"));
	for (int i = 0; i < 25; i++) {
		sample(&rig);
		assert_int_equal(rig_int(&rig, "t"), i % 10 * 10);
		rig_step(&rig, NS_PER_SEC);
	}
	rig_fini(&rig);
}

static void a_constant_is_its_center(void **state)
{
	struct rig rig;

	rig_init(&rig, SIM("t: { wave: constant, center: 2.5, type: float },"
			   "b: { wave: constant, center: 1, type: bool },"
			   "n: { wave: constant, type: bool }"));
	sample(&rig);
	assert_true(rig_float(&rig, "t") == 2.5);
	assert_true(rig_bool(&rig, "b"));
	assert_false(rig_bool(&rig, "n"));
	rig_fini(&rig);
}

#define NOISE                                                                            \
	SIM("a: { wave: noise, center: 5, amplitude: 2, seed: 1, type: float },"         \
	    "b: { wave: noise, center: 5, amplitude: 2, seed: 1, type: float },"         \
	    "c: { wave: noise, seed: 2, type: float }")

static void noise_is_uniform_and_stays_within_its_amplitude(void **state)
{
	unsigned counts[8] = { 0 };
	struct rig rig;
	double sum = 0;

	rig_init(&rig, NOISE);
	for (int i = 0; i < 20000; i++) {
		double value;

		sample_after(&rig, NS_PER_MS);
		value = rig_float(&rig, "a");
		assert_true(value >= 3 && value < 7);
		counts[(int)((value - 3) * 2)]++;
		sum += value;
	}
	assert_true(fabs(sum / 20000 - 5) < 0.05);
	for (int i = 0; i < 8; i++) {
		assert_in_range(counts[i], 2300, 2700);
	}
	rig_fini(&rig);
}

static void noise_is_the_same_in_each_run_and_differs_between_channels(void **state)
{
	struct rig first, second;

	rig_init(&first, NOISE);
	rig_init(&second, NOISE);
	second.now.release_ns += 77;
	for (int i = 0; i < 100; i++) {
		sample(&first);
		sample(&second);
		assert_true(rig_float(&first, "a") == rig_float(&second, "a"));
		assert_true(rig_float(&first, "a") != rig_float(&first, "b"));
		assert_true(rig_float(&first, "c") == rig_float(&second, "c"));
		rig_step(&first, NS_PER_MS);
		rig_step(&second, NS_PER_MS);
	}
	rig_fini(&first);
	rig_fini(&second);
}

static void a_missed_release_shifts_nothing(void **state)
{
	struct rig whole, gapped;

	rig_init(&whole, NOISE);
	rig_init(&gapped, NOISE);
	sample(&whole);
	sample(&gapped);
	sample_after(&whole, NS_PER_MS);
	sample_after(&whole, NS_PER_MS);
	sample_after(&gapped, 2 * NS_PER_MS);
	assert_true(rig_float(&whole, "a") == rig_float(&gapped, "a"));
	rig_fini(&whole);
	rig_fini(&gapped);
}

static void only_changes_are_recorded(void **state)
{
	struct rig rig;
	uint64_t cycle;

	rig_init(&rig, SIM("t: { wave: square, period: 10s, type: bool }"));
	sample(&rig);
	sample_after(&rig, NS_PER_SEC);
	memcpy(&cycle, rig.device.published, sizeof(cycle));
	assert_int_equal(cycle, 0);
	sample_after(&rig, 5 * NS_PER_SEC);
	memcpy(&cycle, rig.device.published, sizeof(cycle));
	assert_int_equal(cycle, 2);
	rig_fini(&rig);
}

/* playback */

struct file {
	char path[64];
};

static void write_file(struct file *file, const char *text)
{
	int fd;

	strcpy(file->path, "/tmp/test_sim_XXXXXX");
	fd = mkstemp(file->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void init_playback(struct rig *rig, struct file *file, const char *csv,
			  const char *options)
{
	char text[512];

	write_file(file, csv);
	snprintf(text, sizeof(text),
		 "oven: { driver: sim, file: %s, %s in: {"
		 " t: { wave: playback, column: 1, type: float },"
		 " n: { wave: playback, column: 0, type: float } } }",
		 file->path, options);
	rig_init(rig, text);
	unlink(file->path);
}

#define CSV "time, temp\n# a remark\n10, 1.5\n\n10.5, 2.5\r\n12,\n13, 4\n"

static void a_row_is_in_force_until_the_next_ones_time(void **state)
{
	struct rig rig;
	struct file file;

	init_playback(&rig, &file, CSV, "");
	sample(&rig);
	assert_true(rig_float(&rig, "t") == 1.5);
	sample_after(&rig, 499 * NS_PER_MS);
	assert_true(rig_float(&rig, "t") == 1.5);
	sample_after(&rig, 1 * NS_PER_MS);
	assert_true(rig_float(&rig, "t") == 2.5);
	assert_true(rig_float(&rig, "n") == 10.5);
	rig_fini(&rig);
}

static void an_empty_cell_makes_its_channel_bad(void **state)
{
	struct rig rig;
	struct file file;

	init_playback(&rig, &file, CSV, "");
	sample(&rig);
	sample_after(&rig, 2 * NS_PER_SEC);
	assert_int_equal(rig_quality(&rig, "t"), QUALITY_BAD);
	assert_int_equal(rig_quality(&rig, "n"), QUALITY_GOOD);
	sample_after(&rig, NS_PER_SEC);
	assert_int_equal(rig_quality(&rig, "t"), QUALITY_GOOD);
	assert_true(rig_float(&rig, "t") == 4);
	rig_fini(&rig);
}

static void the_file_begins_again_after_its_last_row(void **state)
{
	struct rig rig;
	struct file file;

	init_playback(&rig, &file, CSV, "");
	sample(&rig);
	sample_after(&rig, 3999 * NS_PER_MS);
	assert_true(rig_float(&rig, "t") == 4);
	sample_after(&rig, 1 * NS_PER_MS);
	assert_true(rig_float(&rig, "t") == 1.5);
	sample_after(&rig, 4000500 * NS_PER_MS);
	assert_true(rig_float(&rig, "t") == 2.5);
	rig_fini(&rig);
}

static void without_loop_the_channels_turn_bad_at_the_end(void **state)
{
	struct rig rig;
	struct file file;

	init_playback(&rig, &file, CSV, "loop: false, ");
	sample(&rig);
	sample_after(&rig, 3999 * NS_PER_MS);
	assert_true(rig_float(&rig, "t") == 4);
	sample_after(&rig, 1 * NS_PER_MS);
	assert_int_equal(rig_quality(&rig, "t"), QUALITY_BAD);
	assert_true(rig_float(&rig, "t") == 4);
	rig_fini(&rig);
}

static void a_rate_stands_for_the_time_column(void **state)
{
	struct rig rig;
	struct file file;

	init_playback(&rig, &file, "7,1\n7,2\n7,3\n", "rate: 10, ");
	for (int i = 0; i < 7; i++) {
		sample(&rig);
		assert_true(rig_float(&rig, "t") == i % 3 + 1);
		assert_true(rig_float(&rig, "n") == 7);
		rig_step(&rig, 100 * NS_PER_MS);
	}
	rig_fini(&rig);
}

static void assert_load_error(const char *csv, double rate, const char *part)
{
	struct file file;
	struct table table;
	struct err err = { .text = "" };
	char expected[128];

	write_file(&file, csv);
	assert_int_equal(table_load(file.path, rate, &table, &err), -EINVAL);
	snprintf(expected, sizeof(expected), "%s%s", file.path, part);
	assert_string_equal(err.text, expected);
	unlink(file.path);
}

static void errors_of_the_file_name_its_line(void **state)
{
	assert_load_error("t,x\n1,2\n2,abc\n", 0, ":3: a cell is no number");
	assert_load_error("1,2\n\n#\n2,3,4\n", 0,
			  ":4: another number of columns than in the row before");
	assert_load_error("1,2\n1,3\n", 0, ":2: the time in column 0 does not rise");
	assert_load_error("1,2\n0,3\n", 0, ":2: the time in column 0 does not rise");
	assert_load_error("1,2\n,3\n", 0, ":2: column 0 is no time in seconds");
	assert_load_error("1e300,2\n", 0, ":1: column 0 is no time in seconds");
	assert_load_error("", 0, ": holds no row of numbers");
	assert_load_error("a,b\n", 0, ": holds no row of numbers");
	assert_load_error("a,b\nc,d\n", 0, ":2: a cell is no number");
}

static void a_file_that_cannot_be_read_is_told(void **state)
{
	struct table table;
	struct err err = { .text = "" };

	assert_int_equal(table_load("/nonexistent.csv", 0, &table, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent.csv"));
	assert_int_equal(table_load("/tmp", 0, &table, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not a regular file"));
}

/* Nobody writes into it: the one who opens it to read would wait. */
static void a_pipe_is_refused_at_once(void **state)
{
	char folder[] = "/tmp/rtloop-pipe-XXXXXX";
	struct table table;
	struct err err = { .text = "" };
	char path[64];

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/pipe", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(table_load(path, 0, &table, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not a regular file"));
	unlink(path);
	rmdir(folder);
}

static void every_row_is_found(void **state)
{
	struct table table;
	struct err err;
	struct file file;
	char csv[4096];
	int bytes = 0;
	uint32_t row;

	for (int i = 0; i < 100; i++) {
		bytes += sprintf(csv + bytes, "%d,%d\n", i * i, i);
	}
	write_file(&file, csv);
	assert_int_equal(table_load(file.path, 0, &table, &err), 0);
	unlink(file.path);
	assert_int_equal(table.row_count, 100);
	for (int64_t i = 0; i < 100; i++) {
		assert_true(table_row_at(&table, i * i * NS_PER_SEC, false, &row));
		assert_int_equal(row, i);
		assert_true(table_row_at(&table, (i + 1) * (i + 1) * NS_PER_SEC - 1,
					 i < 99, &row) ||
			    i == 99);
		assert_true(table_cell(&table, row, 1) == (double)i);
	}
	table_free(&table);
}

static void assert_errors(const char *text, const char *part)
{
	struct rig rig;

	rig_load(&rig, text);
	if (!strstr(rig.errors, part)) {
		fail_msg("'%s' is not in '%s'", part, rig.errors);
	}
	rig_fini(&rig);
}

static void wrong_options_are_told(void **state)
{
	assert_errors(SIM("t: { wave: playback, column: 1 }"), "expected file");
	assert_errors("a: { driver: sim, file: /nonexistent.csv, in: { t: { wave: "
		      "playback } } }",
		      "wave: playback needs column");
	assert_errors(
		"a: { driver: sim, file: /nonexistent.csv, in: { t: { wave: sine } } }",
		"/nonexistent.csv");
	assert_errors(SIM("t: { duty: 2 }"), "duty");
	assert_errors(SIM("t: { wave: triangle }"), "triangle");
}

static void a_column_that_the_file_has_not_is_told(void **state)
{
	struct file file;
	char text[256];

	write_file(&file, "1,2\n");
	snprintf(text, sizeof(text),
		 "a: { driver: sim, file: %s, in: { t: { wave: playback, column: 2 } } }",
		 file.path);
	assert_errors(text, "the file has columns 0 to 1");
	unlink(file.path);
}

static void the_example_is_right(void **state)
{
	struct rig rig;

	rig_init(&rig, driver_find("sim")->example);
	sample(&rig);
	assert_true(rig_float(&rig, "temp") == 180);
	assert_true(rig_bool(&rig, "door"));
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sine_begins_at_its_center_and_rises),
		cmocka_unit_test(phase_shifts_a_wave),
		cmocka_unit_test(a_square_is_at_its_top_for_its_duty),
		cmocka_unit_test(a_ramp_rises_from_bottom_to_top),
		cmocka_unit_test(a_constant_is_its_center),
		cmocka_unit_test(noise_is_uniform_and_stays_within_its_amplitude),
		cmocka_unit_test(
			noise_is_the_same_in_each_run_and_differs_between_channels),
		cmocka_unit_test(a_missed_release_shifts_nothing),
		cmocka_unit_test(only_changes_are_recorded),
		cmocka_unit_test(a_row_is_in_force_until_the_next_ones_time),
		cmocka_unit_test(an_empty_cell_makes_its_channel_bad),
		cmocka_unit_test(the_file_begins_again_after_its_last_row),
		cmocka_unit_test(without_loop_the_channels_turn_bad_at_the_end),
		cmocka_unit_test(a_rate_stands_for_the_time_column),
		cmocka_unit_test(errors_of_the_file_name_its_line),
		cmocka_unit_test(a_file_that_cannot_be_read_is_told),
		cmocka_unit_test(a_pipe_is_refused_at_once),
		cmocka_unit_test(every_row_is_found),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(a_column_that_the_file_has_not_is_told),
		cmocka_unit_test(the_example_is_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
