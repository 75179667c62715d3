/* A folder of its own for a test that needs real files. */
#ifndef TESTS_FAKES_FOLDER_H
#define TESTS_FAKES_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLDER_NAMES_MAX 64

struct folder {
	char path[64];
	char file[512];			   /* what folder_file() returned last */
	char names[FOLDER_NAMES_MAX][128]; /* what folder_list() found, sorted */
	unsigned count;
};

/** folder_init - an empty one, below TMPDIR. */
void folder_init(struct folder *folder);

/** folder_init_in_memory - the same, but not on a disk where that may be: for a test that writes thousands of files. */
void folder_init_in_memory(struct folder *folder);

/** folder_fini - remove it with all that is in it. */
void folder_fini(struct folder *folder);

/** folder_file - the path of a file in it; valid until the next call. */
const char *folder_file(struct folder *folder, const char *name);

/** folder_put - a file of so many bytes. */
void folder_put(struct folder *folder, const char *name, size_t bytes);

/** folder_has - whether there is something of that name. */
bool folder_has(struct folder *folder, const char *name);

/** folder_list - all names in it; returns how many. */
unsigned folder_list(struct folder *folder);

/** wait_until - look every millisecond, for a minute at most; fails the test otherwise. */
void wait_until(bool (*is_so)(void *context), void *context);

#endif
