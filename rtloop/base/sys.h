/*
 * The seam to the kernel: every system call that rtloop makes at run time goes through
 * here, so that a simulator or a fake can be linked in its place without a line changed
 * elsewhere.
 *
 * Each returns what the kernel returned, or -errno: errno itself is never read by a
 * caller. Functions marked [rt] never block as they are used (non-blocking descriptors,
 * zero time-outs); the one that waits says so. Only sys.c contains system calls on the
 * cycle's path.
 */
#ifndef RTLOOP_BASE_SYS_H
#define RTLOOP_BASE_SYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "rtloop/base/attr.h"

/** sys_now - CLOCK_MONOTONIC, ns; through the vDSO: no system call. [any] */
int64_t sys_now(void) RT_SAFE;

/** sys_realtime - CLOCK_REALTIME, ns since 1970; through the vDSO. [any] */
int64_t sys_realtime(void) RT_SAFE;

/** sys_sleep_until - clock_nanosleep(TIMER_ABSTIME). Waits. 0 or -EINTR. [rt: pacer only]
 */
int sys_sleep_until(int64_t ns) RT_SAFE;

/** sys_timer_arm - timerfd_settime(TFD_TIMER_ABSTIME), one-shot. [rt: pacer only] */
int sys_timer_arm(int fd, int64_t ns) RT_SAFE;

/** sys_epoll_wait - waits up to @timeout_ms; 0 only looks; -1 for ever (pacer only). [rt]
 */
int sys_epoll_wait(int epoll_fd, struct epoll_event *events, int capacity,
		   int timeout_ms) RT_SAFE;

/** sys_epoll_ctl - [rt] */
int sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event) RT_SAFE;

/** sys_read - from a non-blocking descriptor. [rt] */
ssize_t sys_read(int fd, void *data, size_t bytes) RT_SAFE;

/** sys_write - to a non-blocking descriptor, or a file off the cycle's path. [rt] */
ssize_t sys_write(int fd, const void *data, size_t bytes) RT_SAFE;

/** sys_recv_many - recvmmsg(MSG_DONTWAIT): up to @count messages in one call. [rt] */
int sys_recv_many(int fd, struct mmsghdr *messages, unsigned count) RT_SAFE;

/** sys_send - send(MSG_DONTWAIT | MSG_NOSIGNAL). [rt] */
ssize_t sys_send(int fd, const void *data, size_t bytes) RT_SAFE;

/** sys_send_many - sendmmsg(MSG_DONTWAIT | MSG_NOSIGNAL): how many were taken, or -errno of the first.
 * [rt] */
int sys_send_many(int fd, struct mmsghdr *messages, unsigned count) RT_SAFE;

/** sys_send_to - sendto(MSG_DONTWAIT | MSG_NOSIGNAL). [rt] */
ssize_t sys_send_to(int fd, const void *data, size_t bytes,
		    const struct sockaddr *address, socklen_t address_bytes) RT_SAFE;

/** sys_mq_send - to a non-blocking queue: 0, or -EAGAIN where it is full. [rt] */
int sys_mq_send(int fd, const void *data, size_t bytes, unsigned priority) RT_SAFE;

/** sys_mq_receive - the oldest message of the highest priority. [rt] */
ssize_t sys_mq_receive(int fd, void *data, size_t bytes) RT_SAFE;

/**
 * sys_gpio_get - the levels of lines of a GPIO request, by the kernel's GPIO interface v2.
 * @mask: bit i: the i-th line of the request
 * @ret_bits: a bit is set where its line is active; others than those of @mask are 0
 *
 * One line or many, it is one call; of more than one the kernel allocates memory. It waits
 * where the chip is behind a bus that does: such a chip is for the async lane. [rt]
 */
int sys_gpio_get(int fd, uint64_t mask, uint64_t *ret_bits) RT_SAFE;

/**
 * sys_gpio_set - drive lines of a GPIO request, all in one call.
 * @mask: bit i: the i-th line of the request, which must be an output
 * @bits: a bit that is set makes its line active; others than those of @mask do not matter
 *
 * It waits where the chip is behind a bus that does, as above. [rt]
 */
int sys_gpio_set(int fd, uint64_t mask, uint64_t bits) RT_SAFE;

/** sys_tty_unsent - bytes that were written to a serial line and have not left; -errno. A pty says 0. [rt] */
int sys_tty_unsent(int fd) RT_SAFE;

/**
 * sys_uring_enter - io_uring_enter(2): submit, run what is due, and where @flags ask for it wait.
 * @argument: struct io_uring_getevents_arg with a time until which to wait; NULL: none
 *
 * How many were submitted, or -errno: -ETIME where the time came, -EINTR where a signal did. Waits only
 * where @least is not 0. [rt]
 */
int sys_uring_enter(int fd, unsigned submitted, unsigned least, unsigned flags,
		    const void *argument) RT_SAFE;

/** sys_uring_register - io_uring_register(2); at an edge between two cycles. [rt] */
int sys_uring_register(int fd, unsigned op, void *argument, unsigned count) RT_SAFE;

/** sys_set_blocking - whether reading and writing waits; for a moment, see poller_uring_arm.c. [rt] */
int sys_set_blocking(int fd, bool is_blocking) RT_SAFE;

/** sys_is_hung_up - whether the other side sends no more. [rt] */
bool sys_is_hung_up(int fd) RT_SAFE;

/** sys_signal - add 1 to an eventfd. [rt] */
int sys_signal(int event_fd) RT_SAFE;

/* Off the cycle's path. */

/** sys_open - open(2) with O_CLOEXEC added. [any but rt] */
int sys_open(const char *path, int flags, unsigned mode);

/** sys_close - a NULL op for a negative fd. [any but rt] */
void sys_close(int fd);

/** sys_writev_all - all of it, through short writes and EINTR; 0 or -errno. [log] */
int sys_writev_all(int fd, struct iovec *parts, int part_count);

/** sys_datasync - fdatasync(2); 0 or -errno; -EROFS where the file system has become read-only. [log: the syncer]
 */
int sys_datasync(int fd);

/** sys_judge_sync - what a sync that ended with @code is worth: -EROFS where the file system has become
 * read-only meanwhile. [log] */
int sys_judge_sync(int fd, int code);

/** sys_allocate - set disk space aside for that part of a file, which does not grow by it; 0 or -errno. [log] */
int sys_allocate(int fd, uint64_t offset, uint64_t bytes);

/** sys_trim - give back what is set aside behind the file's end; 0 or -errno. [log] */
int sys_trim(int fd);

/** sys_sync - fsync(2); 0 or -errno. [any but rt] */
int sys_sync(int fd);

/**
 * sys_sync_folder - fsync(2) the folder that a file is in: so that its name is on the disk, too.
 *
 * 0, also where the file system cannot do this to a folder, and need not; -errno. [any but rt]
 */
int sys_sync_folder(const char *file);

/** sys_uring_setup - io_uring_setup(2); @params is struct io_uring_params. [any but rt] */
int sys_uring_setup(unsigned entries, void *params);

/** sys_thread_id - gettid(2). [any but rt] */
int sys_thread_id(void);

#endif
