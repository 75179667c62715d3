/* What a person sees of a run: the status line each second, and the report at its end. */
#ifndef RTLOOP_CMD_RUN_REPORT_H
#define RTLOOP_CMD_RUN_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "rtloop/app.h"

/* The line on stderr that is written over each second. */
struct run_status {
	struct app *app; /* borrowed */
	bool is_wanted;	 /* on a terminal, and not asked to be quiet */
	bool is_shown;
};

/** run_status_text - how the run goes, in one line; cut off where it does not fit. [super] */
void run_status_text(const struct app *app, char *text, size_t bytes);

/** run_status_show - write it, or write it anew. [super] */
void run_status_show(struct run_status *status);

/** run_status_wipe - before anything else is written to the terminal. [super] */
void run_status_wipe(struct run_status *status);

/**
 * run_report_print - the report of a run that has ended; or that runs, without what is known only at the
 * end. [super]
 */
void run_report_print(struct app *app, FILE *out);

/** run_end_text - why the run ended, in words. [super] */
const char *run_end_text(const struct app *app);

/** run_pacer_name - how the cycle waits. [super] */
const char *run_pacer_name(const struct app *app);

/** run_end_ns - when the run ended, or now; run_seconds - how long it took until then. [super] */
int64_t run_end_ns(const struct app *app);
double run_seconds(const struct app *app);

/** run_rate - messages or cycles a second, over the whole run so far. [super] */
double run_rate(const struct app *app, uint64_t count);

#endif
