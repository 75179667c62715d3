#include "drivers/tty.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/serial.h>
#include <linux/tty_flags.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* Beyond this, the last bits of a byte are sampled too near to the edges. */
#define RATE_ERROR_MAX_PERCENT 2

#define PTY_SLAVE_MAJOR_FIRST 136
#define PTY_SLAVE_MAJOR_LAST  143

#define FRAMING_FLAGS (CSIZE | CSTOPB | PARENB | PARODD | CMSPAR)

static bool is_pty(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 &&
	       major(status.st_rdev) >= PTY_SLAVE_MAJOR_FIRST &&
	       major(status.st_rdev) <= PTY_SLAVE_MAJOR_LAST;
}

static unsigned parity_flags(int parity)
{
	switch (parity) {
	case TTY_PARITY_EVEN:
		return PARENB;
	case TTY_PARITY_ODD:
		return PARENB | PARODD;
	case TTY_PARITY_MARK:
		return PARENB | PARODD | CMSPAR;
	case TTY_PARITY_SPACE:
		return PARENB | CMSPAR;
	default:
		return 0;
	}
}

static unsigned size_flags(int64_t data_bits)
{
	static const unsigned sizes[] = { CS5, CS6, CS7, CS8 };

	return sizes[data_bits - 5];
}

static struct termios2 settings_for(const struct tty_options *options)
{
	struct termios2 settings = {
		.c_cflag = CREAD | CLOCAL | BOTHER | BOTHER << IBSHIFT |
			   size_flags(options->data_bits) | parity_flags(options->parity),
		.c_ispeed = (speed_t)options->baud,
		.c_ospeed = (speed_t)options->baud,
	};

	/* With 0, a line that has nothing to say reads as 0: as one that has hung up. */
	settings.c_cc[VMIN] = 1;
	if (options->stop_bits == 2) {
		settings.c_cflag |= CSTOPB;
	}
	if (options->parity != TTY_PARITY_NONE) {
		settings.c_iflag |= INPCK;
	}
	if (options->flow == TTY_FLOW_RTSCTS) {
		settings.c_cflag |= CRTSCTS;
	}
	if (options->flow == TTY_FLOW_XONXOFF) {
		settings.c_iflag |= IXON | IXOFF;
		settings.c_cc[VSTART] = 0x11;
		settings.c_cc[VSTOP] = 0x13;
	}
	return settings;
}

static bool is_rate_off(int64_t wanted, int64_t got)
{
	int64_t difference = wanted > got ? wanted - got : got - wanted;

	return difference * 100 > wanted * RATE_ERROR_MAX_PERCENT;
}

/* The kernel answers 0 to settings that it has bent to what the hardware can do. */
static int check_settings(int fd, const struct tty_options *options,
			  const struct termios2 *wanted, struct err *err)
{
	struct termios2 got;

	if (ioctl(fd, TCGETS2, &got)) {
		return err_set_errno(err, -errno, "%s", options->path);
	}
	if (is_rate_off(options->baud, (int64_t)got.c_ospeed)) {
		return err_set(err, -EINVAL,
			       "%s: asked for %lld baud, the device does %u",
			       options->path, (long long)options->baud, got.c_ospeed);
	}
	if ((got.c_cflag & FRAMING_FLAGS) != (wanted->c_cflag & FRAMING_FLAGS) &&
	    !is_pty(fd)) {
		return err_set(
			err, -EINVAL,
			"%s: the device cannot do this parity, data_bits or stop_bits",
			options->path);
	}
	return 0;
}

static int configure(int fd, const struct tty_options *options, struct err *err)
{
	struct termios2 settings = settings_for(options);

	if (ioctl(fd, TCSETS2, &settings)) {
		return err_set_errno(err, -errno, "%s: cannot set the line up",
				     options->path);
	}
	return check_settings(fd, options, &settings, err);
}

