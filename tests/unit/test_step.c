#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/step.h"
#include "tests/fakes/logic.h"

#define TOPIC_PARAM 7
#define TOPIC_VAR   8

/* A step, and the ring that it records into. */
struct bench {
	struct step step;
	struct logic logic; /* its program is the step's */
	struct image *image;
	struct ring ring;
	struct recorder recorder;
	struct cycle_time now;
	unsigned messages[TOPIC_VAR + 1]; /* of each topic, in the last cycle */
	struct record_event event;	  /* the last one */
};

static struct bench bench;

static void add_values(struct values *values, enum value_type type)
{
	assert_int_equal(values_create(values, 2), 0);
	values->channels[0] = (struct channel){ .name = "one", .type = type };
	values->channels[1] = (struct channel){ .name = "two", .type = VALUE_BOOL };
	assert_int_equal(values_add(values, bench.image), 0);
}

static void begin(const char *text)
{
	struct err err;

	memset(&bench, 0, sizeof(bench));
	bench.image = image_create();
	add_values(&bench.step.params, VALUE_FLOAT);
	add_values(&bench.step.vars, VALUE_INT);
	assert_int_equal(image_seal(bench.image), 0);
	bench.step.params.topic = TOPIC_PARAM;
	bench.step.vars.topic = TOPIC_VAR;
	logic_make(&bench.logic, text);
	bench.step.program = bench.logic.program;
	assert_int_equal(ring_init(&bench.ring, 1 << 16, &err), 0);
	bench.recorder.ring = &bench.ring;
	bench.recorder.wake_fd = -1;
	bench.now = (struct cycle_time){ .release_ns = NS_PER_SEC, .dt_ns = NS_PER_MS };
}

static int end(void **state)
{
	logic_end(&bench.logic);
	values_destroy(&bench.step.params);
	values_destroy(&bench.step.vars);
	image_destroy(bench.image);
	ring_fini(&bench.ring);
	return 0;
}

static void take_records(void)
{
	uint64_t bytes = 0, done = 0;
	const uint8_t *data = ring_peek(&bench.ring, &bytes);

	memset(bench.messages, 0, sizeof(bench.messages));
	memset(&bench.event, 0, sizeof(bench.event));
	while (done < bytes) {
		const struct record *record = (const struct record *)(data + done);

		done += record_bytes(record->bytes);
		bench.messages[record->topic]++;
		if (record->topic == TOPIC_EVENT) {
			memcpy(&bench.event, record + 1, sizeof(bench.event));
		}
	}
	ring_take(&bench.ring, bytes);
}

static void run_cycle(int64_t dt_ns, int64_t step_ns)
{
	bench.now.cycle++;
	bench.now.release_ns += dt_ns;
	bench.now.dt_ns = dt_ns;
	recorder_begin(&bench.recorder, bench.now.cycle, bench.now.release_ns);
	step_run(&bench.step, &bench.now, &bench.recorder);
	(void)step_judge(&bench.step, step_ns, &bench.now, &bench.recorder);
	step_record(&bench.step, &bench.now, &bench.recorder);
	recorder_end(&bench.recorder);
	take_records();
}

static void logic_sees_the_release_and_the_time_since_the_last(void **state)
{
	begin("t := dt()\nq := ton(true, 3ms)\nt2 := age(in.x)");
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(logic_int(&bench.logic, LOGIC_T), NS_PER_MS);
	run_cycle(3 * NS_PER_MS, 0);
	assert_int_equal(logic_int(&bench.logic, LOGIC_T), 3 * NS_PER_MS);
	assert_true(logic_bool(&bench.logic, LOGIC_Q));
	assert_int_equal(logic_int(&bench.logic, LOGIC_T2), 4 * NS_PER_MS);
}

