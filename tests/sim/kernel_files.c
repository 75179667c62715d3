/*
 * wraps: open64 open writev pread64 fdatasync fsync fallocate64 ftruncate64 lseek64 fstat64 stat64 lstat64 fstatat64
 * wraps: unlink unlinkat mkdir opendir readdir64 closedir dirfd chmod rename renameat2 link access readlink
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "tests/sim/disk.h"
#include "tests/sim/fds.h"
#include "tests/sim/kernel.h"
#include "tests/sim/port.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

/* --- an open file ------------------------------------------------------------------------------------ */

static ssize_t read_at(struct sim_file *file, void *data, size_t bytes, uint64_t offset)
{
	const struct disk_file *on_disk = file->object;
	size_t left = offset < on_disk->bytes ? on_disk->bytes - (size_t)offset : 0;

	bytes = bytes < left ? bytes : left;
	if (bytes > 0) {
		memcpy(data, on_disk->data + offset, bytes);
	}
	return (ssize_t)bytes;
}

static ssize_t read_file(struct sim_file *file, void *data, size_t bytes)
{
	ssize_t got = read_at(file, data, bytes, file->offset);

	file->offset += (uint64_t)got;
	return got;
}

static ssize_t write_file(struct sim_file *file, const void *data, size_t bytes)
{
	size_t taken = 0;
	int code;

	disk_wait();
	code = disk_append(file->object, file->offset, data, bytes, &taken);
	file->offset += taken;
	sim_note(NOTE_DISK, (int64_t)taken, code);
	return code ? code : (ssize_t)taken;
}

static void release_file(struct sim_file *file)
{
	disk_release(file->object);
}

static const struct sim_file_ops file_ops = {
	.name = "a file", .read = read_file, .write = write_file, .release = release_file
};

static const struct sim_file_ops folder_ops = { .name = "a folder" };

/* A disk's file; NULL: the descriptor is of something else. */
static struct disk_file *file_on_disk(int fd)
{
	struct sim_file *file = fds_file(fd);

	return file && file->ops == &file_ops ? file->object : NULL;
}

static int open_on_disk(const char *path, int flags)
{
	struct disk_file *file = disk_find(path);
	int code = 0, fd;

	if (file && (flags & O_EXCL)) {
		return -EEXIST;
	}
	if (!file) {
		code = flags & O_CREAT ? disk_create(path, &file) : -ENOENT;
	}
	if (code) {
		return code;
	}
	fd = fds_open(&file_ops, file);
	if (fd >= 0) {
		file->opened++;
	}
	return fd;
}

static int open_path(const char *path, int flags)
{
	kernel_call(CALL_OTHER);
	if (flags & O_CREAT) {
		disk_wait();
	}
	if (strncmp(path, "/dev/", 5) == 0) {
		return port_open(path);
	}
	/* "folder/" is the folder */
	if (path[strlen(path) - 1] == '/') {
		return fds_open(&folder_ops, NULL);
	}
	return disk_is_folder(path) ? fds_open(&folder_ops, NULL)
				    : open_on_disk(path, flags);
}

WRAP(int, open64, const char *path, int flags, ...)
{
	return (int)kernel_result(open_path(path, flags));
}

WRAP(int, open, const char *path, int flags, ...)
{
	return (int)kernel_result(open_path(path, flags));
}

WRAP(ssize_t, writev, int fd, const struct iovec *parts, int count)
{
	struct sim_file *file;

	kernel_call(CALL_WRITE);
	file = fds_need(fd);
	SIM_CHECK(count > 0 && file->ops == &file_ops, "writev() to what is no file");
	return kernel_result(write_file(file, parts[0].iov_base, parts[0].iov_len));
}

WRAP(ssize_t, pread64, int fd, void *data, size_t bytes, off_t offset)
{
	struct sim_file *file = fds_file(fd);

	if (!file) {
		return kernel_result(-EBADF);
	}
	return kernel_result(read_at(file, data, bytes, (uint64_t)offset));
}

static int sync_file(int fd)
{
	struct disk_file *file;
	int code;

	kernel_call(CALL_OTHER);
	disk_wait();
	file = file_on_disk(fd);
	fds_need(fd);
	code = file ? disk_sync(file) : 0;
	sim_note(NOTE_DISK, -1, code);
	return (int)kernel_result(code);
}

WRAP(int, fdatasync, int fd)
{
	return sync_file(fd);
}

WRAP(int, fsync, int fd)
{
	return sync_file(fd);
}

/* It knows of no extents. */
WRAP(int, fallocate64, int fd, int mode, off_t offset, off_t bytes)
{
	(void)mode;
	(void)offset;
	(void)bytes;
	SIM_CHECK(file_on_disk(fd), "fallocate() of what is no file");
	kernel_call(CALL_OTHER);
	return (int)kernel_result(-EOPNOTSUPP);
}

REAL(int, ftruncate64, int fd, off_t bytes);
WRAP(int, ftruncate64, int fd, off_t bytes)
{
	struct disk_file *file = file_on_disk(fd);

	if (!fds_is_ours(fd)) {
		return __real_ftruncate64(fd, bytes);
	}
	kernel_call(CALL_OTHER);
	if (file) {
		disk_cut(file, (size_t)bytes);
	}
	return (int)kernel_result(file ? 0 : -EBADF);
}

WRAP(off_t, lseek64, int fd, off_t offset, int whence)
{
	struct sim_file *file = fds_file(fd);

	SIM_CHECK(whence == SEEK_SET, "lseek() other than to a place");
	if (!file) {
		return (off_t)kernel_result(-EBADF);
	}
	file->offset = (uint64_t)offset;
	return offset;
}

