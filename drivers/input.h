/*
 * The inputs of a device, where a person overrides what the device says.
 *
 *   read phase   the cells hold what the device brought, forced or not: inputs_lift()
 *   from then on a forced input holds the forced value, and is good:    inputs_lay()
 *
 * So what comes in goes on being decoded, counted and aged, and is there again at once when the force is
 * cleared. The age of a forced input is that of its last real sample. What is recorded of the device is
 * what the logic sees.
 */
#ifndef DRIVERS_INPUT_H
#define DRIVERS_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/base/attr.h"

struct input {
	bool is_forced;
	union value forced; /* of the channel's type */
	union value own;    /* while it is laid over: what the device brought */
	uint8_t own_quality;
};

/** input_force - hold @value from the next inputs_lay() on; between lift and lay. [rt] */
void input_force(struct device *device, unsigned index, union value value) RT_SAFE;

/** input_release - no longer; between lift and lay. [rt] */
void input_release(struct device *device, unsigned index) RT_SAFE;

/** inputs_lift - put back what the device brought. [rt] */
void inputs_lift(struct device *device) RT_SAFE;

/** inputs_lay - lay the forced values over it, and record what changed by that. [rt] */
void inputs_lay(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * inputs_seen - the device's part as the logic sees it: where nothing is forced, the part itself. [rt]
 */
const uint8_t *inputs_seen(struct device *device) RT_SAFE;

#endif
