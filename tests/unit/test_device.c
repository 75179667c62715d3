#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "rtloop/base/time.h"
#include "tests/fakes/stage.h"

#define MAX_AGE_NS (100 * NS_PER_MS)

static struct stage stage;
static struct device *const device = &stage.devices[0];

static int set_up(void **state)
{
	stage_init(&stage, 1);
	stage.actors[0].spec.max_age_ns = MAX_AGE_NS;
	stage.actors[0].in[1].has_substitute = true;
	stage.actors[0].in[1].substitute.as_int = -7;
	stage_raise(&stage);
	*state = &stage;
	return 0;
}

static int tear_down(void **state)
{
	stage_fini(&stage);
	return 0;
}

static void put(unsigned channel, int64_t value)
{
	channel_put_int(&device->in[channel], value, stage.now.wake_ns);
}

static int64_t value_of(unsigned channel)
{
	return channel_value(&device->in[channel]).as_int;
}

static int quality_of(unsigned channel)
{
	return *device->in[channel].quality;
}

static unsigned parts(void)
{
	return stage_records(&stage, device->topic);
}

/* Both channels have a sample of now, and it is published. */
static void publish(int64_t value)
{
	put(0, value);
	put(1, value);
	device_publish(device, &stage.now);
}

/* The next cycle, at exactly this time. */
static void go_to(int64_t release_ns)
{
	stage_step(&stage, release_ns - stage.now.release_ns);
}

static void at_first_every_channel_is_bad_and_at_its_substitute(void **state)
{
	assert_int_equal(quality_of(0), QUALITY_BAD);
	assert_int_equal(quality_of(1), QUALITY_BAD);
	assert_int_equal(value_of(0), 0);
	assert_int_equal(value_of(1), -7);
	device_publish_changes(device, &stage.now);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 0);
}

static void publishing_records_the_part_with_cycle_and_time(void **state)
{
	const uint8_t *body;
	int64_t sample_ns, numbers[2];
	uint64_t cycle;

	stage_step(&stage, NS_PER_MS);
	put(0, 42);
	device_publish(device, &stage.now);
	sample_ns = stage.now.wake_ns;
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 1);
	body = stage_last(&stage, device->topic);
	memcpy(&cycle, body, sizeof(cycle));
	assert_int_equal(cycle, 1);
	assert_memory_equal(body + 8, &sample_ns, sizeof(sample_ns));
	memcpy(numbers, body + IMAGE_HEAD_BYTES, sizeof(numbers));
	assert_int_equal(numbers[0], 42);
	assert_int_equal(numbers[1], -7);
	assert_int_equal(body[IMAGE_HEAD_BYTES + 16], QUALITY_GOOD);
	assert_int_equal(body[IMAGE_HEAD_BYTES + 17], QUALITY_BAD);
	assert_int_equal(counter_get(&device->last_ns), sample_ns);
}

static void what_has_a_time_of_its_own_is_published_at_that(void **state)
{
	int64_t sample_ns, then_ns = stage.now.wake_ns;
	const uint8_t *body;

	stage_step(&stage, NS_PER_MS);
	channel_put_int(&device->in[0], 1, then_ns);
	device_publish_at(device, then_ns, &stage.now);
	stage_step(&stage, NS_PER_MS);
	body = stage_last(&stage, device->topic);
	memcpy(&sample_ns, body + sizeof(uint64_t), sizeof(sample_ns));
	assert_int_equal(sample_ns, then_ns);
	assert_int_equal(counter_get(&device->last_ns), then_ns);
	go_to(then_ns + MAX_AGE_NS + 1);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
}

static void every_publication_is_recorded_though_nothing_changed(void **state)
{
	publish(1);
	device_publish(device, &stage.now);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 2);
}

static void of_what_is_sampled_only_changes_are_recorded(void **state)
{
	for (unsigned i = 0; i < 4; i++) {
		put(0, i / 2);
		put(1, 5);
		device_sampled(device, &stage.now);
		assert_int_equal(counter_get(&device->last_ns), stage.now.wake_ns);
		stage_step(&stage, NS_PER_MS);
	}
	assert_int_equal(parts(), 2);
}

