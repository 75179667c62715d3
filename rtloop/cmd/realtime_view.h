/* Whether it is real-time, and what mends it, as commands show it. */
#ifndef RTLOOP_CMD_REALTIME_VIEW_H
#define RTLOOP_CMD_REALTIME_VIEW_H

#include <stdio.h>

#include "rtloop/cmd/json.h"
#include "rtloop/cycle/realtime.h"

/** realtime_view_print - a line, and two for each problem. [super] */
void realtime_view_print(const struct realtime *realtime, FILE *out);

/** realtime_view_put - as the member "realtime", which docs/report-json.md describes. [super] */
void realtime_view_put(struct json *json, const struct realtime *realtime);

#endif