static void without_a_program_nothing_runs(void **state)
{
	begin("n := n + 1");
	bench.step.program = NULL;
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(logic_int(&bench.logic, LOGIC_N), 0);
	assert_int_equal(bench.messages[TOPIC_EVENT], 0);
}

static void trouble_is_an_event_with_its_line_once_a_second(void **state)
{
	unsigned events = 0;

	begin("f := 1.0\nf2 := in.x / in.y\nn := in.i div in.j");
	run_cycle(100 * NS_PER_MS, 0);
	assert_int_equal(bench.messages[TOPIC_EVENT], 1);
	assert_int_equal(bench.event.code, EVENT_PROGRAM_TROUBLE);
	assert_int_equal(bench.event.value, 2);
	assert_int_equal(bench.event.device, EVENT_NO_DEVICE);
	for (unsigned i = 0; i < 20; i++) {
		run_cycle(100 * NS_PER_MS, 0);
		events += bench.messages[TOPIC_EVENT];
	}
	assert_int_equal(events, 2);
	logic_set_float(&bench.logic, LOGIC_Y, 1.0);
	logic_set_int(&bench.logic, LOGIC_J, 1);
	for (unsigned i = 0; i < 20; i++) {
		run_cycle(100 * NS_PER_MS, 0);
		assert_int_equal(bench.messages[TOPIC_EVENT], 0);
	}
}

static bool is_over(int64_t budget_ns, int64_t step_ns)
{
	bench.step.budget_ns = budget_ns;
	bench.step.budget_tell_ns = 0;
	bench.recorder.event_count = 0;
	return step_judge(&bench.step, step_ns, &bench.now, &bench.recorder);
}

static void a_step_over_its_budget_is_told_of_once_a_second(void **state)
{
	unsigned events = 0;

	begin("q := true");
	assert_true(is_over(1000, 1001));
	assert_int_equal(bench.recorder.event_count, 1);
	assert_int_equal(bench.recorder.events[0].code, EVENT_STEP_OVER_BUDGET);
	assert_int_equal(bench.recorder.events[0].value, 1001);
	assert_false(is_over(1000, 1000));
	assert_int_equal(bench.recorder.event_count, 0);
	assert_false(is_over(0, 1000000));
	bench.step.budget_ns = 1000;
	bench.step.budget_tell_ns = 0;
	for (unsigned i = 0; i < 20; i++) {
		run_cycle(100 * NS_PER_MS, 5000);
		events += bench.messages[TOPIC_EVENT];
	}
	assert_int_equal(events, 2);
}

static void values_are_recorded_first_and_where_one_changes(void **state)
{
	begin("q := true");
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(bench.messages[TOPIC_PARAM], 1);
	assert_int_equal(bench.messages[TOPIC_VAR], 1);
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(bench.messages[TOPIC_PARAM], 0);
	assert_int_equal(bench.messages[TOPIC_VAR], 0);
	channel_put(&bench.step.vars.channels[0], (union value){ .as_int = 5 },
		    QUALITY_GOOD, 0);
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(bench.messages[TOPIC_PARAM], 0);
	assert_int_equal(bench.messages[TOPIC_VAR], 1);
	channel_set_quality(&bench.step.params.channels[1], QUALITY_GOOD);
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(bench.messages[TOPIC_PARAM], 1);
	assert_int_equal(bench.messages[TOPIC_VAR], 0);
}

static void values_of_a_cycle_that_was_dropped_are_recorded_again(void **state)
{
	begin("q := true");
	run_cycle(NS_PER_MS, 0);
	bench.recorder.is_gap = true; /* as after a cycle without room */
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(bench.messages[TOPIC_PARAM], 1);
	assert_int_equal(bench.messages[TOPIC_VAR], 1);
	run_cycle(NS_PER_MS, 0);
	assert_int_equal(bench.messages[TOPIC_VAR], 0);
}

