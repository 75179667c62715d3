#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/tree.h"

/* Without waiting: a FIFO or a terminal is refused, not read. */
static int open_regular(const char *path, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0) {
		diag_add(diag, 0, 0, "cannot be opened: %s", strerror(errno));
		return -EINVAL;
	}
	if (fstat(fd, &status) < 0) {
		diag_add(diag, 0, 0, "cannot be read: %s", strerror(errno));
	} else if (!S_ISREG(status.st_mode)) {
		diag_add(diag, 0, 0, "%s; expected a configuration file",
			 S_ISDIR(status.st_mode) ? "is a folder"
						 : "is not a regular file");
	} else {
		return fd;
	}
	close(fd);
	return -EINVAL;
}

/* Up to one byte more than is allowed; the number of bytes or -errno. */
static ssize_t read_all(int fd, char *data)
{
	size_t count = 0;

	while (count <= TREE_BYTES_MAX) {
		ssize_t got = read(fd, data + count, TREE_BYTES_MAX + 1 - count);

		if (got < 0 && errno != EINTR) {
			return -errno;
		}
		if (got == 0) {
			break;
		}
		count += got > 0 ? (size_t)got : 0;
	}
	return (ssize_t)count;
}

static int read_file(const char *path, char *data, size_t *ret_bytes, struct diag *diag)
{
	int fd = open_regular(path, diag);
	ssize_t count;

	if (fd < 0) {
		return fd;
	}
	count = read_all(fd, data);
	close(fd);
	if (count < 0) {
		diag_add(diag, 0, 0, "cannot be read: %s", strerror((int)-count));
		return -EINVAL;
	}
	if ((size_t)count > TREE_BYTES_MAX) {
		diag_add(diag, 0, 0, "is over 1 MiB; expected a configuration file");
		return -EINVAL;
	}
	*ret_bytes = (size_t)count;
	return 0;
}

/* Absolute; owned by the caller; NULL with errno. */
static char *folder_of(const char *path)
{
	char *copy = strdup(path);
	char *folder = copy ? realpath(dirname(copy), NULL) : NULL;

	free(copy);
	return folder;
}

static int parse_file(struct tree *tree, const char *path, const char *data, size_t bytes,
		      struct diag *diag)
{
	char *folder = folder_of(path);
	int code;

	if (!folder && errno == ENOMEM) {
		return -ENOMEM;
	}
	if (!folder) {
		diag_add(diag, 0, 0, "its folder cannot be found: %s", strerror(errno));
		return -EINVAL;
	}
	code = tree_parse(tree, data, bytes, folder, diag);
	free(folder);
	return code;
}

int tree_load(struct tree *tree, const char *path, struct diag *diag)
{
	char *data = malloc(TREE_BYTES_MAX + 1);
	size_t bytes;
	int code;

	if (!data) {
		return -ENOMEM;
	}
	code = read_file(path, data, &bytes, diag);
	if (code == 0) {
		code = parse_file(tree, path, data, bytes, diag);
	}
	free(data);
	return code;
}
