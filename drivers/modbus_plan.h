/*
 * The plan of a poll: the fewest requests that bring all channels of a device, and which values of
 * each answer are whose; and likewise of what is written. Made once, at start.
 *
 * Channels of one unit and one table go into one request while they are adjacent, or no more than
 * `gap` unused addresses apart, and it stays within the greatest that the standard (or
 * registers_max) allows.
 */
#ifndef DRIVERS_MODBUS_PLAN_H
#define DRIVERS_MODBUS_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "drivers/modbus_frame.h"
#include "drivers/sample.h"
#include "rtloop/base/attr.h"

/* One channel's place in an answer. */
struct modbus_item {
	unsigned channel;
	uint32_t at;	    /* from the request's first address */
	uint32_t registers; /* 0: a coil or a discrete input */
	bool is_low_first;
	bool is_swapped;
	bool is_float;
	bool is_signed;
	uint32_t bit; /* of an integer: the part that is taken */
	uint32_t bits;
	struct scaling scaling;
};

struct modbus_query {
	struct modbus_request request;
	const struct modbus_item *items; /* of the plan */
	unsigned item_count;
	uint8_t refused_with; /* the exception of the last answer; 0: it was none. [rt] */
};

struct modbus_plan {
	struct modbus_item *items;    /* owned */
	struct modbus_query *queries; /* owned; by unit, function and address */
	unsigned query_count;
};

/**
 * modbus_plan_init - from channels that modbus_check() found right.
 *
 * -ENOMEM. modbus_plan_fini() is right after a failure too. [init]
 */
int modbus_plan_init(struct modbus_plan *plan, const struct device_spec *spec) MUST_CHECK;

/**
 * modbus_plan_init_out - the same of the outputs: which are written together. Nothing between them is, and
 * their requests are of the functions that read the same table. [init]
 */
int modbus_plan_init_out(struct modbus_plan *plan,
			 const struct device_spec *spec) MUST_CHECK;
void modbus_plan_fini(struct modbus_plan *plan);

/**
 * modbus_query_compose - what the outputs of a request of modbus_plan_init_out() are to be.
 * @data: modbus_data_bytes() of it; bits that no output takes are 0
 *
 * [rt]
 */
void modbus_query_compose(const struct modbus_query *query, const struct device *device,
			  uint8_t *data) RT_SAFE;

/**
 * modbus_query_put - the values of an answer into their channels.
 * @data: modbus_data_bytes() of the request
 *
 * One that is not finite turns its channel bad and is counted. Returns how many are good. [rt]
 */
unsigned modbus_query_put(const struct modbus_query *query, struct device *device,
			  const uint8_t *data, int64_t sample_ns) RT_SAFE;

/** modbus_query_mark_bad - all channels of a request that was refused, or not answered. [rt] */
void modbus_query_mark_bad(const struct modbus_query *query,
			   struct device *device) RT_SAFE;

#endif
