/*
 * The outputs of a device: from what the logic asks for to what is driven.
 *
 *   asked, with the quality of what it was made of   the logic, in the step
 *   driven: the cell and the quality of the channel  outputs_apply(), in the write phase
 *
 * What is driven is what was asked for where its quality is good and it is a finite number, and
 * the safe value otherwise. A forced output is driven with the forced value instead, and is
 * good. Until the logic asks for something, the quality is bad and the safe value is driven.
 */
#ifndef DRIVERS_OUTPUT_H
#define DRIVERS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/base/attr.h"

/* One output, as the logic and a person see it. Of the cycle thread while the loop runs. */
struct output {
	union value asked; /* of the channel's type; held until it is asked for another */
	uint8_t quality;   /* enum quality, of what it was made of */
	bool is_forced;
	union value forced; /* of the channel's type */
};

/** output_ask - what the logic wants: @value of the channel's type. [rt] */
void output_ask(struct output *output, union value value, enum quality quality) RT_SAFE;

/**
 * outputs_asked - what is asked of an output, as a channel: to put a value and a quality there is
 * output_ask(). No time is kept, and it is no part of the image. [init]
 */
struct channel outputs_asked(struct device *device, unsigned index);

/** output_force - drive @value, whatever is asked for, until output_release(). [rt] */
void output_force(struct output *output, union value value) RT_SAFE;
void output_release(struct output *output) RT_SAFE;

/** outputs_apply - put what is to be driven into the cells. [rt] */
void outputs_apply(struct device *device) RT_SAFE;

/** outputs_make_safe - put the safe values into the cells, quality bad. [rt] */
void outputs_make_safe(struct device *device) RT_SAFE;

/**
 * outputs_begin - a device has come into use: its safe values go out first.
 *
 * Nothing where the driver sends nothing, the device has no outputs, or nothing is driven
 * (is_dry). [rt]
 */
void outputs_begin(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * outputs_record - record what is driven as one message, where a value or a quality differs from
 * what was recorded last, and in the first cycle, and in the first one after a gap.
 *
 * [rt]
 */
void outputs_record(struct device *device, const struct cycle_time *now) RT_SAFE;

/**
 * outputs_last - the value and quality that were last recorded of an output: of the last cycle,
 * once the loop has ended.
 *
 * [init]
 */
union value outputs_last(const struct device *device, unsigned index,
			 enum quality *ret_quality);

#endif
