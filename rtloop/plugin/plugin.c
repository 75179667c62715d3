#include "rtloop/plugin/plugin.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rtloop/base/time.h"

#define TELL_AGAIN_NS	   NS_PER_SEC
#define REPORTS_PER_WINDOW 8
#define REPORT_CODE_MAX	   UINT16_MAX
#define ALIGN_BYTES	   64

/* What a step is given, and what its call of report() is found back by. */
struct call {
	struct rtloop_now now;
	struct plugin *plugin;
	struct recorder *recorder;
};

static void *take(size_t bytes)
{
	size_t rounded = (bytes + ALIGN_BYTES) / ALIGN_BYTES * ALIGN_BYTES;
	void *memory = aligned_alloc(ALIGN_BYTES, rounded);

	return memory ? memset(memory, 0, rounded) : NULL;
}

int plugin_open(struct plugin *plugin, const char *path, struct err *err)
{
	int code = library_open(&plugin->library, path, err);

	if (code) {
		return code;
	}
	plugin->instance = take(plugin->library.plugin->instance_bytes);
	return plugin->instance ? 0 : err_set(err, -ENOMEM, "no memory for an instance");
}

void plugin_close(struct plugin *plugin)
{
	if (plugin->is_begun && plugin->library.plugin->exit) {
		plugin->library.plugin->exit(plugin->instance);
	}
	free(plugin->instance);
	free(plugin->state);
	free(plugin->vars);
	library_close(&plugin->library);
	memset(plugin, 0, sizeof(*plugin));
}

int plugin_take_state(struct plugin *plugin, size_t bytes)
{
	if (plugin->state) {
		return -EEXIST;
	}
	if (bytes > PLUGIN_STATE_BYTES_MAX) {
		return -EFBIG;
	}
	plugin->state = take(bytes);
	plugin->state_bytes = bytes;
	return plugin->state ? 0 : -ENOMEM;
}

int plugin_add_var(struct plugin *plugin, struct channel *var)
{
	struct channel **vars = reallocarray(plugin->vars, plugin->var_count + 1u,
					     sizeof(struct channel *));

	if (!vars) {
		return -ENOMEM;
	}
	plugin->vars = vars;
	plugin->vars[plugin->var_count++] = var;
	return 0;
}

/* A plugin that says something in every cycle must not fill the log with it. */
static bool may_report(struct plugin *plugin, int64_t release_ns)
{
	if (plugin->report_window_ns == 0 ||
	    release_ns - plugin->report_window_ns >= NS_PER_SEC) {
		plugin->report_window_ns = release_ns;
		plugin->report_count = 0;
	}
	return plugin->report_count++ < REPORTS_PER_WINDOW;
}

static void report(const struct rtloop_now *now, uint32_t code, int64_t value) RT_SAFE;
static void report(const struct rtloop_now *now, uint32_t code, int64_t value)
{
	const struct call *call = container_of(now, struct call, now);
	struct plugin *plugin = call->plugin;

	counter_add(&plugin->reports, 1);
	if (!may_report(plugin, now->release_ns)) {
		counter_add(&plugin->reports_held, 1);
		return;
	}
	code = code < REPORT_CODE_MAX ? code : REPORT_CODE_MAX;
	recorder_event(
		call->recorder,
		(enum event_code)(EVENT_PLUGIN_REPORT | code << EVENT_DETAIL_SHIFT),
		EVENT_PLUGINS + plugin->index, value);
}

/* The plugin writes to the cell alone; and it may have gone round the functions of the header. */
static void settle_vars(struct plugin *plugin, int64_t release_ns)
{
	for (unsigned i = 0; i < plugin->var_count; i++) {
		struct channel *var = plugin->vars[i];

		var->sample_ns = release_ns;
		if (*var->quality > QUALITY_BAD) {
			*var->quality = QUALITY_BAD;
		}
		if (var->type == VALUE_FLOAT && !isfinite(*(double *)var->cell)) {
			*(double *)var->cell = 0;
			*var->quality = QUALITY_BAD;
		}
	}
}

void plugin_step(struct plugin *plugin, const struct plugin_time *time,
		 struct recorder *recorder)
{
	const struct call call = { .now = { .bytes = sizeof(call.now),
					    .cycle = time->cycle,
					    .release_ns = time->release_ns,
					    .dt_ns = time->dt_ns,
					    .report = report },
				   .plugin = plugin,
				   .recorder = recorder };

	plugin->library.plugin->step(plugin->instance, plugin->state, &call.now);
	settle_vars(plugin, time->release_ns);
}

void plugin_judge(struct plugin *plugin, int64_t took_ns, const struct plugin_time *time,
		  struct recorder *recorder)
{
	hist_record(&plugin->took, took_ns);
	if (took_ns > plugin->worst_ns) {
		plugin->worst_ns = took_ns;
		counter_set(&plugin->worst_cycle, time->cycle);
	}
	if (plugin->budget_ns == 0 || took_ns <= plugin->budget_ns) {
		return;
	}
	counter_add(&plugin->over_budget, 1);
	if (time->release_ns >= plugin->budget_tell_ns) {
		plugin->budget_tell_ns = time->release_ns + TELL_AGAIN_NS;
		recorder_event(recorder, EVENT_PLUGIN_OVER_BUDGET,
			       EVENT_PLUGINS + plugin->index, took_ns);
	}
}
