/*
 * The step of a cycle, between reading and writing: the logic, which is the program and the plugins in the
 * order that the configuration states. It sees the release and the time since the last one, never a clock;
 * what it computes is in the process image and asked of the outputs when it is over.
 */
#ifndef RTLOOP_CYCLE_STEP_H
#define RTLOOP_CYCLE_STEP_H

#include "rtloop/base/attr.h"
#include "rtloop/base/record.h"
#include "rtloop/cycle/blame.h"
#include "rtloop/cycle/values.h"
#include "rtloop/plugin/plugin.h"
#include "rtloop/program/program.h"

struct step {
	struct program *program; /* borrowed; NULL: there is none */
	struct plugin *plugins;	 /* borrowed; in the order of running */
	unsigned plugin_count;
	unsigned program_at; /* plugins that run before the program */
	struct values params;
	struct values vars;
	int64_t budget_ns; /* 0: none */

	int64_t trouble_tell_ns; /* no event about trouble before; likewise below */
	int64_t budget_tell_ns;
};

/** step_has_logic - whether there is anything to run. [any] */
static inline RT_SAFE bool step_has_logic(const struct step *step)
{
	return step->program || step->plugin_count > 0;
}

/** step_run - the logic of one cycle. Trouble is an event at most once a second. [rt] */
void step_run(struct step *step, const struct cycle_time *now,
	      struct recorder *recorder) RT_SAFE;

/**
 * step_run_timed - the same, with a reading of the clock after each part: what it took is blamed on it, and
 * a plugin is held to its budget.
 * @blame: whose last_ns is when the step begins
 *
 * Returns when the last part was over. [rt]
 */
int64_t step_run_timed(struct step *step, const struct cycle_time *now,
		       struct recorder *recorder, struct blame *blame) RT_SAFE;

/**
 * step_judge - whether a step that took @step_ns was over its budget; an event of it at most once a
 * second. [rt]
 */
bool step_judge(struct step *step, int64_t step_ns, const struct cycle_time *now,
		struct recorder *recorder) RT_SAFE;

/** step_record - the params and vars that have changed. [rt] */
void step_record(struct step *step, const struct cycle_time *now,
		 struct recorder *recorder) RT_SAFE;

#endif
