#include "rtloop/mcap/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

#define FILE_MODE 0640

/* Names that someone left behind; more is no accident. */
#define NAMES_MAX 100

static int set_exists(const struct new_file *file, struct err *err)
{
	return err_set(err, -EEXIST, "%s: is already there", file->path);
}

static int create(struct new_file *file)
{
	int length;

	file->fd = -EEXIST;
	for (int i = 0; file->fd == -EEXIST && i < NAMES_MAX; i++) {
		length = snprintf(file->temporary, sizeof(file->temporary),
				  "%s.%d-%d.part", file->path, (int)getpid(), i);
		if (length >= (int)sizeof(file->temporary)) {
			return -ENAMETOOLONG;
		}
		file->fd = sys_open(file->temporary,
				    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
	}
	return file->fd < 0 ? file->fd : 0;
}

int new_file_open(struct new_file *file, const char *path, bool replaces, struct err *err)
{
	struct stat info;
	int code;

	file->path = path;
	file->replaces = replaces;
	file->fd = -1;
	if (!replaces && lstat(path, &info) == 0) {
		return set_exists(file, err);
	}
	code = create(file);
	if (code) {
		file->fd = -1;
		return err_set_errno(err, code, "%s: cannot be created", path);
	}
	return 0;
}

int new_file_put(struct new_file *file, const void *data, size_t bytes)
{
	struct iovec part = { .iov_base = (void *)data, .iov_len = bytes };

	return sys_writev_all(file->fd, &part, 1);
}

/* Never over another file, even one that came a moment ago; not every file system can do it in one go. */
static int give_name(const struct new_file *file)
{
	if (file->replaces) {
		return rename(file->temporary, file->path) ? -errno : 0;
	}
	if (renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->path,
		      RENAME_NOREPLACE) == 0) {
		return 0;
	}
	if (errno != EINVAL && errno != ENOSYS) {
		return -errno;
	}
	if (link(file->temporary, file->path)) {
		return -errno;
	}
	unlink(file->temporary);
	return 0;
}

int new_file_commit(struct new_file *file, struct err *err)
{
	int code = sys_sync(file->fd);

	code = code ? code : give_name(file);
	if (code) {
		new_file_discard(file);
		return code == -EEXIST ? set_exists(file, err)
				       : err_set_errno(err, code, "%s: cannot be written",
						       file->path);
	}
	sys_close(file->fd);
	file->fd = -1;
	code = sys_sync_folder(file->path);
	return code ? err_set_errno(err, code,
				    "%s: is written, but its folder cannot be synced",
				    file->path)
		    : 0;
}

void new_file_discard(struct new_file *file)
{
	if (file->fd >= 0) {
		sys_close(file->fd);
		unlink(file->temporary);
		file->fd = -1;
	}
}
