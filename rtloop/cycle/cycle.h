/* One cycle, and the thread that runs one after the other. */
#ifndef RTLOOP_CYCLE_CYCLE_H
#define RTLOOP_CYCLE_CYCLE_H

#include "rtloop/base/attr.h"
#include "rtloop/cycle/loop.h"

/**
 * cycle_run - read, step, write, record: one cycle of the current release.
 *
 * Returns whether the loop goes on. [rt]
 */
bool cycle_run(struct loop *loop, int64_t wake_ns) RT_SAFE;

/** cycle_take_mail - put the links that were offered into force. [rt] between two cycles */
void cycle_take_mail(struct loop *loop, const struct cycle_time *now) RT_SAFE;

/**
 * cycle_end - leave the outputs safe. The cycle thread never returns from here where others have claimed them, since
 * it has hung. [rt] the cycle thread's last act; or the supervisor, where the thread has ended without having begun
 */
void cycle_end(struct loop *loop) RT_SAFE;

/** cycle_let_go - after the last cycle, by the thread that polled: nothing is held open by its poller. [init] */
void cycle_let_go(struct loop *loop);

/** cycle_main - the cycle thread. @arg: struct loop */
void *cycle_main(void *arg);

#endif
