#include "rtloop/logic_state.h"

#include <errno.h>
#include <stdlib.h>

#include "drivers/output.h"

struct log_device log_device_of(const struct device *device)
{
	return (struct log_device){
		.name = device->spec->name,
		.channels = device->in,
		.channel_count = device->spec->in_count,
		.outputs = device->out,
		.output_count = device->spec->out_count,
	};
}

static int add_part(struct state *state, uint16_t topic, const struct image_part *part)
{
	return state_add(state, STATE_TOPIC, topic, part->block, part->bytes);
}

static int add_device(struct state *state, const struct device *device)
{
	size_t bytes = device->spec->out_count * sizeof(*device->outputs);
	int code = add_part(state, device->topic, &device->part);

	if (code || bytes == 0) {
		return code;
	}
	code = add_part(state, device->out_topic, &device->out_part);
	return code ? code
		    : state_add(state, STATE_OUTPUTS, (uint16_t)device->index,
				device->outputs, bytes);
}

static int add_values(struct state *state, const struct values *values)
{
	return values->count ? add_part(state, values->topic, &values->part) : 0;
}

/* All that the logic's parts remember, each for itself. */
static int add_memory(const struct step *step, struct state *state)
{
	int code = step->program ? state_add(state, STATE_PROGRAM, 0,
					     program_state(step->program),
					     program_state_bytes(step->program))
				 : 0;

	for (unsigned i = 0; i < step->plugin_count && code == 0; i++) {
		const struct plugin *plugin = &step->plugins[i];

		code = plugin->state ? state_add(state, STATE_PLUGIN, (uint16_t)i,
						 plugin->state, plugin->state_bytes)
				     : 0;
	}
	return code;
}

static int add_parts(const struct logic_parts *parts, struct state *state,
		     const struct sampled *sampled)
{
	int code = 0;

	for (unsigned i = 0; i < parts->device_count && code == 0; i++) {
		code = add_device(state, &parts->devices[i]);
	}
	code = code ? code : add_values(state, &parts->step->params);
	code = code ? code : add_values(state, &parts->step->vars);
	if (code == 0 && sampled->count > 0) {
		code = state_add(state, STATE_TOPIC, sampled->topic, sampled->body,
				 sampled_body_bytes(sampled));
	}
	return code ? code : add_memory(parts->step, state);
}

/* Inputs are the first symbols, device by device. */
static int collect_aged(const struct logic_parts *parts, struct sampled *sampled,
			struct topics_sampled *aged)
{
	unsigned symbol = 0;

	for (unsigned i = 0; i < parts->device_count; i++) {
		const struct device *device = &parts->devices[i];

		for (unsigned k = 0; k < device->spec->in_count; k++, symbol++) {
			if (!logic_run_ages(parts->run, parts->spec, symbol)) {
				continue;
			}
			aged[sampled->count] =
				(struct topics_sampled){ .device = device->spec->name,
							 .channel = device->in[k].name };
			if (sampled_add(sampled, &device->in[k])) {
				return -ENOMEM;
			}
		}
	}
	return 0;
}

int logic_state_describe(const struct logic_parts *parts, struct state *state,
			 struct sampled *sampled, struct topics *topics,
			 uint16_t *ret_force, struct topics_sampled **ret_aged)
{
	struct topics_sampled *aged;
	int code;

	if (!step_has_logic(parts->step)) {
		return 0;
	}
	aged = calloc(parts->spec->symbol_count + 1, sizeof(*aged));
	if (!aged) {
		return -ENOMEM;
	}
	code = collect_aged(parts, sampled, aged);
	if (code == 0 && sampled->count > 0) {
		code = topics_add_sampled(topics, aged, sampled->count, &sampled->topic);
	}
	state->hash = logic_run_hash(parts->step);
	code = code ? code : add_parts(parts, state, sampled);
	code = code ? code : topics_add_force(topics, ret_force);
	code = code ? code : topics_add_state(topics, &state->topic);
	if (code || !ret_aged) {
		free(aged);
	} else {
		*ret_aged = aged;
	}
	return code;
}
