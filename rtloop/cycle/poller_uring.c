#include "rtloop/cycle/uring_poller.h"

#ifdef HAVE_IO_URING

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"

/* All endpoints at once, and some that have something again meanwhile. */
#define RUNS_MAX (2 * URING_PLACES / 20)

static void scan(struct poller *poller, const struct cycle_time *now) RT_SAFE;
static void flush(struct poller *poller, bool is_edge) RT_SAFE;
static void settle(struct poller *poller) RT_SAFE;
static void abandon(struct poller *poller) RT_SAFE;

/* All that is ever submitted; a kernel that cannot read multishot has no number for it, the last. */
static const uint8_t submitted[] = {
	IORING_OP_NOP,		IORING_OP_POLL_ADD,	 IORING_OP_RECV,
	IORING_OP_RECVMSG,	IORING_OP_SEND,		 IORING_OP_WRITE,
	IORING_OP_ASYNC_CANCEL, URING_OP_READ_MULTISHOT,
};

/* At the edge between two cycles. */
static const uint8_t registered[] = { IORING_REGISTER_PBUF_RING,
				      IORING_UNREGISTER_PBUF_RING };

/* --- start ------------------------------------------------------------------------------------------- */

static struct uring_limits limits_of(const struct uring *ring)
{
	return (struct uring_limits){
		.ops = submitted,
		.op_count = ARRAY_SIZE(submitted) - !ring->has_read_multishot,
		.registers = registered,
		.register_count = ARRAY_SIZE(registered),
		.flags = IOSQE_BUFFER_SELECT,
	};
}

/* With another one, since a ring is for good the thread's that begins. */
static int prove_ring(struct err *err)
{
	struct uring_limits limits;
	struct uring ring;
	int code = uring_open(&ring, 1, 2, err);

	if (code == 0) {
		limits = limits_of(&ring);
		code = uring_prove(&ring, &limits, err);
		uring_close(&ring);
	}
	return code;
}

static int open_ring(struct poller *poller, struct err *err)
{
	struct uring_poller *up = calloc(1, sizeof(*up));
	int code;

	if (!up) {
		return err_set(err, -ENOMEM, "no memory for the poller");
	}
	code = prove_ring(err);
	code = code ? code
		    : uring_open(&up->ring, URING_SQ_ENTRIES, URING_CQ_ENTRIES, err);
	if (code) {
		free(up);
		return code;
	}
	if (!up->ring.has_read_multishot) {
		err_set(&poller->note, 0,
			"serial lines, edges and character devices are read by calls of "
			"their own: this takes Linux 6.7");
	}
	uring_letters_init(up);
	poller->uring = up;
	poller->outbox = &up->outbox;
	return 0;
}

static void close_ring(struct poller *poller)
{
	uring_close(&poller->uring->ring);
	free(poller->uring);
}

static int begin(struct poller *poller)
{
	struct uring *ring = &poller->uring->ring;
	const struct uring_limits limits = limits_of(ring);

	return uring_begin(ring, &limits);
}

static int equip(const struct poller *poller, struct poll_link *link)
{
	link->rings = uring_slots_create(link, poller->uring->ring.has_read_multishot);
	return link->rings ? 0 : -ENOMEM;
}

/* --- completions ------------------------------------------------------------------------------------- */

void uring_list(struct uring_poller *up, struct uring_slot *us)
{
	if (us->is_listed) {
		return;
	}
	us->is_listed = true;
	us->next_listed = NULL;
	if (up->first_listed) {
		up->last_listed->next_listed = us;
	} else {
		up->first_listed = us;
	}
	up->last_listed = us;
	up->listed_count++;
}

/* A kernel, or a file, that cannot do it this way: its calls are made for it. */
static bool is_unsupported(int result)
{
	return result == -EINVAL || result == -EOPNOTSUPP || result == -EAGAIN;
}

static bool is_passing(int result)
{
	return result == -ECANCELED || result == -EINTR;
}

/* The receive is not armed any more. */
static void end_armed(struct uring_slot *us, int result)
{
	us->is_armed = false;
	us->wants_arming = true;
	us->was_cut = result >= 0 && (us->slot->endpoint->op == ENDPOINT_RECV ||
				      us->slot->endpoint->op == ENDPOINT_RECVMSG);
	if (result == -ENOBUFS || result > 0 || is_passing(result)) {
		return;
	}
	if (is_unsupported(result)) {
		us->way = us->held_count == 0 ? URING_CALLS : us->way;
		return;
	}
	if (result == 0 && us->slot->endpoint->op != ENDPOINT_READ &&
	    us->slot->endpoint->op != ENDPOINT_RECORD) {
		uring_slot_hold(us, -1, 0);
		return;
	}
	us->wants_arming = false;
	us->has_ended = true;
	us->end_code = result;
}

static void note_ready(struct uring_slot *us, const struct io_uring_cqe *cqe)
{
	us->is_armed = (cqe->flags & IORING_CQE_F_MORE) != 0;
	us->has_ended = cqe->res < 0 && !is_passing(cqe->res);
	us->end_code = cqe->res;
	us->wants_arming = !us->is_armed && !us->has_ended;
	us->has_more = cqe->res > 0;
	us->slot->is_hung_up = cqe->res > 0 && (cqe->res & (POLLHUP | POLLRDHUP)) != 0;
}

