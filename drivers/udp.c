#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/address.h"
#include "drivers/intake.h"
#include "drivers/out_field.h"
#include "drivers/registry.h"
#include "drivers/send.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/rights.h"
#include "rtloop/base/sys.h"

struct udp_options {
	const char *listen;
	const char *group;
	const char *interface;
	const char *from;
	int64_t receive_buffer;
	bool is_shared;
	int64_t bytes;
	struct send_options send;
	bool has_send;
	struct frame_options frame;
	bool has_frame;
	struct option_bytes separator;
};

/* Where to bind, and what to join there. */
struct udp_target {
	struct address listen;
	struct address group; /* where one is configured */
	unsigned interface;   /* that is named; 0: none is */
};

struct udp {
	struct intake intake;
	struct address from;
	struct address to; /* where messages go */
	struct sender sender;
};

/* The one socket of a link, with which it receives and sends. */
struct udp_socket {
	int fd;
};

#define RECEIVE_BUFFER_MAX (64 << 20)

static const struct option udp_rows[] = {
	{
		.name = "listen",
		.type = OPTION_TEXT,
		.offset = offsetof(struct udp_options, listen),
		.help = "\"ADDRESS:PORT\", \"[ADDRESS]:PORT\" or \":PORT\", which is "
			"this machine "
			"only (with group: the group); \"0.0.0.0:PORT\" is every "
			"address; required "
			"to receive",
	},
	{
		.name = "group",
		.type = OPTION_TEXT,
		.offset = offsetof(struct udp_options, group),
		.help = "a multicast address to join",
	},
	{
		.name = "interface",
		.type = OPTION_TEXT,
		.offset = offsetof(struct udp_options, interface),
		.min = 1,
		.max = IF_NAMESIZE - 1,
		.help = "the network interface to join the group on, and to send to a "
			"group by; by default the kernel's choice",
	},
	{
		.name = "from",
		.type = OPTION_TEXT,
		.offset = offsetof(struct udp_options, from),
		.help = "\"ADDRESS\" or \"ADDRESS:PORT\" of the one sender; others are "
			"dropped and "
			"counted",
	},
	{
		.name = "receive_buffer",
		.type = OPTION_SIZE,
		.offset = offsetof(struct udp_options, receive_buffer),
		.min = 1024,
		.max = RECEIVE_BUFFER_MAX,
		.unit = "byte",
		.help = "what the kernel may hold between two cycles; by default its own "
			"choice",
	},
	{
		.name = "reuse",
		.type = OPTION_BOOL,
		.offset = offsetof(struct udp_options, is_shared),
		.fallback = "false",
		.help = "whether other programs may listen at the same address and port",
	},
	{
		.name = "bytes",
		.type = OPTION_SIZE,
		.offset = offsetof(struct udp_options, bytes),
		.fallback = "2048",
		.min = 1,
		.max = ENDPOINT_BYTES_MAX,
		.unit = "byte",
		.help = "the longest datagram; a longer one is dropped and counted",
	},
	{
		.name = "send",
		.type = OPTION_GROUP,
		.offset = offsetof(struct udp_options, send),
		.rows = send_to_rows,
		.is_given_offset = offsetof(struct udp_options, has_send),
		.help = "datagrams with the values of channels, where they go and when",
	},
	{
		.name = "frame",
		.type = OPTION_GROUP,
		.offset = offsetof(struct udp_options, frame),
		.rows = frame_rows,
		.is_given_offset = offsetof(struct udp_options, has_frame),
		.help = "what a datagram holds; by default it is one frame",
	},
	{
		.name = "separator",
		.type = OPTION_BYTES,
		.offset = offsetof(struct udp_options, separator),
		.fallback = ",",
		.help = "between the columns of a text; a single space stands for any "
			"run of blanks",
	},
	{ .name = NULL },
};

