/* wraps: writer_written writer_synced syncer_ask writev thread_start aio_write64
 * wraps: sys_uring_setup sys_uring_register sys_uring_enter */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "rtloop/base/thread.h"
#include "rtloop/base/time.h"
#include "rtloop/base/uring.h"
#include "rtloop/log/writer.h"
#include "tests/fakes/aio.h"
#include "tests/fakes/folder.h"
#include "tests/fakes/kernel.h"

#define KIB	   ((size_t)1024)
#define CHUNK	   (256 * KIB)
#define DATA_BYTES (24 * 1024 * KIB)
#define STARTS_MAX 1024
#define NUMBER	   1u

/* What is to go wrong, and what the writer did. */
static struct {
	unsigned short_every; /* the n-th write ends after a part; 0: none */
	int fail_after;	      /* writes; -1: none fails, */
	int fail_code;	      /* or with this */
	int sync_code;	      /* of the next sync */
	int setup_code;	      /* of io_uring; 0: the real one */
	int enable_code;      /* of its being put to use, likewise */
	int thread_code;      /* of starting a thread, likewise */
	unsigned refusals;    /* so many times AIO cannot be asked */
	unsigned written, synced;
	unsigned failures; /* that writes were given */
	_Atomic unsigned short_writes;
	uint64_t early_syncs; /* begun before all that they are of was written */
} will;

static struct {
	const struct writer_ops *real;
	struct writer_ops ops;
	bool is_held; /* nothing ends */
	struct {
		uint64_t offset;
		size_t bytes;
	} starts[STARTS_MAX];
	unsigned start_count;
} spy;

void __real_writer_written(struct writer *writer, struct writer_block *block,
			   int64_t result);
void __wrap_writer_written(struct writer *writer, struct writer_block *block,
			   int64_t result);
void __wrap_writer_written(struct writer *writer, struct writer_block *block,
			   int64_t result)
{
	bool is_split =
		block->bytes - block->done_bytes > 1000 && spy.real != &writer_write;

	will.written++;
	if (will.fail_after >= 0 && will.written > (unsigned)will.fail_after) {
		result = will.fail_code;
		/* those that were under way, and none that is begun after one has failed */
		if (will.failures++ > writer->depth) {
			will.fail_after = -1;
			__real_writer_written(
				writer, block,
				(int64_t)(block->bytes - block->done_bytes));
			fail_msg("it goes on after a failure");
		}
	} else if (will.short_every && will.written % will.short_every == 0 && is_split) {
		result = 999;
		will.short_writes++;
	}
	__real_writer_written(writer, block, result);
}

void __real_writer_synced(struct writer *writer, int code);
void __wrap_writer_synced(struct writer *writer, int code);
void __wrap_writer_synced(struct writer *writer, int code)
{
	int wanted = will.sync_code;

	will.sync_code = 0;
	will.synced++;
	__real_writer_synced(writer, wanted ? wanted : code);
}

static void note_sync(const struct writer *writer, uint64_t at)
{
	will.early_syncs += writer->written_bytes < at;
}

/* So kind write syncs. */
void __real_syncer_ask(struct syncer *syncer, struct syncer_file file);
void __wrap_syncer_ask(struct syncer *syncer, struct syncer_file file);

/* That is where the writes of kind write are short. */
ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
	struct iovec part = parts[0];

	if (will.short_every && part.iov_len > 1000) {
		part.iov_len -= 999;
		will.short_writes++;
	}
	return __real_writev(fd, &part, count);
}

int __real_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err);
int __wrap_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err);
int __wrap_thread_start(struct thread *thread, const struct thread_options *options,
			void *(*main)(void *), void *arg, struct err *err)
{
	if (will.thread_code) {
		return err_set(err, will.thread_code, "no thread");
	}
	return __real_thread_start(thread, options, main, arg, err);
}

/* --- what the kernel is given through a ring, read where it reads it ----------------------------- */

#ifdef HAVE_IO_URING

#define GIVEN_MAX 256

static struct {
	void *rings; /* the head of the last ring that was made, */
	size_t rings_bytes;
	struct io_uring_sqe *sqes; /* and its submissions */
	unsigned entries;
	unsigned tail_offset;
	int places;	 /* of rings, that the thread has among its own */
	unsigned calls;	 /* that submitted any */
	unsigned enters; /* all calls */
	unsigned count;
	struct {
		struct io_uring_sqe sqe;
		unsigned call;
	} given[GIVEN_MAX + 1];
} seen;

