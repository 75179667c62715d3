#include "rtloop/cycle/seat.h"

void seat_offer(struct seat *seat, struct poll_link *link)
{
	/* pairs with the acquire in seat_attach(): the link is complete */
	atomic_store_explicit(&seat->offered, link, memory_order_release);
}

struct poll_link *seat_take_back(struct seat *seat)
{
	/* pairs with the release in give_back(): the thread has let go of it */
	return atomic_exchange_explicit(&seat->given_back, NULL, memory_order_acquire);
}

static void give_back(struct seat *seat, struct poller *poller,
		      const struct cycle_time *now)
{
	struct poll_link *link = seat->current;
	struct device *device = seat->device;

	poller_detach(poller, link);
	seat->current = NULL;
	device->link = NULL;
	device->is_lost = false;
	device_mark_bad(device, now);
	device_count(device, COUNT_LOST, 1);
	device_event(device, EVENT_DEVICE_LOST, -device->lost_code);
	atomic_store_explicit(&seat->given_back, link, memory_order_release);
}

void seat_attach(struct seat *seat, struct poller *poller, const struct cycle_time *now)
{
	struct device *device = seat->device;
	struct poll_link *link;
	int code;

	if (seat->current ||
	    !atomic_load_explicit(&seat->offered, memory_order_relaxed)) {
		return;
	}
	link = atomic_exchange_explicit(&seat->offered, NULL, memory_order_acquire);
	seat->current = link;
	device->link = &link->link;
	code = poller->ops->attach(poller, link);
	if (code) {
		device_lost(device, code);
		give_back(seat, poller, now);
		return;
	}
	if (device->driver->attach) {
		device->driver->attach(device, now);
	}
	counter_add(&seat->opened, 1);
	device_event(device, EVENT_DEVICE_OPENED, (int64_t)counter_get(&seat->opened));
}

void seat_detach_lost(struct seat *seat, struct poller *poller,
		      const struct cycle_time *now)
{
	if (seat->current && seat->device->is_lost) {
		give_back(seat, poller, now);
	}
}

void seat_clear(struct seat *seat)
{
	poll_link_destroy(seat->current);
	poll_link_destroy(atomic_exchange(&seat->offered, NULL));
	poll_link_destroy(atomic_exchange(&seat->given_back, NULL));
	seat->current = NULL;
	if (seat->device) {
		seat->device->link = NULL;
	}
}
