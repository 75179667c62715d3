#include "rtloop/super/timeline.h"

static void double_interval(struct timeline *timeline)
{
	for (unsigned i = 0; i < TIMELINE_POINTS / 2; i++) {
		struct peak pair = timeline->points[2 * i];

		peak_fold(&pair, &timeline->points[2 * i + 1]);
		timeline->points[i] = pair;
	}
	for (unsigned i = TIMELINE_POINTS / 2; i < TIMELINE_POINTS; i++) {
		timeline->points[i] = (struct peak){ 0 };
	}
	timeline->doublings++;
}

void timeline_add(struct timeline *timeline, const struct peak *peak)
{
	unsigned index;

	while (peak->step >> timeline->doublings >= TIMELINE_POINTS) {
		double_interval(timeline);
	}
	index = (unsigned)(peak->step >> timeline->doublings);
	peak_fold(&timeline->points[index], peak);
	timeline->count = index + 1;
}

int64_t timeline_interval_ns(const struct timeline *timeline)
{
	return PEAKS_STEP_NS << timeline->doublings;
}
