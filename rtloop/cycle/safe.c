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
	device->driver->emit(device, now);
	return !device->must_emit && !device->is_behind && !device->is_lost;
}

static bool is_of_cycle(const struct loop *loop, const struct device *device)
{
	return !loop->lanes[device->index] && !device->is_dry;
}

/* What came is taken first: a device may have to answer before it can be told more. */
static bool send_all(struct loop *loop, const struct cycle_time *now)
{
	bool is_done = true;

	loop->poller.ops->scan(&loop->poller, now);
	for (unsigned i = 0; i < loop->driven.count; i++) {
		struct device *device = loop->driven.devices[i];

		if (is_of_cycle(loop, device)) {
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
static void end_lanes(struct loop *loop)
{
	for (unsigned i = 0; i < loop->device_count; i++) {
		if (loop->lanes[i]) {
			async_ask_stop(loop->lanes[i]);
		}
	}
}

void safe_end(struct loop *loop)
{
	int64_t end_ns = sys_now() + SAFE_END_NS;
	struct cycle_time now = time_now(loop);

	end_lanes(loop);
	if (loop->driven.count == 0) {
		return;
	}
	/* the last cycle is recorded: nothing may come after it that has no cycle */
	for (unsigned i = 0; i < loop->device_count; i++) {
		loop->devices[i].recorder = NULL;
	}
	cycle_take_mail(loop, &now);
	for (unsigned i = 0; i < loop->driven.count; i++) {
		if (is_of_cycle(loop, loop->driven.devices[i])) {
			safe_begin_end(loop->driven.devices[i]);
		}
	}
	while (!send_all(loop, &now) && now.wake_ns < end_ns) {
		(void)sys_sleep_until(now.wake_ns + LOOK_NS);
		now = time_now(loop);
	}
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