static void note_received(struct uring_slot *us, const struct io_uring_cqe *cqe)
{
	if (cqe->flags & IORING_CQE_F_BUFFER) {
		uring_slot_hold(us, (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT),
				(uint32_t)(cqe->res > 0 ? cqe->res : 0));
	}
	if (!(cqe->flags & IORING_CQE_F_MORE)) {
		end_armed(us, cqe->res);
	}
}

static void note_slot(struct uring_poller *up, const struct io_uring_cqe *cqe)
{
	uint32_t place = (uint32_t)cqe->user_data % URING_PLACES;
	struct uring_slot *us = up->places[place];

	if (!us ||
	    cqe->user_data != uring_tag(URING_OF_SLOT, up->generations[place], place)) {
		return;
	}
	if (us->way == URING_CALLS) {
		note_ready(us, cqe);
	} else {
		note_received(us, cqe);
	}
	uring_list(up, us);
}

void uring_reap(struct uring_poller *up)
{
	const struct io_uring_cqe *cqe = uring_peek(&up->ring);

	while (cqe) {
		enum uring_kind kind = (enum uring_kind)(cqe->user_data >> 56);

		if (kind == URING_OF_SLOT) {
			note_slot(up, cqe);
		} else if (kind == URING_OF_LETTER) {
			uring_letter_done(up, (uint32_t)cqe->user_data, cqe->res);
		}
		uring_seen(&up->ring);
		cqe = uring_peek(&up->ring);
	}
}

/*
 * Since 6.13 a call that does not wait runs no more than 20 of the receives that have something, and says
 * whether there are others. One that waits runs as many as it waits for, but a wait for a time that is past
 * costs more than twelve others: its timer is set, and interrupts (17 us in a virtual machine).
 */
void uring_run(struct uring_poller *up)
{
	unsigned tries = 0;
	int code = 0;

	while (code == 0 && tries++ < RUNS_MAX && uring_has_work(&up->ring)) {
		code = uring_enter(&up->ring);
		up->queued = 0;
		uring_reap(up);
	}
	uring_reap(up);
}

/* --- the scan ---------------------------------------------------------------------------------------- */

static struct uring_slot *pop(struct uring_poller *up)
{
	struct uring_slot *us = up->first_listed;

	up->first_listed = us->next_listed;
	up->listed_count--;
	us->is_listed = false;
	return us;
}

static void serve(struct poller *poller, struct uring_slot *us,
		  const struct cycle_time *now)
{
	struct uring_poller *up = poller->uring;
	struct device *device = us->slot->link->device;
	bool has_more = true;

	if (!device->is_lost && device_is_due(device, now)) {
		blame_enter(poller->blame, device->index, BLAME_RECEIVE);
		has_more = uring_slot_take(us, poller, now);
	}
	if (!us->is_placed) {
		return;
	}
	if (us->wants_arming && !us->is_armed && !us->has_ended &&
	    (us->way == URING_CALLS || us->in_kernel > 0)) {
		uring_arm(up, us);
	}
	if (has_more || us->wants_arming) {
		uring_list(up, us);
	}
}

/*
 * Where the pacer waits in this ring it has brought all that there is, and nothing is asked of the kernel
 * here. What is left by a budget is the first of the next scan; each gets its turn once.
 */
static void scan(struct poller *poller, const struct cycle_time *now)
{
	struct uring_poller *up = poller->uring;
	unsigned count;

	if (up->is_paced) {
		uring_reap(up);
	} else {
		uring_run(up);
	}
	if (up->out > 0) {
		uring_letters_recall(up);
	}
	count = up->listed_count;
	if (count > 0) {
		blame_mark(poller->blame, BLAME_NOBODY, BLAME_SCAN);
	}
	for (unsigned i = 0; i < count && up->first_listed; i++) {
		serve(poller, pop(up), now);
	}
	if (up->to_read_count > 0) {
		uring_arm_reads(up);
	}
}

/* --- what was written -------------------------------------------------------------------------------- */

static void flush(struct poller *poller, bool is_edge)
{
	struct uring_poller *up = poller->uring;

	if (up->queued == 0 || (up->is_paced && !is_edge)) {
		return;
	}
	(void)uring_submit(&up->ring);
	up->queued = 0;
	uring_reap(up);
	uring_letters_recall(up);
}

static void settle(struct poller *poller)
{
	struct uring_poller *up = poller->uring;

	up->is_paced = false;
	uring_run(up);
	uring_letters_recall(up);
}

static void abandon(struct poller *poller)
{
	struct uring_poller *up = poller->uring;

	up->queued = 0;
	for (uint32_t i = 0; i < URING_LETTERS; i++) {
		if (up->letters[i].device) {
			uring_letter_done(up, i, -EAGAIN);
		}
	}
}

const struct poller_ops poller_uring = {
	.name = "uring",
	.calls = CALLS_URING_ENTER | CALLS_URING_BUFFERS | CALLS_SET_BLOCKING |
		 CALLS_IS_HUNG_UP,
	.open = open_ring,
	.close = close_ring,
	.attach = uring_attach,
	.detach = uring_detach,
	.scan = scan,
	.equip = equip,
	.begin = begin,
	.flush = flush,
	.settle = settle,
	.abandon = abandon,
};

#endif
