#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "drivers/out_field.h"
#include "drivers/registry.h"
#include "drivers/stream.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"

enum unix_kind { UNIX_STREAM, UNIX_DATAGRAM, UNIX_SEQPACKET };

struct unix_options {
	int kind; /* enum unix_kind */
	const char *connect;
	const char *listen;
	int64_t bytes;
	struct stream_keys keys;
};

#define PATH_BYTES_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

static const char *const kinds[] = { "stream", "datagram", "seqpacket", NULL };
static const int types[] = { SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET };

static const struct option unix_rows[] = {
	{
		.name = "kind",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct unix_options, kind),
		.fallback = "stream",
		.choices = kinds,
		.help = "a stream of bytes, single datagrams, or a connection of whole "
			"messages",
	},
	{
		.name = "connect",
		.type = OPTION_PATH,
		.offset = offsetof(struct unix_options, connect),
		.help = "the socket to connect to; this or listen",
	},
	{
		.name = "listen",
		.type = OPTION_PATH,
		.offset = offsetof(struct unix_options, listen),
		.help = "the socket to make, for others to connect or send to; mode 0660",
	},
	{
		.name = "bytes",
		.type = OPTION_SIZE,
		.offset = offsetof(struct unix_options, bytes),
		.fallback = "2048",
		.min = 1,
		.max = ENDPOINT_BYTES_MAX,
		.unit = "byte",
		.help = "datagram, seqpacket: the longest message; a longer one is "
			"dropped and counted",
	},
	{
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct unix_options, keys.frame),
		.is_given_offset = offsetof(struct unix_options, keys.has_frame),
		.rows = frame_rows,
		.help = "stream: required, where a frame ends; otherwise what a message "
			"holds, by "
			"default one frame",
	},
	STREAM_ROWS(struct unix_options),
	{ .name = NULL },
};

static void check_path(const char *path, const char *key, const struct place *place)
{
	if (path && strlen(path) > PATH_BYTES_MAX) {
		place_error(place, key,
			    "%zu bytes long; expected at most %zu, the kernel's limit",
			    strlen(path), PATH_BYTES_MAX);
	}
}

static void check_roles(const struct unix_options *options, const struct place *place)
{
	if (options->kind == UNIX_DATAGRAM) {
		if (!options->connect == !options->listen) {
			place_error(place, options->connect ? "connect" : NULL,
				    "expected listen, to receive, or connect, to send");
		} else if (options->connect && !options->keys.has_send) {
			place_error(place, "connect",
				    "datagrams go there; expected send, or listen");
		} else if (options->listen && options->keys.has_send) {
			place_error(place, "send",
				    "datagrams are received here; expected connect");
		}
		if (options->keys.on_open.data) {
			place_error(place, "on_open",
				    "is sent on a connection; datagrams have none");
		}
	} else if (!options->connect == !options->listen) {
		place_error(place, options->connect ? "listen" : NULL,
			    "expected one of connect and listen");
	}
}

static void unix_check(const struct device_spec *spec)
{
	const struct unix_options *options = spec->options;

	check_path(options->connect, "connect", &spec->place);
	check_path(options->listen, "listen", &spec->place);
	check_roles(options, &spec->place);
	if (options->kind == UNIX_DATAGRAM && options->connect && spec->in_count > 0) {
		place_error(&spec->place, "in",
			    "datagrams are only sent; expected listen");
	}
	stream_check(spec, &options->keys, types[options->kind],
		     options->connect && options->kind != UNIX_DATAGRAM,
		     options->listen && options->kind != UNIX_DATAGRAM);
}

static void unix_check_names(const struct device_spec *spec,
			     const struct device_spec *devices, unsigned device_count)
{
	const struct unix_options *options = spec->options;

	send_check_names(spec, options->keys.has_send ? &options->keys.send : NULL,
			 devices, device_count);
}

static int unix_init(struct device *device, struct err *err)
{
	const struct unix_options *options = device->spec->options;
	struct stream_options stream = {
		.peer = options->connect ? options->connect : options->listen,
		.type = types[options->kind],
		.is_server = options->listen && options->kind != UNIX_DATAGRAM,
		.message_bytes = (uint32_t)options->bytes,
	};
	struct sockaddr_un *address = (struct sockaddr_un *)&stream.address;

	if (!stream.peer || strlen(stream.peer) > PATH_BYTES_MAX) {
		return err_set(err, -EINVAL,
			       "device '%s' has no path that a socket can have",
			       device->spec->name);
	}
	address->sun_family = AF_UNIX;
	strncpy(address->sun_path, stream.peer, PATH_BYTES_MAX);
	stream.address_bytes = sizeof(*address);
	return stream_init(device, &stream, &options->keys, err);
}

static int unix_open(const struct device *device, struct link *ret_link, struct err *err)
{
	const struct unix_options *options = device->spec->options;
	bool is_bound = options->kind == UNIX_DATAGRAM && options->listen;
	int rc = is_bound ? stream_bind(device, ret_link, err)
			  : stream_open(device, ret_link, err);

	if (rc == 0 && options->listen && chmod(options->listen, 0660)) {
		rc = err_set_errno(err, -errno, "cannot set the mode of %s",
				   options->listen);
		stream_close(device, ret_link);
	}
	return rc;
}

static const char description[] =
	"Reads frames from UNIX sockets of this machine: from one peer that it connects "
	"to, or from "
	"several that connect or send to it. Other programs on the board hand their "
	"values to the "
	"cycle this way without a network.\n"
	"\n"
	"kind: stream is bytes that `frame` cuts up, as with tcp. datagram and seqpacket "
	"keep the "
	"borders of messages: each is one frame, unless `frame` says what it holds. With "
	"seqpacket "
	"the end of a peer is seen, with datagram it is not: use max_age.\n"
	"\n"
	"A socket file that a program left behind is replaced; one that somebody listens "
	"at is not. "
	"Who may write to it decides what the controller sees: the folder's rights "
	"matter.\n"
	"\n"
	"`send` says what is sent, and when: a text with the values of channels in it, "
	"of "
	"any device, or the binary fields of the channels of `out`. A server sends it to "
	"every client; datagrams are sent with `connect`.";

static const char example[] = "camera:\n"
			      "  driver: unix\n"
			      "  kind: seqpacket\n"
			      "  listen: /run/rtloop/camera.sock\n"
			      "  max_age: 100ms\n"
			      "  in:\n"
			      "    x: { column: 0, unit: px }\n"
			      "    y: { column: 1, unit: px }\n";

const struct driver unix_driver = {
	.name = "unix",
	.summary = "Frames from UNIX sockets and messages to them",
	.description = description,
	.example = example,
	.options = unix_rows,
	.options_bytes = sizeof(struct unix_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.out_options = out_field_rows,
	.out_bytes = sizeof(struct out_field_options),
	.state_bytes = sizeof(struct stream),
	.calls = CALLS_READ | CALLS_RECV_MANY,
	.emit_calls = CALLS_SEND,
	.check = unix_check,
	.check_names = unix_check_names,
	.init = unix_init,
	.resolve = stream_resolve,
	.fini = stream_fini,
	.open = unix_open,
	.proceed = stream_proceed,
	.close = stream_close,
	.tend = stream_tend,
	.attach = stream_attach,
	.room = stream_room,
	.receive = stream_receive,
	.hang_up = stream_hang_up,
	.tick = stream_tick,
	.emit = stream_emit,
	.posted = stream_posted,
};
