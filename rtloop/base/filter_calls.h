/* From what the seam may be asked for to the calls of this machine's kernel, with what they may be asked for. */
#ifndef RTLOOP_BASE_FILTER_CALLS_H
#define RTLOOP_BASE_FILTER_CALLS_H

#include <stdint.h>

#include "rtloop/base/filter.h"

/* Descriptors that stay the same for as long as the thread runs; -1: there is none, nor a call for it. */
struct filter_scope {
	uint32_t calls; /* enum calls, joined */
	int timer_fd;	/* that is armed */
	int pacer_fd;	/* of epoll, waited for without a limit */
	int poller_fd;	/* of epoll, only looked at */
	int signal_fd;	/* of CALLS_SIGNAL */
	int ring_fd;	/* of io_uring_register(2) */
	int enter_fd; /* of io_uring_enter(2): the ring's descriptor, or its registered number */
};

/**
 * filter_calls_add - let through what @scope needs: by number, by descriptor where that stays the same, by flags
 * that keep a call from waiting, by the request of an ioctl. Standard input, output and error are nobody's.
 *
 * -ENOSPC. [any but rt]
 */
int filter_calls_add(struct filter *filter, const struct filter_scope *scope);

/* What a handler of SIGSYS may do that is to say why the process ends: look whether standard error takes a
 * line at once, and write it. */
extern const struct filter_rule filter_last_words[];
extern const unsigned filter_last_words_count;

#endif