static void forget_ring(void)
{
	if (seen.rings) {
		munmap(seen.rings, seen.rings_bytes);
		munmap(seen.sqes, seen.entries * sizeof(*seen.sqes));
	}
	memset(&seen, 0, sizeof(seen));
}

static void look_into_ring(int fd, const struct io_uring_params *params)
{
	const int flags = MAP_SHARED | MAP_POPULATE;

	forget_ring();
	seen.entries = params->sq_entries;
	seen.tail_offset = params->sq_off.tail;
	seen.rings_bytes = params->sq_off.array + params->sq_entries * sizeof(uint32_t);
	seen.rings =
		mmap(NULL, seen.rings_bytes, PROT_READ, flags, fd, IORING_OFF_SQ_RING);
	seen.sqes = mmap(NULL, seen.entries * sizeof(*seen.sqes), PROT_READ, flags, fd,
			 IORING_OFF_SQES);
	assert_true(seen.rings != MAP_FAILED && (void *)seen.sqes != MAP_FAILED);
}

/* A call takes the first of what is between the kernel's head and the tail. */
static void note_given(unsigned first, unsigned count)
{
	seen.calls += count > 0;
	for (unsigned i = 0; i < count && seen.count < GIVEN_MAX; i++) {
		seen.given[seen.count].call = seen.calls;
		seen.given[seen.count++].sqe =
			seen.sqes[(first + i) & (seen.entries - 1)];
	}
}

int __real_sys_uring_setup(unsigned entries, void *params);
int __wrap_sys_uring_setup(unsigned entries, void *params);
int __wrap_sys_uring_setup(unsigned entries, void *params)
{
	int fd = will.setup_code ? will.setup_code
				 : __real_sys_uring_setup(entries, params);

	if (fd >= 0) {
		look_into_ring(fd, params);
	}
	return fd;
}

int __real_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count)
{
	int code = op == IORING_REGISTER_ENABLE_RINGS && will.enable_code
			   ? will.enable_code
			   : __real_sys_uring_register(fd, op, argument, count);

	seen.places += op == IORING_REGISTER_RING_FDS && code == 1;
	seen.places -= op == IORING_UNREGISTER_RING_FDS && code == 1;
	return code;
}

int __real_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument);
int __wrap_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument);
int __wrap_sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
			   const void *argument)
{
	unsigned tail = *(const unsigned *)((uint8_t *)seen.rings + seen.tail_offset);
	int taken = __real_sys_uring_enter(fd, submitted, least, flags, argument);

	seen.enters++;
	if (taken > 0) {
		note_given(tail - submitted, (unsigned)taken);
	}
	return taken;
}

#else

static void forget_ring(void)
{
}

#endif

/* --- AIO ----------------------------------------------------------------------------------------- */

int __real_aio_write64(struct aiocb *control);
int __wrap_aio_write64(struct aiocb *control);
int __wrap_aio_write64(struct aiocb *control)
{
	if (will.refusals > 0) {
		will.refusals--;
		errno = EAGAIN;
		return -1;
	}
	return __real_aio_write64(control);
}

static void spy_start(struct writer *writer, struct writer_block *block)
{
	assert_true(spy.start_count < STARTS_MAX);
	if (writer->head - writer->tail >= writer->depth) {
		writer->under_way--; /* this one will not end */
		fail_msg("a block is filled that is not written yet");
	}
	spy.starts[spy.start_count].offset = block->offset + block->done_bytes;
	spy.starts[spy.start_count++].bytes = block->bytes - block->done_bytes;
	if (block->ends_in_sync) {
		note_sync(writer, block->offset);
	}
	spy.real->start(writer, block);
}

static void spy_sync(struct writer *writer)
{
	note_sync(writer, writer->sync.file_at);
	spy.real->sync(writer);
}

static void spy_reap(struct writer *writer, int64_t most_ns)
{
	if (!spy.is_held) {
		spy.real->reap(writer, most_ns);
	}
}

/* --- a writer with a file ------------------------------------------------------------------- */

