#include "rtloop/base/filter_calls.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/gpio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/calls.h"

/* Of addresses or threads, of gcc or clang. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER
#endif
#endif

/* Which descriptor a call may be made on. */
enum which_fd { FD_NONE, FD_TIMER, FD_PACER, FD_POLLER, FD_SIGNAL, FD_RING, FD_ENTER };

struct row {
	uint32_t calls;
	enum which_fd
		fd; /* its first argument; FD_NONE: not looked at, or by the checks */
	struct filter_rule rule;
};

#define ANY(number)                                                                      \
	{                                                                                \
		.call = (uint32_t)(number),                                              \
	}
#define ONE(number, n, what, v)                                                          \
	{                                                                                \
		.call = (uint32_t)(number), .check_count = 1, .checks = {                \
			{ .argument = (n), .relation = (what), .value = (v) }            \
		}                                                                        \
	}
#define SLEEP(number)                                                                    \
	{                                                                                \
		.call = (uint32_t)(number), .check_count = 2, .checks = {                \
			{ .argument = 0, .value = (uint32_t)CLOCK_MONOTONIC },           \
			{ .argument = 1, .value = TIMER_ABSTIME },                       \
		}                                                                        \
	}

#define SENT_AT_ONCE ((uint32_t)(MSG_DONTWAIT | MSG_NOSIGNAL))
#define NOT_STANDARD STDERR_FILENO

/* io_uring_register(2) of IORING_REGISTER_PBUF_RING and its opposite: headers of before Linux 5.19 lack them. */
#define REGISTER_BUFFERS   22
#define UNREGISTER_BUFFERS 23

#ifndef SYS_io_uring_enter /* the same on every machine */
#define SYS_io_uring_enter    426
#define SYS_io_uring_register 427
#endif

/*
 * In the order of how often they come. Some have a second number on 32 bits, where times have 64; glibc uses
 * another of two calls of one use on other machines, and may in another version.
 */
