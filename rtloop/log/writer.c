#include "rtloop/log/writer.h"

#include "rtloop/log/options.h"

static const struct writer_ops *const kinds[] = {
	[WRITER_WRITE] = &writer_write,
};

void writer_init(struct writer *writer, int kind)
{
	writer->ops = kinds[kind];
	writer->fd = -1;
}
