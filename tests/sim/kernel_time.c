/* wraps: clock_gettime clock_nanosleep nanosleep */
#include <string.h>
#include <time.h>

#include "rtloop/base/time.h"
#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* A read of the clock takes so long, and is a call of nobody. */
#define READ_NS 25

/* 2027, which is not the time of the machine that this runs on. */
#define REALTIME_START_NS (INT64_C(1800000000) * NS_PER_SEC)

static struct {
	int64_t realtime_offset_ns;
	int64_t wake_max_ns;
	int64_t wake_delay_ns;
} clocks;

void kernel_set_latency(int64_t wake_max_ns)
{
	clocks.wake_max_ns = wake_max_ns;
	clocks.wake_delay_ns = 0;
	clocks.realtime_offset_ns = REALTIME_START_NS;
}

void kernel_delay_wake(int64_t ns)
{
	clocks.wake_delay_ns = ns;
}

void kernel_step_clock(int64_t ns)
{
	sim_note(NOTE_CLOCK_SET, ns, 0);
	clocks.realtime_offset_ns += ns;
}

/* No thread wakes at the very moment that it asked for. */
int64_t kernel_wake_time(int64_t until_ns)
{
	int64_t late_ns = rng_span(sim_rng(STREAM_SCHEDULE), 1000, clocks.wake_max_ns);

	if (sched_is_cycle()) {
		late_ns += clocks.wake_delay_ns;
		clocks.wake_delay_ns = 0;
	}
	return until_ns + late_ns;
}

static int sleep_until(int64_t until_ns)
{
	struct sched_wait wait = { .can_be_interrupted = true };

	kernel_call(CALL_WAIT);
	if (until_ns <= sched_now()) {
		return 0;
	}
	wait.until_ns = kernel_wake_time(until_ns);
	return sched_wait(&wait) == SCHED_INTERRUPTED ? EINTR : 0;
}

WRAP(int, clock_gettime, clockid_t clock, struct timespec *ret_time)
{
	int64_t offset_ns = clock == CLOCK_REALTIME ? clocks.realtime_offset_ns : 0;

	sched_pass(READ_NS);
	*ret_time = time_to_timespec(sched_now() + offset_ns);
	return 0;
}

WRAP(int, clock_nanosleep, clockid_t clock, int flags, const struct timespec *until,
     struct timespec *left)
{
	SIM_CHECK(clock == CLOCK_MONOTONIC && flags == TIMER_ABSTIME && !left,
		  "a sleep that is not absolute");
	if (sched_is_cycle() && kernel_at_edge) {
		kernel_at_edge();
	}
	return sleep_until(time_from_timespec(until));
}

WRAP(int, nanosleep, const struct timespec *time, struct timespec *left)
{
	(void)left;
	sleep_until(sched_now() + time_from_timespec(time));
	return 0;
}
