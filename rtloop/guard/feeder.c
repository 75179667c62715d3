#include "rtloop/guard/feeder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/watchdog.h>
#include <string.h>
#include <sys/ioctl.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* Meals in each time-out; and at least one a second, so that a fault is followed by silence soon. */
#define MEALS	    4
#define MEAL_MAX_NS NS_PER_SEC
#define STOP_LETTER "V"
#define ANY_LETTER  "."

void feeder_init(struct feeder *feeder)
{
	*feeder = (struct feeder){ .fd = -1 };
}

static void stop(int fd)
{
	(void)!sys_write(fd, STOP_LETTER, strlen(STOP_LETTER));
	sys_close(fd);
}

/* The kernel may take another time-out than it was asked for, and says which. */
static int set_up(int fd, const char *path, int32_t timeout_s, int32_t *ret_timeout_s,
		  struct err *err)
{
	struct watchdog_info info;
	int seconds = timeout_s;

	if (ioctl(fd, WDIOC_GETSUPPORT, &info)) {
		return err_set(err, -ENOTTY, "%s: is no watchdog", path);
	}
	if (ioctl(fd, WDIOC_SETTIMEOUT, &seconds) ||
	    ioctl(fd, WDIOC_GETTIMEOUT, &seconds) || seconds <= 0) {
		return err_set(err, -EINVAL, "%s: cannot have a time-out of %d s", path,
			       (int)timeout_s);
	}
	*ret_timeout_s = seconds;
	return 0;
}

int feeder_open(const char *path, int32_t timeout_s, int32_t *ret_timeout_s,
		struct err *err)
{
	int fd = sys_open(path, O_WRONLY | O_NONBLOCK, 0);
	int code;

	if (fd < 0) {
		return fd == -EBUSY
			       ? err_set(err, fd, "%s: another program feeds it", path)
			       : err_set_errno(err, fd, "%s", path);
	}
	code = set_up(fd, path, timeout_s, ret_timeout_s, err);
	if (code == -ENOTTY) {
		sys_close(fd);
	} else if (code) {
		stop(fd);
	}
	return code ? code : fd;
}

void feeder_take(struct feeder *feeder, int fd, int32_t timeout_s)
{
	feeder_close(feeder);
	*feeder = (struct feeder){ .fd = fd, .timeout_s = timeout_s };
}

void feeder_feed(struct feeder *feeder, int64_t now_ns)
{
	int64_t meal_ns = feeder->timeout_s * NS_PER_SEC / MEALS;

	if (feeder->fd < 0 || now_ns < feeder->next_ns) {
		return;
	}
	(void)!sys_write(feeder->fd, ANY_LETTER, strlen(ANY_LETTER));
	feeder->next_ns = now_ns + (meal_ns < MEAL_MAX_NS ? meal_ns : MEAL_MAX_NS);
}

void feeder_stop(struct feeder *feeder)
{
	if (feeder->fd >= 0) {
		stop(feeder->fd);
		feeder_init(feeder);
	}
}

void feeder_close(struct feeder *feeder)
{
	sys_close(feeder->fd);
	feeder_init(feeder);
}
