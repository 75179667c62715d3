/* Numbers and words of a text that the kernel wrote, one after the other. Nothing looks further than it must. */
#ifndef RTLOOP_BASE_SCAN_H
#define RTLOOP_BASE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"

/**
 * scan_number - the digits that come next, after blanks of the same line; @text is moved behind them.
 *
 * False where none come, or more than fit: then both are as they were. [any but rt]
 */
bool scan_number(const char **text, uint64_t *ret_value) MUST_CHECK;

/** scan_int - the same, where it fits into an int. [any but rt] */
bool scan_int(const char **text, int *ret_value) MUST_CHECK;

/** scan_skip - pass over so many words of the line; false where there are fewer. [any but rt] */
bool scan_skip(const char **text, unsigned count) MUST_CHECK;

/** scan_char - pass over that character, if it comes next. [any but rt] */
bool scan_char(const char **text, char c) MUST_CHECK;

#endif
