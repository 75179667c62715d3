#include "rtloop/cmd/realtime_view.h"

#include "rtloop/cmd/terminal.h"

void realtime_view_print(const struct realtime *realtime, FILE *out)
{
	bool colour = terminal_wants_colour(out);
	bool is_met = realtime_is_met(realtime);

	if (is_met) {
		fprintf(out, "%sREALTIME%s\n", colour ? "\033[32m" : "",
			colour ? "\033[0m" : "");
	} else {
		fprintf(out,
			"%sNOT REALTIME%s: the figures describe this machine as it is\n",
			colour ? "\033[31m" : "", colour ? "\033[0m" : "");
	}
	for (unsigned i = 0; i < realtime->problem_count; i++) {
		fprintf(out, "  %s %s\n",
			realtime->problems[i].is_fatal ? "because" : "note:  ",
			realtime->problems[i].why);
		fprintf(out, "          mend it with: %s\n", realtime->problems[i].fix);
	}
}

void realtime_view_put(struct json *json, const struct realtime *realtime)
{
	json_begin(json, "realtime", '{');
	json_bool(json, "is_met", realtime_is_met(realtime));
	json_text(json, "kernel", realtime->kernel);
	json_bool(json, "is_preempt_rt", realtime->is_preempt_rt);
	json_bool(json, "is_fifo", realtime->is_fifo);
	json_int(json, "priority", realtime->priority);
	json_int(json, "cpu", realtime->cpu);
	json_bool(json, "is_locked", realtime->is_locked);
	json_bool(json, "holds_dma_latency", realtime->holds_dma_latency);
	json_begin(json, "problems", '[');
	for (unsigned i = 0; i < realtime->problem_count; i++) {
		json_begin(json, NULL, '{');
		json_bool(json, "is_fatal", realtime->problems[i].is_fatal);
		json_text(json, "why", realtime->problems[i].why);
		json_text(json, "fix", realtime->problems[i].fix);
		json_end(json, '}');
	}
	json_end(json, ']');
	json_end(json, '}');
}
