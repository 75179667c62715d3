/*
 * Numbers written as text, without the C library: no locale, bounded work, the same text on
 * each machine. What number.h reads back is the same number.
 */
#ifndef DRIVERS_NUMBER_PRINT_H
#define DRIVERS_NUMBER_PRINT_H

#include <stdint.h>

#include "rtloop/base/attr.h"

/* Enough for every number below: a sign, 19 digits, a point and NUMBER_DECIMALS_MAX digits. */
#define NUMBER_TEXT_BYTES 40

#define NUMBER_DECIMALS_MAX 15

/** number_print_int - "-42". Returns how many bytes of @text, NUMBER_TEXT_BYTES, it took. [any] */
uint32_t number_print_int(int64_t value, char *text) RT_SAFE;

/**
 * number_print_float - with as few digits as tell the double from all others: "0.1", "178.4",
 * "-12", "1e+21", "2.5e-07"; "nan", "inf" and "-inf".
 *
 * Without an exponent from 1e-5 to below 1e15. Returns how many bytes it took. [any]
 */
uint32_t number_print_float(double value, char *text) RT_SAFE;

/**
 * number_print_fixed - with so many digits after the point: "178.40"; the exact value rounded, ties
 * to even. "-0.00" is written "0.00".
 * @decimals: 0, then without a point, to NUMBER_DECIMALS_MAX
 *
 * From 1e18 on, and where it is not finite, as number_print_float(). Returns how many bytes it
 * took. [any]
 */
uint32_t number_print_fixed(double value, unsigned decimals, char *text) RT_SAFE;

#endif
