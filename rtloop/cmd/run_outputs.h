/* What a run drove last, for a person and as JSON. */
#ifndef RTLOOP_CMD_RUN_OUTPUTS_H
#define RTLOOP_CMD_RUN_OUTPUTS_H

#include <stdio.h>

#include "rtloop/app.h"
#include "rtloop/cmd/json.h"

/** run_outputs_print - the part of the report; nothing where there are no outputs. [init] */
void run_outputs_print(const struct app *app, FILE *out);

/** run_outputs_put - the outputs of one device, into its object; nothing where it has none. [init] */
void run_outputs_put(struct json *json, const struct device *device);

#endif
