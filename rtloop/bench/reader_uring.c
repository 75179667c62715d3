/* io_uring: all endpoints in one call, or receives that stay armed. */
#include "rtloop/base/uring.h"
#include "rtloop/bench/reader.h"
#include "rtloop/bench/reader_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "rtloop/base/sys.h"

#ifdef HAVE_IO_URING

/* --- a batch: a read of each endpoint, all of them submitted by one call ------------------------------- */

/* All of them complete in the call that submits them, or a read of an endpoint that has nothing waits. */
#define BATCH_TRIES 64

static int batch_open(struct reader *reader, struct err *err)
{
	unsigned count = reader->sources->count;
	struct ring_batch *batch = ring_batch_create(reader);

	if (!batch) {
		return err_set(err, -ENOMEM, "no memory for io_uring");
	}
	return uring_open(&batch->ring, count, 2 * count, err);
}

static int batch_arm(struct reader *reader, struct err *err)
{
	struct ring_batch *batch = reader->state;
	int code = uring_begin(&batch->ring, NULL);

	code = code ? code : ring_batch_register(reader);
	return code ? err_set_errno(err, code, "cannot register files with io_uring") : 0;
}

static int plain_arm(struct reader *reader, struct err *err)
{
	struct ring_batch *batch = reader->state;
	int code = uring_begin(&batch->ring, NULL);

	return code ? err_set_errno(err, code, "cannot use io_uring") : 0;
}

static int batch_scan(struct reader *reader)
{
	struct ring_batch *batch = reader->state;
	int messages = 0;
	int code;

	ring_batch_fill(reader);
	for (unsigned tries = 0; batch->left > 0; tries++) {
		if (tries > BATCH_TRIES) {
			return -EBUSY;
		}
		code = uring_enter(&batch->ring);
		reader->calls++;
		code = code ? code : ring_batch_reap(reader);
		if (code < 0) {
			return code;
		}
		messages += code;
	}
	return messages;
}

static void batch_close(struct reader *reader)
{
	if (reader->state) {
		ring_batch_fini(reader->state);
	}
}

const struct reader_ops reader_batch = {
	.name = "io_uring batch",
	.open = batch_open,
	.arm = batch_arm,
	.scan = batch_scan,
	.close = batch_close,
};

const struct reader_ops reader_batch_plain = {
	.name = "io_uring batch, unregistered",
	.open = batch_open,
	.arm = plain_arm,
	.scan = batch_scan,
	.close = batch_close,
};

/* --- multishot: armed once, a completion for each message --------------------------------------------- */

#define GROUP_BYTES                                                                      \
	4096 /* a page: the kernel wants the ring of a group at the start of one */
#define GROUP_ENTRIES 4
#define GROUP_DATA    1024 /* where the buffers begin in it */
#define GROUP_BUFFER  128

struct multishot {
	struct uring ring;
	uint8_t *groups;
	size_t bytes;
	uint16_t *tails;
	uint16_t *ended; /* those that are to be armed again */
	unsigned ended_count;
	uint64_t completions; /* so far */
};

static struct io_uring_buf_ring *group_of(const struct multishot *shot, unsigned place)
{
	return (struct io_uring_buf_ring *)(shot->groups + (size_t)place * GROUP_BYTES);
}

static void give_buffer(struct multishot *shot, unsigned place, uint16_t id)
{
	struct io_uring_buf_ring *group = group_of(shot, place);
	struct io_uring_buf *buffer =
		&group->bufs[shot->tails[place] & (GROUP_ENTRIES - 1)];

	buffer->addr = (uint64_t)(uintptr_t)((uint8_t *)group + GROUP_DATA +
					     (size_t)id * GROUP_BUFFER);
	buffer->len = GROUP_BUFFER;
	buffer->bid = id;
	shot->tails[place]++;
	/* pairs with the kernel's acquire: the buffer is described */
	__atomic_store_n(&group->tail, shot->tails[place], __ATOMIC_RELEASE);
}

