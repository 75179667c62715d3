#include "rtloop/app_guard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/guard/feeder.h"
#include "rtloop/guard/heir.h"
#include "rtloop/super/control_path.h"

/* Above the cycle, and above the watchdog thread, which is above it, too. */
#define PRIORITY_ABOVE 2
#define PRIORITY_MAX   99

static bool is_covered(const struct device *device)
{
	return device->driver->guarded && device->spec->out_count > 0 && !device->is_dry;
}

bool app_guard_covers(const struct app *app)
{
	for (unsigned i = 0; i < app->device_count; i++) {
		if (is_covered(&app->devices[i])) {
			return true;
		}
	}
	return false;
}

static bool is_wanted(const struct app *app)
{
	const struct loop_options *options = &app->setup->loop;

	return options->guard == GUARD_ON ||
	       (options->guard == GUARD_AUTO &&
		(app_guard_covers(app) || options->watchdog));
}

static int priority_of(const struct loop_options *options)
{
	int above = (int)options->priority + PRIORITY_ABOVE;

	if (options->priority == 0) {
		return 0;
	}
	return above < PRIORITY_MAX ? above : PRIORITY_MAX;
}

static void tell(struct app *app, const char *text)
{
	if (app->super.tell) {
		app->super.tell(app->super.context, NULL, text);
	}
}

int app_guard_start(struct app *app, struct err *err)
{
	const struct loop_options *options = &app->setup->loop;
	struct err why;
	int code;

	if (!is_wanted(app)) {
		return 0;
	}
	code = guard_start(&app->guard, app->loop.heartbeat, options->guard_limit_ns,
			   priority_of(options), &why);
	if (code && (options->guard == GUARD_ON || options->watchdog)) {
		return err_set(err, code, "%s", why.text);
	}
	if (code) {
		struct err text;

		err_set(&text, 0, "%s; it runs without one", why.text);
		tell(app, text.text);
	}
	return 0;
}

/* --- what an earlier run has left ----------------------------------------------------------------- */

static void tell_heritage(struct app *app, const struct heir *heir, unsigned left)
{
	const struct record_event event = { .code = EVENT_TAKEN_OVER,
					    .device = EVENT_NO_DEVICE,
					    .value = heir->before.run_pid };
	struct err text;

	if (heir->count == 0) {
		return;
	}
	err_set(&text, 0,
		"an earlier run (process %d) %s: its guardian has handed over %u GPIO "
		"requests, %u are used as they were, %u were let go of",
		(int)heir->before.run_pid,
		heir->before.cause == GUARD_CAUSE_SILENCE ? "stopped and was killed"
							  : "died",
		heir->count, heir->taken, left);
	tell(app, text.text);
	logger_tell(&app->logger, &event, text.text);
}

/* A run that drives nothing takes nothing from anybody. */
static void inherit(struct app *app, struct heir *heir)
{
	char path[CONTROL_PATH_BYTES];
	struct err err;

	heir_init(heir, &app->guard);
	if (app->setup->is_dry) {
		return;
	}
	if (control_choose_place(app->setup->name, GUARD_SUFFIX, path, &err) ||
	    heir_take_over(heir, path, &err) || guard_listen(&app->guard, path, &err)) {
		tell(app, err.text);
	}
	app->watchdog_fd = heir->watchdog_fd;
	app->watchdog_s = heir->watchdog_s;
	heir->watchdog_fd = -1;
}

void app_guard_open_devices(struct app *app)
{
	struct heir *heir = malloc(sizeof(*heir));
	unsigned left;

	if (!heir) {
		tell(app, "no memory for what an earlier run may have left");
		super_open_devices(&app->super, NULL);
		return;
	}
	inherit(app, heir);
	super_open_devices(&app->super, &heir->heritage);
	left = heir_settle(heir);
	tell_heritage(app, heir, left);
	free(heir);
}

/* --- the hardware watchdog ------------------------------------------------------------------------ */

/* Where the configuration has no guardian any more, the run in order is the end of the fault. */
static void stop_watchdog(struct app *app)
{
	struct feeder feeder;

	feeder_init(&feeder);
	feeder_take(&feeder, app->watchdog_fd, app->watchdog_s);
	feeder_stop(&feeder);
	app->watchdog_fd = -1;
}

int app_guard_arm(struct app *app, struct err *err)
{
	const struct loop_options *options = &app->setup->loop;

	if (app->watchdog_fd < 0 && options->watchdog) {
		app->watchdog_fd =
			feeder_open(options->watchdog,
				    (int32_t)(options->watchdog_timeout_ns / NS_PER_SEC),
				    &app->watchdog_s, err);
		if (app->watchdog_fd < 0) {
			return app->watchdog_fd;
		}
	}
	if (app->watchdog_fd >= 0 && app->guard.presence == GUARD_ABSENT) {
		stop_watchdog(app);
	} else if (app->watchdog_fd >= 0) {
		guard_feed(&app->guard, app->watchdog_fd, app->watchdog_s);
		app->watchdog_fd = -1;
	}
	return 0;
}
