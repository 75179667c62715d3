/* Time is int64_t nanoseconds on CLOCK_MONOTONIC everywhere; this is its arithmetic and
 * its text. */
#ifndef RTLOOP_BASE_TIME_H
#define RTLOOP_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "rtloop/base/attr.h"

#define NS_PER_US  INT64_C(1000)
#define NS_PER_MS  INT64_C(1000000)
#define NS_PER_SEC INT64_C(1000000000)

/** time_to_timespec - for system calls that want one. [any] */
static inline struct timespec time_to_timespec(int64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_SEC),
				  .tv_nsec = (long)(ns % NS_PER_SEC) };
}

/** time_from_timespec - ns since the clock's own start. [any] */
static inline int64_t time_from_timespec(const struct timespec *ts)
{
	return (int64_t)ts->tv_sec * NS_PER_SEC + ts->tv_nsec;
}

/**
 * time_print_duration - "250us", "1ms", "1.5s", "2h": as a configuration would write it,
 * exact.
 * @text: 32 bytes are always enough
 *
 * Returns @text. [any but rt]
 */
const char *time_print_duration(char *text, size_t text_bytes, int64_t ns);

#endif
