#include "tests/fakes/folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_MS 60000

static void make_below(struct folder *folder, const char *root)
{
	memset(folder, 0, sizeof(*folder));
	snprintf(folder->path, sizeof(folder->path), "%s/rtloop-test-XXXXXX", root);
	assert_non_null(mkdtemp(folder->path));
}

void folder_init(struct folder *folder)
{
	const char *root = getenv("TMPDIR");

	make_below(folder, root && strlen(root) < 32 ? root : "/tmp");
}

void folder_init_in_memory(struct folder *folder)
{
	if (access("/dev/shm", W_OK | X_OK)) {
		folder_init(folder);
	} else {
		make_below(folder, "/dev/shm");
	}
}

static int remove_one(const char *path, const struct stat *info, int type,
		      struct FTW *ftw)
{
	return remove(path);
}

void folder_fini(struct folder *folder)
{
	nftw(folder->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *folder_file(struct folder *folder, const char *name)
{
	snprintf(folder->file, sizeof(folder->file), "%s/%s", folder->path, name);
	return folder->file;
}

void folder_put(struct folder *folder, const char *name, size_t bytes)
{
	int fd = open(folder_file(folder, name), O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	close(fd);
}

bool folder_has(struct folder *folder, const char *name)
{
	struct stat info;

	return lstat(folder_file(folder, name), &info) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

unsigned folder_list(struct folder *folder)
{
	DIR *dir = opendir(folder->path);
	const struct dirent *entry;

	assert_non_null(dir);
	folder->count = 0;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.') {
			continue;
		}
		assert_true(folder->count < FOLDER_NAMES_MAX);
		snprintf(folder->names[folder->count], sizeof(folder->names[0]), "%.127s",
			 entry->d_name);
		folder->count++;
	}
	closedir(dir);
	qsort(folder->names, folder->count, sizeof(folder->names[0]), by_name);
	return folder->count;
}

void wait_until(bool (*is_so)(void *context), void *context)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	for (int i = 0; i < WAIT_MS; i++) {
		if (is_so(context)) {
			return;
		}
		nanosleep(&pause, NULL);
	}
	fail_msg("it did not come about within %d ms", WAIT_MS);
}
