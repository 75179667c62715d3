/* The report of a run for programs. docs/report-json.md describes its members. */
#ifndef RTLOOP_CMD_RUN_JSON_H
#define RTLOOP_CMD_RUN_JSON_H

#include "rtloop/app.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/cmd/json.h"

/**
 * run_json_write - all that the report says, and the histograms.
 * @path: "-" is standard output
 *
 * -errno with @err filled. [init]
 */
int run_json_write(struct app *app, const char *path, struct err *err) MUST_CHECK;

/**
 * run_json_put - the same, as members of an object that is open. Of a run that has not ended, without what
 * is known only at the end. [super]
 */
void run_json_put(struct json *json, struct app *app);

#endif
