/* A call for each endpoint: of those known to be ready, or of all. */
#include "rtloop/base/sys.h"
#include "rtloop/bench/reader.h"

static void calls_close(struct reader *reader)
{
	(void)reader;
}

static int blocking_open(struct reader *reader, struct err *err)
{
	for (unsigned i = 0; i < reader->sources->count; i++) {
		int code = sys_set_blocking(reader->sources->items[i].read_fd, true);

		if (code) {
			return err_set_errno(err, code, "an endpoint cannot be blocking");
		}
	}
	return 0;
}

/* One that has nothing would be waited for: only those are read of which is known that they have. */
static int blocking_scan(struct reader *reader)
{
	const struct sources *sources = reader->sources;
	int messages = 0;

	for (unsigned i = 0; i < sources->ready_count; i++) {
		int code = reader_take(reader, &sources->items[sources->ready[i]]);

		if (code < 0) {
			return code;
		}
		messages += code;
	}
	reader->sources->ready_count = 0;
	return messages;
}

static int each_open(struct reader *reader, struct err *err)
{
	(void)reader;
	(void)err;
	return 0;
}

static int each_scan(struct reader *reader)
{
	int messages = 0;

	for (unsigned i = 0; i < reader->sources->count; i++) {
		int code = reader_take(reader, &reader->sources->items[i]);

		if (code < 0) {
			return code;
		}
		messages += code;
	}
	return messages;
}

const struct reader_ops reader_blocking = {
	.name = "blocking, if known",
	.open = blocking_open,
	.scan = blocking_scan,
	.close = calls_close,
};

const struct reader_ops reader_each = {
	.name = "recv each",
	.open = each_open,
	.scan = each_scan,
	.close = calls_close,
};