static int parse(const char *text, const char *key, const char *expected,
		 const struct place *place, struct address *ret_address)
{
	int rc = address_parse(text, ret_address);

	if (rc) {
		place_error(place, key, "'%s' is no numeric address; expected %s", text,
			    expected);
	}
	return rc;
}

/* Groups of IPv6 may be of one link alone. */
static bool is_of_link(const struct address *group)
{
	const struct in6_addr *address =
		&((const struct sockaddr_in6 *)&group->storage)->sin6_addr;

	return group->storage.ss_family == AF_INET6 &&
	       (IN6_IS_ADDR_MC_LINKLOCAL(address) || IN6_IS_ADDR_MC_NODELOCAL(address));
}

static void check_listen(const struct udp_options *options, const struct place *place)
{
	struct address listen, group;

	if (!options->listen ||
	    parse(options->listen, "listen", "ADDRESS:PORT, [ADDRESS]:PORT or :PORT",
		  place, &listen)) {
		return;
	}
	if (!listen.has_port) {
		place_error(place, "listen", "'%s' has no port; expected ADDRESS:PORT",
			    options->listen);
	}
	if (!options->group ||
	    parse(options->group, "group", "a multicast address", place, &group)) {
		return;
	}
	if (group.has_port || !address_is_multicast(&group)) {
		place_error(
			place, "group",
			"'%s' is no multicast address; expected one in 224.0.0.0/4 or "
			"ff00::/8, without a port",
			options->group);
	}
	if (!options->interface && is_of_link(&group)) {
		place_error(place, "group",
			    "'%s' is another group on each link; expected interface too",
			    options->group);
	}
	if (listen.has_host && listen.storage.ss_family != group.storage.ss_family) {
		place_error(place, "group", "listen and group are of different families");
	}
}

/* Whether there is an address that messages can go to. */
static bool parse_to(const struct udp_options *options, const struct place *place,
		     struct address *to)
{
	if (!options->has_send || parse(options->send.to, "send.to",
					"ADDRESS:PORT or [ADDRESS]:PORT", place, to)) {
		return false;
	}
	if (!to->has_host || !to->has_port) {
		place_error(place, "send.to", "'%s' has no %s; expected ADDRESS:PORT",
			    options->send.to, to->has_host ? "port" : "address");
		return false;
	}
	return true;
}

static void check_families(const struct udp_options *options, const struct address *to,
			   const struct place *place)
{
	const char *text = options->group ? options->group : options->listen;
	struct address listen;

	if (text && address_parse(text, &listen) == 0 &&
	    listen.storage.ss_family != to->storage.ss_family) {
		place_error(place, "send.to", "%s and to are of different families",
			    options->group ? "group" : "listen");
	}
}

static void check_send(const struct device_spec *spec)
{
	const struct udp_options *options = spec->options;
	struct address to = { .has_host = false };
	bool can_send = parse_to(options, &spec->place, &to);

	if (can_send) {
		check_families(options, &to, &spec->place);
	}
	if (options->interface && !options->group &&
	    !(can_send && address_is_multicast(&to))) {
		place_error(&spec->place, "interface",
			    "is where a group is joined, or sent to; expected group");
	}
	send_check(spec, options->has_send ? &options->send : NULL);
}

/* Keys that say something of receiving. */
static void check_reading(const struct device_spec *spec)
{
	const struct udp_options *options = spec->options;
	const char *key = options->group       ? "group"
			  : options->from      ? "from"
			  : options->has_frame ? "frame"
			  : spec->in_count > 0 ? "in"
					       : NULL;

	if (!options->listen && key) {
		place_error(&spec->place, key,
			    "nothing is received without 'listen'; expected ADDRESS:PORT "
			    "or :PORT there");
	} else if (!options->listen && !options->has_send) {
		place_error(&spec->place, NULL,
			    "neither 'listen' nor 'send' is given; expected one of them, "
			    "or both");
	}
}

