/* wraps: sys_now sys_sleep_until */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "drivers/input.h"
#include "drivers/output.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/cycle.h"
#include "rtloop/cycle/safe.h"
#include "tests/fakes/stage.h"

/* Of the first device: channels "number" and "level"; outputs "speed" (safe: 7) and "motor". */
enum { SPEED, MOTOR };
enum { NUMBER, LEVEL };

struct bed {
	struct stage stage;
	struct loop_options options;
	struct loop loop;
	int64_t clock_ns;
	int64_t seen; /* by the second device when it writes: of the first one's number */
	enum quality seen_quality;
	int64_t seen_sample_ns;
};

static struct bed bed;

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	return bed.clock_ns;
}

int __wrap_sys_sleep_until(int64_t ns);
int __wrap_sys_sleep_until(int64_t ns)
{
	bed.clock_ns = ns;
	return 0;
}

static void look(struct device *device)
{
	const struct channel *channel = &bed.stage.devices[0].in[NUMBER];

	bed.seen = channel_value(channel).as_int;
	bed.seen_quality = (enum quality) * channel->quality;
	bed.seen_sample_ns = channel->sample_ns;
}

static struct actor *actor(unsigned index)
{
	return &bed.stage.actors[index];
}

static int set_up(void **state)
{
	memset(&bed, 0, sizeof(bed));
	bed.clock_ns = NS_PER_SEC;
	bed.options = (struct loop_options){ .period_ns = NS_PER_MS, .cpu = -1 };
	stage_init(&bed.stage, 2);
	actor(0)->spec.out_count = ACTOR_OUTPUTS;
	actor(0)->value = 3;
	actor(1)->in_emit = look;
	stage_raise(&bed.stage);
	if (loop_init(&bed.loop, &bed.options, bed.stage.devices, 2, &bed.stage.recorder,
		      NULL)) {
		return -1;
	}
	grid_init(&bed.loop.grid, bed.clock_ns, &bed.options);
	loop_offer(&bed.loop, 0, actor_open(&bed.stage.devices[0]));
	loop_offer(&bed.loop, 1, actor_open(&bed.stage.devices[1]));
	return 0;
}

static int tear_down(void **state)
{
	loop_fini(&bed.loop);
	stage_fini(&bed.stage);
	return 0;
}

static void run(void)
{
	bed.clock_ns = grid_release_ns(&bed.loop.grid, bed.loop.grid.release);
	assert_true(cycle_run(&bed.loop, bed.clock_ns));
}

static void give(const struct order *list, unsigned count)
{
	assert_true(orders_are_done(&bed.loop.orders));
	memcpy(bed.loop.orders.list, list, count * sizeof(*list));
	bed.loop.orders.count = count;
	orders_give(&bed.loop.orders);
}

static void force_number(int64_t value)
{
	const struct order order = { .kind = ORDER_FORCE, .value.as_int = value };

	give(&order, 1);
}

static void release_number(void)
{
	const struct order order = { .kind = ORDER_RELEASE };

	give(&order, 1);
}

/* The value and the quality of the first device's number in its newest message. */
static int64_t logged(enum quality *ret_quality)
{
	const uint8_t *body = stage_last(&bed.stage, TOPIC_DEVICES);
	int64_t value;

	memcpy(&value, body + IMAGE_HEAD_BYTES, sizeof(value));
	*ret_quality = (enum quality)body[IMAGE_HEAD_BYTES + 16];
	return value;
}

static void expect_seen(int64_t value, enum quality quality)
{
	enum quality logged_quality;

	assert_int_equal(bed.seen, value);
	assert_int_equal(bed.seen_quality, quality);
	assert_int_equal(logged(&logged_quality), value);
	assert_int_equal(logged_quality, quality);
}

static void what_is_ordered_takes_effect_in_the_next_cycle(void **state)
{
	run();
	force_number(50);
	assert_false(orders_are_done(&bed.loop.orders));
	run();
	assert_true(orders_are_done(&bed.loop.orders));
	assert_int_equal(bed.loop.orders.cycle, 1);
	expect_seen(50, QUALITY_GOOD);
	/* once only */
	run();
	assert_int_equal(bed.loop.orders.cycle, 1);
	assert_int_equal(stage_events(&bed.stage, EVENT_FORCED), 1);
}

static void a_forced_input_stays_what_it_is_forced_to_be(void **state)
{
	force_number(50);
	run();
	actor(0)->value = 4;
	run();
	expect_seen(50, QUALITY_GOOD);
	/* the other channel goes on */
	assert_int_equal(channel_value(&bed.stage.devices[0].in[LEVEL]).as_int, 4);
	assert_int_equal(counter_get(&bed.loop.forced), 1);
}

