#include <errno.h>
#include <sys/timerfd.h>
#include <time.h>

#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"
#include "rtloop/cycle/pacer.h"

static int timerfd_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;

static void timerfd_shut(struct pacer *pacer)
{
	sys_close(pacer->epoll_fd);
	sys_close(pacer->timer_fd);
	pacer->epoll_fd = -1;
	pacer->timer_fd = -1;
}

static int timerfd_open(struct pacer *pacer, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	int code;

	pacer->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	pacer->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (pacer->timer_fd < 0 || pacer->epoll_fd < 0) {
		code = -errno;
		timerfd_shut(pacer);
		return err_set_errno(err, code, "cannot make the timer of pacer timerfd");
	}
	code = sys_epoll_ctl(pacer->epoll_fd, EPOLL_CTL_ADD, pacer->timer_fd, &event);
	if (code) {
		timerfd_shut(pacer);
		return err_set_errno(err, code,
				     "cannot watch the timer of pacer timerfd");
	}
	return 0;
}

/* Arming again clears an expiration that was never read, so that none has to be read. */
static int timerfd_sleep(struct pacer *pacer, int64_t until_ns)
{
	struct epoll_event event;
	int code = sys_timer_arm(pacer->timer_fd, until_ns);

	if (code == 0) {
		code = sys_epoll_wait(pacer->epoll_fd, &event, 1, -1);
	}
	return code > 0 ? 0 : code;
}

const struct pacer_ops pacer_timerfd = {
	.name = "timerfd",
	.calls = CALLS_TIMER_ARM | CALLS_EPOLL_WAIT,
	.open = timerfd_open,
	.close = timerfd_shut,
	.sleep = timerfd_sleep,
};
