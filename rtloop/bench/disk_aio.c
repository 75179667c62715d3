/* POSIX AIO: the C library's threads write. */
#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/bench/disk.h"

struct aio {
	struct aiocb blocks[DISK_DEPTH];
	uint8_t *data; /* a block each */
	bool is_under_way[DISK_DEPTH];
	struct aiocb sync;
	bool is_syncing;
	unsigned next;
};

static int aio_open(struct disk *disk, struct err *err)
{
	struct aio *aio = calloc(1, sizeof(*aio));

	disk->state = aio;
	if (aio) {
		aio->data = malloc((size_t)DISK_DEPTH * DISK_BLOCK_BYTES);
	}
	return aio && aio->data ? 0 : err_set(err, -ENOMEM, "no memory for POSIX AIO");
}

/* Waits for it where it is still under way. */
static int end_of(struct aiocb *control)
{
	const struct aiocb *const list[] = { control };
	ssize_t done;
	int code;

	while ((code = aio_error(control)) == EINPROGRESS) {
		(void)aio_suspend(list, 1, NULL);
	}
	done = aio_return(control);
	if (code) {
		return -code;
	}
	return control->aio_nbytes == 0 || (size_t)done == control->aio_nbytes ? 0 : -EIO;
}

static int begin_sync(struct disk *disk, struct aio *aio)
{
	int code = 0;

	if (aio->is_syncing) {
		if (aio_error(&aio->sync) == EINPROGRESS) {
			return 0; /* it is done once */
		}
		code = end_of(&aio->sync);
	}
	memset(&aio->sync, 0, sizeof(aio->sync));
	aio->sync.aio_fildes = disk->fd;
	aio->sync.aio_sigevent.sigev_notify = SIGEV_NONE;
	aio->is_syncing = code == 0 && aio_fsync(O_DSYNC, &aio->sync) == 0;
	return code ? code : aio->is_syncing ? 0 : -errno;
}

static int aio_put(struct disk *disk, const uint8_t *block, bool is_sync_due)
{
	struct aio *aio = disk->state;
	unsigned slot = aio->next++ % DISK_DEPTH;
	struct aiocb *control = &aio->blocks[slot];
	uint8_t *data = aio->data + (size_t)slot * DISK_BLOCK_BYTES;
	int code = aio->is_under_way[slot] ? end_of(control) : 0;

	aio->is_under_way[slot] = false;
	if (code) {
		return code;
	}
	memcpy(data, block, DISK_BLOCK_BYTES);
	*control = (struct aiocb){ .aio_fildes = disk->fd,
				   .aio_buf = data,
				   .aio_nbytes = DISK_BLOCK_BYTES,
				   .aio_offset = (off_t)disk->offset,
				   .aio_sigevent.sigev_notify = SIGEV_NONE };
	if (aio_write(control)) {
		return -errno;
	}
	aio->is_under_way[slot] = true;
	disk->offset += DISK_BLOCK_BYTES;
	return is_sync_due ? begin_sync(disk, aio) : 0;
}

static int aio_plain_put(struct disk *disk, const uint8_t *block, bool is_sync_due)
{
	(void)is_sync_due;
	return aio_put(disk, block, false);
}

static int aio_drain(struct disk *disk)
{
	struct aio *aio = disk->state;
	int code = 0;

	for (unsigned i = 0; i < DISK_DEPTH; i++) {
		int ended = aio->is_under_way[i] ? end_of(&aio->blocks[i]) : 0;

		aio->is_under_way[i] = false;
		code = code ? code : ended;
	}
	if (aio->is_syncing) {
		int ended = end_of(&aio->sync);

		aio->is_syncing = false;
		code = code ? code : ended;
	}
	return code;
}

static void aio_close(struct disk *disk)
{
	struct aio *aio = disk->state;

	(void)aio_drain(disk);
	free(aio->data);
}

const struct disk_ops disk_aio = {
	.name = "POSIX AIO",
	.sync = "none",
	.open = aio_open,
	.put = aio_plain_put,
	.drain = aio_drain,
	.close = aio_close,
};

const struct disk_ops disk_aio_sync = {
	.name = "POSIX AIO",
	.writer = "aio",
	.sync = "aio_fsync",
	.open = aio_open,
	.put = aio_put,
	.drain = aio_drain,
	.close = aio_close,
};
