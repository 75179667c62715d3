/* The process of a guardian: forked by its run, with nothing of it but what it needs. */
#ifndef RTLOOP_GUARD_PROCESS_H
#define RTLOOP_GUARD_PROCESS_H

#include <stdnoreturn.h>

#include "rtloop/guard/guardian.h"

/**
 * process_run - be the guardian, in the child of a fork, until it is over; then end.
 * @priority: of SCHED_FIFO, as far as it is granted; 0: none
 *
 * A session of its own, its memory locked, no descriptor of the run's but those in @run, no capability and no way to
 * gain one; never the first to be killed where memory is short, as far as that is granted. SIGTERM is heard only when
 * it holds. What it says goes to syslog, and to its standard error where that is a terminal or a file: a pipe's reader
 * would never see its end. [guard]
 */
noreturn void process_run(const struct guard_run *run, int priority);

#endif
