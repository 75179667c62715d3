#include "rtloop/cmd/live_channels.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "rtloop/base/sys.h"

static const char *const kind_names[] = { "input", "output" };

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
	snprintf(made->name, sizeof(made->name), "%s.%s", device->spec->name,
		 made->channel->name);
}

int live_channels_init(struct live_channels *channels, const struct app *app)
{
	unsigned count = 0;

	for (unsigned i = 0; i < app->device_count; i++) {
		count += app->devices[i].spec->in_count + app->devices[i].spec->out_count;
	}
	channels->count = 0;
	channels->list = calloc(count + 1, sizeof(*channels->list));
	if (!channels->list) {
		return -ENOMEM;
	}
	for (unsigned i = 0; i < app->device_count; i++) {
		const struct device *device = &app->devices[i];

		for (unsigned j = 0; j < device->spec->in_count; j++) {
			add(channels, device, LIVE_INPUT, j);
		}
		for (unsigned j = 0; j < device->spec->out_count; j++) {
			add(channels, device, LIVE_OUTPUT, j);
		}
	}
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

const char *live_channels_nearest(const struct live_channels *channels, const char *name)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (unsigned i = 0; i < channels->count; i++) {
		suggest_offer(&suggest, channels->list[i].name);
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

int live_value_parse(const char *text, enum value_type type, union value *ret_value)
{
	switch (type) {
	case VALUE_BOOL:
		return value_parse_bool(text, &ret_value->as_bool);
	case VALUE_INT:
		return value_parse_int(text, &ret_value->as_int);
	case VALUE_FLOAT:
		return value_parse_float(text, &ret_value->as_float);
	}
	return -EINVAL;
}

const char *live_value_print(char text[LIVE_VALUE_BYTES], enum value_type type,
			     union value value)
{
	switch (type) {
	case VALUE_BOOL:
		snprintf(text, LIVE_VALUE_BYTES, "%s", value.as_bool ? "true" : "false");
		break;
	case VALUE_INT:
		snprintf(text, LIVE_VALUE_BYTES, "%" PRId64, value.as_int);
		break;
	case VALUE_FLOAT:
		snprintf(text, LIVE_VALUE_BYTES, "%.10g", value.as_float);
		break;
	}
	return text;
}

void live_value_put(struct json *json, const char *name, enum value_type type,
		    union value value)
{
	switch (type) {
	case VALUE_BOOL:
		json_bool(json, name, value.as_bool);
		break;
	case VALUE_INT:
		json_int(json, name, value.as_int);
		break;
	case VALUE_FLOAT:
		json_float(json, name, value.as_float);
		break;
	}
}

void live_channel_put(struct json *json, const struct app *app,
		      const struct live_channel *channel)
{
	struct channel seen = view_channel(&app->loop.view, channel->channel);

	json_begin(json, NULL, '{');
	json_text(json, "name", channel->name);
	json_text(json, "kind", kind_names[channel->kind]);
	json_text(json, "type", value_type_name(seen.type));
	if (seen.unit) {
		json_text(json, "unit", seen.unit);
	}
	live_value_put(json, "value", seen.type, channel_value(&seen));
	json_text(json, "quality", quality_name((enum quality) * seen.quality));
	if (seen.sample_ns != 0) {
		json_int(json, "age_ns", sys_now() - seen.sample_ns);
	}
	json_bool(json, "is_forced", channel->is_forced);
	json_end(json, '}');
}
