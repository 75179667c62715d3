#include "rtloop/cycle/safe.h"

#include "drivers/output.h"
#include "rtloop/base/sys.h"
#include "rtloop/cycle/cycle.h"

/* What was not taken at once is offered again. */
#define LOOK_NS NS_PER_MS

void safe_begin_end(struct device *device)
{
	outputs_make_safe(device);
	device->must_emit = true;
	device->is_ending = true;
}

bool safe_end_device(struct device *device, const struct cycle_time *now)
{
	if (!device->must_emit && !device->is_behind) {
		return true;
	}
	if (!device->link || device->is_lost || !device->driver->emit) {
		return false;
	}
	/* one that waits for an answer that does not come gives it up */
	if (device->driver->tick) {
		device->driver->tick(device, now);
	}
	if (!device->is_lost) {
		device->driver->emit(device, now);
	}
	return !device->must_emit && !device->is_behind && !device->is_lost;
}

static bool is_of_cycle(const struct loop *loop, const struct device *device)
{
	return !loop->lanes[device->index] && !device->is_dry;
}

/* What is to be left out of an end. */
struct exception {
	bool is_in_call;
	const struct device *stuck;
};

/* What came is taken first: a device may have to answer before it can be told more. */
static bool send_all(struct loop *loop, const struct cycle_time *now,
		     const struct exception *exception)
{
	bool is_done = true;

	if (!exception->is_in_call) {
		loop->poller.ops->scan(&loop->poller, now);
	}
	for (unsigned i = 0; i < loop->driven.count; i++) {
		struct device *device = loop->driven.devices[i];

		if (is_of_cycle(loop, device) && device != exception->stuck) {
			device->is_left_safe = safe_end_device(device, now);
			/* one that is away will not come back before the end */
			is_done &=
				device->is_left_safe || !device->link || device->is_lost;
		}
	}
	return is_done;
}

static struct cycle_time time_now(const struct loop *loop)
{
	int64_t now_ns = sys_now();

	return (struct cycle_time){ .cycle = loop->cycle,
				    .release = loop->grid.release,
				    .release_ns = now_ns,
				    .wake_ns = now_ns };
}

/* The supervisor may be busy for long, with a line that drains or with evidence: nothing waits for it. */
void safe_end_lanes(struct loop *loop)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		if (loop->lanes[i]) {
			async_ask_stop(loop->lanes[i]);
		}
	}
}

/* The last cycle is recorded: nothing may come after it that has no cycle. */
static void end_recording(struct loop *loop)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		loop->devices[i].recorder = NULL;
	}
}

/* From here on what is written has left when the call returns. */
static void write_directly(struct loop *loop)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		loop->devices[i].outbox = NULL;
	}
}

static void end_devices(struct loop *loop, const struct exception *exception)
{
	int64_t end_ns = sys_now() + SAFE_END_NS;
	struct cycle_time now = time_now(loop);

	for (unsigned i = 0; i < loop->driven.count; i++) {
		struct device *device = loop->driven.devices[i];

		if (is_of_cycle(loop, device) && device != exception->stuck) {
			safe_begin_end(device);
		}
	}
	while (!send_all(loop, &now, exception) && now.wake_ns < end_ns) {
		(void)sys_sleep_until(now.wake_ns + LOOK_NS);
		now = time_now(loop);
	}
}

void safe_end(struct loop *loop)
{
	const struct exception none = { .stuck = NULL };
	struct cycle_time now = time_now(loop);

	safe_end_lanes(loop);
	poller_settle(&loop->poller);
	write_directly(loop);
	if (loop->driven.count > 0) {
		end_recording(loop);
		cycle_take_mail(loop, &now);
		end_devices(loop, &none);
	}
}

void safe_end_but(struct loop *loop, bool is_in_call, const struct device *stuck)
{
	const struct exception exception = { .is_in_call = is_in_call, .stuck = stuck };

	safe_end_lanes(loop);
	end_recording(loop);
	/* the ring is that of the thread that hangs */
	poller_abandon(&loop->poller);
	write_directly(loop);
	end_devices(loop, &exception);
}

void safe_rescue(struct loop *loop, const struct device *but)
{
	for (unsigned i = 0; i < loop->driven.count; i++) {
		struct device *device = loop->driven.devices[i];
		const struct link *link = atomic_load(&device->shown_link);

		if (is_of_cycle(loop, device) && device != but && link &&
		    device->driver->rescue) {
			device->is_left_safe = device->driver->rescue(device, link) == 0;
		}
	}
}

static bool are_safe(const struct loop *loop)
{
	for (unsigned i = 0; i < loop->driven.count; i++) {
		const struct device *device = loop->driven.devices[i];

		if (is_of_cycle(loop, device) && !device->is_left_safe) {
			return false;
		}
	}
	return true;
}

void safe_note(struct loop *loop)
{
	heartbeat_note_outputs(loop->heartbeat, are_safe(loop)
							? HEARTBEAT_OUTPUTS_SAFE
							: HEARTBEAT_OUTPUTS_UNSAFE);
}

void safe_tell(struct loop *loop)
{
	unsigned driven = 0;
	int64_t safe = 0;

	for (unsigned i = 0; i < loop->driven.count; i++) {
		const struct device *device = loop->driven.devices[i];

		driven += !device->is_dry;
		safe += device->is_left_safe;
		if (!device->is_left_safe && !device->is_dry) {
			recorder_event(loop->recorder, EVENT_OUTPUTS_UNSAFE,
				       device->index, 0);
		}
	}
	if (driven > 0) {
		recorder_event(loop->recorder, EVENT_OUTPUTS_SAFE, EVENT_NO_DEVICE, safe);
	}
}
