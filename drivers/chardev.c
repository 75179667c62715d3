#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "drivers/access.h"
#include "drivers/intake.h"
#include "drivers/registry.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"

struct chardev_options {
	const char *path;
	int64_t size;
	int64_t bytes;
	struct option_bytes on_open;
	struct frame_options frame;
	struct option_bytes separator;
	bool has_size;
	bool has_bytes;
};

struct chardev {
	struct intake intake;
};

#define SIZE_MAX_BYTES	  1024
#define RECORD_BYTES_MAX  4096
#define ON_OPEN_BYTES_MAX 1024
_Static_assert(SIZE_MAX_BYTES *ENDPOINT_BUDGET_MAX <= ENDPOINT_BYTES_MAX,
	       "a read has room for a whole budget of records");

static const struct option chardev_rows[] = {
	{
		.name = "path",
		.type = OPTION_PATH,
		.offset = offsetof(struct chardev_options, path),
		.is_required = true,
		.help = "the device; names under /dev/input/by-id and the like stay the "
			"same",
	},
	{
		.name = "size",
		.type = OPTION_INT,
		.offset = offsetof(struct chardev_options, size),
		.min = 1,
		.max = SIZE_MAX_BYTES,
		.unit = "byte",
		.is_given_offset = offsetof(struct chardev_options, has_size),
		.help = "of each record, where a read takes as many as there are: input "
			"events, IIO buffers",
	},
	{
		.name = "bytes",
		.type = OPTION_SIZE,
		.offset = offsetof(struct chardev_options, bytes),
		.min = 1,
		.max = RECORD_BYTES_MAX,
		.unit = "byte",
		.is_given_offset = offsetof(struct chardev_options, has_bytes),
		.help = "of the longest record, where a read takes one: hidraw, rpmsg; a "
			"longer one is dropped and counted",
	},
	{
		.name = "on_open",
		.type = OPTION_BYTES,
		.offset = offsetof(struct chardev_options, on_open),
		.help = "written in one piece each time after the device was opened",
	},
	{
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct chardev_options, frame),
		.rows = frame_rows,
		.help = "what a record holds; by default it is one frame",
	},
	{
		.name = "separator",
		.type = OPTION_BYTES,
		.offset = offsetof(struct chardev_options, separator),
		.fallback = ",",
		.help = "between the columns of a text; a single space stands for any "
			"run of blanks",
	},
	{ .name = NULL },
};

static uint32_t record_bytes(const struct chardev_options *options)
{
	return (uint32_t)(options->has_size ? options->size : options->bytes);
}

/* So that a field past the record's end shows now, not with each record. */
static struct frame_options frame_in_record(const struct chardev_options *options)
{
	struct frame_options frame = options->frame;

	if (frame.kind == FRAME_RAW && !frame.has_max) {
		frame.max = record_bytes(options);
		frame.has_max = true;
	}
	return frame;
}

static void chardev_check(const struct device_spec *spec)
{
	const struct chardev_options *options = spec->options;
	struct frame_options frame;

	if (options->has_size == options->has_bytes) {
		place_error(
			&spec->place, options->has_size ? "bytes" : NULL,
			"expected either size, for records of one size, or bytes, for "
			"one record a read%s",
			options->has_size ? ", not both" : "");
		return;
	}
	if (options->on_open.data &&
	    (options->on_open.bytes < 1 || options->on_open.bytes > ON_OPEN_BYTES_MAX)) {
		place_error(&spec->place, "on_open", "%zu bytes long; expected 1 to %d",
			    options->on_open.bytes, ON_OPEN_BYTES_MAX);
	}
	frame = frame_in_record(options);
	frame_check(&options->frame, false, &spec->place);
	fields_check(spec, &frame, &options->separator);
}

static int chardev_init(struct device *device, struct err *err)
{
	const struct chardev_options *options = device->spec->options;
	struct chardev *chardev = device->state;
	int rc = intake_init(&chardev->intake, device->spec, &options->frame,
			     &options->separator, record_bytes(options));

	return rc ? err_set_errno(err, rc, "device '%s'", device->spec->name) : 0;
}

static void chardev_fini(struct device *device)
{
	struct chardev *chardev = device->state;

	intake_fini(&chardev->intake);
}

static int check_kind(int fd, const char *path, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status)) {
		return err_set_errno(err, -errno, "%s", path);
	}
	return S_ISCHR(status.st_mode)
		       ? 0
		       : err_set(err, -ENOTTY, "%s: is no character device", path);
}

/* A device without a poll function would be read, and wait, in the cycle. */
static int check_polling(int fd, const char *path, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int rc = epoll_fd < 0 ? -errno
			      : sys_epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);

	sys_close(epoll_fd);
	if (rc == -EPERM) {
		return err_set(err, rc,
			       "%s: its driver does not tell when there is something to "
			       "read",
			       path);
	}
	return rc ? err_set_errno(err, rc, "%s", path) : 0;
}

static int send_on_open(int fd, const struct chardev_options *options, struct err *err)
{
	size_t bytes = options->on_open.bytes;
	ssize_t written = bytes > 0 ? sys_write(fd, options->on_open.data, bytes) : 0;

	if (written < 0) {
		return err_set_errno(err, (int)written, "%s: cannot write on_open",
				     options->path);
	}
	return (size_t)written == bytes
		       ? 0
		       : err_set(err, -EIO, "%s: took %zd of the %zu bytes of on_open",
				 options->path, written, bytes);
}

static int open_device(const struct chardev_options *options, int *ret_fd,
		       struct err *err)
{
	int access = options->on_open.bytes > 0 ? O_RDWR : O_RDONLY;
	int fd = sys_open(options->path, access | O_NONBLOCK | O_NOCTTY, 0);
	int rc;