static void what_came_meanwhile_is_there_when_it_is_released(void **state)
{
	run();
	force_number(50);
	run();
	actor(0)->value = 4;
	run();
	release_number();
	/* nothing more comes from the device */
	actor(0)->driver.sample = NULL;
	bed.loop.sampled.count = 0;
	run();
	expect_seen(4, QUALITY_GOOD);
	assert_int_equal(counter_get(&bed.loop.forced), 0);
	assert_int_equal(stage_events(&bed.stage, EVENT_RELEASED), 1);
}

static void the_age_of_a_forced_input_is_that_of_its_last_sample(void **state)
{
	int64_t sampled_ns;

	run();
	sampled_ns = bed.clock_ns;
	bed.loop.sampled.count = 0;
	force_number(50);
	run();
	run();
	assert_int_equal(bed.seen_sample_ns, sampled_ns);
}

static void a_device_that_is_lost_is_good_where_it_is_forced(void **state)
{
	run();
	force_number(50);
	run();
	actor(0)->loses = true;
	actor(0)->lose_in = CALL_SAMPLE;
	actor(0)->lose_code = -EIO;
	run();
	expect_seen(50, QUALITY_GOOD);
	assert_int_equal(*bed.stage.devices[0].in[LEVEL].quality, QUALITY_BAD);
	release_number();
	run();
	expect_seen(3, QUALITY_BAD);
}

static void a_device_that_is_lost_while_it_writes_is_bad_once_released(void **state)
{
	run();
	force_number(50);
	run();
	actor(0)->loses = true;
	actor(0)->lose_in = CALL_EMIT;
	actor(0)->lose_code = -EIO;
	run();
	run();
	expect_seen(50, QUALITY_GOOD);
	release_number();
	run();
	expect_seen(3, QUALITY_BAD);
}

static void a_value_forced_anew_replaces_the_one_before(void **state)
{
	force_number(50);
	run();
	force_number(51);
	run();
	expect_seen(51, QUALITY_GOOD);
	assert_int_equal(counter_get(&bed.loop.forced), 1);
	release_number();
	run();
	expect_seen(3, QUALITY_GOOD);
	/* nothing to release: nothing happens */
	release_number();
	run();
	assert_int_equal(counter_get(&bed.loop.forced), 0);
}

static void a_forced_output_is_driven_until_it_is_released(void **state)
{
	const struct order force = {
		.kind = ORDER_FORCE, .is_output = true, .index = SPEED, .value.as_int = 42
	};
	const struct order release = { .kind = ORDER_RELEASE,
				       .is_output = true,
				       .index = SPEED };
	const struct actor *first = actor(0);

	output_ask(&bed.stage.devices[0].outputs[SPEED], (union value){ .as_int = 9 },
		   QUALITY_GOOD);
	run();
	assert_int_equal(first->sent[first->sent_count - 1].number, 9);
	give(&force, 1);
	run();
	assert_int_equal(first->sent[first->sent_count - 1].number, 42);
	/* its number follows those of the two inputs */
	assert_int_equal(stage_event(&bed.stage, EVENT_FORCED)->value, 2);
	assert_int_equal(stage_event(&bed.stage, EVENT_FORCED)->device, 0);
	assert_int_equal(stage_event(&bed.stage, EVENT_FORCED)->cycle, 1);
	give(&release, 1);
	run();
	assert_int_equal(first->sent[first->sent_count - 1].number, 9);
}

static void at_the_end_the_safe_value_wins(void **state)
{
	const struct order force = {
		.kind = ORDER_FORCE, .is_output = true, .index = SPEED, .value.as_int = 42
	};
	const struct actor *first = actor(0);

	give(&force, 1);
	run();
	safe_end(&bed.loop);
	assert_int_equal(first->sent[first->sent_count - 1].number, 7);
}

static void a_batch_takes_effect_as_one(void **state)
{
	const struct order list[] = {
		{ .kind = ORDER_FORCE, .index = NUMBER, .value.as_int = 50 },
		{ .kind = ORDER_FORCE, .index = LEVEL, .value.as_int = 60 },
		{ .kind = ORDER_FORCE,
		  .is_output = true,
		  .index = MOTOR,
		  .value.as_bool = true },
	};
	const struct actor *first = actor(0);

	give(list, 3);
	run();
	expect_seen(50, QUALITY_GOOD);
	assert_int_equal(channel_value(&bed.stage.devices[0].in[LEVEL]).as_int, 60);
	assert_true(first->sent[first->sent_count - 1].is_on);
	assert_int_equal(counter_get(&bed.loop.forced), 3);
	assert_int_equal(stage_events(&bed.stage, EVENT_FORCED), 3);
}

