/* The end of a loop: all outputs are left at their safe values. */
#ifndef RTLOOP_CYCLE_SAFE_H
#define RTLOOP_CYCLE_SAFE_H

#include "rtloop/base/attr.h"
#include "rtloop/base/time.h"
#include "rtloop/cycle/loop.h"

/* What cannot be written within this is told, and no longer waited for. */
#define SAFE_END_NS NS_PER_SEC

/**
 * safe_end - send the safe values of all devices, and wait, up to SAFE_END_NS, until they are on
 * their way.
 *
 * For devices of the cycle's lane; an async device does the same on its own thread, which is asked to. Which were
 * left safe is in device.is_left_safe. After this no device records anything any more. [rt] the thread's last act; or
 * the supervisor, where the thread has ended without having begun
 */
void safe_end(struct loop *loop) RT_SAFE;

/** safe_tell - events of how many devices were left safe, and of each that was not. [super] after all
 * threads have ended */
void safe_tell(struct loop *loop);

/** safe_end_device - the same for one device; whether it is done. [rt] */
bool safe_end_device(struct device *device, const struct cycle_time *now) RT_SAFE;

/** safe_begin_end - put the safe values into the cells, to be sent. [rt] */
void safe_begin_end(struct device *device) RT_SAFE;

#endif
