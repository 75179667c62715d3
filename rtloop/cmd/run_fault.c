#include "rtloop/cmd/run_fault.h"

#include <inttypes.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/timing.h"

/* The name of the device or plugin in whose call the cycle hangs; NULL: none. */
static const char *stuck_name(const struct app *app)
{
	uint32_t index = app->loop.watchdog.device;

	if (index < app->device_count) {
		return app->devices[index].spec->name;
	}
	if (index >= EVENT_PLUGINS && index - EVENT_PLUGINS < app->step.plugin_count) {
		return app->step.plugins[index - EVENT_PLUGINS].name;
	}
	return NULL;
}

static void print_place(const struct app *app, FILE *out)
{
	enum blame_call call = (enum blame_call)app->loop.watchdog.call;
	const char *name = stuck_name(app);

	if (call == BLAME_PLUGIN && name) {
		fprintf(out, "in the step of plugin '%s'", name);
	} else if (call == BLAME_WAIT) {
		fputs("between two cycles: its thread was not run", out);
	} else if (name) {
		fprintf(out, "in %s() of device '%s'", blame_call_name(call), name);
	} else {
		fprintf(out, "in its %s", blame_call_name(call));
	}
}

static void print_hang(const struct app *app, FILE *out)
{
	const struct watchdog *watchdog = &app->loop.watchdog;

	fprintf(out, "FAULT: cycle %" PRIu64 " hung for %.1f s, ", app->loop.cycle,
		(double)watchdog->silent_ns / (double)NS_PER_SEC);
	print_place(app, out);
	fprintf(out, "%s\n",
		watchdog->is_parked ? "" : "; it could not be stopped there");
}

void run_fault_print(const struct app *app, FILE *out)
{
	const struct fault_options *fault = &app->setup->loop.fault;
	char within[32];

	if (loop_state(&app->loop) == LOOP_ENDED_FAULT) {
		fprintf(out, "FAULT: more than %" PRId64 " overruns within %s\n",
			fault->overruns,
			time_print_duration(within, sizeof(within), fault->within_ns));
	} else if (loop_state(&app->loop) == LOOP_ENDED_HUNG) {
		print_hang(app, out);
	}
}

void run_fault_print_limits(const struct app *app, FILE *out)
{
	const struct fault_options *fault = &app->setup->loop.fault;
	int64_t hang_ns = app->loop.heartbeat->limit_ns;
	char text[32];

	fprintf(out, "%-*s", TIMING_LABEL_WIDTH, "a fault");
	if (fault->overruns > 0) {
		fprintf(out, "is more than %" PRId64 " overruns within %s",
			fault->overruns,
			time_print_duration(text, sizeof(text), fault->within_ns));
	} else {
		fputs("is not a number of overruns", out);
	}
	if (hang_ns > 0) {
		fprintf(out, ", or a cycle that hangs for %s%s\n",
			time_print_duration(text, sizeof(text), hang_ns),
			hang_ns > fault->hang_ns ? ", having no SCHED_FIFO" : "");
	} else {
		fputs(", nor a cycle that hangs: nobody looks\n", out);
	}
}

static void put_hang(struct json *json, const struct app *app)
{
	const struct watchdog *watchdog = &app->loop.watchdog;
	const char *name = stuck_name(app);

	json_text(json, "kind", "hang");
	json_uint(json, "cycle", app->loop.cycle);
	json_int(json, "silent_ns", watchdog->silent_ns);
	json_text(json, "call", blame_call_name((enum blame_call)watchdog->call));
	if (name) {
		json_text(json, "of", name);
	}
	json_bool(json, "is_parked", watchdog->is_parked);
}

void run_fault_put(struct json *json, const struct app *app)
{
	const struct fault_options *fault = &app->setup->loop.fault;

	json_begin(json, "fault", '{');
	json_int(json, "overruns_allowed", fault->overruns);
	json_int(json, "within_ns", fault->within_ns);
	json_int(json, "hang_ns", app->loop.heartbeat->limit_ns);
	if (loop_state(&app->loop) == LOOP_ENDED_FAULT) {
		json_text(json, "kind", "overruns");
	} else if (loop_state(&app->loop) == LOOP_ENDED_HUNG) {
		put_hang(json, app);
	}
	json_end(json, '}');
}
