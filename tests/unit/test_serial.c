/* wraps: sys_write sys_now ioctl fstat64 __ioctl_time64 __fstat64_time64 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/kernel.h"
#include "tests/fakes/post.h"
#include "tests/fakes/rig.h"

/* What the kernel would do on a real line, played on a pty. */
static struct {
	bool is_scripted;
	ssize_t answer; /* of sys_write(): at most so many bytes, or -errno */
	unsigned writes;
	unsigned rate;	/* 0: what was asked for */
	bool is_real;	/* no pty */
	int64_t now_ns; /* runs by 100 ms with each look at it */
} kernel;

ssize_t __real_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes)
{
	kernel.writes++;
	if (!kernel.is_scripted) {
		return __real_sys_write(fd, data, bytes);
	}
	if (kernel.answer < 0) {
		return kernel.answer;
	}
	return __real_sys_write(
		fd, data, bytes < (size_t)kernel.answer ? bytes : (size_t)kernel.answer);
}

int64_t __wrap_sys_now(void);
int64_t __wrap_sys_now(void)
{
	kernel.now_ns += 100 * NS_PER_MS;
	return kernel.now_ns;
}

/* The call for a file of 64 bits has a name of its own; where time_t could be of 32 bits, those for one
 * of 64 do too. */
#if __TIMESIZE == 64
#define __wrap_fstat __wrap_fstat64
#define __real_fstat __real_fstat64
#else
#define __wrap_ioctl __wrap___ioctl_time64
#define __real_ioctl __real___ioctl_time64
#define __wrap_fstat __wrap___fstat64_time64
#define __real_fstat __real___fstat64_time64
#endif

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	int rc = __real_ioctl(fd, request, argument);

	if (request == TCGETS2 && kernel.rate > 0) {
		((struct termios2 *)argument)->c_ospeed = kernel.rate;
	}
	return rc;
}

int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status)
{
	int rc = __real_fstat(fd, status);

	if (kernel.is_real) {
		status->st_rdev = makedev(4, 64);
	}
	return rc;
}

/* A pty: the master is the instrument, the slave is opened by the driver. */
struct line {
	struct rig rig;
	struct err err;
	int master;
	char slave[64];
};

static void make_pty(struct line *line)
{
	struct termios2 settings;

	need_termios2();
	memset(line, 0, sizeof(*line));
	memset(&kernel, 0, sizeof(kernel));
	line->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(line->master >= 0);
	assert_int_equal(grantpt(line->master), 0);
	assert_int_equal(unlockpt(line->master), 0);
	assert_int_equal(ptsname_r(line->master, line->slave, sizeof(line->slave)), 0);
	/* Through the master: nothing is echoed even before the slave is set up. */
	assert_int_equal(ioctl(line->master, TCGETS2, &settings), 0);
	settings.c_lflag = 0;
	assert_int_equal(ioctl(line->master, TCSETS2, &settings), 0);
}

static void make_device_at(struct line *line, const char *path, const char *options)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "probe: { driver: serial, path: %s, frame: { kind: line, match: M, "
		 "checksum: xor8 },"
		 " %s in: { t: { column: 1, type: integer } } }",
		 path, options);
	rig_init(&line->rig, text);
}

static void make_device(struct line *line, const char *options)
{
	make_device_at(line, line->slave, options);
}

static int open_line(struct line *line, const char *options)
{
	make_pty(line);
	make_device(line, options);
	return rig_open(&line->rig, &line->err);
}

static void close_line(struct line *line)
{
	rig_fini(&line->rig);
	if (line->master >= 0) {
		close(line->master);
	}
}

static int fd_of(const struct line *line)
{
	return line->rig.link.endpoints[0].fd;
}

/* Bytes cross a pty by way of a kernel thread. */
static bool wait_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 5000) == 1;
}

/* What the instrument has got: all of it, or nothing. */
static void assert_heard(const struct line *line, const char *expected)
{
	char text[64];
	size_t bytes = 0;

	while (bytes < strlen(expected) && wait_readable(line->master)) {
		ssize_t part = read(line->master, text + bytes, sizeof(text) - 1 - bytes);

		assert_true(part > 0);
		bytes += (size_t)part;
	}
	text[bytes] = '\0';
	assert_string_equal(text, expected);
	assert_int_equal(read(line->master, text, sizeof(text)), -1);
}