static void where_every_read_failed_the_last_sample_is_that_before(void **state)
{
	int64_t sample_ns = stage.now.wake_ns;
	const uint8_t *body;
	int64_t recorded_ns;

	put(0, 1);
	put(1, 1);
	device_sampled(device, &stage.now);
	for (unsigned i = 0; i < 4; i++) {
		stage_step(&stage, NS_PER_MS);
		channel_set_quality(&device->in[0], QUALITY_BAD);
		channel_set_quality(&device->in[1], QUALITY_BAD);
		device_sampled(device, &stage.now);
	}
	assert_int_equal(counter_get(&device->last_ns), sample_ns);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 2);
	body = stage_last(&stage, device->topic);
	memcpy(&recorded_ns, body + sizeof(uint64_t), sizeof(recorded_ns));
	assert_int_equal(recorded_ns, sample_ns);
	put(1, 2);
	device_sampled(device, &stage.now);
	assert_int_equal(counter_get(&device->last_ns), stage.now.wake_ns);
	assert_int_equal(counter_get(&device->age_max_ns), 5 * NS_PER_MS);
}

static void a_quality_that_changes_is_a_change(void **state)
{
	publish(1);
	stage_step(&stage, NS_PER_MS);
	channel_set_quality(&device->in[0], QUALITY_BAD);
	device_publish_changes(device, &stage.now);
	device_publish_changes(device, &stage.now);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 2);
}

static void a_channel_is_good_at_exactly_max_age_and_stale_after(void **state)
{
	int64_t sample_ns = stage.now.wake_ns;

	publish(1);
	go_to(sample_ns + MAX_AGE_NS);
	stage_forget(&stage);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_GOOD);
	go_to(sample_ns + MAX_AGE_NS + 1);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
	assert_int_equal(value_of(0), 1);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(stage_event(&stage, EVENT_DEVICE_STALE)->value, 2);
	assert_int_equal(parts(), 1);
}

static void staleness_is_told_once(void **state)
{
	publish(1);
	for (unsigned i = 0; i < 5; i++) {
		stage_step(&stage, MAX_AGE_NS);
		device_age(device, &stage.now);
	}
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(stage_events(&stage, EVENT_DEVICE_STALE), 1);
	assert_int_equal(parts(), 2);
}

static void each_channel_ages_by_its_own_sample(void **state)
{
	int64_t first_ns = stage.now.wake_ns, second_ns;

	publish(1);
	stage_step(&stage, 10 * NS_PER_MS);
	put(1, 2);
	device_publish(device, &stage.now);
	second_ns = stage.now.wake_ns;
	go_to(first_ns + MAX_AGE_NS + 1);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
	assert_int_equal(quality_of(1), QUALITY_GOOD);
	go_to(second_ns + MAX_AGE_NS);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(1), QUALITY_GOOD);
	go_to(second_ns + MAX_AGE_NS + 1);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(1), QUALITY_STALE);
}

static void where_one_is_too_old_another_at_exactly_max_age_is_good(void **state)
{
	publish(1);
	stage_step(&stage, 10 * NS_PER_MS);
	put(1, 2);
	device_publish(device, &stage.now);
	go_to(stage.now.wake_ns + MAX_AGE_NS);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
	assert_int_equal(quality_of(1), QUALITY_GOOD);
}

static void a_new_sample_makes_a_stale_channel_good(void **state)
{
	publish(1);
	stage_step(&stage, 2 * MAX_AGE_NS);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
	publish(2);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_GOOD);
	stage_step(&stage, 2 * MAX_AGE_NS);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
}

static void what_is_sampled_ages_too(void **state)
{
	put(0, 1);
	device_sampled(device, &stage.now);
	stage_step(&stage, 2 * MAX_AGE_NS);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
}

static void without_a_max_age_nothing_turns_stale(void **state)
{
	stage.actors[0].spec.max_age_ns = 0;
	publish(1);
	stage_step(&stage, INT64_C(1000) * NS_PER_SEC);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_GOOD);
}

