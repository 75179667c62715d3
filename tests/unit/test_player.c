#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "drivers/output.h"
#include "rtloop/replay/player.h"
#include "tests/fakes/take.h"

#define DIFFERENCES_MAX 64

#define DEVICES                                                                          \
	"loop: { period: 1ms }\n"                                                        \
	"devices:\n"                                                                     \
	"  panel:\n"                                                                     \
	"    driver: gpio\n"                                                             \
	"    chip: gpiochip0\n"                                                          \
	"    in: { on: { line: 1 } }\n"                                                  \
	"    out: { lamp: { line: 2, safe: 0 } }\n"                                      \
	"  wave:\n"                                                                      \
	"    driver: sim\n"                                                              \
	"    in: { level: { wave: sine }, count: { wave: ramp, type: integer } }\n"

#define LOGIC                                                                            \
	"params: { gain: { value: 2.0, min: 0, max: 10 } }\n"                            \
	"vars: { sum: 0, scaled: 0.0, old: 0s, passed: 0s }\n"                           \
	"program: |\n"                                                                   \
	"  sum := sum + wave.count\n"                                                    \
	"  scaled := gain * average(wave.level, 3)\n"                                    \
	"  panel.lamp := ton(panel.on, 3ms)\n"                                           \
	"  passed := dt()\n"

#define WITH_AGE LOGIC "  old := age(wave.level)\n"

static const char yaml[] = DEVICES WITH_AGE;

struct bed {
	struct take take;
	struct setup *setup;
	struct diag diag;
	struct scene *scene;
	struct player player;
	struct player_options options;
	struct mcap_log log;
	struct err err;
	struct player_difference found[DIFFERENCES_MAX];
	unsigned count;
};

static struct bed bed;

static void differs(void *context, const struct player_difference *difference)
{
	struct bed *of = context;

	assert_true(of->count < DIFFERENCES_MAX);
	of->found[of->count++] = *difference;
}

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	take_init(&bed.take, yaml);
	bed.options = (struct player_options){ .period_ns = TAKE_PERIOD_NS,
					       .differs = differs,
					       .context = &bed };
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (bed.scene) {
		player_fini(&bed.player);
	}
	scene_destroy(bed.scene);
	setup_destroy(bed.setup);
	diag_fini(&bed.diag);
	take_fini(&bed.take);
	return 0;
}

static void tell_problem(void *context, uint64_t offset, const char *text)
{
	(void)offset, (void)text;
	player_interrupt(&((struct bed *)context)->player);
}

static int play_messages(void)
{
	struct mcap_log_message message;
	bool is_begun = false;
	int code = 0;

	while (code == 0 && mcap_log_next(&bed.log, &message) > 0) {
		if (!is_begun) {
			is_begun = true;
			code = player_begin_file(&bed.player, &bed.log,
						 bed.take.origin.offset_ns, &bed.err);
		}
		code = code ? code : player_take(&bed.player, &message, &bed.err);
	}
	return code;
}

/* The log so far, on the logic of @text; what player_take() said. */
static int play(const char *text)
{
	const struct mcap_log_options options = { .to_ns = UINT64_MAX,
						  .problem = tell_problem,
						  .context = &bed };
	int code;

	take_finish(&bed.take);
	bed.options.is_other = text != yaml;
	bed.scene = take_scene(text, &bed.setup, &bed.diag);
	assert_int_equal(player_init(&bed.player, bed.scene, &bed.options), 0);
	assert_int_equal(mcap_log_open(&bed.log, bed.take.file.path, &options, &bed.err),
			 0);
	code = play_messages();
	player_end_file(&bed.player);
	mcap_log_close(&bed.log);
	return code;
}

static void assert_counts(uint64_t compared, uint64_t values)
{
	assert_int_equal(bed.player.counts.compared, compared);
	assert_int_equal(bed.player.counts.values, values);
	assert_int_equal(bed.count, values);
}

/* Cycles in which all inputs change. */
static void run(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		take_set(&bed.take, "panel.on", bed.take.cycle % 8 < 6, 0);
		take_set(&bed.take, "wave.level", 0.1 * (double)bed.take.cycle, 0);
		take_set(&bed.take, "wave.count", (double)bed.take.cycle, 0);
		take_put(&bed.take, "/io/panel", bed.take.cycle);
		take_put(&bed.take, "/io/wave", bed.take.cycle);
		take_cycle(&bed.take);
	}
}

static void begin(unsigned count)
{
	take_state(&bed.take);
	run(count);
}

