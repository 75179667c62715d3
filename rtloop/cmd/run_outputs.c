#include "rtloop/cmd/run_outputs.h"

#include <inttypes.h>

#include "drivers/output.h"

static bool has_outputs(const struct app *app)
{
	for (unsigned i = 0; i < app->device_count; i++) {
		if (app->devices[i].spec->out_count > 0) {
			return true;
		}
	}
	return false;
}

static void print_value(FILE *out, enum value_type type, union value value)
{
	switch (type) {
	case VALUE_BOOL:
		fputs(value.as_bool ? "true" : "false", out);
		break;
	case VALUE_INT:
		fprintf(out, "%" PRId64, value.as_int);
		break;
	case VALUE_FLOAT:
		fprintf(out, "%.10g", value.as_float);
		break;
	}
}

static void print_output(FILE *out, const struct device *device, unsigned index)
{
	const struct channel *channel = &device->out[index];
	enum quality quality;
	union value value = outputs_last(device, index, &quality);
	char name[2 * 64];

	snprintf(name, sizeof(name), "%s.%s", device->spec->name, channel->name);
	fprintf(out, "  %-22s ", name);
	print_value(out, channel->type, value);
	if (channel->unit) {
		fprintf(out, " %s", channel->unit);
	}
	if (quality != QUALITY_GOOD) {
		fprintf(out, ", its safe value: what drives it was %s",
			quality == QUALITY_BAD ? "bad, or nothing" : "stale");
	}
	fputc('\n', out);
}

static void print_end(FILE *out, const struct device *device)
{
	if (!device->is_dry && !device->is_left_safe) {
		fprintf(out, "  %s: its safe values could not be written at the end\n",
			device->spec->name);
	}
}

void run_outputs_print(const struct app *app, FILE *out)
{
	if (!has_outputs(app)) {
		return;
	}
	fputs(app->setup->is_dry
		      ? "outputs, NOT driven (--no-outputs); as they would have been in "
			"the last cycle\n"
		      : "outputs, as they were driven in the last cycle; then at their "
			"safe "
			"values\n",
	      out);
	for (unsigned i = 0; i < app->device_count; i++) {
		const struct device *device = &app->devices[i];

		for (unsigned j = 0; j < device->spec->out_count; j++) {
			print_output(out, device, j);
		}
		if (device->spec->out_count > 0) {
			print_end(out, device);
		}
	}
}

static void put_output(struct json *json, const struct device *device, unsigned index)
{
	const struct channel *channel = &device->out[index];
	enum quality quality;
	union value value = outputs_last(device, index, &quality);

	json_begin(json, channel->name, '{');
	switch (channel->type) {
	case VALUE_BOOL:
		json_bool(json, "value", value.as_bool);
		break;
	case VALUE_INT:
		json_int(json, "value", value.as_int);
		break;
	case VALUE_FLOAT:
		json_float(json, "value", value.as_float);
		break;
	}
	json_text(json, "quality", quality_name(quality));
	json_end(json, '}');
}

void run_outputs_put(struct json *json, const struct device *device)
{
	if (device->spec->out_count == 0) {
		return;
	}
	json_bool(json, "outputs_driven", !device->is_dry);
	json_bool(json, "outputs_left_safe", device->is_left_safe);
	json_begin(json, "outputs", '{');
	for (unsigned i = 0; i < device->spec->out_count; i++) {
		put_output(json, device, i);
	}
	json_end(json, '}');
}