struct bench {
	int kind;
	struct folder folder;
	struct syncer syncer;
	struct writer writer;
	uint8_t *data; /* DATA_BYTES of it */
	size_t put;
	int fd;
};

static struct bench the_bench;

void __wrap_syncer_ask(struct syncer *syncer, struct syncer_file file)
{
	note_sync(&the_bench.writer, the_bench.writer.sync.at);
	__real_syncer_ask(syncer, file);
}

static void open_writer(struct bench *bench)
{
	struct writer *writer = &bench->writer;
	struct err err = { "" };

	if (writer_open(writer, bench->kind, CHUNK, &bench->syncer, &err)) {
		fail_msg("%s", err.text);
	}
	spy.real = writer->ops;
	spy.ops = *writer->ops;
	spy.ops.start = spy_start;
	spy.ops.reap = spy_reap;
	spy.ops.sync = writer->ops->sync ? spy_sync : NULL;
	writer->ops = &spy.ops;
	assert_int_equal(writer_begin(writer, &err), 0);
}

static void begin_file(struct bench *bench, const char *name)
{
	bench->fd = open(folder_file(&bench->folder, name), O_RDWR | O_CREAT, 0600);
	assert_true(bench->fd >= 0);
	bench->put = 0;
	writer_set_file(&bench->writer, bench->fd);
}

static int set_up(void **state)
{
	struct bench *bench = &the_bench;
	uint32_t noise = 1;

	*bench = (struct bench){ .kind = *(const int *)*state };
	memset(&will, 0, sizeof(will));
	memset(&spy, 0, sizeof(spy));
	will.fail_after = -1;
	folder_init(&bench->folder);
	bench->data = malloc(DATA_BYTES);
	for (size_t i = 0; i < DATA_BYTES; i++) {
		noise = noise * 1664525u + 1013904223u;
		bench->data[i] = (uint8_t)(noise >> 24);
	}
	assert_int_equal(syncer_start(&bench->syncer, NULL), 0);
	open_writer(bench);
	begin_file(bench, "a");
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	spy.is_held = false;
	will.fail_after = -1;
	will.short_every = 0;
	writer_end(&bench->writer);
	writer_close(&bench->writer);
	syncer_stop(&bench->syncer);
	close(bench->fd);
	free(bench->data);
	folder_fini(&bench->folder);
	forget_ring();
	return 0;
}

static void put(struct bench *bench, size_t bytes)
{
	assert_int_equal(writer_put(&bench->writer, bench->data + bench->put, bytes), 0);
	bench->put += bytes;
}

/* Ends with the writer's answer. As long as anything is missing, something is under way: nobody waits for nothing. */
static int settle(struct bench *bench)
{
	struct writer *writer = &bench->writer;

	writer_push(writer);
	while (writer->code == 0 && writer->written_bytes < writer->put_bytes) {
		assert_true(writer->under_way > 0);
		writer_wait(writer, 100 * NS_PER_MS);
	}
	return writer_settle(writer);
}

/* Of lengths that fit nothing, and no more at once than there is room for: what is under way makes it. */
static void put_much(struct bench *bench, size_t bytes)
{
	struct writer *writer = &bench->writer;
	size_t end = bench->put + bytes;

	for (size_t some = 777; bench->put < end; some = some * 3 % 389999) {
		while (writer->code == 0 && !writer_has_room(writer)) {
			assert_true(writer->under_way > 0);
			writer_wait(writer, 100 * NS_PER_MS);
		}
		put(bench, some < end - bench->put ? some : end - bench->put);
		writer_poll(writer);
	}
}

static void assert_file_is(const struct bench *bench, size_t bytes)
{
	uint8_t *data = malloc(bytes);
	struct stat info;

	assert_int_equal(fstat(bench->fd, &info), 0);
	assert_int_equal(info.st_size, bytes);
	assert_int_equal(pread(bench->fd, data, bytes, 0), bytes);
	assert_memory_equal(data, bench->data, bytes);
	free(data);
}

/* --- ------------------------------------------------------------------------------------------ */

