/*
 * Two threads on two CPUs and the real ring, recorder and eventfd: the logger of this test has no look of its own, so a
 * wake-up that is lost stands still for ever. RTLOOP_STRESS_CYCLES=50000000 goes on for longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "rtloop/base/record.h"
#include "rtloop/base/sys.h"

#define CYCLES	       200000
#define RING_BYTES     (64u << 10)
#define BODY_BYTES_MAX 600u

struct stress {
	struct ring ring;
	struct recorder recorder;
	uint64_t cycles; /* to run */
	uint64_t events; /* raised */
	uint64_t random;
	_Atomic bool is_over;

	/* of the logger */
	uint64_t next;
	uint64_t logged;
	uint64_t in_gaps;
	uint64_t events_seen;
	uint64_t events_told_lost;
	uint64_t wakes;
	uint64_t faults;
};

static uint64_t draw(struct stress *stress)
{
	stress->random =
		stress->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return stress->random >> 33;
}

/* Where there are two. */
static void stay_on_cpu(unsigned which)
{
	cpu_set_t all, one;

	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (CPU_ISSET(cpu, &all) && which-- == 0) {
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			assert_int_equal(
				pthread_setaffinity_np(pthread_self(), sizeof(one), &one),
				0);
			return;
		}
	}
}

static void check(struct stress *stress, bool holds)
{
	stress->faults += !holds;
}

static void take_body(struct stress *stress, const uint8_t *body, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++) {
		check(stress, body[i] == (uint8_t)(stress->next + i));
	}
}

static void take_event(struct stress *stress, const struct record_event *event)
{
	if (event->code == EVENT_EVENTS_LOST) {
		stress->events_told_lost += (uint64_t)event->value;
	} else {
		check(stress, event->value == (int64_t)event->cycle * 3);
		stress->events_seen++;
	}
}

static void take(struct stress *stress, const struct record *record)
{
	const void *body = record + 1;
	const struct record_gap *gap = body;

	switch (record->topic) {
	case TOPIC_CYCLE:
		check(stress, ((const struct record_cycle *)body)->cycle == stress->next);
		stress->next++;
		stress->logged++;
		break;
	case TOPIC_GAP:
		check(stress, gap->first == stress->next && gap->last >= gap->first);
		stress->in_gaps += gap->last - gap->first + 1;
		stress->next = gap->last + 1;
		break;
	case TOPIC_EVENT:
		take_event(stress, body);
		break;
	default:
		take_body(stress, body, record->bytes);
	}
}

static void drain(struct stress *stress)
{
	uint64_t bytes = 0, done = 0;
	const uint8_t *data = ring_peek(&stress->ring, &bytes);

	while (done < bytes) {
		const struct record *record = (const struct record *)(data + done);
		uint32_t taken = record_bytes(record->bytes);

		take(stress, record);
		ring_take(&stress->ring, taken);
		done += taken;
	}
}

static void *log_all(void *arg)
{
	struct stress *stress = arg;
	bool is_last;

	stay_on_cpu(1);
	do {
		uint64_t count;

		is_last = atomic_load(&stress->is_over);
		drain(stress);
		if (!is_last && recorder_fall_asleep(&stress->recorder)) {
			check(stress, read(stress->recorder.wake_fd, &count,
					   sizeof(count)) == sizeof(count));
			stress->wakes++;
		}
		recorder_get_up(&stress->recorder);
	} while (!is_last);
	return NULL;
}

static void run_cycle(struct stress *stress, uint64_t cycle)
{
	struct recorder *recorder = &stress->recorder;
	uint32_t bytes = 1 + (uint32_t)draw(stress) % BODY_BYTES_MAX;
	struct record_cycle *record;
	uint8_t *body;

	recorder_begin(recorder, cycle, (int64_t)cycle);
	body = recorder_add(recorder, TOPIC_DEVICES, bytes);
	for (uint32_t i = 0; body && i < bytes; i++) {
		body[i] = (uint8_t)(cycle + i);
	}
	record = recorder_add(recorder, TOPIC_CYCLE, sizeof(*record));
	if (record) {
		*record = (struct record_cycle){ .cycle = cycle };
	}
	if (draw(stress) % 8 == 0) {
		recorder_event(recorder, EVENT_DEVICE_LOST, 0, (int64_t)cycle * 3);
		stress->events++;
	}
	recorder_end(recorder);
}

/* An error, or a ring filled up to the mark, may be the last thing for a while: the logger must come for it. */
static void wait_for_the_logger(struct stress *stress, bool is_urgent)
{
	uint64_t most = is_urgent ? 0 : stress->recorder.wake_mark_bytes - 1;

	while (ring_used(&stress->ring) > most) {
		sched_yield();
	}
}

static void *run_all(void *arg)
{
	struct stress *stress = arg;

	stay_on_cpu(0);
	for (uint64_t cycle = 0; cycle < stress->cycles; cycle++) {
		uint64_t events = stress->events;

		run_cycle(stress, cycle);
		if (draw(stress) % 8 == 0) {
			wait_for_the_logger(stress, stress->events > events);
		}
	}
	while (recorder_close(&stress->recorder)) {
		sched_yield();
	}
	return NULL;
}

static void nothing_is_lost_and_every_wake_up_comes(void **state)
{
	static struct stress stress;
	const char *cycles = getenv("RTLOOP_STRESS_CYCLES");
	pthread_t logger, cycle;

	stress.random = 4711;
	stress.cycles = cycles ? strtoull(cycles, NULL, 10) : CYCLES;
	assert_int_equal(ring_init(&stress.ring, RING_BYTES, NULL), 0);
	stress.recorder.ring = &stress.ring;
	stress.recorder.wake_fd = eventfd(0, 0); /* waits */
	stress.recorder.wake_mark_bytes = RING_BYTES / 8;
	assert_int_equal(pthread_create(&logger, NULL, log_all, &stress), 0);
	assert_int_equal(pthread_create(&cycle, NULL, run_all, &stress), 0);
	assert_int_equal(pthread_join(cycle, NULL), 0);
	atomic_store(&stress.is_over, true);
	sys_signal(stress.recorder.wake_fd);
	assert_int_equal(pthread_join(logger, NULL), 0);

	assert_int_equal(stress.faults, 0);
	assert_int_equal(stress.next, stress.cycles);
	assert_int_equal(stress.logged + stress.in_gaps, stress.cycles);
	assert_int_equal(counter_get(&stress.recorder.cycles), stress.logged);
	assert_int_equal(counter_get(&stress.recorder.cycles_dropped), stress.in_gaps);
	assert_int_equal(stress.events_seen + stress.events_told_lost +
				 stress.recorder.events_untold,
			 stress.events);
	print_message("%llu cycles logged, %llu in gaps, %llu wake-ups\n",
		      (unsigned long long)stress.logged,
		      (unsigned long long)stress.in_gaps,
		      (unsigned long long)stress.wakes);
	sys_close(stress.recorder.wake_fd);
	ring_fini(&stress.ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_lost_and_every_wake_up_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
