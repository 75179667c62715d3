#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/logic_host.h"
#include "rtloop/setup.h"
#include "tests/fakes/folder.h"

/* A configuration in a folder that holds a.so, and what was said of it. */
struct loading {
	struct folder folder;
	struct setup *setup;
	struct diag diag;
	int code;
	char *errors; /* owned: as printed, of the file "f" */
};

static struct loading loading;

static int begin(void **state)
{
	memset(&loading, 0, sizeof(loading));
	folder_init(&loading.folder);
	folder_put(&loading.folder, "a.so", 1);
	return 0;
}

static void unload(void)
{
	setup_destroy(loading.setup);
	diag_fini(&loading.diag);
	free(loading.errors);
	loading.setup = NULL;
	loading.errors = NULL;
}

static int end(void **state)
{
	unload();
	folder_fini(&loading.folder);
	return 0;
}

static void load(const char *text)
{
	size_t bytes = 0;
	FILE *stream;

	unload();
	diag_init(&loading.diag, "f");
	loading.code = setup_parse(text, strlen(text), loading.folder.path,
				   &loading.setup, &loading.diag);
	stream = open_memstream(&loading.errors, &bytes);
	diag_print(&loading.diag, stream);
	fclose(stream);
}

static const struct logic_plugins *right(const char *text)
{
	load(text);
	if (loading.code) {
		fail_msg("%s", loading.errors);
	}
	return &loading.setup->plugins;
}

static void assert_wrong(const char *text, const char *errors)
{
	load(text);
	assert_int_equal(loading.code, -EINVAL);
	assert_string_equal(loading.errors, errors);
}

#define PROGRAM "vars: { n: 0 }\nprogram: |\n  n := n + 1\n"
#define THREE	"plugins: { a: { path: a.so }, b: { path: a.so }, c: { path: a.so } }\n"

static void a_plugin_is_read_with_all_its_keys(void **state)
{
	const struct logic_plugins *plugins =
		right("plugins:\n  a: { path: a.so, budget: 20us, options: { x: 1 } }\n");

	assert_int_equal(plugins->count, 1);
	assert_int_equal(plugins->program_at, 0);
	assert_string_equal(plugins->list[0].name, "a");
	assert_string_equal(plugins->list[0].path, folder_file(&loading.folder, "a.so"));
	assert_int_equal(plugins->list[0].budget_ns, 20 * NS_PER_US);
	assert_string_equal(plugins->list[0].options->first->key, "x");
}

static void without_plugins_there_are_none(void **state)
{
	assert_int_equal(right(PROGRAM)->count, 0);
	assert_int_equal(right("logic: [program]\n" PROGRAM)->count, 0);
}

static void what_is_stated_is_the_order(void **state)
{
	const struct logic_plugins *plugins =
		right(THREE "logic: [c, a, program, b]\n" PROGRAM);

	assert_string_equal(plugins->list[0].name, "c");
	assert_string_equal(plugins->list[1].name, "a");
	assert_string_equal(plugins->list[2].name, "b");
	assert_int_equal(plugins->program_at, 2);
	assert_int_equal(right(THREE "logic: [program, b, c, a]\n" PROGRAM)->program_at,
			 0);
	assert_int_equal(right(THREE "logic: [b, c, a, program]\n" PROGRAM)->program_at,
			 3);
}

static void an_order_is_wanted_where_more_than_one_thing_runs(void **state)
{
	assert_wrong(THREE,
		     "f:1:1: the order in which plugins run is not stated; expected "
		     "'logic: [a, b, c]', or another order\n");
	assert_wrong("plugins: { a: { path: a.so } }\n" PROGRAM,
		     "f:1:1: the order in which the program and plugins run is not "
		     "stated; expected 'logic: [program, a]', or another order\n");
}

static void an_order_names_each_once(void **state)
{
	assert_wrong(THREE "logic: [a, b, a]\n",
		     "f:2:1: 'logic' lacks 'c'; expected all that runs, in its order\n"
		     "f:2:15: 'a' is there a second time; expected it once\n");
	assert_wrong("logic: [program]\n",
		     "f:1:9: program is no plugin; expected each plugin once\n");
	assert_wrong("plugins: { a: { path: a.so } }\nlogic: [[a]]\n",
		     "f:2:1: 'logic' lacks 'a'; expected all that runs, in its order\n"
		     "f:2:9: a list is no plugin; expected each plugin once\n");
	assert_wrong("plugins: { alpha: { path: a.so } }\nlogic: [alhpa]\n",
		     "f:2:1: 'logic' lacks 'alpha'; expected all that runs, in its "
		     "order\n"
		     "f:2:9: alhpa is no plugin; expected each plugin once; did you mean "
		     "'alpha'?\n");
}

static void a_plugin_needs_a_path(void **state)
{
	assert_wrong("plugins: { a: { budget: 1us } }\n",
		     "f:1:12: missing key 'path' in plugin 'a'; expected a path: of the "
		     "shared object, which runs with the rights of the loop\n");
}

