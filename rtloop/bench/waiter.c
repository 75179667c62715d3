#include "rtloop/bench/waiter.h"

#include <errno.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rtloop/base/rt_call.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

static int nothing_open(struct pacer *pacer, struct err *err)
{
	(void)pacer;
	(void)err;
	return 0;
}

static void nothing_close(struct pacer *pacer)
{
	(void)pacer;
}

static int64_t left_ns(int64_t until_ns) RT_SAFE;
static int64_t left_ns(int64_t until_ns)
{
	int64_t left = until_ns - sys_now();

	return left > 0 ? left : 0;
}

/* --- two ways to wait that the product's seam (sys.h) has no use for ---------------------------------- */

#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wfunction-effects"
#endif

static int ppoll_for(const struct timespec *left) RT_SAFE;
static int ppoll_for(const struct timespec *left)
{
	return RT_CALL(ppoll(NULL, 0, left, NULL)) < 0 ? -errno : 0;
}

/* The C library has it since version 2.35 only. */
static int epoll_pwait2_for(int fd, int64_t left) RT_SAFE;
static int epoll_pwait2_for(int fd, int64_t left)
{
#ifdef SYS_epoll_pwait2
	const struct {
		int64_t s, ns;
	} time = { left / NS_PER_SEC, left % NS_PER_SEC };
	struct epoll_event event;

	return RT_CALL(syscall(SYS_epoll_pwait2, fd, &event, 1, &time, NULL, (size_t)0)) <
			       0
		       ? -errno
		       : 0;
#else
	(void)fd;
	(void)left;
	return -ENOSYS;
#endif
}

#if defined(__clang__) && __clang_major__ >= 20
#pragma clang diagnostic pop
#endif

/* --- ppoll ------------------------------------------------------------------------------------------- */

static int ppoll_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;
static int ppoll_sleep(struct pacer *pacer, int64_t until_ns)
{
	struct timespec left = time_to_timespec(left_ns(until_ns));

	(void)pacer;
	return ppoll_for(&left);
}

const struct pacer_ops waiter_ppoll = {
	.name = "ppoll",
	.open = nothing_open,
	.close = nothing_close,
	.sleep = ppoll_sleep,
};

/* --- epoll ------------------------------------------------------------------------------------------- */

static int epoll_open(struct pacer *pacer, struct err *err)
{
	pacer->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return pacer->epoll_fd < 0 ? err_set_errno(err, -errno, "epoll_create1") : 0;
}

static void epoll_close(struct pacer *pacer)
{
	sys_close(pacer->epoll_fd);
	pacer->epoll_fd = -1;
}

static int epoll_wait_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;
static int epoll_wait_sleep(struct pacer *pacer, int64_t until_ns)
{
	struct epoll_event event;
	int64_t left_ms = (left_ns(until_ns) + NS_PER_MS - 1) / NS_PER_MS;
	int code = sys_epoll_wait(pacer->epoll_fd, &event, 1, (int)left_ms);

	return code < 0 ? code : 0;
}

const struct pacer_ops waiter_epoll_wait = {
	.name = "epoll_wait",
	.open = epoll_open,
	.close = epoll_close,
	.sleep = epoll_wait_sleep,
};

static int epoll_pwait2_open(struct pacer *pacer, struct err *err)
{
	int code = epoll_open(pacer, err);

	if (code) {
		return code;
	}
	code = epoll_pwait2_for(pacer->epoll_fd, 0);
	if (code) {
		epoll_close(pacer);
		return err_set_errno(err, code, "epoll_pwait2 takes Linux 5.11");
	}
	return 0;
}

static int epoll_pwait2_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;
static int epoll_pwait2_sleep(struct pacer *pacer, int64_t until_ns)
{
	return epoll_pwait2_for(pacer->epoll_fd, left_ns(until_ns));
}

const struct pacer_ops waiter_epoll_pwait2 = {
	.name = "epoll_pwait2",
	.open = epoll_pwait2_open,
	.close = epoll_close,
	.sleep = epoll_pwait2_sleep,
};

/* --- io_uring ---------------------------------------------------------------------------------------- */

#ifdef HAVE_IO_URING

/* Of a ring that only waits. */
#define ENTRIES 8

static struct waiter *waiter_of(struct pacer *pacer)
{
	return container_of(pacer, struct waiter, pacer);
}

static void ring_close(struct pacer *pacer)
{
	struct waiter *waiter = waiter_of(pacer);

	if (waiter->ring == &waiter->own_ring) {
		uring_end(&waiter->own_ring);
		uring_close(&waiter->own_ring);
	}
	waiter->ring = NULL;
}

static int ring_open(struct pacer *pacer, struct err *err)
{
	struct waiter *waiter = waiter_of(pacer);
	int code = 0;

	if (!waiter->ring) {
		code = uring_open(&waiter->own_ring, ENTRIES, 2 * ENTRIES, err);
		if (code) {
			return code;
		}
		waiter->ring = &waiter->own_ring;
		code = uring_begin(waiter->ring, NULL);
	}
	if (code == 0 && uring_can_wait(waiter->ring)) {
		return 0;
	}
	ring_close(pacer);
	return code ? err_set_errno(err, code, "cannot use io_uring")
		    : err_set(err, -EOPNOTSUPP,
			      "waiting until a stated time takes Linux 6.12");
}

static int ring_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;
static int ring_sleep(struct pacer *pacer, int64_t until_ns)
{
	return uring_sleep(waiter_of(pacer)->ring, until_ns);
}

#else

static int ring_open(struct pacer *pacer, struct err *err)
{
	(void)pacer;
	return err_set(err, -ENOSYS, "this program was built without io_uring");
}

static int ring_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;
static int ring_sleep(struct pacer *pacer, int64_t until_ns)
{
	(void)pacer;
	(void)until_ns;
	return -ENOSYS;
}

#define ring_close nothing_close

#endif

const struct pacer_ops waiter_uring = {
	.name = "uring",
	.open = ring_open,
	.close = ring_close,
	.sleep = ring_sleep,
};

/* --- all of them ------------------------------------------------------------------------------------- */

int waiter_open(struct waiter *waiter, const struct pacer_ops *ops, int64_t tail_ns,
		struct uring *ring, struct err *err)
{
	*waiter = (struct waiter){ .pacer = { .ops = ops,
					      .spin_ns = tail_ns,
					      .timer_fd = -1,
					      .epoll_fd = -1 } };
#ifdef HAVE_IO_URING
	waiter->ring = ring;
#else
	(void)ring;
#endif
	return ops->open(&waiter->pacer, err);
}

void waiter_close(struct waiter *waiter)
{
	waiter->pacer.ops->close(&waiter->pacer);
}

int64_t waiter_wait(struct waiter *waiter, int64_t release_ns)
{
	struct pacer *pacer = &waiter->pacer;
	int64_t sleep_ns = release_ns - pacer->spin_ns;
	int64_t now_ns;

	do {
		(void)pacer->ops->sleep(pacer, sleep_ns);
		now_ns = sys_now();
	} while (now_ns < sleep_ns);
	while (now_ns < release_ns) {
		now_ns = sys_now();
	}
	return now_ns;
}
