/* Whole numbers of a fixed greatest length, for numbers in text: what a double takes, and no more. */
#ifndef DRIVERS_BIG_H
#define DRIVERS_BIG_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/* The greatest while a text is read is 5^362, 841 bits, shifted by one; while one is written, that of
 * the least double times a power of ten, 847 bits, times ten. */
#define BIG_LIMBS 28

struct big {
	uint32_t limbs[BIG_LIMBS]; /* least significant first */
	unsigned count;		   /* limbs in use; the last is not 0 */
};

/** big_multiply_add - big * factor + term. [any] */
void big_multiply_add(struct big *big, uint32_t factor, uint32_t term) RT_SAFE;

/** big_multiply_pow5 - big * 5^power. [any] */
void big_multiply_pow5(struct big *big, unsigned power) RT_SAFE;

/** big_shift_left - big * 2^bits. [any] */
void big_shift_left(struct big *big, unsigned bits) RT_SAFE;

/** big_bits - how many bits it takes; not of 0. [any] */
unsigned big_bits(const struct big *big) RT_SAFE;

/** big_is_less - a < b. [any] */
bool big_is_less(const struct big *a, const struct big *b) RT_SAFE;

/** big_subtract - a - b; a is not less than b. [any] */
void big_subtract(struct big *a, const struct big *b) RT_SAFE;

#endif
