/* wraps: fcntl64 __fcntl_time64 uring_next sys_uring_register */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rtloop/base/time.h"
#include "rtloop/base/uring.h"
#include "rtloop/bench/disk.h"
#include "rtloop/bench/waiter.h"

#define BLOCKS 40

static uint8_t *block;
static int places; /* that rings have among the thread's 16, closed ones too */

static const char *folder(void)
{
	const char *temporary = getenv("TMPDIR");

	return temporary ? temporary : "/tmp";
}

static int make_block(void **state)
{
	return posix_memalign((void **)&block, 4096, DISK_BLOCK_BYTES) ? -1 : 0;
}

static int free_block(void **state)
{
	free(block);
	return 0;
}

/* io_uring may be forbidden, and O_DIRECT missing; what else there is has to work. */
static bool may_fail(const struct disk_ops *ops)
{
	return strstr(ops->name, "io_uring") || strstr(ops->name, "O_DIRECT");
}

static void expect_blocks(int fd, unsigned count)
{
	uint8_t *got = NULL;
	struct stat info;

	assert_int_equal(fstat(fd, &info), 0);
	assert_int_equal(info.st_size, (off_t)count * DISK_BLOCK_BYTES);
	assert_int_equal(posix_memalign((void **)&got, 4096, DISK_BLOCK_BYTES), 0);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(
			pread(fd, got, DISK_BLOCK_BYTES, (off_t)i * DISK_BLOCK_BYTES),
			DISK_BLOCK_BYTES);
		assert_int_equal(got[0], i);
		assert_int_equal(got[DISK_BLOCK_BYTES - 1], i);
	}
	free(got);
}

static void every_way_writes_all_blocks_in_order(void **state)
{
	const struct disk_ops *ops;

	for (unsigned i = 0; (ops = disk_at(i)); i++) {
		struct disk disk;
		struct err err;

		if (disk_open(&disk, ops, folder(), &err)) {
			print_message("%s: %s\n", ops->name, err.text);
			assert_true(may_fail(ops));
			continue;
		}
		for (unsigned k = 0; k < BLOCKS; k++) {
			memset(block, (int)k, DISK_BLOCK_BYTES);
			assert_int_equal(ops->put(&disk, block, k % 8 == 7), 0);
		}
		assert_int_equal(ops->drain(&disk), 0);
		expect_blocks(disk.fd, BLOCKS);
		assert_int_equal(disk_rewind(&disk), 0);
		memset(block, 0, DISK_BLOCK_BYTES);
		assert_int_equal(ops->put(&disk, block, true), 0);
		assert_int_equal(ops->drain(&disk), 0);
		expect_blocks(disk.fd, 1);
		disk_close(&disk);
		assert_int_equal(places, 0);
	}
}

/* --- past the page cache, and from registered buffers ---------------------------------------------- */

static bool refuses_direct; /* as some file systems do */

#ifdef SYS_fcntl64 /* of 32-bit machines */
#define FCNTL SYS_fcntl64
#else
#define FCNTL SYS_fcntl
#endif

int __wrap_fcntl64(int fd, int command, int flags);
int __wrap_fcntl64(int fd, int command, int flags)
{
	if (refuses_direct && command == F_SETFL && (flags & O_DIRECT)) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(FCNTL, fd, command, flags);
}

/* What it is called on 32-bit machines with 64 bits of time. */
int __wrap___fcntl_time64(int fd, int command, int flags);
int __wrap___fcntl_time64(int fd, int command, int flags)
{
	return __wrap_fcntl64(fd, command, flags);
}

static bool says(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

static void where_o_direct_is_refused_each_way_that_needs_it_says_so(void **state)
{
	const struct disk_ops *ops;
	unsigned refused = 0;

	refuses_direct = true;
	for (unsigned i = 0; (ops = disk_at(i)); i++) {
		struct disk disk;
		struct err err = { "" };

		if (disk_open(&disk, ops, folder(), &err)) {
			assert_true(says(err.text, "O_DIRECT") ||
				    (says(ops->name, "io_uring") &&
				     says(err.text, "io_uring")));
			refused++;
		} else {
			assert_false(says(ops->name, "O_DIRECT"));
		}
		disk_close(&disk);
	}
	refuses_direct = false;
	assert_true(refused >= 6);
}

#ifdef HAVE_IO_URING

static const struct io_uring_sqe *taken[4 * BLOCKS];
static unsigned taken_count;

struct io_uring_sqe *__real_uring_next(struct uring *ring);
struct io_uring_sqe *__wrap_uring_next(struct uring *ring);
struct io_uring_sqe *__wrap_uring_next(struct uring *ring)
{
	struct io_uring_sqe *sqe = __real_uring_next(ring);

	if (sqe && taken_count < ARRAY_SIZE(taken)) {
		taken[taken_count++] = sqe;
	}
	return sqe;
}

static int buffers_code; /* of registering buffers; 0: the kernel's own */

int __real_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count);
int __wrap_sys_uring_register(int fd, unsigned op, void *argument, unsigned count)
{
	int code = op == IORING_REGISTER_BUFFERS && buffers_code
			   ? buffers_code
			   : __real_sys_uring_register(fd, op, argument, count);

	places += op == IORING_REGISTER_RING_FDS && code == 1;
	places -= op == IORING_UNREGISTER_RING_FDS && code == 1;
	return code;
}

