/* wraps: sys_write sys_epoll_ctl */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "drivers/access.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "tests/fakes/rig.h"

/* What the kernel would say of another device. */
static struct {
	bool is_scripted;
	ssize_t written;
	int ctl;
} kernel;

ssize_t __real_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes);
ssize_t __wrap_sys_write(int fd, const void *data, size_t bytes)
{
	return kernel.is_scripted ? kernel.written : __real_sys_write(fd, data, bytes);
}

int __real_sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event);
int __wrap_sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event);
int __wrap_sys_epoll_ctl(int epoll_fd, int op, int fd, struct epoll_event *event)
{
	return kernel.ctl ? kernel.ctl : __real_sys_epoll_ctl(epoll_fd, op, fd, event);
}

/* The device: the slave of a raw pseudo-terminal. What is written to its master comes out of it. */
struct unit {
	struct rig rig;
	struct err err;
	int master;
	int slave;
	char path[64];
};

static void make_unit(struct unit *unit, const char *options)
{
	struct termios settings;
	char text[1024];

	memset(unit, 0, sizeof(*unit));
	memset(&kernel, 0, sizeof(kernel));
	assert_int_equal(openpty(&unit->master, &unit->slave, unit->path, NULL, NULL), 0);
	assert_int_equal(tcgetattr(unit->slave, &settings), 0);
	cfmakeraw(&settings);
	assert_int_equal(tcsetattr(unit->slave, TCSANOW, &settings), 0);
	assert_int_equal(fcntl(unit->master, F_SETFL, O_NONBLOCK), 0);
	snprintf(text, sizeof(text), "knob: { driver: chardev, path: %s, %s }",
		 unit->path, options);
	rig_init(&unit->rig, text);
}

static void open_unit(struct unit *unit, const char *options)
{
	make_unit(unit, options);
	assert_int_equal(rig_open(&unit->rig, &unit->err), 0);
}

static void close_unit(struct unit *unit)
{
	rig_fini(&unit->rig);
	close(unit->slave);
	close(unit->master);
}

/* As the poller does it, once there is something. */
static void poll_unit(struct unit *unit)
{
	const struct endpoint *endpoint = &unit->rig.link.endpoints[0];
	struct pollfd poll_fd = { .fd = endpoint->fd, .events = POLLIN };
	uint8_t data[65536];
	ssize_t bytes;

	assert_int_equal(poll(&poll_fd, 1, 5000), 1);
	bytes = sys_read(endpoint->fd, data, endpoint->bytes);
	assert_true(bytes > 0);
	rig_step(&unit->rig, NS_PER_MS);
	rig_receive(&unit->rig, data, (size_t)bytes, NULL);
}

static void say(struct unit *unit, const void *data, size_t bytes)
{
	assert_int_equal(write(unit->master, data, bytes), bytes);
}

/* An input event: 16 bytes of time, type, code, value. */
struct event {
	uint8_t bytes[24];
};

static struct event make_event(uint16_t type, uint16_t code, int32_t value)
{
	struct event event = { .bytes = { 0 } };

	memcpy(event.bytes + 16, &type, sizeof(type));
	memcpy(event.bytes + 18, &code, sizeof(code));
	memcpy(event.bytes + 20, &value, sizeof(value));
	return event;
}

#define EVENTS                                                                           \
	"size: 24, in: {"                                                                \
	" x: { match: \"\\x03\\x00\\x00\\x00\", match_at: 16, byte: 20, bytes: 4,"       \
	"      encoding: signed, type: integer },"                                       \
	" y: { match: \"\\x03\\x00\\x01\\x00\", match_at: 16, byte: 20, bytes: 4,"       \
	"      encoding: signed, type: integer },"                                       \
	" fire: { match: \"\\x01\\x00\\x20\\x01\", match_at: 16, byte: 20, type: bool "  \
	"} }"

static void records_of_one_size_are_taken_as_many_as_came(void **state)
{
	const struct event events[] = {
		make_event(3, 0, -5),
		make_event(0, 0, 0),
		make_event(1, 0x120, 1),
		make_event(0, 0, 0),
	};
	struct unit unit;

	open_unit(&unit, EVENTS);
	assert_int_equal(unit.rig.link.endpoint_count, 1);
	assert_int_equal(unit.rig.link.endpoints[0].op, ENDPOINT_READ);
	assert_int_equal(unit.rig.link.endpoints[0].bytes, 16 * 24);
	say(&unit, events, sizeof(events));
	poll_unit(&unit);
	assert_int_equal(rig_int(&unit.rig, "x"), -5);
	assert_true(rig_bool(&unit.rig, "fire"));
	assert_int_equal(rig_quality(&unit.rig, "y"), QUALITY_BAD);
	assert_int_equal(rig_count(&unit.rig, COUNT_FRAMES), 2);
	assert_int_equal(rig_count(&unit.rig, COUNT_BAD_LENGTH), 0);
	assert_int_equal(rig_count(&unit.rig, COUNT_FLOODED), 0);
	close_unit(&unit);
}

