/* What stands behind an option, as several commands read it. */
#ifndef RTLOOP_CMD_ARGUMENT_H
#define RTLOOP_CMD_ARGUMENT_H

#include <stdint.h>

#include "rtloop/base/attr.h"

/** argument_parse_count - a number within bounds; -EINVAL. [init] */
int argument_parse_count(const char *text, int64_t min, int64_t max,
			 int64_t *ret_value) MUST_CHECK;

/**
 * argument_parse_time - a plain number, which is in @unit_ns; or a duration; or, as cyclictest has it, 10m, 2h, 1d.
 *
 * -EINVAL. [init]
 */
int argument_parse_time(const char *text, int64_t unit_ns, int64_t *ret_ns) MUST_CHECK;

#endif
