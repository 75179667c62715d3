/* io_uring with SQPOLL: a thread of the kernel submits the batch, and no system call is made. */
#include "rtloop/bench/reader_ring.h"

#ifdef HAVE_IO_URING

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

#define IDLE_MS 10

/* After this it gives way to what else the CPU has to do, and after that it gives up. */
#define PATIENCE_NS (NS_PER_MS / 2)
#define LIMIT_NS    (20 * NS_PER_SEC)

/* One that this thread is not bound to; -1: the kernel chooses. */
static int other_cpu(void)
{
	cpu_set_t own;
	long count = sysconf(_SC_NPROCESSORS_ONLN);

	if (sched_getaffinity(0, sizeof(own), &own) || CPU_COUNT(&own) != 1) {
		return -1;
	}
	for (int cpu = 0; cpu < count; cpu++) {
		if (!CPU_ISSET((size_t)cpu, &own)) {
			return cpu;
		}
	}
	return -1;
}

static int sqpoll_open(struct reader *reader, struct err *err)
{
	unsigned count = reader->sources->count;
	struct ring_batch *batch;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		return err_set(err, -EOPNOTSUPP,
			       "the kernel's thread needs a CPU besides this one");
	}
	batch = ring_batch_create(reader);
	if (!batch) {
		return err_set(err, -ENOMEM, "no memory for io_uring");
	}
	return uring_open_polled(&batch->ring, count, 2 * count, other_cpu(), IDLE_MS,
				 err);
}

static int sqpoll_arm(struct reader *reader, struct err *err)
{
	int code = ring_batch_register(reader);

	return code ? err_set_errno(err, code, "cannot register files with io_uring") : 0;
}

/* The thread of the kernel may have to wait for a CPU, even for this one. */
static int wait_for_completion(struct reader *reader, struct ring_batch *batch)
{
	int64_t begun_ns = sys_now();

	while (!uring_peek(&batch->ring)) {
		int64_t waited_ns = sys_now() - begun_ns;

		if (waited_ns > LIMIT_NS) {
			return -EBUSY;
		}
		if (waited_ns > PATIENCE_NS) {
			reader->calls++;
			(void)sys_sleep_until(sys_now() + NS_PER_US);
		}
	}
	return 0;
}

/* The last batch may have completed before the thread of the kernel gives its places back. */
static int wait_for_places(struct uring *ring)
{
	int64_t begun_ns = sys_now();

	while (uring_waiting(ring) > 0) {
		if (sys_now() - begun_ns > LIMIT_NS) {
			return -EBUSY;
		}
	}
	return 0;
}

static int sqpoll_scan(struct reader *reader)
{
	struct ring_batch *batch = reader->state;
	int messages = 0;
	int code;

	code = wait_for_places(&batch->ring);
	if (code) {
		return code;
	}
	ring_batch_fill(reader);
	code = uring_publish(&batch->ring);
	reader->calls += code > 0;
	while (code >= 0 && batch->left > 0) {
		code = wait_for_completion(reader, batch);
		code = code ? code : ring_batch_reap(reader);
		messages += code > 0 ? code : 0;
	}
	return code < 0 ? code : messages;
}

static void sqpoll_close(struct reader *reader)
{
	if (reader->state) {
		ring_batch_fini(reader->state);
	}
}

const struct reader_ops reader_sqpoll = {
	.name = "io_uring SQPOLL",
	.open = sqpoll_open,
	.arm = sqpoll_arm,
	.scan = sqpoll_scan,
	.close = sqpoll_close,
};

#endif
