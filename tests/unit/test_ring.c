#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "rtloop/base/ring.h"
#include "tests/fakes/sweep.h"

#define RING_BYTES (64u << 10)

static int set_up(void **state)
{
	static struct ring ring;

	*state = &ring;
	return ring_init(&ring, RING_BYTES, NULL);
}

static int tear_down(void **state)
{
	ring_fini(*state);
	return 0;
}

static void put_number(struct ring *ring, uint64_t number)
{
	uint64_t *place = ring_reserve(ring, sizeof(number), 0);

	assert_non_null(place);
	*place = number;
}

static void a_size_is_rounded_up_to_a_power_of_two(void **state)
{
	struct ring ring;

	(void)state;
	assert_int_equal(ring_init(&ring, RING_BYTES + 1, NULL), 0);
	assert_int_equal(ring.bytes, 2 * RING_BYTES);
	ring_fini(&ring);
}

static void more_than_a_gibibyte_is_refused(void **state)
{
	struct ring ring;
	struct err err;

	(void)state;
	assert_int_equal(ring_init(&ring, (UINT64_C(1) << 30) + 1, &err), -EINVAL);
	ring_fini(&ring);
}

static void nothing_is_seen_before_the_commit(void **state)
{
	struct ring *ring = *state;
	uint64_t bytes = 0;

	put_number(ring, 1);
	assert_null(ring_peek(ring, &bytes));
	ring_commit(ring);
	assert_non_null(ring_peek(ring, &bytes));
	assert_int_equal(bytes, 8);
}

static void an_aborted_transaction_leaves_no_trace(void **state)
{
	struct ring *ring = *state;
	const uint64_t *seen;
	uint64_t bytes = 0;

	put_number(ring, 1);
	ring_commit(ring);
	put_number(ring, 2);
	put_number(ring, 3);
	ring_abort(ring);
	put_number(ring, 4);
	ring_commit(ring);
	seen = ring_peek(ring, &bytes);
	assert_int_equal(bytes, 16);
	assert_int_equal(seen[0], 1);
	assert_int_equal(seen[1], 4);
}

static void a_record_is_contiguous_over_the_end_of_the_buffer(void **state)
{
	struct ring *ring = *state;
	uint64_t bytes = 0;
	uint8_t *place;
	const uint8_t *seen;

	assert_non_null(ring_reserve(ring, RING_BYTES - 8, 0));
	ring_commit(ring);
	ring_take(ring, RING_BYTES - 8);
	place = ring_reserve(ring, 1024, 0);
	for (unsigned i = 0; i < 1024; i++) {
		place[i] = (uint8_t)i;
	}
	ring_commit(ring);
	seen = ring_peek(ring, &bytes);
	assert_int_equal(bytes, 1024);
	for (unsigned i = 0; i < 1024; i++) {
		assert_int_equal(seen[i], (uint8_t)i);
	}
	/* and the part past the end is the beginning of the buffer */
	assert_int_equal(ring->data[0], 8);
}

static void a_full_ring_refuses_and_stays_as_it_was(void **state)
{
	struct ring *ring = *state;
	uint64_t bytes = 0;

	assert_non_null(ring_reserve(ring, RING_BYTES, 0));
	assert_null(ring_reserve(ring, 1, 0));
	ring_commit(ring);
	assert_non_null(ring_peek(ring, &bytes));
	assert_int_equal(bytes, RING_BYTES);
	ring_take(ring, 8);
	assert_non_null(ring_reserve(ring, 8, 0));
	assert_null(ring_reserve(ring, 8, 0));
}

static void the_spare_is_kept_free(void **state)
{
	struct ring *ring = *state;

	assert_non_null(ring_reserve(ring, RING_BYTES - 4096, 4096));
	assert_null(ring_reserve(ring, 8, 4096));
	assert_non_null(ring_reserve(ring, 4096, 0));
}

/* Two threads: every record arrives once, whole and in order, through aborts and a full ring. */
#define STRESS_RECORDS 2000000

static void *produce(void *arg)
{
	struct ring *ring = arg;
	uint64_t number = 0, round = 0, most = sweep_count(STRESS_RECORDS);

	while (number < most) {
		uint64_t first = number;
		unsigned count = 1 + (unsigned)(number % 7);

		for (unsigned i = 0; i < count; i++) {
			uint32_t words = 1 + (uint32_t)(number % 13);
			uint64_t *place = ring_reserve(ring, (words + 1) * 8, 0);

			if (!place) {
				break;
			}
			place[0] = words;
			for (uint32_t word = 1; word <= words; word++) {
				place[word] = number;
			}
			number++;
		}
		if (++round % 11 == 0) {
			ring_abort(ring);
			number = first;
		}
		ring_commit(ring);
	}
	return NULL;
}

static void two_threads_lose_and_reorder_nothing(void **state)
{
	struct ring *ring = *state;
	uint64_t expected = 0, most = sweep_count(STRESS_RECORDS);
	pthread_t producer;

	assert_int_equal(pthread_create(&producer, NULL, produce, ring), 0);
	while (expected < most) {
		uint64_t bytes = 0, done = 0;
		const uint64_t *seen = ring_peek(ring, &bytes);

		while (done < bytes / 8) {
			uint64_t words = seen[done++];

			for (uint64_t word = 0; word < words; word++) {
				if (seen[done++] != expected) {
					fail_msg("record %llu is torn or out of order",
						 (unsigned long long)expected);
				}
			}
			expected += words > 0;
		}
		ring_take(ring, bytes);
	}
	pthread_join(producer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_size_is_rounded_up_to_a_power_of_two),
		cmocka_unit_test(more_than_a_gibibyte_is_refused),
		cmocka_unit_test_setup_teardown(nothing_is_seen_before_the_commit, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(an_aborted_transaction_leaves_no_trace,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_record_is_contiguous_over_the_end_of_the_buffer, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(a_full_ring_refuses_and_stays_as_it_was,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_spare_is_kept_free, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(two_threads_lose_and_reorder_nothing,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
