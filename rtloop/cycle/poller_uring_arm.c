#include "rtloop/cycle/uring_poller.h"

#ifdef HAVE_IO_URING

#include <errno.h>
#include <poll.h>

#include "rtloop/base/sys.h"

/* The kernel wants the two halves in the order of little-endian machines. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define POLL_EVENTS ((uint32_t)(POLLIN | POLLRDHUP) << 16)
#else
#define POLL_EVENTS ((uint32_t)(POLLIN | POLLRDHUP))
#endif

/* --- arming ------------------------------------------------------------------------------------------ */

static uint64_t tag_of(const struct uring_poller *up, const struct uring_slot *us)
{
	return uring_tag(URING_OF_SLOT, up->generations[us->place], us->place);
}

static void write_out(const struct uring_poller *up, const struct uring_slot *us,
		      struct io_uring_sqe *sqe)
{
	sqe->fd = us->slot->endpoint->fd;
	sqe->user_data = tag_of(up, us);
	if (us->way == URING_CALLS) {
		sqe->opcode = IORING_OP_POLL_ADD;
		sqe->len = IORING_POLL_ADD_MULTI;
		sqe->poll32_events = POLL_EVENTS;
		return;
	}
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = us->place;
	if (us->way == URING_READ) {
		sqe->opcode = URING_OP_READ_MULTISHOT;
		sqe->off = UINT64_MAX;
		return;
	}
	sqe->ioprio = IORING_RECV_MULTISHOT;
	sqe->opcode = IORING_OP_RECV;
	if (us->way == URING_RECVMSG) {
		sqe->opcode = IORING_OP_RECVMSG;
		sqe->addr = (uint64_t)(uintptr_t)us->shape;
		sqe->len = 1;
	}
}

static bool queue(struct uring_poller *up, struct uring_slot *us)
{
	struct io_uring_sqe *sqe = uring_next(&up->ring);

	if (!sqe) {
		return false;
	}
	write_out(up, us, sqe);
	us->is_armed = true;
	return true;
}

static void arm_later(struct uring_poller *up, struct uring_slot *us)
{
	us->wants_arming = true;
	uring_list(up, us);
}

void uring_arm(struct uring_poller *up, struct uring_slot *us)
{
	if (us->way != URING_CALLS && !uring_slot_has_room(us)) {
		arm_later(up, us);
		return;
	}
	us->wants_arming = false;
	us->was_cut = false;
	if (us->way == URING_READ) {
		up->to_read[up->to_read_count++] = us;
	} else if (!queue(up, us)) {
		arm_later(up, us);
	}
}

/*
 * A read of a file that is non-blocking, and of whose kind the kernel cannot tell whether it keeps to that
 * (serial lines, edges), either ends at once where nothing is there, or is armed by a worker thread. One
 * of a blocking file is armed by the call itself, which asks the file first whether a read would wait. So the
 * file is a blocking one for the time of that call, in which nothing else may be submitted; once armed,
 * it is read as the non-blocking one that it is again. Seen so with 6.12 and 6.18.
 */
void uring_arm_reads(struct uring_poller *up)
{
	unsigned count = up->to_read_count;

	if (count == 0) {
		return;
	}
	up->to_read_count = 0;
	if (uring_waiting(&up->ring) > 0) {
		(void)uring_submit(&up->ring);
		up->queued = 0;
	}
	for (unsigned i = 0; i < count; i++) {
		(void)sys_set_blocking(up->to_read[i]->slot->endpoint->fd, true);
		if (!queue(up, up->to_read[i])) {
			arm_later(up, up->to_read[i]);
		}
	}
	/* what is armed is not run here: a file that has no nowait read would take no notice of its data */
	(void)uring_submit(&up->ring);
	for (unsigned i = 0; i < count; i++) {
		(void)sys_set_blocking(up->to_read[i]->slot->endpoint->fd, false);
	}
}

/* --- attaching --------------------------------------------------------------------------------------- */

static int find_place(struct uring_poller *up)
{
	for (unsigned i = 0; i < URING_PLACES; i++) {
		unsigned place = (up->place_next + i) % URING_PLACES;

		if (!up->places[place]) {
			up->place_next = (place + 1) % URING_PLACES;
			return (int)place;
		}
	}
	return -ENOSPC;
}

static int register_buffers(struct uring_poller *up, const struct uring_slot *us)
{
	struct io_uring_buf_reg group = { .ring_addr = (uint64_t)(uintptr_t)us->ring,
					  .ring_entries = us->ring_entries,
					  .bgid = us->place };

	return sys_uring_register(up->ring.fd, IORING_REGISTER_PBUF_RING, &group, 1);
}

