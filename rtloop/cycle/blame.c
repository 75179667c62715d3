#include "rtloop/cycle/blame.h"

#include "rtloop/base/sys.h"

void blame_mark_at(struct blame *blame, int64_t now_ns, uint32_t device,
		   enum blame_call call)
{
	if (now_ns - blame->last_ns > blame->worst.ns) {
		blame->worst = (struct blame_worst){ .ns = now_ns - blame->last_ns,
						     .end_ns = now_ns,
						     .device = device,
						     .call = call };
	}
	blame->last_ns = now_ns;
}

void blame_mark(struct blame *blame, uint32_t device, enum blame_call call)
{
	if (blame) {
		blame_mark_at(blame, sys_now(), device, call);
	}
}

static const char *const call_names[BLAME_CALLS] = {
	[BLAME_SCAN] = "scan", [BLAME_RECEIVE] = "receive", [BLAME_SAMPLE] = "sample",
	[BLAME_TICK] = "tick", [BLAME_STEP] = "step",	    [BLAME_PLUGIN] = "plugin",
	[BLAME_EMIT] = "emit", [BLAME_WAIT] = "wait",
};

const char *blame_call_name(enum blame_call call)
{
	return call_names[call];
}
