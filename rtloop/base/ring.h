/*
 * A lock-free ring of bytes between one producer and one consumer, for records of any
 * length.
 *
 * The buffer is mapped twice in a row, so that a record is contiguous wherever it starts.
 * Indices run freely (they are offsets since the start, never reset) and lie on lines of
 * their own; the producer keeps a copy of the consumer's index and reads the real one
 * only when the copy is not enough.
 *
 * The producer writes a whole transaction (the records of one cycle) and makes it visible
 * by one release-store, or forgets it. It never waits: where something does not fit, it
 * is told so.
 */
#ifndef RTLOOP_BASE_RING_H
#define RTLOOP_BASE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

struct ring {
	uint8_t *data;	/* 2 * bytes mapped; the second half is the first again */
	uint64_t bytes; /* a power of two */

	/* the producer's line */
	_Alignas(APART_BYTES) _Atomic uint64_t head; /* committed up to here */
	uint64_t next; /* written up to here, not committed */
	uint64_t tail_seen;

	/* the consumer's line */
	_Alignas(APART_BYTES) _Atomic uint64_t tail; /* taken up to here */
};

/**
 * ring_init - map the buffer and touch every page of it.
 * @bytes: rounded up to a power of two of at least 64 KiB; at most 1 GiB
 *
 * -EINVAL, -ENOMEM, -EMFILE, with @err filled. ring_fini() is right after a failure too.
 * [init]
 */
int ring_init(struct ring *ring, uint64_t bytes, struct err *err) MUST_CHECK;
void ring_fini(struct ring *ring);

/**
 * ring_reserve - room for @bytes more in the open transaction; contiguous, 8-byte
 * aligned.
 * @spare: bytes of the ring that must stay free behind it
 *
 * NULL where that is not free; the transaction is as it was. [rt: producer]
 */
static inline void *ring_reserve(struct ring *ring, uint32_t bytes, uint32_t spare)
{
	uint64_t rounded = ((uint64_t)bytes + 7) & ~UINT64_C(7);
	void *place = ring->data + (ring->next & (ring->bytes - 1));

	if (ring->next + rounded + spare - ring->tail_seen > ring->bytes) {
		/* pairs with the release in ring_take(): what was there has been read */
		ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
		if (ring->next + rounded + spare - ring->tail_seen > ring->bytes) {
			return NULL;
		}
	}
	ring->next += rounded;
	return place;
}

/** ring_commit - make the open transaction visible to the consumer. [rt: producer] */
static inline void ring_commit(struct ring *ring)
{
	/* pairs with the acquire in ring_peek(): the records are written */
	atomic_store_explicit(&ring->head, ring->next, memory_order_release);
}

/** ring_abort - forget the open transaction. [rt: producer] */
static inline void ring_abort(struct ring *ring)
{
	ring->next = atomic_load_explicit(&ring->head, memory_order_relaxed);
}

/**
 * ring_used - bytes committed and not taken, at some moment. [any]
 */
static inline uint64_t ring_used(const struct ring *ring)
{
	return atomic_load_explicit(&ring->head, memory_order_relaxed) -
	       atomic_load_explicit(&ring->tail, memory_order_relaxed);
}

/**
 * ring_peek - all that is committed and not taken, contiguous.
 *
 * NULL where there is nothing. [log: consumer]
 */
static inline const void *ring_peek(struct ring *ring, uint64_t *ret_bytes)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	/* pairs with the release in ring_commit() */
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);

	if (head == tail) {
		return NULL;
	}
	*ret_bytes = head - tail;
	return ring->data + (tail & (ring->bytes - 1));
}

/** ring_take - give @bytes from the front back to the producer. [log: consumer] */
static inline void ring_take(struct ring *ring, uint64_t bytes)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);

	/* pairs with the acquire in ring_reserve(): we have read what we give back */
	atomic_store_explicit(&ring->tail, tail + bytes, memory_order_release);
}

#endif
