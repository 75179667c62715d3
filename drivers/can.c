#include <errno.h>
#include <linux/can.h>
#include <linux/can/error.h>
#include <linux/can/raw.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "config/diag.h"
#include "drivers/can_channel.h"
#include "drivers/can_send.h"
#include "drivers/control.h"
#include "drivers/dbc.h"
#include "drivers/device.h"
#include "drivers/registry.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

struct can_options {
	const char *interface;
	bool is_fd;
	const char *dbc;
	bool has_errors;
	struct can_send_options send;
	bool has_send;
};

struct can {
	struct can_channel *channels; /* in order of their ids */
	uint32_t count;
	struct can_channel *outputs; /* likewise, of the outputs */
	struct can_sender sender;
	struct arena arena; /* owns the channels, and the units of the DBC file */
	struct control control;
	uint32_t errors_told; /* classes of error frames in an event of this second */
	int64_t errors_tell_ns;
};

/* One class of error is told by an event at most so often. */
#define ERRORS_TELL_NS NS_PER_SEC

static const struct option can_rows[] = {
	{
		.name = "interface",
		.type = OPTION_TEXT,
		.offset = offsetof(struct can_options, interface),
		.fallback = "can0",
		.min = 1,
		.max = IFNAMSIZ - 1,
		.help = "the network interface of the bus; it has to be up, with its "
			"bit rate set",
	},
	{
		.name = "fd",
		.type = OPTION_BOOL,
		.offset = offsetof(struct can_options, is_fd),
		.fallback = "false",
		.help = "whether CAN FD frames are taken too, of up to 64 bytes",
	},
	{
		.name = "dbc",
		.type = OPTION_PATH,
		.offset = offsetof(struct can_options, dbc),
		.help = "a DBC file, for channels with signal",
	},
	{
		.name = "send",
		.type = OPTION_GROUP,
		.offset = offsetof(struct can_options, send),
		.rows = can_send_rows,
		.is_given_offset = offsetof(struct can_options, has_send),
		.help = "when the frames of the outputs are sent; by default on a change",
	},
	{
		.name = "errors",
		.type = OPTION_BOOL,
		.offset = offsetof(struct can_options, has_errors),
		.fallback = "true",
		.help = "whether error frames of the controller are counted, and told in "
			"the log",
	},
	{ .name = NULL },
};

static uint32_t frame_bytes_max(const struct can_options *options)
{
	return options->is_fd ? CAN_FD_BYTES : CAN_CLASSIC_BYTES;
}

/* --- set-up --------------------------------------------------------------------------- */

static int check_filters(const struct can_channel *channels,
			 const struct device_spec *spec, struct err *err)
{
	uint32_t ids = can_channels_ids(channels, spec->in_count);

	return ids > CAN_RAW_FILTER_MAX ? err_set(err, -E2BIG,
						  "%u different ids; the kernel filters "
						  "at most %d for one "
						  "device",
						  ids, CAN_RAW_FILTER_MAX)
					: 0;
}

/* All channels are right for themselves: are they together? */
static void check_together(const struct device_spec *spec, const struct dbc *dbc,
			   uint32_t frame_bytes)
{
	struct can_channel *channels;
	struct arena arena;
	struct err err;
	int rc;

	arena_init(&arena);
	rc = can_channels_make(spec->in, spec->in_count, dbc, &arena, &channels, &err);
	rc = rc ? rc : check_filters(channels, spec, &err);
	if (rc) {
		place_error(&spec->place, "in", "%s", err.text);
	}
	rc = can_channels_make(spec->out, spec->out_count, dbc, &arena, &channels, &err);
	if (rc) {
		place_error(&spec->place, "out", "%s", err.text);
	} else {
		can_send_check(spec, channels, frame_bytes);
	}
	arena_fini(&arena);
}

