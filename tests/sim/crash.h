/* A loss of power: what would be left of the log at some moment, and what can be made of it. */
#ifndef TESTS_SIM_CRASH_H
#define TESTS_SIM_CRASH_H

/** crash_begin - nothing is kept yet. */
void crash_begin(void);

/** crash_take - keep what the disk would have of the file that is being written; once in a scenario. */
void crash_take(void);

/** crash_check - behind the run, on a disk that is well: it is recovered, whole, and with all that was synced. */
void crash_check(void);

#endif
