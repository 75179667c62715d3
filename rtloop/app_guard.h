/* The guardian of a run, and what an earlier one has left: when in a run's life what becomes of them. */
#ifndef RTLOOP_APP_GUARD_H
#define RTLOOP_APP_GUARD_H

#include "rtloop/app.h"

/**
 * app_guard_start - fork the guardian, where the configuration wants one; no other thread may run yet.
 *
 * Where it cannot be had that is told, and with "guard: on", or for a hardware watchdog, it is an error: what
 * guard_start() says, with @err filled. [init]
 */
int app_guard_start(struct app *app, struct err *err) MUST_CHECK;

/**
 * app_guard_open_devices - take over what an earlier run has left, open all devices, and let go of the rest.
 *
 * The log has been started: a run that cannot begin takes nothing over. [init]
 */
void app_guard_open_devices(struct app *app);

/**
 * app_guard_arm - have the guardian feed the hardware watchdog, from now on: the cycle is about to begin.
 *
 * What feeder_open() says, with @err filled. [init]
 */
int app_guard_arm(struct app *app, struct err *err) MUST_CHECK;

/** app_guard_covers - whether GPIO lines, or the like, are driven in this run. [any but rt] */
bool app_guard_covers(const struct app *app);

#endif