static void can_check(const struct device_spec *spec)
{
	const struct can_options *options = spec->options;
	unsigned errors = diag_total(spec->place.diag);
	struct dbc *dbc = NULL;
	struct err err;

	if (options->dbc && dbc_load(options->dbc, &dbc, &err)) {
		place_error(&spec->place, "dbc", "%s", err.text);
	}
	if (options->has_send && spec->out_count == 0) {
		place_error(&spec->place, "send", "nothing to be sent; expected out");
	}
	if (can_channels_check(spec->in, spec->in_count, dbc, options->dbc,
			       frame_bytes_max(options)) == 0 &&
	    can_channels_check(spec->out, spec->out_count, dbc, options->dbc,
			       frame_bytes_max(options)) == 0 &&
	    diag_total(spec->place.diag) == errors) {
		check_together(spec, dbc, frame_bytes_max(options));
	}
	dbc_destroy(dbc);
}

/* A unit that the configuration states is the one that counts. */
static void set_units(struct device *device, const struct can *can)
{
	for (uint32_t i = 0; i < can->count; i++) {
		struct channel *channel = &device->in[can->channels[i].index];

		if (!channel->unit) {
			channel->unit = can->channels[i].unit;
		}
	}
	for (uint32_t i = 0; i < device->spec->out_count; i++) {
		struct channel *channel = &device->out[can->outputs[i].index];

		if (!channel->unit) {
			channel->unit = can->outputs[i].unit;
		}
	}
}

static int make_channels(struct can *can, const struct device_spec *spec,
			 const struct dbc *dbc, struct err *err)
{
	int rc = can_channels_make(spec->in, spec->in_count, dbc, &can->arena,
				   &can->channels, err);

	return rc ? rc
		  : can_channels_make(spec->out, spec->out_count, dbc, &can->arena,
				      &can->outputs, err);
}

static int can_init(struct device *device, struct err *err)
{
	const struct can_options *options = device->spec->options;
	struct can *can = device->state;
	struct dbc *dbc = NULL;
	int rc = 0;

	arena_init(&can->arena);
	if (options->dbc) {
		rc = dbc_load(options->dbc, &dbc, err);
	}
	rc = rc ? rc : make_channels(can, device->spec, dbc, err);
	rc = rc ? rc : check_filters(can->channels, device->spec, err);
	dbc_destroy(dbc);
	if (!rc) {
		can->count = device->spec->in_count;
		set_units(device, can);
		rc = can_sender_init(&can->sender, device->spec, can->outputs,
				     &options->send, err);
	}
	return rc;
}

static void can_fini(struct device *device)
{
	struct can *can = device->state;

	can_sender_fini(&can->sender);
	arena_fini(&can->arena);
}

/* --- opening -------------------------------------------------------------------------- */

static int set_option(int fd, int name, const void *value, socklen_t bytes)
{
	return setsockopt(fd, SOL_CAN_RAW, name, value, bytes) ? -errno : 0;
}

/* One filter an id: data frames of just this id and format pass, and no others. */
static int set_filters(int fd, const struct can *can)
{
	struct can_filter filters[CAN_RAW_FILTER_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < can->count && count < CAN_RAW_FILTER_MAX; i++) {
		uint32_t id = can->channels[i].signal.id;
		uint32_t mask = id & CAN_EFF_FLAG ? CAN_EFF_MASK : CAN_SFF_MASK;

		if (i > 0 && can->channels[i - 1].signal.id == id) {
			continue;
		}
		filters[count++] = (struct can_filter){
			.can_id = id,
			.can_mask = mask | CAN_EFF_FLAG | CAN_RTR_FLAG,
		};
	}
	return set_option(fd, CAN_RAW_FILTER, filters,
			  (socklen_t)(count * sizeof(filters[0])));
}

/* Before it is bound: what is not asked for never comes. */
static int set_options(int fd, const struct can *can, const struct can_options *options)
{
	can_err_mask_t errors = options->has_errors ? CAN_ERR_MASK : 0;
	int on = 1;
	int off = 0;
	int rc = set_filters(fd, can);

	rc = rc ? rc : set_option(fd, CAN_RAW_ERR_FILTER, &errors, sizeof(errors));
	rc = rc ? rc : set_option(fd, CAN_RAW_RECV_OWN_MSGS, &off, sizeof(off));
	if (!rc && options->is_fd) {
		rc = set_option(fd, CAN_RAW_FD_FRAMES, &on, sizeof(on));
	}
	return rc ? rc : control_ask(fd);
}

