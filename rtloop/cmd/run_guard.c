#include "rtloop/cmd/run_guard.h"

#include "rtloop/app_guard.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/timing.h"
#include "rtloop/guard/judge.h"

static const char *presence_name(const struct guard *guard)
{
	switch (guard->presence) {
	case GUARD_PRESENT:
		return "present";
	case GUARD_LOST:
		return "lost";
	case GUARD_OVER:
		return "over";
	default:
		return "absent";
	}
}

static void print_it(const struct guard *guard, int64_t limit_ns, FILE *out)
{
	char limit[32];

	if (guard->presence == GUARD_OVER) {
		fputs("was there to the end", out);
	} else {
		fprintf(out, "process %d, holds %u GPIO requests", (int)guard->pid,
			guard->requests);
	}
	if (guard->priority > 0) {
		fprintf(out, "; SCHED_FIFO priority %d", guard->priority);
	} else {
		fputs("; ordinary priority", out);
	}
	fprintf(out, ", memory %s; acts where the cycle is overdue by %s",
		guard->is_locked ? "locked" : "not locked",
		time_print_duration(limit, sizeof(limit), limit_ns));
	if (guard->watchdog_s > 0) {
		fprintf(out, "; feeds a watchdog of %d s", (int)guard->watchdog_s);
	}
	fputc('\n', out);
}

static int64_t limit_of(const struct app *app)
{
	return judge_limit_ns(app->guard.limit_ns, app->loop.heartbeat);
}

void run_guard_print(const struct app *app, FILE *out)
{
	const struct guard *guard = &app->guard;

	if (guard->presence == GUARD_ABSENT && !app_guard_covers(app)) {
		return;
	}
	fprintf(out, "%-*s", TIMING_LABEL_WIDTH, "guardian");
	if (guard->presence == GUARD_ABSENT) {
		fputs("none: GPIO lines stay as they are where this process dies or "
		      "freezes\n",
		      out);
	} else if (guard->presence == GUARD_LOST) {
		fprintf(out,
			"LOST: process %d has died; GPIO lines stay as they are where "
			"this "
			"one dies or freezes\n",
			(int)guard->pid);
	} else {
		print_it(guard, limit_of(app), out);
	}
}

void run_guard_put(struct json *json, const struct app *app)
{
	const struct guard *guard = &app->guard;

	json_begin(json, "guardian", '{');
	json_text(json, "presence", presence_name(guard));
	if (guard->presence != GUARD_ABSENT) {
		json_int(json, "pid", guard->pid);
		json_int(json, "priority", guard->priority);
		json_bool(json, "is_locked", guard->is_locked);
		json_int(json, "limit_ns", limit_of(app));
		json_uint(json, "requests", guard->requests);
		json_int(json, "watchdog_s", guard->watchdog_s);
	}
	json_end(json, '}');
}