static void the_logic_of_the_log_does_the_same_again(void **state)
{
	(void)state;
	begin(20);
	assert_int_equal(play(yaml), 0);
	assert_counts(20, 0);
	assert_int_equal(bed.player.counts.played_ns, 20 * TAKE_PERIOD_NS);
}

static void a_var_that_differs_is_told_with_both_values(void **state)
{
	(void)state;
	begin(3);
	take_set(&bed.take, "wave.count", 100, 0);
	take_put(&bed.take, "/io/wave", bed.take.cycle);
	take_step(&bed.take);
	channel_put_int(take_channel(&bed.take, "sum"), 55, 0);
	take_put(&bed.take, "/var", bed.take.cycle);
	take_end(&bed.take);
	assert_int_equal(play(yaml), 0);
	assert_counts(4, 1);
	assert_int_equal(bed.found[0].cycle, 3);
	assert_string_equal(bed.found[0].channel->name, "sum");
	assert_int_equal(bed.found[0].logged.as_int, 55);
	assert_int_equal(bed.found[0].played.as_int, 0 + 1 + 2 + 100);
	assert_int_equal(bed.player.counts.different, 1);
}

static void a_float_that_differs_in_its_last_bit_differs(void **state)
{
	struct channel *scaled = take_channel(&bed.take, "scaled");
	uint64_t bits;

	(void)state;
	begin(3);
	take_step(&bed.take);
	memcpy(&bits, scaled->cell, sizeof(bits));
	bits++;
	memcpy(scaled->cell, &bits, sizeof(bits));
	take_put(&bed.take, "/var", bed.take.cycle);
	take_end(&bed.take);
	assert_int_equal(play(yaml), 0);
	assert_counts(4, 1);
	assert_string_equal(bed.found[0].channel->name, "scaled");
}

static void an_output_that_differs_is_told_until_it_is_the_same_again(void **state)
{
	struct channel *lamp = take_channel(&bed.take, "panel.lamp");

	(void)state;
	begin(1);
	for (unsigned i = 0; i < 2; i++) {
		take_step(&bed.take);
		*(uint8_t *)lamp->cell = 1;
		take_put(&bed.take, "/out/panel", bed.take.cycle);
		take_end(&bed.take);
	}
	run(1);
	assert_int_equal(play(yaml), 0);
	assert_counts(4, 2);
	assert_string_equal(bed.found[0].part->prefix, "panel");
	assert_string_equal(bed.found[0].channel->name, "lamp");
	assert_true(bed.found[0].logged.as_bool);
	assert_false(bed.found[0].played.as_bool);
	assert_int_equal(bed.found[1].cycle, 2);
}

static void a_quality_that_differs_is_a_difference(void **state)
{
	(void)state;
	begin(1);
	take_step(&bed.take);
	*take_channel(&bed.take, "sum")->quality = QUALITY_STALE;
	take_put(&bed.take, "/var", bed.take.cycle);
	take_end(&bed.take);
	assert_int_equal(play(yaml), 0);
	assert_counts(2, 1);
	assert_int_equal(bed.found[0].logged_quality, QUALITY_STALE);
	assert_int_equal(bed.found[0].played_quality, QUALITY_GOOD);
}

static void cycles_before_the_first_state_are_not_compared(void **state)
{
	(void)state;
	run(5);
	begin(4);
	assert_int_equal(play(yaml), 0);
	assert_counts(4, 0);
	assert_int_equal(bed.player.counts.before_state, 5);
}

static void a_gap_ends_it_and_the_state_behind_begins_it_again(void **state)
{
	(void)state;
	begin(5);
	take_set(&bed.take, "wave.count", 1000, 0);
	take_gap(&bed.take, 7);
	begin(3);
	assert_int_equal(play(yaml), 0);
	assert_counts(8, 0);
	assert_int_equal(bed.player.counts.in_gaps, 7);
	assert_int_equal(bed.player.counts.begun, 2);
}

static void cycles_that_are_missing_end_it_too(void **state)
{
	(void)state;
	begin(5);
	take_lose(&bed.take, 7);
	run(2);
	begin(3);
	assert_int_equal(play(yaml), 0);
	assert_counts(8, 0);
	assert_int_equal(bed.player.counts.damaged, 7 + 2);
}

static void a_state_behind_missing_cycles_counts_them(void **state)
{
	(void)state;
	begin(5);
	take_lose(&bed.take, 7);
	begin(3);
	assert_int_equal(play(yaml), 0);
	assert_counts(8, 0);
	assert_int_equal(bed.player.counts.damaged, 7);
}

