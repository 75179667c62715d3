#include "rtloop/app.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rtloop/app_guard.h"
#include "rtloop/base/limit.h"
#include "rtloop/base/rights.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/* A ring bridges at least this much of the ordinary flow: eMMC and SD cards stall for so long. */
#define RING_SPAN_NS NS_PER_SEC

/* All of it is locked memory: one chosen here stays below this, whatever the flow. */
#define RING_CHOSEN_MAX (UINT64_C(256) << 20)

#define CLOSE_LOOK_NS (2 * NS_PER_MS)

static int create_devices(struct app *app, struct err *err)
{
	const struct setup *setup = app->setup;

	app->image = image_create();
	app->devices = calloc(setup->device_count + 1, sizeof(*app->devices));
	if (!app->image || !app->devices) {
		return err_set(err, -ENOMEM, "no memory for the devices");
	}
	for (unsigned i = 0; i < setup->device_count; i++) {
		int code = device_init(&app->devices[i], &setup->devices[i], i,
				       app->image, err);

		app->devices[i].is_dry = setup->is_dry;
		app->device_count = i + 1;
		if (code) {
			return code;
		}
	}
	if (logic_run_add(&app->step, setup->logic, app->image)) {
		return err_set(err, -ENOMEM, "no memory for params and vars");
	}
	for (unsigned i = 0; i < app->device_count; i++) {
		device_resolve(&app->devices[i], app->devices, app->device_count);
	}
	if (image_seal(app->image)) {
		return err_set(err, -ENOMEM, "no memory for the process image");
	}
	for (unsigned i = 0; i < app->device_count; i++) {
		device_begin(&app->devices[i]);
	}
	app->step.budget_ns = setup->loop.budget_ns;
	if (logic_run_bind(&app->logic, &app->step, setup->logic, app->devices,
			   app->device_count)) {
		return err_set(err, -ENOMEM, "no memory for the program");
	}
	return logic_run_load(&app->logic, &app->step, setup, err);
}

static int describe_plugins(struct app *app)
{
	app->log_plugins = logic_run_plugins(&app->step);
	logger_set_plugins(&app->logger, app->log_plugins, app->step.plugin_count);
	return app->log_plugins ? 0 : -ENOMEM;
}

static int describe_devices(struct app *app, struct err *err)
{
	app->log_devices = calloc(app->device_count + 1, sizeof(*app->log_devices));
	if (!app->log_devices) {
		return err_set(err, -ENOMEM, "no memory for the log's topics");
	}
	for (unsigned i = 0; i < app->device_count; i++) {
		app->log_devices[i] = log_device_of(&app->devices[i]);
	}
	for (unsigned i = 0; i < app->device_count; i++) {
		app->devices[i].out_topic =
			topics_of_outputs(app->log_devices, app->device_count, i);
	}
	if (logger_set_devices(&app->logger, app->log_devices, app->device_count) ||
	    logic_run_describe(&app->step, &app->logger) || describe_plugins(app)) {
		return err_set(err, -ENOMEM, "no memory for the log's topics");
	}
	return 0;
}

/* After all other topics: the state is the last of them. */
static int describe_state(struct app *app, struct err *err)
{
	const struct logic_parts parts = { .spec = app->setup->logic,
					   .run = &app->logic,
					   .step = &app->step,
					   .devices = app->devices,
					   .device_count = app->device_count };
	int code = logic_state_describe(&parts, &app->loop.state, &app->loop.sample_times,
					&app->logger.topics,
					&app->loop.orders.force_topic, NULL);

	app->logger.state_topic = app->loop.state.topic;
	return code ? err_set_errno(err, code, "cannot record the state of the logic")
		    : 0;
}

int app_create(struct app **ret_app, struct setup *setup, const char *version,
	       struct err *err)
{
	size_t bytes = (sizeof(struct app) + APART_BYTES - 1) / APART_BYTES * APART_BYTES;
	struct app *app = aligned_alloc(APART_BYTES, bytes);
	int code;

