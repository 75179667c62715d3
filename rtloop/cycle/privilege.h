/* What privilege this process has, as far as a real-time priority takes one. */
#ifndef RTLOOP_CYCLE_PRIVILEGE_H
#define RTLOOP_CYCLE_PRIVILEGE_H

#include <stdbool.h>

/** privilege_has_nice - whether CAP_SYS_NICE is in force. [init] */
bool privilege_has_nice(void);

/** privilege_is_contained - whether this is a user namespace of its own, where a capability has no power over
 * priorities. [init] */
bool privilege_is_contained(void);

#endif