static void what_is_put_is_in_the_file_in_its_order(void **state)
{
	struct bench *bench = *state;

	put(bench, 5000); /* the head */
	writer_queue(&bench->writer);
	/* waits until there is room for it */
	put(bench, 3 * 1024 * KIB);
	put_much(bench, 17 * 1024 * KIB);
	assert_int_equal(settle(bench), 0);
	assert_int_equal(bench->writer.written_bytes, bench->put);
	put(bench, 3333); /* the end */
	assert_file_is(bench, bench->put);
}

static void blocks_end_at_multiples_of_their_size(void **state)
{
	struct bench *bench = *state;

	put(bench, 5000);
	writer_queue(&bench->writer);
	put_much(bench, 4 * 1024 * KIB);
	for (unsigned i = 0; i < spy.start_count; i++) {
		uint64_t end = spy.starts[i].offset + spy.starts[i].bytes;

		assert_int_equal(end % (256 * KIB), 0);
		assert_true(spy.starts[i].bytes == 256 * KIB || i == 0);
	}
	assert_true(spy.start_count >= 15);
	assert_int_equal(settle(bench), 0);
	assert_file_is(bench, bench->put);
}

static void eight_and_more_are_under_way_on_a_disk_that_stands_still(void **state)
{
	struct bench *bench = *state;

	writer_queue(&bench->writer);
	spy.is_held = true;
	while (writer_has_room(&bench->writer)) {
		put(bench, 10 * KIB); /* would not come back */
	}
	assert_true(spy.start_count >= 8);
	assert_int_equal(bench->writer.written_bytes, 0);
	spy.is_held = false;
	assert_int_equal(settle(bench), 0);
	assert_file_is(bench, bench->put);
}

static void a_short_write_is_gone_on_with(void **state)
{
	struct bench *bench = *state;

	will.short_every = 3;
	writer_queue(&bench->writer);
	put_much(bench, 8 * 1024 * KIB);
	assert_int_equal(settle(bench), 0);
	assert_int_equal(bench->writer.written_bytes, bench->put);
	assert_true(will.short_writes > 5);
	assert_file_is(bench, bench->put);
}

static bool has_failed(void *context)
{
	struct bench *bench = context;

	writer_poll(&bench->writer);
	return bench->writer.code != 0;
}

static void fail_with(struct bench *bench, int code, int expected)
{
	will.fail_after = 4;
	will.fail_code = code;
	writer_queue(&bench->writer);
	while (bench->writer.code == 0 && bench->put < DATA_BYTES / 2) {
		if (writer_put(&bench->writer, bench->data + bench->put, 64 * KIB)) {
			break;
		}
		bench->put += 64 * KIB;
	}
	wait_until(has_failed, bench);
	assert_int_equal(bench->writer.code, expected);
	assert_int_equal(settle(bench), expected);
	writer_abandon(&bench->writer);
	assert_int_equal(bench->writer.under_way, 0);
	/* what is known to be there is a beginning of it */
	assert_true(bench->writer.written_bytes <= 4 * CHUNK);
	assert_int_equal(ftruncate(bench->fd, (off_t)bench->writer.written_bytes), 0);
	assert_file_is(bench, (size_t)bench->writer.written_bytes);
}

static void a_full_disk_is_said_with_what_was_written_before(void **state)
{
	fail_with(*state, -ENOSPC, -ENOSPC);
}

static void an_error_of_the_disk_is_said(void **state)
{
	fail_with(*state, -EIO, -EIO);
}

static void a_disk_that_takes_nothing_and_says_nothing_is_an_error(void **state)
{
	fail_with(*state, 0, -EIO);
}

static void after_a_failure_the_next_file_is_as_new(void **state)
{
	struct bench *bench = *state;

	fail_with(bench, -EIO, -EIO);
	will.fail_after = -1;
	assert_int_equal(writer_leave(&bench->writer), bench->fd);
	close(bench->fd);
	begin_file(bench, "b");
	put(bench, 100);
	writer_queue(&bench->writer);
	put_much(bench, 3 * 1024 * KIB);
	assert_int_equal(settle(bench), 0);
	assert_file_is(bench, bench->put);
}

/* --- syncs ---------------------------------------------------------------------------------- */

static struct syncer_file file_of(const struct bench *bench, uint64_t mark)
{
	return (struct syncer_file){ bench->fd, NUMBER, mark };
}

