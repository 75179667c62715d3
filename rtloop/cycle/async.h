/*
 * The async lane: a thread of its own, not real-time, for a device that can block or take
 * long. It polls the device at the device's own pace and leaves its newest values in a
 * triple buffer; the cycle fetches them without waiting and sees their age. Outputs go the
 * other way alike, and reach the device at its own pace, too. What the cycle has is a mirror of the device; the driver's calls are made on the worker only.
 */
#ifndef RTLOOP_CYCLE_ASYNC_H
#define RTLOOP_CYCLE_ASYNC_H

#include "drivers/device.h"
#include "rtloop/base/attr.h"
#include "rtloop/base/err.h"
#include "rtloop/cycle/options.h"
#include "rtloop/cycle/seat.h"

struct async;

/**
 * async_create - prepare the worker of a device; it runs once every device.every periods.
 * @mirror: the device as the cycle sees it; borrowed
 *
 * -ENOMEM, -EMFILE, or what the driver's init() returns, with @err filled. [init]
 */
int async_create(struct async **ret_async, struct device *mirror,
		 const struct loop_options *options, struct err *err) MUST_CHECK;

/** async_destroy - after async_stop(). NULL is a no-op. [init] */
void async_destroy(struct async *async);

/** async_start - start its thread. -EAGAIN, -ENOMEM with @err filled. [init] */
int async_start(struct async *async, struct err *err) MUST_CHECK;

/** async_ask_stop - its round is the last one: it leaves its outputs at their safe values, and ends. [rt] */
void async_ask_stop(struct async *async) RT_SAFE;

/** async_stop - end its thread and wait for it: as long as the device blocks, but not beyond @until_ns. Its outputs
 * are left at their safe values. One that has not ended by then must not be destroyed. NULL is a no-op. [super] */
void async_stop(struct async *async, int64_t until_ns);

/** async_seat - where the supervisor leaves links for it. [super] */
struct seat *async_seat(struct async *async);

/** async_fetch - take the newest values, if there are newer ones, into the mirror. [rt]
 */
void async_fetch(struct async *async, const struct cycle_time *now) RT_SAFE;

/** async_drive - leave the mirror's outputs for the worker, which takes the newest. [rt] */
void async_drive(struct async *async) RT_SAFE;

#endif