	if (!app) {
		return err_set(err, -ENOMEM, "no memory for the run");
	}
	memset(app, 0, bytes);
	app->setup = setup;
	app->version = version;
	app->watchdog_fd = -1;
	code = create_devices(app, err);
	code = code ? code
		    : loop_init(&app->loop, &setup->loop, app->devices, app->device_count,
				&app->recorder, err);
	if (code == 0 && view_init(&app->loop.view, app->image)) {
		code = err_set(err, -ENOMEM, "no memory for views of the process image");
	}
	code = code ? code : describe_devices(app, err);
	code = code ? code : describe_state(app, err);
	if (code == 0) {
		app->loop.step = &app->step;
	}
	if (code == 0 && super_init(&app->super, &app->loop, &app->logger, &app->guard)) {
		code = err_set(err, -ENOMEM, "no memory for the supervisor");
	}
	if (code) {
		app_destroy(app);
		return code;
	}
	*ret_app = app;
	return 0;
}

void app_destroy(struct app *app)
{
	if (!app) {
		return;
	}
	/* one that is still there has no cycle to watch */
	guard_end(&app->guard, false);
	sys_close(app->watchdog_fd);
	super_fini(&app->super);
	loop_fini(&app->loop);
	logger_fini(&app->logger);
	realtime_fini(&app->realtime);
	for (unsigned i = 0; i < app->device_count; i++) {
		device_fini(&app->devices[i]);
	}
	logic_run_fini(&app->logic);
	values_destroy(&app->step.params);
	values_destroy(&app->step.vars);
	image_destroy(app->image);
	free(app->log_devices);
	free(app->log_plugins);
	free(app->devices);
	free(app);
}

static uint64_t record_bytes_of(uint32_t body_bytes)
{
	return body_bytes ? record_bytes(body_bytes) : 0;
}

static uint64_t values_bytes(const struct values *values)
{
	return values->count > 0 ? record_bytes(values->part.bytes) : 0;
}

/* The most that one cycle can record, and what it records where every device brings one message. */
static void measure_cycle(const struct app *app, uint64_t *ret_worst, uint64_t *ret_usual)
{
	uint64_t usual = record_bytes(sizeof(struct record_cycle));
	uint64_t sampled;
	uint64_t worst =
		usual + record_bytes(sizeof(struct record_gap)) +
		(uint64_t)RECORD_EVENTS_MAX * record_bytes(sizeof(struct record_event));

	for (unsigned i = 0; i < app->device_count; i++) {
		const struct device *device = &app->devices[i];
		uint64_t message = record_bytes(device->part.bytes);
		uint64_t outputs = device->spec->out_count > 0
					   ? record_bytes(device->out_part.bytes)
					   : 0;

		usual += message + outputs;
		/* after a gap as it was; frames within the budget; then the turns to stale, to
		 * bad, and to what is forced or no longer forced */
		worst += message * ((uint64_t)device->spec->budget + 4) + outputs;
	}
	sampled = record_bytes_of(sampled_body_bytes(&app->loop.sample_times));
	*ret_worst =
		worst + values_bytes(&app->step.params) + values_bytes(&app->step.vars) +
		sampled + record_bytes_of(state_body_bytes(&app->loop.state)) +
		(uint64_t)ORDER_FORCES_MAX * record_bytes(sizeof(struct record_force));
	*ret_usual = usual + values_bytes(&app->step.vars) + sampled;
}

static int choose_ring(const struct app *app, uint64_t *ret_bytes, struct err *err)
{
	const struct log_options *options = &app->setup->log;
	uint64_t worst, usual, needed;
	int64_t period_ns = app->setup->loop.period_ns;

	measure_cycle(app, &worst, &usual);
	needed = 2 * worst;
	if (options->ring_bytes > 0 && (uint64_t)options->ring_bytes < needed) {
		return err_set(
			err, -EINVAL,
			"log: ring: %lld KiB is too small: the worst cycle records %llu "
			"KiB, "
			"and half of the ring must hold it; use at least %llu KiB, or 0",
			(long long)options->ring_bytes >> 10,
			(unsigned long long)(worst + 1023) >> 10,
			(unsigned long long)(needed + 1023) >> 10);
	}
	if (options->ring_bytes == 0) {
		uint64_t span = usual * (uint64_t)(RING_SPAN_NS / period_ns + 1);

		span = span < RING_CHOSEN_MAX ? span : RING_CHOSEN_MAX;
		needed = span > needed ? span : needed;
	}
	*ret_bytes = needed;
	return 0;
}

