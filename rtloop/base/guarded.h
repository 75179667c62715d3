/*
 * What the guardian is told of a request for lines that are driven: enough to write their safe values, and for
 * a later run to see that the request is the very one that it would make itself.
 */
#ifndef RTLOOP_BASE_GUARDED_H
#define RTLOOP_BASE_GUARDED_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define GUARDED_NAME_BYTES 64
#define GUARDED_LINES_MAX  64

/* One line of a request, in its order. */
struct guarded_line {
	uint32_t offset; /* on the chip */
	uint32_t
		settings; /* direction, bias, drive, edge and so on, as the driver numbers them */
	uint32_t debounce_us;
};

struct guarded {
	char device[GUARDED_NAME_BYTES]; /* the device's name in the configuration */
	char chip[GUARDED_NAME_BYTES];	 /* "gpiochip0" */
	uint32_t edge_buffer;
	uint32_t line_count;
	struct guarded_line lines[GUARDED_LINES_MAX]; /* those beyond line_count are 0 */
	uint64_t out_mask;			      /* bit i: line i is driven */
	uint64_t safe_bits; /* bit i: its safe value is 1; within out_mask */
};

/** guarded_fits - whether two requests are the same but for the safe values and the device's name. [any] */
bool guarded_fits(const struct guarded *a, const struct guarded *b) RT_SAFE;

/** guarded_overlaps - whether the kernel refuses one of them while the other one is held. [any] */
bool guarded_overlaps(const struct guarded *a, const struct guarded *b) RT_SAFE;

/** guarded_is_whole - whether what came from another process has no number out of range, and its texts end. [any]
 */
bool guarded_is_whole(const struct guarded *guarded) RT_SAFE;

/* Requests that an earlier run has left behind: a driver that opens its device asks for its own. */
struct heritage {
	/**
	 * take - a request that fits, or make way for it.
	 *
	 * Returns its descriptor, which is the caller's from now on; -ENOENT: there is none, and none that
	 * stands in the way of a new one is held any more. [super]
	 */
	int (*take)(struct heritage *heritage, const struct guarded *like);
};

#endif
