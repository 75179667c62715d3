/* What a guardian does when its run is to end, and what it says of it. */
#include <inttypes.h>
#include <stdio.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/guard/guardian.h"

/* Between two writings of the safe values, while the run is not gone or a chip did not take them: doubled each
 * time. */
#define AGAIN_MIN_NS NS_PER_MS
#define AGAIN_MAX_NS NS_PER_SEC

static const char *cause_text(const struct guard_state *state, char *text, size_t bytes)
{
	char limit[32];

	if (state->cause == GUARD_CAUSE_DEATH) {
		snprintf(text, bytes, "the run (process %d) died", (int)state->run_pid);
	} else {
		snprintf(text, bytes,
			 "the cycle was overdue by %.0f ms (guard_limit: %s): the run "
			 "(process %d) was killed",
			 (double)state->silent_ns / (double)NS_PER_MS,
			 time_print_duration(limit, sizeof(limit), state->limit_ns),
			 (int)state->run_pid);
	}
	return text;
}

/* Only when all has been done: whoever is told takes his time. */
static void say(const struct guardian *guardian)
{
	const struct guard_packet now = guardian_state(guardian);
	char cause[160];
	char text[512];

	cause_text(&now.state, cause, sizeof(cause));
	if (now.state.requests == 0) {
		snprintf(text, sizeof(text), "%s; no lines were held", cause);
	} else if (now.state.failed > 0) {
		snprintf(text, sizeof(text),
			 "%s; the safe values of %d of %d requests could NOT be written; "
			 "it is tried again each second, and all lines are held",
			 cause, (int)now.state.failed, (int)now.state.requests);
	} else {
		snprintf(text, sizeof(text),
			 "%s; %d lines were at their safe values %.1f ms later, and are "
			 "held until a run takes them over",
			 cause, (int)now.state.lines,
			 (double)now.state.took_ns / (double)NS_PER_MS);
	}
	guardian->ways->say(text);
}

void guardian_act(struct guardian *guardian, enum guard_cause cause, int64_t now_ns)
{
	struct guard_state *state = &guardian->state;
	int64_t overdue_ns = now_ns - heartbeat_due_ns(guardian->run.heartbeat);

	heartbeat_claim(guardian->run.heartbeat, HEARTBEAT_GUARDIAN);
	/* one whose core is written runs no more, and its core may be wanted */
	if (!guardian->ways->is_dumping(guardian->run.pid)) {
		guardian->ways->kill(guardian->run.process_fd, guardian->run.pid);
	}
	state->failed = (int32_t)held_write_safe(&guardian->held);
	state->took_ns = sys_now() - now_ns;
	state->acted_realtime_ns = sys_realtime();
	state->phase = GUARD_ACTS;
	state->cause = (int32_t)cause;
	state->silent_ns = cause == GUARD_CAUSE_SILENCE ? overdue_ns : 0;
	guardian->again_step_ns = AGAIN_MIN_NS;
	guardian->again_ns = now_ns + AGAIN_MIN_NS;
	say(guardian);
}

static void write_again(struct guardian *guardian, int64_t now_ns)
{
	guardian->state.failed = (int32_t)held_write_safe(&guardian->held);
	guardian->again_step_ns *= guardian->again_step_ns < AGAIN_MAX_NS / 2 ? 2 : 1;
	guardian->again_ns = now_ns + guardian->again_step_ns;
}

void guardian_go_on(struct guardian *guardian, bool is_gone, int64_t now_ns)
{
	struct guard_state *state = &guardian->state;

	if (state->phase == GUARD_ACTS && is_gone) {
		/* a thread that was in a call has finished it before it died */
		write_again(guardian, now_ns);
		state->phase = GUARD_HOLDS;
	} else if (now_ns >= guardian->again_ns) {
		write_again(guardian, now_ns);
	}
	if (state->phase == GUARD_HOLDS) {
		guardian->again_ns = state->failed > 0 ? guardian->again_ns : JUDGE_NEVER;
		if (guardian->held.count == 0 || guardian->is_asked_to_end) {
			guardian_end(guardian);
		}
	}
}
