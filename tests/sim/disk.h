/*
 * The simulated disk: folders and files in memory, what of them would be left after a loss of power, and what can
 * go wrong with it.
 */
#ifndef TESTS_SIM_DISK_H
#define TESTS_SIM_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DISK_FILES_MAX	 1024
#define DISK_FOLDERS_MAX 8
#define DISK_PATH_MAX	 256

struct disk_file {
	char path[DISK_PATH_MAX]; /* "": removed, and only descriptors are left of it */
	uint8_t *data;
	size_t bytes;
	size_t capacity;
	size_t synced; /* so much of it is there whatever happens */
	unsigned opened;
	bool is_used;
};

/* What the disk does wrong now. */
struct disk_faults {
	int code; /* writes, syncs and new files fail with it: -ENOSPC, -EIO, -EROFS; 0: they do not */
	bool loses_syncs; /* a sync fails once, and what was to be synced is lost */
	bool is_torn;  /* the next write is taken in part, and the rest of it refused */
	bool is_short; /* writes are taken in pieces */
	int64_t stall_ns; /* the next call takes so long */
	int64_t slow_ns;  /* each call takes up to so long */
};

/** disk_begin - an empty one, with room for so many bytes. */
void disk_begin(size_t room_bytes);

struct disk_faults *disk_faults(void);

/** disk_set_room - so many bytes may be on it in all. */
void disk_set_room(size_t bytes);
size_t disk_used(void);

/** disk_remove_folder - with all that is in it, as rm -r would. */
void disk_remove_folder(const char *path);

/** disk_find - by path; NULL: there is none. disk_at - by number, NULL past the last. */
struct disk_file *disk_find(const char *path);
struct disk_file *disk_at(unsigned index);

/** disk_put - a file with that text, as it is from the start. */
void disk_put(const char *path, const void *data, size_t bytes);

/** disk_remove - nothing where it is not there. */
void disk_remove(const char *path);

/* For the calls of the kernel. Each returns 0 or -errno. */
int disk_make_folder(const char *path);
bool disk_is_folder(const char *path);
int disk_create(const char *path, struct disk_file **ret_file);
int disk_append(struct disk_file *file, uint64_t offset, const void *data, size_t bytes,
		size_t *ret_taken);
int disk_sync(struct disk_file *file);
void disk_cut(struct disk_file *file, size_t bytes);
void disk_release(struct disk_file *file);

/** disk_wait - as long as the disk lets the caller wait now. */
void disk_wait(void);

#endif
