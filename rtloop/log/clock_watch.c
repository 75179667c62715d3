#include "rtloop/log/clock_watch.h"

#include <stdlib.h>

#include "rtloop/base/sys.h"

#define TRIES_MAX 5

/* Two clocks cannot be read at once: a reading that took longer says too little. */
#define READING_NS_MAX INT64_C(1000000)

/* Of some readings the quickest one; returns how long that took. */
static int64_t read_offset(int64_t *ret_offset_ns)
{
	int64_t best_ns = INT64_MAX;

	for (int i = 0; i < TRIES_MAX && best_ns > READING_NS_MAX; i++) {
		int64_t before_ns = sys_now();
		int64_t realtime_ns = sys_realtime();
		int64_t took_ns = sys_now() - before_ns;

		if (took_ns < best_ns) {
			best_ns = took_ns;
			*ret_offset_ns = realtime_ns - before_ns - took_ns / 2;
		}
	}
	return best_ns;
}

void clock_watch_init(struct clock_watch *watch)
{
	(void)read_offset(&watch->offset_ns);
}

int64_t clock_watch_look(struct clock_watch *watch)
{
	int64_t offset_ns = 0;
	int64_t jump_ns;

	if (read_offset(&offset_ns) > READING_NS_MAX) {
		return 0; /* another look will come */
	}
	jump_ns = offset_ns - watch->offset_ns;
	watch->offset_ns = offset_ns;
	return llabs(jump_ns) >= CLOCK_STEP_NS ? jump_ns : 0;
}