static bool is_good_from(struct bench *bench, uint64_t mark)
{
	struct syncer_file good = syncer_good(&bench->syncer);

	writer_poll(&bench->writer);
	return good.number == NUMBER && good.mark >= mark;
}

static bool is_begun(void *context)
{
	return is_good_from(context, 0);
}

/* Until then it, or what it waits for, is under way; or of write's the syncer knows. */
static bool is_marked(void *context)
{
	struct bench *bench = context;
	const struct writer *writer = &bench->writer;
	bool is_handed_over = !spy.real->sync && !writer->sync.is_asked;
	bool may_come =
		is_handed_over || writer->sync.is_under_way || writer->under_way > 0;
	bool is_good = is_good_from(bench, 77); /* of before it looks */

	assert_true(is_good || may_come);
	return is_good;
}

/* Its name is on the disk, and its head. */
static void begin_synced(struct bench *bench)
{
	syncer_begin(&bench->syncer, file_of(bench, 0), folder_file(&bench->folder, "a"));
	writer_queue(&bench->writer);
	wait_until(is_begun, bench);
}

static void a_sync_is_of_all_that_was_put_before_it(void **state)
{
	struct bench *bench = *state;
	uint64_t asked;

	begin_synced(bench);
	spy.is_held = true;
	put_much(bench, 1024 * KIB + 333);
	asked = bench->put;
	writer_sync(&bench->writer, file_of(bench, 77));
	put_much(bench, 100 * KIB);
	spy.is_held = false;
	wait_until(is_marked, bench);
	assert_true(bench->writer.written_bytes >= asked);
	assert_int_equal(will.early_syncs, 0);
	assert_int_equal(settle(bench), 0);
	assert_file_is(bench, bench->put);
}

static void a_sync_with_nothing_new_is_one_too(void **state)
{
	struct bench *bench = *state;

	begin_synced(bench);
	put(bench, 256 * KIB); /* a block that is full, and under way already */
	writer_sync(&bench->writer, file_of(bench, 77));
	wait_until(is_marked, bench);
}

static void a_sync_behind_short_writes_is_done_all_the_same(void **state)
{
	struct bench *bench = *state;

	begin_synced(bench);
	will.short_every = 1;
	will.sync_code = spy.real->sync ? -ECANCELED : 0;
	put(bench, 50 * KIB);
	writer_sync(&bench->writer, file_of(bench, 77));
	wait_until(is_marked, bench);
	if (spy.real->sync) {
		assert_true(will.synced >= 2);
	}
}

static bool has_told(void *context)
{
	struct bench *bench = context;

	writer_poll(&bench->writer);
	assert_true(will.synced > 0 || bench->writer.sync.is_under_way ||
		    bench->writer.under_way > 0);
	return will.synced > 0;
}

static void a_sync_that_fails_is_told(void **state)
{
	struct bench *bench = *state;
	struct syncer_failure failure;

	if (!spy.real->sync) {
		print_message("without io_uring the syncer syncs\n");
		skip();
	}
	begin_synced(bench);
	will.sync_code = -EIO;
	put(bench, 50 * KIB);
	writer_sync(&bench->writer, file_of(bench, 77));
	wait_until(has_told, bench);
	failure = syncer_failure(&bench->syncer);
	assert_int_equal(failure.code, -EIO);
	assert_int_equal(failure.number, NUMBER);
	assert_int_equal(syncer_good(&bench->syncer).mark, 0);
}

#ifdef HAVE_IO_URING

/* A sync that is not linked may be over before the write is. */
static void a_sync_is_linked_to_the_last_write_before_it_and_no_other_is(void **state)
{
	struct bench *bench = *state;
	uint64_t asked;
	unsigned writes = 0, syncs = 0;

	if (spy.real != &writer_uring) {
		print_message("%s\n", bench->writer.note.text);
		skip();
	}
	begin_synced(bench);
	put_much(bench, 1024 * KIB + 333);
	asked = bench->put;
	writer_sync(&bench->writer, file_of(bench, 77));
	put_much(bench, 600 * KIB);
	wait_until(is_marked, bench);
	assert_int_equal(settle(bench), 0);
	for (unsigned i = 0; i < seen.count; i++) {
		const struct io_uring_sqe *sqe = &seen.given[i].sqe;
		const struct io_uring_sqe *next = &seen.given[i + 1].sqe;
		bool is_last =
			sqe->opcode == IORING_OP_WRITE && sqe->off + sqe->len == asked;

		writes += sqe->opcode == IORING_OP_WRITE;
		syncs += sqe->opcode == IORING_OP_FSYNC;
		assert_int_equal(sqe->flags, is_last ? IOSQE_IO_LINK : 0);
		if (is_last) {
			assert_int_equal(next->opcode, IORING_OP_FSYNC);
			assert_int_equal(next->fsync_flags, IORING_FSYNC_DATASYNC);
			assert_int_equal(seen.given[i + 1].call, seen.given[i].call);
		}
	}
	assert_true(writes >= 7);
	assert_int_equal(syncs, 1);
}

