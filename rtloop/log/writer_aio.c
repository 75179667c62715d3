#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#include "rtloop/base/time.h"
#include "rtloop/log/writer.h"

/* One a block, by its index, and behind them one for the sync. */
struct request {
	struct aiocb control;
	struct writer_block *block; /* NULL: the sync */
	bool is_under_way;
	int code; /* where it could not even be asked for: -errno */
};

struct engine {
	unsigned count;
	const struct aiocb **list; /* of those that are waited for */
	struct request requests[];
};

static int aio_open(struct writer *writer, struct err *err)
{
	unsigned count = writer->depth + 1;
	struct engine *engine =
		calloc(1, sizeof(*engine) + count * sizeof(*engine->requests));

	if (engine) {
		engine->count = count;
		engine->list = calloc(count, sizeof(const struct aiocb *));
	}
	if (!engine || !engine->list) {
		free(engine);
		return err_set(err, -ENOMEM, "no memory for its requests");
	}
	writer->engine = engine;
	return 0;
}

static void aio_close(struct writer *writer)
{
	struct engine *engine = writer->engine;

	free(engine->list);
	free(engine);
}

static void aio_start(struct writer *writer, struct writer_block *block)
{
	struct engine *engine = writer->engine;
	struct request *request = &engine->requests[block->index];

	request->control = (struct aiocb){
		.aio_fildes = writer->fd,
		.aio_buf = block->data + block->done_bytes,
		.aio_nbytes = block->bytes - block->done_bytes,
		.aio_offset = (off_t)(block->offset + block->done_bytes),
		.aio_sigevent = { .sigev_notify = SIGEV_NONE },
	};
	request->block = block;
	request->is_under_way = true;
	request->code = aio_write(&request->control) ? -errno : 0;
}

static void aio_begin_sync(struct writer *writer)
{
	struct engine *engine = writer->engine;
	struct request *request = &engine->requests[writer->depth];

	request->control = (struct aiocb){
		.aio_fildes = writer->sync.fd,
		.aio_sigevent = { .sigev_notify = SIGEV_NONE },
	};
	request->is_under_way = true;
	request->code = aio_fsync(O_DSYNC, &request->control) ? -errno : 0;
}

/* Without the memory or the threads for it, it is tried once more: as if a signal had come. */
static int64_t result_of(struct request *request)
{
	int code = request->code ? -request->code : aio_error(&request->control);

	if (request->code == 0 && code != EINPROGRESS) {
		ssize_t bytes = aio_return(&request->control);

		return code ? -code : bytes;
	}
	return code == EAGAIN ? -EINTR : -code;
}

static void take(struct writer *writer, struct request *request, int64_t result)
{
	request->is_under_way = false;
	if (request->block) {
		writer_written(writer, request->block, result);
	} else {
		writer_synced(writer, result == -EINTR ? -ECANCELED : (int)result);
	}
}

/* The oldest are the first: AIO works through a descriptor's requests in turn. */
static void wait(struct engine *engine, int64_t most_ns)
{
	const struct timespec most = time_to_timespec(most_ns);
	const struct timespec pause = { .tv_nsec = NS_PER_MS };
	int count = 0;

	for (unsigned i = 0; i < engine->count; i++) {
		const struct request *request = &engine->requests[i];

		if (request->is_under_way && request->code == 0) {
			engine->list[count++] = &request->control;
		}
	}
	if (count > 0) {
		(void)aio_suspend(engine->list, count, &most);
	} else {
		(void)nanosleep(&pause, NULL); /* nothing could be asked for */
	}
}

static void aio_reap(struct writer *writer, int64_t most_ns)
{
	struct engine *engine = writer->engine;

	if (most_ns > 0) {
		wait(engine, most_ns);
	}
	for (unsigned i = 0; i < engine->count; i++) {
		struct request *request = &engine->requests[i];
		int64_t result = request->is_under_way ? result_of(request) : 0;

		if (request->is_under_way && result != -EINPROGRESS) {
			take(writer, request, result);
		}
	}
}

static void aio_cancel_all(struct writer *writer)
{
	(void)aio_cancel(writer->fd, NULL);
}

const struct writer_ops writer_aio = {
	.name = "aio",
	.open = aio_open,
	.close = aio_close,
	.start = aio_start,
	.sync = aio_begin_sync,
	.reap = aio_reap,
	.cancel = aio_cancel_all,
};
