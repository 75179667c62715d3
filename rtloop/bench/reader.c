#include "rtloop/bench/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER_BYTES 256

static const struct reader_ops *const ways[] = {
	&reader_blocking,    &reader_each,	 &reader_poll,
	&reader_epoll,	     &reader_epoll_edge, &reader_batch,
	&reader_batch_plain, &reader_multishot,	 &reader_sqpoll,
};

const struct reader_ops *reader_at(unsigned index)
{
	return index < ARRAY_SIZE(ways) ? ways[index] : NULL;
}

const struct reader_ops *reader_find(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(ways); i++) {
		if (strcmp(ways[i]->name, name) == 0) {
			return ways[i];
		}
	}
	return NULL;
}

int reader_open(struct reader *reader, const struct reader_ops *ops,
		struct sources *sources, struct err *err)
{
	int code;

	*reader = (struct reader){ .ops = ops, .sources = sources };
	code = ops->open(reader, err);
	if (code) {
		reader_close(reader);
	}
	return code;
}

int reader_arm(struct reader *reader, struct err *err)
{
	return reader->ops->arm ? reader->ops->arm(reader, err) : 0;
}

void reader_close(struct reader *reader)
{
	if (reader->ops) {
		reader->ops->close(reader);
		free(reader->state);
	}
	*reader = (struct reader){ .ops = NULL };
}

int reader_take(struct reader *reader, const struct source *source)
{
	uint8_t buffer[BUFFER_BYTES];
	ssize_t got = source_is_socket(source)
			      ? recv(source->read_fd, buffer, sizeof(buffer), 0)
			      : read(source->read_fd, buffer, sizeof(buffer));

	reader->calls++;
	if (got < 0) {
		return errno == EAGAIN ? 0 : -errno;
	}
	reader->bytes += (uint64_t)got;
	return got > 0;
}
