/*
 * Numbers in text, without the C library: no locale, no errno, bounded work, the same
 * result on each machine (a replay must see the very same bits).
 *
 *   decimal: [+-] digits [. digits] [e [+-] digits], at least one digit before the
 * exponent base b:  [+-] digits; base 16 also with "0x" before them, and so does base 10:
 * "0x1F"
 *
 * The double is the one nearest to the text, ties to even, for up to NUMBER_DIGITS
 * significant digits, trailing zeros not counted. Digits past those only say "a little
 * more": the result is wrong, by one unit in the last place, only where the boundary
 * between two doubles falls into that gap of 1e-38 of the value.
 */
#ifndef DRIVERS_NUMBER_H
#define DRIVERS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

#define NUMBER_DIGITS 38

struct number {
	bool is_int;	    /* written without a point and without an exponent */
	bool is_negative;   /* a minus stood before it: also of -0 */
	uint64_t magnitude; /* of an integer; UINT64_MAX where it is greater */
	int64_t as_int;	    /* of an integer; saturates */
	double as_float;    /* always */
};

/**
 * number_parse - read all of @text as one number.
 * @base: 10, or 2 to 16 for integers
 *
 * 0; -EINVAL when it is not a number as above; -ERANGE when it is too great for a double
 * or, in a base other than 10, for 64 bits. [any]
 */
int number_parse(const uint8_t *text, uint32_t bytes, unsigned base,
		 struct number *ret_number) RT_SAFE MUST_CHECK;

#endif
