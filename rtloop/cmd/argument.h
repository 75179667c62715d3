/* What stands behind an option, as several commands read it. */
#ifndef RTLOOP_CMD_ARGUMENT_H
#define RTLOOP_CMD_ARGUMENT_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/cmd/cmd.h"

/* What argument_wrong() says that an option expects which several commands have. */
#define EXPECTED_PRIORITY "a SCHED_FIFO priority, 1 to 98, or 0 for none"
#define EXPECTED_INTERVAL                                                                \
	"20us to 60s: a number of microseconds, or with a unit: 250us, 1ms"
#define EXPECTED_AFFINITY "the number of a CPU, 0 to 1023"

/** argument_parse_count - a number within bounds; -EINVAL. [init] */
int argument_parse_count(const char *text, int64_t min, int64_t max,
			 int64_t *ret_value) MUST_CHECK;

/**
 * argument_parse_time - a plain number, which is in @unit_ns; or a duration; or, as cyclictest has it, 10m, 2h, 1d.
 *
 * -EINVAL. [init]
 */
int argument_parse_time(const char *text, int64_t unit_ns, int64_t *ret_ns) MUST_CHECK;

/** argument_parse_period - of a cycle, as argument_parse_time() in microseconds; -EINVAL where no loop can have it, too. [init] */
int argument_parse_period(const char *text, int64_t *ret_ns) MUST_CHECK;

/** argument_wrong - report what stands behind an option, and what is expected there; returns EXIT_USAGE. [init] */
int argument_wrong(const struct command *command, int option, const char *argument,
		   const char *expected);

#endif
