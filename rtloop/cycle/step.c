#include "rtloop/cycle/step.h"

#include "rtloop/base/sys.h"
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

static void run_program(struct step *step, const struct cycle_time *now,
			struct recorder *recorder)
{
	const struct program_time time = { .release_ns = now->release_ns,
					   .dt_ns = now->dt_ns };
	unsigned line = program_step(step->program, &time);

	if (line > 0) {
		tell(&step->trouble_tell_ns, EVENT_PROGRAM_TROUBLE, line, now, recorder);
	}
}

/* Returns how long it took; where nobody asks, nothing is read. */
static int64_t mark(struct blame *blame, uint32_t whose, enum blame_call call)
{
	int64_t begin_ns;

	if (!blame) {
		return 0;
	}
	begin_ns = blame->last_ns;
	blame_mark_at(blame, sys_now(), whose, call);
	return blame->last_ns - begin_ns;
}

static void run_plugin(struct plugin *plugin, const struct cycle_time *now,
		       struct recorder *recorder, struct blame *blame)
{
	const struct plugin_time time = { .cycle = now->cycle,
					  .release_ns = now->release_ns,
					  .dt_ns = now->dt_ns };
	int64_t took_ns;

	blame_enter(blame, EVENT_PLUGINS + plugin->index, BLAME_PLUGIN);
	plugin_step(plugin, &time, recorder);
	took_ns = mark(blame, EVENT_PLUGINS + plugin->index, BLAME_PLUGIN);
	if (blame) {
		plugin_judge(plugin, took_ns, &time, recorder);
	}
}

static void run(struct step *step, const struct cycle_time *now,
		struct recorder *recorder, struct blame *blame)
{
	for (unsigned i = 0; i <= step->plugin_count; i++) {
		if (i == step->program_at && step->program) {
			blame_enter(blame, BLAME_NOBODY, BLAME_STEP);
			run_program(step, now, recorder);
			mark(blame, BLAME_NOBODY, BLAME_STEP);
		}
		if (i < step->plugin_count) {
			run_plugin(&step->plugins[i], now, recorder, blame);
		}
	}
}

void step_run(struct step *step, const struct cycle_time *now, struct recorder *recorder)
{
	run(step, now, recorder, NULL);
}

int64_t step_run_timed(struct step *step, const struct cycle_time *now,
		       struct recorder *recorder, struct blame *blame)
{
	run(step, now, recorder, blame);
	return blame->last_ns;
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