static void udp_check(const struct device_spec *spec)
{
	const struct udp_options *options = spec->options;
	struct address from;

	check_reading(spec);
	check_listen(options, &spec->place);
	check_send(spec);
	if (options->from &&
	    parse(options->from, "from", "ADDRESS or ADDRESS:PORT", &spec->place,
		  &from) == 0 &&
	    !from.has_host) {
		place_error(&spec->place, "from",
			    "'%s' has no address; expected ADDRESS:PORT", options->from);
	}
	frame_check(&options->frame, false, &spec->place);
	fields_check(spec, &options->frame, &options->separator);
}

static void udp_check_names(const struct device_spec *spec,
			    const struct device_spec *devices, unsigned device_count)
{
	const struct udp_options *options = spec->options;

	send_check_names(spec, options->has_send ? &options->send : NULL, devices,
			 device_count);
}

static ssize_t write_to(struct device *device, struct letter *letter) RT_SAFE;
static ssize_t write_to(struct device *device, struct letter *letter)
{
	const struct udp *udp = device->state;

	letter->is_socket = true;
	letter->to = (const struct sockaddr *)&udp->to.storage;
	letter->to_bytes = udp->to.bytes;
	return outbox_send(device, letter);
}

/* What the network says of a datagram is not of the next one. */
static void lose_datagram(struct device *device, unsigned slot, int code) RT_SAFE;
static void lose_datagram(struct device *device, unsigned slot, int code)
{
	(void)slot;
	if (code == -EBADF || code == -ENOTSOCK) {
		device_lost(device, code);
	} else {
		device_count(device, COUNT_ERRORS, 1);
	}
}

static int init_sender(struct device *device, struct err *err)
{
	const struct udp_options *options = device->spec->options;
	struct udp *udp = device->state;
	const struct send_way way = { .write = write_to, .fail = lose_datagram };
	int rc = options->has_send ? address_parse(options->send.to, &udp->to) : 0;

	if (rc) {
		return err_set(err, rc, "'%s' is no numeric address", options->send.to);
	}
	return sender_init(&udp->sender, device->spec,
			   options->has_send ? &options->send : NULL, &way, 1, err);
}

static void udp_resolve(struct device *device, const struct device *devices,
			unsigned device_count)
{
	struct udp *udp = device->state;

	sender_resolve(&udp->sender, devices, device_count);
}

static uint32_t udp_rights(const struct device_spec *spec)
{
	const struct udp_options *options = spec->options;
	bool is_low = options->listen && address_is_low_port(options->listen);

	return (is_low ? RIGHT_PORTS : 0) |
	       (options->receive_buffer > 0 ? RIGHT_BUFFERS : 0);
}

static int udp_init(struct device *device, struct err *err)
{
	const struct udp_options *options = device->spec->options;
	struct udp *udp = device->state;
	int rc = init_sender(device, err);

	if (rc) {
		return rc;
	}
	if (options->from) {
		rc = address_parse(options->from, &udp->from);
		if (rc) {
			return err_set(err, rc, "'%s' is no numeric address",
				       options->from);
		}
	}
	if (!options->listen) {
		return 0;
	}
	rc = intake_init(&udp->intake, device->spec, &options->frame, &options->separator,
			 (uint32_t)options->bytes);
	return rc ? err_set_errno(err, rc, "device '%s'", device->spec->name) : 0;
}

static void udp_fini(struct device *device)
{
	struct udp *udp = device->state;

	intake_fini(&udp->intake);
	sender_fini(&udp->sender);
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

/* The kernel takes a request that is too great without a word, and doubles what it grants. */
static int size_buffer(int fd, const struct udp_options *options, struct err *err)
{
	int wanted = (int)options->receive_buffer;
	int granted = 0;
	socklen_t bytes = sizeof(granted);
	int rc;

	if (wanted == 0) {
		return 0;
	}
	rc = set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, wanted);
	if (rc) {
		rc = set_option(fd, SOL_SOCKET, SO_RCVBUF, wanted);
	}
	if (rc) {
		return err_set_errno(err, rc, "cannot set receive_buffer");
	}
	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &bytes) == 0 &&
	    granted / 2 < wanted) {
		return err_set(err, -EPERM,
			       "receive_buffer: asked for %d bytes, got %d; raise "
			       "net.core.rmem_max",
			       wanted, granted / 2);
	}
	return 0;
}

