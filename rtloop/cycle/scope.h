/* What a loop needs of the kernel, by its pacer, its poller and its devices. */
#ifndef RTLOOP_CYCLE_SCOPE_H
#define RTLOOP_CYCLE_SCOPE_H

#include "rtloop/base/filter_calls.h"
#include "rtloop/cycle/loop.h"

/** scope_of - of the cycle thread; its pacer and its poller are open. Lanes of async devices have threads of
 * their own. [init] */
struct filter_scope scope_of(const struct loop *loop);

#endif