/* As the poller does it, once there is something to read. */
static ssize_t poll_line(struct line *line)
{
	uint8_t data[4096];
	ssize_t bytes;

	assert_true(wait_readable(fd_of(line)));
	bytes = sys_read(fd_of(line), data, sizeof(data));
	if (bytes > 0) {
		rig_receive(&line->rig, data, (size_t)bytes, NULL);
	}
	return bytes;
}

static void assert_quiet(const struct line *line)
{
	uint8_t byte;

	assert_int_equal(sys_read(fd_of(line), &byte, 1), -EAGAIN);
}

static void step_and_emit(struct line *line, int64_t ns)
{
	rig_step(&line->rig, ns);
	rig_emit(&line->rig);
}

static void what_the_instrument_says_reaches_the_channel(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, ""), 0);
	assert_int_equal(line.rig.link.endpoint_count, 1);
	assert_int_equal(line.rig.link.endpoints[0].op, ENDPOINT_READ);
	assert_int_equal(write(line.master, "M,7*56\r\nM,", 10), 10);
	poll_line(&line);
	assert_int_equal(rig_int(&line.rig, "t"), 7);
	assert_int_equal(write(line.master, "8*59\r\n", 6), 6);
	poll_line(&line);
	assert_int_equal(rig_int(&line.rig, "t"), 8);
	assert_quiet(&line);
	close_line(&line);
}

static struct termios2 settings_of(const struct line *line)
{
	struct termios2 settings;

	assert_int_equal(__real_ioctl(fd_of(line), TCGETS2, &settings), 0);
	return settings;
}

static void the_line_is_raw_and_never_blocks(void **state)
{
	struct line line;
	struct termios2 settings;

	assert_int_equal(open_line(&line, ""), 0);
	settings = settings_of(&line);
	assert_int_equal(settings.c_lflag, 0);
	assert_int_equal(settings.c_iflag, 0);
	assert_int_equal(settings.c_oflag, 0);
	assert_int_equal(settings.c_cc[VMIN], 1);
	assert_int_equal(settings.c_cc[VTIME], 0);
	assert_true(fcntl(fd_of(&line), F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd_of(&line), F_GETFD) & FD_CLOEXEC);
	close_line(&line);
}

static void any_rate_is_set(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, "baud: 250000, "), 0);
	assert_int_equal(settings_of(&line).c_ospeed, 250000);
	assert_int_equal(settings_of(&line).c_cflag & CBAUD, BOTHER);
	close_line(&line);
}

static void a_rate_that_is_off_by_more_than_2_percent_is_an_error(void **state)
{
	struct line line;

	make_pty(&line);
	make_device(&line, "baud: 100000, ");
	kernel.rate = 97999;
	assert_int_equal(rig_open(&line.rig, &line.err), -EINVAL);
	assert_non_null(
		strstr(line.err.text, "asked for 100000 baud, the device does 97999"));
	kernel.rate = 98000;
	assert_int_equal(rig_open(&line.rig, &line.err), 0);
	close_line(&line);
}

static void stop_bits_and_flow_control_are_set(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, "stop_bits: 2, flow: rtscts, "), 0);
	assert_true(settings_of(&line).c_cflag & CSTOPB);
	assert_true(settings_of(&line).c_cflag & CRTSCTS);
	close_line(&line);
	assert_int_equal(open_line(&line, "flow: xonxoff, "), 0);
	assert_true(settings_of(&line).c_iflag & IXON);
	assert_int_equal(settings_of(&line).c_cc[VSTOP], 0x13);
	close_line(&line);
}

static void a_real_line_that_cannot_do_the_parity_is_an_error(void **state)
{
	static const char *const parities[] = { "even", "odd", "mark", "space" };
	char option[64];
	struct line line;

	for (size_t i = 0; i < sizeof(parities) / sizeof(parities[0]); i++) {
		snprintf(option, sizeof(option), "parity: %s, low_latency: false, ",
			 parities[i]);
		assert_int_equal(open_line(&line, option), 0);
		rig_close(&line.rig);
		kernel.is_real = true;
		assert_int_equal(rig_open(&line.rig, &line.err), -EINVAL);
		assert_non_null(strstr(line.err.text, "cannot do this parity"));
		close_line(&line);
	}
}

