#include "drivers/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drivers/connection.h"
#include "rtloop/base/sys.h"

/* The most that one read takes: a cycle's worth of bounded work. */
#define READ_BYTES 4096

/* What a server's link holds beside its endpoints. */
struct server {
	int listen_fd;
	uint64_t next_client;		      /* numbers begin at 1 */
	uint64_t clients[STREAM_CLIENTS_MAX]; /* who has the place; 0: nobody */
	int fds[STREAM_CLIENTS_MAX];
};

static struct traffic traffic_of(const struct stream_keys *keys, int type)
{
	return (struct traffic){ .has_frame = keys->has_frame,
				 .has_send = keys->has_send,
				 .needs_frame = type == SOCK_STREAM };
}

void stream_check(const struct device_spec *spec, const struct stream_keys *keys,
		  int type, bool connects, bool is_server)
{
	const struct traffic traffic = traffic_of(keys, type);

	if (keys->has_clients && !is_server) {
		place_error(&spec->place, "clients", "is of a server; expected listen%s",
			    type == SOCK_DGRAM ? ", and stream or seqpacket" : "");
	}
	if (keys->has_request && !connects) {
		place_error(&spec->place, "request",
			    "is sent by a client; expected connect");
	}
	if (traffic_check(spec, &traffic) && traffic_reads(spec, &traffic)) {
		frame_check(&keys->frame, type == SOCK_STREAM, &spec->place);
		fields_check(spec, &keys->frame, &keys->separator);
	}
	send_check(spec, keys->has_send ? &keys->send : NULL);
	request_check_bytes(&keys->on_open, "on_open", &spec->place);
	if (keys->has_request) {
		request_check_bytes(&keys->request.send, "request.send", &spec->place);
	}
}

static int init_intake(struct device *device, struct err *err)
{
	struct stream *stream = device->state;
	const struct stream_options *options = &stream->options;
	const struct stream_keys *keys = options->keys;
	unsigned streams = options->is_server ? (unsigned)keys->clients : 1;
	int rc = options->type == SOCK_STREAM
			 ? intake_init_streams(&stream->intake, device->spec,
					       &keys->frame, &keys->separator, streams)
			 : intake_init(&stream->intake, device->spec, &keys->frame,
				       &keys->separator, options->message_bytes);

	return rc ? err_set_errno(err, rc, "device '%s'", device->spec->name) : 0;
}

static ssize_t write_socket(struct device *device, struct letter *letter) RT_SAFE;
static ssize_t write_socket(struct device *device, struct letter *letter)
{
	letter->is_socket = true;
	return outbox_send(device, letter);
}

static bool reads_stream(const struct stream *stream)
{
	return stream->reads && stream->options.type == SOCK_STREAM;
}

/* Nothing is sent there any more. */
static void note_deaf(struct device *device, uint32_t tag, int code) RT_SAFE;
static void note_deaf(struct device *device, uint32_t tag, int code)
{
	struct stream *stream = device->state;

	if (stream->deaf & (1u << tag)) {
		return;
	}
	stream->deaf |= 1u << tag;
	stream->deaf_code = code;
	if (stream->options.is_server && code) {
		device_count(device, COUNT_ERRORS, 1);
	}
}

/* A client of a server frees its place; the only other side is the device. */
static void leave(struct device *device, uint32_t tag) RT_SAFE;
static void leave(struct device *device, uint32_t tag)
{
	struct stream *stream = device->state;

	if (stream->options.is_server) {
		atomic_fetch_or(&stream->gone, 1u << tag);
	} else {
		device_lost(device, stream->deaf_code);
	}
}

/* What the other side sent before it went is still to be read, to its end. */
static void fail_to_send(struct device *device, uint32_t tag, int code) RT_SAFE;
static void fail_to_send(struct device *device, uint32_t tag, int code)
{
	const struct stream *stream = device->state;
	bool has_end = stream->options.type != SOCK_DGRAM &&
		       (code == -EPIPE || code == -ECONNRESET || code == -ETIMEDOUT);

	note_deaf(device, tag, code);
	if (!has_end) {
		leave(device, tag);
	}
}