/* TIOCEXCL does not keep root out, nor tell who came first; the lock does both. */
static int claim(int fd, const struct tty_options *options, struct err *err)
{
	if (!options->is_exclusive) {
		return 0;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		return errno == EWOULDBLOCK
			       ? err_set(err, -EBUSY, "%s: held by another program",
					 options->path)
			       : err_set_errno(err, -errno, "%s", options->path);
	}
	if (ioctl(fd, TIOCEXCL)) {
		return err_set_errno(err, -errno, "%s: cannot be held exclusively",
				     options->path);
	}
	return 0;
}

static int lower_latency(int fd, const struct tty_options *options, struct err *err)
{
	struct serial_struct serial;
	bool is_set;

	if (!options->is_low_latency || is_pty(fd)) {
		return 0;
	}
	is_set = ioctl(fd, TIOCGSERIAL, &serial) == 0;
	if (is_set) {
		serial.flags |= (int)ASYNC_LOW_LATENCY;
		is_set = ioctl(fd, TIOCSSERIAL, &serial) == 0;
	}
	if (!is_set && options->insists_on_low_latency) {
		return err_set_errno(
			err, -errno,
			"%s: the device refuses low_latency; take the option out",
			options->path);
	}
	return 0;
}

static int explain_open(int code, const char *path, struct err *err)
{
	switch (code) {
	case -EBUSY:
		return err_set(err, code, "%s: held by another program", path);
	case -EACCES:
		return err_set(err, code,
			       "%s: no permission; its group, often dialout, may open it",
			       path);
	default:
		return err_set_errno(err, code, "%s", path);
	}
}

static int check_tty(int fd, const char *path, struct err *err)
{
	struct termios2 settings;

	if (ioctl(fd, TCGETS2, &settings) == 0) {
		return 0;
	}
	return errno == ENOTTY ? err_set(err, -ENOTTY, "%s: not a serial line", path)
			       : err_set_errno(err, -errno, "%s", path);
}

static int set_up(int fd, const struct tty_options *options, struct err *err)
{
	int rc = configure(fd, options, err);

	if (!rc) {
		rc = lower_latency(fd, options, err);
	}
	if (!rc && ioctl(fd, TCFLSH, TCIOFLUSH)) {
		rc = err_set_errno(err, -errno, "%s", options->path);
	}
	return rc;
}

int tty_open(const struct tty_options *options, int *ret_fd, struct err *err)
{
	int fd = sys_open(options->path, O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
	int rc;

	if (fd < 0) {
		return explain_open(fd, options->path, err);
	}
	rc = check_tty(fd, options->path, err);
	if (rc) {
		goto err_close;
	}
	rc = claim(fd, options, err);
	if (rc) {
		goto err_close;
	}
	rc = set_up(fd, options, err);
	if (rc) {
		goto err_release;
	}
	*ret_fd = fd;
	return 0;

err_release:
	ioctl(fd, TIOCNXCL);
err_close:
	sys_close(fd);
	return rc;
}

static int wait_writable(int fd, int64_t deadline_ns)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };
	int64_t left_ns = deadline_ns - sys_now();
	int rc;

	if (left_ns <= 0) {
		return -ETIMEDOUT;
	}
	rc = poll(&poll_fd, 1, (int)(left_ns / NS_PER_MS) + 1);
	return rc < 0 && errno != EINTR ? -errno : 0;
}

int tty_send(int fd, const uint8_t *data, size_t bytes, int timeout_ms)
{
	int64_t deadline_ns = sys_now() + timeout_ms * NS_PER_MS;

	while (bytes > 0) {
		ssize_t written = sys_write(fd, data, bytes);
		int rc = 0;

		if (written == -EAGAIN || written == -EINTR) {
			rc = wait_writable(fd, deadline_ns);
		} else if (written < 0) {
			rc = (int)written;
		} else {
			data += written;
			bytes -= (size_t)written;
		}
		if (rc) {
			return rc;
		}
	}
	return 0;
}

/* A pty would stay exclusive after its last slave is closed, for as long as the master is open. */
void tty_close(int fd)
{
	ioctl(fd, TCFLSH, TCOFLUSH);
	ioctl(fd, TIOCNXCL);
	sys_close(fd);
}
