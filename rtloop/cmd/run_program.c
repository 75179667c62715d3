#include "rtloop/cmd/run_program.h"

#include <inttypes.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/run_plugins.h"
#include "rtloop/cmd/timing.h"

static void print_trouble(const struct program *program, FILE *out)
{
	bool any = false;

	for (unsigned kind = 0; kind < TROUBLE_KINDS; kind++) {
		const struct program_trouble *trouble =
			program_trouble(program, (enum trouble)kind);
		uint64_t count = counter_get(&trouble->count);

		if (count > 0) {
			fprintf(out, "%s %s %" PRIu64 " times, first in line %" PRIu64,
				any ? "," : "; TROUBLE:",
				program_trouble_name((enum trouble)kind), count,
				counter_get(&trouble->line));
			any = true;
		}
	}
	fputs(any ? "\n" : ", no trouble\n", out);
}

void run_program_print(const struct app *app, FILE *out)
{
	const struct program *program = app->step.program;

	if (program) {
		fprintf(out, "%-*s%u operations a cycle", TIMING_LABEL_WIDTH, "program",
			program_operations(program));
		print_trouble(program, out);
	}
	run_plugins_print(app, out);
}

void run_program_print_time(const struct app *app, FILE *out)
{
	const struct stats *stats = &app->loop.stats;
	uint64_t over = counter_get(&stats->over_budget);
	char budget[32];

	if (!step_has_logic(&app->step)) {
		return;
	}
	timing_print(out, "  step", &stats->step);
	fputs(app->step.plugin_count == 0 ? "  the program"
	      : app->step.program	  ? "  the program and plugins"
					  : "  the plugins",
	      out);
	if (app->step.budget_ns > 0) {
		time_print_duration(budget, sizeof(budget), app->step.budget_ns);
		fprintf(out, "; %s%" PRIu64 " times over its budget of %s",
			over > 0 ? "OVER BUDGET: " : "", over, budget);
	}
	fprintf(out, "; worst in cycle %" PRIu64 "\n",
		counter_get(&stats->worst_step_cycle));
	run_plugins_print_time(app, out);
}

static void put_trouble(struct json *json, const struct program *program)
{
	json_begin(json, "trouble", '{');
	for (unsigned kind = 0; kind < TROUBLE_KINDS; kind++) {
		const struct program_trouble *trouble =
			program_trouble(program, (enum trouble)kind);

		json_begin(json, program_trouble_key((enum trouble)kind), '{');
		json_uint(json, "count", counter_get(&trouble->count));
		json_uint(json, "line", counter_get(&trouble->line));
		json_end(json, '}');
	}
	json_end(json, '}');
}

void run_program_put(struct json *json, const struct app *app)
{
	const struct program *program = app->step.program;
	const struct stats *stats = &app->loop.stats;
	char hash[17];

	if (step_has_logic(&app->step)) {
		timing_put_json(json, "step", &stats->step);
	}
	run_plugins_put(json, app);
	if (!program) {
		return;
	}
	snprintf(hash, sizeof(hash), "%016" PRIx64, program_hash(program));
	json_begin(json, "program", '{');
	json_uint(json, "operations", program_operations(program));
	json_text(json, "hash", hash);
	json_int(json, "budget_ns", app->step.budget_ns);
	json_uint(json, "over_budget", counter_get(&stats->over_budget));
	json_uint(json, "worst_step_cycle", counter_get(&stats->worst_step_cycle));
	put_trouble(json, program);
	json_end(json, '}');
}
