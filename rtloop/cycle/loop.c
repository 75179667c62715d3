#include "rtloop/cycle/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/cycle.h"
#include "rtloop/cycle/safe.h"

/* How soon a thread that hangs is noticed while its end is waited for. */
#define JOIN_LOOK_NS (20 * NS_PER_MS)

static void add_to(struct device_set *set, struct device *device, bool belongs)
{
	if (belongs) {
		set->devices[set->count++] = device;
	}
}

static void sort_out(struct loop *loop, struct device *device)
{
	bool is_mirror = loop->lanes[device->index] != NULL;
	const struct driver *driver = device->driver;

	add_to(&loop->sampled, device, !is_mirror && driver->sample);
	add_to(&loop->ticked, device, !is_mirror && driver->tick);
	add_to(&loop->emitting, device,
	       !is_mirror && driver->emit && (!driver->emits || driver->emits(device)));
	add_to(&loop->driven, device, device->spec->out_count > 0);
	add_to(&loop->aging, device, device->spec->max_age_ns > 0);
	add_to(&loop->mirrored, device, is_mirror);
}

/* Devices with the same "every: n" take turns instead of falling due together. */
static void spread_phases(struct loop *loop)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		uint32_t before = 0;

		for (unsigned j = 0; j < i; j++) {
			before += loop->devices[j].spec->every ==
				  loop->devices[i].spec->every;
		}
		loop->devices[i].phase = before % (uint32_t)loop->devices[i].spec->every;
	}
}

static int make_sets(struct loop *loop)
{
	struct device_set *sets[] = { &loop->sampled, &loop->ticked, &loop->emitting,
				      &loop->driven,  &loop->aging,  &loop->mirrored };

	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		sets[i]->devices =
			calloc(loop->device_count + 1, sizeof(*sets[i]->devices));
		if (!sets[i]->devices) {
			return -ENOMEM;
		}
	}
	return 0;
}

static int make_lanes(struct loop *loop, struct err *err)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		struct device *device = &loop->devices[i];

		device->recorder = loop->recorder;
		device->any_lost = &loop->any_lost;
		loop->seats[i].device = device;
		if (device->spec->lane == LANE_ASYNC) {
			int code =
				async_create(&loop->lanes[i], device, loop->options, err);

			if (code) {
				return code;
			}
		}
		sort_out(loop, device);
	}
	return 0;
}

/* How the cycle waits, and how its devices write. */
static void set_up_ways(struct loop *loop)
{
	loop->poller.blame = &loop->blame;
	loop->pacer_kind = pacer_choose(loop->options->pacer, poller_ring(&loop->poller),
					&loop->pacer_note);
	for (unsigned i = 0; i < loop->device_count; i++) {
		loop->devices[i].outbox = loop->lanes[i] ? NULL : loop->poller.outbox;
	}
}

int loop_init(struct loop *loop, const struct loop_options *options,
	      struct device *devices, unsigned device_count, struct recorder *recorder,
	      struct err *err)
{
	int code;

	memset(loop, 0, sizeof(*loop));
	loop->options = options;
	loop->devices = devices;
	loop->device_count = device_count;
	loop->recorder = recorder;
	loop->seats = calloc(device_count + 1, sizeof(*loop->seats));
	loop->lanes = calloc(device_count + 1, sizeof(*loop->lanes));
	if (!loop->seats || !loop->lanes || make_sets(loop) ||
	    heartbeat_create(&loop->heartbeat) ||
	    overrun_limit_init(&loop->overrun_limit, (uint64_t)options->fault.overruns,
			       options->fault.within_ns)) {
		return err_set(err, -ENOMEM, "no memory for the loop");
	}
	loop->heartbeat->limit_ns = options->fault.hang_ns;
	spread_phases(loop);
	code = make_lanes(loop, err);
	code = code ? code : poller_open(&loop->poller, options->poller, err);
	if (code == 0) {
		set_up_ways(loop);
	}
	return code;
}

void loop_fini(struct loop *loop)
{
	for (unsigned i = 0; loop->lanes && i < loop->device_count; i++) {
		async_destroy(loop->lanes[i]);
	}
	for (unsigned i = 0; loop->seats && i < loop->device_count; i++) {
		seat_clear(&loop->seats[i]);
	}
	heartbeat_destroy(loop->heartbeat);
	overrun_limit_fini(&loop->overrun_limit);
	poller_close(&loop->poller);
	view_fini(&loop->view);
	state_fini(&loop->state);
	sampled_fini(&loop->sample_times);
	free(loop->sampled.devices);
	free(loop->ticked.devices);
	free(loop->emitting.devices);
	free(loop->driven.devices);
	free(loop->aging.devices);
	free(loop->mirrored.devices);
	free(loop->lanes);
	free(loop->seats);
	memset(loop, 0, sizeof(*loop));
}

static int start_lanes(struct loop *loop, struct err *err)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		int code = loop->lanes[i] ? async_start(loop->lanes[i], err) : 0;

		if (code) {
			return code;
		}
	}
	return 0;
}

