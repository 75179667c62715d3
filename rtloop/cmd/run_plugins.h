/* What a run says of its plugins. */
#ifndef RTLOOP_CMD_RUN_PLUGINS_H
#define RTLOOP_CMD_RUN_PLUGINS_H

#include <stdio.h>

#include "rtloop/app.h"
#include "rtloop/cmd/json.h"

/** run_plugins_print - which there are, and what they reported; nothing without any. [init] */
void run_plugins_print(const struct app *app, FILE *out);

/** run_plugins_print_time - a line of each in the table of times; likewise. [init] */
void run_plugins_print_time(const struct app *app, FILE *out);

/** run_plugins_put - "plugins", in the order of running; likewise. [init] */
void run_plugins_put(struct json *json, const struct app *app);

#endif