static void a_param_is_set_and_recorded_in_the_cycle_that_takes_the_order(void **state)
{
	enum { TOPIC_PARAM = TOPIC_DEVICES + 10 };
	const struct order orders[] = {
		{ .kind = ORDER_SET, .index = 1, .value.as_float = 175.5 },
		{ .kind = ORDER_SET, .index = 0, .value.as_int = -4 },
	};
	struct image *image = image_create();
	struct step step = { .program = NULL };
	const uint8_t *body;
	double value;

	assert_int_equal(values_create(&step.params, 2), 0);
	step.params.channels[0] = (struct channel){ .name = "count", .type = VALUE_INT };
	step.params.channels[1] =
		(struct channel){ .name = "target", .type = VALUE_FLOAT };
	step.params.topic = TOPIC_PARAM;
	assert_int_equal(values_add(&step.params, image), 0);
	assert_int_equal(image_seal(image), 0);
	bed.loop.step = &step;
	run();
	stage_forget(&bed.stage);
	give(orders, 2);
	run();
	assert_int_equal(bed.loop.orders.cycle, 1);
	assert_int_equal(channel_value(&step.params.channels[0]).as_int, -4);
	assert_int_equal(stage_records(&bed.stage, TOPIC_PARAM), 1);
	body = stage_last(&bed.stage, TOPIC_PARAM);
	memcpy(&value, body + IMAGE_HEAD_BYTES + 8, sizeof(value));
	assert_true(value == 175.5);
	/* nothing is forced by it */
	assert_int_equal(counter_get(&bed.loop.forced), 0);
	bed.loop.step = NULL;
	values_destroy(&step.params);
	image_destroy(image);
}

#define FORCE_TOPIC 40

static struct record_force last_force(void)
{
	struct record_force force;

	memcpy(&force, stage_last(&bed.stage, FORCE_TOPIC), sizeof(force));
	return force;
}

static void what_is_forced_is_recorded_with_its_value_before_the_cycle_ends(void **state)
{
	const struct device *device = &bed.stage.devices[0];
	const struct order orders[] = {
		{ .kind = ORDER_FORCE, .index = LEVEL, .value.as_int = -5 },
		{ .kind = ORDER_FORCE,
		  .is_output = true,
		  .index = MOTOR,
		  .value = { .as_int = 0x0101 } }
	};
	struct record_force force;
	const uint8_t *cell = device->out[MOTOR].cell;

	(void)state;
	bed.loop.orders.force_topic = FORCE_TOPIC;
	run();
	run();
	assert_int_equal(stage_records(&bed.stage, FORCE_TOPIC), 0);
	give(orders, 1);
	run();
	force = last_force();
	assert_int_equal(force.cycle, 2);
	assert_int_equal(force.value, -5);
	assert_int_equal(force.device, 0);
	assert_false(force.is_output);
	assert_true(force.is_forced);
	give(orders + 1, 1);
	run();
	force = last_force();
	/* a bool is 0 or 1, whatever the rest of the memory holds */
	assert_int_equal(force.value, 1);
	assert_true(force.is_output);
	assert_int_equal(force.offset, cell - device->out_part.block);
}

static void what_is_released_is_recorded_too(void **state)
{
	struct order order = {
		.kind = ORDER_FORCE, .is_output = true, .index = SPEED, .value.as_int = 9
	};

	(void)state;
	bed.loop.orders.force_topic = FORCE_TOPIC;
	give(&order, 1);
	run();
	order.kind = ORDER_RELEASE;
	give(&order, 1);
	run();
	assert_int_equal(stage_records(&bed.stage, FORCE_TOPIC), 2);
	assert_false(last_force().is_forced);
	assert_int_equal(last_force().cycle, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_forced_is_recorded_with_its_value_before_the_cycle_ends),
		TEST(what_is_released_is_recorded_too),
		TEST(what_is_ordered_takes_effect_in_the_next_cycle),
		TEST(a_forced_input_stays_what_it_is_forced_to_be),
		TEST(what_came_meanwhile_is_there_when_it_is_released),
		TEST(the_age_of_a_forced_input_is_that_of_its_last_sample),
		TEST(a_device_that_is_lost_is_good_where_it_is_forced),
		TEST(a_device_that_is_lost_while_it_writes_is_bad_once_released),
		TEST(a_value_forced_anew_replaces_the_one_before),
		TEST(a_forced_output_is_driven_until_it_is_released),
		TEST(at_the_end_the_safe_value_wins),
		TEST(a_batch_takes_effect_as_one),
		TEST(a_param_is_set_and_recorded_in_the_cycle_that_takes_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
