/*
 * A bench: what waiting, reading and writing take on this machine, each way beside the others. It drives no output and
 * opens no device: endpoints are descriptors with this process at their other end.
 */
#ifndef RTLOOP_BENCH_BENCH_H
#define RTLOOP_BENCH_BENCH_H

#include <stdbool.h>

#include "rtloop/base/thread.h"
#include "rtloop/bench/part.h"
#include "rtloop/cycle/realtime.h"

struct bench {
	struct conditions conditions;
	struct realtime realtime;
	struct table tables[BENCH_PARTS];
	struct err failures[BENCH_PARTS]; /* of a part that could not be measured; "" */
	struct course course;
	bool was_stopped; /* what is in the tables is not all */
};

/** bench_part - what it is. [any] */
const struct part_ops *bench_part(enum bench_part part) RT_SAFE;

/**
 * bench_init - nothing is measured yet. Says in @bench->realtime what keeps this from being real-time, and in
 * @bench->conditions.priority what is in force.
 * @conditions: priority: what is asked for
 *
 * [init]
 */
void bench_init(struct bench *bench, const struct conditions *conditions);
void bench_fini(struct bench *bench);

/* Who is told several times a second how far it is; tell: NULL: nobody is. */
struct bench_listener {
	void (*tell)(void *context, int64_t done_ns, int64_t all_ns);
	void *context;
};

/** bench_run - all parts, one after the other. Those that failed are told in @bench->failures. -EAGAIN, -ENOMEM, -EINVAL
 * with @err filled where a thread could not be started. [init] */
int bench_run(struct bench *bench, const struct bench_listener *listener,
	      struct err *err) MUST_CHECK;

/** bench_stop - end soon; also from a signal's handler. [any] */
void bench_stop(struct bench *bench);

#endif