static void a_channel_keeps_its_value_when_events_of_others_come(void **state)
{
	const struct event x = make_event(3, 0, 7), y = make_event(3, 1, 8);
	struct unit unit;

	open_unit(&unit, EVENTS);
	say(&unit, &x, sizeof(x));
	poll_unit(&unit);
	say(&unit, &y, sizeof(y));
	poll_unit(&unit);
	assert_int_equal(rig_int(&unit.rig, "x"), 7);
	assert_int_equal(rig_quality(&unit.rig, "x"), QUALITY_GOOD);
	assert_int_equal(rig_int(&unit.rig, "y"), 8);
	close_unit(&unit);
}

static void what_is_left_of_a_record_is_dropped_and_counted(void **state)
{
	const struct event events[] = { make_event(3, 0, 7), make_event(3, 1, 8) };
	struct unit unit;

	open_unit(&unit, EVENTS);
	say(&unit, events, sizeof(events) - 1);
	poll_unit(&unit);
	assert_int_equal(rig_int(&unit.rig, "x"), 7);
	assert_int_equal(rig_quality(&unit.rig, "y"), QUALITY_BAD);
	assert_int_equal(rig_count(&unit.rig, COUNT_BAD_LENGTH), 1);
	close_unit(&unit);
}

static void a_read_that_is_full_uses_the_budget_up(void **state)
{
	struct event events[3];
	struct unit unit;

	for (int i = 0; i < 3; i++) {
		events[i] = make_event(3, 0, i);
	}
	open_unit(&unit, "budget: 2, " EVENTS);
	say(&unit, events, sizeof(events));
	poll_unit(&unit);
	assert_int_equal(rig_int(&unit.rig, "x"), 1);
	assert_int_equal(rig_count(&unit.rig, COUNT_FLOODED), 1);
	poll_unit(&unit);
	assert_int_equal(rig_int(&unit.rig, "x"), 2);
	assert_int_equal(rig_count(&unit.rig, COUNT_FLOODED), 1);
	assert_int_equal(rig_count(&unit.rig, COUNT_OVER_BUDGET), 0);
	close_unit(&unit);
}

#define REPORTS                                                                          \
	"bytes: 8, in: { a: { byte: 0, type: integer }, b: { byte: 7, type: integer } }"

static void records_of_any_length_are_taken_one_a_read(void **state)
{
	struct unit unit;

	open_unit(&unit, "budget: 5, " REPORTS);
	assert_int_equal(unit.rig.link.endpoints[0].op, ENDPOINT_RECORD);
	assert_int_equal(unit.rig.link.endpoints[0].budget, 5);
	say(&unit, "A......H", 8);
	poll_unit(&unit);
	assert_int_equal(rig_int(&unit.rig, "a"), 'A');
	assert_int_equal(rig_int(&unit.rig, "b"), 'H');
	say(&unit, "B", 1);
	poll_unit(&unit);
	assert_int_equal(rig_int(&unit.rig, "a"), 'B');
	assert_int_equal(rig_quality(&unit.rig, "b"), QUALITY_BAD);
	assert_int_equal(rig_count(&unit.rig, COUNT_FRAMES), 2);
	close_unit(&unit);
}

static void one_that_is_longer_than_stated_is_dropped_and_counted(void **state)
{
	struct unit unit;

	open_unit(&unit, REPORTS);
	say(&unit, "A.......I", 9);
	poll_unit(&unit);
	assert_int_equal(rig_quality(&unit.rig, "a"), QUALITY_BAD);
	assert_int_equal(rig_count(&unit.rig, COUNT_BAD_LENGTH), 1);
	assert_int_equal(rig_count(&unit.rig, COUNT_FRAMES), 0);
	close_unit(&unit);
	/* whole, though what comes before its cut end could be taken */
	open_unit(&unit, "bytes: 4, frame: { kind: line }, in: { a: { column: 0 } }");
	say(&unit, "1\n2\n3", 5);
	poll_unit(&unit);
	assert_int_equal(rig_quality(&unit.rig, "a"), QUALITY_BAD);
	close_unit(&unit);
}

