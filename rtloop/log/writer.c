#include "rtloop/log/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define PAGE_BYTES	4096u
#define BLOCK_BYTES_MAX ((size_t)256 << 10)
#define QUEUE_BYTES	((size_t)2 << 20)
#define DEPTH_MAX	64

/* Set aside at once, as soon as writing comes so near to the end of what is. */
#define ALLOCATE_BYTES_MIN (UINT64_C(1) << 20)
#define ALLOCATE_BYTES_MAX (UINT64_C(16) << 20)
#define AHEAD_BYTES	   (UINT64_C(512) << 10)

/* A chunk with its message indexes, as a rule: those of the shortest messages take half as much again. */
#define WRITER_PUT_BYTES(chunk_bytes) ((chunk_bytes) + (chunk_bytes) / 2)

#define WAIT_NS (100 * NS_PER_MS)

static const struct writer_ops *const kinds[] = {
	[WRITER_WRITE] = &writer_write,
	[WRITER_URING] = &writer_uring,
	[WRITER_AIO] = &writer_aio,
};

static struct writer_block *block_at(const struct writer *writer, unsigned index)
{
	return writer->places[index % writer->depth];
}

/* The one that was written last is the next to be filled: it is in the CPU's cache still. */
static void reuse(struct writer *writer, unsigned index)
{
	struct writer_block **done = &writer->places[index % writer->depth];
	struct writer_block **next = &writer->places[(writer->head + 1) % writer->depth];
	struct writer_block *block = *done;

	*done = *next;
	*next = block;
}

/* The next block to be filled. The first one of a file, and one that follows a sync, is as short as it takes to end where
 * others do. */
static void begin_block(struct writer *writer)
{
	struct writer_block *block = block_at(writer, writer->head);

	block->offset = writer->put_bytes;
	block->bytes = 0;
	block->done_bytes = 0;
	block->room_bytes =
		writer->block_bytes - (size_t)(writer->put_bytes % writer->block_bytes);
	block->ends_in_sync = false;
}

/* Small chunks are asked for so that little is lost: they are not held back for large blocks. */
static size_t choose_block(size_t chunk_bytes)
{
	size_t bytes = PAGE_BYTES;

	while (bytes < chunk_bytes && bytes < BLOCK_BYTES_MAX) {
		bytes *= 2;
	}
	return bytes;
}

/* So many that they hold QUEUE_BYTES, and one chunk more: what is put while one is looked for. */
static unsigned choose_depth(size_t block_bytes, size_t chunk_bytes)
{
	size_t queued = QUEUE_BYTES / block_bytes;

	queued = queued < DEPTH_MAX ? queued : DEPTH_MAX;
	return (unsigned)(queued + WRITER_PUT_BYTES(chunk_bytes) / block_bytes + 2);
}

static int make_blocks(struct writer *writer, size_t chunk_bytes)
{
	size_t bytes;

	writer->chunk_bytes = chunk_bytes;
	writer->block_bytes = choose_block(chunk_bytes);
	writer->depth = choose_depth(writer->block_bytes, chunk_bytes);
	bytes = writer->depth * writer->block_bytes;
	writer->blocks = calloc(writer->depth, sizeof(*writer->blocks));
	writer->memory = aligned_alloc(PAGE_BYTES, bytes);
	writer->places = calloc(writer->depth, sizeof(struct writer_block *));
	if (!writer->blocks || !writer->places || !writer->memory) {
		return -ENOMEM;
	}
	/* touched now: a page fault in the middle of a run would be a stall of its own */
	memset(writer->memory, 0, bytes);
	for (unsigned i = 0; i < writer->depth; i++) {
		writer->places[i] = &writer->blocks[i];
		writer->blocks[i].index = i;
		writer->blocks[i].data = writer->memory + i * writer->block_bytes;
	}
	return 0;
}

static void give_way(struct writer *writer, const struct err *why)
{
	err_set(&writer->note, -ENOTSUP, "no writer %s: %.200s", writer->ops->name,
		why->text);
	writer->ops = &writer_write;
}

/* Whether it is the kind that was asked for. */
static bool open_kind(struct writer *writer)
{
	struct err why = { "" };

	if (writer->ops == &writer_write) {
		return false;
	}
	if (writer->ops->open(writer, &why) == 0) {
		return true;
	}
	give_way(writer, &why);
	return false;
}

int writer_open(struct writer *writer, int kind, size_t chunk_bytes,
		struct syncer *syncer, struct err *err)
{
	*writer = (struct writer){ .ops = kinds[kind],
				   .syncer = syncer,
				   .fd = -1,
				   .is_direct = true,
				   .sync = { .fd = -1 } };
	if (make_blocks(writer, chunk_bytes)) {
		return err_set(err, -ENOMEM, "no memory for the log's writer");
	}
	return open_kind(writer) ? 0 : writer->ops->open(writer, err);
}