static void a_refused_low_latency_is_an_error_only_where_it_was_asked_for(void **state)
{
	struct line line;

	make_pty(&line);
	make_device(&line, "");
	kernel.is_real = true;
	assert_int_equal(rig_open(&line.rig, &line.err), 0);
	close_line(&line);
	make_pty(&line);
	make_device(&line, "low_latency: true, ");
	assert_int_equal(rig_open(&line.rig, &line.err), 0);
	rig_close(&line.rig);
	kernel.is_real = true;
	assert_true(rig_open(&line.rig, &line.err) < 0);
	assert_non_null(strstr(line.err.text, "refuses low_latency"));
	close_line(&line);
}

static void a_line_that_another_program_holds_is_busy(void **state)
{
	struct line line, second;

	assert_int_equal(open_line(&line, ""), 0);
	make_pty(&second);
	close(second.master);
	second.master = -1;
	make_device_at(&second, line.slave, "");
	assert_int_equal(rig_open(&second.rig, &second.err), -EBUSY);
	assert_non_null(strstr(second.err.text, "held by another program"));
	rig_close(&line.rig);
	assert_int_equal(rig_open(&second.rig, &second.err), 0);
	close_line(&second);
	close_line(&line);
}

static void a_line_that_is_not_exclusive_is_shared(void **state)
{
	struct line line;
	int fd;

	assert_int_equal(open_line(&line, "exclusive: false, "), 0);
	fd = open(line.slave, O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	close(fd);
	close_line(&line);
}

static void what_is_no_serial_line_is_told(void **state)
{
	static const char *const paths[] = { "/dev/null", "/proc/version" };
	struct line line;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		make_pty(&line);
		make_device_at(&line, paths[i], "");
		assert_true(rig_open(&line.rig, &line.err) < 0);
		assert_non_null(strstr(line.err.text, paths[i]));
		close_line(&line);
	}
	assert_non_null(strstr(line.err.text, "/proc/version"));
}

static void a_file_and_a_fifo_are_no_serial_lines(void **state)
{
	struct line line;
	char folder[] = "/tmp/test_serial_XXXXXX";
	char path[64];
	int fd;

	assert_non_null(mkdtemp(folder));
	make_pty(&line);
	snprintf(path, sizeof(path), "%s/file", folder);
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
	make_device_at(&line, path, "");
	assert_int_equal(rig_open(&line.rig, &line.err), -ENOTTY);
	assert_non_null(strstr(line.err.text, "not a serial line"));
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(rig_open(&line.rig, &line.err), -ENOTTY);
	unlink(path);
	assert_int_equal(rig_open(&line.rig, &line.err), -ENOENT);
	rmdir(folder);
	close_line(&line);
}

static void what_came_before_is_flushed_and_on_open_is_sent(void **state)
{
	struct line line;
	int fd;

	make_pty(&line);
	make_device(&line, "on_open: \"MODE CSV\\r\\n\", ");
	fd = open(line.slave, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(write(line.master, "M,1*50\r\n", 8), 8);
	assert_true(wait_readable(fd));
	assert_int_equal(rig_open(&line.rig, &line.err), 0);
	assert_quiet(&line);
	assert_heard(&line, "MODE CSV\r\n");
	close(fd);
	close_line(&line);
}

static void an_on_open_that_fails_or_is_not_taken_fails_the_opening(void **state)
{
	struct line line;

	make_pty(&line);
	make_device(&line, "on_open: \"MODE CSV\\r\\n\", ");
	kernel.is_scripted = true;
	kernel.answer = -EIO;
	assert_int_equal(rig_open(&line.rig, &line.err), -EIO);
	assert_non_null(strstr(line.err.text, "cannot send on_open"));
	kernel.answer = -EAGAIN;
	kernel.writes = 0;
	assert_int_equal(rig_open(&line.rig, &line.err), -ETIMEDOUT);
	assert_in_range(kernel.writes, 5, 20);
	close_line(&line);
}

#define POLLED "request: { send: \"M?\\r\\n\", every: 100ms }, "

static void a_request_is_sent_at_once_and_then_on_its_grid(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	rig_emit(&line.rig);
	assert_heard(&line, "M?\r\n");
	for (int cycle = 0; cycle < 99; cycle++) {
		step_and_emit(&line, NS_PER_MS);
	}
	assert_heard(&line, "");
	step_and_emit(&line, NS_PER_MS);
	assert_heard(&line, "M?\r\n");
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 2);
	close_line(&line);
}

static void the_grid_of_requests_does_not_drift(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	rig_emit(&line.rig);
	/* A period of 7 ms does not divide 100 ms. */
	for (int cycle = 0; cycle < 1000; cycle++) {
		step_and_emit(&line, 7 * NS_PER_MS);
	}
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 1 + 70);
	close_line(&line);
}

