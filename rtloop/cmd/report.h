/* What the parts of "rtloop report" share. */
#ifndef RTLOOP_CMD_REPORT_H
#define RTLOOP_CMD_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/cmd/json.h"
#include "rtloop/report/overruns.h"
#include "rtloop/report/source.h"
#include "rtloop/report/summary.h"

/* report_text.c: what a person reads */

/** report_text_summary - all but the overruns. @number: of @all runs, from 1 on. [init] */
void report_text_summary(FILE *out, const struct report_summary *summary, unsigned number,
			 unsigned all);

/* report_overrun.c: the same of overruns */

/** report_text_overruns - what is said before the overruns, of which @shown follow. [init] */
void report_text_overruns(FILE *out, const struct report_summary *summary,
			  uint64_t shown);

/** report_text_overrun - one of them. [init] */
void report_text_overrun(FILE *out, const struct report_summary *summary,
			 const struct report_overrun *overrun);

/* report_json.c: the same for programs; docs/report-json.md describes its members */

/** report_json_begin_run - opens the object of a run, with all but the overruns, and opens their list. [init] */
void report_json_begin_run(struct json *json, const struct report_summary *summary);
void report_json_overrun(struct json *json, const struct report_summary *summary,
			 const struct report_overrun *overrun);
void report_json_end_run(struct json *json);

/* report_plot.c */

#define PLOT_TITLE_BYTES 160

/* Pictures being made in a folder, from data that stay there. */
struct report_plots {
	const char *folder; /* borrowed */
	char *scripts;	    /* where gnuplot's are */
	FILE *latency;	    /* the list of latencies, of all runs */
	unsigned runs;
	bool has_failed;	      /* gnuplot: data are still written */
	char title[PLOT_TITLE_BYTES]; /* of the newest run */
};

/**
 * report_plots_open - make the folder where it is not there, and find the scripts.
 *
 * -errno with @err filled. [init]
 */
int report_plots_open(struct report_plots *plots, const char *folder,
		      struct err *err) MUST_CHECK;

/**
 * report_plots_add - a run: its data, and the pictures of it alone.
 *
 * -errno with @err filled; once it was gnuplot that failed, only the data are written. [init]
 */
int report_plots_add(struct report_plots *plots, const struct report_summary *summary,
		     unsigned all, struct err *err) MUST_CHECK;

/** report_plots_close - the picture of all runs' latencies. -errno with @err filled. [init] */
int report_plots_close(struct report_plots *plots, struct err *err) MUST_CHECK;

/** report_offset_s - seconds from the first message of the run's logs to a log_time. [any but
 * rt] */
double report_offset_s(const struct report_summary *summary, uint64_t log_time_ns);

#endif