static void the_longest_time_between_two_samples_is_kept(void **state)
{
	publish(1);
	assert_int_equal(counter_get(&device->age_max_ns), 0);
	stage_step(&stage, 5 * NS_PER_MS);
	publish(1);
	stage_step(&stage, 2 * NS_PER_MS);
	publish(1);
	assert_int_equal(counter_get(&device->age_max_ns), 5 * NS_PER_MS);
}

static void a_sample_before_the_last_one_is_no_age_at_all(void **state)
{
	publish(1);
	device_publish_at(device, stage.now.wake_ns - 1, &stage.now);
	assert_int_equal(counter_get(&device->age_max_ns), 0);
}

static void on_loss_a_stated_substitute_is_taken_and_others_hold(void **state)
{
	publish(3);
	stage_step(&stage, NS_PER_MS);
	stage_forget(&stage);
	device_mark_bad(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_BAD);
	assert_int_equal(quality_of(1), QUALITY_BAD);
	assert_int_equal(value_of(0), 3);
	assert_int_equal(value_of(1), -7);
	device_mark_bad(device, &stage.now);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 1);
}

static void a_bad_channel_does_not_turn_stale(void **state)
{
	publish(3);
	device_mark_bad(device, &stage.now);
	stage_step(&stage, 2 * MAX_AGE_NS);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_BAD);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(stage_events(&stage, EVENT_DEVICE_STALE), 0);
}

static void report_drops(void)
{
	device_report_drops(device, &stage.now);
}

static void drops_are_told_at_most_once_a_second(void **state)
{
	int64_t told_ns = stage.now.release_ns;

	report_drops();
	device_count(device, COUNT_BAD_CHECKSUM, 2);
	report_drops();
	device_count(device, COUNT_BAD_LENGTH, 3);
	device_count(device, COUNT_BAD_MATCH, 1);
	device_count(device, COUNT_BAD_SENDER, 1);
	device_count(device, COUNT_OVER_BUDGET, 1);
	device_count(device, COUNT_MISSED, 1);
	go_to(told_ns + NS_PER_SEC - 1);
	report_drops();
	stage_step(&stage, 1);
	assert_int_equal(stage_events(&stage, EVENT_FRAME_DROPPED), 1);
	assert_int_equal(stage_event(&stage, EVENT_FRAME_DROPPED)->value, 2);
	report_drops();
	stage_step(&stage, 1);
	assert_int_equal(stage_events(&stage, EVENT_FRAME_DROPPED), 2);
	report_drops();
	go_to(told_ns + 5 * NS_PER_SEC);
	report_drops();
	stage_step(&stage, 1);
	assert_int_equal(stage_events(&stage, EVENT_FRAME_DROPPED), 2);
	assert_int_equal(stage_event(&stage, EVENT_FRAME_DROPPED)->value, 7);
}

static void what_dropped_no_frame_is_not_told_as_a_drop(void **state)
{
	device_count(device, COUNT_FRAMES, 1);
	device_count(device, COUNT_FLOODED, 1);
	device_count(device, COUNT_BAD_FIELD, 1);
	device_count(device, COUNT_SEND_DROPPED, 1);
	device_count(device, COUNT_ERRORS, 1);
	report_drops();
	stage_step(&stage, 1);
	assert_int_equal(stage_events(&stage, EVENT_FRAME_DROPPED), 0);
}

/* A worker's snapshot: both channels with one value and one sample time. */
struct snapshot {
	_Alignas(8) uint8_t block[STAGE_BODY_BYTES];
	int64_t sample_ns[ACTOR_CHANNELS];
};

static struct snapshot take_snapshot(int64_t value, int64_t sample_ns)
{
	struct snapshot snapshot = { .sample_ns = { sample_ns, sample_ns } };
	int64_t values[] = { value, value };

	memcpy(snapshot.block + 8, &sample_ns, sizeof(sample_ns));
	memcpy(snapshot.block + IMAGE_HEAD_BYTES, values, sizeof(values));
	return snapshot;
}

static void mirror(const struct snapshot *snapshot)
{
	device_mirror(device, snapshot->block, snapshot->sample_ns, &stage.now);
}

