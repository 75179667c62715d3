#include "rtloop/cycle/watchdog.h"

#include <errno.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/loop.h"
#include "rtloop/cycle/safe.h"

#define STACK_BYTES (128 << 10)

/* A thread that can be parked is parked as soon as it gets the CPU, which is while this one sleeps. */
#define PARK_LOOK_NS NS_PER_MS
#define PARK_WAIT_NS NS_PER_SEC

/* As async_stop(): an interrupt may miss the sleep that it is to end. */
#define STOP_LOOK_NS (2 * NS_PER_MS)

static bool is_of_device(uint32_t call)
{
	return call == BLAME_SCAN || call == BLAME_RECEIVE || call == BLAME_SAMPLE ||
	       call == BLAME_TICK || call == BLAME_EMIT;
}

/* Also where it comes from a plugin, which has no outputs of its own: whose call it was is told. */
static void note_place(struct watchdog *watchdog)
{
	const struct blame *blame = &watchdog->loop->blame;

	watchdog->call = atomic_load_explicit(&blame->call, memory_order_relaxed);
	watchdog->device = atomic_load_explicit(&blame->device, memory_order_relaxed);
}

static struct device *stuck_device(const struct watchdog *watchdog)
{
	const struct loop *loop = watchdog->loop;
	bool is_one =
		is_of_device(watchdog->call) && watchdog->device < loop->device_count;

	return is_one ? &loop->devices[watchdog->device] : NULL;
}

static bool park(struct watchdog *watchdog)
{
	struct thread *cycle = &watchdog->loop->thread;
	int64_t end_ns = sys_now() + PARK_WAIT_NS;

	thread_ask_park(cycle);
	while (!thread_is_parked(cycle) && sys_now() < end_ns) {
		(void)sys_sleep_until(sys_now() + PARK_LOOK_NS);
	}
	/* one that could not be parked would keep the CPU from the threads that end the run */
	thread_demote(cycle);
	return thread_is_parked(cycle);
}

/* What is fastest and needs nobody comes first; what the cycle may still have written meanwhile is written over. */
static void leave_safe(struct watchdog *watchdog)
{
	struct loop *loop = watchdog->loop;
	struct device *stuck;

	note_place(watchdog);
	safe_rescue(loop, stuck_device(watchdog));
	watchdog->is_parked = park(watchdog);
	note_place(watchdog);
	stuck = stuck_device(watchdog);
	if (!watchdog->is_parked) {
		/* the kernel may hold what a call for that device would wait for */
		safe_rescue(loop, stuck);
		safe_end_lanes(loop);
		return;
	}
	safe_rescue(loop, NULL);
	safe_end_but(loop, is_of_device(watchdog->call), stuck);
}

/* It must not write behind the safe values. One that comes back is parked before it can go on. */
static void look_after_stuck(struct watchdog *watchdog)
{
	if (!watchdog->is_parked && thread_is_parked(&watchdog->loop->thread)) {
		watchdog->is_parked = true;
		safe_rescue(watchdog->loop, NULL);
	}
}

/* From here on the supervisor ends the run, and with it this thread. */
static void end_in_time(struct watchdog *watchdog)
{
	int64_t end_ns = sys_now() + WATCHDOG_PATIENCE_NS;

	while (sys_now() < end_ns) {
		look_after_stuck(watchdog);
		(void)sys_sleep_until(sys_now() + STOP_LOOK_NS);
	}
	_exit(WATCHDOG_EXIT_STATUS);
}

static void take_over(struct watchdog *watchdog)
{
	struct loop *loop = watchdog->loop;

	if (!heartbeat_claim(loop->heartbeat, HEARTBEAT_WATCHDOG)) {
		return;
	}
	watchdog->silent_ns = sys_now() - heartbeat_due_ns(loop->heartbeat);
	leave_safe(watchdog);
	safe_note(loop);
	loop->ended_ns = sys_now();
	heartbeat_enter(loop->heartbeat, HEARTBEAT_ENDED);
	atomic_store(&loop->end, LOOP_ENDED_HUNG);
	end_in_time(watchdog);
}

static void *watchdog_main(void *arg)
{
	struct watchdog *watchdog = arg;
	struct watch *watch = &watchdog->watch;

	watch_init(watch, watchdog->loop->heartbeat, sys_now());
	while (!atomic_load(&watchdog->is_asked_to_stop)) {
		(void)sys_sleep_until(watch_next_ns(watch));
		if (sys_now() >= watch_next_ns(watch) && watch_look(watch, sys_now())) {
			take_over(watchdog);
		}
	}
	atomic_store(&watchdog->has_ended, true);
	return NULL;
}

static int start(struct watchdog *watchdog, int priority, struct err *err)
{
	const struct thread_options options = { .name = "rtloop-watchdog",
						.stack_bytes = STACK_BYTES,
						.priority = priority,
						.cpu = -1 };
	int code =
		thread_start(&watchdog->thread, &options, watchdog_main, watchdog, err);

	if (code == 0) {
		watchdog->priority = priority;
	}
	return code;
}

/* The cycle has no priority then either: on a busy machine it waits for a CPU, which is no hang. */
static int start_ordinary(struct watchdog *watchdog, struct err *err)
{
	struct heartbeat *heartbeat = watchdog->loop->heartbeat;

	if (heartbeat->limit_ns <= INT64_MAX / WATCHDOG_ORDINARY_TIMES) {
		heartbeat->limit_ns *= WATCHDOG_ORDINARY_TIMES;
	}
	return start(watchdog, 0, err);
}

int watchdog_start(struct watchdog *watchdog, struct loop *loop, int priority,
		   struct err *err)
{
	int code = -EPERM;

	if (loop->heartbeat->limit_ns == 0) {
		return 0;
	}
	watchdog->loop = loop;
	if (priority > 0) {
		code = start(watchdog, priority + 1, err);
		code = code == -EPERM ? start(watchdog, priority, err) : code;
	}
	return code == -EPERM ? start_ordinary(watchdog, err) : code;
}

void watchdog_stop(struct watchdog *watchdog)
{
	if (!watchdog->thread.is_running) {
		return;
	}
	atomic_store(&watchdog->is_asked_to_stop, true);
	while (!atomic_load(&watchdog->has_ended)) {
		thread_interrupt(&watchdog->thread);
		(void)sys_sleep_until(sys_now() + STOP_LOOK_NS);
	}
	thread_join(&watchdog->thread);
}