static void inherit(struct uring_slot *us, const struct poll_link *before)
{
	for (unsigned i = 0; before && before->rings && i < before->slot_count; i++) {
		const struct uring_slot *other = &before->rings[i];

		if (us->file != 0 && other->file == us->file &&
		    other->slot->endpoint->tag == us->slot->endpoint->tag &&
		    other->way == us->way) {
			uring_slot_inherit(us, other);
		}
	}
}

static int attach_slot(struct poller *poller, struct uring_slot *us)
{
	struct uring_poller *up = poller->uring;
	int place = find_place(up);
	int code;

	if (place < 0) {
		return place;
	}
	us->place = (uint16_t)place;
	code = us->way == URING_CALLS ? 0 : register_buffers(up, us);
	if (code) {
		return code;
	}
	up->places[place] = us;
	us->has_group = us->way != URING_CALLS;
	us->is_placed = true;
	us->slot->is_polled = true;
	poller->polled_count++;
	inherit(us, us->slot->link->before);
	uring_slot_begin(us);
	if (us->held_count > 0) {
		uring_list(up, us);
	}
	uring_arm(up, us);
	return 0;
}

/* A file that cannot be watched, which epoll refuses, too. */
static bool is_refused(const struct uring_slot *us)
{
	return us->has_ended && us->held_count == 0 && us->end_code == -EBADFD;
}

/* Those that are refused the one way are watched the other way, in the same cycle. */
static int arm_refused(struct uring_poller *up, struct poll_link *link)
{
	int code = 0;

	for (unsigned i = 0; i < link->slot_count; i++) {
		struct uring_slot *us = &link->rings[i];

		if (us->way == URING_CALLS && us->wants_arming) {
			uring_arm(up, us);
		}
	}
	uring_run(up);
	for (unsigned i = 0; i < link->slot_count; i++) {
		code = is_refused(&link->rings[i]) ? -EPERM : code;
	}
	return code;
}

int uring_attach(struct poller *poller, struct poll_link *link)
{
	struct uring_poller *up = poller->uring;
	int code = link->rings || link->slot_count == 0 ? 0 : -EINVAL;

	for (unsigned i = 0; i < link->slot_count && code == 0; i++) {
		code = attach_slot(poller, &link->rings[i]);
	}
	if (code == 0) {
		uring_arm_reads(up);
		/* what is there already is for this cycle */
		uring_run(up);
		code = arm_refused(up, link);
	}
	if (code) {
		up->to_read_count = 0;
		poller_detach(poller, link);
	}
	return code;
}

/* --- detaching --------------------------------------------------------------------------------------- */

static void unlist(struct uring_poller *up, struct uring_slot *us)
{
	struct uring_slot **at = &up->first_listed;
	struct uring_slot *before = NULL;

	if (!us->is_listed) {
		return;
	}
	while (*at != us) {
		before = *at;
		at = &before->next_listed;
	}
	*at = us->next_listed;
	if (up->last_listed == us) {
		up->last_listed = before;
	}
	up->listed_count--;
	us->is_listed = false;
}

void uring_cancel(struct uring_poller *up, uint64_t tag)
{
	struct io_uring_sqe *sqe;

	if (uring_waiting(&up->ring) == up->ring.sq_entries) {
		uring_run(up);
	}
	sqe = uring_next(&up->ring);
	if (sqe) {
		sqe->opcode = IORING_OP_ASYNC_CANCEL;
		sqe->fd = -1;
		sqe->addr = tag;
		sqe->user_data = uring_tag(URING_OF_NOTHING, 0, 0);
	}
}

/*
 * When this returns the kernel has let go of the file: its supervisor may close it. What was received before stays
 * held, for the link that takes its place.
 */
void uring_detach(struct poller *poller, struct poll_slot *slot)
{
	struct uring_poller *up = poller->uring;
	struct uring_slot *us = uring_slot_of(slot);

	if (slot->link->device->is_lost) {
		uring_letters_forget(up, slot->link->device);
	}
	for (int i = 0; us->is_armed && i < URING_CANCEL_TRIES; i++) {
		uring_cancel(up, tag_of(up, us));
		uring_run(up);
	}
	/* even where the kernel has not let go it will not write into the buffers from here on */
	if (us->has_group) {
		struct io_uring_buf_reg group = { .bgid = us->place };

		(void)sys_uring_register(up->ring.fd, IORING_UNREGISTER_PBUF_RING, &group,
					 1);
	}
	unlist(up, us);
	up->places[us->place] = NULL;
	up->generations[us->place]++;
	us->is_placed = false;
	slot->is_polled = false;
	poller->polled_count--;
}

#endif
