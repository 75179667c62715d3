#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "drivers/address.h"
#include "drivers/registry.h"
#include "drivers/stream.h"
#include "rtloop/base/time.h"

struct tcp_options {
	const char *connect;
	const char *listen;
	int64_t clients;
	bool has_clients;
	int64_t timeout_ns;
	int64_t silence_ns;
	struct option_bytes on_open;
	struct request_options request;
	bool has_request;
	struct frame_options frame;
	struct option_bytes separator;
};

static const struct option tcp_rows[] = {
	{
		.name = "connect",
		.type = OPTION_TEXT,
		.offset = offsetof(struct tcp_options, connect),
		.help = "\"ADDRESS:PORT\" of the peer to connect to, numeric; this or "
			"listen",
	},
	{
		.name = "listen",
		.type = OPTION_TEXT,
		.offset = offsetof(struct tcp_options, listen),
		.help = "\"ADDRESS:PORT\" to be connected to, or \":PORT\", which is "
			"this machine "
			"only; \"0.0.0.0:PORT\" is every address",
	},
	{
		.name = "clients",
		.type = OPTION_INT,
		.offset = offsetof(struct tcp_options, clients),
		.fallback = "4",
		.min = 1,
		.max = STREAM_CLIENTS_MAX,
		.is_given_offset = offsetof(struct tcp_options, has_clients),
		.help = "listen: most clients at a time; one more waits for a place",
	},
	{
		.name = "timeout",
		.type = OPTION_DURATION,
		.offset = offsetof(struct tcp_options, timeout_ns),
		.fallback = "2s",
		.min = 10e6,
		.max = 10e9,
		.help = "connect: how long a connection may take; then it is tried again "
			"later",
	},
	{
		.name = "silence",
		.type = OPTION_DURATION,
		.offset = offsetof(struct tcp_options, silence_ns),
		.fallback = "10s",
		.min = 3e9,
		.max = 3600e9,
		.help = "a connection whose other machine does not answer the kernel for "
			"so long is "
			"ended",
	},
	{
		.name = "on_open",
		.type = OPTION_BYTES,
		.offset = offsetof(struct tcp_options, on_open),
		.help = "bytes sent on each new connection",
	},
	{
		.name = "request",
		.type = OPTION_GROUP,
		.offset = offsetof(struct tcp_options, request),
		.rows = request_rows,
		.is_given_offset = offsetof(struct tcp_options, has_request),
		.help = "connect: bytes sent again and again, for a peer that only "
			"answers",
	},
	{
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct tcp_options, frame),
		.is_required = true,
		.rows = frame_rows,
		.help = "where a frame ends, and what makes it a good one",
	},
	{
		.name = "separator",
		.type = OPTION_BYTES,
		.offset = offsetof(struct tcp_options, separator),
		.fallback = ",",
		.help = "between the columns of a text; a single space stands for any "
			"run of blanks",
	},
	{ .name = NULL },
};

static void check_address(const char *text, const char *key, bool needs_host,
			  const struct place *place)
{
	struct address address;

	if (address_parse(text, &address)) {
		place_error(place, key,
			    "'%s' is no numeric address; expected ADDRESS:PORT or "
			    "[ADDRESS]:PORT",
			    text);
	} else if (!address.has_port) {
		place_error(place, key, "'%s' has no port; expected ADDRESS:PORT", text);
	} else if (needs_host && !address.has_host) {
		place_error(place, key, "'%s' has no address; expected ADDRESS:PORT",
			    text);
	}
}

static void tcp_check(const struct device_spec *spec)
{
	const struct tcp_options *options = spec->options;

	if (!options->connect == !options->listen) {
		place_error(&spec->place, options->connect ? "listen" : NULL,
			    "expected one of connect and listen");
	}
	if (options->connect) {
		check_address(options->connect, "connect", true, &spec->place);
	}
	if (options->listen) {
		check_address(options->listen, "listen", false, &spec->place);
	}
	if (options->has_clients && !options->listen) {
		place_error(&spec->place, "clients", "is of a server; expected listen");
	}
	if (options->has_request && !options->connect) {
		place_error(&spec->place, "request",
			    "is sent by a client; expected connect");
	}
	frame_check(&options->frame, true, &spec->place);
	fields_check(spec, &options->frame, &options->separator);
	request_check_bytes(&options->on_open, "on_open", &spec->place);
	if (options->has_request) {
		request_check_bytes(&options->request.send, "request.send", &spec->place);
	}
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* Small requests leave at once; a dead machine is noticed by probes, and by what it does not
 * acknowledge (TCP_USER_TIMEOUT, Linux 2.6.37). */
static int tcp_prepare(int fd, const struct device_spec *spec)
{
	const struct tcp_options *options = spec->options;
	int silence_s = (int)(options->silence_ns / NS_PER_SEC);
	int rc = set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);

	rc = rc ? rc : set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	rc = rc ? rc : set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, silence_s / 3);
	rc = rc ? rc : set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, silence_s / 3);
	rc = rc ? rc : set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
	return rc ? rc
		  : set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
			       (int)(options->silence_ns / NS_PER_MS));
}

static int tcp_init(struct device *device, struct err *err)
{
	const struct tcp_options *options = device->spec->options;
	struct stream_options stream = {
		.peer = options->connect ? options->connect : options->listen,
		.type = SOCK_STREAM,
		.is_server = options->listen != NULL,
		.clients = options->clients,
		.timeout_ns = options->timeout_ns,
		.on_open = options->on_open,
		.prepare = tcp_prepare,
	};
	struct address address;
	int rc = address_parse(stream.peer, &address);

	if (rc) {
		return err_set(err, rc, "'%s' is no numeric address", stream.peer);
	}
	stream.address = address.storage;
	stream.address_bytes = address.bytes;
	return stream_init(device, &stream, &options->frame, &options->separator,
			   options->has_request ? &options->request : NULL, err);
}

static const char description[] =
	"Reads frames from TCP connections: as a client of one peer, or as a server of "
	"several. "
	"Connecting is done beside the cycle and never holds it up; a peer that refuses, "
	"is not "
	"there or goes away is tried again with growing pauses, up to ten seconds.\n"
	"\n"
	"A server takes in up to `clients` at a time; all of them feed the same "
	"channels, and the "
	"newest frame counts. A client that leaves only frees its place; when none is "
	"left, "
	"`max_age` turns the channels stale.\n"
	"\n"
	"TCP may hold bytes back and deliver many at once: what is older than one period "
	"is not "
	"rare. Where age matters more than completeness, use udp.";

static const char example[] = "scale:\n"
			      "  driver: tcp\n"
			      "  connect: 127.0.0.1:4001\n"
			      "  request: { send: \"S\\r\\n\", every: 100ms }\n"
			      "  frame: { kind: line, match: \"S,\" }\n"
			      "  max_age: 500ms\n"
			      "  in:\n"
			      "    weight: { column: 1, unit: kg }\n";

const struct driver tcp_driver = {
	.name = "tcp",
	.summary = "Frames from TCP connections, as a client or as a server",
	.description = description,
	.example = example,
	.options = tcp_rows,
	.options_bytes = sizeof(struct tcp_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.state_bytes = sizeof(struct stream),
	.check = tcp_check,
	.init = tcp_init,
	.fini = stream_fini,
	.open = stream_open,
	.close = stream_close,
	.tend = stream_tend,
	.attach = stream_attach,
	.room = stream_room,
	.receive = stream_receive,
	.hang_up = stream_hang_up,
	.tick = stream_tick,
	.emit = stream_emit,
};
