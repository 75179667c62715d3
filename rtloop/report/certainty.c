#include "rtloop/report/certainty.h"

/* A half with fewer times has no worst case to speak of. */
#define HALF_MIN 100

static enum report_trend trend_of(const struct hist *first, const struct hist *second)
{
	double before_ns = (double)counter_get(&first->max_ns);
	double after_ns = (double)counter_get(&second->max_ns);

	if (counter_get(&first->count) < HALF_MIN ||
	    counter_get(&second->count) < HALF_MIN) {
		return REPORT_TREND_UNKNOWN;
	}
	return after_ns > 1.1 * before_ns ? REPORT_TREND_RISING : REPORT_TREND_STEADY;
}

void report_certainty_init(struct report_certainty *certainty, const struct hist *all,
			   const struct hist *first, const struct hist *second)
{
	uint64_t count = counter_get(&all->count);
	uint64_t one_in = 10;

	*certainty = (struct report_certainty){ .worse_one_in = count / 3 };
	while (certainty->step_count < REPORT_STEPS_MAX && one_in <= count) {
		certainty->steps[certainty->step_count++] = (struct report_step){
			.one_in = one_in,
			.ns = hist_quantile(all, 1.0 - 1.0 / (double)one_in),
		};
		one_in *= 10;
	}
	certainty->trend = trend_of(first, second);
}
