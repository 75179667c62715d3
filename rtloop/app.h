/* A run: owns every object, and knows the order in which they start and stop. */
#ifndef RTLOOP_APP_H
#define RTLOOP_APP_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/device.h"
#include "rtloop/base/err.h"
#include "rtloop/base/record.h"
#include "rtloop/cycle/loop.h"
#include "rtloop/cycle/realtime.h"
#include "rtloop/guard/guard.h"
#include "rtloop/log/logger.h"
#include "rtloop/logic_run.h"
#include "rtloop/logic_state.h"
#include "rtloop/setup.h"
#include "rtloop/super/super.h"

struct app {
	struct setup *setup; /* borrowed */
	const char *version; /* borrowed */
	struct image *image;
	struct device *devices; /* setup->device_count of them */
	unsigned device_count;	/* initialised so far */
	struct log_device *log_devices;
	struct log_plugin *log_plugins;
	struct log_description description;
	struct recorder recorder;
	struct realtime realtime;
	struct step step;
	struct logic_run logic;
	struct loop loop;
	struct logger logger;
	struct supervisor super;
	struct guard guard;
	int watchdog_fd;    /* the hardware's, until the guardian has it; -1: none */
	int32_t watchdog_s; /* its time-out */
	int64_t start_ns;   /* of the run, CLOCK_MONOTONIC */
	int64_t end_ns;	    /* 0 while it runs */
};

/**
 * app_create - build all objects of a run; nothing is opened or started.
 * @version: as logs and reports name this program; borrowed
 *
 * -ENOMEM, -EINVAL, and what a driver's init() says, with @err filled. [init]
 */
int app_create(struct app **ret_app, struct setup *setup, const char *version,
	       struct err *err) MUST_CHECK;
void app_destroy(struct app *app);

/**
 * app_start - guardian, log, devices, locked memory, cycle: in this order.
 * @needs_realtime: -EPERM where the run would not be real-time
 *
 * -errno with @err filled; what was started is stopped again. [init]
 */
int app_start(struct app *app, bool needs_realtime, struct err *err) MUST_CHECK;

/**
 * app_run - until the run has ended: then every record is in the log, and the log is closed.
 *
 * -errno with @err filled where the log is not complete, or the loop could not begin. [super]
 */
int app_run(struct app *app, struct err *err) MUST_CHECK;

#endif
