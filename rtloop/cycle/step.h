/*
 * The step of a cycle, between reading and writing: the logic. It sees the release and the time since the
 * last one, never a clock; what it computes is in the process image and asked of the outputs when it is
 * over.
 */
#ifndef RTLOOP_CYCLE_STEP_H
#define RTLOOP_CYCLE_STEP_H

#include "rtloop/base/attr.h"
#include "rtloop/base/record.h"
#include "rtloop/cycle/values.h"
#include "rtloop/program/program.h"

struct step {
	struct program *program; /* borrowed; NULL: there is none */
	struct values params;
	struct values vars;
	int64_t budget_ns; /* 0: none */

	int64_t trouble_tell_ns; /* no event about trouble before; likewise below */
	int64_t budget_tell_ns;
};

/** step_run - the logic of one cycle. Trouble is an event at most once a second. [rt] */
void step_run(struct step *step, const struct cycle_time *now,
	      struct recorder *recorder) RT_SAFE;

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
