/* One scenario from its seed to its end. */
#ifndef TESTS_SIM_SCENE_H
#define TESTS_SIM_SCENE_H

#include <stdint.h>

#include "tests/sim/sim.h"

/* What has happened, so that one can see that something has. */
struct scene_result {
	uint64_t cycles;
	uint64_t hash; /* of all that happened */
	uint64_t faults;
	uint64_t overruns;
	uint64_t missed;  /* releases */
	uint64_t lost;	  /* devices */
	uint64_t in_gaps; /* cycles that the ring had no room for, or the disk refused */
	uint64_t log_failures;
};

/** scene_run - a violation ends the process. */
struct scene_result scene_run(uint64_t seed, const struct sim_options *options);

#endif
