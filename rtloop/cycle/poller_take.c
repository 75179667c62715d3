#include "rtloop/cycle/poller.h"

#include <errno.h>
#include <string.h>

#include "rtloop/base/sys.h"

void poller_end_slot(struct poller *poller, struct poll_slot *slot, int code)
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

static bool is_for_later(ssize_t code)
{
	return code == -EAGAIN || code == -EINTR;
}

static bool take_stream(struct poller *poller, struct poll_slot *slot,
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
		return true;
	}
	got = sys_read(slot->endpoint->fd, slot->link->buffer, room);
	if (got > 0) {
		hand_over(slot, slot->link->buffer, (uint32_t)got, now);
	} else if (!is_for_later(got)) {
		poller_end_slot(poller, slot, (int)got);
	}
	return got != -EAGAIN;
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
static bool take_one_by_one(struct poller *poller, struct poll_slot *slot,
			    const struct cycle_time *now)
{
	const struct endpoint *endpoint = slot->endpoint;
	struct poll_link *link = slot->link;
	uint32_t taken = 0;

	while (taken < endpoint->budget && !link->device->is_lost) {
		ssize_t got = receive_one(slot);

		if (is_for_later(got)) {
			return got != -EAGAIN;
		}
		if (got < 0 || (got == 0 && endpoint->op == ENDPOINT_RECORD)) {
			poller_end_slot(poller, slot, (int)got);
			return true;
		}
		hand_over(slot, link->buffer, (uint32_t)got, now);
		taken++;
	}
	if (taken == endpoint->budget) {
		device_count(link->device, COUNT_FLOODED, 1);
	}
	return true;
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

static bool take_messages(struct poller *poller, struct poll_slot *slot,
			  const struct cycle_time *now)
{
	const struct endpoint *endpoint = slot->endpoint;
	int count;

	lay_out_headers(slot);
	count = sys_recv_many(endpoint->fd, slot->link->headers, endpoint->budget);
	slot->link->used = count > 0 ? (uint32_t)count : 0;
	if (count < 0 && !is_for_later(count)) {
		poller_end_slot(poller, slot, count);
	}
	for (int i = 0; i < count && !slot->link->device->is_lost; i++) {
		/* past its end a socket gives as many empty messages as one asks for */
		if (slot->is_hung_up && slot->link->headers[i].msg_len == 0) {
			poller_end_slot(poller, slot, 0);
			return true;
		}
		hand_over_message(slot, (uint32_t)i, now);
	}
	if (count == (int)endpoint->budget) {
		device_count(slot->link->device, COUNT_FLOODED, 1);
	}
	return count != -EAGAIN && (count < 0 || count == (int)endpoint->budget);
}

void poller_took(struct poller *poller, struct poll_slot *slot,
		 const struct cycle_time *now)
{
	device_report_drops(slot->link->device, now);
	blame_mark(poller->blame, slot->link->device->index, BLAME_RECEIVE);
}

static bool take(struct poller *poller, struct poll_slot *slot,
		 const struct cycle_time *now)
{
	switch (slot->endpoint->op) {
	case ENDPOINT_READ:
		return take_stream(poller, slot, now);
	case ENDPOINT_RECV:
	case ENDPOINT_RECVMSG:
		return take_messages(poller, slot, now);
	case ENDPOINT_RECORD:
	case ENDPOINT_MQ:
		return take_one_by_one(poller, slot, now);
	}
	return false;
}

bool poller_take(struct poller *poller, struct poll_slot *slot,
		 const struct cycle_time *now)
{
	bool has_more;

	blame_enter(poller->blame, slot->link->device->index, BLAME_RECEIVE);
	has_more = take(poller, slot, now);
	poller_took(poller, slot, now);
	return has_more;
}
