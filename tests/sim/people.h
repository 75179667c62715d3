/* Who sets, forces and reloads while the program runs, and who ends it early. */
#ifndef TESTS_SIM_PEOPLE_H
#define TESTS_SIM_PEOPLE_H

#include "rtloop/app.h"
#include "tests/sim/plan.h"

/** people_begin - before the supervisor runs; borrowed. */
void people_begin(const struct plan *plan, struct app *app);

/** people_look - once in a while, from the supervisor's thread. */
void people_look(void);

/** people_check - what the program has taken of the orders is what was given: all of a batch, or nothing. */
void people_check(void);

#endif