static int ask_interface(int fd, const char *name, unsigned long request,
			 struct ifreq *ret_answer, struct err *err)
{
	struct ifreq answer = { .ifr_ifindex = 0 };

	strncpy(answer.ifr_name, name, sizeof(answer.ifr_name) - 1);
	if (ioctl(fd, request, &answer)) {
		return err_set_errno(err, -errno, "interface %s", name);
	}
	*ret_answer = answer;
	return 0;
}

static int check_interface(int fd, const struct can_options *options, struct err *err)
{
	const char *name = options->interface;
	struct ifreq answer = { .ifr_ifindex = 0 };
	int rc = ask_interface(fd, name, SIOCGIFHWADDR, &answer, err);

	if (!rc && answer.ifr_hwaddr.sa_family != ARPHRD_CAN) {
		return err_set(err, -ENODEV, "interface %s is no CAN bus", name);
	}
	rc = rc ? rc : ask_interface(fd, name, SIOCGIFFLAGS, &answer, err);
	if (!rc && !(answer.ifr_flags & IFF_UP)) {
		return err_set(err, -ENETDOWN,
			       "interface %s is down; ip link set %s up, with its "
			       "bitrate where it is a real bus",
			       name, name);
	}
	rc = rc ? rc : ask_interface(fd, name, SIOCGIFMTU, &answer, err);
	if (!rc && options->is_fd && answer.ifr_mtu < (int)CANFD_MTU) {
		return err_set(err, -EPROTONOSUPPORT,
			       "interface %s is not set up for CAN FD; ip link set %s "
			       "type can ... fd on, or of a vcan mtu 72",
			       name, name);
	}
	return rc;
}

static int bind_to(int fd, const char *name, struct err *err)
{
	struct sockaddr_can address = { .can_family = AF_CAN };
	struct ifreq answer = { .ifr_ifindex = 0 };
	int rc = ask_interface(fd, name, SIOCGIFINDEX, &answer, err);

	if (rc) {
		return rc;
	}
	address.can_ifindex = answer.ifr_ifindex;
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address))) {
		return err_set_errno(err, -errno, "interface %s", name);
	}
	return 0;
}

