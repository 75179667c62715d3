#include <errno.h>
#include <stdlib.h>

#include "drivers/intake.h"
#include "drivers/out_field.h"
#include "drivers/registry.h"
#include "drivers/request.h"
#include "drivers/send.h"
#include "drivers/tty.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"

struct serial_options {
	const char *path;
	int64_t baud;
	int parity;
	int64_t data_bits;
	int64_t stop_bits;
	int flow;
	bool is_exclusive;
	bool is_low_latency;
	bool has_low_latency;
	struct option_bytes on_open;
	struct request_options request;
	bool has_request;
	struct send_options send;
	bool has_send;
	struct frame_options frame;
	bool has_frame;
	struct option_bytes separator;
};

struct serial {
	struct intake intake;
	struct request request;
	struct sender sender;
	bool reads;	  /* otherwise what comes is thrown away */
	bool is_hung_up;  /* frames may still wait for the budget */
	int hang_up_code; /* then */
	bool drains;	  /* the last message has been written: nothing is behind it */
};

/* The line discipline holds 4 KiB; more never comes in one read. */
#define READ_BYTES	   4096
#define ON_OPEN_TIMEOUT_MS 1000

static const char *const parities[] = { "none", "even", "odd", "mark", "space", NULL };
static const char *const flows[] = { "none", "rtscts", "xonxoff", NULL };

static const struct option serial_rows[] = {
	{
		.name = "path",
		.type = OPTION_PATH,
		.offset = offsetof(struct serial_options, path),
		.is_required = true,
		.help = "the serial line; names under /dev/serial/by-id stay the same",
	},
	{
		.name = "baud",
		.type = OPTION_INT,
		.offset = offsetof(struct serial_options, baud),
		.fallback = "115200",
		.min = 50,
		.max = 20000000,
		.unit = "baud",
		.help = "any rate; it is an error when the hardware is off by more than "
			"2 %",
	},
	{
		.name = "parity",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct serial_options, parity),
		.fallback = "none",
		.choices = parities,
		.help = "the parity bit; a byte with a wrong one is read as 0",
	},
	{
		.name = "data_bits",
		.type = OPTION_INT,
		.offset = offsetof(struct serial_options, data_bits),
		.fallback = "8",
		.min = 5,
		.max = 8,
		.unit = "bit",
		.help = "bits of a byte",
	},
	{
		.name = "stop_bits",
		.type = OPTION_INT,
		.offset = offsetof(struct serial_options, stop_bits),
		.fallback = "1",
		.min = 1,
		.max = 2,
		.unit = "bit",
		.help = "stop bits after a byte",
	},
	{
		.name = "flow",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct serial_options, flow),
		.fallback = "none",
		.choices = flows,
		.help = "flow control; xonxoff is for text only",
	},
	{
		.name = "exclusive",
		.type = OPTION_BOOL,
		.offset = offsetof(struct serial_options, is_exclusive),
		.fallback = "true",
		.help = "whether other programs are kept from opening the line",
	},
	{
		.name = "low_latency",
		.type = OPTION_BOOL,
		.offset = offsetof(struct serial_options, is_low_latency),
		.fallback = "true",
		.is_given_offset = offsetof(struct serial_options, has_low_latency),
		.help = "ask the driver to hand bytes on at once (FTDI: after 1 ms, not "
			"16); given as "
			"true, it is an error when the driver refuses",
	},
	{
		.name = "on_open",
		.type = OPTION_BYTES,
		.offset = offsetof(struct serial_options, on_open),
		.help = "bytes sent each time after the line was opened",
	},
	{
		.name = "request",
		.type = OPTION_GROUP,
		.offset = offsetof(struct serial_options, request),
		.rows = request_rows,
		.is_given_offset = offsetof(struct serial_options, has_request),
		.help = "bytes sent again and again, for an instrument that only answers",
	},
	{
		.name = "send",
		.type = OPTION_GROUP,
		.offset = offsetof(struct serial_options, send),
		.rows = send_rows,
		.is_given_offset = offsetof(struct serial_options, has_send),
		.help = "messages with the values of channels, and when they are sent",
	},
	{
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct serial_options, frame),
		.rows = frame_rows,
		.is_given_offset = offsetof(struct serial_options, has_frame),
		.help = "where a frame ends, and what makes it a good one; required to "
			"read",
	},
	{
		.name = "separator",
		.type = OPTION_BYTES,
		.offset = offsetof(struct serial_options, separator),
		.fallback = ",",
		.help = "between the columns of a text; a single space stands for any "
			"run of blanks",
	},
	{ .name = NULL },
};