static void missed_requests_are_skipped(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	rig_emit(&line.rig);
	step_and_emit(&line, 1050 * NS_PER_MS);
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 2);
	step_and_emit(&line, 49 * NS_PER_MS);
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 2);
	step_and_emit(&line, 1 * NS_PER_MS);
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 3);
	assert_int_equal(rig_count(&line.rig, COUNT_SEND_DROPPED), 0);
	close_line(&line);
}

static void a_request_that_is_not_taken_is_dropped_and_counted(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	kernel.is_scripted = true;
	kernel.answer = -EAGAIN;
	kernel.writes = 0;
	rig_emit(&line.rig);
	assert_int_equal(kernel.writes, 1);
	step_and_emit(&line, NS_PER_MS);
	assert_int_equal(kernel.writes, 1);
	assert_int_equal(rig_count(&line.rig, COUNT_SEND_DROPPED), 1);
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 0);
	assert_false(line.rig.device.is_lost);
	kernel.is_scripted = false;
	step_and_emit(&line, 99 * NS_PER_MS);
	assert_heard(&line, "M?\r\n");
	close_line(&line);
}

static void a_request_taken_in_part_is_finished_in_the_next_cycles(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	kernel.is_scripted = true;
	kernel.answer = 1;
	rig_emit(&line.rig);
	assert_int_equal(rig_count(&line.rig, COUNT_SEND_DROPPED), 1);
	kernel.answer = -EAGAIN;
	step_and_emit(&line, NS_PER_MS);
	kernel.answer = 2;
	step_and_emit(&line, NS_PER_MS);
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 0);
	step_and_emit(&line, NS_PER_MS);
	assert_heard(&line, "M?\r\n");
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 1);
	assert_int_equal(rig_count(&line.rig, COUNT_SEND_DROPPED), 1);
	close_line(&line);
}

static void a_request_goes_through_the_outbox_with_its_rest(void **state)
{
	struct line line;
	struct post post;

	assert_int_equal(open_line(&line, POLLED), 0);
	post_begin(&post, &line.rig.device);
	rig_emit(&line.rig);
	assert_int_equal(post.count, 1);
	assert_memory_equal(post.letters[0].data, "M?\r\n", post.letters[0].bytes);
	/* not told of yet */
	step_and_emit(&line, NS_PER_MS);
	assert_int_equal(post.count, 1);
	post_end(&post, &line.rig.device, 3);
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 0);
	step_and_emit(&line, NS_PER_MS);
	assert_int_equal(post.count, 1);
	assert_int_equal(post.letters[0].bytes, 1);
	post_end(&post, &line.rig.device, 1);
	assert_int_equal(rig_count(&line.rig, COUNT_SENT), 1);
	assert_false(line.rig.device.is_lost);
	close_line(&line);
}

static void a_request_due_while_another_is_unfinished_is_dropped(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	kernel.is_scripted = true;
	kernel.answer = 1;
	rig_emit(&line.rig);
	kernel.answer = -EAGAIN;
	step_and_emit(&line, 100 * NS_PER_MS);
	assert_int_equal(rig_count(&line.rig, COUNT_SEND_DROPPED), 2);
	kernel.is_scripted = false;
	step_and_emit(&line, NS_PER_MS);
	assert_heard(&line, "M?\r\n");
	close_line(&line);
}

static void a_line_that_fails_while_sending_is_lost(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	kernel.is_scripted = true;
	kernel.answer = -EIO;
	rig_emit(&line.rig);
	assert_true(line.rig.device.is_lost);
	assert_int_equal(line.rig.device.lost_code, -EIO);
	close_line(&line);
}

static enum verdict hang_up(struct line *line, int code)
{
	return line->rig.device.driver->hang_up(&line->rig.device, 0, code);
}

static void a_hang_up_ends_the_line(void **state)
{
	struct line line;
	ssize_t bytes;

	assert_int_equal(open_line(&line, ""), 0);
	close(line.master);
	line.master = -1;
	/* The poller takes both as the end: 0 and -EIO. */
	bytes = poll_line(&line);
	assert_true(bytes == 0 || bytes == -EIO);
	assert_int_equal(hang_up(&line, (int)bytes), VERDICT_DROP);
	rig_tick(&line.rig);
	assert_true(line.rig.device.is_lost);
	assert_int_equal(line.rig.device.lost_code, bytes);
	close_line(&line);
}