static void a_gap_behind_missing_cycles_counts_them(void **state)
{
	(void)state;
	begin(5);
	take_lose(&bed.take, 7);
	take_gap(&bed.take, 4);
	begin(3);
	assert_int_equal(play(yaml), 0);
	assert_counts(8, 0);
	assert_int_equal(bed.player.counts.damaged, 7);
	assert_int_equal(bed.player.counts.in_gaps, 4);
}

static void of_several_frames_in_a_cycle_the_last_is_what_the_step_saw(void **state)
{
	(void)state;
	take_state(&bed.take);
	for (unsigned i = 0; i < 4; i++) {
		take_set(&bed.take, "wave.count", i, 0);
		take_put(&bed.take, "/io/wave", bed.take.cycle);
	}
	take_cycle(&bed.take);
	assert_int_equal(play(yaml), 0);
	assert_counts(1, 0);
}

static void what_a_device_lost_while_writing_is_seen_by_the_next_step(void **state)
{
	struct channel *count = take_channel(&bed.take, "wave.count");

	(void)state;
	begin(2);
	take_step(&bed.take);
	*count->quality = QUALITY_BAD;
	take_put(&bed.take, "/io/wave", bed.take.cycle + 1);
	take_end(&bed.take);
	take_cycle(&bed.take);
	take_cycle(&bed.take);
	assert_int_equal(play(yaml), 0);
	assert_counts(5, 0);
	assert_int_equal(*take_channel(&bed.take, "sum")->quality, QUALITY_BAD);
}

static void missed_releases_are_in_the_time_that_the_step_sees(void **state)
{
	(void)state;
	begin(3);
	bed.take.release += 4;
	run(2);
	assert_int_equal(play(yaml), 0);
	assert_counts(5, 0);
}

static void a_state_brings_the_time_of_its_cycle(void **state)
{
	(void)state;
	begin(3);
	take_gap(&bed.take, 2);
	bed.take.release += 4;
	begin(2);
	assert_int_equal(play(yaml), 0);
	assert_counts(5, 0);
}

static void ages_are_those_that_the_step_saw(void **state)
{
	struct channel *level = take_channel(&bed.take, "wave.level");

	(void)state;
	begin(3);
	for (unsigned i = 0; i < 5; i++) {
		take_cycle(&bed.take);
	}
	assert_int_equal(channel_value(take_channel(&bed.take, "old")).as_int,
			 5 * TAKE_PERIOD_NS);
	level->sample_ns -= 123456;
	take_cycle(&bed.take);
	for (unsigned i = 0; i < 3; i++) {
		take_set(&bed.take, "wave.level", 1, (int64_t)i);
		take_cycle(&bed.take);
	}
	take_gap(&bed.take, 3);
	take_state(&bed.take);
	take_cycle(&bed.take);
	assert_int_equal(play(yaml), 0);
	/* the value itself was recorded neither then nor after */
	assert_int_equal(bed.player.counts.compared, 3 + 5 + 1 + 3 + 1);
	for (unsigned i = 0; i < bed.count; i++) {
		assert_string_not_equal(bed.found[i].channel->name, "old");
	}
}

static void a_param_that_was_set_is_set_again(void **state)
{
	(void)state;
	begin(3);
	channel_put_float(take_channel(&bed.take, "gain"), 7.5, 0);
	take_put(&bed.take, "/param", bed.take.cycle);
	run(3);
	assert_int_equal(play(yaml), 0);
	assert_counts(6, 0);
}

static void a_state_on_the_way_is_compared(void **state)
{
	(void)state;
	begin(3);
	begin(3);
	assert_int_equal(play(yaml), 0);
	assert_counts(6, 0);
	assert_int_equal(bed.player.counts.begun, 1);
}

static void a_memory_that_differs_is_told_though_no_output_does(void **state)
{
	struct program *program = bed.take.run->step.program;
	uint8_t *memory = program_state(program);
	size_t last = program_state_bytes(program) - 1;

	(void)state;
	begin(3);
	memory[last] ^= 0x40;
	take_state(&bed.take);
	memory[last] ^= 0x40;
	run(2);
	assert_int_equal(play(yaml), 0);
	assert_counts(5, 1);
	assert_null(bed.found[0].part);
	assert_int_equal(bed.found[0].cycle, 3);
}

