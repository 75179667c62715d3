/*
 * The driver contract.
 *
 * A device is one configured instance of a driver. It has 0 to n endpoints, which the
 * poller reads for all devices, and up to four calls of its own in each cycle in which it
 * is due:
 *
 *   read phase    receive()  once for each message that the poller took from an endpoint
 *                 sample()   what no endpoint brings: levels, computed values
 *                 tick()     what time alone makes happen: decoding what was left over,
 *                            time-outs
 *   write phase   emit()     requests and outputs; never blocks
 *
 * Everything that can block (opening, closing, looking names up) is in open() and
 * close(), called by the supervisor. open() makes a complete link; the cycle takes it at
 * an edge between two cycles and gives it back the same way. When a device fails, its
 * link goes back at once and its channels turn bad; the supervisor opens it again.
 *
 * A driver never sees YAML: it declares option rows and gets its structs filled and
 * checked. Drivers never include each other. What a driver may call is device.h, frame.h,
 * field.h and base/sys.h.
 */
#ifndef DRIVERS_DRIVER_H
#define DRIVERS_DRIVER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "config/option.h"
#include "config/place.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/base/guarded.h"
#include "rtloop/base/image.h"

struct device; /* drivers/device.h */

/* What the cycle knows about now. All times are CLOCK_MONOTONIC, ns. */
struct cycle_time {
	uint64_t cycle;	    /* cycles run before this one */
	uint64_t release;   /* index on the grid of releases; jumps where releases were
			       missed */
	int64_t release_ns; /* the planned time of this cycle: the time that logic sees */
	int64_t wake_ns;    /* when the cycle woke: the time of what it samples */
	int64_t dt_ns; /* since the release of the cycle before; missed ones included */
};

/* How the poller reads an endpoint. */
enum endpoint_op {
	ENDPOINT_READ,	  /* read(2): a byte stream, or as many records as fit */
	ENDPOINT_RECORD,  /* read(2): one record of a character device a call */
	ENDPOINT_RECV,	  /* recvmmsg(2): messages; who sent them is not needed */
	ENDPOINT_RECVMSG, /* recvmmsg(2): messages with sender and control data (time
			     stamps) */
	ENDPOINT_MQ,	  /* mq_receive(3): a POSIX message queue */
};

struct endpoint {
	int fd; /* non-blocking; owned by the link */
	enum endpoint_op op;
	uint32_t bytes;	 /* greatest read, or longest message; a longer one arrives
			    truncated */
	uint32_t budget; /* most messages a cycle; a stream is read once a cycle */
	uint32_t tag;	 /* the driver's own, handed back in struct message */
};

#define ENDPOINT_BYTES_MAX  65536
#define ENDPOINT_BUDGET_MAX 64

/* All that one opening of a device made. Complete and never changed once open() has
 * returned it. */
struct link {
	struct endpoint *endpoints; /* owned */
	unsigned endpoint_count;
	void *handle;	     /* the driver's own; NULL where the endpoints are all */
	int64_t deadline_ns; /* of an opening in progress: see proceed(); 0: none is */
};

/* What the poller took from an endpoint; valid during the call of receive() only. */
struct message {
	const uint8_t *data;
	uint32_t bytes;
	uint32_t tag;	   /* of the endpoint */
	bool is_truncated; /* the message was longer than endpoint.bytes */
	const struct sockaddr_storage
		*from; /* ENDPOINT_RECVMSG, of a sender with an address; NULL otherwise */
	const struct msghdr
		*header; /* ENDPOINT_RECVMSG: for CMSG_FIRSTHDR; NULL otherwise */
};

/* What becomes of an endpoint that failed or came to its end. */
enum verdict {
	VERDICT_KEEP, /* go on reading it: the error was of one message (a refused
			 datagram) */
	VERDICT_DROP, /* stop reading this endpoint; the device goes on (one client of a
			 server) */
	VERDICT_LOST, /* the device is gone: back to the supervisor */
};

enum lane {
	LANE_CYCLE, /* in the cycle thread */
	LANE_ASYNC, /* on a thread of its own; the cycle sees its newest values with their
		       age */
};

