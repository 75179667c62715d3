/* The log of a run that is over, read back from the simulated disk by the program's own reader. */
#ifndef TESTS_SIM_READBACK_H
#define TESTS_SIM_READBACK_H

#include "rtloop/app.h"
#include "tests/sim/plan.h"

/**
 * readback_check - every cycle of the run is in its log, or in a gap that says so.
 * @code: what app_run() has returned: other than 0, the log is not complete
 */
void readback_check(const struct app *app, const struct plan *plan, int code);

#endif