/* One whose device does not answer may take for ever: after a fault nobody waits for it. */
static void stop_lanes(struct loop *loop, int64_t until_ns)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		async_stop(loop->lanes[i], until_ns);
	}
}

static int start_thread(struct loop *loop, struct realtime *realtime, struct err *err)
{
	struct thread_options options = {
		.name = "rtloop-cycle",
		.stack_bytes = (size_t)loop->options->stack_bytes,
		.priority = (int)loop->options->priority,
		.cpu = (int)loop->options->cpu,
	};
	int code = watchdog_start(&loop->watchdog, loop, options.priority, err);

	if (code) {
		return code;
	}
	code = thread_start(&loop->thread, &options, cycle_main, loop, err);
	if (code == 0 || code == -EPERM) {
		realtime_note_fifo(realtime, options.priority, code);
		realtime->cpu = options.cpu;
	}
	if (code == 0) {
		realtime_note_throttling(
			realtime, options.cpu,
			(int)(loop->options->spin_ns * 100 / loop->options->period_ns),
			"");
	}
	if (code == -EPERM) {
		options.priority = 0;
		code = thread_start(&loop->thread, &options, cycle_main, loop, err);
	}
	if (code == 0 && loop->watchdog.thread.is_running) {
		realtime_note_watchdog(realtime, loop->watchdog.priority);
	}
	return code;
}

int loop_start(struct loop *loop, struct realtime *realtime, struct err *err)
{
	int code;

	thread_prepare();
	code = start_lanes(loop, err);
	code = code ? code : start_thread(loop, realtime, err);
	if (code) {
		watchdog_stop(&loop->watchdog);
		stop_lanes(loop, INT64_MAX);
	}
	return code;
}

void loop_ask_stop(struct loop *loop)
{
	atomic_store(&loop->is_asked_to_stop, true);
	/* it may be just about to sleep: the caller asks again until it has ended */
	thread_interrupt(&loop->thread);
}

/* False where it never will: it hangs. */
static bool join_cycle(struct loop *loop)
{
	while (!thread_join_until(&loop->thread, sys_now() + JOIN_LOOK_NS)) {
		if (loop_state(loop) == LOOP_ENDED_HUNG) {
			return false;
		}
	}
	return true;
}

/* What the cycle in which it hangs has recorded so far is no whole cycle. */
static void tell_hang(struct loop *loop)
{
	const struct watchdog *watchdog = &loop->watchdog;

	recorder_abandon(loop->recorder, loop->ended_ns);
	recorder_event(loop->recorder, EVENT_CYCLE_HUNG, watchdog->device,
		       watchdog->silent_ns);
}

void loop_join(struct loop *loop)
{
	if (join_cycle(loop)) {
		watchdog_stop(&loop->watchdog);
		if (loop_state(loop) == LOOP_ENDED_FAILED) {
			/* where the poller is what failed, devices are lost one by one */
			(void)poller_begin(&loop->poller);
			cycle_end(loop);
			cycle_let_go(loop);
		}
		stop_lanes(loop, INT64_MAX);
	} else {
		stop_lanes(loop, sys_now() + 2 * SAFE_END_NS);
		tell_hang(loop);
	}
	safe_tell(loop);
}

static struct seat *seat_of(struct loop *loop, unsigned device_index)
{
	struct async *lane = loop->lanes[device_index];

	return lane ? async_seat(lane) : &loop->seats[device_index];
}

int loop_equip(struct loop *loop, unsigned device_index, struct poll_link *link)
{
	return loop->lanes[device_index] ? 0 : poller_equip(&loop->poller, link);
}

void loop_offer(struct loop *loop, unsigned device_index, struct poll_link *link)
{
	seat_offer(seat_of(loop, device_index), link);
	/* pairs with the acquire in take_mail(): the offer is seen with the mail */
	atomic_fetch_add_explicit(&loop->mail, 1, memory_order_release);
}

bool loop_has_offer(struct loop *loop, unsigned device_index)
{
	return seat_has_offer(seat_of(loop, device_index));
}

struct poll_link *loop_take_back(struct loop *loop, unsigned device_index)
{
	return seat_take_back(seat_of(loop, device_index));
}

void loop_keep(struct loop *loop, unsigned device_index, struct poll_link *link)
{
	seat_keep(seat_of(loop, device_index), link);
}

bool loop_may_be_rescued(const struct loop *loop)
{
	return heartbeat_owner(loop->heartbeat) == HEARTBEAT_WATCHDOG;
}

struct device *loop_worker(struct loop *loop, unsigned device_index)
{
	return seat_of(loop, device_index)->device;
}

bool loop_reads_in_wait(const struct loop *loop)
{
	return loop->pacer_kind == PACER_URING && loop->poller.uring &&
	       loop->options->spin_ns == 0;
}

enum loop_end loop_state(const struct loop *loop)
{
	return (enum loop_end)atomic_load(&loop->end);
}