/* 20 frames, where the budget is 16 a cycle. */
static void say_much(struct line *line)
{
	for (unsigned i = 0; i < 20; i++) {
		rig_receive(&line->rig, "M,7*56\r\n", 8, NULL);
	}
}

static void what_came_before_a_hang_up_is_decoded_first(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, POLLED), 0);
	say_much(&line);
	assert_int_equal(hang_up(&line, -EIO), VERDICT_DROP);
	rig_tick(&line.rig);
	assert_false(line.rig.device.is_lost);
	/* nobody is asked any more */
	rig_emit(&line.rig);
	assert_int_equal(kernel.writes, 0);
	rig_step(&line.rig, NS_PER_MS);
	rig_tick(&line.rig);
	assert_int_equal(rig_count(&line.rig, COUNT_FRAMES), 20);
	assert_true(line.rig.device.is_lost);
	assert_int_equal(line.rig.device.lost_code, -EIO);
	/* open again it is a line as any other */
	line.rig.device.is_lost = false;
	rig_close(&line.rig);
	assert_int_equal(rig_open(&line.rig, &line.err), 0);
	rig_step(&line.rig, NS_PER_MS);
	rig_tick(&line.rig);
	assert_false(line.rig.device.is_lost);
	rig_emit(&line.rig);
	assert_int_equal(kernel.writes, 1);
	close_line(&line);
}

static void the_end_of_a_run_does_not_wait_for_a_line_that_hung_up(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, ""), 0);
	say_much(&line);
	assert_int_equal(hang_up(&line, -EIO), VERDICT_DROP);
	line.rig.device.is_ending = true;
	rig_emit(&line.rig);
	assert_true(line.rig.device.is_lost);
	close_line(&line);
}

static void half_a_line_from_before_a_reopening_is_forgotten(void **state)
{
	struct line line;

	assert_int_equal(open_line(&line, ""), 0);
	assert_int_equal(write(line.master, "M,1", 3), 3);
	poll_line(&line);
	rig_close(&line.rig);
	assert_int_equal(rig_open(&line.rig, &line.err), 0);
	assert_int_equal(write(line.master, "M,7*56\r\n", 8), 8);
	poll_line(&line);
	assert_int_equal(rig_int(&line.rig, "t"), 7);
	assert_int_equal(rig_count(&line.rig, COUNT_BAD_CHECKSUM), 0);
	close_line(&line);
}

#define BARE                                                                             \
	"probe: { driver: serial, path: /x, frame: { kind: line }, %s"                   \
	" in: { t: { column: 0, type: float } } }"

static void attach_and_say(struct rig *rig, const char *options, const char *text)
{
	char yaml[512];

	snprintf(yaml, sizeof(yaml), BARE, options);
	rig_init(rig, yaml);
	rig->device.driver->attach(&rig->device, &rig->now);
	rig_receive(rig, text, strlen(text), NULL);
}

static void a_talker_is_joined_after_the_first_end(void **state)
{
	struct rig rig;

	attach_and_say(&rig, "", "5.0\n");
	assert_int_equal(rig_quality(&rig, "t"), QUALITY_BAD);
	rig_receive(&rig, "25.0\n", 5, NULL);
	assert_true(rig_float(&rig, "t") == 25);
	rig_fini(&rig);
}

static void an_instrument_that_answers_is_believed_at_once(void **state)
{
	struct rig rig;

	attach_and_say(&rig, POLLED, "25.0\n");
	assert_true(rig_float(&rig, "t") == 25);
	rig_fini(&rig);
}

static void assert_errors(const char *text, const char *part)
{
	struct rig rig;

	rig_load(&rig, text);
	if (!strstr(rig.errors, part)) {
		fail_msg("'%s' is not in '%s'", part, rig.errors);
	}
	rig_fini(&rig);
}

