#include "rtloop/log/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

#define FILE_MODE   0640
#define FOLDER_MODE 0750

static void read_boot(char boot[FILES_BOOT_BYTES])
{
	int fd = sys_open("/proc/sys/kernel/random/boot_id", O_RDONLY, 0);
	ssize_t bytes = fd < 0 ? fd : sys_read(fd, boot, FILES_BOOT_BYTES - 1);

	sys_close(fd);
	if (bytes != FILES_BOOT_BYTES - 1) {
		memcpy(boot, "00000000", FILES_BOOT_BYTES - 1);
	}
	boot[FILES_BOOT_BYTES - 1] = '\0';
}

/* The sequence in a file's name; 0 where it is not a file of this loop. */
static uint32_t name_sequence(const struct files *files, const char *name)
{
	size_t loop_bytes = strlen(files->loop);
	uint32_t sequence;
	char boot[FILES_BOOT_BYTES];
	int end = 0;

	if (strncmp(name, files->loop, loop_bytes) != 0 || name[loop_bytes] != '-') {
		return 0;
	}
	if (sscanf(name + loop_bytes, "-%" SCNu32 "-%8[0-9a-f].mcap%n", &sequence, boot,
		   &end) != 2 ||
	    end == 0 || name[loop_bytes + (size_t)end] != '\0') {
		return 0;
	}
	return sequence;
}

static int make_folders(const char *path)
{
	char part[PATH_MAX];
	size_t bytes = strlen(path);

	if (bytes >= sizeof(part)) {
		return -ENAMETOOLONG;
	}
	memcpy(part, path, bytes + 1);
	for (size_t i = 1; i <= bytes; i++) {
		if (path[i] != '/' && path[i] != '\0') {
			continue;
		}
		part[i] = '\0';
		if (mkdir(part, FOLDER_MODE) && errno != EEXIST) {
			return -errno;
		}
		part[i] = path[i];
	}
	return 0;
}

static int find_newest(struct files *files)
{
	DIR *dir = opendir(files->dir);
	const struct dirent *entry;

	if (!dir) {
		return -errno;
	}
	while ((entry = readdir(dir))) {
		uint32_t sequence = name_sequence(files, entry->d_name);

		files->sequence = sequence > files->sequence ? sequence : files->sequence;
	}
	closedir(dir);
	return 0;
}

int files_init(struct files *files, const char *dir, const char *file, const char *loop,
	       int64_t keep_bytes, struct err *err)
{
	int code;

	memset(files, 0, sizeof(*files));
	files->dir = dir;
	files->file = file;
	files->loop = loop;
	files->keep_bytes = keep_bytes;
	read_boot(files->boot);
	if (!dir) {
		return 0;
	}
	code = make_folders(dir);
	code = code ? code : find_newest(files);
	return code ? err_set_errno(err, code, "the log's folder %s", dir) : 0;
}

int files_create(struct files *files, struct err *err)
{
	int length, fd;

	if (files->dir) {
		length = snprintf(files->path, sizeof(files->path),
				  "%s/%s-%06" PRIu32 "-%s.mcap", files->dir, files->loop,
				  files->sequence + 1, files->boot);
	} else {
		length = snprintf(files->path, sizeof(files->path), "%s", files->file);
	}
	if (length >= (int)sizeof(files->path)) {
		return err_set_errno(err, -ENAMETOOLONG, "the log's file");
	}
	fd = sys_open(files->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
	if (fd == -EEXIST) {
		return err_set(err, fd,
			       "the log %s is already there, and is never overwritten",
			       files->path);
	}
	if (fd < 0) {
		return err_set_errno(err, fd, "cannot create the log %s", files->path);
	}
	files->sequence++;
	return fd;
}

struct old_file {
	char *name;
	uint32_t sequence;
	int64_t bytes;
};

struct old_files {
	struct old_file *files;
	size_t count;
	int64_t bytes;
};

static int by_sequence(const void *a, const void *b)
{
	const struct old_file *first = a, *second = b;

	return (first->sequence > second->sequence) -
	       (first->sequence < second->sequence);
}

static int add_old(struct old_files *old, const char *name, uint32_t sequence,
		   int64_t bytes)
{
	struct old_file *grown = reallocarray(old->files, old->count + 1, sizeof(*grown));

	if (!grown) {
		return -ENOMEM;
	}
	old->files = grown;
	grown[old->count] = (struct old_file){ strdup(name), sequence, bytes };
	if (!grown[old->count].name) {
		return -ENOMEM;
	}
	old->count++;
	old->bytes += bytes;
	return 0;
}

static int list_old(const struct files *files, DIR *dir, struct old_files *old)
{
	const struct dirent *entry;
	int code = 0;

	while (code == 0 && (entry = readdir(dir))) {
		uint32_t sequence = name_sequence(files, entry->d_name);
		struct stat info;

		if (sequence == 0 ||
		    fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(info.st_mode)) {
			continue;
		}
		code = add_old(old, entry->d_name, sequence, info.st_size);
	}
	if (old->count > 1) {
		qsort(old->files, old->count, sizeof(*old->files), by_sequence);
	}
	return code;
}

int files_prune(const struct files *files)
{
	struct old_files old = { 0 };
	DIR *dir = files->dir && files->keep_bytes > 0 ? opendir(files->dir) : NULL;
	int removed = 0, code;

	if (!dir) {
		return files->dir && files->keep_bytes > 0 ? -errno : 0;
	}
	code = list_old(files, dir, &old);
	for (size_t i = 0;
	     code == 0 && i + 1 < old.count && old.bytes > files->keep_bytes; i++) {
		if (unlinkat(dirfd(dir), old.files[i].name, 0)) {
			code = -errno;
			break;
		}
		old.bytes -= old.files[i].bytes;
		removed++;
	}
	for (size_t i = 0; i < old.count; i++) {
		free(old.files[i].name);
	}
	free(old.files);
	closedir(dir);
	return code ? code : removed;
}