#endif

static void at_the_end_nothing_is_under_way(void **state)
{
	struct bench *bench = *state;

	begin_synced(bench);
	put_much(bench, 1024 * KIB);
	writer_sync(&bench->writer, file_of(bench, 77));
	writer_end(&bench->writer);
	assert_int_equal(bench->writer.under_way, 0);
	assert_false(bench->writer.sync.is_under_way);
}

static void room_is_set_aside_and_what_is_left_of_it_given_back(void **state)
{
	struct bench *bench = *state;
	struct stat info;

	writer_queue(&bench->writer);
	put_much(bench, 300 * KIB);
	assert_int_equal(settle(bench), 0);
	while (bench->writer.under_way > 0) {
		writer_wait(&bench->writer, NS_PER_MS);
	}
	if (spy.real != &writer_aio && !bench->writer.cannot_allocate) {
		assert_int_equal(fstat(bench->fd, &info), 0);
		assert_int_equal(info.st_size, bench->put);
		assert_true((size_t)info.st_blocks * 512 >= 1024 * KIB);
	}
	assert_int_equal(writer_leave(&bench->writer), bench->fd);
	assert_int_equal(fstat(bench->fd, &info), 0);
	assert_true((size_t)info.st_blocks * 512 < 1024 * KIB);
}

/* --- what is not to be had ------------------------------------------------------------------- */

static void assert_falls_back(struct bench *bench, int code, const char *why)
{
	struct writer writer;

	will.setup_code = code;
	assert_int_equal(writer_open(&writer, WRITER_URING, CHUNK, &bench->syncer, NULL),
			 0);
	assert_string_equal(writer.ops->name, "write");
	assert_non_null(strstr(writer.note.text, "no writer uring: "));
	assert_non_null(strstr(writer.note.text, why));
	writer_close(&writer);
}

static void without_io_uring_write_writes_and_it_is_said_why(void **state)
{
	assert_falls_back(*state, -ENOSYS, "no io_uring");
	assert_falls_back(*state, -EPERM, "io_uring");
	assert_falls_back(*state, -EINVAL, "older");
}

#ifdef HAVE_IO_URING