static void wrong_options_are_told(void **state)
{
	assert_errors(
		"a: { driver: serial, frame: { kind: line }, in: { t: { column: 0 } } }",
		"path");
	assert_errors("a: { driver: serial, path: /x, in: { t: { column: 0 } } }",
		      "frame");
	assert_errors(
		"a: { driver: serial, path: /x, frame: { kind: line }, on_open: \"\", "
		"in: { t: { column: 0 } } }",
		"0 bytes long; expected 1 to 1024");
	assert_errors("a: { driver: serial, path: /x, frame: { kind: line }, "
		      "request: { send: \"\", every: 1s }, in: { t: { column: 0 } } }",
		      "0 bytes long; expected 1 to 1024");
	assert_errors("a: { driver: serial, path: /x, frame: { kind: line }, "
		      "request: { send: \"x\" }, in: { t: { column: 0 } } }",
		      "every");
	assert_errors(
		"a: { driver: serial, path: /x, frame: { kind: line }, data_bits: 9, "
		"in: { t: { column: 0 } } }",
		"9");
}

static void the_example_is_right(void **state)
{
	struct rig rig;

	rig_init(&rig, driver_find("serial")->example);
	assert_int_equal(rig.device.spec->in_count, 2);
	rig_fini(&rig);
}

/* As docs/drivers/serial.md has it. */
static void the_distance_sensor_of_the_guide_is_read(void **state)
{
	struct rig rig;

	rig_init(&rig, "lidar:\n"
		       "  driver: serial\n"
		       "  path: /dev/ttyS1\n"
		       "  frame: { kind: fixed, sync: \"\\x59\\x59\", size: 9, checksum: "
		       "sum8 }\n"
		       "  max_age: 50ms\n"
		       "  in:\n"
		       "    distance: { byte: 2, bytes: 2, scale: 0.01, unit: m }\n"
		       "    strength: { byte: 4, bytes: 2, type: integer }\n"
		       "    temp: { byte: 6, bytes: 2, scale: 0.125, offset: -256, unit: "
		       "degC }\n");
	rig.device.driver->attach(&rig.device, &rig.now);
	rig_receive(&rig, "\x59\x59\x2c\x01\xf4\x03\xe8\x09\xc7", 9, NULL);
	assert_int_equal(rig_count(&rig, COUNT_FRAMES), 1);
	assert_true(rig_float(&rig, "distance") == 3);
	assert_int_equal(rig_int(&rig, "strength"), 1012);
	assert_true(rig_float(&rig, "temp") == 61);
	rig_fini(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_instrument_says_reaches_the_channel),
		cmocka_unit_test(the_line_is_raw_and_never_blocks),
		cmocka_unit_test(any_rate_is_set),
		cmocka_unit_test(a_rate_that_is_off_by_more_than_2_percent_is_an_error),
		cmocka_unit_test(stop_bits_and_flow_control_are_set),
		cmocka_unit_test(a_real_line_that_cannot_do_the_parity_is_an_error),
		cmocka_unit_test(
			a_refused_low_latency_is_an_error_only_where_it_was_asked_for),
		cmocka_unit_test(a_line_that_another_program_holds_is_busy),
		cmocka_unit_test(a_line_that_is_not_exclusive_is_shared),
		cmocka_unit_test(what_is_no_serial_line_is_told),
		cmocka_unit_test(a_file_and_a_fifo_are_no_serial_lines),
		cmocka_unit_test(what_came_before_is_flushed_and_on_open_is_sent),
		cmocka_unit_test(an_on_open_that_fails_or_is_not_taken_fails_the_opening),
		cmocka_unit_test(a_request_is_sent_at_once_and_then_on_its_grid),
		cmocka_unit_test(the_grid_of_requests_does_not_drift),
		cmocka_unit_test(missed_requests_are_skipped),
		cmocka_unit_test(a_request_that_is_not_taken_is_dropped_and_counted),
		cmocka_unit_test(a_request_taken_in_part_is_finished_in_the_next_cycles),
		cmocka_unit_test(a_request_goes_through_the_outbox_with_its_rest),
		cmocka_unit_test(a_request_due_while_another_is_unfinished_is_dropped),
		cmocka_unit_test(a_line_that_fails_while_sending_is_lost),
		cmocka_unit_test(a_hang_up_ends_the_line),
		cmocka_unit_test(what_came_before_a_hang_up_is_decoded_first),
		cmocka_unit_test(the_end_of_a_run_does_not_wait_for_a_line_that_hung_up),
		cmocka_unit_test(half_a_line_from_before_a_reopening_is_forgotten),
		cmocka_unit_test(a_talker_is_joined_after_the_first_end),
		cmocka_unit_test(an_instrument_that_answers_is_believed_at_once),
		cmocka_unit_test(wrong_options_are_told),
		cmocka_unit_test(the_example_is_right),
		cmocka_unit_test(the_distance_sensor_of_the_guide_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
