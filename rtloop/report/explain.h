/*
 * One sentence for an overrun: what made it late, where the evidence carries that, and "not explained"
 * where it does not. docs/log.md says what each source proves.
 */
#ifndef RTLOOP_REPORT_EXPLAIN_H
#define RTLOOP_REPORT_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/report/told.h"

#define EXPLAIN_BYTES 512

struct explanation {
	bool is_explained;
	char text
		[EXPLAIN_BYTES]; /* "program 'hog' (pid 123, SCHED_FIFO 90) ran 3.1 ms on CPU 1" */
};

/**
 * explain_overrun - the overrun of a cycle.
 * @folder: where the log is, and traces beside it
 *
 * False where the log has no evidence on it: the run was made without, or it is lost. [any but rt]
 */
bool explain_overrun(const struct told *told, const char *folder, uint64_t cycle,
		     struct explanation *ret_explanation);

#endif