/* One channel as configured. */
struct channel_spec {
	const char *name; /* borrowed from the configuration, as all text here is */
	const char *unit; /* NULL: none */
	enum value_type type;
	bool has_substitute;
	union value substitute;
	union value safe;    /* of an output: required, of its type */
	const void *options; /* the driver's own struct for it: in_bytes or out_bytes of
				struct driver */
	struct place place;
};

/* One device as configured: what its driver's open() and init() build from. */
struct device_spec {
	const char *name;
	const struct driver *driver;
	const void *options; /* the driver's own struct: options_bytes */
	struct channel_spec *in;
	unsigned in_count;
	struct channel_spec *out;
	unsigned out_count;
	int64_t every;	    /* due in every n-th cycle; 1: in each */
	int64_t max_age_ns; /* 0: never stale */
	int64_t budget;	    /* most messages and frames taken a cycle, 1 to
			       ENDPOINT_BUDGET_MAX */
	int lane;	    /* enum lane */
	struct place place;
};

/**
 * struct driver - one kind of device. Slots that are NULL are not needed by it.
 * @name: the word after "driver:"
 * @summary: one sentence without a full stop, for "rtloop drivers"
 * @description: a paragraph or more for "rtloop drivers NAME"
 * @example: a device entry as a configuration would hold it; loaded by a test
 * @options: rows of the device's own keys, bound to options_bytes of struct
 * @in_options: rows of the keys of each input channel, bound to in_bytes of struct
 * @out_options: the same of each output channel, bound to out_bytes of struct; NULL: it has
 *               no outputs
 * @state_bytes: memory of struct device's @state, zeroed at start
 * @calls: what of the seam its devices need in the cycle, as enum calls joined: to read their endpoints, and in
 *         receive(), sample() and tick(). A sealed cycle thread is let nothing else
 * @emit_calls: the same of emit(), for devices that have anything to emit
 * @allows_async: whether "lane: async" makes sense for it
 * @lacks: the library, and the package that brings it, without which this build cannot
 *         open such a device; NULL: none
 */
struct driver {
	const char *name;
	const char *summary;
	const char *description;
	const char *example;
	const struct option *options;
	size_t options_bytes;
	const struct option *in_options;
	size_t in_bytes;
	const struct option *out_options;
	size_t out_bytes;
	size_t state_bytes;
	uint32_t calls;
	uint32_t emit_calls;
	bool allows_async;
	const char *lacks;

	/**
	 * check - errors that no row can see: options that exclude each other, an
	 * unreadable file. Says all it finds with place_error(). [init]
	 */
	void (*check)(const struct device_spec *spec);

	/**
	 * channel_type - of an input channel whose configuration states none, told from
	 * @in_options; a NULL slot is VALUE_FLOAT. [init]
	 */
	enum value_type (*channel_type)(const void *in_options);

	/** out_channel_type - the same of an output channel, from @out_options. [init] */
	enum value_type (*out_channel_type)(const void *out_options);

	/**
	 * rights - what it takes, beyond RIGHT_FILES, to open such a device again while the loop runs: enum right
	 * of rtloop/base/rights.h, joined. A NULL slot is none. [init]
	 */
	uint32_t (*rights)(const struct device_spec *spec);

	/**
	 * init - prepare @state: tables, parsed patterns, buffers. -errno with @err
	 * filled. [init]
	 */
	int (*init)(struct device *device, struct err *err);

	/**
	 * check_names - errors in options that name channels of other devices; called once all else
	 * is right. [init]
	 */
	void (*check_names)(const struct device_spec *spec,
			    const struct device_spec *devices, unsigned device_count);

	/** resolve - find those channels; after init() of all devices. [init] */
	void (*resolve)(struct device *device, const struct device *devices,
			unsigned device_count);

	/** fini - undo init; also right after an init that failed half way. [init] */
	void (*fini)(struct device *device);

	/**
	 * open - make the device ready and fill @ret_link; may block for a moment, but waits for no peer.
	 *
	 * -EINPROGRESS with @ret_link filled: a peer has yet to answer, and proceed() goes on with it;
	 * another -errno with @err filled: then @ret_link is untouched and nothing stays open.
	 * Never touches @state, which belongs to the cycle. [super]
	 */
	int (*open)(const struct device *device, struct link *ret_link, struct err *err);