static int prepare(int fd, int family, const struct udp_options *options, struct err *err)
{
	int rc = 0;

	if (options->is_shared) {
		rc = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	}
	if (!rc && family == AF_INET6) {
		/* "[::]:PORT" means the same whatever net.ipv6.bindv6only says. */
		rc = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	}
	if (!rc && family == AF_INET) {
		/* Not what other programs on this machine have joined. */
		rc = set_option(fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
	}
	if (rc) {
		return err_set_errno(err, rc, "%s", options->listen);
	}
	return size_buffer(fd, options, err);
}

static int join_v4(int fd, const struct address *group, unsigned interface)
{
	struct ip_mreqn request = { .imr_ifindex = (int)interface };

	request.imr_multiaddr = ((const struct sockaddr_in *)&group->storage)->sin_addr;
	return setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &request, sizeof(request))
		       ? -errno
		       : 0;
}

static int join_v6(int fd, const struct address *group, unsigned interface)
{
	struct ipv6_mreq request = { .ipv6mr_interface = interface };

	request.ipv6mr_multiaddr =
		((const struct sockaddr_in6 *)&group->storage)->sin6_addr;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &request,
			  sizeof(request))
		       ? -errno
		       : 0;
}

static int join(int fd, const struct udp_options *options,
		const struct udp_target *target, struct err *err)
{
	const struct address *group = &target->group;
	int rc = group->storage.ss_family == AF_INET
			 ? join_v4(fd, group, target->interface)
			 : join_v6(fd, group, target->interface);

	return rc ? err_set_errno(err, rc, "cannot join group %s%s", options->group,
				  options->interface ? "" : "; name an interface")
		  : 0;
}

static int find_interface(const struct udp_options *options, unsigned *ret_index,
			  struct err *err)
{
	*ret_index = options->interface ? if_nametoindex(options->interface) : 0;
	return options->interface && *ret_index == 0
		       ? err_set_errno(err, -errno, "interface %s", options->interface)
		       : 0;
}

/* A group of IPv6 may be another one on each link: there is none to listen at without that. */
static void set_link(struct udp_target *target)
{
	if (target->listen.storage.ss_family == AF_INET6 &&
	    address_is_multicast(&target->listen)) {
		((struct sockaddr_in6 *)&target->listen.storage)->sin6_scope_id =
			target->interface;
	}
}

/* With a group and no address, only what is sent to the group. */
static int resolve(const struct udp_options *options, struct udp_target *ret_target)
{
	struct udp_target target = { .listen = { .bytes = 0 } };
	int rc = address_parse(options->listen, &target.listen);
	uint16_t port;

	if (!rc && options->group) {
		rc = address_parse(options->group, &target.group);
	}
	if (rc) {
		return rc;
	}
	if (options->group && !target.listen.has_host) {
		port = address_port(&target.listen);
		target.listen = target.group;
		address_set_port(&target.listen, port);
	}
	*ret_target = target;
	return 0;
}

/* To a group by the interface that was named; to a broadcast address, since it was named. */
static int prepare_to(int fd, unsigned interface, const struct address *to)
{
	bool is_v4 = to->storage.ss_family == AF_INET;
	const struct ip_mreqn request = { .imr_ifindex = (int)interface };
	int rc = is_v4 ? set_option(fd, SOL_SOCKET, SO_BROADCAST, 1) : 0;

	if (rc || interface == 0 || !address_is_multicast(to)) {
		return rc;
	}
	if (!is_v4) {
		return set_option(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)interface);
	}
	return setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &request, sizeof(request))
		       ? -errno
		       : 0;
}

