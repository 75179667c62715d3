/* What "params:", "vars:" and "program:" of a file become; their mistakes are in tests/data/bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/output.h"
#include "drivers/registry.h"
#include "rtloop/app.h"
#include "rtloop/base/time.h"
#include "rtloop/setup.h"

struct loaded {
	struct setup *setup;
	struct diag diag;
	char path[64];
};

static void load(struct loaded *loaded, const char *text)
{
	FILE *stream;
	int fd;

	strcpy(loaded->path, "/tmp/test_logic_XXXXXX");
	fd = mkstemp(loaded->path);
	assert_true(fd >= 0);
	stream = fdopen(fd, "w");
	fputs(text, stream);
	fclose(stream);
	loaded->setup = NULL;
	diag_init(&loaded->diag, "f");
	if (setup_load(loaded->path, &loaded->setup, &loaded->diag)) {
		diag_print(&loaded->diag, stderr);
		fail();
	}
}

static void unload(struct loaded *loaded)
{
	setup_destroy(loaded->setup);
	diag_fini(&loaded->diag);
	unlink(loaded->path);
}

static void without_logic_there_is_none(void **state)
{
	struct loaded loaded;

	load(&loaded, "devices: {}\n");
	assert_non_null(loaded.setup->logic);
	assert_null(loaded.setup->logic->program);
	assert_int_equal(loaded.setup->logic->params.count, 0);
	assert_int_equal(loaded.setup->logic->vars.count, 0);
	unload(&loaded);
}

static void the_form_of_a_value_gives_its_type(void **state)
{
	static const struct {
		const char *name;
		enum program_type type;
		int64_t value;
	} expected[] = {
		{ "a", TYPE_BOOL, 1 }, { "b", TYPE_INT, -5 },
		{ "c", TYPE_INT, 31 }, { "d", TYPE_TIME, 2 * NS_PER_SEC },
		{ "e", TYPE_TIME, 0 },
	};
	const struct logic_list *vars;
	struct loaded loaded;

	load(&loaded, "vars: { a: true, b: -5, c: 0x1f, d: 2s, e: 0ms, f: -0.5, "
		      "g: { value: 1e3, unit: degC } }\n");
	vars = &loaded.setup->logic->vars;
	assert_int_equal(vars->count, 7);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(vars->values[i].name, expected[i].name);
		assert_int_equal(vars->values[i].type, expected[i].type);
		assert_int_equal(expected[i].type == TYPE_BOOL
					 ? vars->values[i].value.as_bool
					 : vars->values[i].value.as_int,
				 expected[i].value);
	}
	assert_int_equal(vars->values[5].type, TYPE_FLOAT);
	assert_true(vars->values[5].value.as_float == -0.5);
	assert_true(vars->values[6].value.as_float == 1000.0);
	assert_string_equal(vars->values[6].unit, "degC");
	assert_string_equal(vars->values[3].unit, "ns");
	assert_null(vars->values[0].unit);
	unload(&loaded);
}

static void params_have_limits_of_their_type(void **state)
{
	const struct logic_list *params;
	struct loaded loaded;

	load(&loaded,
	     "params:\n  target: { value: 180.0, min: 20, max: 250.5, unit: degC }\n"
	     "  hold: { value: 2s, min: 100ms }\n  free: { value: 3 }\n");
	params = &loaded.setup->logic->params;
	assert_int_equal(params->count, 3);
	assert_true(params->values[0].has_min && params->values[0].has_max);
	assert_true(params->values[0].min.as_float == 20.0);
	assert_true(params->values[0].max.as_float == 250.5);
	assert_true(params->values[1].has_min && !params->values[1].has_max);
	assert_int_equal(params->values[1].min.as_int, 100 * NS_PER_MS);
	assert_false(params->values[2].has_min || params->values[2].has_max);
	unload(&loaded);
}

static void symbols_are_inputs_outputs_params_vars(void **state)
{
	static const char *const names[] = { "one.a", "one.b", "two.c", "p", "v" };
	static const enum symbol_kind kinds[] = { SYMBOL_INPUT, SYMBOL_INPUT,
						  SYMBOL_INPUT, SYMBOL_PARAM,
						  SYMBOL_VAR };
	const struct logic_spec *logic;
	struct loaded loaded;

	load(&loaded,
	     "devices:\n  one: { driver: sim, in: { a: { type: bool }, b: {} } }\n"
	     "  two: { driver: sim, in: { c: { type: integer } } }\n"
	     "params: { p: { value: 1 } }\nvars: { v: 0.0 }\n"
	     "program: |\n  v := if one.a then one.b else two.c + p\n");
	logic = loaded.setup->logic;
	assert_int_equal(logic->symbol_count, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_string_equal(logic->symbols[i].name, names[i]);
		assert_int_equal(logic->symbols[i].kind, kinds[i]);
	}
	assert_int_equal(logic->symbols[0].type, TYPE_BOOL);
	assert_int_equal(logic->symbols[1].type, TYPE_FLOAT);
	assert_int_equal(logic->symbols[2].type, TYPE_INT);
	assert_true(program_reads(logic->program, 3));
	assert_true(program_writes(logic->program, 4));
	unload(&loaded);
}

static struct app *make_app(struct loaded *loaded, const char *text)
{
	struct app *app = NULL;
	struct err err;

	load(loaded, text);
	assert_int_equal(app_create(&app, loaded->setup, "1", &err), 0);
	return app;
}

static void values_begin_in_the_image_and_are_good(void **state)
{
	struct loaded loaded;
	struct app *app = make_app(&loaded, "loop: { budget: 30us }\n"
					    "params: { p: { value: 2.5, unit: bar } }\n"
					    "vars: { v: 7, w: true }\n"
					    "program: |\n  v := v + 1\n");

	assert_int_equal(app->step.params.count, 1);
	assert_string_equal(app->step.params.channels[0].unit, "bar");
	assert_true(channel_value(&app->step.params.channels[0]).as_float == 2.5);
	assert_int_equal(*app->step.params.channels[0].quality, QUALITY_GOOD);
	assert_int_equal(channel_value(&app->step.vars.channels[0]).as_int, 7);
	assert_true(channel_value(&app->step.vars.channels[1]).as_bool);
	assert_int_equal(*app->step.vars.channels[1].quality, QUALITY_GOOD);
	assert_int_equal(app->step.budget_ns, 30 * NS_PER_US);
	assert_ptr_equal(app->loop.step, &app->step);
	assert_int_equal(app->step.params.topic, TOPIC_DEVICES);
	assert_int_equal(app->step.vars.topic, TOPIC_DEVICES + 1);
	app_destroy(app);
	unload(&loaded);
}

static void a_step_of_the_app_works_on_its_image(void **state)
{
	struct program_time now = { .release_ns = NS_PER_SEC, .dt_ns = NS_PER_MS };
	struct loaded loaded;
	struct app *app = make_app(
		&loaded, "devices: { wave: { driver: sim, in: { a: {}, b: {} } } }\n"
			 "params: { p: { value: 2.5 } }\nvars: { v: 0.0, q: 0.0 }\n"
			 "program: |\n  v := wave.b * p\n  q := wave.a\n");

	channel_put_float(&app->devices[0].in[1], 4.0, NS_PER_SEC);
	assert_int_equal(program_step(app->step.program, &now), 0);
	assert_true(channel_value(&app->step.vars.channels[0]).as_float == 10.0);
	assert_int_equal(*app->step.vars.channels[0].quality, QUALITY_GOOD);
	assert_int_equal(*app->step.vars.channels[1].quality, QUALITY_BAD);
	app_destroy(app);
	unload(&loaded);
}

/* Of a chip that is not opened: what is asked of its lines is all that there is. */
static void what_is_assigned_to_an_output_is_asked_of_it(void **state)
{
	struct program_time now = { .release_ns = NS_PER_SEC, .dt_ns = NS_PER_MS };
	const struct driver *gpio = driver_find("gpio");
	struct loaded loaded;
	struct app *app;

	if (gpio->lacks) {
		print_message("this build has no GPIO\n");
		skip();
	}
	app = make_app(
		&loaded,
		"devices:\n  wave: { driver: sim, in: { a: {} } }\n"
		"  panel:\n    driver: gpio\n    chip: gpiochip0\n"
		"    in: { start: { line: 1 } }\n"
		"    out: { lamp: { line: 2, safe: 0 }, fan: { line: 3, safe: 1 } }\n"
		"program: |\n  panel.fan := wave.a > 1\n  panel.lamp := not panel.fan\n");
	assert_int_equal(app->devices[1].outputs[0].quality, QUALITY_BAD);
	channel_put_float(&app->devices[0].in[0], 4.0, NS_PER_SEC);
	program_step(app->step.program, &now);
	assert_true(app->devices[1].outputs[1].asked.as_bool);
	assert_false(app->devices[1].outputs[0].asked.as_bool);
	assert_int_equal(app->devices[1].outputs[1].quality, QUALITY_GOOD);
	channel_set_quality(&app->devices[0].in[0], QUALITY_BAD);
	program_step(app->step.program, &now);
	assert_int_equal(app->devices[1].outputs[1].quality, QUALITY_BAD);
	outputs_apply(&app->devices[1]);
	assert_true(channel_value(&app->devices[1].out[1]).as_bool); /* its safe value */
	assert_false(channel_value(&app->devices[1].out[0]).as_bool);
	app_destroy(app);
	unload(&loaded);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_logic_there_is_none),
		cmocka_unit_test(the_form_of_a_value_gives_its_type),
		cmocka_unit_test(params_have_limits_of_their_type),
		cmocka_unit_test(symbols_are_inputs_outputs_params_vars),
		cmocka_unit_test(values_begin_in_the_image_and_are_good),
		cmocka_unit_test(a_step_of_the_app_works_on_its_image),
		cmocka_unit_test(what_is_assigned_to_an_output_is_asked_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
