/*
 * Orders: what a person wants of the loop while it runs, left by the supervisor in memory set aside at start
 * and taken by the cycle at an edge between two cycles. All orders of one batch take effect together, in the
 * cycle that took them.
 */
#ifndef RTLOOP_CYCLE_ORDERS_H
#define RTLOOP_CYCLE_ORDERS_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/image.h"
#include "rtloop/base/turn.h"

struct loop; /* rtloop/cycle/loop.h */

/* In one batch: all params that there can be. */
#define ORDERS_MAX 1024

/* Of these, the ones that force and release: each is an event of its cycle, which has room for twice as
 * many. */
#define ORDER_FORCES_MAX 32

enum order_kind {
	ORDER_FORCE,   /* hold @value on an input or an output */
	ORDER_RELEASE, /* no longer */
	ORDER_SET,     /* give @value to a param */
};

struct order {
	enum order_kind kind;
	bool is_output;
	unsigned device; /* its index */
	unsigned index;	 /* among the device's inputs, or outputs; or among the params */
	union value value;
};

struct orders {
	struct turn turn; /* over all below */
	struct order list[ORDERS_MAX];
	unsigned count;
	uint64_t cycle; /* that took the last batch */

	uint16_t
		force_topic; /* of the cycle; 0: what is forced is no record of its own */
};

/**
 * orders_are_done - whether the last batch was taken: then @cycle is valid, and the next one can be
 * written. [super]
 */
bool orders_are_done(const struct orders *orders);

/** orders_give - the batch is complete; only where orders_are_done(). [super] */
void orders_give(struct orders *orders);

/** orders_take - carry out the batch that was given, if there is one. [rt] at an edge */
void orders_take(struct loop *loop, uint64_t cycle) RT_SAFE;

#endif