	/**
	 * proceed - go on with what open() left in progress; never waits, and is asked some twenty times
	 * a second.
	 *
	 * 0: @link is complete; -EINPROGRESS: not yet; another -errno with @err filled: it has failed, and
	 * close() is called. A driver whose open() is never in progress needs none. [super]
	 */
	int (*proceed)(const struct device *device, struct link *link, struct err *err);

	/**
	 * tend - look after a link in force, some twenty times a second: take in who waits to
	 * connect, let go of who left.
	 *
	 * 1 with @ret_next filled: a complete link to take the place of @link, which is closed after
	 * it; 0: nothing changed; -errno with @err filled: nothing changed, and it is tried again.
	 * [super]
	 */
	int (*tend)(const struct device *device, const struct link *link,
		    struct link *ret_next, struct err *err);

	/**
	 * guarded - what the guardian is to hold of a link: lines that stay as they are while a
	 * descriptor of theirs is open.
	 *
	 * Returns that descriptor, which stays the link's; -1: there is none. A NULL slot: likewise. [super]
	 */
	int (*guarded)(const struct device *device, const struct link *link,
		       struct guarded *ret_guarded);

	/** close - undo open; may block for a long time (a tty drains). [super] */
	void (*close)(const struct device *device, struct link *link);

	/** attach - a new link is in force from this cycle on: forget half frames. [rt]
	 */
	void (*attach)(struct device *device, const struct cycle_time *now) RT_SAFE;

	/**
	 * room - most bytes that receive() can take from a stream now; 0: leave it
	 * unread. A NULL slot can always take all. [rt]
	 */
	uint32_t (*room)(const struct device *device, uint32_t tag) RT_SAFE;

	/** receive - take one message, or the next bytes of a stream. [rt] */
	void (*receive)(struct device *device, const struct message *message,
			const struct cycle_time *now) RT_SAFE;

	/**
	 * hang_up - an endpoint reported -errno, or its end as 0: what now? A NULL slot
	 * is VERDICT_LOST. [rt]
	 */
	enum verdict (*hang_up)(struct device *device, uint32_t tag, int code) RT_SAFE;

	/** sample - read what no endpoint brings, into the channels; changes are then recorded. [rt] */
	void (*sample)(struct device *device, const struct cycle_time *now) RT_SAFE;

	/** tick - what the passing of time brings about. [rt] */
	void (*tick)(struct device *device, const struct cycle_time *now) RT_SAFE;

	/**
	 * emits - whether emit() can have anything to do for this device: one that cannot costs the cycle
	 * nothing. A NULL slot is true. [init]
	 */
	bool (*emits)(const struct device *device);

	/**
	 * emit - send what is due; what does not fit at once is counted, never waited for.
	 *
	 * What is to be driven is in the cells of device->out, which may change from one call to
	 * the next. Where device->must_emit is set they are sent whatever the device's own plan
	 * (every, on, write) says: the driver clears it when it has taken that up, and sets
	 * device->is_behind while what is to be sent is not on its way. Where device->is_ending is
	 * set nothing comes after that: bytes that closing would throw away are not on their way. Where
	 * device->is_dry is set no output is sent; requests that only read still are. [rt]
	 */
	void (*emit)(struct device *device, const struct cycle_time *now) RT_SAFE;

	/**
	 * rescue - the cycle hangs, perhaps in a call of this very device: drive the safe values at once. Uses the
	 * device's specification and this link, which stands still until the call is over, and neither state nor
	 * cells. A NULL slot is a device to which that cannot be done: one that sends messages may be in the middle
	 * of one.
	 *
	 * 0, or -errno. [any] while nothing drives the outputs any more
	 */
	int (*rescue)(const struct device *device, const struct link *link) RT_SAFE;

	/**
	 * posted - what became of a write that emit() left in the outbox: how many bytes were taken, or
	 * -errno. Called before the next emit(), and before what was received since is handed over. Of a
	 * driver that uses outbox_send(). [rt]
	 */
	void (*posted)(struct device *device, uint32_t tag, ssize_t result) RT_SAFE;
};

/** driver_find - by name; NULL where there is none. [any] */
const struct driver *driver_find(const char *name);

/** driver_at - the index-th driver in order of names; NULL past the last. [any] */
const struct driver *driver_at(unsigned index);

#endif