static int set_up(int fd, const struct udp_options *options,
		  const struct udp_target *target, struct err *err)
{
	const struct address *listen = &target->listen;
	int rc = prepare(fd, listen->storage.ss_family, options, err);

	if (!rc && bind(fd, (const struct sockaddr *)&listen->storage, listen->bytes)) {
		rc = err_set_errno(err, -errno, "%s", options->listen);
	}
	if (!rc && options->group) {
		rc = join(fd, options, target, err);
	}
	return rc;
}

static int open_socket(const struct device *device, int *ret_fd, struct err *err)
{
	const struct udp_options *options = device->spec->options;
	const struct udp *udp = device->state;
	struct udp_target target = { .listen = udp->to };
	int rc = options->listen ? resolve(options, &target) : 0;
	int fd;

	if (rc) {
		return err_set(err, rc, "listen or group is no numeric address");
	}
	rc = find_interface(options, &target.interface, err);
	if (rc) {
		return rc;
	}
	set_link(&target);
	fd = socket(target.listen.storage.ss_family,
		    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return err_set_errno(err, -errno, "%s",
				     options->listen ? options->listen
						     : options->send.to);
	}
	rc = options->listen ? set_up(fd, options, &target, err) : 0;
	if (!rc && options->has_send) {
		rc = prepare_to(fd, target.interface, &udp->to);
		rc = rc ? err_set_errno(err, rc, "cannot send to %s", options->send.to)
			: 0;
	}
	if (rc) {
		sys_close(fd);
		return rc;
	}
	*ret_fd = fd;
	return 0;
}

static int make_link(const struct device *device, int fd, struct link *ret_link)
{
	const struct udp_options *options = device->spec->options;
	struct link link = { .endpoint_count = options->listen != NULL };
	struct udp_socket *handle = malloc(sizeof(*handle));

	link.endpoints = calloc(1, sizeof(*link.endpoints));
	link.handle = handle;
	if (!handle || !link.endpoints) {
		free(handle);
		free(link.endpoints);
		return -ENOMEM;
	}
	handle->fd = fd;
	*link.endpoints = (struct endpoint){
		.fd = fd,
		.op = options->from ? ENDPOINT_RECVMSG : ENDPOINT_RECV,
		.bytes = (uint32_t)options->bytes,
		.budget = (uint32_t)device->spec->budget,
	};
	*ret_link = link;
	return 0;
}

static int udp_open(const struct device *device, struct link *ret_link, struct err *err)
{
	int fd = -1;
	int rc = open_socket(device, &fd, err);

	if (rc == 0 && make_link(device, fd, ret_link)) {
		sys_close(fd);
		rc = err_set(err, -ENOMEM, "no memory for device '%s'",
			     device->spec->name);
	}
	return rc;
}

