#include "rtloop/cmd/run_plugins.h"

#include <inttypes.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/timing.h"

static bool is_before_program(const struct app *app, unsigned index)
{
	return index < app->step.program_at;
}

static void print_plugin(const struct app *app, unsigned index, FILE *out)
{
	const struct plugin *plugin = &app->step.plugins[index];
	const struct rtloop_plugin *entry = plugin->library.plugin;
	uint64_t reports = counter_get(&plugin->reports);
	uint64_t held = counter_get(&plugin->reports_held);

	fprintf(out, "%-*s%s: %s, version %s", TIMING_LABEL_WIDTH, "plugin", plugin->name,
		entry->name, entry->version);
	if (app->step.program) {
		fprintf(out, ", %s the program",
			is_before_program(app, index) ? "before" : "after");
	}
	fprintf(out, "; %" PRIu64 " reports", reports);
	if (held > 0) {
		fprintf(out, ", %" PRIu64 " of them too many for the log", held);
	}
	fputc('\n', out);
}

void run_plugins_print(const struct app *app, FILE *out)
{
	for (unsigned i = 0; i < app->step.plugin_count; i++) {
		print_plugin(app, i, out);
	}
}

static void print_time(const struct plugin *plugin, FILE *out)
{
	uint64_t over = counter_get(&plugin->over_budget);
	char budget[32];

	timing_print(out, "  plugin", &plugin->took);
	fprintf(out, "  plugin '%s'", plugin->name);
	if (plugin->budget_ns > 0) {
		time_print_duration(budget, sizeof(budget), plugin->budget_ns);
		fprintf(out, "; %s%" PRIu64 " times over its budget of %s",
			over > 0 ? "OVER BUDGET: " : "", over, budget);
	}
	fprintf(out, "; worst in cycle %" PRIu64 "\n", counter_get(&plugin->worst_cycle));
}

void run_plugins_print_time(const struct app *app, FILE *out)
{
	for (unsigned i = 0; i < app->step.plugin_count; i++) {
		print_time(&app->step.plugins[i], out);
	}
}

static void put_plugin(struct json *json, const struct app *app, unsigned index)
{
	const struct plugin *plugin = &app->step.plugins[index];
	const struct rtloop_plugin *entry = plugin->library.plugin;

	json_begin(json, NULL, '{');
	json_text(json, "name", plugin->name);
	json_text(json, "path", app->setup->plugins.list[index].path);
	json_text(json, "plugin", entry->name);
	json_text(json, "version", entry->version);
	json_bool(json, "is_before_program", is_before_program(app, index));
	json_uint(json, "state_bytes", plugin->state_bytes);
	json_int(json, "budget_ns", plugin->budget_ns);
	json_uint(json, "over_budget", counter_get(&plugin->over_budget));
	json_uint(json, "worst_cycle", counter_get(&plugin->worst_cycle));
	json_uint(json, "reports", counter_get(&plugin->reports));
	json_uint(json, "reports_held", counter_get(&plugin->reports_held));
	timing_put_json(json, "step", &plugin->took);
	json_end(json, '}');
}

void run_plugins_put(struct json *json, const struct app *app)
{
	if (app->step.plugin_count == 0) {
		return;
	}
	json_begin(json, "plugins", '[');
	for (unsigned i = 0; i < app->step.plugin_count; i++) {
		put_plugin(json, app, i);
	}
	json_end(json, ']');
}