static void a_record_may_be_text_and_must_match(void **state)
{
	struct unit unit;

	open_unit(&unit,
		  "bytes: 64, frame: { kind: raw, match: \"T \" }, separator: \" \", "
		  "in: { t: { column: 1 } }");
	say(&unit, "T 21.5", 6);
	poll_unit(&unit);
	assert_true(rig_float(&unit.rig, "t") == 21.5);
	say(&unit, "U 99", 4);
	poll_unit(&unit);
	assert_true(rig_float(&unit.rig, "t") == 21.5);
	assert_int_equal(rig_count(&unit.rig, COUNT_BAD_MATCH), 1);
	close_unit(&unit);
}

static void the_device_is_read_without_waiting_and_written_only_for_on_open(void **state)
{
	struct unit unit;
	int flags;
	char text[8];

	open_unit(&unit, REPORTS);
	flags = fcntl(unit.rig.link.endpoints[0].fd, F_GETFL);
	assert_true(flags & O_NONBLOCK);
	assert_int_equal(flags & O_ACCMODE, O_RDONLY);
	assert_true(fcntl(unit.rig.link.endpoints[0].fd, F_GETFD) & FD_CLOEXEC);
	close_unit(&unit);
	open_unit(&unit, "on_open: \"go!\", " REPORTS);
	assert_int_equal(read(unit.master, text, sizeof(text)), 3);
	assert_memory_equal(text, "go!", 3);
	close_unit(&unit);
}

static void an_on_open_that_is_not_taken_whole_fails_the_opening(void **state)
{
	struct unit unit;

	make_unit(&unit, "on_open: \"go!\", " REPORTS);
	kernel.is_scripted = true;
	kernel.written = 2;
	assert_int_equal(rig_open(&unit.rig, &unit.err), -EIO);
	assert_non_null(strstr(unit.err.text, "took 2 of the 3 bytes of on_open"));
	kernel.written = -ENXIO;
	assert_int_equal(rig_open(&unit.rig, &unit.err), -ENXIO);
	assert_non_null(strstr(unit.err.text, "cannot write on_open: No such device"));
	close_unit(&unit);
}

static int open_path(const char *path, struct err *err)
{
	struct rig rig;
	char text[256];
	int rc;

	memset(&kernel, 0, sizeof(kernel));
	snprintf(text, sizeof(text), "d: { driver: chardev, path: %s, " REPORTS " }",
		 path);
	rig_init(&rig, text);
	rc = rig_open(&rig, err);
	rig_fini(&rig);
	return rc;
}

