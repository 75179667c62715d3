/* What "rtloop bench" shows of what it measured. */
#ifndef RTLOOP_CMD_BENCH_H
#define RTLOOP_CMD_BENCH_H

#include <stdio.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/bench/bench.h"
#include "rtloop/bench/recommend.h"
#include "rtloop/setup.h"

struct bench_result {
	const struct bench *bench; /* borrowed, as the others */
	const struct setup *setup; /* NULL: no configuration was given */
	const char *path;	   /* of it */
	double load[3];		   /* load averages at the start */
	struct recommendation advice;
};

/** bench_file_conditions - what the loop, the log and the devices of a configuration ask for. Only what is not
 * given on the command line is changed. [init] */
void bench_file_conditions(const struct setup *setup, struct conditions *conditions);

/** bench_file_sources - what stands for the endpoints of its devices that are polled in the cycle. [init] */
struct source_set bench_file_sources(const struct setup *setup);

/** bench_file_folder - where its log would be written, or the nearest folder above that is there; else one for
 * temporary files. To be freed; NULL without memory. [init] */
char *bench_file_folder(const struct setup *setup);

/** bench_text_print - conditions, tables and what is recommended. [init] */
void bench_text_print(FILE *out, const struct bench_result *result);

/**
 * bench_json_write - the same for programs.
 * @path: "-" is standard output
 *
 * -errno with @err filled. [init]
 */
int bench_json_write(const struct bench_result *result, const char *path,
		     struct err *err) MUST_CHECK;

/** bench_plot_draw - a picture of each table, and the data that it is drawn from, in a folder that is made where it is
 * not there. -errno with @err filled. [init] */
int bench_plot_draw(const struct bench_result *result, const char *folder,
		    struct err *err) MUST_CHECK;

#endif
