#include "rtloop/cycle/uring_poller.h"

#ifdef HAVE_IO_URING

#include <errno.h>

#include "drivers/device.h"

#define NO_LETTER UINT16_MAX

static bool put(struct outbox *outbox, struct device *device,
		const struct letter *letter) RT_SAFE;

void uring_letters_init(struct uring_poller *up)
{
	up->outbox.put = put;
	up->first_free = 0;
	for (unsigned i = 0; i < URING_LETTERS; i++) {
		up->letters[i].next_free =
			(uint16_t)(i + 1 < URING_LETTERS ? i + 1 : NO_LETTER);
	}
}

/* Without waiting, so that the kernel never hands it to a worker: it is done inside the call that submits. Of what is
 * not a socket see uring_letters_recall(). */
static void write_out(struct io_uring_sqe *sqe, const struct letter *letter)
{
	sqe->fd = letter->fd;
	sqe->addr = (uint64_t)(uintptr_t)letter->data;
	sqe->len = (uint32_t)letter->bytes;
	if (!letter->is_socket) {
		sqe->opcode = IORING_OP_WRITE;
		sqe->off = UINT64_MAX;
		return;
	}
	sqe->opcode = IORING_OP_SEND;
	sqe->msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL;
	sqe->addr2 = (uint64_t)(uintptr_t)letter->to;
	sqe->addr_len = (uint16_t)(letter->to ? letter->to_bytes : 0);
}

static bool put(struct outbox *outbox, struct device *device, const struct letter *letter)
{
	struct uring_poller *up = container_of(outbox, struct uring_poller, outbox);
	uint16_t index = up->first_free;
	struct io_uring_sqe *sqe = index == NO_LETTER ? NULL : uring_next(&up->ring);

	if (!sqe) {
		return false;
	}
	up->first_free = up->letters[index].next_free;
	up->letters[index].device = device;
	up->letters[index].tag = letter->tag;
	up->letters[index].is_out = true;
	up->queued++;
	up->out++;
	write_out(sqe, letter);
	sqe->user_data = uring_tag(URING_OF_LETTER, 0, index);
	return true;
}

void uring_letter_done(struct uring_poller *up, uint32_t index, int result)
{
	struct uring_letter *letter = &up->letters[index];
	struct device *device = letter->device;

	if (!letter->is_out) {
		return; /* it was abandoned */
	}
	letter->device = NULL;
	letter->is_out = false;
	up->out--;
	letter->next_free = up->first_free;
	up->first_free = (uint16_t)index;
	if (device && device->driver->posted) {
		device->driver->posted(device, letter->tag,
				       result == -ECANCELED ? -EAGAIN : result);
	}
}

/*
 * A file that is non-blocking and can be watched, as lines can, and that has no room now, is not refused by the kernel:
 * the write waits for room, while its memory is its driver's again, and changes. Seen so with 6.12.117 and 6.18.
 */
void uring_letters_recall(struct uring_poller *up)
{
	for (int tries = 0; up->out > 0 && tries < URING_CANCEL_TRIES; tries++) {
		for (uint32_t i = 0; i < URING_LETTERS; i++) {
			if (up->letters[i].is_out) {
				uring_cancel(up, uring_tag(URING_OF_LETTER, 0, i));
			}
		}
		uring_run(up);
	}
}

void uring_letters_forget(struct uring_poller *up, const struct device *device)
{
	unsigned waiting = uring_waiting(&up->ring);

	for (unsigned i = 0; up->queued > 0 && i < waiting; i++) {
		struct io_uring_sqe *sqe = uring_nth_waiting(&up->ring, i);
		uint64_t tag = sqe->user_data;

		if (tag >> 56 == URING_OF_LETTER &&
		    up->letters[(uint32_t)tag].device == device) {
			*sqe = (struct io_uring_sqe){ .opcode = IORING_OP_NOP,
						      .user_data = tag };
		}
	}
	for (unsigned i = 0; i < URING_LETTERS; i++) {
		if (up->letters[i].device == device) {
			up->letters[i].device = NULL;
		}
	}
}

#endif
