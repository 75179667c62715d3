#include "rtloop/cycle/scope.h"

#include "rtloop/base/calls.h"
#include "rtloop/base/uring.h"

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

/* The ring of both, where there is one. */
static void add_ring(struct filter_scope *scope, const struct pacer *pacer)
{
	scope->ring_fd = -1;
	scope->enter_fd = -1;
#ifdef HAVE_IO_URING
	if (pacer->ring) {
		scope->ring_fd = pacer->ring->fd;
		scope->enter_fd = pacer->ring->enter_fd;
	}
#endif
	scope->calls |= pacer->own_ring ? CALLS_URING_CLOSE : CALLS_NONE;
}

/* Outputs that were not taken at once are offered again, at the end, after a sleep, whatever the pacer. */
struct filter_scope scope_of(const struct loop *loop)
{
	struct filter_scope scope = {
		.calls = CALLS_NOW | CALLS_END | CALLS_SIGNAL | CALLS_SLEEP_UNTIL |
			 loop->pacer.ops->calls | loop->poller.ops->calls |
			 calls_of_devices(loop),
		.timer_fd = loop->pacer.timer_fd,
		.pacer_fd = loop->pacer.epoll_fd,
		.poller_fd = loop->poller.epoll_fd,
		.signal_fd = loop->recorder ? loop->recorder->wake_fd : -1,
	};

	add_ring(&scope, &loop->pacer);
	return scope;
}
