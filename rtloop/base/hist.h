/*
 * A histogram of times with a fixed size: steps of 1 us up to HIST_LINEAR_US, then a
 * logarithmic tail of HIST_OCTAVE steps to each doubling, up to HIST_LIMIT_US. What lies
 * beyond is counted as overflow, never put into the last bin. Least, greatest and sum are
 * exact, in ns.
 *
 * One thread records, any thread reads.
 */
#ifndef RTLOOP_BASE_HIST_H
#define RTLOOP_BASE_HIST_H

#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/base/counter.h"

#define HIST_LINEAR_US	 1024
#define HIST_OCTAVE_BITS 4
#define HIST_OCTAVE	 (1 << HIST_OCTAVE_BITS)
#define HIST_OCTAVES	 17
#define HIST_LIMIT_US	 ((uint64_t)HIST_LINEAR_US << HIST_OCTAVES) /* 134 s */
#define HIST_BINS	 (HIST_LINEAR_US + HIST_OCTAVES * HIST_OCTAVE)

struct hist {
	struct counter bins[HIST_BINS];
	struct counter overflow;
	struct counter count; /* overflow included */
	struct counter sum_ns;
	struct counter min_ns; /* valid where count > 0 */
	struct counter max_ns;
};

/** hist_record - count one time; a negative one counts as 0. [rt] */
void hist_record(struct hist *hist, int64_t ns) RT_SAFE;

/**
 * hist_merge - count all that @from has counted; nobody else records into either.
 *
 * [any but rt]
 */
void hist_merge(struct hist *into, const struct hist *from);

/** hist_bin - the bin of a time; HIST_BINS where it is past the limit. [any] */
unsigned hist_bin(uint64_t us) RT_SAFE;

/** hist_bin_start - the least time of a bin, us; of HIST_BINS: the limit. [any] */
uint64_t hist_bin_start(unsigned bin) RT_SAFE;

/**
 * hist_quantile - the time that a share of all recorded ones does not exceed, ns.
 * @share: 0 to 1
 *
 * The upper edge of the bin that holds it, but never more than the exact greatest time;
 * so it is never flattered. 0 where nothing was recorded. [any]
 */
int64_t hist_quantile(const struct hist *hist, double share);

/** hist_mean - ns; 0 where nothing was recorded. [any] */
double hist_mean(const struct hist *hist);

#endif