/* A limit of locked memory does that. */
static void where_buffers_cannot_be_registered_it_is_said(void **state)
{
	struct disk disk;
	struct err err = { "" };

	buffers_code = -ENOMEM;
	assert_true(disk_open(&disk, &disk_uring_registered, folder(), &err) < 0);
	assert_true(says(err.text, "io_uring") ||
		    says(err.text, "cannot register buffers: Cannot allocate memory"));
	disk_close(&disk);
	buffers_code = 0;
}

/* The places of a ring are used again: a few blocks do not come round to the first. */
static void expect_ops(const struct disk_ops *ops, unsigned expected)
{
	bool is_synced = strcmp(ops->sync, "none") != 0;
	unsigned writes = 0, links = 0;
	struct disk disk;
	struct err err;

	if (disk_open(&disk, ops, folder(), &err)) {
		print_message("%s: %s\n", ops->name, err.text);
		return;
	}
	taken_count = 0;
	for (unsigned k = 0; k < 3; k++) {
		assert_int_equal(ops->put(&disk, block, k == 2), 0);
	}
	for (unsigned i = 0; i < taken_count; i++) {
		writes += taken[i]->opcode == expected;
		links += taken[i]->flags == IOSQE_IO_LINK &&
			 taken[i + 1]->opcode == IORING_OP_FSYNC;
	}
	assert_int_equal(writes, 3);
	assert_int_equal(links, is_synced);
	assert_int_equal(taken_count, 3u + is_synced);
	assert_int_equal(says(ops->name, "O_DIRECT"),
			 (fcntl(disk.fd, F_GETFL) & O_DIRECT) != 0);
	assert_int_equal(ops->drain(&disk), 0);
	disk_close(&disk);
}

static void each_way_of_io_uring_writes_as_its_name_says(void **state)
{
	const struct disk_ops *ops;

	for (unsigned i = 0; (ops = disk_at(i)); i++) {
		if (says(ops->name, "io_uring")) {
			expect_ops(ops, says(ops->name, "registered")
						? IORING_OP_WRITE_FIXED
						: IORING_OP_WRITE);
		}
	}
}

#endif

static void a_folder_that_is_not_there_is_an_error_that_names_it(void **state)
{
	struct disk disk;
	struct err err;

	assert_true(disk_open(&disk, &disk_write, "/nowhere/at/all", &err) < 0);
	assert_non_null(strstr(err.text, "/nowhere/at/all"));
	disk_close(&disk);
}

static void a_disk_that_refuses_is_told(void **state)
{
	struct disk disk;
	struct err err;
	int full;

	assert_int_equal(disk_open(&disk, &disk_aio, folder(), &err), 0);
	full = open("/dev/full", O_RDWR);
	assert_true(full >= 0);
	assert_true(dup2(full, disk.fd) >= 0);
	close(full);
	assert_int_equal(disk.ops->put(&disk, block, false), 0);
	assert_true(disk.ops->drain(&disk) < 0);
	disk_close(&disk);
}

/* --- waiters ----------------------------------------------------------------------------------------- */

static int64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return time_from_timespec(&now);
}

static void no_waiter_wakes_before_the_release(void **state)
{
	static const struct pacer_ops *const all[] = {
		&pacer_nanosleep,   &pacer_timerfd,	  &waiter_ppoll,
		&waiter_epoll_wait, &waiter_epoll_pwait2, &waiter_uring
	};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(all); i++) {
		const struct pacer_ops *ops = all[i / 2];
		struct waiter waiter;
		struct err err;

		if (waiter_open(&waiter, ops, i % 2 ? 300000 : 0, NULL, &err)) {
			print_message("%s: %s\n", ops->name, err.text);
			assert_true(ops == &waiter_uring || ops == &waiter_epoll_pwait2);
			continue;
		}
		for (unsigned k = 0; k < 20; k++) {
			int64_t release_ns = clock_ns() + 500000;
			int64_t woke_ns = waiter_wait(&waiter, release_ns);

			assert_true(woke_ns >= release_ns);
			assert_true(woke_ns <= clock_ns());
		}
		/* one that is past is not waited for */
		assert_true(waiter_wait(&waiter, clock_ns() - NS_PER_SEC) <= clock_ns());
		waiter_close(&waiter);
		assert_int_equal(places, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_way_writes_all_blocks_in_order),
		cmocka_unit_test(
			where_o_direct_is_refused_each_way_that_needs_it_says_so),
#ifdef HAVE_IO_URING
		cmocka_unit_test(each_way_of_io_uring_writes_as_its_name_says),
		cmocka_unit_test(where_buffers_cannot_be_registered_it_is_said),
#endif
		cmocka_unit_test(a_folder_that_is_not_there_is_an_error_that_names_it),
		cmocka_unit_test(a_disk_that_refuses_is_told),
		cmocka_unit_test(no_waiter_wakes_before_the_release),
	};

	return cmocka_run_group_tests(tests, make_block, free_block);
}