static int open_socket(const struct can *can, const struct can_options *options,
		       int *ret_fd, struct err *err)
{
	int fd = socket(AF_CAN, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, CAN_RAW);
	int rc;

	if (fd < 0) {
		rc = -errno;
		return rc == -EAFNOSUPPORT || rc == -EPROTONOSUPPORT
			       ? err_set(err, rc,
					 "this kernel has no CAN; modprobe can_raw")
			       : err_set_errno(err, rc, "a CAN socket");
	}
	rc = check_interface(fd, options, err);
	if (!rc) {
		rc = set_options(fd, can, options);
		rc = rc ? err_set_errno(err, rc, "interface %s", options->interface)
			: bind_to(fd, options->interface, err);
	}
	if (rc) {
		sys_close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

static int can_open(const struct device *device, struct link *ret_link, struct err *err)
{
	const struct can_options *options = device->spec->options;
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int fd = -1;
	int rc;

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	rc = open_socket(device->state, options, &fd, err);
	if (rc) {
		free(endpoint);
		return rc;
	}
	*endpoint = (struct endpoint){
		.fd = fd,
		.op = ENDPOINT_RECVMSG,
		.bytes = options->is_fd ? CANFD_MTU : CAN_MTU,
		.budget = (uint32_t)device->spec->budget,
	};
	*ret_link = (struct link){ .endpoints = endpoint, .endpoint_count = 1 };
	return 0;
}

static void can_close(const struct device *device, struct link *link)
{
	(void)device;
	if (link->endpoints) {
		sys_close(link->endpoints[0].fd);
	}
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

/* --- in the cycle --------------------------------------------------------------------- */

static void can_attach(struct device *device, const struct cycle_time *now) RT_SAFE;
static void can_attach(struct device *device, const struct cycle_time *now)
{
	struct can *can = device->state;

	control_reset(&can->control, now);
	can_sender_attach(&can->sender, now);
}

/* An error frame's id is the classes of its errors. */
static void note_error(struct device *device, uint32_t id, const struct cycle_time *now)
{
	struct can *can = device->state;
	uint32_t classes = id & CAN_ERR_MASK;

	device_count(device, COUNT_ERRORS, 1);
	if (now->wake_ns >= can->errors_tell_ns) {
		can->errors_tell_ns = now->wake_ns + ERRORS_TELL_NS;
		can->errors_told = 0;
	}
	if (classes & ~can->errors_told) {
		can->errors_told |= classes;
		device_event(device, EVENT_BUS_ERROR, (int64_t)classes);
	}
}

/* The channels of one id, beginning with the @at-th. */
static void decode(struct device *device, uint32_t at, const struct canfd_frame *frame,
		   int64_t came_ns, const struct cycle_time *now)
{
	const struct can *can = device->state;
	uint32_t good = 0;
	uint32_t bad = 0;

	for (; at < can->count && can->channels[at].signal.id == frame->can_id; at++) {
		const struct can_signal *signal = &can->channels[at].signal;
		struct channel *channel = &device->in[can->channels[at].index];
		struct sample sample;
		int rc = can_signal_decode(signal, frame->data, frame->len, &sample);

		if (rc == -ENOENT) {
			continue;
		}
		rc = rc ? rc : sample_put(&sample, &signal->scaling, channel, came_ns);
		if (rc) {
			channel_set_quality(channel, QUALITY_BAD);
			bad++;
		}
		good += rc == 0;
	}
	device_count(device, COUNT_BAD_FIELD, bad);
	if (good > 0) {
		device_count(device, COUNT_FRAMES, 1);
		device_publish_at(device, came_ns, now);
	} else if (bad > 0) {
		device_publish_changes(device, now);
	}
}

/* Both kinds of frame have their data at the same place. */
static bool read_frame(const struct message *message, struct canfd_frame *ret_frame)
{
	bool is_fd = message->bytes == CANFD_MTU;

	if (message->is_truncated || (!is_fd && message->bytes != CAN_MTU)) {
		return false;
	}
	memset(ret_frame, 0, sizeof(*ret_frame));
	memcpy(ret_frame, message->data, message->bytes);
	return ret_frame->len <= (is_fd ? CANFD_MAX_DLEN : CAN_MAX_DLEN);
}

static void can_receive(struct device *device, const struct message *message,
			const struct cycle_time *now) RT_SAFE;
static void can_receive(struct device *device, const struct message *message,
			const struct cycle_time *now)
{
	struct can *can = device->state;
	int64_t came_ns = control_time(&can->control, message->header, now);
	struct canfd_frame frame;
	uint32_t at;

	device_count(device, COUNT_MISSED,
		     control_losses(&can->control, message->header));
	if (!read_frame(message, &frame)) {
		device_count(device, COUNT_BAD_LENGTH, 1);
		return;
	}
	if (frame.can_id & CAN_ERR_FLAG) {
		note_error(device, frame.can_id, now);
		return;
	}
	at = can_channels_find(can->channels, can->count, frame.can_id);
	if (at == can->count) {
		device_count(device, COUNT_BAD_MATCH, 1);
		return;
	}
	decode(device, at, &frame, came_ns, now);
}

/* Down, or gone: away until somebody brings it up again. */
static enum verdict can_hang_up(struct device *device, uint32_t tag, int code) RT_SAFE;
static enum verdict can_hang_up(struct device *device, uint32_t tag, int code)
{
	(void)tag;
	switch (code) {
	case -ENETDOWN:
	case -ENODEV:
	case -ENXIO:
	case -EBADF:
	case -ENOTSOCK:
		return VERDICT_LOST;
	default:
		device_count(device, COUNT_ERRORS, 1);
		return VERDICT_KEEP;
	}
}

static void can_posted(struct device *device, uint32_t tag, ssize_t result) RT_SAFE;
static void can_posted(struct device *device, uint32_t tag, ssize_t result)
{
	struct can *can = device->state;

	can_sender_posted(&can->sender, device, tag, result);
}

static void can_emit(struct device *device, const struct cycle_time *now) RT_SAFE;
static void can_emit(struct device *device, const struct cycle_time *now)
{
	struct can *can = device->state;

	can_sender_emit(&can->sender, device, device->link->endpoints[0].fd, now);
}

static const char description[] =
	"Takes frames from a CAN bus through SocketCAN. Only frames with the ids of the "
	"channels reach rtloop: the kernel filters them, for up to 512 ids. Each channel "
	"is "
	"a signal, a number within a frame: found by the bits that `start`, `length` and "
	"`order` name, as a DBC file would number them, or by its name in the `dbc` "
	"file.\n"
	"\n"
	"Each frame is one message in the log and brings values to the channels of its "
	"id; "
	"the others keep theirs. The time of a sample is when the kernel received the "
	"frame. A frame too short for a signal turns that channel bad and is counted as "
	"bad_field. Remote frames are never taken, nor CAN FD frames without `fd`.\n"
	"\n"
	"Error frames, by which a controller reports what is wrong on the bus, are "
	"counted "
	"as errors; the log has an event bus_error for each class of them, at most once "
	"a "
	"second. Frames that the kernel had no room for are counted as missed.\n"
	"\n"
	"Output channels are signals of frames that are sent: those of one id are one "
	"frame, with 0 in all other bits; of multiplexed ones there is a frame for each "
	"value of the multiplexor. A value that does not fit a signal is sent as the "
	"nearest that does. `send` says when. A frame that finds the interface's queue "
	"full waits for the next cycle, with the newest values.";

static const char example[] =
	"engine:\n"
	"  driver: can\n"
	"  interface: can0\n"
	"  max_age: 200ms\n"
	"  in:\n"
	"    speed:   { id: 0x0CF00400, start: 24, length: 16, scale: 0.125, unit: rpm "
	"}\n"
	"    coolant: { id: 0x18FEEE00, start: 0, length: 8, offset: -40, unit: degC }\n"
	"    torque:  { id: 0x1A0, start: 7, length: 12, order: big, encoding: signed,\n"
	"               scale: 0.5, unit: Nm }\n"
	"    running: { id: 0x1A0, start: 16, type: bool }\n"
	"  send: { on: change, every: 100ms }\n"
	"  out:\n"
	"    throttle: { id: 0x1B0, start: 0, length: 8, scale: 0.4, size: 8, unit: "
	"'%',\n"
	"                safe: 0 }\n"
	"    enable:   { id: 0x1B0, start: 8, type: bool, safe: 0 }\n";

const struct driver can_driver = {
	.name = "can",
	.summary = "Signals in frames of a CAN bus, read and sent, also by a DBC file",
	.description = description,
	.example = example,
	.options = can_rows,
	.options_bytes = sizeof(struct can_options),
	.in_options = can_channel_rows,
	.in_bytes = sizeof(struct can_channel_options),
	.out_options = can_output_rows,
	.out_bytes = sizeof(struct can_channel_options),
	.state_bytes = sizeof(struct can),
	.calls = CALLS_RECV_MANY,
	.emit_calls = CALLS_SEND_MANY,
	.check = can_check,
	.init = can_init,
	.fini = can_fini,
	.open = can_open,
	.close = can_close,
	.attach = can_attach,
	.receive = can_receive,
	.hang_up = can_hang_up,
	.emits = device_has_outputs,
	.emit = can_emit,
	.posted = can_posted,
};
