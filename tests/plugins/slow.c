/*
 * A plugin that breaks the contract on purpose: every so many steps one goes on for long. The clock says when
 * it is over, for no number of loops is right for every machine.
 */
#include <rtloop_plugin.h>

#include <time.h>

struct slow {
	int64_t every;
	int64_t long_ns;
};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int slow_init(struct rtloop_host *host, void *instance)
{
	struct slow *slow = instance;

	slow->every = rtloop_option_int(host, "every", 10, 1, 1000000);
	slow->long_ns =
		rtloop_option_duration(host, "long", 2 * host->period_ns, 0, 1000000000);
	return 0;
}

static void slow_step(const void *instance, void *state, const struct rtloop_now *now)
{
	const struct slow *slow = instance;
	int64_t end_ns = now_ns() + slow->long_ns;

	(void)state;
	while ((int64_t)now->cycle % slow->every == slow->every - 1 &&
	       now_ns() < end_ns) {
	}
}

const struct rtloop_plugin rtloop_plugin = {
	.bytes = sizeof(rtloop_plugin),
	.abi = RTLOOP_PLUGIN_ABI,
	.name = "slow",
	.version = "1",
	.instance_bytes = sizeof(struct slow),
	.init = slow_init,
	.step = slow_step,
};
