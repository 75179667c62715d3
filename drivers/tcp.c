#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "drivers/address.h"
#include "drivers/out_field.h"
#include "drivers/registry.h"
#include "drivers/stream.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/rights.h"
#include "rtloop/base/time.h"

struct tcp_options {
	const char *connect;
	const char *listen;
	int64_t silence_ns;
	struct stream_keys keys;
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
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct tcp_options, keys.frame),
		.is_given_offset = offsetof(struct tcp_options, keys.has_frame),
		.rows = frame_rows,
		.help = "where a frame ends, and what makes it a good one; required to "
			"read",
	},
	STREAM_ROWS(struct tcp_options),
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
	stream_check(spec, &options->keys, SOCK_STREAM, options->connect != NULL,
		     options->listen != NULL);
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

static void tcp_check_names(const struct device_spec *spec,
			    const struct device_spec *devices, unsigned device_count)
{
	const struct tcp_options *options = spec->options;

	send_check_names(spec, options->keys.has_send ? &options->keys.send : NULL,
			 devices, device_count);
}

static uint32_t tcp_rights(const struct device_spec *spec)
{
	const struct tcp_options *options = spec->options;

	return options->listen && address_is_low_port(options->listen) ? RIGHT_PORTS : 0;
}

static int tcp_init(struct device *device, struct err *err)
{
	const struct tcp_options *options = device->spec->options;
	struct stream_options stream = {
		.peer = options->connect ? options->connect : options->listen,
		.type = SOCK_STREAM,
		.is_server = options->listen != NULL,
		.prepare = tcp_prepare,
	};
	struct address address;
	int rc = address_parse(stream.peer, &address);

	if (rc) {
		return err_set(err, rc, "'%s' is no numeric address", stream.peer);
	}
	stream.address = address.storage;
	stream.address_bytes = address.bytes;
	return stream_init(device, &stream, &options->keys, err);
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
	"newest frame counts. A client that leaves only frees its place, when what it "
	"said before is decoded; when none is "
	"left, "
	"`max_age` turns the channels stale.\n"
	"\n"
	"TCP may hold bytes back and deliver many at once: what is older than one period "
	"is not "
	"rare. Where age matters more than completeness, use udp.\n"
	"\n"
	"`send` says what is sent, and when: a text with the values of channels in it, "
	"of "
	"any device, or the binary fields of the channels of `out`. A server sends it to "
	"every client. What a connection does not take at once is finished in the "
	"following cycles; a message that is due before is counted as send_dropped, and "
	"the newest values are sent.";

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
	.summary =
		"Frames from TCP connections and messages to them, as client or server",
	.description = description,
	.example = example,
	.options = tcp_rows,
	.options_bytes = sizeof(struct tcp_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.out_options = out_field_rows,
	.out_bytes = sizeof(struct out_field_options),
	.state_bytes = sizeof(struct stream),
	.calls = CALLS_READ,
	.emit_calls = CALLS_SEND,
	.check = tcp_check,
	.rights = tcp_rights,
	.check_names = tcp_check_names,
	.init = tcp_init,
	.resolve = stream_resolve,
	.fini = stream_fini,
	.open = stream_open,
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
