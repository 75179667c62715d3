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
	if (!logic->program) {
		return 0;
	}
	run->channels = calloc(logic->symbol_count + 1u, sizeof(*run->channels));
	run->asked = calloc(logic->symbol_count + 1u, sizeof(*run->asked));
	if (!run->channels || !run->asked) {
		return -ENOMEM;
	}
	collect(run, step, devices, device_count);
	program_bind(logic->program, run->channels);
	step->program = logic->program;
	return 0;
}

void logic_run_fini(struct logic_run *run)
{
	free(run->channels);
	free(run->asked);
	*run = (struct logic_run){ .channels = NULL };
}
