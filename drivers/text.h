/*
 * A text with the values of channels in it: "oven temp={probe.temp:.1f} {time_ns}\n".
 *
 *   {device.channel}      an input as it was read, an output as it is driven: 178.4, 12, 1 or 0
 *   {device.channel:.2f}  a number with so many digits after the point
 *   {time_ns}             the release, in ns since 1970 by CLOCK_REALTIME
 *   {cycle}               cycles run before this one
 *   {{ and }}             a brace
 *
 * An input that is not good is written as a stated word. It is parsed at start and written without
 * allocating anything.
 */
#ifndef DRIVERS_TEXT_H
#define DRIVERS_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"

enum text_kind { TEXT_LITERAL, TEXT_CHANNEL, TEXT_TIME_NS, TEXT_CYCLE };

#define TEXT_PARTS_MAX 256
#define TEXT_AS_IT_IS  (-1) /* decimals: no ":.2f" */

struct text_part {
	enum text_kind kind;
	const char *at; /* of the template: the literal, or what is between the braces */
	uint32_t bytes;
	bool is_brace;		       /* a literal that stands for one brace of two */
	int decimals;		       /* of a channel */
	const struct channel *channel; /* borrowed; set by text_resolve() */
	bool is_out;		       /* likewise */
	/* as it was noted last */
	union value value;
	bool was_good;
};

struct text {
	struct text_part parts[TEXT_PARTS_MAX];
	unsigned count;
	const char *bad; /* borrowed: what is written for an input that is not good */
	bool is_noted;	 /* its channels were, at least once */
};

/**
 * text_parse - take a template apart.
 * @template: borrowed
 * @bad: borrowed
 *
 * -EINVAL with @err filled, "what is wrong; what is expected"; -E2BIG for too many parts. [init]
 */
int text_parse(struct text *text, const char *template, const char *bad,
	       struct err *err) MUST_CHECK;

/** text_bytes_max - the longest text that can come of it. [init] */
uint32_t text_bytes_max(const struct text *text);

/** text_names - whether it has the output of a device. [init] */
bool text_names(const struct text *text, const char *device, const char *channel);

/**
 * text_check - look for its channels among those that are configured.
 *
 * -ENOENT, or -EINVAL for decimals of a bool, with @err filled. [init]
 */
int text_check(const struct text *text, const struct device_spec *devices,
	       unsigned device_count, struct err *err) MUST_CHECK;

/** text_resolve - bind it to the channels; text_check() has found them all. [init] */
void text_resolve(struct text *text, const struct device *devices, unsigned device_count);

/** text_has_changed - whether a channel's value, or whether it is good, differs from what was noted
 * last, or nothing was. [rt] */
bool text_has_changed(const struct text *text) RT_SAFE;

/** text_note - remember what the channels are now. [rt] */
void text_note(struct text *text) RT_SAFE;

/**
 * text_write - write it with what the channels are now.
 * @data: text_bytes_max() of them
 *
 * Returns how many bytes it took. [rt]
 */
uint32_t text_write(const struct text *text, const struct cycle_time *now,
		    uint8_t *data) RT_SAFE;

#endif
