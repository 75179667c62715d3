/* wraps: epoll_create1 epoll_ctl epoll_wait poll ppoll */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "rtloop/base/time.h"
#include "tests/sim/fds.h"
#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

#define ENTRIES_MAX 64

static uint32_t events_of(struct sim_file *file)
{
	return file->ops->events ? file->ops->events(file) : EPOLLIN | EPOLLOUT;
}

/* --- epoll ------------------------------------------------------------------------------------------- */

struct entry {
	struct sim_file *file;
	int fd;
	uint32_t wanted;
	epoll_data_t data;
};

struct epoll {
	struct entry entries[ENTRIES_MAX];
	unsigned count;
	unsigned
		first; /* which of them is reported first: what was reported goes to the end */
};

static void release_epoll(struct sim_file *file)
{
	free(file->object);
}

static const struct sim_file_ops epoll_ops = { .name = "epoll",
					       .release = release_epoll };

WRAP(int, epoll_create1, int flags)
{
	struct epoll *epoll = calloc(1, sizeof(*epoll));
	int fd = fds_open(&epoll_ops, epoll);

	(void)flags;
	kernel_call(CALL_OTHER);
	if (fd < 0) {
		free(epoll);
	}
	return (int)kernel_result(fd);
}

static struct entry *find_entry(struct epoll *epoll, int fd)
{
	for (unsigned i = 0; i < epoll->count; i++) {
		if (epoll->entries[i].fd == fd) {
			return &epoll->entries[i];
		}
	}
	return NULL;
}

static int add_entry(struct epoll *epoll, int fd, const struct epoll_event *event)
{
	struct sim_file *file = fds_file(fd);

	if (!file) {
		return -EBADF;
	}
	if (find_entry(epoll, fd)) {
		return -EEXIST;
	}
	SIM_CHECK(epoll->count < ENTRIES_MAX, "too many descriptors in an epoll");
	epoll->entries[epoll->count++] = (struct entry){
		.file = file, .fd = fd, .wanted = event->events, .data = event->data
	};
	file->is_watched = true;
	return 0;
}

static int remove_entry(struct epoll *epoll, int fd)
{
	struct entry *entry = find_entry(epoll, fd);

	if (!entry) {
		return -ENOENT;
	}
	entry->file->is_watched = false;
	*entry = epoll->entries[--epoll->count];
	return 0;
}

WRAP(int, epoll_ctl, int epoll_fd, int op, int fd, struct epoll_event *event)
{
	struct sim_file *file = fds_file(epoll_fd);
	struct epoll *epoll = file ? file->object : NULL;
	int code = -EINVAL;

	kernel_call(CALL_WATCH);
	if (!epoll) {
		code = -EBADF;
	} else if (op == EPOLL_CTL_ADD) {
		code = add_entry(epoll, fd, event);
	} else if (op == EPOLL_CTL_DEL) {
		code = remove_entry(epoll, fd);
	}
	return (int)kernel_result(code);
}

static int collect(struct epoll *epoll, struct epoll_event *events, int capacity)
{
	int count = 0;

	for (unsigned i = 0; i < epoll->count && count < capacity; i++) {
		struct entry *entry = &epoll->entries[(epoll->first + i) % epoll->count];
		uint32_t now =
			events_of(entry->file) & (entry->wanted | EPOLLHUP | EPOLLERR);

		if (now && events) {
			events[count].events = now;
			events[count].data = entry->data;
		}
		count += now != 0;
	}
	if (count > 0 && events) {
		epoll->first = (epoll->first + (unsigned)count) % epoll->count;
	}
	return count;
}

static bool has_events(void *arg)
{
	return collect(arg, NULL, 1) > 0;
}

/* What is watched may be a timer, whose time comes by itself. */
static int64_t find_timer(const struct epoll *epoll)
{
	int64_t first_ns = SCHED_NEVER;

	for (unsigned i = 0; i < epoll->count; i++) {
		int64_t timer_ns = kernel_timer_ns(epoll->entries[i].file);

		first_ns = timer_ns < first_ns ? timer_ns : first_ns;
	}
	return first_ns;
}

static enum sched_wake wait_for_events(struct epoll *epoll)
{
	int64_t timer_ns = find_timer(epoll);
	struct sched_wait wait = { .until_ns = timer_ns == SCHED_NEVER
						       ? timer_ns
						       : kernel_wake_time(timer_ns),
				   .arg = epoll,
				   .can_be_interrupted = true };

	wait.is_ready = timer_ns == SCHED_NEVER ? has_events : NULL;
	return sched_wait(&wait);
}

WRAP(int, epoll_wait, int epoll_fd, struct epoll_event *events, int capacity,
     int timeout_ms)
{
	struct sim_file *file = fds_file(epoll_fd);

	if (!file) {
		return (int)kernel_result(-EBADF);
	}
	if (timeout_ms < 0 && sched_is_cycle() && kernel_at_edge) {
		kernel_at_edge();
	}
	kernel_call(timeout_ms < 0 ? CALL_WAIT : CALL_SCAN);
	if (timeout_ms < 0 && wait_for_events(file->object) == SCHED_INTERRUPTED) {
		return (int)kernel_result(-EINTR);
	}
	return collect(file->object, events, capacity);
}

/* --- poll -------------------------------------------------------------------------------------------- */

struct poll_set {
	struct pollfd *entries;
	nfds_t count;
};

static int look(const struct poll_set *set)
{
	int ready = 0;

	for (nfds_t i = 0; i < set->count; i++) {
		struct pollfd *entry = &set->entries[i];
		struct sim_file *file = fds_file(entry->fd);

		entry->revents = 0;
		if (file) {
			entry->revents =
				(short)(events_of(file) & ((unsigned short)entry->events |
							   POLLHUP | POLLERR));
		} else if (entry->fd >= 0) {
			entry->revents = POLLNVAL;
		}
		ready += entry->revents != 0;
	}
	return ready;
}

static bool is_one_ready(void *arg)
{
	return look(arg) > 0;
}

static int poll_until(struct pollfd *entries, nfds_t count, int64_t until_ns,
		      enum sched_wake (*wait_as)(const struct sched_wait *wait))
{
	struct poll_set set = { entries, count };
	const struct sched_wait wait = { .until_ns = until_ns,
					 .is_ready = is_one_ready,
					 .arg = &set,
					 .can_be_interrupted = true };

	kernel_call(CALL_WAIT);
	if (until_ns > sched_now() && look(&set) == 0 &&
	    wait_as(&wait) == SCHED_INTERRUPTED) {
		return -EINTR;
	}
	return look(&set);
}

WRAP(int, poll, struct pollfd *entries, nfds_t count, int timeout_ms)
{
	int64_t until_ns =
		timeout_ms < 0 ? SCHED_NEVER : sched_now() + timeout_ms * NS_PER_MS;

	return (int)kernel_result(poll_until(entries, count, until_ns, sched_wait));
}

/* This is where the supervisor rests. */
WRAP(int, ppoll, struct pollfd *entries, nfds_t count, const struct timespec *limit,
     const void *mask)
{
	(void)mask;
	if (kernel_at_rest) {
		kernel_at_rest();
	}
	return (int)kernel_result(poll_until(
		entries, count, sched_now() + time_from_timespec(limit), sched_rest));
}
