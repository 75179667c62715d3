#include "rtloop/bench/reader_ring.h"

#ifdef HAVE_IO_URING

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "rtloop/base/sys.h"

struct ring_batch *ring_batch_create(struct reader *reader)
{
	struct ring_batch *batch = calloc(1, sizeof(*batch));

	if (!batch) {
		return NULL;
	}
	batch->ring.fd = -1;
	batch->buffers = calloc(reader->sources->count, RING_BUFFER_BYTES);
	if (!batch->buffers) {
		free(batch);
		return NULL;
	}
	reader->state = batch;
	return batch;
}

void ring_batch_fini(struct ring_batch *batch)
{
	uring_end(&batch->ring);
	uring_close(&batch->ring);
	free(batch->buffers);
}

int ring_batch_register(struct reader *reader)
{
	struct ring_batch *batch = reader->state;
	unsigned count = reader->sources->count;
	int *files = calloc(count, sizeof(*files));
	int code;

	if (!files) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < count; i++) {
		files[i] = reader->sources->items[i].read_fd;
	}
	code = sys_uring_register(batch->ring.fd, IORING_REGISTER_FILES, files, count);
	free(files);
	batch->has_table = code == 0;
	return code;
}

void ring_batch_fill(struct reader *reader)
{
	struct ring_batch *batch = reader->state;
	struct io_uring_sqe *sqe;

	for (unsigned i = 0; i < reader->sources->count; i++) {
		sqe = uring_next(&batch->ring);
		if (!sqe) {
			return;
		}
		sqe->fd = batch->has_table ? (int)i : reader->sources->items[i].read_fd;
		sqe->flags = batch->has_table ? IOSQE_FIXED_FILE : 0;
		sqe->addr = (uint64_t)(uintptr_t)(batch->buffers +
						  (size_t)i * RING_BUFFER_BYTES);
		sqe->len = RING_BUFFER_BYTES;
		if (source_is_socket(&reader->sources->items[i])) {
			sqe->opcode = IORING_OP_RECV;
			sqe->msg_flags = MSG_DONTWAIT;
		} else {
			sqe->opcode = IORING_OP_READ;
			sqe->off = UINT64_MAX;
			/* that the file is non-blocking is not enough: it would be waited for */
			sqe->rw_flags = RWF_NOWAIT;
		}
		batch->left++;
	}
}

int ring_batch_reap(struct reader *reader)
{
	struct ring_batch *batch = reader->state;
	const struct io_uring_cqe *cqe;
	int messages = 0;

	while ((cqe = uring_peek(&batch->ring))) {
		int got = cqe->res;

		uring_seen(&batch->ring);
		batch->left--;
		if (got < 0 && got != -EAGAIN) {
			return got;
		}
		reader->bytes += got > 0 ? (uint64_t)got : 0;
		messages += got > 0;
	}
	return messages;
}

#endif
