/* wraps: flock isatty tcgetattr */
#include "tests/sim/kernel_tty.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/serial.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "tests/sim/fds.h"
#include "tests/sim/judge.h"
#include "tests/sim/kernel.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

struct tty {
	struct peer_line *line;
	uint64_t number; /* of the connection: the line may be another's by now */
	struct termios2 settings;
	int64_t close_ns;
};

static struct wire *wire_of(const struct sim_file *file)
{
	const struct tty *tty = file->object;

	return &tty->line->wire;
}

static uint32_t events_of_tty(struct sim_file *file)
{
	const struct wire *wire = wire_of(file);

	return (wire_has_input(wire) ? EPOLLIN : 0u) |
	       (wire->has_ended ? EPOLLHUP | EPOLLERR : 0u) |
	       (wire->is_stalled || wire->out_bytes >= wire->out_room ? 0u : EPOLLOUT);
}

/* A line that has hung up says nothing of what is still in it. */
static ssize_t read_tty(struct sim_file *file, void *data, size_t bytes)
{
	struct wire *wire = wire_of(file);
	bool is_cut;

	if (wire->has_ended) {
		return wire->end_code;
	}
	return wire_read(wire, data, bytes, &is_cut);
}

static ssize_t write_tty(struct sim_file *file, const void *data, size_t bytes)
{
	struct wire *wire = wire_of(file);

	return wire->has_ended ? -EIO : wire_write(wire, data, bytes);
}

static int control_tty(struct sim_file *file, unsigned long request, void *arg)
{
	struct tty *tty = file->object;

	if (tty->line->wire.has_ended) {
		return -EIO;
	}
	switch (request) {
	case TCGETS2:
		*(struct termios2 *)arg = tty->settings;
		return 0;
	case TCSETS2:
		tty->settings = *(const struct termios2 *)arg;
		return 0;
	case TIOCGSERIAL:
		*(struct serial_struct *)arg = (struct serial_struct){ .flags = 0 };
		return 0;
	case TIOCSSERIAL:
	case TIOCEXCL:
	case TIOCNXCL:
		return 0;
	case TIOCOUTQ:
		*(int *)arg = (int)tty->line->wire.out_bytes;
		return 0;
	case TCFLSH:
		wire_flush_output(&tty->line->wire);
		if ((long)arg == TCIOFLUSH) {
			wire_flush_input(&tty->line->wire);
			tty->line->half_kind = MARK_DROPPED;
		}
		return 0;
	default:
		sim_fail("ioctl %lx of a serial line", request);
	}
}

static void release_tty(struct sim_file *file)
{
	struct tty *tty = file->object;

	judge_closed(tty->line);
	peer_hang_up(tty->line);
	free(tty);
}

static const struct sim_file_ops tty_ops = { .name = "a serial line",
					     .events = events_of_tty,
					     .read = read_tty,
					     .write = write_tty,
					     .ioctl = control_tty,
					     .release = release_tty };

int kernel_tty_open(struct peer *peer)
{
	struct peer_line *line;
	struct tty *tty;
	int fd;

	if (peer->open_ns > 0) {
		sched_busy(peer->open_ns);
	}
	line = peer_connect(peer);
	sim_note(NOTE_OPEN, peer->index, line ? 0 : peer->away_code);
	if (!line) {
		return peer->is_there ? -EBUSY : peer->away_code;
	}
	tty = calloc(1, sizeof(*tty));
	SIM_CHECK(tty, "no memory");
	tty->line = line;
	fd = fds_open(&tty_ops, tty);
	if (fd < 0) {
		peer_hang_up(line);
		free(tty);
	}
	return fd;
}

WRAP(int, flock, int fd, int operation)
{
	(void)operation;
	kernel_call(CALL_OTHER);
	return (int)kernel_result(fds_file(fd) ? 0 : -EBADF);
}

WRAP(int, isatty, int fd)
{
	(void)fd;
	return 0;
}

struct termios;
WRAP(int, tcgetattr, int fd, struct termios *settings)
{
	(void)fd;
	(void)settings;
	return (int)kernel_result(-ENOTTY);
}