static void an_input_that_the_log_forgot_is_told_at_the_next_state(void **state)
{
	(void)state;
	begin(3);
	take_set(&bed.take, "wave.level", 77, 0);
	take_state(&bed.take);
	assert_int_equal(play(yaml), 0);
	assert_int_equal(bed.count, 1);
	assert_string_equal(bed.found[0].channel->name, "level");
}

static void what_is_forced_in_a_state_is_forced_again(void **state)
{
	const union value on = { .as_bool = true };

	(void)state;
	output_force(&bed.take.run->devices[0].outputs[0], on);
	take_state(&bed.take);
	take_cycle(&bed.take);
	assert_int_equal(play(yaml), 0);
	assert_counts(1, 0);
	assert_true(channel_value(take_channel(&bed.take, "panel.lamp")).as_bool);
}

static void what_is_forced_on_the_way_is_forced_again_from_the_same_cycle_on(void **state)
{
	const union value on = { .as_bool = true };

	(void)state;
	begin(2);
	take_force(&bed.take, "panel.lamp", &on);
	run(1);
	assert_true(channel_value(take_channel(&bed.take, "panel.lamp")).as_bool);
	take_force(&bed.take, "panel.lamp", NULL);
	run(2);
	assert_int_equal(play(yaml), 0);
	assert_counts(5, 0);
}

static void a_force_on_what_is_not_there_is_passed_over(void **state)
{
	static const struct record_force forces[] = {
		{ .device = 77, .is_output = 1, .is_forced = 1 },
		{ .device = UINT32_MAX, .is_output = 1, .is_forced = 1 },
		{ .device = 0, .offset = 999, .is_output = 1, .is_forced = 1 },
		{ .device = 1, .offset = 16, .is_output = 1, .is_forced = 1 },
		{ .device = 0, .offset = 16, .is_output = 0, .is_forced = 1 },
	};

	(void)state;
	begin(1);
	for (size_t i = 0; i < ARRAY_SIZE(forces); i++) {
		take_put_raw(&bed.take, "/force", &forces[i], sizeof(forces[i]));
	}
	run(1);
	assert_int_equal(play(yaml), 0);
	assert_counts(2, 0);
}

/* --- another program --- */

#define OTHER                                                                            \
	"params: { gain: { value: 3.0, min: 0, max: 10 } }\n"                            \
	"vars: { sum: 0, scaled: 0.0 }\n"                                                \
	"program: |\n"                                                                   \
	"  sum := sum + wave.count + 1\n"                                                \
	"  scaled := gain * wave.level\n"

static void another_program_begins_anew_and_is_compared_where_it_can_be(void **state)
{
	(void)state;
	begin(2);
	assert_int_equal(play(DEVICES OTHER), 0);
	assert_int_equal(bed.player.counts.unlike, 1);
	assert_int_equal(bed.player.counts.compared, 2);
	/* the output is asked of no one any more */
	assert_string_equal(bed.found[0].channel->name, "lamp");
	assert_string_equal(bed.found[1].channel->name, "sum");
	assert_int_equal(bed.found[1].logged.as_int, 0);
	assert_int_equal(bed.found[1].played.as_int, 1);
}

static void another_program_keeps_its_memory_over_a_gap_and_takes_the_inputs(void **state)
{
	(void)state;
	begin(2);
	take_set(&bed.take, "wave.count", 1000, 0);
	take_gap(&bed.take, 3);
	take_state(&bed.take);
	take_cycle(&bed.take);
	assert_int_equal(play(DEVICES OTHER), 0);
	assert_int_equal(bed.player.counts.unlike, 2);
	assert_int_equal(channel_value(&bed.scene->step.vars.channels[0]).as_int,
			 (0 + 1) + (1 + 1) + (1000 + 1));
}

static void the_same_program_with_another_first_value_is_another(void **state)
{
	(void)state;
	begin(2);
	assert_int_equal(play(DEVICES
			      "params: { gain: { value: 2.0 } }\n"
			      "vars: { sum: 40, scaled: 0.0, old: 0s, passed: 0s }\n"
			      "program: |\n"
			      "  sum := sum + wave.count\n"
			      "  scaled := gain * average(wave.level, 3)\n"
			      "  panel.lamp := ton(panel.on, 3ms)\n"
			      "  passed := dt()\n"
			      "  old := age(wave.level)\n"),
			 0);
	assert_int_equal(bed.player.counts.unlike, 1);
	assert_int_equal(bed.found[0].played.as_int, 40);
}

