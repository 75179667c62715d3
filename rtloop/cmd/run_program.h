/* What a run says of its program. */
#ifndef RTLOOP_CMD_RUN_PROGRAM_H
#define RTLOOP_CMD_RUN_PROGRAM_H

#include <stdio.h>

#include "rtloop/app.h"
#include "rtloop/cmd/json.h"

/** run_program_print - its size, and the trouble that it met with; nothing without one. [init] */
void run_program_print(const struct app *app, FILE *out);

/** run_program_print_time - the line of the step in the table of times; likewise. [init] */
void run_program_print_time(const struct app *app, FILE *out);

/** run_program_put - "program", and the histogram "step"; likewise. [init] */
void run_program_put(struct json *json, const struct app *app);

#endif
