#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/replay/origin.h"
#include "tests/fakes/fake_log.h"

/* What a log says of itself. */
struct said {
	const char *loop;
	const char *boot;
	const char *period_ns;
	const char *config; /* NULL: none is attached */
};

static const struct said usual = { "oven", "b1", "1000000", "loop: {}\n" };

static void make(struct fake_file *file, const struct said *said)
{
	const struct mcap_pair pairs[] = { { "loop", said->loop },
					   { "boot", said->boot },
					   { "period_ns", said->period_ns },
					   { "monotonic_to_log_time_ns", "-5" } };
	struct mcap_writer *writer = mcap_writer_create(512);
	struct fake_sink sink = { .data = NULL };
	struct mcap_sink interface = fake_sink_interface(&sink);

	assert_int_equal(
		mcap_writer_begin(writer, &interface, fake_topics, FAKE_TOPICS, "test"),
		0);
	assert_int_equal(mcap_writer_metadata(writer, "other", pairs, 1), 0);
	assert_int_equal(mcap_writer_metadata(writer, "rtloop", pairs, 4), 0);
	assert_int_equal(mcap_writer_attach(writer, "photo", "image/png", "x", 1, 3), 0);
	if (said->config) {
		assert_int_equal(mcap_writer_attach(writer, "config.yaml",
						    "application/yaml", said->config,
						    strlen(said->config), 77),
				 0);
	}
	assert_int_equal(mcap_writer_end(writer), 0);
	fake_file_init(file, sink.data, sink.bytes);
	mcap_writer_destroy(writer);
	fake_sink_fini(&sink);
}

static void read_origin(struct origin *origin, const struct said *said)
{
	struct fake_file file;
	struct err err = { "" };

	make(&file, said);
	if (origin_read(origin, file.path, &err)) {
		fail_msg("%s", err.text);
	}
	fake_file_fini(&file);
}

static void a_log_says_of_which_run_and_configuration_it_is(void **state)
{
	struct origin origin;

	(void)state;
	read_origin(&origin, &usual);
	assert_string_equal(origin_value(&origin, "loop"), "oven");
	assert_string_equal(origin_value(&origin, "nothing"), "");
	assert_int_equal(origin.period_ns, 1000000);
	assert_int_equal(origin.offset_ns, -5);
	assert_string_equal(origin.config, "loop: {}\n");
	assert_int_equal(origin.config_bytes, 9);
	assert_string_equal(origin.config_name, "config.yaml");
	assert_int_equal(origin.config_time_ns, 77);
	assert_true(origin.file_bytes > 100);
	origin_fini(&origin);
}

static void a_log_may_have_no_configuration(void **state)
{
	struct said said = usual;
	struct origin origin;

	(void)state;
	said.config = NULL;
	read_origin(&origin, &said);
	assert_null(origin.config);
	origin_fini(&origin);
}

static void files_of_one_run_are_known_by_what_they_say(void **state)
{
	const struct said others[] = { { "kiln", "b1", "1000000", "loop: {}\n" },
				       { "oven", "b2", "1000000", "loop: {}\n" },
				       { "oven", "b1", "2000000", "loop: {}\n" } };
	const struct said reloaded = { "oven", "b1", "1000000", "loop: {}\n# new\n" };
	struct origin first, other;

	(void)state;
	read_origin(&first, &usual);
	read_origin(&other, &usual);
	assert_true(origin_is_same_run(&first, &other));
	origin_fini(&other);
	read_origin(&other, &reloaded);
	assert_true(origin_is_same_run(&first, &other));
	origin_fini(&other);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		read_origin(&other, &others[i]);
		assert_false(origin_is_same_run(&first, &other));
		origin_fini(&other);
	}
	origin_fini(&first);
}

static void assert_refused(struct fake_file *file, const char *text)
{
	struct origin origin;
	struct err err = { "" };

	assert_int_equal(origin_read(&origin, file->path, &err), -EBADMSG);
	if (!strstr(err.text, text)) {
		fail_msg("%s", err.text);
	}
	fake_file_fini(file);
}

static void what_is_no_log_is_refused(void **state)
{
	struct fake_file file;

	(void)state;
	fake_file_init(&file, "loop: {}\nlog: {}\ndevices: {}\n", 27);
	assert_refused(&file, "MCAP");
}

static void a_log_of_something_else_is_refused(void **state)
{
	struct said said = usual;
	struct fake_file file;

	(void)state;
	said.period_ns = "";
	make(&file, &said);
	assert_refused(&file, "expected a log that rtloop wrote");
}

static void a_damaged_configuration_is_refused(void **state)
{
	struct fake_file file;
	uint8_t data[8192];
	uint8_t *found;
	ssize_t bytes;

	(void)state;
	make(&file, &usual);
	bytes = pread(file.fd, data, sizeof(data), 0);
	found = memmem(data, (size_t)bytes, "loop: {}", 8);
	assert_non_null(found);
	fake_file_poke(&file, (size_t)(found - data), "l00p", 4);
	assert_refused(&file, "damaged");
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
	struct origin origin;
	struct err err = { "" };

	(void)state;
	assert_int_equal(origin_read(&origin, "/nowhere/x.mcap", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/x.mcap"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_says_of_which_run_and_configuration_it_is),
		cmocka_unit_test(a_log_may_have_no_configuration),
		cmocka_unit_test(files_of_one_run_are_known_by_what_they_say),
		cmocka_unit_test(what_is_no_log_is_refused),
		cmocka_unit_test(a_log_of_something_else_is_refused),
		cmocka_unit_test(a_damaged_configuration_is_refused),
		cmocka_unit_test(a_file_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