int stream_init(struct device *device, const struct stream_options *options,
		const struct stream_keys *keys, struct err *err)
{
	const struct traffic traffic = traffic_of(keys, options->type);
	struct stream *stream = device->state;
	const struct send_way way = { .write = write_socket,
				      .is_stream = options->type == SOCK_STREAM,
				      .fail = fail_to_send };
	int rc;

	stream->options = *options;
	stream->options.keys = keys;
	stream->request = (struct request){
		.options = keys->has_request ? &keys->request : NULL,
		.is_socket = true,
		.must_write_now = keys->has_send,
		.fail = fail_to_send,
	};
	stream->reads = traffic_reads(device->spec, &traffic);
	rc = stream->reads ? init_intake(device, err) : 0;
	return rc ? rc
		  : sender_init(&stream->sender, device->spec,
				keys->has_send ? &keys->send : NULL, &way,
				options->is_server ? STREAM_CLIENTS_MAX : 1, err);
}

void stream_resolve(struct device *device, const struct device *devices,
		    unsigned device_count)
{
	struct stream *stream = device->state;

	sender_resolve(&stream->sender, devices, device_count);
}

void stream_fini(struct device *device)
{
	struct stream *stream = device->state;

	intake_fini(&stream->intake);
	sender_fini(&stream->sender);
}

static struct endpoint make_endpoint(const struct device *device, int fd, uint32_t tag)
{
	const struct stream *stream = device->state;
	bool is_stream = stream->options.type == SOCK_STREAM;

	return (struct endpoint){
		.fd = fd,
		.op = is_stream ? ENDPOINT_READ : ENDPOINT_RECV,
		.bytes = is_stream ? READ_BYTES : stream->options.message_bytes,
		.budget = is_stream ? 1 : (uint32_t)device->spec->budget,
		.tag = tag,
	};
}

static int open_single(const struct device *device, int fd, struct link *ret_link,
		       struct err *err)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	*endpoint = make_endpoint(device, fd, 0);
	*ret_link = (struct link){ .endpoints = endpoint, .endpoint_count = 1 };
	return 0;
}

/* --- a client ------------------------------------------------------------------------------------ */

/* A new connection takes it at once: it is much shorter than the kernel's buffer. */
static int send_on_open(int fd, const struct option_bytes *bytes)
{
	ssize_t count = bytes->bytes > 0 ? sys_send(fd, bytes->data, bytes->bytes) : 0;

	if (count < 0) {
		return (int)count;
	}
	return (size_t)count == bytes->bytes ? 0 : -EAGAIN;
}

static int greet(const struct device *device, int fd, struct err *err)
{
	const struct stream *stream = device->state;
	const struct stream_options *options = &stream->options;
	int rc = options->prepare ? options->prepare(fd, device->spec) : 0;

	/* where nothing is to be driven, a device that reads nothing is told nothing at all */
	if (rc == 0 && (stream->reads || !device->is_dry)) {
		rc = send_on_open(fd, &options->keys->on_open);
	}
	return rc ? err_set_errno(err, rc, "%s: cannot send on_open", options->peer) : 0;
}

static int open_client(const struct device *device, int fd, struct link *ret_link,
		       struct err *err)
{
	const struct stream *stream = device->state;
	const struct stream_options *options = &stream->options;
	int begun = connection_begin(fd, (const struct sockaddr *)&options->address,
				     options->address_bytes);
	int rc;

	if (begun && begun != -EINPROGRESS) {
		return err_set_errno(err, begun, "cannot connect to %s", options->peer);
	}
	rc = begun ? 0 : greet(device, fd, err);
	rc = rc ? rc : open_single(device, fd, ret_link, err);
	if (rc == 0 && begun) {
		ret_link->deadline_ns = sys_now() + options->keys->timeout_ns;
	}
	return rc ? rc : begun;
}

