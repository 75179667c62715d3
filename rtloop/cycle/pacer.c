#include "rtloop/cycle/pacer.h"

#include <errno.h>
#include <stdbool.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/uring.h"
#include "rtloop/cycle/options.h"

static const struct pacer_ops *const kinds[] = {
	[PACER_NANOSLEEP] = &pacer_nanosleep,
	[PACER_TIMERFD] = &pacer_timerfd,
#ifdef HAVE_IO_URING
	[PACER_URING] = &pacer_uring,
#else
	[PACER_URING] = NULL,
#endif
};

#ifdef HAVE_IO_URING
static bool can_uring_wait(const struct uring *ring, struct err *why)
{
	const struct uring_limits nothing = { .op_count = 0 };
	struct uring probe;
	bool can_wait;
	int code = 0;

	if (ring) {
		can_wait = uring_can_wait(ring);
	} else if (uring_open(&probe, 1, 2, why)) {
		return false;
	} else {
		can_wait = uring_can_wait(&probe);
		code = uring_prove(&probe, &nothing, why);
		uring_close(&probe);
	}
	if (code == 0 && !can_wait) {
		err_set(why, -EINVAL, "waiting until a stated time takes Linux 6.12");
	}
	return code == 0 && can_wait;
}
#else
static bool can_uring_wait(const struct uring *ring, struct err *why)
{
	(void)ring;
	err_set(why, -ENOSYS, "this program was built without it");
	return false;
}
#endif

int pacer_choose(int kind, const struct uring *ring, struct err *note)
{
	struct err why = { .text = "" };

	if (kind != PACER_URING || can_uring_wait(ring, &why)) {
		return kind;
	}
	err_set(note, -ENOTSUP, "no pacer uring: %.200s", why.text);
	return PACER_NANOSLEEP;
}

int pacer_open(struct pacer *pacer, int kind, int64_t spin_ns, struct uring *ring,
	       struct err *err)
{
	*pacer = (struct pacer){ .ops = kinds[kind],
				 .spin_ns = spin_ns,
				 .timer_fd = -1,
				 .epoll_fd = -1,
				 .ring = ring };
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
	while (code == 0 && pacer->spin_ns > 0 && now_ns < release_ns) {
		now_ns = sys_now();
	}
	return now_ns;
}

const char *pacer_name(int kind)
{
	return kinds[kind]->name;
}
