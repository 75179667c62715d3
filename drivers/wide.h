/* Whole numbers of 128 bits, not negative: what 32-bit machines lack. Each is as exact as the machine's own. */
#ifndef DRIVERS_WIDE_H
#define DRIVERS_WIDE_H

#include <stdint.h>

#include "rtloop/base/attr.h"

struct wide {
	uint64_t high;
	uint64_t low;
};

/** wide_times_10 - modulo 2^128. [any] */
struct wide wide_times_10(struct wide wide) RT_SAFE;

/** wide_shifted_right - by 0 to 127 bits; what falls out is lost. [any] */
struct wide wide_shifted_right(struct wide wide, unsigned bits) RT_SAFE;

/** wide_low_bits - the lowest 0 to 127 bits alone. [any] */
struct wide wide_low_bits(struct wide wide, unsigned bits) RT_SAFE;

/** wide_compare - negative, 0, positive: @a is less than, equal to, greater than @b. [any] */
int wide_compare(struct wide a, struct wide b) RT_SAFE;

/**
 * wide_divide - the quotient, which must fit in 64 bits.
 * @divisor: 1 to 2^63
 *
 * [any]
 */
uint64_t wide_divide(struct wide wide, uint64_t divisor, uint64_t *ret_rest) RT_SAFE;

#endif
