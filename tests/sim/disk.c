#include "tests/sim/disk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

static struct {
	struct disk_file files[DISK_FILES_MAX];
	char folders[DISK_FOLDERS_MAX][DISK_PATH_MAX];
	size_t room_bytes;
	struct disk_faults faults;
	bool tears; /* the next write is the rest of a torn one */
} disk;

static void wipe(struct disk_file *file)
{
	free(file->data);
	*file = (struct disk_file){ .is_used = false };
}

void disk_begin(size_t room_bytes)
{
	for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
		wipe(&disk.files[i]);
	}
	memset(disk.folders, 0, sizeof(disk.folders));
	disk.room_bytes = room_bytes;
	disk.faults = (struct disk_faults){ .code = 0 };
	disk.tears = false;
}

struct disk_faults *disk_faults(void)
{
	return &disk.faults;
}

void disk_set_room(size_t bytes)
{
	disk.room_bytes = bytes;
}

size_t disk_used(void)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
		bytes += disk.files[i].bytes;
	}
	return bytes;
}

struct disk_file *disk_find(const char *path)
{
	for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
		if (disk.files[i].is_used && strcmp(disk.files[i].path, path) == 0) {
			return &disk.files[i];
		}
	}
	return NULL;
}

struct disk_file *disk_at(unsigned index)
{
	return index < DISK_FILES_MAX ? &disk.files[index] : NULL;
}

void disk_wait(void)
{
	int64_t ns = disk.faults.stall_ns;

	disk.faults.stall_ns = 0;
	if (disk.faults.slow_ns > 0) {
		ns += rng_between(sim_rng(STREAM_DISK), 0, disk.faults.slow_ns);
	}
	if (ns > 0) {
		sched_busy(ns);
	}
}

static bool is_below(const char *path, const char *folder)
{
	size_t bytes = strlen(folder);

	return strncmp(path, folder, bytes) == 0 && path[bytes] == '/';
}

static struct disk_file *take_place(void)
{
	for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
		if (!disk.files[i].is_used) {
			return &disk.files[i];
		}
	}
	sim_fail("more than %d files", DISK_FILES_MAX);
}

bool disk_is_folder(const char *path)
{
	for (unsigned i = 0; i < DISK_FOLDERS_MAX; i++) {
		if (strcmp(disk.folders[i], path) == 0) {
			return true;
		}
	}
	return false;
}

int disk_make_folder(const char *path)
{
	if (disk_is_folder(path)) {
		return -EEXIST;
	}
	if (disk.faults.code) {
		return disk.faults.code;
	}
	for (unsigned i = 0; i < DISK_FOLDERS_MAX; i++) {
		if (disk.folders[i][0] == '\0') {
			snprintf(disk.folders[i], DISK_PATH_MAX, "%s", path);
			return 0;
		}
	}
	sim_fail("more than %d folders", DISK_FOLDERS_MAX);
}

void disk_remove_folder(const char *path)
{
	for (unsigned i = 0; i < DISK_FILES_MAX; i++) {
		if (disk.files[i].is_used && is_below(disk.files[i].path, path)) {
			disk_remove(disk.files[i].path);
		}
	}
	for (unsigned i = 0; i < DISK_FOLDERS_MAX; i++) {
		if (strcmp(disk.folders[i], path) == 0) {
			disk.folders[i][0] = '\0';
		}
	}
}

static bool has_folder(const char *path)
{
	char folder[DISK_PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	return disk_is_folder(folder);
}

int disk_create(const char *path, struct disk_file **ret_file)
{
	struct disk_file *file;

	if (!has_folder(path)) {
		return -ENOENT;
	}
	if (disk_find(path)) {
		return -EEXIST;
	}
	if (disk.faults.code) {
		return disk.faults.code;
	}
	file = take_place();
	*file = (struct disk_file){ .is_used = true };
	snprintf(file->path, sizeof(file->path), "%s", path);
	*ret_file = file;
	return 0;
}

void disk_put(const char *path, const void *data, size_t bytes)
{
	struct disk_file *file = take_place();

	*file = (struct disk_file){ .is_used = true,
				    .bytes = bytes,
				    .capacity = bytes,
				    .synced = bytes,
				    .data = malloc(bytes + 1) };
	SIM_CHECK(file->data, "no memory");
	memcpy(file->data, data, bytes);
	snprintf(file->path, sizeof(file->path), "%s", path);
}

void disk_remove(const char *path)
{
	struct disk_file *file = disk_find(path);

	if (file && file->opened > 0) {
		file->path[0] = '\0';
	} else if (file) {
		wipe(file);
	}
}

void disk_release(struct disk_file *file)
{
	file->opened--;
	if (file->opened == 0 && file->path[0] == '\0') {
		wipe(file);
	}
}

static void grow(struct disk_file *file, size_t bytes)
{
	if (bytes > file->capacity) {
		file->capacity = 2 * bytes;
		file->data = realloc(file->data, file->capacity);
		SIM_CHECK(file->data, "no memory");
	}
	if (bytes > file->bytes) {
		memset(file->data + file->bytes, 0, bytes - file->bytes);
		file->bytes = bytes;
	}
}

/* How many of so many bytes more the disk takes now. */
static size_t find_room(size_t grown, size_t bytes)
{
	size_t used = disk_used();
	size_t room = used < disk.room_bytes ? disk.room_bytes - used : 0;
	struct rng *rng = sim_rng(STREAM_DISK);

	if (grown > room) {
		bytes -= grown - room < bytes ? grown - room : bytes;
	}
	if (disk.faults.is_short && bytes > 1) {
		bytes = 1 + (size_t)rng_below(rng, bytes);
	}
	return bytes;
}

int disk_append(struct disk_file *file, uint64_t offset, const void *data, size_t bytes,
		size_t *ret_taken)
{
	size_t end = (size_t)offset + bytes;
	size_t grown = end > file->bytes ? end - file->bytes : 0;

	if (disk.faults.code || disk.tears) {
		disk.tears = false;
		return disk.faults.code ? disk.faults.code : -EIO;
	}
	*ret_taken = find_room(grown, bytes);
	if (disk.faults.is_torn && *ret_taken > 1) {
		disk.faults.is_torn = false;
		disk.tears = true;
		*ret_taken = 1 + (size_t)rng_below(sim_rng(STREAM_DISK), *ret_taken - 1);
	}
	if (*ret_taken == 0) {
		return bytes == 0 ? 0 : -ENOSPC;
	}
	grow(file, (size_t)offset + *ret_taken);
	memcpy(file->data + offset, data, *ret_taken);
	if (offset < file->synced) {
		file->synced = (size_t)offset;
	}
	return 0;
}

/* After a sync that failed the kernel holds the pages for clean: only what is read back shows the loss. */
static void lose_pages(struct disk_file *file)
{
	memset(file->data + file->synced, 0, file->bytes - file->synced);
	file->synced = file->bytes;
}

int disk_sync(struct disk_file *file)
{
	if (disk.faults.loses_syncs && file->synced < file->bytes) {
		disk.faults.loses_syncs = false;
		lose_pages(file);
		return -EIO;
	}
	if (disk.faults.code == -EIO) {
		return -EIO;
	}
	file->synced = file->bytes;
	return 0;
}

void disk_cut(struct disk_file *file, size_t bytes)
{
	if (bytes > file->bytes) {
		grow(file, bytes);
	}
	file->bytes = bytes;
	file->synced = file->synced < bytes ? file->synced : bytes;
}
