/* What a run says about faults: what would be one, and the one that ended it. */
#ifndef RTLOOP_CMD_RUN_FAULT_H
#define RTLOOP_CMD_RUN_FAULT_H

#include <stdio.h>

#include "rtloop/app.h"
#include "rtloop/cmd/json.h"

/** run_fault_print - the fault that ended it, if one did; where, and what came of the outputs is told elsewhere. [super] */
void run_fault_print(const struct app *app, FILE *out);

/** run_fault_print_limits - a line of what would be a fault. [super] */
void run_fault_print_limits(const struct app *app, FILE *out);

/** run_fault_put - both, as "fault". [super] */
void run_fault_put(struct json *json, const struct app *app);

#endif
