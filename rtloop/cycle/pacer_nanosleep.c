#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"
#include "rtloop/cycle/pacer.h"

static int nanosleep_sleep(struct pacer *pacer, int64_t until_ns) RT_SAFE;

static int nanosleep_open(struct pacer *pacer, struct err *err)
{
	(void)pacer;
	(void)err;
	return 0;
}

static void nanosleep_close(struct pacer *pacer)
{
	(void)pacer;
}

static int nanosleep_sleep(struct pacer *pacer, int64_t until_ns)
{
	(void)pacer;
	return sys_sleep_until(until_ns);
}

const struct pacer_ops pacer_nanosleep = {
	.name = "nanosleep",
	.calls = CALLS_SLEEP_UNTIL,
	.open = nanosleep_open,
	.close = nanosleep_close,
	.sleep = nanosleep_sleep,
};
