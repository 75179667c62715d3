#include "rtloop/bench/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

#define PATH_BYTES 4096

static const struct disk_ops *const ways[] = {
	&disk_write,
	&disk_write_sync,
	&disk_write_syncer,
	&disk_uring,
	&disk_uring_sync,
	&disk_uring_registered,
	&disk_uring_registered_sync,
	&disk_aio,
	&disk_aio_sync,
	&disk_direct,
	&disk_direct_sync,
	&disk_uring_direct,
	&disk_uring_direct_sync,
	&disk_uring_direct_registered,
	&disk_uring_direct_registered_sync,
};

const struct disk_ops *disk_at(unsigned index)
{
	return index < ARRAY_SIZE(ways) ? ways[index] : NULL;
}

/* Not every file system can make a file without a name. */
static int open_unnamed(const char *folder)
{
	char path[PATH_BYTES];
	int fd = sys_open(folder, O_TMPFILE | O_RDWR, 0600);

	if (fd != -EOPNOTSUPP && fd != -EISDIR && fd != -ENOENT && fd != -EINVAL) {
		return fd;
	}
	if (snprintf(path, sizeof(path), "%s/.rtloop-bench.XXXXXX", folder) >=
	    (int)sizeof(path)) {
		return -ENAMETOOLONG;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0) {
		return -errno;
	}
	unlink(path);
	return fd;
}

int disk_open(struct disk *disk, const struct disk_ops *ops, const char *folder,
	      struct err *err)
{
	int code;

	*disk = (struct disk){ .ops = ops, .fd = open_unnamed(folder) };
	if (disk->fd < 0) {
		code = disk->fd;
		disk->ops = NULL;
		return err_set_errno(err, code, "cannot make a file in %s", folder);
	}
	code = ops->open(disk, err);
	if (code) {
		free(disk->state);
		sys_close(disk->fd);
		disk->ops = NULL;
	}
	return code;
}

void disk_close(struct disk *disk)
{
	if (disk->ops) {
		disk->ops->close(disk);
		free(disk->state);
		sys_close(disk->fd);
		disk->ops = NULL;
	}
}

int disk_go_direct(struct disk *disk, struct err *err)
{
	int flags = fcntl(disk->fd, F_GETFL);

	if (flags < 0 || fcntl(disk->fd, F_SETFL, flags | O_DIRECT)) {
		return err_set_errno(err, -errno, "this file system has no O_DIRECT");
	}
	return 0;
}

int disk_rewind(struct disk *disk)
{
	int code = disk->ops->drain(disk);

	disk->offset = 0;
	if (code == 0 && (ftruncate(disk->fd, 0) || lseek(disk->fd, 0, SEEK_SET) != 0)) {
		code = -errno;
	}
	return code;
}