static const struct row rows[] = {
	{ CALLS_URING_ENTER, FD_ENTER, ANY(SYS_io_uring_enter) },
	{ CALLS_SLEEP_UNTIL, FD_NONE, SLEEP(SYS_clock_nanosleep) },
#ifdef SYS_clock_nanosleep_time64
	{ CALLS_SLEEP_UNTIL, FD_NONE, SLEEP(SYS_clock_nanosleep_time64) },
#endif
#ifdef SYS_epoll_wait
	{ CALLS_EPOLL_WAIT, FD_POLLER, ONE(SYS_epoll_wait, 3, FILTER_EQUAL, 0) },
	{ CALLS_EPOLL_WAIT, FD_PACER, ANY(SYS_epoll_wait) },
#endif
	{ CALLS_EPOLL_WAIT, FD_POLLER, ONE(SYS_epoll_pwait, 3, FILTER_EQUAL, 0) },
	{ CALLS_EPOLL_WAIT, FD_PACER, ANY(SYS_epoll_pwait) },
	{ CALLS_TIMER_ARM, FD_TIMER,
	  ONE(SYS_timerfd_settime, 1, FILTER_EQUAL, TFD_TIMER_ABSTIME) },
#ifdef SYS_timerfd_settime64
	{ CALLS_TIMER_ARM, FD_TIMER,
	  ONE(SYS_timerfd_settime64, 1, FILTER_EQUAL, TFD_TIMER_ABSTIME) },
#endif
	{ CALLS_READ, FD_NONE, ONE(SYS_read, 0, FILTER_ABOVE, NOT_STANDARD) },
	{ CALLS_RECV_MANY, FD_NONE, ONE(SYS_recvmmsg, 3, FILTER_HAS, MSG_DONTWAIT) },
#ifdef SYS_recvmmsg_time64
	{ CALLS_RECV_MANY, FD_NONE,
	  ONE(SYS_recvmmsg_time64, 3, FILTER_HAS, MSG_DONTWAIT) },
#endif
	{ CALLS_GPIO_GET, FD_NONE,
	  ONE(SYS_ioctl, 1, FILTER_EQUAL, GPIO_V2_LINE_GET_VALUES_IOCTL) },
	{ CALLS_GPIO_SET, FD_NONE,
	  ONE(SYS_ioctl, 1, FILTER_EQUAL, GPIO_V2_LINE_SET_VALUES_IOCTL) },
	{ CALLS_WRITE, FD_NONE, ONE(SYS_write, 0, FILTER_ABOVE, NOT_STANDARD) },
	{ CALLS_SIGNAL, FD_SIGNAL, ANY(SYS_write) },
	{ CALLS_SEND, FD_NONE, ONE(SYS_sendto, 3, FILTER_HAS, SENT_AT_ONCE) },
#ifdef SYS_send
	{ CALLS_SEND, FD_NONE, ONE(SYS_send, 3, FILTER_HAS, SENT_AT_ONCE) },
#endif
	{ CALLS_SEND_MANY, FD_NONE, ONE(SYS_sendmmsg, 3, FILTER_HAS, SENT_AT_ONCE) },
	{ CALLS_MQ_RECEIVE, FD_NONE, ANY(SYS_mq_timedreceive) },
	{ CALLS_MQ_SEND, FD_NONE, ANY(SYS_mq_timedsend) },
#ifdef SYS_mq_timedreceive_time64
	{ CALLS_MQ_RECEIVE, FD_NONE, ANY(SYS_mq_timedreceive_time64) },
	{ CALLS_MQ_SEND, FD_NONE, ANY(SYS_mq_timedsend_time64) },
#endif
	{ CALLS_TTY_UNSENT, FD_NONE, ONE(SYS_ioctl, 1, FILTER_EQUAL, TIOCOUTQ) },
	{ CALLS_EPOLL_CTL, FD_POLLER, ANY(SYS_epoll_ctl) },
	{ CALLS_SET_BLOCKING, FD_NONE, ONE(SYS_ioctl, 1, FILTER_EQUAL, FIONBIO) },
	{ CALLS_URING_BUFFERS, FD_RING,
	  ONE(SYS_io_uring_register, 1, FILTER_EQUAL, REGISTER_BUFFERS) },
	{ CALLS_URING_BUFFERS, FD_RING,
	  ONE(SYS_io_uring_register, 1, FILTER_EQUAL, UNREGISTER_BUFFERS) },
#ifdef SYS_poll
	{ CALLS_IS_HUNG_UP, FD_NONE, ONE(SYS_poll, 2, FILTER_EQUAL, 0) },
#else
	{ CALLS_IS_HUNG_UP, FD_NONE, ANY(SYS_ppoll) },
#endif
#ifdef SYS_ppoll_time64
	{ CALLS_IS_HUNG_UP, FD_NONE, ANY(SYS_ppoll_time64) },
#endif
	{ CALLS_NOW, FD_NONE, ONE(SYS_clock_gettime, 0, FILTER_EQUAL, CLOCK_MONOTONIC) },
	{ CALLS_NOW, FD_NONE, ONE(SYS_clock_gettime, 0, FILTER_EQUAL, CLOCK_REALTIME) },
#ifdef SYS_clock_gettime64
	{ CALLS_NOW, FD_NONE,
	  ONE(SYS_clock_gettime64, 0, FILTER_EQUAL, CLOCK_MONOTONIC) },
	{ CALLS_NOW, FD_NONE, ONE(SYS_clock_gettime64, 0, FILTER_EQUAL, CLOCK_REALTIME) },
#endif
	/* the interrupt that ends a sleep, and a sleep that the kernel takes up again by itself */
	{ CALLS_END, FD_NONE, ANY(SYS_rt_sigreturn) },
#ifdef SYS_sigreturn
	{ CALLS_END, FD_NONE, ANY(SYS_sigreturn) },
#endif
	{ CALLS_END, FD_NONE, ANY(SYS_restart_syscall) },
	{ CALLS_END, FD_NONE,
	  ONE(SYS_getrusage, 0, FILTER_EQUAL, (uint32_t)RUSAGE_THREAD) },
	{ CALLS_END, FD_NONE, ONE(SYS_close, 0, FILTER_ABOVE, NOT_STANDARD) },
	{ CALLS_END, FD_NONE, ANY(SYS_rt_sigprocmask) },
	{ CALLS_END, FD_NONE, ONE(SYS_madvise, 2, FILTER_EQUAL, MADV_DONTNEED) },
	/* an interrupt that comes while the thread ends holds the lock that it takes to end */
	{ CALLS_END, FD_NONE, ONE(SYS_futex, 1, FILTER_EQUAL, FUTEX_WAIT_PRIVATE) },
	{ CALLS_END, FD_NONE, ONE(SYS_futex, 1, FILTER_EQUAL, FUTEX_WAKE_PRIVATE) },
#ifdef SYS_futex_time64
	{ CALLS_END, FD_NONE,
	  ONE(SYS_futex_time64, 1, FILTER_EQUAL, FUTEX_WAIT_PRIVATE) },
#endif
	{ CALLS_URING_CLOSE, FD_NONE, ANY(SYS_munmap) },
	{ CALLS_END, FD_NONE, ANY(SYS_exit) },
#ifdef HAS_SANITIZER
	/* a sanitizer's own: memory of its shadow and of the thread's end, and waiting for its other threads */
	{ CALLS_END, FD_NONE, ANY(SYS_munmap) },
	{ CALLS_END, FD_NONE, ANY(SYS_mprotect) },
	{ CALLS_END, FD_NONE, ANY(SYS_madvise) },
	{ CALLS_END, FD_NONE, ANY(SYS_sigaltstack) },
	{ CALLS_END, FD_NONE, ANY(SYS_sched_yield) },
	{ CALLS_END, FD_NONE, ANY(SYS_futex) },
#ifdef SYS_mmap
	{ CALLS_END, FD_NONE, ANY(SYS_mmap) },
#else
	{ CALLS_END, FD_NONE, ANY(SYS_mmap2) },
#endif
#endif
};

