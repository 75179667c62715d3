#include "rtloop/cycle/seat.h"

#include "drivers/output.h"

void seat_offer(struct seat *seat, struct poll_link *link)
{
	/* pairs with the acquire in seat_attach(): the link is complete */
	atomic_store_explicit(&seat->offered, link, memory_order_release);
}

bool seat_has_offer(const struct seat *seat)
{
	return atomic_load_explicit(&seat->offered, memory_order_relaxed) != NULL;
}

struct poll_link *seat_take_back(struct seat *seat)
{
	/* pairs with the release in give_back(): the thread has let go of them */
	return atomic_exchange_explicit(&seat->given_back, NULL, memory_order_acquire);
}

/* Bounded: all that can come between is the supervisor emptying the list, once in 50 ms. */
static void give_back(struct seat *seat, struct poll_link *link)
{
	link->next_given_back =
		atomic_load_explicit(&seat->given_back, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(
		&seat->given_back, &link->next_given_back, link, memory_order_release,
		memory_order_relaxed)) {
	}
}

/* The watchdog may be about to write to it: see loop_may_be_rescued(). */
static void use_link(struct device *device, const struct link *link)
{
	device->link = link;
	atomic_store(&device->shown_link, link);
}

static void lose(struct seat *seat, struct poller *poller, const struct cycle_time *now)
{
	struct poll_link *link = seat->current;
	struct device *device = seat->device;

	poller_detach(poller, link);
	seat->current = NULL;
	use_link(device, NULL);
	device->is_lost = false;
	device_mark_bad(device, now);
	device_count(device, COUNT_LOST, 1);
	device_event(device, EVENT_DEVICE_LOST, -device->lost_code);
	link->was_lost = true;
	link->lost_code = device->lost_code;
	give_back(seat, link);
}

static void take_in(struct seat *seat, struct poller *poller, struct poll_link *link,
		    const struct cycle_time *now)
{
	struct poll_link *before = seat->current;
	struct device *device = seat->device;
	int code;

	seat->current = link;
	use_link(device, &link->link);
	link->before = before;
	code = poller->ops->attach(poller, link);
	link->before = NULL;
	if (code) {
		device_lost(device, code);
		lose(seat, poller, now);
	} else if (device->driver->attach) {
		device->driver->attach(device, now);
	}
}

void seat_keep(struct seat *seat, struct poll_link *link)
{
	give_back(seat, link);
}

void seat_attach(struct seat *seat, struct poller *poller, const struct cycle_time *now)
{
	struct poll_link *before = seat->current;
	struct poll_link *link;

	if (!seat_has_offer(seat)) {
		return;
	}
	link = atomic_exchange_explicit(&seat->offered, NULL, memory_order_acquire);
	if (before) {
		poller_detach(poller, before);
	}
	take_in(seat, poller, link, now);
	/* not earlier: what was received by it and nobody has taken is the next one's */
	if (before) {
		give_back(seat, before);
	}
	if (!before && seat->current) {
		counter_add(&seat->opened, 1);
		device_event(seat->device, EVENT_DEVICE_OPENED,
			     (int64_t)counter_get(&seat->opened));
		outputs_begin(seat->device, now);
	}
}

void seat_detach_lost(struct seat *seat, struct poller *poller,
		      const struct cycle_time *now)
{
	if (seat->current && seat->device->is_lost) {
		lose(seat, poller, now);
	}
}

void seat_clear(struct seat *seat)
{
	struct poll_link *link = atomic_exchange(&seat->given_back, NULL);

	while (link) {
		struct poll_link *next = link->next_given_back;

		poll_link_destroy(link);
		link = next;
	}
	poll_link_destroy(seat->current);
	poll_link_destroy(atomic_exchange(&seat->offered, NULL));
	seat->current = NULL;
	if (seat->device) {
		use_link(seat->device, NULL);
	}
}