/* --- what init() is given, and how it fails ---------------------------------------------------------- */

/* A plugin whose init() the test writes, on the symbols of a configuration. */
struct bench {
	struct plugin plugin;
	struct rtloop_plugin entry;
	struct channel channels[16];
	struct channel *list[16];
	uint64_t cells[16];
	uint8_t qualities[16];
	struct logic_use uses[16];
	struct arena arena;
	struct err err;
};

static struct bench bench;

static void step(const void *instance, void *state,
		 const struct rtloop_now *now) RTLOOP_RT_SAFE;
static void step(const void *instance, void *state, const struct rtloop_now *now)
{
}

#define OVEN                                                                             \
	"devices: { probe: { driver: sim, in: { temp: { wave: sine }, n: { wave: ramp, " \
	"type: integer } } } }\n"                                                        \
	"params: { target: { value: 1.0 }, pause: { value: 2s } }\n"                     \
	"vars: { mean: 0.0, seen: false }\n"

static int host(const char *text, int (*init)(struct rtloop_host *host, void *instance))
{
	struct logic_host_source source = { .file = "f",
					    .channels = bench.list,
					    .uses = bench.uses,
					    .arena = &bench.arena,
					    .period_ns = 1234 };

	right(text);
	memset(&bench, 0, sizeof(bench));
	arena_init(&bench.arena);
	for (unsigned i = 0; i < ARRAY_SIZE(bench.channels); i++) {
		bench.channels[i] = (struct channel){ .cell = &bench.cells[i],
						      .quality = &bench.qualities[i] };
		bench.list[i] = &bench.channels[i];
	}
	source.logic = loading.setup->logic;
	bench.entry = (struct rtloop_plugin){
		RTLOOP_PLUGIN_HEAD, "fake", "1", 0, NULL, 0, init, step, NULL
	};
	bench.plugin.library.plugin = &bench.entry;
	return logic_host_begin(&bench.plugin, &loading.setup->plugins.list[0], &source,
				&bench.err);
}

static void drop(void)
{
	plugin_close(&bench.plugin);
	arena_fini(&bench.arena);
}

static const struct rtloop_input *inputs[4];
static const struct rtloop_output *output;

static int bind_all(struct rtloop_host *host, void *instance)
{
	assert_string_equal(host->name, "a");
	assert_int_equal(host->period_ns, 1234);
	assert_int_equal(host->abi, RTLOOP_PLUGIN_ABI);
	inputs[0] = rtloop_bind_input(host, "probe.temp", RTLOOP_FLOAT, RTLOOP_WITH_AGE);
	inputs[1] = rtloop_bind_input(host, "probe.n", RTLOOP_INT, 0);
	inputs[2] = rtloop_bind_input(host, "pause", RTLOOP_DURATION, 0);
	inputs[3] = rtloop_bind_input(host, "seen", RTLOOP_BOOL, 0);
	output = rtloop_bind_output(host, "mean", RTLOOP_FLOAT);
	return rtloop_state(host, 8) ? 0 : -ENOMEM;
}

static void channels_are_bound_by_name(void **state)
{
	assert_int_equal(host(OVEN "plugins: { a: { path: a.so } }\n", bind_all), 0);
	assert_true(bench.plugin.is_begun);
	assert_ptr_equal(inputs[0]->cell, &bench.cells[0]);
	assert_ptr_equal(inputs[0]->sample_ns, &bench.channels[0].sample_ns);
	assert_ptr_equal(inputs[1]->cell, &bench.cells[1]);
	assert_null(inputs[1]->sample_ns);
	assert_ptr_equal(inputs[2]->cell, &bench.cells[3]);
	assert_ptr_equal(inputs[3]->quality, &bench.qualities[5]);
	assert_ptr_equal(output->cell, &bench.cells[4]);
	assert_true(bench.uses[0].is_read && bench.uses[0].is_aged);
	assert_true(bench.uses[1].is_read && !bench.uses[1].is_aged);
	assert_string_equal(bench.uses[4].writer, "a");
	assert_int_equal(bench.plugin.var_count, 1);
	assert_int_equal(bench.plugin.state_bytes, 8);
	drop();
}

static int ask_all(struct rtloop_host *host, void *instance)
{
	assert_true(rtloop_option_is_given(host, "on"));
	assert_false(rtloop_option_is_given(host, "off"));
	assert_true(rtloop_option_bool(host, "on", false));
	assert_true(rtloop_option_bool(host, "off", true));
	assert_int_equal(rtloop_option_int(host, "count", 1, -5, 5), -5);
	assert_int_equal(rtloop_option_int(host, "none", 7, 0, 5), 7);
	assert_true(rtloop_option_float(host, "gain", 1, 0, 2) == 1.5);
	assert_int_equal(rtloop_option_duration(host, "wait", 1, 0, NS_PER_SEC),
			 250 * NS_PER_US);
	assert_string_equal(rtloop_option_text(host, "text", NULL), "a b");
	assert_string_equal(rtloop_option_text(host, "other", "fallback"), "fallback");
	return 0;
}

