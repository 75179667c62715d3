#include "rtloop/super/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "rtloop/base/sys.h"

static int take_address(struct notify *notify, const char *path, struct err *err)
{
	size_t bytes = strlen(path);

	if (path[0] != '/' && path[0] != '@') {
		return err_set(err, -EAFNOSUPPORT,
			       "NOTIFY_SOCKET is '%s'; expected a path from the root, or "
			       "'@' and an "
			       "abstract name",
			       path);
	}
	if (bytes >= sizeof(notify->address.sun_path)) {
		return err_set(err, -ENAMETOOLONG,
			       "NOTIFY_SOCKET has %zu bytes; expected at most %zu", bytes,
			       sizeof(notify->address.sun_path) - 1);
	}
	notify->address.sun_family = AF_UNIX;
	memcpy(notify->address.sun_path, path, bytes + 1);
	/* an abstract name begins with a NUL, and has none at its end */
	if (path[0] == '@') {
		notify->address.sun_path[0] = '\0';
	}
	notify->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					    bytes + (path[0] == '/'));
	return 0;
}

int notify_open(struct notify *notify, const char *path, struct err *err)
{
	int code;

	memset(notify, 0, sizeof(*notify));
	if (!path || !path[0]) {
		return 0;
	}
	code = take_address(notify, path, err);
	if (code) {
		return code;
	}
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd < 0) {
		return err_set_errno(err, -errno, "a socket to the service manager");
	}
	notify->is_open = true;
	return 0;
}

void notify_close(struct notify *notify)
{
	if (notify->is_open) {
		sys_close(notify->fd);
		notify->is_open = false;
	}
}

int notify_send(const struct notify *notify, const char *format, ...)
{
	char text[NOTIFY_BYTES_MAX + 1];
	va_list args;
	ssize_t sent;

	if (!notify->is_open) {
		return 0;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* not connected: a manager that starts anew listens at a new socket of the same name */
	sent = sendto(notify->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
		      (const struct sockaddr *)&notify->address, notify->address_bytes);
	return sent < 0 ? -errno : 0;
}