static void a_message_of_values_begins_with_cycle_and_release(void **state)
{
	uint64_t cycle;
	int64_t release_ns;

	begin("q := true");
	run_cycle(NS_PER_MS, 0);
	memcpy(&cycle, bench.step.vars.published, sizeof(cycle));
	memcpy(&release_ns, bench.step.vars.published + sizeof(cycle),
	       sizeof(release_ns));
	assert_int_equal(cycle, 1);
	assert_int_equal(release_ns, bench.now.release_ns);
}

static void where_there_are_no_values_nothing_is_recorded(void **state)
{
	struct values none;

	begin("q := true");
	assert_int_equal(values_create(&none, 0), 0);
	recorder_begin(&bench.recorder, 1, NS_PER_SEC);
	values_record(&none, &bench.now, &bench.recorder);
	recorder_end(&bench.recorder);
	take_records();
	for (unsigned i = 0; i <= TOPIC_VAR; i++) {
		assert_int_equal(bench.messages[i], 0);
	}
	values_destroy(&none);
}

/* --- plugins ----------------------------------------------------------------------------------------- */

/* Each step appends its letter, and 'P' stands for the program, by what it has made of n so far. */
static char order[16];
static int64_t seen; /* of n */

static void note(char letter)
{
	size_t length = strlen(order);

	order[length] = letter;
	order[length + 1] = '\0';
}

static void note_step(const void *instance, void *state,
		      const struct rtloop_now *now) RTLOOP_RT_SAFE;
static void note_step(const void *instance, void *state, const struct rtloop_now *now)
{
	int64_t n = *(const int64_t *)bench.logic.channels[LOGIC_N].cell;

	if (n != seen) {
		note('P');
	}
	seen = n;
	note(*(const char *)instance);
	assert_int_equal(now->cycle, bench.now.cycle);
	assert_int_equal(now->release_ns, bench.now.release_ns);
	assert_int_equal(now->dt_ns, bench.now.dt_ns);
}

static const struct rtloop_plugin entry = {
	RTLOOP_PLUGIN_HEAD, "note", "1", 0, NULL, 0, NULL, note_step, NULL
};

static void assert_order(unsigned program_at, const char *expected)
{
	static struct plugin plugins[3];
	char letters[] = "abc";

	seen = logic_int(&bench.logic, LOGIC_N);
	memset(plugins, 0, sizeof(plugins));
	memset(order, 0, sizeof(order));
	for (unsigned i = 0; i < ARRAY_SIZE(plugins); i++) {
		plugins[i].library.plugin = &entry;
		plugins[i].instance = &letters[i];
		plugins[i].index = i;
	}
	bench.step.plugins = plugins;
	bench.step.plugin_count = ARRAY_SIZE(plugins);
	bench.step.program_at = program_at;
	run_cycle(NS_PER_MS, 0);
	assert_string_equal(order, expected);
	bench.step.plugin_count = 0;
}

static void plugins_and_program_run_in_their_order(void **state)
{
	begin("n := n + 1");
	assert_order(0, "Pabc");
	assert_order(1, "aPbc");
	assert_order(2, "abPc");
	assert_order(3, "abc");
	assert_int_equal(logic_int(&bench.logic, LOGIC_N), 4);
}

static void plugins_run_without_a_program_too(void **state)
{
	begin("n := n + 1");
	bench.step.program = NULL;
	assert_order(1, "abc");
	assert_int_equal(logic_int(&bench.logic, LOGIC_N), 0);
}