static int least_free_fd(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

/* Else a file stays open that has ended, as long as no other one is written. */
static void what_the_kernel_still_holds_of_what_has_ended_is_let_go(void **state)
{
	struct bench *bench = *state;
	struct uring *ring = bench->writer.engine; /* its first member */
	unsigned enters = seen.enters;

	if (bench->writer.note.text[0]) {
		print_message("%s\n", bench->writer.note.text);
		skip();
	}
	writer_poll(&bench->writer);
	assert_int_equal(seen.enters, enters);
	__atomic_fetch_or((unsigned *)ring->sq_flags, IORING_SQ_TASKRUN,
			  __ATOMIC_RELAXED);
	writer_poll(&bench->writer);
	assert_int_equal(seen.enters, enters + 1);
}

/* By the thread that is to use it, which comes later than opening it. */
static void where_the_ring_cannot_be_used_write_writes_and_it_is_said_why(void **state)
{
	struct bench *bench = *state;
	int free_fd = least_free_fd();
	struct writer writer;

	assert_int_equal(writer_open(&writer, WRITER_URING, CHUNK, &bench->syncer, NULL),
			 0);
	if (writer.note.text[0]) {
		print_message("%s\n", writer.note.text);
		writer_close(&writer);
		skip();
	}
	will.enable_code = -EACCES;
	assert_int_equal(writer_begin(&writer, NULL), 0);
	assert_string_equal(writer.ops->name, "write");
	assert_string_equal(writer.note.text,
			    "no writer uring: its io_uring cannot be enabled: "
			    "Permission denied");
	writer_set_file(&writer, bench->fd);
	writer_queue(&writer);
	bench->put = 3000 * KIB;
	assert_int_equal(writer_put(&writer, bench->data, bench->put), 0);
	assert_int_equal(writer_settle(&writer), 0);
	assert_file_is(bench, bench->put);
	writer_end(&writer);
	writer_close(&writer);
	assert_int_equal(least_free_fd(), free_fd);
	assert_int_equal(seen.places, 0);
}

static void where_write_cannot_take_its_place_either_that_is_the_error(void **state)
{
	struct bench *bench = *state;
	struct err err = { "" };
	struct writer writer;

	assert_int_equal(writer_open(&writer, WRITER_URING, CHUNK, &bench->syncer, NULL),
			 0);
	if (writer.note.text[0]) {
		print_message("%s\n", writer.note.text);
		writer_close(&writer);
		skip();
	}
	will.enable_code = -EACCES;
	will.thread_code = -EAGAIN;
	assert_int_equal(writer_begin(&writer, &err), -EAGAIN);
	assert_string_equal(err.text, "no thread");
	writer_close(&writer);
}

#endif

static void what_aio_cannot_be_asked_for_is_asked_again(void **state)
{
	struct bench *bench = *state;

	will.refusals = 5;
	writer_queue(&bench->writer);
	put_much(bench, 2 * 1024 * KIB);
	assert_int_equal(settle(bench), 0);
	assert_int_equal(will.refusals, 0);
	assert_file_is(bench, bench->put);
}

#define TEST_OF(function, kind)                                                          \
	{                                                                                \
#function " (" #kind ")", function, set_up, tear_down,                   \
			(void *)&kinds[kind]                                             \
	}

#define EACH_KIND(function)                                                              \
	TEST_OF(function, WRITER_WRITE), TEST_OF(function, WRITER_URING),                \
		TEST_OF(function, WRITER_AIO)

int main(void)
{
	static const int kinds[] = { WRITER_WRITE, WRITER_URING, WRITER_AIO };
	const struct CMUnitTest tests[] = {
		EACH_KIND(what_is_put_is_in_the_file_in_its_order),
		EACH_KIND(blocks_end_at_multiples_of_their_size),
		EACH_KIND(eight_and_more_are_under_way_on_a_disk_that_stands_still),
		EACH_KIND(a_short_write_is_gone_on_with),
		EACH_KIND(a_full_disk_is_said_with_what_was_written_before),
		EACH_KIND(an_error_of_the_disk_is_said),
		EACH_KIND(a_disk_that_takes_nothing_and_says_nothing_is_an_error),
		EACH_KIND(after_a_failure_the_next_file_is_as_new),
		EACH_KIND(a_sync_is_of_all_that_was_put_before_it),
		EACH_KIND(a_sync_with_nothing_new_is_one_too),
		EACH_KIND(a_sync_behind_short_writes_is_done_all_the_same),
		/* that of write is the syncer's own: test_syncer */
		TEST_OF(a_sync_that_fails_is_told, WRITER_URING),
		TEST_OF(a_sync_that_fails_is_told, WRITER_AIO),
		EACH_KIND(at_the_end_nothing_is_under_way),
		EACH_KIND(room_is_set_aside_and_what_is_left_of_it_given_back),
		TEST_OF(without_io_uring_write_writes_and_it_is_said_why, WRITER_WRITE),
#ifdef HAVE_IO_URING
		TEST_OF(a_sync_is_linked_to_the_last_write_before_it_and_no_other_is,
			WRITER_URING),
		TEST_OF(what_the_kernel_still_holds_of_what_has_ended_is_let_go,
			WRITER_URING),
		TEST_OF(where_the_ring_cannot_be_used_write_writes_and_it_is_said_why,
			WRITER_WRITE),
		TEST_OF(where_write_cannot_take_its_place_either_that_is_the_error,
			WRITER_WRITE),
#endif
		TEST_OF(what_aio_cannot_be_asked_for_is_asked_again, WRITER_AIO),
	};

	aio_keep_to_one_thread();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