static struct traffic traffic_of(const struct serial_options *options)
{
	return (struct traffic){ .has_frame = options->has_frame,
				 .has_send = options->has_send,
				 .needs_frame = true };
}

static void serial_check(const struct device_spec *spec)
{
	const struct serial_options *options = spec->options;
	const struct traffic traffic = traffic_of(options);

	if (traffic_check(spec, &traffic) && traffic_reads(spec, &traffic)) {
		frame_check(&options->frame, true, &spec->place);
		fields_check(spec, &options->frame, &options->separator);
	}
	send_check(spec, options->has_send ? &options->send : NULL);
	request_check_bytes(&options->on_open, "on_open", &spec->place);
	if (options->has_request) {
		request_check_bytes(&options->request.send, "request.send", &spec->place);
	}
}

static void serial_check_names(const struct device_spec *spec,
			       const struct device_spec *devices, unsigned device_count)
{
	const struct serial_options *options = spec->options;

	send_check_names(spec, options->has_send ? &options->send : NULL, devices,
			 device_count);
}

static int serial_init(struct device *device, struct err *err)
{
	static const struct send_way way = { .is_stream = true };
	const struct serial_options *options = device->spec->options;
	const struct traffic traffic = traffic_of(options);
	struct serial *serial = device->state;
	int rc = 0;

	serial->reads = traffic_reads(device->spec, &traffic);
	if (serial->reads) {
		rc = intake_init(&serial->intake, device->spec, &options->frame,
				 &options->separator, 0);
	}
	serial->request.options = options->has_request ? &options->request : NULL;
	serial->request.must_write_now = options->has_send;
	if (rc) {
		return err_set_errno(err, rc, "device '%s'", device->spec->name);
	}
	return sender_init(&serial->sender, device->spec,
			   options->has_send ? &options->send : NULL, &way, 1, err);
}

static void serial_resolve(struct device *device, const struct device *devices,
			   unsigned device_count)
{
	struct serial *serial = device->state;

	sender_resolve(&serial->sender, devices, device_count);
}

static void serial_fini(struct device *device)
{
	struct serial *serial = device->state;

	intake_fini(&serial->intake);
	sender_fini(&serial->sender);
}

static int open_tty(const struct serial_options *options, int *ret_fd, struct err *err)
{
	const struct tty_options tty = {
		.path = options->path,
		.baud = options->baud,
		.parity = options->parity,
		.data_bits = options->data_bits,
		.stop_bits = options->stop_bits,
		.flow = options->flow,
		.is_exclusive = options->is_exclusive,
		.is_low_latency = options->is_low_latency,
		.insists_on_low_latency = options->has_low_latency,
	};

	return tty_open(&tty, ret_fd, err);
}

/* Where nothing is to be driven, a device that reads nothing is told nothing at all. */
static bool is_quiet(const struct device *device)
{
	const struct serial *serial = device->state;

	return device->is_dry && !serial->reads;
}

