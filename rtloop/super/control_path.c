#include "rtloop/super/control_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"

#define SYSTEM_FOLDER "/run/rtloop"
/* Whoever may talk to a run is decided by the socket's own mode, 0660. */
#define FOLDER_MODE 0755

/* How long a client waits for its turn where many want to connect. */
#define CONNECT_TIME_S 5

static bool is_set(const char *value)
{
	return value && value[0] != '\0';
}

static int join(char *ret_path, const char *folder, size_t folder_bytes, const char *rest)
{
	int bytes = snprintf(ret_path, CONTROL_PATH_BYTES, "%.*s%s", (int)folder_bytes,
			     folder, rest);

	return bytes < 0 || (size_t)bytes >= CONTROL_PATH_BYTES ? -ENAMETOOLONG : 0;
}

int control_folder(unsigned index, char *ret_folder)
{
	const char *stated = getenv("RUNTIME_DIRECTORY");
	const char *own = getenv("XDG_RUNTIME_DIR");

	/* what the manager says stands for all others */
	if (is_set(stated)) {
		return index > 0 ? -ENOENT
				 : join(ret_folder, stated, strcspn(stated, ":"), "");
	}
	if (index == 0) {
		return join(ret_folder, SYSTEM_FOLDER, strlen(SYSTEM_FOLDER), "");
	}
	return index == 1 && is_set(own) ? join(ret_folder, own, strlen(own), "/rtloop")
					 : -ENOENT;
}

/* 0 where sockets can be made in it. */
static int prepare(const char *folder)
{
	if (mkdir(folder, FOLDER_MODE) && errno != EEXIST) {
		return -errno;
	}
	return access(folder, W_OK | X_OK) ? -errno : 0;
}

int control_choose_place(const char *name, const char *suffix, char *ret_path,
			 struct err *err)
{
	char folder[CONTROL_PATH_BYTES] = "";
	int code = -ENOENT, next = 0;

	for (unsigned i = 0; next == 0 && code != 0; i++) {
		next = control_folder(i, folder);
		if (next == 0) {
			code = prepare(folder);
		} else if (next == -ENAMETOOLONG) {
			code = next;
		}
	}
	if (code) {
		return err_set_errno(err, code, "cannot make a socket in %s", folder);
	}
	if (snprintf(ret_path, CONTROL_PATH_BYTES, "%s/%s%s", folder, name, suffix) >=
	    (int)CONTROL_PATH_BYTES) {
		return err_set_errno(err, -ENAMETOOLONG, "%s/%s%s", folder, name, suffix);
	}
	return 0;
}

int control_choose_path(const char *name, char *ret_path, struct err *err)
{
	return control_choose_place(name, CONTROL_SUFFIX, ret_path, err);
}

int control_connect(const char *path)
{
	const struct timeval limit = { .tv_sec = CONNECT_TIME_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, code;

	if (strlen(path) >= sizeof(address.sun_path)) {
		return -ENAMETOOLONG;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return -errno;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		code = -errno;
		sys_close(fd);
		return code;
	}
	return fd;
}
