#include "rtloop/cycle/scope.h"

#include "rtloop/base/calls.h"

static uint32_t calls_of_devices(const struct loop *loop)
{
	uint32_t calls = 0;

	for (unsigned i = 0; i < loop->device_count; i++) {
		calls |= loop->lanes[i] ? 0 : loop->devices[i].driver->calls;
	}
	for (unsigned i = 0; i < loop->emitting.count; i++) {
		calls |= loop->emitting.devices[i]->driver->emit_calls;
	}
	return calls;
}

/* Outputs that were not taken at once are offered again, at the end, after a sleep, whatever the pacer. */
struct filter_scope scope_of(const struct loop *loop)
{
	return (struct filter_scope){
		.calls = CALLS_NOW | CALLS_END | CALLS_SIGNAL | CALLS_SLEEP_UNTIL |
			 loop->pacer.ops->calls | loop->poller.ops->calls |
			 calls_of_devices(loop),
		.timer_fd = loop->pacer.timer_fd,
		.pacer_fd = loop->pacer.epoll_fd,
		.poller_fd = loop->poller.epoll_fd,
		.signal_fd = loop->recorder ? loop->recorder->wake_fd : -1,
	};
}
