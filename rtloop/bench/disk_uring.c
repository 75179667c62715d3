/* io_uring: several writes under way, the one that is to be durable linked to an fsync; through the page cache and past it;
 * from buffers that the kernel knows already, and not. */
#include "rtloop/bench/disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/base/uring.h"

#ifdef HAVE_IO_URING

/* Of a completion: which it was. */
#define TAG_SYNC UINT64_MAX

/* How soon a completion is looked for while a block has no place. */
#define LOOK_NS (20 * NS_PER_US)

struct uring_disk {
	struct uring ring;
	uint8_t *data; /* a block each */
	bool is_under_way[DISK_DEPTH];
	unsigned syncs; /* under way */
	unsigned next;
	uint8_t op; /* IORING_OP_WRITE, or of registered buffers: IORING_OP_WRITE_FIXED */
	bool has_begun;
	int code; /* -errno: of one that failed */
};

#define DATA_BYTES ((size_t)DISK_DEPTH * DISK_BLOCK_BYTES)

static int open_ring(struct disk *disk, struct err *err)
{
	struct uring_disk *state = calloc(1, sizeof(*state));

	disk->state = state;
	if (state) {
		state->op = IORING_OP_WRITE;
		state->data = aligned_alloc(DISK_ALIGN, DATA_BYTES);
	}
	if (!state || !state->data) {
		return err_set(err, -ENOMEM, "no memory for io_uring");
	}
	if (uring_open(&state->ring, 2 * DISK_DEPTH, 4 * DISK_DEPTH, err)) {
		free(state->data);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* Pinned once, in place of once a write; that counts as locked memory. */
static int register_buffers(struct disk *disk, struct err *err)
{
	struct uring_disk *state = disk->state;
	struct iovec all = { .iov_base = state->data, .iov_len = DATA_BYTES };
	int code = sys_uring_register(state->ring.fd, IORING_REGISTER_BUFFERS, &all, 1);

	if (code < 0) {
		return err_set_errno(err, code, "cannot register buffers");
	}
	state->op = IORING_OP_WRITE_FIXED;
	return 0;
}

static void uring_disk_close(struct disk *disk);

static int open_as(struct disk *disk, bool is_direct, bool is_registered, struct err *err)
{
	int code = open_ring(disk, err);

	if (code) {
		return code;
	}
	code = is_direct ? disk_go_direct(disk, err) : 0;
	code = code == 0 && is_registered ? register_buffers(disk, err) : code;
	if (code) {
		uring_disk_close(disk);
	}
	return code;
}

static int uring_disk_open(struct disk *disk, struct err *err)
{
	return open_as(disk, false, false, err);
}

static int uring_direct_open(struct disk *disk, struct err *err)
{
	return open_as(disk, true, false, err);
}

static int uring_registered_open(struct disk *disk, struct err *err)
{
	return open_as(disk, false, true, err);
}

static int uring_direct_registered_open(struct disk *disk, struct err *err)
{
	return open_as(disk, true, true, err);
}

static void take_completions(struct uring_disk *state)
{
	const struct io_uring_cqe *cqe;

	while ((cqe = uring_peek(&state->ring))) {
		if (cqe->user_data == TAG_SYNC) {
			state->syncs--;
			state->code = state->code ? state->code : cqe->res;
		} else {
			state->is_under_way[cqe->user_data] = false;
			if (cqe->res != (int)DISK_BLOCK_BYTES && !state->code) {
				state->code = cqe->res < 0 ? cqe->res : -EIO;
			}
		}
		uring_seen(&state->ring);
	}
}

static int enter(struct uring_disk *state)
{
	int code = state->has_begun ? 0 : uring_begin(&state->ring, NULL);

	state->has_begun = true;
	code = code ? code : uring_enter(&state->ring);
	take_completions(state);
	return code ? code : state->code;
}

static int wait_for(struct uring_disk *state, const bool *is_under_way)
{
	int code = 0;

	while (code == 0 && *is_under_way) {
		code = enter(state);
		if (*is_under_way) {
			(void)sys_sleep_until(sys_now() + LOOK_NS);
		}
	}
	return code;
}

static void queue_sync(struct disk *disk, struct uring_disk *state)
{
	struct io_uring_sqe *sqe = uring_next(&state->ring);

	if (sqe) {
		sqe->opcode = IORING_OP_FSYNC;
		sqe->fd = disk->fd;
		sqe->fsync_flags = IORING_FSYNC_DATASYNC;
		sqe->user_data = TAG_SYNC;
		state->syncs++;
	}
}

static int uring_disk_put(struct disk *disk, const uint8_t *block, bool is_sync_due)
{
	struct uring_disk *state = disk->state;
	unsigned slot = state->next++ % DISK_DEPTH;
	uint8_t *data = state->data + (size_t)slot * DISK_BLOCK_BYTES;
	bool is_linked = is_sync_due && state->syncs == 0;
	int code = wait_for(state, &state->is_under_way[slot]);
	struct io_uring_sqe *sqe = code ? NULL : uring_next(&state->ring);

	if (!sqe) {
		return code ? code : -EBUSY;
	}
	memcpy(data, block, DISK_BLOCK_BYTES);
	sqe->opcode = state->op;
	sqe->fd = disk->fd;
	sqe->off = disk->offset;
	sqe->addr = (uint64_t)(uintptr_t)data;
	sqe->len = DISK_BLOCK_BYTES;
	sqe->user_data = slot;
	state->is_under_way[slot] = true;
	disk->offset += DISK_BLOCK_BYTES;
	if (is_linked) {
		sqe->flags = IOSQE_IO_LINK;
		queue_sync(disk, state);
	}
	return enter(state);
}

static int uring_plain_put(struct disk *disk, const uint8_t *block, bool is_sync_due)
{
	(void)is_sync_due;
	return uring_disk_put(disk, block, false);
}

static int uring_disk_drain(struct disk *disk)
{
	struct uring_disk *state = disk->state;
	int code = 0;

	for (unsigned i = 0; i < DISK_DEPTH; i++) {
		int ended = wait_for(state, &state->is_under_way[i]);

		code = code ? code : ended;
	}
	while (code == 0 && state->syncs > 0) {
		code = enter(state);
		(void)sys_sleep_until(sys_now() + LOOK_NS);
	}
	return code;
}

static void uring_disk_close(struct disk *disk)
{
	struct uring_disk *state = disk->state;

	(void)uring_disk_drain(disk);
	uring_end(&state->ring);
	uring_close(&state->ring);
	free(state->data);
}

#else

static int uring_disk_open(struct disk *disk, struct err *err)
{
	(void)disk;
	return err_set(err, -ENOSYS, "this program was built without io_uring");
}

#define uring_direct_open	     uring_disk_open
#define uring_registered_open	     uring_disk_open
#define uring_direct_registered_open uring_disk_open
#define uring_disk_put		     NULL
#define uring_plain_put		     NULL
#define uring_disk_drain	     NULL
#define uring_disk_close	     NULL

#endif

const struct disk_ops disk_uring = {
	.name = "io_uring",
	.sync = "none",
	.open = uring_disk_open,
	.put = uring_plain_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};

const struct disk_ops disk_uring_sync = {
	.name = "io_uring",
	.writer = "uring",
	.sync = "linked fsync",
	.open = uring_disk_open,
	.put = uring_disk_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};

const struct disk_ops disk_uring_registered = {
	.name = "io_uring, registered",
	.sync = "none",
	.open = uring_registered_open,
	.put = uring_plain_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};

const struct disk_ops disk_uring_registered_sync = {
	.name = "io_uring, registered",
	.sync = "linked fsync",
	.open = uring_registered_open,
	.put = uring_disk_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};

const struct disk_ops disk_uring_direct = {
	.name = "O_DIRECT io_uring",
	.sync = "none",
	.open = uring_direct_open,
	.put = uring_plain_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};

const struct disk_ops disk_uring_direct_sync = {
	.name = "O_DIRECT io_uring",
	.sync = "linked fsync",
	.open = uring_direct_open,
	.put = uring_disk_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};

const struct disk_ops disk_uring_direct_registered = {
	.name = "O_DIRECT io_uring, registered",
	.sync = "none",
	.open = uring_direct_registered_open,
	.put = uring_plain_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};

const struct disk_ops disk_uring_direct_registered_sync = {
	.name = "O_DIRECT io_uring, registered",
	.sync = "linked fsync",
	.open = uring_direct_registered_open,
	.put = uring_disk_put,
	.drain = uring_disk_drain,
	.close = uring_disk_close,
};
