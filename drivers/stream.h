/*
 * What tcp and unix share: one connection to a peer, or a listener and the connections of up to
 * STREAM_CLIENTS_MAX clients.
 *
 * A server's link is never changed: when a client comes or goes, the supervisor makes the next link from
 * duplicates of the descriptors that stay, and the cycle takes it in place of the other. A client keeps its
 * place, which is the tag of its endpoint, and a number that no other client of the run has.
 */
#ifndef DRIVERS_STREAM_H
#define DRIVERS_STREAM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "drivers/device.h"
#include "drivers/intake.h"
#include "drivers/request.h"
#include "drivers/send.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

#define STREAM_CLIENTS_MAX 16

/* Keys that both families have. */
struct stream_keys {
	int64_t clients;
	bool has_clients;
	int64_t timeout_ns;
	struct option_bytes on_open;
	struct request_options request;
	bool has_request;
	struct send_options send;
	bool has_send;
	struct frame_options frame;
	bool has_frame;
	struct option_bytes separator;
};

/* Their rows, in a table bound to a struct whose member `keys` is a struct stream_keys. */
#define STREAM_ROWS(STRUCT)                                                              \
	{                                                                                \
		.name = "clients",                                                       \
		.type = OPTION_INT,                                                      \
		.offset = offsetof(STRUCT, keys.clients),                                \
		.fallback = "4",                                                         \
		.min = 1,                                                                \
		.max = STREAM_CLIENTS_MAX,                                               \
		.is_given_offset = offsetof(STRUCT, keys.has_clients),                   \
		.help = "listen: most clients at a time; one more waits for a place",    \
	},                                                                               \
		{                                                                        \
			.name = "timeout",                                               \
			.type = OPTION_DURATION,                                         \
			.offset = offsetof(STRUCT, keys.timeout_ns),                     \
			.fallback = "2s",                                                \
			.min = 10e6,                                                     \
			.max = 10e9,                                                     \
			.help = "connect: how long it may take; then it is tried again " \
				"later",                                                 \
		},                                                                       \
		{                                                                        \
			.name = "on_open",                                               \
			.type = OPTION_BYTES,                                            \
			.offset = offsetof(STRUCT, keys.on_open),                        \
			.help = "bytes sent on each new connection",                     \
		},                                                                       \
		{                                                                        \
			.name = "request",                                               \
			.type = OPTION_GROUP,                                            \
			.offset = offsetof(STRUCT, keys.request),                        \
			.rows = request_rows,                                            \
			.is_given_offset = offsetof(STRUCT, keys.has_request),           \
			.help = "connect: bytes sent again and again, for a peer that "  \
				"only "                                                  \
				"answers",                                               \
		},                                                                       \
		{                                                                        \
			.name = "send",                                                  \
			.type = OPTION_GROUP,                                            \
			.offset = offsetof(STRUCT, keys.send),                           \
			.rows = send_rows,                                               \
			.is_given_offset = offsetof(STRUCT, keys.has_send),              \
			.help = "messages with the values of channels, and when they "   \
				"are sent; listen: to every client",                     \
		},                                                                       \
	{                                                                                \
		.name = "separator", .type = OPTION_BYTES,                               \
		.offset = offsetof(STRUCT, keys.separator), .fallback = ",",             \
		.help = "between the columns of a text; a single space stands for any "  \
			"run of "                                                        \
			"blanks",                                                        \
	}

/* As configured. All borrowed. */
struct stream_options {
	struct sockaddr_storage address;
	socklen_t address_bytes;
	const char *peer; /* the address in text, for errors */
	int type;	  /* SOCK_STREAM, or SOCK_SEQPACKET: then each message is whole */
	bool is_server;	  /* it listens; otherwise it connects */
	int64_t clients;  /* of a server: most at a time */
	int64_t timeout_ns;	/* of connecting */
	uint32_t message_bytes; /* of SOCK_SEQPACKET: the longest message */
	const struct stream_keys *keys;
	/* set what is particular to the family on a new connection; may be NULL. [super] */
	int (*prepare)(int fd, const struct device_spec *spec);
};

/* In the device's state: of the cycle, but for what is atomic. */
struct stream {
	struct stream_options options;
	struct intake intake;
	struct request request;		   /* of a client */
	struct sender sender;		   /* with a slot for each connection */
	bool serves;			   /* the grid of what is sent has begun */
	bool reads;			   /* otherwise what comes is thrown away */
	uint64_t seen[STREAM_CLIENTS_MAX]; /* whose half frames each place holds */
	uint32_t
		deaf; /* places to which nothing is sent any more, a bit each: what came may still be read */
	int deaf_code;	       /* why not: of the last of them */
	_Atomic uint32_t gone; /* places whose client has left, a bit each */
};

/**
 * stream_check - what no row can see of the shared keys.
 * @type: SOCK_STREAM and so on
 *
 * [init]
 */
void stream_check(const struct device_spec *spec, const struct stream_keys *keys,
		  int type, bool connects, bool is_server);

/**
 * stream_init - options, intake and request; stream_fini() is right after a failure too.
 *
 * The device's state is a struct stream. -ENOMEM with @err filled. [init]
 */
int stream_init(struct device *device, const struct stream_options *options,
		const struct stream_keys *keys, struct err *err) MUST_CHECK;

/**
 * stream_bind - the open() of a socket without connections: whoever knows the address may send.
 *
 * -EADDRINUSE, -EACCES and what else bind(2) returns, with @err filled. [super]
 */
int stream_bind(const struct device *device, struct link *ret_link, struct err *err);

/*
 * The slots of struct driver, for both families.
 *
 * stream_open() begins to connect, or binds and listens: -EINPROGRESS, -ECONNREFUSED, -EADDRINUSE and what
 * else the calls return. stream_proceed() sends on_open once it is connected, and gives up with -ETIMEDOUT. stream_tend() takes in who waits and lets
 * go of who left. stream_attach() forgets the half frames of clients that are not the ones before. A
 * client of a server that hangs up only frees its place; any other end is the device's. Either comes when all
 * that was sent before is decoded, within the budget.
 */
void stream_fini(struct device *device);
void stream_resolve(struct device *device, const struct device *devices,
		    unsigned device_count);
int stream_open(const struct device *device, struct link *ret_link, struct err *err);
int stream_proceed(const struct device *device, struct link *link, struct err *err);
void stream_close(const struct device *device, struct link *link);
int stream_tend(const struct device *device, const struct link *link,
		struct link *ret_next, struct err *err);
void stream_attach(struct device *device, const struct cycle_time *now) RT_SAFE;
uint32_t stream_room(const struct device *device, uint32_t tag) RT_SAFE;
void stream_receive(struct device *device, const struct message *message,
		    const struct cycle_time *now) RT_SAFE;
enum verdict stream_hang_up(struct device *device, uint32_t tag, int code) RT_SAFE;
void stream_tick(struct device *device, const struct cycle_time *now) RT_SAFE;
void stream_emit(struct device *device, const struct cycle_time *now) RT_SAFE;

/** stream_posted - posted() of struct driver. [rt] */
void stream_posted(struct device *device, uint32_t tag, ssize_t result) RT_SAFE;

#endif
