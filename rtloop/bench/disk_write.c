/* write(2): through the page cache, and past it; made durable by the caller, or by another thread. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/bench/disk.h"
#include "rtloop/log/syncer.h"

static int nothing_open(struct disk *disk, struct err *err)
{
	(void)disk;
	(void)err;
	return 0;
}

static void nothing_close(struct disk *disk)
{
	(void)disk;
}

static int nothing_drain(struct disk *disk)
{
	(void)disk;
	return 0;
}

static int put_block(struct disk *disk, const uint8_t *block)
{
	struct iovec part = { .iov_base = (void *)block, .iov_len = DISK_BLOCK_BYTES };

	disk->offset += DISK_BLOCK_BYTES;
	return sys_writev_all(disk->fd, &part, 1);
}

static int write_put(struct disk *disk, const uint8_t *block, bool is_sync_due)
{
	(void)is_sync_due;
	return put_block(disk, block);
}

static int write_sync_put(struct disk *disk, const uint8_t *block, bool is_sync_due)
{
	int code = put_block(disk, block);

	return code == 0 && is_sync_due ? sys_datasync(disk->fd) : code;
}

const struct disk_ops disk_write = {
	.name = "write",
	.sync = "none",
	.open = nothing_open,
	.put = write_put,
	.drain = nothing_drain,
	.close = nothing_close,
};

const struct disk_ops disk_write_sync = {
	.name = "write",
	.sync = "fdatasync by the caller",
	.open = nothing_open,
	.put = write_sync_put,
	.drain = nothing_drain,
	.close = nothing_close,
};

/* --- by a thread that only makes durable: the product's own -------------------------------------------- */

static int syncer_open(struct disk *disk, struct err *err)
{
	struct syncer *syncer = calloc(1, sizeof(*syncer));

	disk->state = syncer;
	return syncer ? syncer_start(syncer, err)
		      : err_set(err, -ENOMEM, "no memory for the syncer");
}

static int syncer_put(struct disk *disk, const uint8_t *block, bool is_sync_due)
{
	int code = put_block(disk, block);

	if (code == 0 && is_sync_due) {
		struct syncer_file file = { .fd = disk->fd, .number = 1 };

		syncer_ask(disk->state, file);
		code = syncer_failure(disk->state).code;
	}
	return code;
}

static void syncer_close(struct disk *disk)
{
	syncer_stop(disk->state);
}

const struct disk_ops disk_write_syncer = {
	.name = "write",
	.writer = "write",
	.sync = "fdatasync by a thread",
	.open = syncer_open,
	.put = syncer_put,
	.drain = nothing_drain,
	.close = syncer_close,
};

/* --- past the page cache ------------------------------------------------------------------------------- */

const struct disk_ops disk_direct = {
	.name = "O_DIRECT write",
	.sync = "none",
	.open = disk_go_direct,
	.put = write_put,
	.drain = nothing_drain,
	.close = nothing_close,
};

const struct disk_ops disk_direct_sync = {
	.name = "O_DIRECT write",
	.sync = "fdatasync by the caller",
	.open = disk_go_direct,
	.put = write_sync_put,
	.drain = nothing_drain,
	.close = nothing_close,
};