int stream_proceed(const struct device *device, struct link *link, struct err *err)
{
	const struct stream *stream = device->state;
	int fd = link->endpoints[0].fd;
	int rc = connection_look(fd, link->deadline_ns);

	if (rc == -EINPROGRESS) {
		return rc;
	}
	if (rc) {
		return err_set_errno(err, rc, "cannot connect to %s",
				     stream->options.peer);
	}
	link->deadline_ns = 0;
	return greet(device, fd, err);
}

/* --- a server ------------------------------------------------------------------------------------ */

static void close_server(struct server *server)
{
	for (unsigned i = 0; i < STREAM_CLIENTS_MAX; i++) {
		if (server->clients[i]) {
			sys_close(server->fds[i]);
		}
	}
	sys_close(server->listen_fd);
	free(server);
}

/* Endpoints of all that have a place. The link owns @server only where this succeeds. */
static int make_server_link(const struct device *device, struct server *server,
			    struct link *ret_link)
{
	struct link link = { .handle = server };

	link.endpoints = calloc(STREAM_CLIENTS_MAX, sizeof(*link.endpoints));
	if (!link.endpoints) {
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < STREAM_CLIENTS_MAX; i++) {
		if (server->clients[i]) {
			link.endpoints[link.endpoint_count++] =
				make_endpoint(device, server->fds[i], i);
		}
	}
	*ret_link = link;
	return 0;
}

/* A socket file that nobody listens at any more is in the way of one that will. */
static void remove_stale(const struct stream_options *options)
{
	const struct sockaddr *address = (const struct sockaddr *)&options->address;
	int fd;

	if (address->sa_family != AF_UNIX) {
		return;
	}
	fd = socket(AF_UNIX, options->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, address, options->address_bytes) &&
	    errno == ECONNREFUSED) {
		unlink(options->peer);
	}
	sys_close(fd);
}

static int bind_socket(int fd, const struct stream_options *options, struct err *err)
{
	int one = 1;

	remove_stale(options);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (const struct sockaddr *)&options->address,
		 options->address_bytes)) {
		return err_set_errno(err, -errno, "cannot listen at %s", options->peer);
	}
	return 0;
}

static int open_server(const struct device *device, int fd, struct link *ret_link,
		       struct err *err)
{
	const struct stream *stream = device->state;
	struct server *server;
	int rc = bind_socket(fd, &stream->options, err);

	if (rc) {
		return rc;
	}
	if (listen(fd, STREAM_CLIENTS_MAX)) {
		return err_set_errno(err, -errno, "cannot listen at %s",
				     stream->options.peer);
	}
	server = calloc(1, sizeof(*server));
	if (server) {
		server->listen_fd = fd;
		server->next_client = (uint64_t)sys_now();
	}
	if (!server || make_server_link(device, server, ret_link)) {
		free(server);
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	return 0;
}

static int open_bound(const struct device *device, int fd, struct link *ret_link,
		      struct err *err)
{
	const struct stream *stream = device->state;
	int rc = bind_socket(fd, &stream->options, err);