static int serial_open(const struct device *device, struct link *ret_link,
		       struct err *err)
{
	const struct serial_options *options = device->spec->options;
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int fd;
	int rc;

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	rc = open_tty(options, &fd, err);
	if (rc) {
		goto err_free_endpoint;
	}
	rc = is_quiet(device) ? 0
			      : tty_send(fd, options->on_open.data,
					 options->on_open.bytes, ON_OPEN_TIMEOUT_MS);
	if (rc) {
		err_set_errno(err, rc, "%s: cannot send on_open", options->path);
		goto err_close_tty;
	}
	*endpoint = (struct endpoint){
		.fd = fd,
		.op = ENDPOINT_READ,
		.bytes = READ_BYTES,
		.budget = 1,
	};
	*ret_link = (struct link){ .endpoints = endpoint, .endpoint_count = 1 };
	return 0;

err_close_tty:
	tty_close(fd);
err_free_endpoint:
	free(endpoint);
	return rc;
}

static void serial_close(const struct device *device, struct link *link)
{
	(void)device;
	if (link->endpoints) {
		tty_close(link->endpoints[0].fd);
	}
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

/*
 * An instrument that talks by itself is in the middle of a frame, and the rest of "25.0" is a number
 * too. One that only answers begins anew; a match or a checksum tells the difference.
 */
static bool may_join_midway(const struct serial_options *options)
{
	return !options->has_request && options->frame.match.bytes == 0 &&
	       options->frame.checksum == CHECKSUM_NONE;
}

static void serial_attach(struct device *device, const struct cycle_time *now) RT_SAFE;
static void serial_attach(struct device *device, const struct cycle_time *now)
{
	struct serial *serial = device->state;

	if (serial->reads) {
		intake_reset(&serial->intake, 0, may_join_midway(device->spec->options));
	}
	request_attach(&serial->request, now);
	sender_attach(&serial->sender, device, now);
	serial->is_hung_up = false;
	serial->drains = false;
}

static uint32_t serial_room(const struct device *device, uint32_t tag) RT_SAFE;
static uint32_t serial_room(const struct device *device, uint32_t tag)
{
	const struct serial *serial = device->state;

	(void)tag;
	return serial->reads ? intake_room(&serial->intake, 0) : READ_BYTES;
}

static void serial_receive(struct device *device, const struct message *message,
			   const struct cycle_time *now) RT_SAFE;
static void serial_receive(struct device *device, const struct message *message,
			   const struct cycle_time *now)
{
	struct serial *serial = device->state;

	if (serial->reads) {
		intake_stream(&serial->intake, device, message, now);
	}
}

/* What came before is decoded first. */
static enum verdict serial_hang_up(struct device *device, uint32_t tag, int code) RT_SAFE;
static enum verdict serial_hang_up(struct device *device, uint32_t tag, int code)
{
	struct serial *serial = device->state;

	if (!serial->reads) {
		return VERDICT_LOST;
	}
	serial->is_hung_up = true;
	serial->hang_up_code = code;
	intake_end(&serial->intake, tag);
	return VERDICT_DROP;
}

static void serial_tick(struct device *device, const struct cycle_time *now) RT_SAFE;
static void serial_tick(struct device *device, const struct cycle_time *now)
{
	struct serial *serial = device->state;

	if (serial->reads) {
		intake_tick(&serial->intake, device, now);
		if (intake_drained(&serial->intake, device)) {
			device_lost(device, serial->hang_up_code);
		}
	}
}

/* On one line, one after the other: what is half sent goes on first. */
static void send_all(struct serial *serial, struct device *device, int fd,
		     const struct cycle_time *now)
{
	if (!sender_is_midway(&serial->sender, 0)) {
		request_emit(&serial->request, device, fd, now);
	}
	if (device->is_lost) {
		return;
	}
	if (serial->request.unsent == 0) {
		sender_emit(&serial->sender, device, &fd, now);
	} else {
		sender_hold(&serial->sender, device, &fd, now);
	}
}

static void serial_emit(struct device *device, const struct cycle_time *now) RT_SAFE;
static void serial_emit(struct device *device, const struct cycle_time *now)
{
	struct serial *serial = device->state;
	int fd = device->link->endpoints[0].fd;

	if (serial->is_hung_up) {
		if (device->is_ending) {
			device_lost(device, serial->hang_up_code);
		}
		return;
	}
	if (!serial->drains) {
		send_all(serial, device, fd, now);
	}
	/* closing the line throws away what the kernel still has of it */
	if (device->is_ending && !device->must_emit && !device->is_lost &&
	    (serial->drains || !device->is_behind)) {
		serial->drains = true;
		device->is_behind = sys_tty_unsent(fd) > 0;
	}
}

static void serial_posted(struct device *device, uint32_t tag, ssize_t result) RT_SAFE;
static void serial_posted(struct device *device, uint32_t tag, ssize_t result)
{
	struct serial *serial = device->state;

	if (tag == REQUEST_TAG) {
		request_posted(&serial->request, device, result);
	} else {
		sender_posted(&serial->sender, device, tag, result);
	}
}

static const char description[] = "Reads frames from a serial line: a UART, an RS-232 or "
				  "RS-485 adapter, a USB device with a "
				  "tty. The line is opened raw and exclusively, at any "
				  "rate; where the hardware cannot do what "
				  "is asked, opening fails and says so. When the line "
				  "goes away its channels turn bad, and it "
				  "is opened again as soon as it is back.\n"
				  "\n"
				  "on_open is sent after each opening, request again and "
				  "again on the grid of releases: the "
				  "first one in the cycle that takes the line into use, "
				  "the others each `every` after it. A "
				  "request that the line does not take at once is "
				  "counted as send_dropped; one taken in part is "
				  "finished in the following cycles.\n"
				  "\n"
				  "`frame` says where a frame ends: line, fixed, length "
				  "or cobs; match and checksum drop what "
				  "is not meant or not whole, and each drop is counted "
				  "with its reason. An instrument that "
				  "talks by itself is joined in the middle of a frame: "
				  "without request, match and checksum "
				  "nothing could tell the rest of \"25.0\" from a value, "
				  "so all up to the first end is passed "
				  "over.\n"
				  "\n"
				  "`send` says what is sent besides, and when: a text "
				  "with the values of channels in it, of any device, or "
				  "the binary fields of the channels of `out`. What the "
				  "line does not take at once is finished in the "
				  "following cycles; a message that is due before is "
				  "counted as send_dropped, and the newest values are "
				  "sent.\n"
				  "\n"
				  "Each input channel names its place: column for text, "
				  "byte and bytes for binary values. An output channel "
				  "has its place by byte and bytes, or by its name in "
				  "the text.";

static const char example[] =
	"probe:\n"
	"  driver: serial\n"
	"  path: /dev/serial/by-id/usb-FTDI_probe-if00\n"
	"  baud: 115200\n"
	"  on_open: \"MODE CSV\\r\\n\"\n"
	"  request: { send: \"M?\\r\\n\", every: 100ms }\n"
	"  frame: { kind: line, match: \"M,\", checksum: xor8 }\n"
	"  max_age: 500ms\n"
	"  in:\n"
	"    temp:     { column: 1, type: float, unit: degC, scale: 0.1 }\n"
	"    pressure: { column: 2, type: float, unit: kPa }\n";

const struct driver serial_driver = {
	.name = "serial",
	.summary = "Frames of text or bytes from a serial line, and messages to it",
	.description = description,
	.example = example,
	.options = serial_rows,
	.options_bytes = sizeof(struct serial_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.out_options = out_field_rows,
	.out_bytes = sizeof(struct out_field_options),
	.state_bytes = sizeof(struct serial),
	.calls = CALLS_READ,
	.emit_calls = CALLS_WRITE | CALLS_TTY_UNSENT,
	.check = serial_check,
	.check_names = serial_check_names,
	.init = serial_init,
	.resolve = serial_resolve,
	.fini = serial_fini,
	.open = serial_open,
	.close = serial_close,
	.attach = serial_attach,
	.room = serial_room,
	.receive = serial_receive,
	.hang_up = serial_hang_up,
	.tick = serial_tick,
	.emit = serial_emit,
	.posted = serial_posted,
};