static void a_mirror_takes_values_and_their_age(void **state)
{
	int64_t sampled_ns = stage.now.wake_ns - 60 * NS_PER_MS;
	struct snapshot snapshot = take_snapshot(9, sampled_ns);

	mirror(&snapshot);
	device_age(device, &stage.now);
	assert_int_equal(value_of(0), 9);
	assert_int_equal(value_of(1), 9);
	assert_int_equal(quality_of(1), QUALITY_GOOD);
	assert_int_equal(counter_get(&device->last_ns), sampled_ns);
	go_to(sampled_ns + MAX_AGE_NS);
	assert_int_equal(parts(), 1);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_GOOD);
	stage_step(&stage, 1);
	device_age(device, &stage.now);
	assert_int_equal(quality_of(0), QUALITY_STALE);
}

static void a_mirror_is_recorded_for_a_newer_sample_or_another_value(void **state)
{
	struct snapshot snapshot = take_snapshot(9, stage.now.wake_ns);

	mirror(&snapshot);
	mirror(&snapshot);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 1);
	snapshot = take_snapshot(9, stage.now.wake_ns);
	mirror(&snapshot);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 2);
	snapshot.block[IMAGE_HEAD_BYTES + 16] = QUALITY_BAD;
	mirror(&snapshot);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 3);
	assert_int_equal(quality_of(0), QUALITY_BAD);
}

static void what_turned_stale_in_a_mirror_stays_so_until_a_newer_sample(void **state)
{
	struct snapshot snapshot = take_snapshot(9, stage.now.wake_ns);

	mirror(&snapshot);
	stage_step(&stage, 2 * MAX_AGE_NS);
	device_age(device, &stage.now);
	for (unsigned i = 0; i < 3; i++) {
		stage_step(&stage, NS_PER_MS);
		mirror(&snapshot);
		assert_int_equal(quality_of(0), QUALITY_STALE);
		device_age(device, &stage.now);
	}
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(stage_events(&stage, EVENT_DEVICE_STALE), 1);
	assert_int_equal(parts(), 2);
	snapshot = take_snapshot(9, stage.now.wake_ns);
	mirror(&snapshot);
	assert_int_equal(quality_of(0), QUALITY_GOOD);
}

static void a_mirror_of_what_was_never_sampled_is_not_recorded(void **state)
{
	struct snapshot snapshot = { .sample_ns = { 0, 0 } };

	memcpy(snapshot.block, device->part.block, device->part.bytes);
	mirror(&snapshot);
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(parts(), 0);
	assert_int_equal(quality_of(0), QUALITY_BAD);
}

static void a_mirror_shows_its_workers_counters(void **state)
{
	static struct device worker;

	memset(&worker, 0, sizeof(worker));
	device_count(&worker, COUNT_FRAMES, 3);
	device_count(&worker, COUNT_LOST, 2);
	device_copy_counts(device, &worker);
	assert_int_equal(stage_count(&stage, 0, COUNT_FRAMES), 3);
	assert_int_equal(stage_count(&stage, 0, COUNT_LOST), 2);
}

static void of_several_reasons_for_a_loss_the_first_counts(void **state)
{
	bool any_lost = false;

	device->any_lost = &any_lost;
	device_lost(device, -ENODEV);
	device_lost(device, 0);
	assert_true(any_lost);
	assert_true(device->is_lost);
	assert_int_equal(device->lost_code, -ENODEV);
}

static void without_a_recorder_all_works_but_nothing_is_recorded(void **state)
{
	device->recorder = NULL;
	publish(4);
	stage_step(&stage, 2 * MAX_AGE_NS);
	device_age(device, &stage.now);
	device_mark_bad(device, &stage.now);
	device_count(device, COUNT_BAD_MATCH, 1);
	report_drops();
	stage_step(&stage, NS_PER_MS);
	assert_int_equal(quality_of(0), QUALITY_BAD);
	assert_int_equal(stage_records(&stage, device->topic), 0);
	assert_int_equal(stage_records(&stage, TOPIC_EVENT), 0);
}

static void every_counter_has_a_name_of_its_own(void **state)
{
	for (unsigned i = 0; i < COUNT_KINDS; i++) {
		for (unsigned j = 0; j < i; j++) {
			assert_string_not_equal(device_count_name((enum device_count)i),
						device_count_name((enum device_count)j));
		}
	}
}

