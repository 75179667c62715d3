/*
 * The grid of releases, and what to do where releases were missed. Release k is start + k
 * * period, computed; no sleep is ever planned from "now".
 */
#ifndef RTLOOP_CYCLE_GRID_H
#define RTLOOP_CYCLE_GRID_H

#include <stdbool.h>
#include <stdint.h>

#include "rtloop/base/attr.h"
#include "rtloop/cycle/options.h"

struct grid {
	int64_t start_ns;
	int64_t period_ns;
	enum overrun_policy policy;
	uint64_t catch_up_max;
	uint64_t release;     /* of the cycle that runs now, or is waited for */
	uint64_t previous;    /* the release before it that was run */
	uint64_t catch_until; /* releases before this one are run to catch up */
};

/* What one cycle did to the grid. */
struct grid_step {
	uint64_t missed_late; /* releases dropped because it woke late */
	uint64_t missed_long; /* releases dropped because it worked for long */
	bool is_late_wake;    /* an overrun: it woke after the next release */
	bool is_long_work;    /* an overrun: it was still busy at the next release */
	bool must_stop;	      /* the policy says so */
};

/** grid_init - release 0 is at @start_ns. [init] */
void grid_init(struct grid *grid, int64_t start_ns, const struct loop_options *options);

/** grid_release_ns - when a release is due, CLOCK_MONOTONIC. [any] */
int64_t grid_release_ns(const struct grid *grid, uint64_t release) RT_SAFE;

/** grid_is_catching_up - whether the current release is one that is run late on purpose.
 * [any] */
bool grid_is_catching_up(const struct grid *grid) RT_SAFE;

/** grid_dt_ns - time that logic sees between the release before and this one. [any] */
int64_t grid_dt_ns(const struct grid *grid) RT_SAFE;

/**
 * grid_advance - move on to the release that comes next, after a cycle that woke at
 * @wake_ns and was done at @done_ns.
 *
 * A release whose time has come before the cycle is done is missed: by skip and stop it
 * is dropped, by catch-up it is run late, but never more than catch_up_max of them in one
 * burst; the oldest beyond that are dropped. Cycles run to catch up are no overruns of
 * their own unless they take longer than a period. [any]
 */
struct grid_step grid_advance(struct grid *grid, int64_t wake_ns,
			      int64_t done_ns) RT_SAFE;

#endif
