#include "drivers/output.h"

#include <math.h>
#include <string.h>

#include "rtloop/base/record.h"

void output_ask(struct output *output, union value value, enum quality quality)
{
	output->asked = value;
	output->quality = (uint8_t)quality;
}

struct channel outputs_asked(struct device *device, unsigned index)
{
	struct output *output = &device->outputs[index];

	return (struct channel){ .name = device->out[index].name,
				 .unit = device->out[index].unit,
				 .type = device->out[index].type,
				 .cell = &output->asked,
				 .quality = &output->quality };
}

void output_force(struct output *output, union value value)
{
	output->forced = value;
	output->is_forced = true;
}

void output_release(struct output *output)
{
	output->is_forced = false;
}

static enum quality quality_of(const struct output *output, enum value_type type)
{
	if (output->is_forced) {
		return QUALITY_GOOD;
	}
	if (type == VALUE_FLOAT && !isfinite(output->asked.as_float)) {
		return QUALITY_BAD;
	}
	/* a plugin writes to the cell alone, and may put there what is none */
	return output->quality > QUALITY_BAD ? QUALITY_BAD
					     : (enum quality)output->quality;
}

void outputs_apply(struct device *device)
{
	for (unsigned i = 0; i < device->spec->out_count; i++) {
		const struct output *output = &device->outputs[i];
		struct channel *channel = &device->out[i];
		enum quality quality = quality_of(output, channel->type);
		union value value = output->is_forced ? output->forced : output->asked;

		channel_store(channel,
			      quality == QUALITY_GOOD ? value : channel->substitute);
		*channel->quality = (uint8_t)quality;
	}
}

void outputs_make_safe(struct device *device)
{
	for (unsigned i = 0; i < device->spec->out_count; i++) {
		channel_store(&device->out[i], device->out[i].substitute);
		*device->out[i].quality = QUALITY_BAD;
	}
}

void outputs_begin(struct device *device, const struct cycle_time *now)
{
	if (device->spec->out_count == 0 || device->is_dry || !device->driver->emit) {
		return;
	}
	outputs_make_safe(device);
	device->must_emit = true;
	device->driver->emit(device, now);
}

static bool must_record(const struct device *device)
{
	const struct image_part *part = &device->out_part;

	/* what was recorded in a cycle that was dropped is not in the log */
	return !device->is_out_recorded ||
	       (device->recorder && device->recorder->is_gap) ||
	       memcmp(part->block + IMAGE_HEAD_BYTES,
		      device->out_published + IMAGE_HEAD_BYTES,
		      part->bytes - IMAGE_HEAD_BYTES) != 0;
}

void outputs_record(struct device *device, const struct cycle_time *now)
{
	const struct image_part *part = &device->out_part;
	void *body;

	if (!must_record(device)) {
		return;
	}
	memcpy(part->block, &now->cycle, sizeof(now->cycle));
	memcpy(part->block + sizeof(now->cycle), &now->wake_ns, sizeof(now->wake_ns));
	memcpy(device->out_published, part->block, part->bytes);
	device->is_out_recorded = true;
	if (!device->recorder) {
		return;
	}
	body = recorder_add(device->recorder, device->out_topic, part->bytes);
	if (body) {
		memcpy(body, part->block, part->bytes);
	}
}

union value outputs_last(const struct device *device, unsigned index,
			 enum quality *ret_quality)
{
	struct channel channel = device->out[index];
	const uint8_t *block = device->out_part.block;

	*ret_quality = (enum quality)device->out_published[channel.quality - block];
	channel.cell = device->out_published + ((uint8_t *)channel.cell - block);
	return channel_value(&channel);
}
