/*
 * A plugin whose step does not return: from a stated cycle on it loops for ever, or waits for ever, or comes back
 * after a while, when it is too late.
 */
#include <rtloop_plugin.h>

#include <time.h>
#include <unistd.h>

struct stuck {
	int64_t after;	 /* cycles */
	int64_t back_ns; /* it comes back after this; 0: never */
	bool waits;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int stuck_init(struct rtloop_host *host, void *instance)
{
	struct stuck *stuck = instance;

	stuck->after = rtloop_option_int(host, "after", 10, 1, 1000000);
	stuck->waits = rtloop_option_bool(host, "waits", false);
	stuck->back_ns = rtloop_option_duration(host, "back", 0, 0, 100000000000);
	return 0;
}

static void stuck_step(const void *instance, void *state, const struct rtloop_now *now)
{
	const struct stuck *stuck = instance;
	int64_t end_ns = now_ns() + stuck->back_ns;

	(void)state;
	if ((int64_t)now->cycle < stuck->after) {
		return;
	}
	while (stuck->back_ns == 0 || now_ns() < end_ns) {
		if (stuck->waits) {
			pause();
		}
	}
}

const struct rtloop_plugin rtloop_plugin = {
	.bytes = sizeof(rtloop_plugin),
	.abi = RTLOOP_PLUGIN_ABI,
	.name = "stuck",
	.version = "1",
	.instance_bytes = sizeof(struct stuck),
	.init = stuck_init,
	.step = stuck_step,
};