static void options_are_given_as_they_are_asked_for(void **state)
{
	assert_int_equal(host("plugins: { a: { path: a.so, options: { on: true, count: "
			      "-5, gain: 1.5, wait: 250us, text: a b } } }\n",
			      ask_all),
			 0);
	drop();
}

static int ask_wrongly(struct rtloop_host *host, void *instance)
{
	assert_int_equal(rtloop_option_int(host, "count", 1, 0, 5), 1);
	assert_true(rtloop_option_float(host, "gain", 1, 0, 2) == 1);
	assert_int_equal(rtloop_option_duration(host, "wait", 7, 0, NS_PER_SEC), 7);
	assert_true(rtloop_option_bool(host, "on", true));
	return 0;
}

static void each_wrong_option_is_an_error_at_its_place(void **state)
{
	assert_int_equal(host("plugins: { a: { path: a.so, options: { count: 6,\n"
			      " gain: 2.5,\n wait: 2s,\n on: yes } } }\n",
			      ask_wrongly),
			 -EINVAL);
	assert_string_equal(
		bench.err.text,
		"f:1:47: 'count' is out of range; expected 0 to 5\n"
		"f:2:8: 'gain' is out of range; expected 0 to 2\n"
		"f:3:8: 'wait' is 2s; expected a duration from 0s to 1s\n"
		"f:4:6: 'on' is yes; expected true or false; did you mean true?");
	assert_false(bench.plugin.is_begun);
	drop();
}

static int want_text(struct rtloop_host *host, void *instance)
{
	assert_null(rtloop_option_text(host, "name", NULL));
	return 0;
}

static void an_option_that_must_be_given_is_missed(void **state)
{
	assert_int_equal(host("plugins: { a: { path: a.so } }\n", want_text), -EINVAL);
	assert_string_equal(
		bench.err.text,
		"f:1:12: missing option 'name' of plugin 'a'; expected a text");
	drop();
}

static int miss(struct rtloop_host *host, void *instance)
{
	assert_null(rtloop_bind_input(host, "probe.tmp", RTLOOP_FLOAT, 0));
	assert_null(rtloop_bind_input(host, "mean", RTLOOP_FLOAT, RTLOOP_WITH_AGE));
	assert_null(rtloop_bind_output(host, "pause", RTLOOP_DURATION));
	assert_null(rtloop_bind_input(host, NULL, RTLOOP_FLOAT, 0));
	assert_null(rtloop_state(host, PLUGIN_STATE_BYTES_MAX + 1));
	return 0; /* it does not look */
}

static void what_the_host_could_not_do_fails_init_whatever_it_returns(void **state)
{
	assert_int_equal(host(OVEN "plugins: { a: { path: a.so } }\n", miss), -EINVAL);
	assert_string_equal(
		bench.err.text,
		"f:4:12: plugin 'a': 'mean' has no age; expected an input channel\n"
		"f:4:12: plugin 'a': 'pause' is a param; expected an output or a var to "
		"write\n"
		"f:4:12: plugin 'a': asks for a state of 1048577 bytes; expected at most "
		"1 MiB\n"
		"f:4:12: plugin 'a': there is no ''; expected device.channel, a param or "
		"a var\n"
		"f:4:12: plugin 'a': there is no 'probe.tmp'; did you mean "
		"'probe.temp'?");
	assert_false(bench.plugin.is_begun);
	drop();
}

static int do_nothing(struct rtloop_host *host, void *instance)
{
	return 0;
}

static uint64_t hash_of(const char *options)
{
	char text[128];
	uint64_t hash;

	snprintf(text, sizeof(text), "plugins: { a: { path: a.so, options: { %s } } }\n",
		 options);
	(void)host(text, do_nothing);
	hash = bench.plugin.hash;
	drop();
	return hash;
}

static void the_hash_is_of_what_a_plugin_does(void **state)
{
	assert_int_equal(hash_of("x: 1"), hash_of("x: 1"));
	assert_int_not_equal(hash_of("x: 1"), hash_of("x: 2"));
	assert_int_not_equal(hash_of("x: 1"), hash_of("y: 1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(a_plugin_is_read_with_all_its_keys),
		TEST(without_plugins_there_are_none),
		TEST(what_is_stated_is_the_order),
		TEST(an_order_is_wanted_where_more_than_one_thing_runs),
		TEST(an_order_names_each_once),
		TEST(a_plugin_needs_a_path),
		TEST(channels_are_bound_by_name),
		TEST(options_are_given_as_they_are_asked_for),
		TEST(each_wrong_option_is_an_error_at_its_place),
		TEST(an_option_that_must_be_given_is_missed),
		TEST(what_the_host_could_not_do_fails_init_whatever_it_returns),
		TEST(the_hash_is_of_what_a_plugin_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
