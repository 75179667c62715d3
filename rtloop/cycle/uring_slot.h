/*
 * An endpoint as the poller uring reads it: a receive that stays armed, the buffers that it fills, and
 * what it brought and nobody has taken yet.
 *
 * The buffers are the endpoint's flood budget. The kernel takes from a socket only as long as there is one;
 * one that was handed over goes back to the kernel, and a receive that ran out of them is armed again. Of
 * messages there is one more than the budget, since the kernel asks for a buffer before it looks whether
 * there is another message.
 */
#ifndef RTLOOP_CYCLE_URING_SLOT_H
#define RTLOOP_CYCLE_URING_SLOT_H

#include "rtloop/base/uring.h"
#include "rtloop/cycle/poller.h"

#ifdef HAVE_IO_URING

enum uring_way {
	URING_RECV,    /* multishot receive: streams and messages of sockets */
	URING_RECVMSG, /* the same, with sender and control data */
	URING_READ,    /* multishot read: serial lines, edges, records */
	URING_CALLS,   /* told that there is something; read by calls of its own */
};

/* What a completion brought. */
struct uring_held {
	int buffer; /* -1: a message without a byte */
	uint32_t bytes;
};

struct uring_slot {
	struct poll_slot *slot; /* borrowed; of the same link */
	enum uring_way way;
	bool is_stream;
	bool may_end;  /* a message without a byte may be the end: SOCK_SEQPACKET */
	uint64_t file; /* the same for two descriptors of one socket */

	uint8_t *memory; /* owned: the ring of free buffers, then the buffers */
	struct io_uring_buf_ring *ring; /* of free buffers, which the kernel takes from */
	uint8_t *buffers;
	uint32_t stride, buffer_bytes;
	uint16_t ring_entries, buffer_count; /* the former a power of two */
	uint16_t ring_tail;
	struct uring_held *held; /* owned; buffer_count + 1 of them, used as a ring */
	unsigned held_first, held_count;
	uint32_t offset;      /* of a stream: bytes of the first one that were taken */
	unsigned in_kernel;   /* buffers */
	struct msghdr *shape; /* owned; what URING_RECVMSG is to receive */

	/* of the cycle */
	uint16_t
		place; /* in the poller's table; also the number of its group of buffers */
	bool is_placed;
	bool has_group; /* its buffers are registered */
	bool is_armed;
	bool wants_arming;
	bool was_cut; /* it ended by a message, and others may wait behind that */
	bool has_ended;
	int end_code;	/* -errno, or 0: the end */
	bool has_more;	/* of URING_CALLS: to be read in the next cycle too */
	bool is_listed; /* among those that have something */
	struct uring_slot *next_listed;
};

/** uring_slots_create - one for each endpoint of a link; NULL without memory. [super] */
struct uring_slot *uring_slots_create(struct poll_link *link, bool has_read_multishot);

/** uring_slots_destroy - NULL is a no-op. [super] */
void uring_slots_destroy(struct uring_slot *slots, unsigned count);

/** uring_slot_of - of an endpoint. [rt] */
struct uring_slot *uring_slot_of(const struct poll_slot *slot) RT_SAFE;

/** uring_slot_begin - all buffers but those that hold something are the kernel's. [rt] */
void uring_slot_begin(struct uring_slot *us) RT_SAFE;

/** uring_slot_inherit - take over what another one holds of the same socket; before uring_slot_begin(). [rt] */
void uring_slot_inherit(struct uring_slot *us, const struct uring_slot *before) RT_SAFE;

/**
 * uring_slot_has_room - whether all fits that a receive can bring which is armed now.
 *
 * Each one may end by a message without a byte, which takes a place and no buffer. [rt]
 */
bool uring_slot_has_room(const struct uring_slot *us) RT_SAFE;

/** uring_slot_hold - a completion brought @bytes in @buffer. [rt] */
void uring_slot_hold(struct uring_slot *us, int buffer, uint32_t bytes) RT_SAFE;

/** uring_slot_release - the first that is held was taken; its buffer is the kernel's again. [rt] */
void uring_slot_release(struct uring_slot *us) RT_SAFE;

/** uring_slot_buffer - where the first that is held begins. [rt] */
uint8_t *uring_slot_buffer(const struct uring_slot *us) RT_SAFE;

/**
 * uring_slot_take - hand over what is held, within the endpoint's budget, and then its end.
 *
 * Returns whether there is more to be handed over. [rt]
 */
bool uring_slot_take(struct uring_slot *us, struct poller *poller,
		     const struct cycle_time *now) RT_SAFE;

#else

static inline void uring_slots_destroy(struct uring_slot *slots, unsigned count)
{
	(void)slots;
	(void)count;
}

#endif

#endif
