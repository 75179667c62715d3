#include "rtloop/cycle/step.h"

#include "rtloop/base/time.h"

#define TELL_AGAIN_NS NS_PER_SEC

/* An event, if the last one of its kind is long enough ago. */
static void tell(int64_t *tell_ns, enum event_code code, int64_t value,
		 const struct cycle_time *now, struct recorder *recorder)
{
	if (now->release_ns >= *tell_ns) {
		*tell_ns = now->release_ns + TELL_AGAIN_NS;
		recorder_event(recorder, code, EVENT_NO_DEVICE, value);
	}
}

void step_run(struct step *step, const struct cycle_time *now, struct recorder *recorder)
{
	const struct program_time time = { .release_ns = now->release_ns,
					   .dt_ns = now->dt_ns };
	unsigned line;

	if (!step->program) {
		return;
	}
	line = program_step(step->program, &time);
	if (line > 0) {
		tell(&step->trouble_tell_ns, EVENT_PROGRAM_TROUBLE, line, now, recorder);
	}
}

bool step_judge(struct step *step, int64_t step_ns, const struct cycle_time *now,
		struct recorder *recorder)
{
	bool is_over = step->budget_ns > 0 && step_ns > step->budget_ns;

	if (is_over) {
		tell(&step->budget_tell_ns, EVENT_STEP_OVER_BUDGET, step_ns, now,
		     recorder);
	}
	return is_over;
}

void step_record(struct step *step, const struct cycle_time *now,
		 struct recorder *recorder)
{
	values_record(&step->params, now, recorder);
	values_record(&step->vars, now, recorder);
}
