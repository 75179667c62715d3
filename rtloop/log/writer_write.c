#include "rtloop/base/sys.h"
#include "rtloop/log/writer.h"

static int write_put(struct writer *writer, const void *data, size_t bytes)
{
	struct iovec part = { .iov_base = (void *)data, .iov_len = bytes };

	return sys_writev_all(writer->fd, &part, 1);
}

const struct writer_ops writer_write = {
	.name = "write",
	.put = write_put,
};
