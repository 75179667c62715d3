/* Numbers with a unit right behind them, in whole parts: "1.5s" is 1500000000 ns, exactly. */
#ifndef RTLOOP_BASE_SCALED_H
#define RTLOOP_BASE_SCALED_H

#include <stdint.h>

#include "rtloop/base/attr.h"

/* Tables end with a row whose name is NULL. */
struct scaled_unit {
	const char *name;
	int64_t scale; /* parts in one of it */
};

/* ns us ms s min h, in ns. */
extern const struct scaled_unit scaled_duration_units[];

/**
 * scaled_parse - a whole text: a decimal number without a sign, and a unit.
 *
 * -EINVAL: it is not written so, or is no whole number of parts; -ERANGE. [init]
 */
int scaled_parse(const char *text, const struct scaled_unit *units,
		 int64_t *ret_parts) MUST_CHECK;

/** scaled_skip_decimal - the end of [digits][.digits], at least one digit; NULL: none. [init] */
const char *scaled_skip_decimal(const char *text);

#endif