static void the_same_program_in_another_file_goes_on_from_the_state(void **state)
{
	(void)state;
	run(3);
	begin(2);
	assert_int_equal(play(DEVICES WITH_AGE "# as it was\n"), 0);
	assert_int_equal(bed.player.counts.unlike, 0);
	assert_counts(2, 0);
}

static void params_of_another_file_hold_until_the_log_changes_them(void **state)
{
	struct values *params;

	(void)state;
	take_state(&bed.take);
	take_put(&bed.take, "/param", 0);
	run(3);
	assert_int_equal(play(DEVICES OTHER), 0);
	params = &bed.scene->step.params;
	assert_true(channel_value(&params->channels[0]).as_float == 3.0);
}

static void a_param_that_was_set_is_set_for_another_file_too(void **state)
{
	struct values *params;

	(void)state;
	take_state(&bed.take);
	take_put(&bed.take, "/param", 0);
	run(3);
	channel_put_float(take_channel(&bed.take, "gain"), 7.5, 0);
	take_put(&bed.take, "/param", bed.take.cycle);
	run(1);
	assert_int_equal(play(DEVICES OTHER), 0);
	params = &bed.scene->step.params;
	assert_true(channel_value(&params->channels[0]).as_float == 7.5);
}

static void an_input_that_the_log_lacks_is_refused_by_name(void **state)
{
	(void)state;
	begin(1);
	assert_int_equal(play("loop: {}\n"
			      "devices:\n"
			      "  wave: { driver: sim, in: { other: { wave: sine } } }\n"
			      "vars: { x: 0.0 }\n"
			      "program: |\n"
			      "  x := wave.other\n"),
			 -EINVAL);
	assert_non_null(strstr(bed.err.text, "wave.other of type float"));
}

static void an_input_that_is_not_read_may_be_lacking(void **state)
{
	(void)state;
	begin(1);
	assert_int_equal(play("loop: {}\n"
			      "devices:\n"
			      "  wave: { driver: sim, in: { level: { wave: sine }, "
			      "other: { wave: sine } } }\n"
			      "vars: { x: 0.0 }\n"
			      "program: |\n"
			      "  x := wave.level\n"),
			 0);
	assert_int_equal(bed.player.counts.compared, 1);
}

static void the_age_of_what_the_log_has_no_times_of_is_that_of_its_messages(void **state)
{
	(void)state;
	begin(2);
	take_cycle(&bed.take);
	assert_int_equal(play(DEVICES "vars: { old: 0s }\n"
				      "program: |\n"
				      "  old := age(wave.count)\n"),
			 0);
	assert_int_equal(channel_value(&bed.scene->step.vars.channels[0]).as_int,
			 TAKE_PERIOD_NS - TAKE_LATENCY_NS);
}

/* --- what makes no sense --- */

static void a_run_that_begins_again_is_another_run(void **state)
{
	(void)state;
	begin(3);
	bed.take.cycle = 0;
	run(1);
	assert_int_equal(play(yaml), -EEXIST);
	assert_non_null(strstr(bed.err.text, "of another run"));
}

static void a_state_of_an_earlier_cycle_is_another_run(void **state)
{
	(void)state;
	begin(3);
	bed.take.cycle = 1;
	begin(1);
	assert_int_equal(play(yaml), -EEXIST);
}

/* As where a file that begins with a gap is given twice. */
static void a_gap_of_earlier_cycles_is_of_another_run(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		bed.take.cycle = 3;
		take_gap(&bed.take, 2);
		begin(2);
	}
	assert_int_equal(play(yaml), -EEXIST);
	assert_non_null(strstr(bed.err.text, "given twice"));
}

static void messages_that_are_too_short_make_no_sense(void **state)
{
	static const char *const topics[] = { "/cycle",	  "/gap", "/state", "/io/wave",
					      "/sampled", "/var", "/force" };

	for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
		begin(1);
		take_put_raw(&bed.take, topics[i], "\0\0\0\0\0\0\0", 8);
		assert_int_equal(play(yaml), -EBADMSG);
		assert_non_null(strstr(bed.err.text, topics[i]));
		tear_down(state);
		set_up(state);
	}
}

static void a_quality_that_is_none_makes_no_sense(void **state)
{
	(void)state;
	begin(1);
	*take_channel(&bed.take, "wave.count")->quality = 3;
	take_put(&bed.take, "/io/wave", bed.take.cycle);
	assert_int_equal(play(yaml), -EBADMSG);
}

