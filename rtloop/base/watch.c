#include "rtloop/base/watch.h"

void watch_init(struct watch *watch, const struct heartbeat *heartbeat, int64_t now_ns)
{
	*watch = (struct watch){ .heartbeat = heartbeat,
				 .interval_ns = heartbeat->limit_ns / WATCH_LOOKS,
				 .looked_ns = now_ns,
				 .due_ns = heartbeat_due_ns(heartbeat) };
}

int64_t watch_next_ns(const struct watch *watch)
{
	return watch->looked_ns + watch->interval_ns;
}

/* Since the last look, or since the beat was due: an interval at most, whatever the clock says. */
static int64_t counted_ns(const struct watch *watch, int64_t due_ns, int64_t now_ns)
{
	int64_t from_ns = due_ns > watch->looked_ns ? due_ns : watch->looked_ns;
	int64_t late_ns = now_ns - from_ns;

	if (late_ns > watch->interval_ns) {
		return watch->interval_ns;
	}
	return late_ns > 0 ? late_ns : 0;
}

bool watch_look(struct watch *watch, int64_t now_ns)
{
	int64_t due_ns = heartbeat_due_ns(watch->heartbeat);

	if (due_ns != watch->due_ns || !heartbeat_is_judged(watch->heartbeat)) {
		watch->silent_ns = 0;
	}
	if (heartbeat_is_judged(watch->heartbeat)) {
		watch->silent_ns += counted_ns(watch, due_ns, now_ns);
	}
	watch->due_ns = due_ns;
	watch->looked_ns = now_ns;
	return watch->silent_ns >= watch->heartbeat->limit_ns;
}
