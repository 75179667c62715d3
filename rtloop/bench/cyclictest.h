/* cyclictest, the yardstick that everybody knows, as a program of its own. */
#ifndef RTLOOP_BENCH_CYCLICTEST_H
#define RTLOOP_BENCH_CYCLICTEST_H

#include "rtloop/bench/conditions.h"
#include "rtloop/bench/samples.h"

/**
 * cyclictest_run - under the same conditions, for so many cycles. It tells whole microseconds: each counts as the
 * middle of its own.
 *
 * -ENOENT it is not installed, -EIO it failed, with @err filled. [init]
 */
int cyclictest_run(const struct conditions *conditions, int64_t cycles,
		   struct samples *samples, struct err *err) MUST_CHECK;

/** cyclictest_take_line - a line that it prints: a time of its histogram, or its greatest. [any but rt] */
void cyclictest_take_line(const char *line, struct samples *samples);

#endif
