/*
 * What a Modbus device is to be written, and when: outputs that are next to each other are one request.
 * A request is due when one of its values changes, each `every` on the grid of releases, or both; until
 * the device has acknowledged it, it is asked for again, with the newest values.
 */
#ifndef DRIVERS_MODBUS_WRITE_H
#define DRIVERS_MODBUS_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "drivers/modbus_frame.h"
#include "drivers/modbus_options.h"
#include "drivers/modbus_plan.h"
#include "rtloop/base/attr.h"

struct modbus_write {
	struct modbus_query *query; /* of the plan */
	struct modbus_request request;
	uint8_t data[MODBUS_WRITE_DATA_BYTES_MAX]; /* as it was when it was due last */
	uint32_t bytes;
	bool is_noted;	  /* it was due at least once */
	bool wants;	  /* due, and not under way */
	int64_t retry_ns; /* a refusal: not tried again before */
};

struct modbus_writer {
	const struct modbus_send_options *options; /* borrowed */
	struct modbus_plan plan;
	struct modbus_write *writes;		   /* owned; one a query of the plan */
	uint8_t sent[MODBUS_WRITE_DATA_BYTES_MAX]; /* of the one under way */
	int under_way;				   /* an index; -1: none */
	unsigned next;				   /* whose turn it is first */
	int64_t due_ns;
};

/** modbus_writer_init - -ENOMEM; modbus_writer_fini() is right after a failure too. [init] */
int modbus_writer_init(struct modbus_writer *writer,
		       const struct device_spec *spec) MUST_CHECK;
void modbus_writer_fini(struct modbus_writer *writer);

/** modbus_writer_attach - a new link: nothing is known of what the device holds. [rt] */
void modbus_writer_attach(struct modbus_writer *writer,
			  const struct cycle_time *now) RT_SAFE;

/** modbus_writer_plan - see what is due in this cycle. [rt] */
void modbus_writer_plan(struct modbus_writer *writer, struct device *device,
			const struct cycle_time *now) RT_SAFE;

/** modbus_writer_take - the next request to be sent, which is then under way; NULL: none. [rt] */
const struct modbus_request *modbus_writer_take(struct modbus_writer *writer,
						const struct cycle_time *now) RT_SAFE;

/** modbus_writer_request - the one under way; NULL: none. [rt] */
const struct modbus_request *
modbus_writer_request(const struct modbus_writer *writer) RT_SAFE;

/** modbus_writer_done - the one under way was acknowledged. [rt] */
void modbus_writer_done(struct modbus_writer *writer) RT_SAFE;

/**
 * modbus_writer_failed - it was not: it is due still.
 * @retry_ns: not before
 *
 * [rt]
 */
void modbus_writer_failed(struct modbus_writer *writer, int64_t retry_ns) RT_SAFE;

/** modbus_writer_is_behind - something is under way, or due. [rt] */
bool modbus_writer_is_behind(const struct modbus_writer *writer) RT_SAFE;

#endif
