#include "rtloop/bench/conditions.h"

#include "rtloop/base/time.h"

#define INTERVAL_MAX_NS (10 * NS_PER_MS)

struct source_set conditions_set(const struct conditions *conditions)
{
	if (source_set_count(&conditions->file) > 0) {
		return conditions->file;
	}
	return (struct source_set){ .counts[SOURCE_STREAM] = CONDITIONS_ENDPOINTS };
}

int64_t conditions_interval_ns(const struct conditions *conditions)
{
	return conditions->period_ns < INTERVAL_MAX_NS ? conditions->period_ns
						       : INTERVAL_MAX_NS;
}
