/*
 * The poller: how the endpoints of all devices are found ready and read. A link is made
 * ready to be polled by the supervisor (memory), taken into the scan by the cycle at its
 * edge (no memory), and freed by the supervisor after the cycle has let go of it.
 */
#ifndef RTLOOP_CYCLE_POLLER_H
#define RTLOOP_CYCLE_POLLER_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/cycle/blame.h"

struct poller;
struct poll_link;
struct uring_poller;
struct uring_slot;

/* One endpoint under the poller's eyes. */
struct poll_slot {
	struct poll_link *link; /* the link it is part of */
	const struct endpoint *endpoint;
	bool is_polled;
	bool is_hung_up; /* the other side sends no more; what it has sent is still there */
};

/* A device's link with all the memory that reading it takes. */
struct poll_link {
	struct device *device; /* borrowed */
	struct poll_link *next_given_back;
	bool was_lost; /* given back because the device went away; lost_code says why */
	int lost_code;
	struct link link;
	struct poll_slot *slots; /* one an endpoint */
	unsigned slot_count;
	uint8_t *buffer;		/* for all messages of the hungriest endpoint */
	struct mmsghdr *headers;	/* for recvmmsg: one a message, each with ... */
	struct iovec *parts;		/* its part of the buffer, */
	struct sockaddr_storage *names; /* its sender, */
	uint8_t *controls;		/* and POLL_CONTROL_BYTES of control data */
	const struct poll_slot *laid_out_for; /* the headers fit this slot ... */
	uint32_t used;		  /* but for so many that the last call changed */
	struct uring_slot *rings; /* one a slot, see uring_slot.h; NULL: not for uring */
	const struct poll_link *before; /* while it takes the place of another one */
};

#define POLL_CONTROL_BYTES 128

struct poller_ops {
	const char *name;
	uint32_t
		calls; /* enum calls, that finding ready endpoints takes; reading them is the drivers' */
	/* [init] */
	int (*open)(struct poller *poller, struct err *err);
	void (*close)(struct poller *poller);
	/* [rt]; -errno where an endpoint cannot be polled: nothing of the link is, then
	 */
	int (*attach)(struct poller *poller, struct poll_link *link) RT_SAFE;
	/* [rt] */
	void (*detach)(struct poller *poller, struct poll_slot *slot) RT_SAFE;
	/* [rt]; reads all ready endpoints of the devices that are due */
	void (*scan)(struct poller *poller, const struct cycle_time *now) RT_SAFE;

	/* below: NULL where the kind needs none */
	/* [super] memory of this kind for a link; -ENOMEM */
	int (*equip)(const struct poller *poller, struct poll_link *link);
	/* [init] by the thread that will use it; -errno */
	int (*begin)(struct poller *poller);
	/* [rt]; see poller_flush() */
	void (*flush)(struct poller *poller, bool is_edge) RT_SAFE;
	/* [rt]; see poller_settle() */
	void (*settle)(struct poller *poller) RT_SAFE;
	/* [any]; see poller_abandon() */
	void (*abandon)(struct poller *poller) RT_SAFE;
};

/* One epoll_wait(0) a cycle, level-triggered, and one call for each endpoint that is
 * ready. */
extern const struct poller_ops poller_epoll;

/* Receives that stay armed in an io_uring, and writes that leave with one call of the cycle. */
extern const struct poller_ops poller_uring;

#define POLLER_EVENTS_MAX 2048

struct poller {
	const struct poller_ops *ops;
	int epoll_fd;
	unsigned polled_count;	    /* endpoints in the scan */
	struct epoll_event *events; /* POLLER_EVENTS_MAX */
	struct blame *blame;	    /* borrowed; NULL: nobody asks which call took long */
	struct uring_poller *uring; /* owned; of uring */
	struct outbox
		*outbox; /* for its devices' writes; NULL: they make them themselves */
	struct err
		note; /* what differs from what was asked for, and why; "": nothing does */
};

/**
 * poller_open - where uring is not to be had it is epoll, and @poller->note says why.
 *
 * -EMFILE, -ENOMEM with @err filled. [init]
 */
int poller_open(struct poller *poller, int kind, struct err *err) MUST_CHECK;
void poller_close(struct poller *poller);

/** poller_begin - the calling thread is the one that uses it from now on; once; -errno. [init] or that thread
 * before its first cycle */
int poller_begin(struct poller *poller);

/** poller_ring - that of the poller uring; NULL of others. [any] */
struct uring *poller_ring(const struct poller *poller) RT_SAFE;

/** poller_pace - whether each wait of the pacer is in that ring, up to the release. [rt] before the first cycle */
void poller_pace(struct poller *poller, bool is_paced) RT_SAFE;

/** poller_equip - the memory that this poller needs for a link, before it is offered; -ENOMEM. [super] */
int poller_equip(const struct poller *poller, struct poll_link *link) MUST_CHECK;

/**
 * poller_flush - what devices have written so far leaves; where the pacer's wait takes it along, it is left to
 * that.
 * @is_edge: it must leave at once, and what became of it is told now
 *
 * [rt]
 */
void poller_flush(struct poller *poller, bool is_edge) RT_SAFE;

/** poller_settle - the last cycle is over: what was written leaves and is told of, and devices write for
 * themselves from now on. [rt] */
void poller_settle(struct poller *poller) RT_SAFE;

/** poller_abandon - the thread that polls hangs: what was written and has not left never will, as if there had
 * been no room. [any] while that thread does nothing */
void poller_abandon(struct poller *poller) RT_SAFE;

/**
 * poll_link_create - take over an opened link; it is closed by poll_link_destroy().
 *
 * NULL without memory: the link is still the caller's then. [super]
 */
struct poll_link *poll_link_create(struct device *device, const struct link *link);

/** poll_link_destroy - close the link by its driver, which may block. NULL is a no-op.
 * [super] */
void poll_link_destroy(struct poll_link *link);

/** poller_detach - let go of all endpoints of a link; it is never touched again. [rt] */
void poller_detach(struct poller *poller, struct poll_link *link) RT_SAFE;

/**
 * poller_take - read a ready endpoint once, within its budget, into its device, by calls of its own.
 *
 * Returns whether there may be more. [rt]
 */
bool poller_take(struct poller *poller, struct poll_slot *slot,
		 const struct cycle_time *now) RT_SAFE;

/** poller_end_slot - an endpoint failed with -errno, or came to its end, 0: its driver says what that means.
 * [rt] */
void poller_end_slot(struct poller *poller, struct poll_slot *slot, int code) RT_SAFE;

/** poller_took - all of a device's turn in this scan was handed over. [rt] */
void poller_took(struct poller *poller, struct poll_slot *slot,
		 const struct cycle_time *now) RT_SAFE;

/** device_is_due - whether it takes part in this cycle; at the end of a run each does. [rt] */
bool device_is_due(const struct device *device, const struct cycle_time *now) RT_SAFE;

#endif
