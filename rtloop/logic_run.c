#include "rtloop/logic_run.h"

#include <errno.h>
#include <stdlib.h>

#include "drivers/output.h"

static int add_list(struct values *values, const struct logic_list *list,
		    struct image *image)
{
	int code = values_create(values, list->count);

	for (unsigned i = 0; code == 0 && i < list->count; i++) {
		values->channels[i] = (struct channel){
			.name = list->values[i].name,
			.unit = list->values[i].unit,
			.type = logic_value_type(list->values[i].type),
		};
	}
	return code ? code : values_add(values, image);
}

int logic_run_add(struct step *step, const struct logic_spec *logic, struct image *image)
{
	int code = add_list(&step->params, &logic->params, image);

	return code ? code : add_list(&step->vars, &logic->vars, image);
}

static int describe(struct values *values, const char *name, struct logger *logger)
{
	const struct log_values topic = { .name = name,
					  .channels = values->channels,
					  .channel_count = values->count };

	return values->count > 0 ? logger_add_values(logger, &topic, &values->topic) : 0;
}

int logic_run_describe(struct step *step, struct logger *logger)
{
	int code = describe(&step->params, "param", logger);

	return code ? code : describe(&step->vars, "var", logger);
}

static void set_initial(const struct values *values, const struct logic_list *list)
{
	for (unsigned i = 0; i < list->count; i++) {
		channel_put(&values->channels[i], list->values[i].value, QUALITY_GOOD, 0);
	}
}

/* As the symbols are ordered: all inputs, all outputs, the params, the vars. */
static void collect(struct logic_run *run, struct step *step, struct device *devices,
		    unsigned device_count)
{
	struct channel **next = run->channels;
	struct channel *asked = run->asked;

	for (unsigned i = 0; i < device_count; i++) {
		for (unsigned k = 0; k < devices[i].spec->in_count; k++) {
			*next++ = &devices[i].in[k];
		}
	}
	for (unsigned i = 0; i < device_count; i++) {
		for (unsigned k = 0; k < devices[i].spec->out_count; k++) {
			*asked = outputs_asked(&devices[i], k);
			*next++ = asked++;
		}
	}
	for (unsigned i = 0; i < step->params.count; i++) {
		*next++ = &step->params.channels[i];
	}
	for (unsigned i = 0; i < step->vars.count; i++) {
		*next++ = &step->vars.channels[i];
	}
}

int logic_run_bind(struct logic_run *run, struct step *step,
		   const struct logic_spec *logic, struct device *devices,
		   unsigned device_count)
{
	set_initial(&step->params, &logic->params);
	set_initial(&step->vars, &logic->vars);
	if (!logic->symbols) {
		return 0;
	}
	run->channels = calloc(logic->symbol_count + 1u, sizeof(*run->channels));
	run->asked = calloc(logic->symbol_count + 1u, sizeof(*run->asked));
	run->uses = calloc(logic->symbol_count + 1u, sizeof(*run->uses));
	if (!run->channels || !run->asked || !run->uses) {
		return -ENOMEM;
	}
	collect(run, step, devices, device_count);
	if (logic->program) {
		program_bind(logic->program, run->channels);
		step->program = logic->program;
	}
	return 0;
}

static int load(struct logic_run *run, const struct logic_plugin *spec,
		const struct logic_host_source *source, struct err *err)
{
	struct plugin *plugin = &run->plugins[run->plugin_count];
	struct err why;
	int code;

	plugin->name = spec->name;
	plugin->index = run->plugin_count++;
	plugin->budget_ns = spec->budget_ns;
	code = plugin_open(plugin, spec->path, &why);
	if (code) {
		return logic_host_error(err, code, source, spec, "path", why.text);
	}
	return logic_host_begin(plugin, spec, source, err);
}

int logic_run_load(struct logic_run *run, struct step *step, const struct setup *setup,
		   struct err *err)
{
	const struct logic_plugins *specs = &setup->plugins;
	const struct logic_host_source source = { .file = setup->file,
						  .logic = setup->logic,
						  .channels = run->channels,
						  .uses = run->uses,
						  .arena = &run->arena,
						  .period_ns = setup->loop.period_ns };

	if (specs->count == 0) {
		return 0;
	}
	run->plugins = calloc(specs->count, sizeof(*run->plugins));
	if (!run->plugins) {
		return err_set(err, -ENOMEM, "no memory for plugins");
	}
	for (unsigned i = 0; i < specs->count; i++) {
		int code = load(run, &specs->list[i], &source, err);

		if (code) {
			return code;
		}
	}
	step->plugins = run->plugins;
	step->plugin_count = run->plugin_count;
	step->program_at = specs->program_at;
	return 0;
}

struct log_plugin *logic_run_plugins(const struct step *step)
{
	struct log_plugin *list = calloc(step->plugin_count + 1u, sizeof(*list));

	for (unsigned i = 0; list && i < step->plugin_count; i++) {
		const struct rtloop_plugin *entry = step->plugins[i].library.plugin;

		list[i] = (struct log_plugin){ .name = step->plugins[i].name,
					       .reports = entry->reports,
					       .report_count = entry->report_count };
	}
	return list;
}

uint64_t logic_run_hash(const struct step *step)
{
	uint64_t hash = step->program ? program_hash(step->program) : 0;

	for (unsigned i = 0; i < step->plugin_count; i++) {
		hash = (hash ^ step->plugins[i].hash) * UINT64_C(0x100000001b3);
	}
	/* where the program stands among them is part of what they do together */
	return step->plugin_count > 0 ? hash ^ step->program_at : hash;
}

bool logic_run_reads(const struct logic_run *run, const struct logic_spec *logic,
		     unsigned symbol)
{
	return (logic->program && program_reads(logic->program, symbol)) ||
	       (run->uses && run->uses[symbol].is_read);
}

bool logic_run_ages(const struct logic_run *run, const struct logic_spec *logic,
		    unsigned symbol)
{
	return (logic->program && program_ages(logic->program, symbol)) ||
	       (run->uses && run->uses[symbol].is_aged);
}

bool logic_run_writes(const struct logic_run *run, const struct logic_spec *logic,
		      unsigned symbol)
{
	return (logic->program && program_writes(logic->program, symbol)) ||
	       (run->uses && run->uses[symbol].writer);
}

void logic_run_fini(struct logic_run *run)
{
	while (run->plugin_count > 0) {
		plugin_close(&run->plugins[--run->plugin_count]);
	}
	free(run->plugins);
	free(run->channels);
	free(run->asked);
	free(run->uses);
	arena_fini(&run->arena);
	*run = (struct logic_run){ .channels = NULL };
}
