#include "rtloop/cycle/poller.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/cycle/options.h"

static const struct poller_ops *const kinds[] = {
	[POLLER_EPOLL] = &poller_epoll,
};

int poller_open(struct poller *poller, int kind, struct err *err)
{
	int code;

	*poller = (struct poller){ .ops = kinds[kind], .epoll_fd = -1 };
	poller->events = calloc(POLLER_EVENTS_MAX, sizeof(*poller->events));
	if (!poller->events) {
		return err_set(err, -ENOMEM, "no memory for the poller");
	}
	code = poller->ops->open(poller, err);
	if (code) {
		poller_close(poller);
	}
	return code;
}

void poller_close(struct poller *poller)
{
	if (poller->ops) {
		poller->ops->close(poller);
		free(poller->events);
		*poller = (struct poller){ .epoll_fd = -1 };
	}
}

static bool is_messages(const struct endpoint *endpoint)
{
	return endpoint->op == ENDPOINT_RECV || endpoint->op == ENDPOINT_RECVMSG;
}

/* The most that one endpoint of the link needs at a time. */
static void measure(const struct link *link, size_t *ret_bytes, size_t *ret_messages)
{
	*ret_bytes = 1;
	*ret_messages = 1;
	for (unsigned i = 0; i < link->endpoint_count; i++) {
		const struct endpoint *endpoint = &link->endpoints[i];
		size_t messages = is_messages(endpoint) ? endpoint->budget : 1;

		if (endpoint->bytes * messages > *ret_bytes) {
			*ret_bytes = endpoint->bytes * messages;
		}
		if (messages > *ret_messages) {
			*ret_messages = messages;
		}
	}
}

static void free_memory(struct poll_link *link)
{
	free(link->slots);
	free(link->buffer);
	free(link->headers);
	free(link->parts);
	free(link->names);
	free(link->controls);
	free(link);
}

struct poll_link *poll_link_create(struct device *device, const struct link *opened)
{
	struct poll_link *link = calloc(1, sizeof(*link));
	size_t bytes, messages;

	if (!link) {
		return NULL;
	}
	measure(opened, &bytes, &messages);
	link->slots = calloc(opened->endpoint_count + 1, sizeof(*link->slots));
	link->buffer = calloc(1, bytes);
	link->headers = calloc(messages, sizeof(*link->headers));
	link->parts = calloc(messages, sizeof(*link->parts));
	link->names = calloc(messages, sizeof(*link->names));
	link->controls = calloc(messages, POLL_CONTROL_BYTES);
	if (!link->slots || !link->buffer || !link->headers || !link->parts ||
	    !link->names || !link->controls) {
		free_memory(link);
		return NULL;
	}
	link->device = device;
	link->link = *opened;
	for (unsigned i = 0; i < opened->endpoint_count; i++) {
		link->slots[i] = (struct poll_slot){ .link = link,
						     .endpoint = &opened->endpoints[i] };
	}
	return link;
}

void poll_link_destroy(struct poll_link *link)
{
	if (!link) {
		return;
	}
	if (link->device->driver->close) {
		link->device->driver->close(link->device, &link->link);
	}
	free_memory(link);
}

void poller_detach(struct poller *poller, struct poll_link *link)
{
	for (unsigned i = 0; i < link->link.endpoint_count; i++) {
		if (link->slots[i].is_polled) {
			poller->ops->detach(poller, &link->slots[i]);
		}
	}
}

bool device_is_due(const struct device *device, const struct cycle_time *now)
{
	return device->spec->every == 1 ||
	       now->cycle % (uint64_t)device->spec->every == device->phase;
}

/* An endpoint failed, or came to its end: the driver says what that means. */
static void end_endpoint(struct poller *poller, struct poll_slot *slot, int code)
{
	struct device *device = slot->link->device;
	enum verdict verdict = VERDICT_LOST;

	if (device->driver->hang_up) {
		verdict = device->driver->hang_up(device, slot->endpoint->tag, code);
	}
	if (verdict == VERDICT_DROP) {
		poller->ops->detach(poller, slot);
	} else if (verdict == VERDICT_LOST) {
		device_lost(device, code);
	}
}

static void hand_over(struct poll_slot *slot, const uint8_t *data, uint32_t bytes,
		      const struct cycle_time *now)
{
	struct message message = { .data = data,
				   .bytes = bytes,
				   .tag = slot->endpoint->tag };

	slot->link->device->driver->receive(slot->link->device, &message, now);
}

static void take_stream(struct poller *poller, struct poll_slot *slot,
			const struct cycle_time *now)
{
	struct device *device = slot->link->device;
	uint32_t room = slot->endpoint->bytes;
	ssize_t got;

	if (device->driver->room) {
		uint32_t free_bytes = device->driver->room(device, slot->endpoint->tag);

		room = free_bytes < room ? free_bytes : room;
	}
	if (room == 0) {
		return;
	}
	got = sys_read(slot->endpoint->fd, slot->link->buffer, room);
	if (got > 0) {
		hand_over(slot, slot->link->buffer, (uint32_t)got, now);
	} else if (got != -EAGAIN && got != -EINTR) {
		end_endpoint(poller, slot, (int)got);
	}
}

