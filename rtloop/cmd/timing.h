/* How commands show histograms of times: a line of figures, a small picture, and JSON. */
#ifndef RTLOOP_CMD_TIMING_H
#define RTLOOP_CMD_TIMING_H

#include <stdio.h>

#include "rtloop/base/hist.h"
#include "rtloop/cmd/json.h"

#define TIMING_LABEL_WIDTH 10

/** timing_us - nanoseconds as microseconds. [any but rt] */
double timing_us(int64_t ns);

/** timing_print_head - the line above those of timing_print(). [init] */
void timing_print_head(FILE *out);

/**
 * timing_print - least, median, mean, p99, p99.9 and greatest in us, without the line's end.
 * @label: at most TIMING_LABEL_WIDTH wide
 *
 * [init]
 */
void timing_print(FILE *out, const char *label, const struct hist *hist);

/** timing_print_histogram - a bar for each doubling, under a title; nothing where it is empty. [init] */
void timing_print_histogram(FILE *out, const char *title, const struct hist *hist);

/** timing_put_json - as docs/report-json.md describes histograms. [init] */
void timing_put_json(struct json *json, const char *name, const struct hist *hist);

#endif