	return rc ? rc : open_single(device, fd, ret_link, err);
}

/* Make the socket; it is closed again where @set_up fails. */
static int open_with(const struct device *device, struct link *ret_link, struct err *err,
		     int (*set_up)(const struct device *, int, struct link *,
				   struct err *))
{
	const struct stream *stream = device->state;
	const struct stream_options *options = &stream->options;
	int fd = socket(options->address.ss_family,
			options->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0) {
		return err_set_errno(err, -errno, "%s", options->peer);
	}
	rc = set_up(device, fd, ret_link, err);
	if (rc && rc != -EINPROGRESS) {
		sys_close(fd);
	}
	return rc;
}

int stream_open(const struct device *device, struct link *ret_link, struct err *err)
{
	const struct stream *stream = device->state;

	return open_with(device, ret_link, err,
			 stream->options.is_server ? open_server : open_client);
}

int stream_bind(const struct device *device, struct link *ret_link, struct err *err)
{
	return open_with(device, ret_link, err, open_bound);
}

void stream_close(const struct device *device, struct link *link)
{
	(void)device;
	if (link->handle) {
		close_server(link->handle);
	} else if (link->endpoint_count > 0) {
		sys_close(link->endpoints[0].fd);
	}
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

/* The clients that stay, by descriptors of the next link's own. */
static struct server *copy_server(const struct server *server, uint32_t gone)
{
	struct server *copy = calloc(1, sizeof(*copy));
	bool is_whole;

	if (!copy) {
		return NULL;
	}
	copy->next_client = server->next_client;
	copy->listen_fd = fcntl(server->listen_fd, F_DUPFD_CLOEXEC, 0);
	is_whole = copy->listen_fd >= 0;
	for (unsigned i = 0; i < STREAM_CLIENTS_MAX; i++) {
		if (server->clients[i] && !(gone & (1u << i))) {
			copy->fds[i] = fcntl(server->fds[i], F_DUPFD_CLOEXEC, 0);
			copy->clients[i] = copy->fds[i] < 0 ? 0 : server->clients[i];
			is_whole = is_whole && copy->fds[i] >= 0;
		}
	}
	/* a client without a descriptor would be one that was hung up on */
	if (!is_whole) {
		close_server(copy);
		return NULL;
	}
	return copy;
}

static int find_place(const struct server *server, int64_t places)
{
	for (int i = 0; i < places; i++) {
		if (server->clients[i] == 0) {
			return i;
		}
	}
	return -1;
}

static bool seat_client(const struct device *device, struct server *server, int place,
			int fd)
{
	const struct stream *stream = device->state;
	const struct stream_options *options = &stream->options;

	if ((options->prepare && options->prepare(fd, device->spec)) ||
	    send_on_open(fd, &options->keys->on_open)) {
		sys_close(fd);
		return false;
	}
	server->fds[place] = fd;
	server->clients[place] = server->next_client++;
	return true;
}

/* Who finds no place waits in the kernel's queue, with what it has sent, until one is free. */
static bool seat_waiting(const struct device *device, struct server *server)
{
	const struct stream *stream = device->state;
	bool has_changed = false;
	int place;

	while ((place = find_place(server, stream->options.keys->clients)) >= 0) {
		int fd = accept4(server->listen_fd, NULL, NULL,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			break;
		}
		has_changed |= seat_client(device, server, place, fd);
	}
	return has_changed;
}

static bool has_waiting(const struct server *server, int64_t places)
{
	struct pollfd poll_fd = { .fd = server->listen_fd, .events = POLLIN };

	return find_place(server, places) >= 0 && poll(&poll_fd, 1, 0) > 0;
}

int stream_tend(const struct device *device, const struct link *link,
		struct link *ret_next, struct err *err)
{
	const struct stream *stream = device->state;
	const struct server *server = link->handle;
	uint32_t gone = atomic_load(&stream->gone);
	struct server *next;

	if (!server ||
	    (gone == 0 && !has_waiting(server, stream->options.keys->clients))) {
		return 0;
	}
	next = copy_server(server, gone);
	if (!next) {
		return err_set(err, -ENOMEM, "nothing left for a client of '%s'",
			       device->spec->name);
	}
	if (!seat_waiting(device, next) && gone == 0) {
		close_server(next);
		return 0;
	}
	if (make_server_link(device, next, ret_next)) {
		close_server(next);
		return err_set(err, -ENOMEM, "no memory for a client of '%s'",
			       device->spec->name);
	}
	return 1;
}

/* --- the cycle's side ---------------------------------------------------------------------------- */

static void attach_client(struct device *device, const struct cycle_time *now)
{
	struct stream *stream = device->state;

	if (stream->reads) {
		intake_reset(&stream->intake, 0, false);
	}
	stream->deaf = 0;
	request_attach(&stream->request, now);
	sender_attach(&stream->sender, device, now);
}

void stream_attach(struct device *device, const struct cycle_time *now)
{
	struct stream *stream = device->state;
	const struct server *server = device->link->handle;

	if (!server) {
		attach_client(device, now);
		return;
	}
	if (!stream->serves) {
		sender_attach(&stream->sender, device, now);
		stream->serves = true;
	}
	for (uint32_t i = 0; i < stream->options.keys->clients; i++) {
		if (server->clients[i] == stream->seen[i]) {
			continue;
		}
		stream->seen[i] = server->clients[i];
		if (stream->options.type == SOCK_STREAM && stream->reads) {
			intake_reset(&stream->intake, i, false);
		}
		stream->deaf &= ~(1u << i);
		sender_connect(&stream->sender, i);
		atomic_fetch_and(&stream->gone, ~(1u << i));
	}
}

uint32_t stream_room(const struct device *device, uint32_t tag)
{
	const struct stream *stream = device->state;

	return stream->reads ? intake_room(&stream->intake, tag) : READ_BYTES;
}

void stream_receive(struct device *device, const struct message *message,
		    const struct cycle_time *now)
{
	struct stream *stream = device->state;

	if (!stream->reads) {
		return;
	}
	if (stream->options.type == SOCK_STREAM) {
		intake_stream(&stream->intake, device, message, now);
	} else {
		intake_message(&stream->intake, device, message, now);
	}
}

enum verdict stream_hang_up(struct device *device, uint32_t tag, int code)
{
	struct stream *stream = device->state;

	note_deaf(device, tag, code);
	if (reads_stream(stream)) {
		intake_end(&stream->intake, tag);
	} else {
		leave(device, tag);
	}
	return VERDICT_DROP;
}

void stream_tick(struct device *device, const struct cycle_time *now)
{
	struct stream *stream = device->state;
	uint32_t left;

	if (!reads_stream(stream)) {
		return;
	}
	intake_tick(&stream->intake, device, now);
	for (left = intake_drained(&stream->intake, device); left; left &= left - 1) {
		leave(device, (uint32_t)__builtin_ctz(left));
	}
}

/* On one connection, one after the other: what is half sent goes on first. */
static void emit_to_peer(struct device *device, const struct cycle_time *now)
{
	struct stream *stream = device->state;
	int fd = device->link->endpoints[0].fd;

	if (stream->deaf) {
		/* its end is not waited for where nothing comes after */
		if (device->is_ending) {
			leave(device, 0);
		}
		return;
	}
	if (!sender_is_midway(&stream->sender, 0)) {
		request_emit(&stream->request, device, fd, now);
	}
	if (device->is_lost) {
		return;
	}
	if (stream->request.unsent == 0) {
		sender_emit(&stream->sender, device, &fd, now);
	} else {
		sender_hold(&stream->sender, device, &fd, now);
	}
}

static void emit_to_clients(struct device *device, const struct cycle_time *now)
{
	struct stream *stream = device->state;
	const struct server *server = device->link->handle;
	int fds[STREAM_CLIENTS_MAX];

	for (unsigned i = 0; i < STREAM_CLIENTS_MAX; i++) {
		bool is_there = server->clients[i] && !(stream->deaf & (1u << i));

		fds[i] = is_there ? server->fds[i] : -1;
	}
	sender_emit(&stream->sender, device, fds, now);
}

void stream_posted(struct device *device, uint32_t tag, ssize_t result)
{
	struct stream *stream = device->state;

	if (tag == REQUEST_TAG) {
		request_posted(&stream->request, device, result);
	} else {
		sender_posted(&stream->sender, device, tag, result);
	}
}

void stream_emit(struct device *device, const struct cycle_time *now)
{
	const struct stream *stream = device->state;

	if (stream->options.is_server) {
		emit_to_clients(device, now);
	} else {
		emit_to_peer(device, now);
	}
}
