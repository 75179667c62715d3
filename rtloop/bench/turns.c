#include "rtloop/bench/turns.h"

#include "rtloop/base/sys.h"

/* What a turn leaves to others before the next: real-time threads that never sleep are throttled. */
#define REST_SHARE 16

static void rest(int64_t slice_ns)
{
	(void)sys_sleep_until(sys_now() + slice_ns / REST_SHARE);
}

static int64_t least_one(int64_t value)
{
	return value > 0 ? value : 1;
}

void turns_take(const struct turns *turns, struct course *course)
{
	int64_t begun_ns = atomic_load(&course->done_ns);
	int64_t items = least_one(turns->items);
	int64_t rounds = least_one(turns->all_ns / (items * turns->slice_ns));
	int64_t turn_ns = turns->all_ns / (items * rounds);
	int64_t slice_ns = least_one(turn_ns - turn_ns / REST_SHARE);

	for (unsigned round = 0; round < rounds; round++) {
		for (unsigned i = 0; i < turns->items; i++) {
			if (atomic_load(&course->is_to_stop)) {
				return;
			}
			turns->measure(turns->context, (i + round) % turns->items,
				       slice_ns);
			rest(slice_ns);
			atomic_fetch_add(&course->done_ns, turn_ns);
		}
	}
	atomic_store(&course->done_ns, begun_ns + turns->all_ns);
}