static void time_that_does_not_go_on_makes_no_sense(void **state)
{
	static const struct record_cycle cycles[] = {
		{ .cycle = 1, .release = 0, .release_ns = TAKE_START_NS },
		{ .cycle = 1, .release = UINT64_MAX, .release_ns = TAKE_START_NS },
		{ .cycle = 1, .release = 1, .release_ns = -1 },
		{ .cycle = 1,
		  .release = 1,
		  .release_ns = TAKE_START_NS,
		  .latency_ns = INT64_MAX },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cycles); i++) {
		begin(1);
		take_put_raw(&bed.take, "/cycle", &cycles[i], sizeof(cycles[i]));
		assert_int_equal(play(yaml), -EBADMSG);
		tear_down(state);
		set_up(state);
	}
}

/* All that can stand in the memory of outputs and of the program. */
static void a_state_of_any_bytes_does_no_harm(void **state)
{
	struct program *program = bed.take.run->step.program;
	struct output *output = &bed.take.run->devices[0].outputs[0];

	(void)state;
	for (unsigned fill = 0; fill < 256; fill += 51) {
		memset(program_state(program), (int)fill, program_state_bytes(program));
		memset(output, (int)fill, sizeof(*output));
		take_state(&bed.take);
		take_end(&bed.take);
		bed.take.recorder.is_gap = false;
		take_lose(&bed.take, 0);
		bed.take.cycle += 2;
	}
	assert_int_equal(play(yaml), 0);
	assert_int_equal(bed.player.counts.compared, 6);
}

static void a_gap_that_ends_before_it_begins_makes_no_sense(void **state)
{
	const struct record_gap gap = { .first = 5, .last = 4 };

	(void)state;
	begin(1);
	take_put_raw(&bed.take, "/gap", &gap, sizeof(gap));
	assert_int_equal(play(yaml), -EBADMSG);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_logic_of_the_log_does_the_same_again),
		TEST(a_var_that_differs_is_told_with_both_values),
		TEST(a_float_that_differs_in_its_last_bit_differs),
		TEST(an_output_that_differs_is_told_until_it_is_the_same_again),
		TEST(a_quality_that_differs_is_a_difference),
		TEST(cycles_before_the_first_state_are_not_compared),
		TEST(a_gap_ends_it_and_the_state_behind_begins_it_again),
		TEST(cycles_that_are_missing_end_it_too),
		TEST(a_state_behind_missing_cycles_counts_them),
		TEST(a_gap_behind_missing_cycles_counts_them),
		TEST(of_several_frames_in_a_cycle_the_last_is_what_the_step_saw),
		TEST(what_a_device_lost_while_writing_is_seen_by_the_next_step),
		TEST(missed_releases_are_in_the_time_that_the_step_sees),
		TEST(a_state_brings_the_time_of_its_cycle),
		TEST(ages_are_those_that_the_step_saw),
		TEST(a_param_that_was_set_is_set_again),
		TEST(a_state_on_the_way_is_compared),
		TEST(a_memory_that_differs_is_told_though_no_output_does),
		TEST(an_input_that_the_log_forgot_is_told_at_the_next_state),
		TEST(what_is_forced_in_a_state_is_forced_again),
		TEST(what_is_forced_on_the_way_is_forced_again_from_the_same_cycle_on),
		TEST(a_force_on_what_is_not_there_is_passed_over),
		TEST(another_program_begins_anew_and_is_compared_where_it_can_be),
		TEST(another_program_keeps_its_memory_over_a_gap_and_takes_the_inputs),
		TEST(the_same_program_with_another_first_value_is_another),
		TEST(the_same_program_in_another_file_goes_on_from_the_state),
		TEST(params_of_another_file_hold_until_the_log_changes_them),
		TEST(a_param_that_was_set_is_set_for_another_file_too),
		TEST(an_input_that_the_log_lacks_is_refused_by_name),
		TEST(an_input_that_is_not_read_may_be_lacking),
		TEST(the_age_of_what_the_log_has_no_times_of_is_that_of_its_messages),
		TEST(a_run_that_begins_again_is_another_run),
		TEST(a_state_of_an_earlier_cycle_is_another_run),
		TEST(a_gap_of_earlier_cycles_is_of_another_run),
		TEST(messages_that_are_too_short_make_no_sense),
		TEST(a_quality_that_is_none_makes_no_sense),
		TEST(time_that_does_not_go_on_makes_no_sense),
		TEST(a_state_of_any_bytes_does_no_harm),
		TEST(a_gap_that_ends_before_it_begins_makes_no_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
