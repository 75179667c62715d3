#include "rtloop/cycle/overruns.h"

void overruns_put(struct overruns *overruns, const struct overrun *overrun)
{
	uint32_t put = atomic_load_explicit(&overruns->put, memory_order_relaxed);
	/* pairs with the release in overruns_take(): the place has been read */
	uint32_t taken = atomic_load_explicit(&overruns->taken, memory_order_acquire);

	if (put - taken < OVERRUNS_MAX) {
		overruns->places[put % OVERRUNS_MAX] = *overrun;
		/* pairs with the acquire in overruns_take(): the place is complete */
		atomic_store_explicit(&overruns->put, put + 1, memory_order_release);
	}
	/* pairs with the acquire in overruns_seen(): who has seen it can take it */
	atomic_store_explicit(
		&overruns->seen,
		atomic_load_explicit(&overruns->seen, memory_order_relaxed) + 1,
		memory_order_release);
}

bool overruns_take(struct overruns *overruns, struct overrun *ret_overrun)
{
	uint32_t taken = atomic_load_explicit(&overruns->taken, memory_order_relaxed);

	if (taken == atomic_load_explicit(&overruns->put, memory_order_acquire)) {
		return false;
	}
	*ret_overrun = overruns->places[taken % OVERRUNS_MAX];
	atomic_store_explicit(&overruns->taken, taken + 1, memory_order_release);
	return true;
}

uint64_t overruns_seen(const struct overruns *overruns)
{
	return atomic_load_explicit(&overruns->seen, memory_order_acquire);
}