	if (fd < 0) {
		return access_denied(err, fd, options->path);
	}
	rc = check_kind(fd, options->path, err);
	rc = rc ? rc : check_polling(fd, options->path, err);
	rc = rc ? rc : send_on_open(fd, options, err);
	if (rc) {
		sys_close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

/* A record that is a byte longer than the longest one shows that it was cut. */
static struct endpoint endpoint_of(const struct device_spec *spec, int fd)
{
	const struct chardev_options *options = spec->options;

	if (options->has_size) {
		return (struct endpoint){
			.fd = fd,
			.op = ENDPOINT_READ,
			.bytes = (uint32_t)(options->size * spec->budget),
			.budget = 1,
		};
	}
	return (struct endpoint){
		.fd = fd,
		.op = ENDPOINT_RECORD,
		.bytes = (uint32_t)options->bytes + 1,
		.budget = (uint32_t)spec->budget,
	};
}

static int chardev_open(const struct device *device, struct link *ret_link,
			struct err *err)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int fd = -1;
	int rc;

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	rc = open_device(device->spec->options, &fd, err);
	if (rc) {
		free(endpoint);
		return rc;
	}
	*endpoint = endpoint_of(device->spec, fd);
	*ret_link = (struct link){ .endpoints = endpoint, .endpoint_count = 1 };
	return 0;
}

static void chardev_close(const struct device *device, struct link *link)
{
	(void)device;
	if (link->endpoints) {
		sys_close(link->endpoints[0].fd);
	}
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

static void take_record(struct device *device, const uint8_t *data, uint32_t bytes,
			const struct cycle_time *now)
{
	const struct chardev_options *options = device->spec->options;
	const struct message record = {
		.data = data,
		.bytes = bytes,
		.is_truncated = bytes > record_bytes(options),
	};
	struct chardev *chardev = device->state;

	intake_message(&chardev->intake, device, &record, now);
}

static void take_records(struct device *device, const struct message *message,
			 const struct cycle_time *now)
{
	const struct chardev_options *options = device->spec->options;
	uint32_t size = (uint32_t)options->size;
	uint32_t at = 0;

	for (; at + size <= message->bytes; at += size) {
		take_record(device, message->data + at, size, now);
	}
	if (at < message->bytes) {
		device_count(device, COUNT_BAD_LENGTH, 1);
	}
	if (at == size * (uint32_t)device->spec->budget) {
		device_count(device, COUNT_FLOODED, 1);
	}
}

static void chardev_receive(struct device *device, const struct message *message,
			    const struct cycle_time *now) RT_SAFE;
static void chardev_receive(struct device *device, const struct message *message,
			    const struct cycle_time *now)
{
	const struct chardev_options *options = device->spec->options;

	if (options->has_size) {
		take_records(device, message, now);
	} else {
		take_record(device, message->data, message->bytes, now);
	}
}

/* Drivers that tell of records they had no room for do it by one of these, and go on. */
static enum verdict chardev_hang_up(struct device *device, uint32_t tag,
				    int code) RT_SAFE;
static enum verdict chardev_hang_up(struct device *device, uint32_t tag, int code)
{
	(void)tag;
	if (code != -EPIPE && code != -EOVERFLOW) {
		return VERDICT_LOST;
	}
	device_count(device, COUNT_MISSED, 1);
	return VERDICT_KEEP;
}

static const char description[] =
	"Reads records from a character device: input events, hidraw reports, rpmsg "
	"messages, IIO buffers, or whatever else a driver hands out in records and can "
	"be "
	"waited for. A tty is for the driver serial, GPIO lines for gpio.\n"
	"\n"
	"Some devices give as many records of one size in a read as there are: their "
	"`size` "
	"is stated, and up to `budget` of them are read at once. Others give one record "
	"a "
	"read, each of its own length: `bytes` is the longest, and up to `budget` are "
	"read "
	"one by one. What is not read in a cycle waits in the kernel.\n"
	"\n"
	"Each input channel names its place in the record: byte and bytes for binary "
	"values, column for text. Where a device sends records of several sorts, a "
	"channel's "
	"match says which are its own: of input events the type and code. A record of no "
	"channel is passed over.\n"
	"\n"
	"When the device goes away its channels turn bad, and it is opened again when it "
	"is "
	"back. Where it may not be opened, the error says which group may, or that a "
	"udev "
	"rule is needed.";

static const char example[] =
	"joystick:\n"
	"  driver: chardev\n"
	"  path: /dev/input/by-id/usb-Thrustmaster_T.16000M-event-joystick\n"
	"  size: 24\n"
	"  in:\n"
	"    tilt: { match: \"\\x03\\x00\\x01\\x00\", match_at: 16, byte: 20, bytes: 4,\n"
	"            encoding: signed, type: integer }\n"
	"    fire: { match: \"\\x01\\x00\\x20\\x01\", match_at: 16, byte: 20, type: bool "
	"}\n";

const struct driver chardev_driver = {
	.name = "chardev",
	.summary = "Records of a character device: input events, hidraw, IIO buffers",
	.description = description,
	.example = example,
	.options = chardev_rows,
	.options_bytes = sizeof(struct chardev_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.state_bytes = sizeof(struct chardev),
	.calls = CALLS_READ,
	.allows_async = true,
	.check = chardev_check,
	.init = chardev_init,
	.fini = chardev_fini,
	.open = chardev_open,
	.close = chardev_close,
	.receive = chardev_receive,
	.hang_up = chardev_hang_up,
};