static void describe_run(struct app *app)
{
	const struct setup *setup = app->setup;

	app->description = (struct log_description){
		.loop = setup->name,
		.version = app->version,
		.kernel = app->realtime.kernel,
		.period_ns = setup->loop.period_ns,
		.config_name = "config.yaml",
		.config_folder = setup->tree.folder,
		.config = setup->tree.raw,
		.config_bytes = setup->tree.raw_bytes,
	};
}

static int start_log(struct app *app, struct err *err)
{
	uint64_t ring_bytes = 0;
	int code;

	if (!app->setup->has_log) {
		return 0;
	}
	code = choose_ring(app, &ring_bytes, err);
	return code ? code
		    : logger_start(&app->logger, &app->setup->log, &app->description,
				   &app->recorder, ring_bytes, err);
}

/* The ring may be full: the logger makes room. */
static void close_recorder(struct app *app)
{
	const struct timespec look = time_to_timespec(CLOSE_LOOK_NS);

	recorder_event(&app->recorder, EVENT_RUN_ENDED, EVENT_NO_DEVICE,
		       (int64_t)app->loop.cycle);
	while (recorder_close(&app->recorder)) {
		nanosleep(&look, NULL);
	}
}

static int stop(struct app *app, struct err *err)
{
	if (app->logger.thread.is_running) {
		close_recorder(app);
	}
	/* a loop that could not begin has no last cycle */
	app->end_ns = app->loop.ended_ns ? app->loop.ended_ns : sys_now();
	return logger_stop(&app->logger, err);
}

/* It runs already: end it like any other run. */
static void end_loop(struct app *app)
{
	loop_ask_stop(&app->loop);
	super_run(&app->super);
	(void)stop(app, NULL);
}

static int check_realtime(struct app *app, bool needs_realtime, struct err *err)
{
	const struct realtime *realtime = &app->realtime;

	if (!needs_realtime || realtime_is_met(realtime)) {
		return 0;
	}
	for (unsigned i = 0; i < realtime->problem_count; i++) {
		if (realtime->problems[i].is_fatal) {
			return err_set(err, -EPERM, "NOT REALTIME: %s; mend it with: %s",
				       realtime->problems[i].why,
				       realtime->problems[i].fix);
		}
	}
	return 0;
}

/* Devices that go away are opened again, logs and sockets of other users are made and removed. */
static int give_up_rights(const struct app *app, struct err *err)
{
	uint32_t rights = RIGHT_FILES;
	int code;

	for (unsigned i = 0; i < app->device_count; i++) {
		const struct device *device = &app->devices[i];

		rights |=
			device->driver->rights ? device->driver->rights(device->spec) : 0;
	}
	code = rights_keep(rights);
	return code ? err_set_errno(err, code, "cannot give up capabilities") : 0;
}

int app_start(struct app *app, bool needs_realtime, struct err *err)
{
	int code;

	code = rights_begin();
	if (code) {
		return err_set_errno(err, code, "cannot set no_new_privs");
	}
	limit_lift_files();
	realtime_init(&app->realtime);
	describe_run(app);
	/* before the first thread, and before memory is locked: nothing forks later */
	code = app_guard_start(app, err);
	code = code ? code : start_log(app, err);
	if (code) {
		return code;
	}
	/* the first cycle has a time of its own; there may be none */
	app->recorder.now_ns = sys_now();
	recorder_event(&app->recorder, EVENT_RUN_STARTED, EVENT_NO_DEVICE, 0);
	app_guard_open_devices(app);
	realtime_lock_memory(&app->realtime);
	evidence_prepare(&app->super.evidence);
	app->start_ns = sys_now();
	code = app_guard_arm(app, err);
	code = code ? code : loop_start(&app->loop, &app->realtime, err);
	if (code) {
		(void)stop(app, NULL);
		return code;
	}
	code = check_realtime(app, needs_realtime, err);
	code = code ? code : give_up_rights(app, err);
	if (code) {
		end_loop(app);
	}
	return code;
}

int app_run(struct app *app, struct err *err)
{
	int code;

	super_run(&app->super);
	code = stop(app, err);
	if (loop_state(&app->loop) == LOOP_ENDED_FAILED) {
		*err = app->loop.err;
		return -EIO;
	}
	return code;
}