static void a_slow_plugin_is_held_to_its_budget_and_blamed(void **state)
{
	static struct plugin plugin;
	struct blame blame = { .last_ns = 1 };
	char letter = 'a';

	memset(order, 0, sizeof(order));
	begin("n := n + 1");
	plugin = (struct plugin){ .library.plugin = &entry,
				  .instance = &letter,
				  .index = 4,
				  .budget_ns = NS_PER_SEC };
	bench.step.plugins = &plugin;
	bench.step.plugin_count = 1;
	bench.step.program_at = 1;
	bench.now.release_ns = 2 * NS_PER_SEC;
	/* the clock has gone on for long since 1 ns */
	assert_true(step_run_timed(&bench.step, &bench.now, &bench.recorder, &blame) > 1);
	assert_int_equal(blame.worst.call, BLAME_PLUGIN);
	assert_int_equal(blame.worst.device, EVENT_PLUGINS + 4);
	assert_int_equal(counter_get(&plugin.over_budget), 1);
	assert_int_equal(counter_get(&plugin.took.count), 1);
	assert_int_equal(bench.recorder.event_count, 1);
	assert_int_equal(bench.recorder.events[0].code, EVENT_PLUGIN_OVER_BUDGET);
	assert_int_equal(logic_int(&bench.logic, LOGIC_N), 1);
	bench.step.plugin_count = 0;
}

static void a_var_of_others_is_read_anew_in_each_step(void **state)
{
	memset(&bench, 0, sizeof(bench));
	logic_make_shared(&bench.logic, "n := n2 + 1\nf := if q then f2 else 7.0");
	bench.step.program = bench.logic.program;
	bench.recorder.wake_fd = -1;
	logic_set_int(&bench.logic, LOGIC_N2, 41);
	logic_set_bool(&bench.logic, LOGIC_Q, true);
	logic_set_float(&bench.logic, LOGIC_F2, 2.5);
	logic_set_quality(&bench.logic, LOGIC_F2, QUALITY_STALE);
	step_run(&bench.step, &bench.now, &bench.recorder);
	assert_int_equal(logic_int(&bench.logic, LOGIC_N), 42);
	assert_true(logic_float(&bench.logic, LOGIC_F) == 2.5);
	assert_int_equal(logic_quality(&bench.logic, LOGIC_F), QUALITY_STALE);
	logic_set_int(&bench.logic, LOGIC_N2, -1);
	step_run(&bench.step, &bench.now, &bench.recorder);
	assert_int_equal(logic_int(&bench.logic, LOGIC_N), 0);
}

static void a_var_that_the_program_keeps_is_not_read_from_outside(void **state)
{
	memset(&bench, 0, sizeof(bench));
	logic_make_shared(&bench.logic, "n := n + 1");
	bench.step.program = bench.logic.program;
	bench.recorder.wake_fd = -1;
	step_run(&bench.step, &bench.now, &bench.recorder);
	logic_set_int(&bench.logic, LOGIC_N, 100);
	step_run(&bench.step, &bench.now, &bench.recorder);
	assert_int_equal(logic_int(&bench.logic, LOGIC_N), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(
			logic_sees_the_release_and_the_time_since_the_last, end),
		cmocka_unit_test_teardown(without_a_program_nothing_runs, end),
		cmocka_unit_test_teardown(trouble_is_an_event_with_its_line_once_a_second,
					  end),
		cmocka_unit_test_teardown(a_step_over_its_budget_is_told_of_once_a_second,
					  end),
		cmocka_unit_test_teardown(values_are_recorded_first_and_where_one_changes,
					  end),
		cmocka_unit_test_teardown(
			values_of_a_cycle_that_was_dropped_are_recorded_again, end),
		cmocka_unit_test_teardown(
			a_message_of_values_begins_with_cycle_and_release, end),
		cmocka_unit_test_teardown(where_there_are_no_values_nothing_is_recorded,
					  end),
		cmocka_unit_test_teardown(plugins_and_program_run_in_their_order, end),
		cmocka_unit_test_teardown(plugins_run_without_a_program_too, end),
		cmocka_unit_test_teardown(a_slow_plugin_is_held_to_its_budget_and_blamed,
					  end),
		cmocka_unit_test_teardown(a_var_of_others_is_read_anew_in_each_step, end),
		cmocka_unit_test_teardown(
			a_var_that_the_program_keeps_is_not_read_from_outside, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
