/*
 * The judge: what must be so whatever goes wrong, looked at each time a cycle is over and when a run has ended. It
 * knows what devices have said, and works out for itself what the program must make of that.
 */
#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include "rtloop/app.h"
#include "tests/sim/peer.h"
#include "tests/sim/plan.h"

/** judge_begin - of a run that is about to start; all borrowed. */
void judge_begin(struct app *app, const struct plan *plan, struct peer *peers);

/** judge_edge - a cycle is over, or the first one is waited for. */
void judge_edge(void);

/** judge_taken - the program has read a part; NULL: something. */
void judge_taken(const struct peer_line *line, const struct wire_mark *mark);

/** judge_heard - a device was told a value. */
void judge_heard(const struct peer_line *line, double value);

/** judge_ended - a connection has ended by the other side; judge_closed - by the program. */
void judge_ended(const struct peer_line *line);
void judge_closed(const struct peer_line *line);

/** judge_end - the run is over, its objects are still there. */
void judge_end(void);

#endif