static void udp_close(const struct device *device, struct link *link)
{
	const struct udp_socket *handle = link->handle;

	(void)device;
	if (handle) {
		sys_close(handle->fd);
	}
	free(link->handle);
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

static void udp_attach(struct device *device, const struct cycle_time *now) RT_SAFE;
static void udp_attach(struct device *device, const struct cycle_time *now)
{
	struct udp *udp = device->state;

	sender_attach(&udp->sender, device, now);
}

static bool udp_emits(const struct device *device)
{
	const struct udp *udp = device->state;

	return sender_sends(&udp->sender);
}

static void udp_emit(struct device *device, const struct cycle_time *now) RT_SAFE;
static void udp_emit(struct device *device, const struct cycle_time *now)
{
	const struct udp_socket *handle = device->link->handle;
	struct udp *udp = device->state;

	sender_emit(&udp->sender, device, &handle->fd, now);
}

static void udp_posted(struct device *device, uint32_t tag, ssize_t result) RT_SAFE;
static void udp_posted(struct device *device, uint32_t tag, ssize_t result)
{
	struct udp *udp = device->state;

	sender_posted(&udp->sender, device, tag, result);
}

static void udp_receive(struct device *device, const struct message *message,
			const struct cycle_time *now) RT_SAFE;
static void udp_receive(struct device *device, const struct message *message,
			const struct cycle_time *now)
{
	const struct udp_options *options = device->spec->options;
	struct udp *udp = device->state;

	if (options->from &&
	    (!message->from || !address_is_from(&udp->from, message->from))) {
		device_count(device, COUNT_BAD_SENDER, 1);
		return;
	}
	intake_message(&udp->intake, device, message, now);
}

/* An error that the network reports is of one datagram; only a socket that is none ends it. */
static enum verdict udp_hang_up(struct device *device, uint32_t tag, int code) RT_SAFE;
static enum verdict udp_hang_up(struct device *device, uint32_t tag, int code)
{
	(void)tag;
	if (code == -EBADF || code == -ENOTSOCK) {
		return VERDICT_LOST;
	}
	device_count(device, COUNT_ERRORS, 1);
	return VERDICT_KEEP;
}

static const char description[] = "Receives datagrams at one address and port, of one "
				  "sender where `from` names it, and of a "
				  "multicast group where `group` names it. Addresses are "
				  "numeric. \":PORT\" listens on this "
				  "machine only; who wants the network says "
				  "\"0.0.0.0:PORT\", \"[::]:PORT\" (IPv6 only) or one "
				  "address of the machine.\n"
				  "\n"
				  "By default a datagram is one frame. With `frame` it "
				  "may hold several: lines, frames of a "
				  "fixed length, frames that hold their length, or COBS; "
				  "match and checksum are tested as on a "
				  "line. At most `budget` datagrams and `budget` frames "
				  "are taken in a cycle; frames of a "
				  "datagram beyond that are dropped and counted as "
				  "over_budget, datagrams wait in the kernel's "
				  "receive_buffer. A datagram longer than `bytes` is "
				  "dropped whole and counted as bad_length.\n"
				  "\n"
				  "`send` says what is sent, where to and when: a text "
				  "with the values of channels in it, of any device, or "
				  "the binary fields of the channels of `out`. Whoever "
				  "only sends needs no `listen`; with it, datagrams "
				  "leave from that port. Nobody says whether one "
				  "arrived.\n"
				  "\n"
				  "Each input channel names its place: column for text, "
				  "byte and bytes for binary values. An output channel "
				  "has its place by byte and bytes, or by its name in "
				  "the text.";

static const char example[] =
	"flowmeter:\n"
	"  driver: udp\n"
	"  listen: \":5000\"\n"
	"  from: 127.0.0.1\n"
	"  bytes: 64\n"
	"  frame: { kind: raw, match: \"RT\", checksum: crc16-ccitt }\n"
	"  max_age: 100ms\n"
	"  in:\n"
	"    sequence: { byte: 2, bytes: 4, order: big, type: integer }\n"
	"    temp:     { byte: 6, bytes: 2, order: big, encoding: signed,\n"
	"                type: float, scale: 0.01, unit: degC }\n"
	"    flow:     { byte: 8, bytes: 2, order: big, type: float, scale: 0.1,\n"
	"                unit: l/min }\n";

const struct driver udp_driver = {
	.name = "udp",
	.summary = "Datagrams from the network, and datagrams to it",
	.description = description,
	.example = example,
	.options = udp_rows,
	.options_bytes = sizeof(struct udp_options),
	.in_options = field_rows,
	.in_bytes = sizeof(struct field_options),
	.out_options = out_field_rows,
	.out_bytes = sizeof(struct out_field_options),
	.state_bytes = sizeof(struct udp),
	.calls = CALLS_RECV_MANY,
	.emit_calls = CALLS_SEND,
	.check = udp_check,
	.rights = udp_rights,
	.check_names = udp_check_names,
	.init = udp_init,
	.resolve = udp_resolve,
	.fini = udp_fini,
	.open = udp_open,
	.close = udp_close,
	.attach = udp_attach,
	.receive = udp_receive,
	.hang_up = udp_hang_up,
	.emits = udp_emits,
	.emit = udp_emit,
	.posted = udp_posted,
};