const struct filter_rule filter_last_words[] = {
	ONE(SYS_write, 0, FILTER_EQUAL, STDERR_FILENO),
	ANY(SYS_ppoll),
#ifdef SYS_ppoll_time64
	ANY(SYS_ppoll_time64),
#endif
};
const unsigned filter_last_words_count = ARRAY_SIZE(filter_last_words);

static int fd_of(const struct filter_scope *scope, enum which_fd which)
{
	const int fds[] = { [FD_NONE] = -1,
			    [FD_TIMER] = scope->timer_fd,
			    [FD_PACER] = scope->pacer_fd,
			    [FD_POLLER] = scope->poller_fd,
			    [FD_SIGNAL] = scope->signal_fd,
			    [FD_RING] = scope->ring_fd,
			    [FD_ENTER] = scope->enter_fd };

	return fds[which];
}

static int add(struct filter *filter, const struct filter_scope *scope,
	       const struct row *row)
{
	struct filter_rule rule = row->rule;
	int fd = fd_of(scope, row->fd);

	if (row->fd != FD_NONE) {
		if (fd < 0) {
			return 0;
		}
		rule.checks[rule.check_count++] = (struct filter_check){
			.argument = 0, .relation = FILTER_EQUAL, .value = (uint32_t)fd
		};
	}
	return filter_allow(filter, &rule);
}

int filter_calls_add(struct filter *filter, const struct filter_scope *scope)
{
	int code = 0;

	for (unsigned i = 0; code == 0 && i < ARRAY_SIZE(rows); i++) {
		if (rows[i].calls & scope->calls) {
			code = add(filter, scope, &rows[i]);
		}
	}
	return code;
}
