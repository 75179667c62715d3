#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "drivers/output.h"
#include "rtloop/base/time.h"
#include "tests/fakes/stage.h"

static struct stage stage;
static struct device *const device = &stage.devices[0];
static struct actor *const actor = &stage.actors[0];

#define OUT_TOPIC (TOPIC_DEVICES + 1)

static int set_up(void **state)
{
	stage_init(&stage, 1);
	actor->spec.out_count = ACTOR_OUTPUTS;
	stage_raise(&stage);
	*state = &stage;
	return 0;
}

static int tear_down(void **state)
{
	stage_fini(&stage);
	return 0;
}

static void ask_speed(int64_t value, enum quality quality)
{
	output_ask(&device->outputs[0], (union value){ .as_int = value }, quality);
}

static int64_t speed(void)
{
	return channel_value(&device->out[0]).as_int;
}

static enum quality speed_quality(void)
{
	return (enum quality) * device->out[0].quality;
}

static void cycle(void)
{
	outputs_apply(device);
	outputs_record(device, &stage.now);
	stage_step(&stage, NS_PER_MS);
}

static void until_the_logic_asks_the_safe_value_is_driven(void **state)
{
	assert_int_equal(speed(), 7);
	outputs_apply(device);
	assert_int_equal(speed(), 7);
	assert_int_equal(speed_quality(), QUALITY_BAD);
}

static void what_is_asked_for_is_driven_until_something_else_is(void **state)
{
	ask_speed(12, QUALITY_GOOD);
	outputs_apply(device);
	assert_int_equal(speed(), 12);
	assert_int_equal(speed_quality(), QUALITY_GOOD);
	outputs_apply(device);
	assert_int_equal(speed(), 12);
}

static void what_is_made_of_what_is_not_good_drives_the_safe_value(void **state)
{
	ask_speed(12, QUALITY_GOOD);
	outputs_apply(device);
	ask_speed(13, QUALITY_STALE);
	outputs_apply(device);
	assert_int_equal(speed(), 7);
	assert_int_equal(speed_quality(), QUALITY_STALE);
	ask_speed(14, QUALITY_BAD);
	outputs_apply(device);
	assert_int_equal(speed(), 7);
	assert_int_equal(speed_quality(), QUALITY_BAD);
	ask_speed(15, QUALITY_GOOD);
	outputs_apply(device);
	assert_int_equal(speed(), 15);
}

static void a_forced_output_is_driven_with_the_forced_value_until_released(void **state)
{
	ask_speed(12, QUALITY_BAD);
	output_force(&device->outputs[0], (union value){ .as_int = 99 });
	outputs_apply(device);
	assert_int_equal(speed(), 99);
	assert_int_equal(speed_quality(), QUALITY_GOOD);
	output_release(&device->outputs[0]);
	outputs_apply(device);
	assert_int_equal(speed(), 7);
	assert_int_equal(speed_quality(), QUALITY_BAD);
}

static void each_output_is_judged_for_itself(void **state)
{
	output_ask(&device->outputs[1], (union value){ .as_bool = true }, QUALITY_GOOD);
	outputs_apply(device);
	assert_int_equal(speed(), 7);
	assert_true(channel_value(&device->out[1]).as_bool);
}

static void assert_no_number(double value)
{
	struct device floating = *device;
	struct device_spec spec = *device->spec;
	struct output output = { .asked = { .as_float = value } };
	double cell = 1;
	uint8_t quality = QUALITY_GOOD;
	struct channel channel = { .type = VALUE_FLOAT,
				   .substitute = { .as_float = -2.5 },
				   .cell = &cell,
				   .quality = &quality };

	spec.out_count = 1;
	floating.spec = &spec;
	floating.out = &channel;
	floating.outputs = &output;
	outputs_apply(&floating);
	assert_true(cell == -2.5);
	assert_int_equal(quality, QUALITY_BAD);
}

static void what_is_no_finite_number_drives_the_safe_value(void **state)
{
	assert_no_number(NAN);
	assert_no_number(INFINITY);
	assert_no_number(-INFINITY);
}

static void a_quality_that_is_none_is_bad(void **state)
{
	ask_speed(12, (enum quality)(QUALITY_BAD + 1));
	cycle();
	assert_int_equal(speed_quality(), QUALITY_BAD);
	assert_int_equal(channel_value(&device->out[0]).as_int,
			 device->out[0].substitute.as_int);
}

static void all_can_be_made_safe_at_once(void **state)
{
	ask_speed(12, QUALITY_GOOD);
	output_ask(&device->outputs[1], (union value){ .as_bool = true }, QUALITY_GOOD);
	outputs_apply(device);
	outputs_make_safe(device);
	assert_int_equal(speed(), 7);
	assert_int_equal(speed_quality(), QUALITY_BAD);
	assert_false(channel_value(&device->out[1]).as_bool);
}

