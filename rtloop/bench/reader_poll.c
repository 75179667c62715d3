/* Asking which endpoints are ready, and reading those. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/bench/reader.h"

/* --- poll -------------------------------------------------------------------------------------------- */

static int poll_open(struct reader *reader, struct err *err)
{
	struct pollfd *polled = calloc(reader->sources->count + 1, sizeof(*polled));

	if (!polled) {
		return err_set(err, -ENOMEM, "no memory for poll");
	}
	reader->state = polled;
	for (unsigned i = 0; i < reader->sources->count; i++) {
		polled[i] = (struct pollfd){ .fd = reader->sources->items[i].read_fd,
					     .events = POLLIN };
	}
	return 0;
}

static int poll_scan(struct reader *reader)
{
	struct pollfd *polled = reader->state;
	int ready = poll(polled, reader->sources->count, 0);
	int messages = 0;

	reader->calls++;
	for (unsigned i = 0; i < reader->sources->count && ready > 0; i++) {
		if (polled[i].revents) {
			int code = reader_take(reader, &reader->sources->items[i]);

			if (code < 0) {
				return code;
			}
			messages += code;
			ready--;
		}
	}
	return ready < 0 ? -errno : messages;
}

static void poll_close(struct reader *reader)
{
	(void)reader;
}

const struct reader_ops reader_poll = {
	.name = "poll",
	.open = poll_open,
	.scan = poll_scan,
	.close = poll_close,
};

/* --- epoll ------------------------------------------------------------------------------------------- */

struct epoll_state {
	int fd;
	struct epoll_event events[];
};

static int watch(struct reader *reader, uint32_t how, struct err *err)
{
	unsigned count = reader->sources->count;
	struct epoll_state *state =
		calloc(1, sizeof(*state) + (count + 1) * sizeof(state->events[0]));
	int code = 0;

	if (!state) {
		return err_set(err, -ENOMEM, "no memory for epoll");
	}
	reader->state = state;
	state->fd = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < count && code == 0; i++) {
		struct epoll_event event = { .events = EPOLLIN | how, .data.u32 = i };

		code = sys_epoll_ctl(state->fd, EPOLL_CTL_ADD,
				     reader->sources->items[i].read_fd, &event);
	}
	return code ? err_set_errno(err, code, "epoll") : 0;
}

static int level_open(struct reader *reader, struct err *err)
{
	return watch(reader, 0, err);
}

static int edge_open(struct reader *reader, struct err *err)
{
	return watch(reader, EPOLLET, err);
}

/* One that is told of once more only when more arrives has to be read until nothing is left. */
static int take_all(struct reader *reader, const struct source *source)
{
	int messages = 0;
	int code;

	do {
		code = reader_take(reader, source);
		messages += code > 0;
	} while (code > 0);
	return code < 0 ? code : messages;
}

static int epoll_scan(struct reader *reader,
		      int (*take)(struct reader *reader, const struct source *source))
{
	struct epoll_state *state = reader->state;
	int ready =
		sys_epoll_wait(state->fd, state->events, (int)reader->sources->count, 0);
	int messages = 0;

	reader->calls++;
	for (int i = 0; i < ready; i++) {
		const struct source *source =
			&reader->sources->items[state->events[i].data.u32];
		int code = take(reader, source);

		if (code < 0) {
			return code;
		}
		messages += code;
	}
	return ready < 0 ? ready : messages;
}

static int level_scan(struct reader *reader)
{
	return epoll_scan(reader, reader_take);
}

static int edge_scan(struct reader *reader)
{
	return epoll_scan(reader, take_all);
}

static void epoll_close(struct reader *reader)
{
	struct epoll_state *state = reader->state;

	if (state) {
		sys_close(state->fd);
	}
}

const struct reader_ops reader_epoll = {
	.name = "epoll",
	.open = level_open,
	.scan = level_scan,
	.close = epoll_close,
};

const struct reader_ops reader_epoll_edge = {
	.name = "epoll, edge-triggered",
	.open = edge_open,
	.scan = edge_scan,
	.close = epoll_close,
};