static int multishot_open(struct reader *reader, struct err *err)
{
	unsigned count = reader->sources->count;
	struct multishot *shot = calloc(1, sizeof(*shot));

	reader->state = shot;
	if (shot) {
		shot->ring.fd = -1;
		shot->bytes = (size_t)count * GROUP_BYTES;
		shot->tails = calloc(count, sizeof(*shot->tails));
		shot->ended = calloc(count, sizeof(*shot->ended));
		shot->groups = mmap(NULL, shot->bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	}
	if (!shot || !shot->tails || !shot->ended || shot->groups == MAP_FAILED) {
		return err_set(err, -ENOMEM, "no memory for io_uring");
	}
	return uring_open(&shot->ring, count, 4 * count, err);
}

static void queue(struct reader *reader, unsigned place)
{
	struct multishot *shot = reader->state;
	const struct source *source = &reader->sources->items[place];
	struct io_uring_sqe *sqe = uring_next(&shot->ring);

	if (!sqe) {
		return; /* as many fit as there are endpoints, and each is armed once */
	}
	sqe->fd = source->read_fd;
	sqe->user_data = place;
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = (uint16_t)place;
	if (source_is_socket(source)) {
		sqe->opcode = IORING_OP_RECV;
		sqe->ioprio = IORING_RECV_MULTISHOT;
	} else {
		sqe->opcode = URING_OP_READ_MULTISHOT;
		sqe->off = UINT64_MAX;
	}
}

/* A file that is non-blocking, and of which the kernel cannot tell whether it keeps to that, is armed by a worker
 * thread; one that blocks by the call itself. So it does while it is armed. */
static int arm_file(struct reader *reader, unsigned place)
{
	struct multishot *shot = reader->state;
	int fd = reader->sources->items[place].read_fd;
	int code = uring_submit(&shot->ring);

	code = code ? code : sys_set_blocking(fd, true);
	queue(reader, place);
	code = code ? code : uring_submit(&shot->ring);
	code = code ? code : sys_set_blocking(fd, false);
	return code;
}

static int arm(struct reader *reader, unsigned place)
{
	if (source_is_socket(&reader->sources->items[place])) {
		queue(reader, place);
		return 0;
	}
	return arm_file(reader, place);
}

static int add_group(struct multishot *shot, unsigned place)
{
	struct io_uring_buf_reg group = {
		.ring_addr = (uint64_t)(uintptr_t)group_of(shot, place),
		.ring_entries = GROUP_ENTRIES,
		.bgid = (uint16_t)place,
	};
	int code =
		sys_uring_register(shot->ring.fd, IORING_REGISTER_PBUF_RING, &group, 1);

	for (uint16_t id = 0; id < GROUP_ENTRIES && code == 0; id++) {
		give_buffer(shot, place, id);
	}
	return code;
}

static int arm_all(struct reader *reader)
{
	struct multishot *shot = reader->state;
	int code = 0;

	for (unsigned i = 0; i < reader->sources->count && code == 0; i++) {
		code = add_group(shot, i);
		code = code ? code : arm(reader, i);
	}
	return code ? code : uring_submit(&shot->ring);
}

static bool needs_read_multishot(const struct reader *reader)
{
	bool needs_it = false;

	for (unsigned i = 0; i < reader->sources->count; i++) {
		needs_it |= !source_is_socket(&reader->sources->items[i]);
	}
	return needs_it;
}

static int multishot_arm(struct reader *reader, struct err *err)
{
	struct multishot *shot = reader->state;
	int code;

	if (needs_read_multishot(reader) && !shot->ring.has_read_multishot) {
		return err_set(err, -EOPNOTSUPP,
			       "reading what is no socket this way takes Linux 6.7");
	}
	code = uring_begin(&shot->ring, NULL);
	code = code ? code : arm_all(reader);
	return code ? err_set_errno(err, code, "cannot arm receives of io_uring") : 0;
}

/* A completion: whether it brought a message, or -errno. */
static int take_completion(struct reader *reader, const struct io_uring_cqe *cqe)
{
	struct multishot *shot = reader->state;
	unsigned place = (unsigned)cqe->user_data;

	if (cqe->flags & IORING_CQE_F_BUFFER) {
		give_buffer(shot, place,
			    (uint16_t)(cqe->flags >> IORING_CQE_BUFFER_SHIFT));
	}
	if (!(cqe->flags & IORING_CQE_F_MORE)) {
		shot->ended[shot->ended_count++] = (uint16_t)place;
	}
	if (cqe->res > 0) {
		reader->bytes += (uint64_t)cqe->res;
		return 1;
	}
	return cqe->res == 0 || cqe->res == -ENOBUFS || cqe->res == -EAGAIN ? 0
									    : cqe->res;
}

static int arm_ended(struct reader *reader)
{
	struct multishot *shot = reader->state;
	int code = 0;

	while (shot->ended_count > 0 && code == 0) {
		unsigned place = shot->ended[--shot->ended_count];

		/* two submissions and two calls on the file, where it is no socket */
		reader->calls += source_is_socket(&reader->sources->items[place]) ? 0 : 4;
		code = arm(reader, place);
	}
	return code;
}

static int reap(struct reader *reader)
{
	struct multishot *shot = reader->state;
	const struct io_uring_cqe *cqe;
	int messages = 0;

	while ((cqe = uring_peek(&shot->ring))) {
		int code = take_completion(reader, cqe);

		uring_seen(&shot->ring);
		shot->completions++;
		if (code < 0) {
			return code;
		}
		messages += code;
	}
	return arm_ended(reader) ? -EIO : messages;
}

/*
 * Linux 6.13 and later do at most 20 pieces of work in a call that does not wait. 6.12 may say that there is work when
 * there is none any more: a call that brings nothing is the last one.
 */
static int multishot_scan(struct reader *reader)
{
	struct multishot *shot = reader->state;
	int messages = reap(reader);
	uint64_t before;

	do {
		int code = messages < 0 ? messages : 0;

		before = shot->completions;
		if (code == 0 && uring_has_work(&shot->ring)) {
			code = uring_enter(&shot->ring);
			reader->calls++;
		}
		code = code ? code : reap(reader);
		messages = code < 0 ? code : messages + code;
	} while (messages >= 0 && shot->completions > before);
	return messages;
}

static void multishot_close(struct reader *reader)
{
	struct multishot *shot = reader->state;

	if (!shot) {
		return;
	}
	uring_end(&shot->ring);
	uring_close(&shot->ring);
	if (shot->groups && shot->groups != MAP_FAILED) {
		munmap(shot->groups, shot->bytes);
	}
	free(shot->tails);
	free(shot->ended);
}

static struct uring *multishot_ring(struct reader *reader)
{
	return &((struct multishot *)reader->state)->ring;
}

const struct reader_ops reader_multishot = {
	.name = "io_uring multishot",
	.open = multishot_open,
	.arm = multishot_arm,
	.scan = multishot_scan,
	.close = multishot_close,
	.ring = multishot_ring,
	.collect = reap,
};

#else

static int missing_open(struct reader *reader, struct err *err)
{
	(void)reader;
	return err_set(err, -ENOSYS, "this program was built without io_uring");
}

static int missing_scan(struct reader *reader)
{
	(void)reader;
	return -ENOSYS;
}

static void missing_close(struct reader *reader)
{
	(void)reader;
}

#define MISSING(variable, text)                                                          \
	const struct reader_ops variable = {                                             \
		.name = text,                                                            \
		.open = missing_open,                                                    \
		.scan = missing_scan,                                                    \
		.close = missing_close,                                                  \
	}

MISSING(reader_batch, "io_uring batch");
MISSING(reader_batch_plain, "io_uring batch, unregistered");
MISSING(reader_multishot, "io_uring multishot");
MISSING(reader_sqpoll, "io_uring SQPOLL");

#endif