static ssize_t receive_one(const struct poll_slot *slot)
{
	const struct endpoint *endpoint = slot->endpoint;
	uint8_t *buffer = slot->link->buffer;

	return endpoint->op == ENDPOINT_MQ
		       ? sys_mq_receive(endpoint->fd, buffer, endpoint->bytes)
		       : sys_read(endpoint->fd, buffer, endpoint->bytes);
}

/* A message may be empty; a record is not: there, nothing is the end. */
static void take_one_by_one(struct poller *poller, struct poll_slot *slot,
			    const struct cycle_time *now)
{
	const struct endpoint *endpoint = slot->endpoint;
	struct poll_link *link = slot->link;
	uint32_t taken = 0;

	while (taken < endpoint->budget && !link->device->is_lost) {
		ssize_t got = receive_one(slot);

		if (got == -EAGAIN || got == -EINTR) {
			return;
		}
		if (got < 0 || (got == 0 && endpoint->op == ENDPOINT_RECORD)) {
			end_endpoint(poller, slot, (int)got);
			return;
		}
		hand_over(slot, link->buffer, (uint32_t)got, now);
		taken++;
	}
	if (taken == endpoint->budget) {
		device_count(link->device, COUNT_FLOODED, 1);
	}
}

static void lay_out_header(struct poll_slot *slot, uint32_t index)
{
	struct poll_link *link = slot->link;
	const struct endpoint *endpoint = slot->endpoint;
	struct msghdr *header = &link->headers[index].msg_hdr;

	link->parts[index] =
		(struct iovec){ link->buffer + (size_t)index * endpoint->bytes,
				endpoint->bytes };
	*header = (struct msghdr){ .msg_iov = &link->parts[index], .msg_iovlen = 1 };
	if (endpoint->op == ENDPOINT_RECVMSG) {
		header->msg_name = &link->names[index];
		header->msg_namelen = sizeof(link->names[index]);
		header->msg_control = link->controls + (size_t)index * POLL_CONTROL_BYTES;
		header->msg_controllen = POLL_CONTROL_BYTES;
	}
}

/* The kernel writes lengths into the headers that it used: those are laid out again, no
 * others. */
static void lay_out_headers(struct poll_slot *slot)
{
	struct poll_link *link = slot->link;
	uint32_t count = link->laid_out_for == slot ? link->used : slot->endpoint->budget;

	for (uint32_t i = 0; i < count; i++) {
		lay_out_header(slot, i);
	}
	link->laid_out_for = slot;
}

static void hand_over_message(struct poll_slot *slot, uint32_t index,
			      const struct cycle_time *now)
{
	struct poll_link *link = slot->link;
	const struct mmsghdr *header = &link->headers[index];
	bool is_full = slot->endpoint->op == ENDPOINT_RECVMSG;
	struct message message = {
		.data = link->parts[index].iov_base,
		.bytes = header->msg_len,
		.tag = slot->endpoint->tag,
		.is_truncated = (header->msg_hdr.msg_flags & MSG_TRUNC) != 0,
		.from = is_full && header->msg_hdr.msg_namelen > 0 ? &link->names[index]
								   : NULL,
		.header = is_full ? &header->msg_hdr : NULL,
	};

	link->device->driver->receive(link->device, &message, now);
}

static void take_messages(struct poller *poller, struct poll_slot *slot,
			  const struct cycle_time *now)
{
	const struct endpoint *endpoint = slot->endpoint;
	int count;

	lay_out_headers(slot);
	count = sys_recv_many(endpoint->fd, slot->link->headers, endpoint->budget);
	slot->link->used = count > 0 ? (uint32_t)count : 0;
	if (count < 0 && count != -EAGAIN && count != -EINTR) {
		end_endpoint(poller, slot, count);
	}
	for (int i = 0; i < count && !slot->link->device->is_lost; i++) {
		/* past its end a socket gives as many empty messages as one asks for */
		if (slot->is_hung_up && slot->link->headers[i].msg_len == 0) {
			end_endpoint(poller, slot, 0);
			return;
		}
		hand_over_message(slot, (uint32_t)i, now);
	}
	if (count == (int)endpoint->budget) {
		device_count(slot->link->device, COUNT_FLOODED, 1);
	}
}

void poller_take(struct poller *poller, struct poll_slot *slot,
		 const struct cycle_time *now)
{
	blame_enter(poller->blame, slot->link->device->index, BLAME_RECEIVE);
	switch (slot->endpoint->op) {
	case ENDPOINT_READ:
		take_stream(poller, slot, now);
		break;
	case ENDPOINT_RECV:
	case ENDPOINT_RECVMSG:
		take_messages(poller, slot, now);
		break;
	case ENDPOINT_RECORD:
	case ENDPOINT_MQ:
		take_one_by_one(poller, slot, now);
		break;
	}
	device_report_drops(slot->link->device, now);
	blame_mark(poller->blame, slot->link->device->index, BLAME_RECEIVE);
}
