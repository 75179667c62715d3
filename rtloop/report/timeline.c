#include "rtloop/report/timeline.h"

#include <string.h>

#include "rtloop/base/time.h"

#define WANTED_MAX 600
#define PERIODS	   10

/* The least round time that is not less. */
static uint64_t round_up(uint64_t ns)
{
	static const uint64_t seconds[] = { 60,	  120,	300,   600,   900,   1800,
					    3600, 7200, 14400, 21600, 43200, 86400 };
	uint64_t power = 1;

	if (ns > 50 * (uint64_t)NS_PER_SEC) {
		for (unsigned i = 0; i < ARRAY_SIZE(seconds); i++) {
			if (seconds[i] * (uint64_t)NS_PER_SEC >= ns) {
				return seconds[i] * (uint64_t)NS_PER_SEC;
			}
		}
		return ns;
	}
	for (;; power *= 10) {
		for (unsigned factor = 1; factor <= 5; factor += factor == 1 ? 1 : 3) {
			if (factor * power >= ns) {
				return factor * power;
			}
		}
	}
}

void report_timeline_init(struct report_timeline *timeline, uint64_t start_ns,
			  uint64_t end_ns, int64_t period_ns)
{
	uint64_t length_ns = end_ns > start_ns ? end_ns - start_ns : 0;
	uint64_t least_ns = period_ns > 0 && period_ns < 3600 * NS_PER_SEC
				    ? PERIODS * (uint64_t)period_ns
				    : (uint64_t)NS_PER_MS;
	uint64_t interval_ns = length_ns / WANTED_MAX + 1;

	memset(timeline, 0, sizeof(*timeline));
	timeline->start_ns = start_ns;
	timeline->interval_ns = round_up(interval_ns > least_ns ? interval_ns : least_ns);
	timeline->count = (unsigned)(length_ns / timeline->interval_ns) + 1;
}

bool report_timeline_has_overruns(const struct report_timeline *timeline,
				  uint64_t from_ns, uint64_t to_ns)
{
	uint64_t from = from_ns > timeline->start_ns
				? (from_ns - timeline->start_ns) / timeline->interval_ns
				: 0;
	uint64_t to = to_ns > timeline->start_ns
			      ? (to_ns - timeline->start_ns) / timeline->interval_ns
			      : 0;
	unsigned last = timeline->count - 1;

	for (uint64_t i = from < last ? from : last; i <= to && i <= last; i++) {
		if (timeline->intervals[i].overruns > 0) {
			return true;
		}
	}
	return false;
}
