#include "rtloop/guard/judge.h"

#include "rtloop/base/time.h"

void judge_init(struct judge *judge, int64_t limit_ns)
{
	*judge = (struct judge){ .limit_ns = limit_ns };
}

int64_t judge_limit_ns(int64_t limit_ns, const struct heartbeat *heartbeat)
{
	int64_t least_ns = heartbeat->limit_ns / 4 * 5;

	return limit_ns > least_ns ? limit_ns : least_ns;
}

int64_t judge_look_ns(const struct judge *judge, int64_t now_ns)
{
	return now_ns + judge->limit_ns / JUDGE_LOOKS;
}

void judge_woke(struct judge *judge, int64_t planned_ns, int64_t now_ns)
{
	if (now_ns - planned_ns > judge->limit_ns / JUDGE_LOOKS) {
		judge->anew_ns = now_ns;
	}
}

/* The watchdog thread, too, says no more than that it has begun. */
static bool is_leaving(const struct heartbeat *heartbeat)
{
	return heartbeat_state(heartbeat) == HEARTBEAT_ENDING ||
	       heartbeat_owner(heartbeat) != HEARTBEAT_NOBODY;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When something was seen for the first time. */
static int64_t since(int64_t *begin_ns, int64_t now_ns)
{
	if (*begin_ns == 0) {
		*begin_ns = now_ns;
	}
	return *begin_ns;
}

int64_t judge_deadline(struct judge *judge, const struct heartbeat *heartbeat,
		       int64_t now_ns)
{
	enum heartbeat_state state = heartbeat_state(heartbeat);
	int64_t limit_ns = judge_limit_ns(judge->limit_ns, heartbeat);

	if (state == HEARTBEAT_STARTING) {
		return JUDGE_NEVER;
	}
	if (state == HEARTBEAT_ENDED) {
		return later(since(&judge->ended_ns, now_ns), judge->anew_ns) + limit_ns +
		       JUDGE_ENDED_NS;
	}
	if (is_leaving(heartbeat)) {
		return later(since(&judge->leaving_ns, now_ns), judge->anew_ns) +
		       limit_ns + JUDGE_LEAVING_NS;
	}
	judge->leaving_ns = 0;
	return later(heartbeat_due_ns(heartbeat), judge->anew_ns) + limit_ns;
}
