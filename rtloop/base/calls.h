/*
 * What the seam asks of the kernel on the cycle's path, as bits: a pacer, a poller and a driver each state
 * theirs. The seal of the cycle thread lets through what the parts in use state together, and nothing else.
 */
#ifndef RTLOOP_BASE_CALLS_H
#define RTLOOP_BASE_CALLS_H

/* One a function of sys.h. */
enum calls {
	CALLS_NONE = 0,
	CALLS_SLEEP_UNTIL = 1 << 0,
	CALLS_TIMER_ARM = 1 << 1,
	CALLS_EPOLL_WAIT = 1 << 2,
	CALLS_EPOLL_CTL = 1 << 3,
	CALLS_READ = 1 << 4,
	CALLS_WRITE = 1 << 5,
	CALLS_RECV_MANY = 1 << 6,
	CALLS_SEND = 1 << 7, /* sys_send() and sys_send_to(): one call of the kernel */
	CALLS_SEND_MANY = 1 << 8,
	CALLS_MQ_SEND = 1 << 9,
	CALLS_MQ_RECEIVE = 1 << 10,
	CALLS_GPIO_GET = 1 << 11,
	CALLS_GPIO_SET = 1 << 12,
	CALLS_TTY_UNSENT = 1 << 13,
	CALLS_SIGNAL = 1 << 14,
	CALLS_NOW = 1 << 15, /* where the vDSO cannot tell the time */
	CALLS_END = 1 << 16, /* what the end of a thread takes */
	CALLS_URING_ENTER = 1 << 17,
	CALLS_URING_BUFFERS = 1 << 18, /* sys_uring_register(), of groups of buffers */
	CALLS_URING_CLOSE = 1 << 19, /* of a ring of its own, at the end of the thread */
	CALLS_SET_BLOCKING = 1 << 20,
	CALLS_IS_HUNG_UP = 1 << 21,
};

#endif
