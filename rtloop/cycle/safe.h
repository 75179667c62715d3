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

/**
 * safe_end_but - the same in place of a cycle thread that is parked. Takes no mail, and no device records.
 * @is_in_call: it was in a call of a device, or of the poller: nothing is read
 * @stuck: the device in whose call it was, which is left alone; NULL: none
 *
 * [super] the watchdog
 */
void safe_end_but(struct loop *loop, bool is_in_call, const struct device *stuck) RT_SAFE;

/**
 * safe_rescue - have the safe values written at once where a driver can do so past its own state, whatever the cycle
 * thread may be doing.
 * @but: left out; NULL: none
 *
 * [super] the watchdog
 */
void safe_rescue(struct loop *loop, const struct device *but) RT_SAFE;

/** safe_end_lanes - async devices are to end: their threads leave them safe. [rt] */
void safe_end_lanes(struct loop *loop) RT_SAFE;

/** safe_note - put into the heartbeat what became of the outputs of the cycle's lane. [rt] */
void safe_note(struct loop *loop) RT_SAFE;

/** safe_tell - events of how many devices were left safe, and of each that was not. [super] after all
 * threads have ended */
void safe_tell(struct loop *loop);

/** safe_end_device - the same for one device; whether it is done. [rt] */
bool safe_end_device(struct device *device, const struct cycle_time *now) RT_SAFE;

/** safe_begin_end - put the safe values into the cells, to be sent. [rt] */
void safe_begin_end(struct device *device) RT_SAFE;

#endif
