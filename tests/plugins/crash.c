/* A plugin that reads through a NULL pointer as soon as the param "trip" is true. */
#include <rtloop_plugin.h>

#include <stddef.h>

struct crash {
	const struct rtloop_input *trip;
	const volatile int *nowhere; /* NULL, which no compiler can know */
};

static int crash_init(struct rtloop_host *host, void *instance)
{
	struct crash *crash = instance;

	crash->trip = rtloop_bind_input(host, "trip", RTLOOP_BOOL, 0);
	return crash->trip ? 0 : -1;
}

static void crash_step(const void *instance, void *state, const struct rtloop_now *now)
{
	const struct crash *crash = instance;

	(void)state;
	(void)now;
	if (rtloop_get_bool(crash->trip)) {
		(void)*crash->nowhere;
	}
}

const struct rtloop_plugin rtloop_plugin = {
	.bytes = sizeof(rtloop_plugin),
	.abi = RTLOOP_PLUGIN_ABI,
	.name = "crash",
	.version = "1",
	.instance_bytes = sizeof(struct crash),
	.init = crash_init,
	.step = crash_step,
};
