/* A batch of reads for io_uring, one for each endpoint; shared by the ways that differ in who submits it. */
#ifndef RTLOOP_BENCH_READER_RING_H
#define RTLOOP_BENCH_READER_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/uring.h"
#include "rtloop/bench/reader.h"

#ifdef HAVE_IO_URING

#define RING_BUFFER_BYTES 128

struct ring_batch {
	struct uring ring;
	uint8_t *buffers; /* one an endpoint */
	unsigned left;	  /* submitted and not completed */
	bool has_table; /* the descriptors are registered: the kernel looks none of them up */
};

/** ring_batch_create - as the reader's state, its ring not open; NULL without memory. [init] */
struct ring_batch *ring_batch_create(struct reader *reader);
void ring_batch_fini(struct ring_batch *batch);

/** ring_batch_register - the descriptors of its endpoints: 0 or -errno. [init] */
int ring_batch_register(struct reader *reader) MUST_CHECK;

/** ring_batch_fill - a read of each endpoint waits to be submitted. [init] */
void ring_batch_fill(struct reader *reader);

/** ring_batch_reap - the completions that are there: messages, or -errno. [init] */
int ring_batch_reap(struct reader *reader) MUST_CHECK;

#endif

#endif
