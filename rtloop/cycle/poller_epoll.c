#include <errno.h>
#include <stdlib.h>

#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"
#include "rtloop/cycle/poller.h"

static int poll_attach(struct poller *poller, struct poll_link *link) RT_SAFE;
static void poll_detach(struct poller *poller, struct poll_slot *slot) RT_SAFE;
static void poll_scan(struct poller *poller, const struct cycle_time *now) RT_SAFE;

static int poll_open(struct poller *poller, struct err *err)
{
	poller->events = calloc(POLLER_EVENTS_MAX, sizeof(*poller->events));
	if (!poller->events) {
		return err_set(err, -ENOMEM, "no memory for the poller");
	}
	poller->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (poller->epoll_fd < 0) {
		int code = -errno;

		free(poller->events);
		return err_set_errno(err, code, "cannot make the poller");
	}
	return 0;
}

static void poll_close(struct poller *poller)
{
	sys_close(poller->epoll_fd);
	free(poller->events);
}

static int poll_attach(struct poller *poller, struct poll_link *link)
{
	for (unsigned i = 0; i < link->link.endpoint_count; i++) {
		struct poll_slot *slot = &link->slots[i];
		struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP,
					     .data.ptr = slot };
		int code = sys_epoll_ctl(poller->epoll_fd, EPOLL_CTL_ADD,
					 slot->endpoint->fd, &event);

		if (code) {
			poller_detach(poller, link);
			return code;
		}
		slot->is_polled = true;
		poller->polled_count++;
	}
	return 0;
}

/* EPOLL_CTL_DEL, since a hung-up descriptor is reported whatever its event mask says. */
static void poll_detach(struct poller *poller, struct poll_slot *slot)
{
	struct epoll_event unused = { 0 };

	sys_epoll_ctl(poller->epoll_fd, EPOLL_CTL_DEL, slot->endpoint->fd, &unused);
	slot->is_polled = false;
	poller->polled_count--;
}

/*
 * Level-triggered: what a budget leaves unread is reported again. The kernel moves what
 * it reported to the end of its list, so that with more ready than fit none is passed
 * over for ever.
 */
static void poll_scan(struct poller *poller, const struct cycle_time *now)
{
	int count;

	if (poller->polled_count == 0) {
		return;
	}
	count = sys_epoll_wait(poller->epoll_fd, poller->events, POLLER_EVENTS_MAX, 0);
	if (count > 0) {
		blame_mark(poller->blame, BLAME_NOBODY, BLAME_SCAN);
	}
	for (int i = 0; i < count; i++) {
		struct poll_slot *slot = poller->events[i].data.ptr;

		slot->is_hung_up = poller->events[i].events & (EPOLLHUP | EPOLLRDHUP);
		if (slot->is_polled && !slot->link->device->is_lost &&
		    device_is_due(slot->link->device, now)) {
			poller_take(poller, slot, now);
		}
	}
}

const struct poller_ops poller_epoll = {
	.name = "epoll",
	.calls = CALLS_EPOLL_WAIT | CALLS_EPOLL_CTL,
	.open = poll_open,
	.close = poll_close,
	.attach = poll_attach,
	.detach = poll_detach,
	.scan = poll_scan,
};
