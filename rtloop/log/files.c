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

#define SEQUENCE_DIGITS_MIN 6
#define SEQUENCE_DIGITS_MAX 10

/* Numbers taken by someone else since we looked, or by links: more is no accident. */
#define TAKEN_MAX 1000

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

/* Digits up to @end; 0 where they are none or too many. */
static uint32_t parse_sequence(const char *text, const char *end)
{
	uint64_t sequence = 0;

	if (end - text < SEQUENCE_DIGITS_MIN || end - text > SEQUENCE_DIGITS_MAX) {
		return 0;
	}
	for (; text < end; text++) {
		if (*text < '0' || *text > '9') {
			return 0;
		}
		sequence = sequence * 10 + (uint64_t)(*text - '0');
	}
	return sequence < UINT32_MAX ? (uint32_t)sequence : 0;
}

/* What may lie beside a log goes with it: the traces of its overruns. */
static bool is_beside(const char *end)
{
	size_t length = strlen(end);

	return strncmp(end, FILES_TRACE_BEGIN, strlen(FILES_TRACE_BEGIN)) == 0 &&
	       length > strlen(FILES_TRACE_END) &&
	       strcmp(end + length - strlen(FILES_TRACE_END), FILES_TRACE_END) == 0;
}

/* The sequence in a file's name; 0 where it is not exactly as files_create() makes them. */
static uint32_t name_sequence(const struct files *files, const char *name)
{
	size_t loop_bytes = strlen(files->loop);
	const char *sequence, *boot;

	if (strncmp(name, files->loop, loop_bytes) != 0 || name[loop_bytes] != '-') {
		return 0;
	}
	sequence = name + loop_bytes + 1;
	boot = strchr(sequence, '-');
	if (!boot || strspn(boot + 1, "0123456789abcdef") != FILES_BOOT_BYTES - 1 ||
	    (strcmp(boot + FILES_BOOT_BYTES, FILES_LOG_END) != 0 &&
	     !is_beside(boot + FILES_BOOT_BYTES))) {
		return 0;
	}
	return parse_sequence(sequence, boot);
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
	struct stat info;

	if (!dir) {
		return -errno;
	}
	if (fstat(dirfd(dir), &info) == 0) {
		files->device = info.st_dev;
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

/* "one.mcap", "one.2.mcap": the first is as it was asked for. */
static int name_one(const struct files *files, char *path, size_t bytes)
{
	size_t stem = strlen(files->file), end = strlen(FILES_LOG_END);
	bool has_end = stem > end && strcmp(files->file + stem - end, FILES_LOG_END) == 0;

	if (files->sequence == 1) {
		return snprintf(path, bytes, "%s", files->file);
	}
	return snprintf(path, bytes, "%.*s.%" PRIu32 "%s",
			(int)(has_end ? stem - end : stem), files->file, files->sequence,
			has_end ? FILES_LOG_END : "");
}

static int name_file(struct files *files, struct err *err)
{
	int length;

	if (files->dir) {
		length = snprintf(files->path, sizeof(files->path),
				  "%s/%s-%06" PRIu32 "-%s" FILES_LOG_END, files->dir,
				  files->loop, files->sequence, files->boot);
	} else {
		length = name_one(files, files->path, sizeof(files->path));
	}
	return length < (int)sizeof(files->path)
		       ? 0
		       : err_set_errno(err, -ENAMETOOLONG, "the log's file");
}

/* The nearest folder above that is there. */
static int find_device_above(const char *dir, dev_t *ret_device)
{
	char part[PATH_MAX];
	struct stat info;
	char *slash;

	snprintf(part, sizeof(part), "%s", dir);
	while ((slash = strrchr(part, '/')) && slash > part) {
		*slash = '\0';
		if (stat(part, &info) == 0) {
			*ret_device = info.st_dev;
			return 0;
		}
	}
	if (stat(slash ? "/" : ".", &info)) {
		return -errno;
	}
	*ret_device = info.st_dev;
	return 0;
}

/* Below the mount point of a disk that is away, logs would fill another one, and be hidden when it is back. */
static int make_again(const struct files *files)
{
	dev_t device = 0;
	int code = find_device_above(files->dir, &device);

	if (code || device != files->device) {
		return -ENOENT;
	}
	return make_folders(files->dir);
}

static int create_next(struct files *files, struct err *err)
{
	int code, fd;

	files->sequence++;
	code = name_file(files, err);
	if (code) {
		return code;
	}
	fd = sys_open(files->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
	if (fd == -ENOENT && files->dir && make_again(files) == 0) {
		fd = sys_open(files->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
			      FILE_MODE);
	}
	if (fd < 0) {
		err_set_errno(err, fd, "cannot create the log %s", files->path);
	}
	return fd;
}

/* On a disk that has become read-only a new file can be left behind, until the disk takes something again. */
static void remove_left(struct files *files)
{
	struct files left = *files;
	struct stat info;
	struct err err;

	left.sequence = files->left;
	if (name_file(&left, &err) || lstat(left.path, &info)) {
		return;
	}
	if (!S_ISREG(info.st_mode) || info.st_size > 0 || files_remove(&left) == 0) {
		files->left = 0;
	}
}

int files_create(struct files *files, struct err *err)
{
	bool is_first_of_one = !files->dir && files->sequence == 0;
	int fd;

	if (files->left > 0) {
		remove_left(files);
	}
	fd = create_next(files, err);
	for (int i = 1; fd == -EEXIST && i < TAKEN_MAX && !is_first_of_one; i++) {
		fd = create_next(files, err);
	}
	if (fd == -EEXIST) {
		return err_set(err, fd,
			       "the log %s is already there, and is never overwritten",
			       files->path);
	}
	return fd;
}

void files_name_trace(const char *log, uint64_t cycle, char *path, size_t bytes)
{
	size_t stem = strlen(log), end = strlen(FILES_LOG_END);

	if (stem > end && strcmp(log + stem - end, FILES_LOG_END) == 0) {
		stem -= end;
	}
	snprintf(path, bytes, "%.*s" FILES_TRACE_BEGIN "%" PRIu64 FILES_TRACE_END,
		 (int)stem, log, cycle);
}

int files_remove(const struct files *files)
{
	return unlink(files->path) ? -errno : 0;
}

void files_discard(struct files *files, int fd)
{
	sys_close(fd);
	files->left = files_remove(files) ? files->sequence : 0;
}

bool files_is_removed(int fd)
{
	struct stat info;

	return fstat(fd, &info) == 0 && info.st_nlink == 0;
}

int files_cut(int fd, uint64_t bytes)
{
	if (ftruncate(fd, (off_t)bytes) || lseek(fd, (off_t)bytes, SEEK_SET) < 0) {
		return -errno;
	}
	return 0;
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

	/* of one sequence the traces come first: the log, of which the newest stays, is the last */
	return first->sequence != second->sequence
		       ? (first->sequence > second->sequence) -
				 (first->sequence < second->sequence)
		       : strcmp(first->name, second->name);
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

/* One that someone else has removed is gone as well. */
static int remove_oldest(const struct old_files *old, DIR *dir, int64_t most_bytes)
{
	int64_t bytes = old->bytes;
	int removed = 0;

	for (size_t i = 0; i + 1 < old->count && bytes > most_bytes; i++) {
		if (unlinkat(dirfd(dir), old->files[i].name, 0) && errno != ENOENT) {
			return -errno;
		}
		bytes -= old->files[i].bytes;
		removed++;
	}
	return removed;
}

int files_prune(const struct files *files, int64_t coming_bytes)
{
	struct old_files old = { 0 };
	DIR *dir;
	int code;

	if (!files->dir || files->keep_bytes == 0) {
		return 0;
	}
	dir = opendir(files->dir);
	if (!dir) {
		return -errno;
	}
	code = list_old(files, dir, &old);
	code = code ? code : remove_oldest(&old, dir, files->keep_bytes - coming_bytes);
	for (size_t i = 0; i < old.count; i++) {
		free(old.files[i].name);
	}
	free(old.files);
	closedir(dir);
	return code;
}
