#include "drivers/input.h"

#include <string.h>

void input_force(struct device *device, unsigned index, union value value)
{
	struct input *input = &device->inputs[index];

	device->forced_inputs += !input->is_forced;
	input->is_forced = true;
	input->forced = value;
}

void input_release(struct device *device, unsigned index)
{
	struct input *input = &device->inputs[index];

	device->forced_inputs -= input->is_forced;
	/* what the device brought may be what it brought long ago */
	device->was_released |= input->is_forced;
	input->is_forced = false;
}

void inputs_lift(struct device *device)
{
	if (!device->is_laid) {
		return;
	}
	device->is_laid = false;
	for (unsigned i = 0; i < device->spec->in_count; i++) {
		const struct input *input = &device->inputs[i];

		if (input->is_forced) {
			channel_store(&device->in[i], input->own);
			*device->in[i].quality = input->own_quality;
		}
	}
}

void inputs_lay(struct device *device, const struct cycle_time *now)
{
	if (device->forced_inputs == 0 && !device->was_released) {
		return;
	}
	device->was_released = false;
	device->is_laid = device->forced_inputs > 0;
	for (unsigned i = 0; i < device->spec->in_count; i++) {
		struct input *input = &device->inputs[i];
		struct channel *channel = &device->in[i];

		if (input->is_forced) {
			input->own = channel_value(channel);
			input->own_quality = *channel->quality;
			channel_store(channel, input->forced);
			*channel->quality = QUALITY_GOOD;
		}
	}
	device_publish_changes(device, now);
}

/* The same channel with its cell in another copy of the part. */
static struct channel moved(const struct device *device, unsigned index, uint8_t *block)
{
	struct channel channel = device->in[index];

	channel.cell = block + ((uint8_t *)channel.cell - device->part.block);
	channel.quality = block + (channel.quality - device->part.block);
	return channel;
}

const uint8_t *inputs_seen(struct device *device)
{
	if (device->forced_inputs == 0) {
		return device->part.block;
	}
	memcpy(device->seen, device->part.block, device->part.bytes);
	for (unsigned i = 0; i < device->spec->in_count; i++) {
		if (device->inputs[i].is_forced) {
			struct channel channel = moved(device, i, device->seen);

			channel_store(&channel, device->inputs[i].forced);
			*channel.quality = QUALITY_GOOD;
		}
	}
	return device->seen;
}