static void what_is_no_character_device_is_told(void **state)
{
	char folder[] = "/tmp/test_chardev_XXXXXX";
	struct err err;
	char path[64];

	assert_non_null(mkdtemp(folder));
	assert_int_equal(open_path(folder, &err), -ENOTTY);
	assert_non_null(strstr(err.text, ": is no character device"));
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_path(path, &err), -ENOTTY);
	unlink(path);
	assert_int_equal(open_path(path, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/fifo: No such file or directory"));
	rmdir(folder);
}

static void one_that_cannot_be_waited_for_is_refused(void **state)
{
	struct err err;

	assert_int_equal(open_path("/dev/null", &err), -EPERM);
	assert_string_equal(err.text, "/dev/null: its driver does not tell when there is "
				      "something to read");
}

static void other_errors_of_waiting_are_told_as_they_are(void **state)
{
	struct unit unit;

	make_unit(&unit, REPORTS);
	kernel.ctl = -ENOSPC;
	assert_int_equal(rig_open(&unit.rig, &unit.err), -ENOSPC);
	assert_non_null(strstr(unit.err.text, ": No space left on device"));
	close_unit(&unit);
}

/* what mends it */

static void who_is_not_allowed_is_told_the_group(void **state)
{
	char path[] = "/tmp/test_chardev_XXXXXX";
	int fd = mkstemp(path);
	char expected[256];
	struct err err;
	gid_t group = getgid() == 0 ? 5 : getgid();

	assert_true(fd >= 0);
	assert_int_equal(fchown(fd, (uid_t)-1, group), 0);
	assert_int_equal(fchmod(fd, 0660), 0);
	close(fd);
	assert_int_equal(access_denied(&err, -EACCES, path), -EACCES);
	snprintf(expected, sizeof(expected),
		 "%s: not allowed; its group may: sudo usermod -aG %s USER, then log in "
		 "anew",
		 path, getgrgid(group)->gr_name);
	assert_string_equal(err.text, expected);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(access_denied(&err, -EPERM, path), -EPERM);
	assert_non_null(strstr(err.text, "no group may: give it one by a udev rule"));
	assert_int_equal(access_denied(&err, -ENODEV, path), -ENODEV);
	assert_non_null(strstr(err.text, ": No such device"));
	unlink(path);
	assert_int_equal(access_denied(&err, -EACCES, path), -EACCES);
	assert_non_null(strstr(err.text, ": Permission denied"));
}

static void a_driver_that_tells_of_missed_records_goes_on(void **state)
{
	const struct driver *driver;
	struct unit unit;

	open_unit(&unit, REPORTS);
	driver = unit.rig.device.driver;
	assert_int_equal(driver->hang_up(&unit.rig.device, 0, -EPIPE), VERDICT_KEEP);
	assert_int_equal(driver->hang_up(&unit.rig.device, 0, -EOVERFLOW), VERDICT_KEEP);
	assert_int_equal(rig_count(&unit.rig, COUNT_MISSED), 2);
	assert_int_equal(driver->hang_up(&unit.rig.device, 0, -ENODEV), VERDICT_LOST);
	assert_int_equal(driver->hang_up(&unit.rig.device, 0, 0), VERDICT_LOST);
	assert_int_equal(rig_count(&unit.rig, COUNT_MISSED), 2);
	close_unit(&unit);
}

/* the configuration */

static void assert_errors(const char *options, const char *errors)
{
	char text[1024];
	struct rig rig;

	snprintf(text, sizeof(text), "d: { driver: chardev, path: /x, %s }", options);
	rig_load(&rig, text);
	assert_string_equal(rig.errors, errors);
	rig_fini(&rig);
}

static void exactly_one_of_size_and_bytes_is_given(void **state)
{
	assert_errors("in: { a: { byte: 0 } }",
		      "f:1:1: 'd': expected either size, for records of one size, or "
		      "bytes, for one record a read\n");
	assert_errors(
		"size: 8, bytes: 8, in: { a: { byte: 0 } }",
		"f:1:49: 'bytes': expected either size, for records of one size, or "
		"bytes, for one record a read, not both\n");
}

static void a_field_is_within_the_record(void **state)
{
	assert_errors("size: 8, in: { a: { byte: 7, bytes: 2 } }",
		      "f:1:59: 'byte': bytes 7 to 8 are past the frame, which has 8\n");
	assert_errors(
		"bytes: 8, in: { a: { byte: 0, match: \"a\", match_at: 8 } }",
		"f:1:85: 'match_at': bytes 8 to 8 are past the frame, which has 8\n");
	assert_errors("size: 8, in: { a: { byte: 6, bytes: 2 } }", "");
	assert_errors("bytes: 8, on_open: \"\", in: { a: { byte: 0 } }",
		      "f:1:52: 'on_open': 0 bytes long; expected 1 to 1024\n");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_of_one_size_are_taken_as_many_as_came),
		cmocka_unit_test(a_channel_keeps_its_value_when_events_of_others_come),
		cmocka_unit_test(what_is_left_of_a_record_is_dropped_and_counted),
		cmocka_unit_test(a_read_that_is_full_uses_the_budget_up),
		cmocka_unit_test(records_of_any_length_are_taken_one_a_read),
		cmocka_unit_test(one_that_is_longer_than_stated_is_dropped_and_counted),
		cmocka_unit_test(a_record_may_be_text_and_must_match),
		cmocka_unit_test(
			the_device_is_read_without_waiting_and_written_only_for_on_open),
		cmocka_unit_test(an_on_open_that_is_not_taken_whole_fails_the_opening),
		cmocka_unit_test(what_is_no_character_device_is_told),
		cmocka_unit_test(one_that_cannot_be_waited_for_is_refused),
		cmocka_unit_test(other_errors_of_waiting_are_told_as_they_are),
		cmocka_unit_test(who_is_not_allowed_is_told_the_group),
		cmocka_unit_test(a_driver_that_tells_of_missed_records_goes_on),
		cmocka_unit_test(exactly_one_of_size_and_bytes_is_given),
		cmocka_unit_test(a_field_is_within_the_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
