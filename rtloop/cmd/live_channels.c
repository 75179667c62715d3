#include "rtloop/cmd/live_channels.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "rtloop/base/sys.h"

static const char *const kind_names[] = { "input", "output", "param", "var" };

static enum program_type type_of(const struct channel *channel)
{
	return channel->type == VALUE_BOOL    ? TYPE_BOOL
	       : channel->type == VALUE_FLOAT ? TYPE_FLOAT
					      : TYPE_INT;
}

static void add(struct live_channels *channels, const struct device *device,
		enum live_kind kind, unsigned index)
{
	struct live_channel *made = &channels->list[channels->count++];

	*made = (struct live_channel){
		.kind = kind,
		.channel = kind == LIVE_INPUT ? &device->in[index] : &device->out[index],
		.device = device->index,
		.index = index,
	};
	made->type = type_of(made->channel);
	snprintf(made->name, sizeof(made->name), "%s.%s", device->spec->name,
		 made->channel->name);
}

static void add_values(struct live_channels *channels, const struct values *values,
		       const struct logic_list *list, enum live_kind kind)
{
	for (unsigned i = 0; i < list->count; i++) {
		struct live_channel *made = &channels->list[channels->count++];

		*made = (struct live_channel){
			.kind = kind,
			.channel = &values->channels[i],
			.type = list->values[i].type,
			.device = EVENT_NO_DEVICE,
			.index = i,
			.limits = kind == LIVE_PARAM ? &list->values[i] : NULL,
			.value = list->values[i].value,
		};
		snprintf(made->name, sizeof(made->name), "%s", list->values[i].name);
	}
}

static void add_devices(struct live_channels *channels, const struct app *app)
{
	for (unsigned i = 0; i < app->device_count; i++) {
		const struct device *device = &app->devices[i];

		for (unsigned j = 0; j < device->spec->in_count; j++) {
			add(channels, device, LIVE_INPUT, j);
		}
		for (unsigned j = 0; j < device->spec->out_count; j++) {
			add(channels, device, LIVE_OUTPUT, j);
		}
	}
}

int live_channels_init(struct live_channels *channels, const struct app *app)
{
	const struct logic_spec *logic = app->setup->logic;
	unsigned count = logic->params.count + logic->vars.count;

	for (unsigned i = 0; i < app->device_count; i++) {
		count += app->devices[i].spec->in_count + app->devices[i].spec->out_count;
	}
	channels->count = 0;
	channels->list = calloc(count + 1, sizeof(*channels->list));
	if (!channels->list) {
		return -ENOMEM;
	}
	add_devices(channels, app);
	channels->first_param = channels->count;
	channels->param_count = logic->params.count;
	add_values(channels, &app->step.params, &logic->params, LIVE_PARAM);
	add_values(channels, &app->step.vars, &logic->vars, LIVE_VAR);
	return 0;
}

void live_channels_fini(struct live_channels *channels)
{
	free(channels->list);
	channels->list = NULL;
	channels->count = 0;
}

struct live_channel *live_channels_find(const struct live_channels *channels,
					const char *name)
{
	for (unsigned i = 0; i < channels->count; i++) {
		if (strcmp(channels->list[i].name, name) == 0) {
			return &channels->list[i];
		}
	}
	return NULL;
}

const char *live_channels_nearest(const struct live_channels *channels, const char *name,
				  bool params)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (unsigned i = 0; i < channels->count; i++) {
		if (!params || channels->list[i].kind == LIVE_PARAM) {
			suggest_offer(&suggest, channels->list[i].name);
		}
	}
	return suggest.best;
}

bool live_channel_is_of(const struct live_channel *channel, const char *name)
{
	size_t length = strlen(name);

	return strncmp(channel->name, name, length) == 0 &&
	       (channel->name[length] == '\0' || channel->name[length] == '.');
}

bool live_channels_is_device(const struct live_channels *channels, const char *name)
{
	for (unsigned i = 0; i < channels->count; i++) {
		if (live_channel_is_of(&channels->list[i], name)) {
			return true;
		}
	}
	return false;
}

/* The unit of a duration is its type's. */
static void put_param(struct json *json, const struct live_channel *channel)
{
	if (channel->limits->has_min) {
		live_value_put(json, "min", channel->type, channel->limits->min);
	}
	if (channel->limits->has_max) {
		live_value_put(json, "max", channel->type, channel->limits->max);
	}
}

void live_channel_put(struct json *json, const struct app *app,
		      const struct live_channel *channel)
{
	struct channel seen = view_channel(&app->loop.view, channel->channel);

	json_begin(json, NULL, '{');
	json_text(json, "name", channel->name);
	json_text(json, "kind", kind_names[channel->kind]);
	json_text(json, "type", program_type_name(channel->type));
	if (seen.unit) {
		json_text(json, "unit", seen.unit);
	}
	live_value_put(json, "value", channel->type, channel_value(&seen));
	if (channel->kind == LIVE_PARAM) {
		put_param(json, channel);
	}
	json_text(json, "quality", quality_name((enum quality) * seen.quality));
	if (seen.sample_ns != 0 && channel->device != EVENT_NO_DEVICE) {
		json_int(json, "age_ns", sys_now() - seen.sample_ns);
	}
	json_bool(json, "is_forced", channel->is_forced);
	json_end(json, '}');
}
