/*
 * Who may have a real-time priority, and why somebody may not: SCHED_FIFO is refused with the same EPERM
 * for want of a right, in a container, and by the control group.
 */
#ifndef RTLOOP_CYCLE_RIGHT_H
#define RTLOOP_CYCLE_RIGHT_H

#include <stddef.h>

#include "rtloop/base/attr.h"

enum right {
	RIGHT_MISSING,	 /* no capability, and no limit that allows it */
	RIGHT_TOO_LOW,	 /* the limit allows lower priorities only */
	RIGHT_CONTAINED, /* root, but of a container: not the root that counts */
	RIGHT_GRANTED,	 /* by a capability or the limit */
};

/** right_to_priority - @ret_limit: what RLIMIT_RTPRIO allows. [init] */
enum right right_to_priority(int priority, int *ret_limit);

/**
 * right_group_file - the file in which the budget of this process's control group is set, where the kernel has
 * such budgets (CONFIG_RT_GROUP_SCHED) and control groups of version 1.
 *
 * -ENOENT where there is none; -ENAMETOOLONG. [init]
 */
int right_group_file(char *path, size_t bytes) MUST_CHECK;

#endif