static void close_kind(struct writer *writer)
{
	if (writer->engine) {
		writer->ops->close(writer);
		writer->engine = NULL;
	}
}

void writer_close(struct writer *writer)
{
	close_kind(writer);
	free(writer->memory);
	free(writer->places);
	free(writer->blocks);
	writer->memory = NULL;
	writer->places = NULL;
	writer->blocks = NULL;
}

int writer_begin(struct writer *writer, struct err *err)
{
	struct err why = { "" };

	if (!writer->ops->begin || writer->ops->begin(writer, &why) == 0) {
		return 0;
	}
	close_kind(writer);
	give_way(writer, &why);
	return writer->ops->open(writer, err);
}

void writer_end(struct writer *writer)
{
	writer_abandon(writer);
	while (writer->sync.is_under_way) {
		writer_wait(writer, WAIT_NS);
	}
}

void writer_set_file(struct writer *writer, int fd)
{
	writer->fd = fd;
	writer->is_direct = true;
	writer->put_bytes = 0;
	writer->written_bytes = 0;
	writer->allocated_bytes = 0;
	writer->code = 0;
	writer->sync.is_of_this_file = false;
}

void writer_queue(struct writer *writer)
{
	writer->is_direct = false;
	writer->written_bytes = writer->put_bytes;
	begin_block(writer);
}

/* --- what is under way -------------------------------------------------------------------------------- */

