#include "rtloop/cycle/uring_poller.h"

#ifdef HAVE_IO_URING

#include "rtloop/base/sys.h"

static void hand_over(struct uring_slot *us, const struct message *message,
		      const struct cycle_time *now)
{
	struct device *device = us->slot->link->device;

	device->driver->receive(device, message, now);
}

static uint32_t room_of(const struct uring_slot *us)
{
	const struct device *device = us->slot->link->device;

	return device->driver->room
		       ? device->driver->room(device, us->slot->endpoint->tag)
		       : UINT32_MAX;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* One chunk of a stream, or as much of it as is wanted. */
static uint32_t take_chunk(struct uring_slot *us, uint32_t most,
			   const struct cycle_time *now)
{
	const struct uring_held *held = &us->held[us->held_first];
	uint32_t left = held->bytes - us->offset;
	uint32_t part = least(left, most);
	struct message message = { .data = uring_slot_buffer(us) + us->offset,
				   .bytes = part,
				   .tag = us->slot->endpoint->tag };

	hand_over(us, &message, now);
	us->offset += part;
	if (part == left) {
		uring_slot_release(us);
	}
	return part;
}

/* A read does not stop in the middle of a record: what it brought is handed over in halves only where
 * there is no room for it. */
static bool is_next_whole(const struct uring_slot *us, uint32_t left)
{
	return us->held_count > 0 && us->held[us->held_first].bytes - us->offset <= left;
}

/* No more a cycle than one read would bring; its end is the next read's. */
static void take_stream(struct uring_slot *us, struct poller *poller,
			const struct cycle_time *now)
{
	const struct device *device = us->slot->link->device;
	uint32_t left = least(us->slot->endpoint->bytes, room_of(us));

	if (us->held_count > 0 && left > 0) {
		left -= take_chunk(us, left, now);
		while (is_next_whole(us, left) && !device->is_lost) {
			left -= take_chunk(us, left, now);
		}
	} else if (us->has_ended && left > 0) {
		us->has_ended = false;
		us->wants_arming = true;
		poller_end_slot(poller, us->slot, us->end_code);
	}
}

/* The layout is the kernel's: its own head, and then name, control data and message, each in its place. */
static void hand_over_with_header(struct uring_slot *us, const struct cycle_time *now)
{
	const uint32_t before = (uint32_t)(sizeof(struct io_uring_recvmsg_out) +
					   sizeof(struct sockaddr_storage)) +
				POLL_CONTROL_BYTES;
	const uint8_t *buffer = uring_slot_buffer(us);
	const struct io_uring_recvmsg_out *out =
		(const struct io_uring_recvmsg_out *)buffer;
	/* a msghdr is of no const memory, though who reads it does not write */
	uint8_t *name = uring_slot_buffer(us) + sizeof(*out);
	const struct msghdr header = {
		.msg_name = name,
		.msg_namelen = out->namelen,
		.msg_control = name + sizeof(struct sockaddr_storage),
		.msg_controllen = out->controllen,
		.msg_flags = (int)out->flags,
	};
	const struct message message = {
		.data = buffer + before,
		.bytes = us->held[us->held_first].bytes - before,
		.tag = us->slot->endpoint->tag,
		.is_truncated = (out->flags & MSG_TRUNC) != 0,
		.from = out->namelen > 0 ? (const struct sockaddr_storage *)name : NULL,
		.header = &header,
	};

	hand_over(us, &message, now);
}

static void hand_over_bare(struct uring_slot *us, const struct cycle_time *now)
{
	uint32_t bytes = us->held[us->held_first].bytes;
	const struct message message = {
		.data = uring_slot_buffer(us),
		.bytes = least(bytes, us->slot->endpoint->bytes),
		.tag = us->slot->endpoint->tag,
		.is_truncated = bytes > us->slot->endpoint->bytes,
	};

	hand_over(us, &message, now);
}

/* Past its end a socket of packets gives messages without a byte, as its other side may, too. */
static bool is_end(const struct uring_slot *us)
{
	return us->may_end && us->held[us->held_first].bytes == 0 &&
	       sys_is_hung_up(us->slot->endpoint->fd);
}

/* An error is told by a call of its own, when the messages before it were taken by others; the end of
 * records is found by the call after the last one. */
static bool is_end_told(const struct uring_slot *us, uint32_t taken)
{
	return us->has_ended && us->held_count == 0 &&
	       (taken == 0 || (us->slot->endpoint->op == ENDPOINT_RECORD &&
			       taken < us->slot->endpoint->budget));
}

/* Hands over what is held; false where that was the end. */
static bool take_held(struct uring_slot *us, struct poller *poller, uint32_t *taken,
		      const struct cycle_time *now)
{
	const struct device *device = us->slot->link->device;

	while (us->held_count > 0 && *taken < us->slot->endpoint->budget &&
	       !device->is_lost) {
		if (is_end(us)) {
			uring_slot_release(us);
			poller_end_slot(poller, us->slot, 0);
			return false;
		}
		if (us->way == URING_RECVMSG) {
			hand_over_with_header(us, now);
		} else {
			hand_over_bare(us, now);
		}
		uring_slot_release(us);
		(*taken)++;
	}
	return !device->is_lost;
}

/* A message without a byte ends a receive, though others may wait behind it: these are for the same cycle. */
static bool goes_on(struct uring_slot *us, struct poller *poller, uint32_t taken)
{
	bool was_cut = us->was_cut && us->held_count == 0;

	if (was_cut && taken < us->slot->endpoint->budget) {
		uring_arm(poller->uring, us);
		uring_run(poller->uring);
	}
	return was_cut && us->held_count > 0;
}

static void take_messages(struct uring_slot *us, struct poller *poller,
			  const struct cycle_time *now)
{
	uint32_t taken = 0;
	bool is_on = take_held(us, poller, &taken, now);

	while (is_on && goes_on(us, poller, taken)) {
		is_on = take_held(us, poller, &taken, now);
	}
	if (taken == us->slot->endpoint->budget) {
		device_count(us->slot->link->device, COUNT_FLOODED, 1);
	}
	if (is_on && is_end_told(us, taken)) {
		us->has_ended = false;
		us->wants_arming = true;
		poller_end_slot(poller, us->slot, us->end_code);
	}
}

static bool take_by_calls(struct uring_slot *us, struct poller *poller,
			  const struct cycle_time *now)
{
	if (us->has_ended) {
		us->has_ended = false;
		us->wants_arming = true;
		poller_end_slot(poller, us->slot, us->end_code);
		return false;
	}
	us->has_more = us->has_more && poller_take(poller, us->slot, now);
	return us->has_more;
}

bool uring_slot_take(struct uring_slot *us, struct poller *poller,
		     const struct cycle_time *now)
{
	if (us->way == URING_CALLS) {
		return take_by_calls(us, poller, now);
	}
	if (us->is_stream) {
		take_stream(us, poller, now);
	} else {
		take_messages(us, poller, now);
	}
	poller_took(poller, us->slot, now);
	return us->held_count > 0 || us->has_ended;
}

#endif
