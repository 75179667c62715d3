#include "rtloop/cycle/pacer.h"

#include "rtloop/base/sys.h"
#include "rtloop/cycle/options.h"

static const struct pacer_ops *const kinds[] = {
	[PACER_NANOSLEEP] = &pacer_nanosleep,
	[PACER_TIMERFD] = &pacer_timerfd,
};

int pacer_open(struct pacer *pacer, int kind, int64_t spin_ns, struct err *err)
{
	*pacer = (struct pacer){
		.ops = kinds[kind], .spin_ns = spin_ns, .timer_fd = -1, .epoll_fd = -1
	};
	return pacer->ops->open(pacer, err);
}

void pacer_close(struct pacer *pacer)
{
	if (pacer->ops) {
		pacer->ops->close(pacer);
		pacer->ops = NULL;
	}
}

int64_t pacer_wait(struct pacer *pacer, int64_t release_ns)
{
	int code = pacer->ops->sleep(pacer, release_ns - pacer->spin_ns);
	int64_t now_ns = sys_now();

	/* bounded: by the length of the tail */
	while (code == 0 && now_ns < release_ns) {
		now_ns = sys_now();
	}
	return now_ns;
}

const char *pacer_name(int kind)
{
	return kinds[kind]->name;
}
