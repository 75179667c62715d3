#include "rtloop/log/writer.h"

#ifdef HAVE_IO_URING

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "rtloop/base/uring.h"

/* What a completion is of: a block's index, or one of these. */
#define OF_SYNC	    UINT64_C(1000000)
#define OF_ALLOCATE UINT64_C(1000001)

struct engine {
	struct uring ring;
	bool is_allocating;
};

static unsigned at_least(unsigned count)
{
	unsigned power = 16;

	while (power < count) {
		power *= 2;
	}
	return power;
}

static int ring_open(struct writer *writer, struct err *err)
{
	struct engine *engine = calloc(1, sizeof(*engine));
	/* every block, a sync and an allocation may be under way: so a submission finds its place */
	unsigned entries = at_least(writer->depth + 2);
	int code;

	if (!engine) {
		return err_set(err, -ENOMEM, "no memory for its io_uring");
	}
	code = uring_open(&engine->ring, entries, 2 * entries, err);
	if (code) {
		free(engine);
		return code;
	}
	writer->engine = engine;
	return 0;
}

static void ring_close(struct writer *writer)
{
	struct engine *engine = writer->engine;

	uring_close(&engine->ring);
	free(engine);
}

static int ring_begin(struct writer *writer, struct err *err)
{
	struct engine *engine = writer->engine;
	int code = uring_begin(&engine->ring, NULL);

	if (code) {
		uring_end(&engine->ring);
		return err_set_errno(err, code, "its io_uring cannot be enabled");
	}
	return 0;
}

static struct io_uring_sqe *prepare(struct engine *engine, uint8_t op, int fd,
				    uint64_t of)
{
	struct io_uring_sqe *sqe = uring_next(&engine->ring);

	if (!sqe) {
		abort(); /* see ring_open() */
	}
	sqe->opcode = op;
	sqe->fd = fd;
	sqe->user_data = of;
	return sqe;
}

/* The kernel does it on the side, after the write that brought it about. */
static void allocate_ahead(struct writer *writer, uint64_t end)
{
	struct engine *engine = writer->engine;
	struct io_uring_sqe *sqe;
	struct writer_room room;

	if (engine->is_allocating || !writer_wants_room(writer, end, &room)) {
		return;
	}
	sqe = prepare(engine, IORING_OP_FALLOCATE, writer->fd, OF_ALLOCATE);
	sqe->off = room.offset;
	sqe->addr = room.bytes;
	sqe->len = FALLOC_FL_KEEP_SIZE;
	engine->is_allocating = true;
	writer->under_way++;
}

static void prepare_sync(struct writer *writer)
{
	prepare(writer->engine, IORING_OP_FSYNC, writer->sync.fd, OF_SYNC)->fsync_flags =
		IORING_FSYNC_DATASYNC;
}

static void ring_start(struct writer *writer, struct writer_block *block)
{
	struct engine *engine = writer->engine;
	struct io_uring_sqe *sqe =
		prepare(engine, IORING_OP_WRITE, writer->fd, block->index);

	sqe->addr = (uint64_t)(uintptr_t)(block->data + block->done_bytes);
	sqe->len = (uint32_t)(block->bytes - block->done_bytes);
	sqe->off = block->offset + block->done_bytes;
	if (block->ends_in_sync) {
		sqe->flags = IOSQE_IO_LINK;
		prepare_sync(writer);
	}
	allocate_ahead(writer, block->offset + block->bytes);
	(void)uring_submit(&engine->ring); /* what it leaves, reap() hands over */
}

static void ring_sync(struct writer *writer)
{
	struct engine *engine = writer->engine;

	prepare_sync(writer);
	(void)uring_submit(&engine->ring);
}

static void take(struct writer *writer, const struct io_uring_cqe *cqe)
{
	struct engine *engine = writer->engine;

	if (cqe->user_data == OF_ALLOCATE) {
		engine->is_allocating = false;
		writer->under_way--;
		writer->cannot_allocate |= cqe->res == -EOPNOTSUPP;
	} else if (cqe->user_data == OF_SYNC) {
		writer_synced(writer, cqe->res);
	} else {
		writer_written(writer, &writer->blocks[cqe->user_data], cqe->res);
	}
}

static void ring_reap(struct writer *writer, int64_t most_ns)
{
	struct engine *engine = writer->engine;
	const struct io_uring_cqe *cqe;

	if (most_ns == 0 || uring_peek(&engine->ring)) {
		(void)uring_enter(&engine->ring);
	} else {
		(void)uring_wait(&engine->ring, most_ns);
	}
	while ((cqe = uring_peek(&engine->ring))) {
		struct io_uring_cqe taken = *cqe;

		uring_seen(&engine->ring);
		take(writer, &taken);
	}
}

/* Where the kernel's own thread is later than we are with a request that has ended, it leaves it to us to free it, and
 * that happens inside of a call only: until then the file is open, and its disk cannot be unmounted. */
static void ring_let_go(struct writer *writer)
{
	struct engine *engine = writer->engine;

	if (uring_has_work(&engine->ring)) {
		(void)uring_enter(&engine->ring);
	}
}

const struct writer_ops writer_uring = {
	.name = "uring",
	.open = ring_open,
	.close = ring_close,
	.begin = ring_begin,
	.start = ring_start,
	.sync = ring_sync,
	.reap = ring_reap,
	.let_go = ring_let_go,
	.links = true,
};

#else

#include <errno.h>

static int ring_open(struct writer *writer, struct err *err)
{
	(void)writer;
	return err_set(err, -ENOSYS, "this rtloop was built without io_uring");
}

const struct writer_ops writer_uring = { .name = "uring", .open = ring_open };

#endif
