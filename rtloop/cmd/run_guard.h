/* What a run tells of its guardian. */
#ifndef RTLOOP_CMD_RUN_GUARD_H
#define RTLOOP_CMD_RUN_GUARD_H

#include <stdio.h>

#include "rtloop/app.h"
#include "rtloop/cmd/json.h"

/** run_guard_print - a line; nothing where no GPIO lines are driven and there is none. [super] */
void run_guard_print(const struct app *app, FILE *out);

/** run_guard_put - the member "guardian". [super] */
void run_guard_put(struct json *json, const struct app *app);

#endif
