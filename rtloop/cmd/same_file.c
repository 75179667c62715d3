#include "rtloop/cmd/same_file.h"

#include <sys/stat.h>

bool same_file_among(const char *path, char *const *paths, unsigned count)
{
	struct stat file, other;

	if (stat(path, &file)) {
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		if (!stat(paths[i], &other) && other.st_dev == file.st_dev &&
		    other.st_ino == file.st_ino) {
			return true;
		}
	}
	return false;
}
