/*
 * Times of one thing that was measured often: how many there were, the least and the worst of all, and so many of
 * them, drawn at random, that the median and other quantiles can be told.
 */
#ifndef RTLOOP_BENCH_SAMPLES_H
#define RTLOOP_BENCH_SAMPLES_H

#include <stdint.h>

#include "rtloop/base/attr.h"

#define SAMPLES_KEPT 4096

struct samples {
	uint64_t count;
	double least_ns; /* valid where count > 0, as the next one */
	double worst_ns;
	uint32_t seed;
	float kept_ns[SAMPLES_KEPT]; /* in no order; each one had the same chance */
};

/* What is told of them, ns. All are 0 where there was no sample. */
struct figure {
	uint64_t samples;
	double least_ns;
	double median_ns;
	double p99_ns;
	double worst_ns;
};

/** samples_add - count one. Zeroed samples are empty ones. [rt] */
void samples_add(struct samples *samples, double ns) RT_SAFE;

/**
 * samples_figure - what is told of them. A quantile is the least sample that at least so many of those kept do not
 * exceed. Their order changes. [any but rt]
 */
struct figure samples_figure(struct samples *samples);

#endif
