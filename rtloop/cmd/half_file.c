#include "rtloop/cmd/half_file.h"

#include <sys/stat.h>
#include <unistd.h>

void half_file_remove(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0 && S_ISREG(status.st_mode)) {
		unlink(path);
	}
}