/* On a descriptor of its own: AIO works through one descriptor's requests in turn, and writes are not to wait for it. */
static bool begin_sync(struct writer *writer)
{
	struct writer_sync *sync = &writer->sync;

	sync->fd = writer->ops->sync ? fcntl(writer->fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (sync->fd < 0) {
		return false;
	}
	sync->file = sync->asked;
	sync->file_at = sync->at;
	sync->is_asked = false;
	sync->is_under_way = true;
	sync->is_of_this_file = true;
	sync->began_ns = sys_now();
	return true;
}

static void start_block(struct writer *writer, struct writer_block *block)
{
	writer->under_way++;
	writer->ops->start(writer, block);
}

/* The one behind which a sync may be linked is to be the last that is under way. */
static bool may_start(struct writer *writer, struct writer_block *block)
{
	const struct writer_sync *sync = &writer->sync;

	if (!writer->ops->links || !sync->is_asked || sync->is_under_way ||
	    block->offset + block->bytes != sync->at) {
		return true;
	}
	if (writer->tail != writer->started) {
		return false;
	}
	block->ends_in_sync = begin_sync(writer);
	return true;
}

static void start_blocks(struct writer *writer)
{
	while (writer->code == 0 && writer->started != writer->head) {
		struct writer_block *block = block_at(writer, writer->started);

		if (!may_start(writer, block)) {
			return;
		}
		writer->started++;
		start_block(writer, block);
	}
}

static void start(struct writer *writer)
{
	struct writer_sync *sync = &writer->sync;

	start_blocks(writer);
	if (!sync->is_asked || sync->is_under_way || writer->code ||
	    writer->written_bytes < sync->at) {
		return;
	}
	if (begin_sync(writer)) {
		writer->ops->sync(writer);
	} else {
		sync->is_asked = false;
		syncer_ask(writer->syncer, sync->asked);
	}
}

bool writer_wants_room(struct writer *writer, uint64_t end, struct writer_room *ret_room)
{
	uint64_t offset = writer->allocated_bytes > end ? writer->allocated_bytes : end;
	/* as much again as there is: a short log takes little from others */
	uint64_t bytes = end < ALLOCATE_BYTES_MIN ? ALLOCATE_BYTES_MIN : end;

	if (writer->cannot_allocate || end + AHEAD_BYTES < writer->allocated_bytes) {
		return false;
	}
	if (writer->allocated_bytes == 0) {
		offset = end - end % writer->block_bytes;
	}
	bytes = bytes < ALLOCATE_BYTES_MAX ? bytes : ALLOCATE_BYTES_MAX;
	*ret_room = (struct writer_room){ .offset = offset, .bytes = bytes };
	writer->allocated_bytes = offset + bytes;
	return true;
}

static void fail(struct writer *writer, int code)
{
	if (writer->code == 0) {
		writer->code = code;
	}
}

static void note_written(struct writer *writer)
{
	while (writer->tail != writer->started) {
		const struct writer_block *block = block_at(writer, writer->tail);

		writer->written_bytes = block->offset + block->done_bytes;
		if (block->done_bytes < block->bytes) {
			return;
		}
		reuse(writer, writer->tail++);
	}
}

void writer_written(struct writer *writer, struct writer_block *block, int64_t result)
{
	writer->under_way--;
	block->ends_in_sync = false;
	if (result == 0) {
		result = -EIO;
	}
	if (result > 0) {
		block->done_bytes += (size_t)result;
	} else if (result != -EINTR) {
		fail(writer, (int)result);
	}
	if (block->done_bytes < block->bytes && writer->code == 0) {
		start_block(writer, block);
	}
	note_written(writer);
}

void writer_synced(struct writer *writer, int code)
{
	struct writer_sync *sync = &writer->sync;

	sync->is_under_way = false;
	if (code == -ECANCELED) {
		/* behind a write that ended short; a later one that is asked for is as good */
		if (!sync->is_asked && sync->is_of_this_file) {
			sync->is_asked = true;
			sync->asked = sync->file;
			sync->at = sync->file_at;
		}
	} else {
		syncer_note(writer->syncer, sync->file, sys_judge_sync(sync->fd, code),
			    sys_now() - sync->began_ns);
	}
	sys_close(sync->fd);
	sync->fd = -1;
}

/* --- the logger's side -------------------------------------------------------------------------------- */

static bool is_idle(const struct writer *writer)
{
	return writer->under_way == 0 && !writer->sync.is_under_way;
}

void writer_wait(struct writer *writer, int64_t most_ns)
{
	if (!is_idle(writer)) {
		writer->ops->reap(writer, most_ns);
	} else if (writer->ops->let_go) {
		writer->ops->let_go(writer);
	}
	if (!writer->is_direct) {
		start(writer);
	}
}

void writer_poll(struct writer *writer)
{
	writer_wait(writer, 0);
}

void writer_push(struct writer *writer)
{
	if (block_at(writer, writer->head)->bytes > 0) {
		/* one place stays free, for the block being filled */
		while (writer->code == 0 &&
		       writer->head + 1 - writer->tail == writer->depth) {
			start(writer);
			writer_wait(writer, WAIT_NS);
		}
		if (writer->code) {
			return;
		}
		writer->head++;
		begin_block(writer);
	}
	start(writer);
}

static int put_directly(struct writer *writer, const void *data, size_t bytes)
{
	struct iovec part = { .iov_base = (void *)data, .iov_len = bytes };
	int code = sys_writev_all(writer->fd, &part, 1);

	if (code == 0) {
		writer->put_bytes += bytes;
		writer->written_bytes = writer->put_bytes;
	}
	return code;
}

int writer_put(struct writer *writer, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	if (writer->is_direct) {
		return put_directly(writer, data, bytes);
	}
	while (bytes > 0 && writer->code == 0) {
		struct writer_block *block = block_at(writer, writer->head);
		size_t room = block->room_bytes - block->bytes;
		size_t some = bytes < room ? bytes : room;

		memcpy(block->data + block->bytes, at, some);
		block->bytes += some;
		writer->put_bytes += some;
		at += some;
		bytes -= some;
		if (block->bytes == block->room_bytes) {
			writer_push(writer);
		}
	}
	return writer->code;
}

bool writer_has_room(const struct writer *writer)
{
	const struct writer_block *block = block_at(writer, writer->head);
	size_t blocks = writer->depth - (writer->head - writer->tail) - 1;

	return block->room_bytes - block->bytes + blocks * writer->block_bytes >
	       WRITER_PUT_BYTES(writer->chunk_bytes);
}

void writer_sync(struct writer *writer, struct syncer_file file)
{
	writer->sync.is_asked = true;
	writer->sync.asked = file;
	writer->sync.at = writer->put_bytes;
	writer_push(writer);
}

int writer_settle(struct writer *writer)
{
	if (writer->is_direct) {
		return 0;
	}
	writer->sync.is_asked = false; /* whoever gets the file syncs it */
	writer->sync.is_of_this_file = false;
	writer_push(writer);
	while (writer->code == 0 && writer->tail != writer->head) {
		writer_wait(writer, WAIT_NS);
	}
	if (writer->code) {
		return writer->code;
	}
	writer->is_direct = true;
	return lseek(writer->fd, (off_t)writer->written_bytes, SEEK_SET) < 0 ? -errno : 0;
}

void writer_abandon(struct writer *writer)
{
	writer->is_direct = true;
	writer->sync.is_asked = false;
	writer->sync.is_of_this_file = false;
	if (writer->under_way > 0 && writer->ops->cancel) {
		writer->ops->cancel(writer);
	}
	fail(writer, -ECANCELED);
	while (writer->under_way > 0) {
		writer_wait(writer, WAIT_NS);
	}
	writer->head = 0;
	writer->started = 0;
	writer->tail = 0;
}

int writer_leave(struct writer *writer)
{
	int fd = writer->fd;

	while (writer->under_way > 0) {
		writer_wait(writer, WAIT_NS);
	}
	if (writer->allocated_bytes > 0) {
		(void)sys_trim(fd);
	}
	writer->fd = -1;
	return fd;
}