/* --- what there is ----------------------------------------------------------------------------------- */

static int describe_file(const struct disk_file *file, struct stat *status)
{
	if (!file) {
		return -ENOENT;
	}
	*status =
		(struct stat){ .st_mode = S_IFREG | 0640, .st_size = (off_t)file->bytes };
	return 0;
}

static int describe_path(const char *path, struct stat *status)
{
	if (disk_is_folder(path)) {
		*status = (struct stat){ .st_mode = S_IFDIR | 0750 };
		return 0;
	}
	return describe_file(disk_find(path), status);
}

WRAP(int, fstat64, int fd, struct stat *status)
{
	if (file_on_disk(fd)) {
		return describe_file(file_on_disk(fd), status);
	}
	*status = (struct stat){ .st_mode = S_IFCHR };
	return (int)kernel_result(fds_file(fd) ? 0 : -EBADF);
}

WRAP(int, stat64, const char *path, struct stat *status)
{
	return (int)kernel_result(describe_path(path, status));
}

WRAP(int, lstat64, const char *path, struct stat *status)
{
	return (int)kernel_result(describe_path(path, status));
}

WRAP(int, access, const char *path, int mode)
{
	struct stat status;

	(void)mode;
	return (int)kernel_result(describe_path(path, &status));
}

WRAP(ssize_t, readlink, const char *path, char *text, size_t bytes)
{
	(void)path;
	(void)text;
	(void)bytes;
	return kernel_result(-ENOENT);
}

WRAP(int, mkdir, const char *path, mode_t mode)
{
	(void)mode;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(disk_make_folder(path));
}

WRAP(int, chmod, const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	kernel_call(CALL_OTHER);
	return 0;
}

static int remove_path(const char *path)
{
	int code = disk_faults()->code;

	kernel_call(CALL_OTHER);
	disk_wait();
	if (!disk_find(path)) {
		return -ENOENT;
	}
	/* a full disk, and one with errors, forget a file all the same */
	if (code == -EROFS) {
		return code;
	}
	disk_remove(path);
	return 0;
}

WRAP(int, unlink, const char *path)
{
	return (int)kernel_result(remove_path(path));
}

/* --- a folder ---------------------------------------------------------------------------------------- */

struct folder {
	char path[DISK_PATH_MAX];
	unsigned next;
	int fd;
	struct dirent entry;
};

static void name_below(const char *folder, const char *name, char path[DISK_PATH_MAX])
{
	snprintf(path, DISK_PATH_MAX, "%.120s/%.120s", folder, name);
}

WRAP(DIR *, opendir, const char *path)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	SIM_CHECK(folder, "no memory");
	kernel_call(CALL_OTHER);
	if (!disk_is_folder(path)) {
		free(folder);
		errno = ENOENT;
		return NULL;
	}
	snprintf(folder->path, sizeof(folder->path), "%s", path);
	folder->fd = fds_open(&folder_ops, folder);
	return (DIR *)folder;
}

/* Only the files in it: the program asks for no others. */
WRAP(struct dirent *, readdir64, DIR *dir)
{
	struct folder *folder = (struct folder *)dir;
	size_t bytes = strlen(folder->path);
	const struct disk_file *file;

	while ((file = disk_at(folder->next))) {
		folder->next++;
		if (file->is_used && strncmp(file->path, folder->path, bytes) == 0 &&
		    file->path[bytes] == '/') {
			snprintf(folder->entry.d_name, sizeof(folder->entry.d_name), "%s",
				 file->path + bytes + 1);
			return &folder->entry;
		}
	}
	return NULL;
}

WRAP(int, closedir, DIR *dir)
{
	struct folder *folder = (struct folder *)dir;

	fds_close(folder->fd);
	free(folder);
	return 0;
}

WRAP(int, dirfd, DIR *dir)
{
	return ((struct folder *)dir)->fd;
}

WRAP(int, fstatat64, int fd, const char *name, struct stat *status, int flags)
{
	const struct sim_file *file = fds_file(fd);
	char path[DISK_PATH_MAX];

	(void)flags;
	SIM_CHECK(file && file->ops == &folder_ops, "fstatat() beside a folder");
	name_below(((const struct folder *)file->object)->path, name, path);
	return (int)kernel_result(describe_path(path, status));
}

WRAP(int, unlinkat, int fd, const char *name, int flags)
{
	const struct sim_file *file = fds_file(fd);
	char path[DISK_PATH_MAX];

	(void)flags;
	SIM_CHECK(file && file->ops == &folder_ops, "unlinkat() beside a folder");
	name_below(((const struct folder *)file->object)->path, name, path);
	return (int)kernel_result(remove_path(path));
}

/* --- another name ------------------------------------------------------------------------------------ */

static int give_name(const char *from, const char *to)
{
	struct disk_file *file = disk_find(from);

	kernel_call(CALL_OTHER);
	if (!file) {
		return -ENOENT;
	}
	disk_remove(to);
	snprintf(file->path, sizeof(file->path), "%s", to);
	return 0;
}

WRAP(int, rename, const char *from, const char *to)
{
	return (int)kernel_result(give_name(from, to));
}

WRAP(int, renameat2, int from_fd, const char *from, int to_fd, const char *to,
     unsigned flags)
{
	(void)from_fd;
	(void)to_fd;
	(void)flags;
	return (int)kernel_result(disk_find(to) ? -EEXIST : give_name(from, to));
}

WRAP(int, link, const char *from, const char *to)
{
	(void)from;
	(void)to;
	return (int)kernel_result(-EPERM);
}
