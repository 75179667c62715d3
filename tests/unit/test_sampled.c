#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "rtloop/base/time.h"
#include "rtloop/cycle/sampled.h"

#define TOPIC 9

struct bed {
	struct ring ring;
	struct recorder recorder;
	struct sampled sampled;
	struct channel channels[2];
	struct cycle_time now;
	unsigned messages;
	struct {
		uint64_t cycle;
		int64_t sample_ns[2];
	} last;
};

static struct bed bed;

static int set_up(void **state)
{
	struct err err;

	memset(&bed, 0, sizeof(bed));
	assert_int_equal(ring_init(&bed.ring, 64 << 10, &err), 0);
	bed.recorder.ring = &bed.ring;
	bed.recorder.wake_fd = -1;
	bed.recorder.wake_mark_bytes = UINT64_MAX;
	bed.sampled.topic = TOPIC;
	bed.now.release_ns = NS_PER_SEC;
	assert_int_equal(sampled_add(&bed.sampled, &bed.channels[0]), 0);
	assert_int_equal(sampled_add(&bed.sampled, &bed.channels[1]), 0);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sampled_fini(&bed.sampled);
	ring_fini(&bed.ring);
	return 0;
}

static void run_cycle(void)
{
	const struct record *record;
	uint64_t bytes = 0;

	recorder_begin(&bed.recorder, bed.now.cycle, bed.now.release_ns);
	sampled_record(&bed.sampled, &bed.recorder, &bed.now);
	recorder_end(&bed.recorder);
	record = ring_peek(&bed.ring, &bytes);
	if (record) {
		assert_int_equal(record->topic, TOPIC);
		assert_int_equal(record->bytes, sizeof(bed.last));
		memcpy(&bed.last, record + 1, sizeof(bed.last));
		ring_take(&bed.ring, bytes);
		bed.messages++;
	}
	bed.now.cycle++;
	bed.now.release_ns += NS_PER_MS;
}

static void the_first_cycle_tells_all_times(void **state)
{
	(void)state;
	bed.channels[1].sample_ns = 5;
	run_cycle();
	assert_int_equal(bed.messages, 1);
	assert_int_equal(bed.last.sample_ns[0], 0);
	assert_int_equal(bed.last.sample_ns[1], 5);
}

static void a_time_that_stays_is_not_told_again(void **state)
{
	(void)state;
	bed.channels[1].sample_ns = 5;
	run_cycle();
	run_cycle();
	assert_int_equal(bed.messages, 1);
	bed.channels[1].sample_ns = 6;
	run_cycle();
	assert_int_equal(bed.messages, 2);
	assert_int_equal(bed.last.cycle, 2);
	assert_int_equal(bed.last.sample_ns[1], 6);
}

static void what_is_sampled_in_each_cycle_is_told_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		bed.channels[0].sample_ns = bed.now.release_ns + i;
		run_cycle();
	}
	assert_int_equal(bed.messages, 1);
	assert_int_equal(bed.last.sample_ns[0], SAMPLED_NOW);
}

static void the_end_of_sampling_in_each_cycle_tells_the_last_time(void **state)
{
	int64_t last_ns = bed.now.release_ns + 10;

	(void)state;
	bed.channels[0].sample_ns = last_ns;
	run_cycle();
	run_cycle();
	run_cycle();
	assert_int_equal(bed.messages, 2);
	assert_int_equal(bed.last.cycle, 1);
	assert_int_equal(bed.last.sample_ns[0], last_ns);
}

static void without_channels_there_is_no_message(void **state)
{
	struct sampled none = { .topic = TOPIC };

	(void)state;
	assert_int_equal(sampled_body_bytes(&none), 0);
	recorder_begin(&bed.recorder, 0, 0);
	sampled_record(&none, &bed.recorder, &bed.now);
	recorder_end(&bed.recorder);
	assert_int_equal(ring_used(&bed.ring), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_cycle_tells_all_times),
		TEST(a_time_that_stays_is_not_told_again),
		TEST(what_is_sampled_in_each_cycle_is_told_once),
		TEST(the_end_of_sampling_in_each_cycle_tells_the_last_time),
		TEST(without_channels_there_is_no_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