static void
the_first_cycle_is_recorded_and_then_changes_of_value_and_quality(void **state)
{
	cycle();
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 1);
	cycle();
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 1);
	ask_speed(7, QUALITY_GOOD);
	cycle();
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 2);
	ask_speed(8, QUALITY_GOOD);
	cycle();
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 3);
	cycle();
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 3);
}

static void what_is_driven_is_recorded_with_its_cycle_and_time(void **state)
{
	const uint8_t *body;
	uint64_t number;
	int64_t wake_ns, value;

	cycle();
	ask_speed(41, QUALITY_GOOD);
	cycle();
	body = stage_last(&stage, OUT_TOPIC);
	memcpy(&number, body, sizeof(number));
	memcpy(&wake_ns, body + 8, sizeof(wake_ns));
	memcpy(&value, body + IMAGE_HEAD_BYTES, sizeof(value));
	assert_int_equal(number, 1);
	assert_int_equal(wake_ns, stage.now.wake_ns - NS_PER_MS);
	assert_int_equal(value, 41);
	assert_int_equal(body[IMAGE_HEAD_BYTES + 8], 0);
	assert_int_equal(body[IMAGE_HEAD_BYTES + 9], QUALITY_GOOD);
	assert_int_equal(body[IMAGE_HEAD_BYTES + 10], QUALITY_BAD);
}

static void after_a_gap_what_is_driven_is_recorded_again(void **state)
{
	cycle();
	ask_speed(8, QUALITY_GOOD);
	outputs_apply(device);
	outputs_record(device, &stage.now);
	stage.recorder.is_dropped = true;
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 1);
	cycle();
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 2);
	cycle();
	assert_int_equal(stage_records(&stage, OUT_TOPIC), 2);
}

static void a_device_that_comes_into_use_sends_its_safe_values_first(void **state)
{
	ask_speed(12, QUALITY_GOOD);
	outputs_apply(device);
	outputs_begin(device, &stage.now);
	assert_int_equal(actor->sent_count, 1);
	assert_int_equal(actor->sent[0].number, 7);
	assert_true(actor->sent[0].was_must);
	outputs_apply(device);
	assert_int_equal(speed(), 12);
}

static void a_dry_device_sends_nothing_then(void **state)
{
	device->is_dry = true;
	outputs_begin(device, &stage.now);
	assert_int_equal(actor_calls(actor, CALL_EMIT), 0);
}

static void a_device_without_outputs_sends_nothing_then(void **state)
{
	actor->spec.out_count = 0;
	outputs_begin(device, &stage.now);
	assert_int_equal(actor_calls(actor, CALL_EMIT), 0);
	actor->spec.out_count = ACTOR_OUTPUTS;
}

static void the_last_value_is_that_of_the_last_cycle(void **state)
{
	enum quality quality = QUALITY_BAD;

	ask_speed(12, QUALITY_GOOD);
	cycle();
	outputs_make_safe(device);
	assert_int_equal(outputs_last(device, 0, &quality).as_int, 12);
	assert_int_equal(quality, QUALITY_GOOD);
	assert_false(outputs_last(device, 1, &quality).as_bool);
	assert_int_equal(quality, QUALITY_BAD);
}

static void without_a_log_the_last_value_is_known_as_well(void **state)
{
	enum quality quality = QUALITY_BAD;

	device->recorder = NULL;
	ask_speed(12, QUALITY_GOOD);
	cycle();
	assert_int_equal(outputs_last(device, 0, &quality).as_int, 12);
	assert_int_equal(quality, QUALITY_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(until_the_logic_asks_the_safe_value_is_driven),
		TEST(what_is_asked_for_is_driven_until_something_else_is),
		TEST(what_is_made_of_what_is_not_good_drives_the_safe_value),
		TEST(a_forced_output_is_driven_with_the_forced_value_until_released),
		TEST(each_output_is_judged_for_itself),
		TEST(what_is_no_finite_number_drives_the_safe_value),
		TEST(a_quality_that_is_none_is_bad),
		TEST(all_can_be_made_safe_at_once),
		TEST(the_first_cycle_is_recorded_and_then_changes_of_value_and_quality),
		TEST(what_is_driven_is_recorded_with_its_cycle_and_time),
		TEST(after_a_gap_what_is_driven_is_recorded_again),
		TEST(a_device_that_comes_into_use_sends_its_safe_values_first),
		TEST(a_dry_device_sends_nothing_then),
		TEST(a_device_without_outputs_sends_nothing_then),
		TEST(the_last_value_is_that_of_the_last_cycle),
		TEST(without_a_log_the_last_value_is_known_as_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
