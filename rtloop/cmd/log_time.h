/* Times of a log, as people write and read them. */
#ifndef RTLOOP_CMD_LOG_TIME_H
#define RTLOOP_CMD_LOG_TIME_H

#include <stddef.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/cmd/cmd.h"

/**
 * log_time_parse - "12.5", "90s", "1.5min" from @start_ns on, or
 * "2026-02-01T12:00:00.5Z".
 *
 * Without an offset from UTC a date is local time; the T may be a space. -EINVAL. [any
 * but rt]
 */
int log_time_parse(const char *text, uint64_t start_ns, uint64_t *ret_ns) MUST_CHECK;

/**
 * log_time_parse_span - what --from and --to ask for.
 * @from: NULL: from the beginning; @to: NULL: to the end
 *
 * Returns an exit_status; a mistake is reported as by command_wrong(). [init]
 */
int log_time_parse_span(const struct command *command, const char *from, const char *to,
			uint64_t start_ns, uint64_t *ret_from_ns,
			uint64_t *ret_to_ns) MUST_CHECK;

/** log_time_print - RFC 3339, local time, nanoseconds. @text: 64 bytes. [any but rt] */
const char *log_time_print(char *text, size_t text_bytes, uint64_t ns);

#endif
