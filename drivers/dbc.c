#include "drivers/dbc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "rtloop/base/sys.h"

void dbc_destroy(struct dbc *dbc)
{
	if (dbc) {
		free(dbc->messages.items);
		free(dbc->signals.items);
		free(dbc->floats.items);
		free(dbc->switches.items);
		free(dbc->ranges.items);
		arena_fini(&dbc->arena);
		free(dbc);
	}
}

static int read_all(int fd, char *text, size_t bytes, size_t *ret_bytes)
{
	size_t count = 0;
	ssize_t got = 1;

	while (count < bytes && got != 0) {
		got = sys_read(fd, text + count, bytes - count);
		if (got < 0 && got != -EINTR) {
			return (int)got;
		}
		count += got > 0 ? (size_t)got : 0;
	}
	*ret_bytes = count;
	return 0;
}

static int read_file(const char *path, int fd, char **ret_text, size_t *ret_bytes,
		     struct err *err)
{
	struct stat status;
	char *text;
	int rc;

	if (fstat(fd, &status) || !S_ISREG(status.st_mode)) {
		return err_set(err, -EINVAL, "%s: not a regular file", path);
	}
	if (status.st_size > DBC_FILE_BYTES_MAX) {
		return err_set(err, -EFBIG, "%s: more than %d MiB", path,
			       DBC_FILE_BYTES_MAX >> 20);
	}
	text = malloc((size_t)status.st_size + 1);
	if (!text) {
		return err_set(err, -ENOMEM, "%s: no memory", path);
	}
	rc = read_all(fd, text, (size_t)status.st_size, ret_bytes);
	if (rc) {
		free(text);
		return err_set_errno(err, rc, "%s", path);
	}
	*ret_text = text;
	return 0;
}

int dbc_load(const char *path, struct dbc **ret_dbc, struct err *err)
{
	int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	size_t bytes = 0;
	char *text = NULL;
	int rc;

	if (fd < 0) {
		return err_set_errno(err, fd, "%s", path);
	}
	rc = read_file(path, fd, &text, &bytes, err);
	sys_close(fd);
	if (rc) {
		return rc;
	}
	rc = dbc_parse(path, text, bytes, ret_dbc, err);
	free(text);
	return rc;
}
