/* What goes wrong, and when: drawn from the seed, one after the other. */
#ifndef TESTS_SIM_FAULTS_H
#define TESTS_SIM_FAULTS_H

#include "tests/sim/peer.h"
#include "tests/sim/plan.h"

/** faults_begin - from now on things go wrong; borrowed. */
void faults_begin(const struct plan *plan, struct peer *peers);

/** faults_spoiled_log - whether what was written was lost by the disk without a word since. */
bool faults_spoiled_log(void);

/** faults_removed_log - whether somebody has removed files of the log. */
bool faults_removed_log(void);

/** faults_count - so far. */
uint64_t faults_count(void);

#endif
