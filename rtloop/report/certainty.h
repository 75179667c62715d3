/* How sure one can be of a worst case that was measured. */
#ifndef RTLOOP_REPORT_CERTAINTY_H
#define RTLOOP_REPORT_CERTAINTY_H

#include <stdint.h>

#include "rtloop/base/hist.h"

#define REPORT_STEPS_MAX 19

/* At most one in so many took longer than this. */
struct report_step {
	uint64_t one_in;
	int64_t ns;
};

enum report_trend {
	REPORT_TREND_UNKNOWN, /* too few times to say */
	REPORT_TREND_STEADY,
	REPORT_TREND_RISING, /* the second half's worst is more than a tenth over the first half's */
};

struct report_certainty {
	struct report_step steps
		[REPORT_STEPS_MAX]; /* 1 in 10, in 100, and so on, as far as the times suffice */
	unsigned step_count;
	/*
	 * With 95 % confidence at most one in so many is worse than the worst that was seen, if times to come
	 * are like those seen and do not hang on each other: the rule of three. 0: nothing can be said.
	 */
	uint64_t worse_one_in;
	enum report_trend trend;
};

/** report_certainty_init - of a run's times, and of its two halves. [any but rt] */
void report_certainty_init(struct report_certainty *certainty, const struct hist *all,
			   const struct hist *first, const struct hist *second);

#endif