static void a_driver_that_refuses_to_begin_is_passed_on(void **state)
{
	struct actor *actor = &stage.actors[0];
	struct image *image = image_create();
	struct err err = { .text = "" };
	struct device other;

	actor->init_code = -EBADMSG;
	assert_int_equal(device_init(&other, &actor->spec, 0, image, &err), -EBADMSG);
	assert_string_equal(err.text, "not in the mood");
	device_fini(&other);
	assert_int_equal(actor->inits, 1);
	actor->init_code = 0;
	image_destroy(image);
}

static void only_the_worker_of_an_async_device_has_a_driver_at_work(void **state)
{
	struct actor *actor = &stage.actors[0];
	struct image *image = image_create();
	struct device other, worker;

	actor->spec.lane = LANE_ASYNC;
	assert_int_equal(device_init(&other, &actor->spec, 0, image, NULL), 0);
	assert_int_equal(actor->inits, 1); /* the stage's own */
	assert_int_equal(device_init_worker(&worker, &other, image, NULL), 0);
	assert_int_equal(actor->inits, 2);
	device_fini(&other);
	assert_int_equal(actor->inits, 2);
	device_fini(&worker);
	assert_int_equal(actor->inits, 1);
	image_destroy(image);
}

static void a_device_that_is_never_opened_asks_nothing_of_its_driver(void **state)
{
	struct image *image = image_create();
	struct device idle;

	stage.actors[0].init_code = -EIO;
	assert_int_equal(device_init_idle(&idle, &stage.actors[0].spec, 3, image), 0);
	assert_int_equal(stage.actors[0].inits, 1);
	assert_int_equal(image_seal(image), 0);
	device_begin(&idle);
	assert_int_equal(idle.index, 3);
	assert_int_equal(idle.part.bytes, stage.devices[0].part.bytes);
	device_fini(&idle);
	/* nor to undo what it has not done */
	assert_int_equal(stage.actors[0].inits, 1);
	image_destroy(image);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(at_first_every_channel_is_bad_and_at_its_substitute),
		TEST(a_device_that_is_never_opened_asks_nothing_of_its_driver),
		TEST(publishing_records_the_part_with_cycle_and_time),
		TEST(what_has_a_time_of_its_own_is_published_at_that),
		TEST(every_publication_is_recorded_though_nothing_changed),
		TEST(of_what_is_sampled_only_changes_are_recorded),
		TEST(where_every_read_failed_the_last_sample_is_that_before),
		TEST(a_quality_that_changes_is_a_change),
		TEST(a_channel_is_good_at_exactly_max_age_and_stale_after),
		TEST(staleness_is_told_once),
		TEST(each_channel_ages_by_its_own_sample),
		TEST(where_one_is_too_old_another_at_exactly_max_age_is_good),
		TEST(a_new_sample_makes_a_stale_channel_good),
		TEST(what_is_sampled_ages_too),
		TEST(without_a_max_age_nothing_turns_stale),
		TEST(the_longest_time_between_two_samples_is_kept),
		TEST(a_sample_before_the_last_one_is_no_age_at_all),
		TEST(on_loss_a_stated_substitute_is_taken_and_others_hold),
		TEST(a_bad_channel_does_not_turn_stale),
		TEST(drops_are_told_at_most_once_a_second),
		TEST(what_dropped_no_frame_is_not_told_as_a_drop),
		TEST(a_mirror_takes_values_and_their_age),
		TEST(a_mirror_is_recorded_for_a_newer_sample_or_another_value),
		TEST(what_turned_stale_in_a_mirror_stays_so_until_a_newer_sample),
		TEST(a_mirror_of_what_was_never_sampled_is_not_recorded),
		TEST(a_mirror_shows_its_workers_counters),
		TEST(of_several_reasons_for_a_loss_the_first_counts),
		TEST(without_a_recorder_all_works_but_nothing_is_recorded),
		TEST(every_counter_has_a_name_of_its_own),
		TEST(a_driver_that_refuses_to_begin_is_passed_on),
		TEST(only_the_worker_of_an_async_device_has_a_driver_at_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
