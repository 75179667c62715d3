#include "drivers/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/input.h"
#include "drivers/output.h"
#include "rtloop/base/record.h"
#include "rtloop/base/time.h"

#define DROP_REPORT_NS NS_PER_SEC

static const char *const count_names[COUNT_KINDS] = {
	[COUNT_FRAMES] = "frames",
	[COUNT_BAD_CHECKSUM] = "bad_checksum",
	[COUNT_BAD_LENGTH] = "bad_length",
	[COUNT_BAD_MATCH] = "bad_match",
	[COUNT_BAD_FIELD] = "bad_field",
	[COUNT_BAD_SENDER] = "bad_sender",
	[COUNT_FLOODED] = "flooded",
	[COUNT_OVER_BUDGET] = "over_budget",
	[COUNT_MISSED] = "missed",
	[COUNT_SENT] = "sent",
	[COUNT_SEND_DROPPED] = "send_dropped",
	[COUNT_TIMEOUTS] = "timeouts",
	[COUNT_EXCEPTIONS] = "exceptions",
	[COUNT_ERRORS] = "errors",
	[COUNT_LOST] = "lost",
};

const char *device_count_name(enum device_count which)
{
	return count_names[which];
}

static void init_inputs(struct device *device)
{
	const struct device_spec *spec = device->spec;

	for (unsigned i = 0; i < spec->in_count; i++) {
		device->in[i] = (struct channel){
			.name = spec->in[i].name,
			.unit = spec->in[i].unit,
			.type = spec->in[i].type,
			.has_substitute = spec->in[i].has_substitute,
			.substitute = spec->in[i].substitute,
		};
	}
}

/* Sealing the image makes all channels bad, and so these safe. */
static void init_outputs(struct device *device)
{
	const struct device_spec *spec = device->spec;

	for (unsigned i = 0; i < spec->out_count; i++) {
		device->out[i] = (struct channel){
			.name = spec->out[i].name,
			.unit = spec->out[i].unit,
			.type = spec->out[i].type,
			.has_substitute = true,
			.substitute = spec->out[i].safe,
		};
		device->outputs[i] = (struct output){ .asked = spec->out[i].safe,
						      .quality = QUALITY_BAD };
	}
}

static int add_outputs(struct device *device, struct image *image)
{
	unsigned count = device->spec->out_count;

	if (count == 0) {
		return 0;
	}
	device->out = calloc(count, sizeof(*device->out));
	device->outputs = calloc(count, sizeof(*device->outputs));
	if (!device->out || !device->outputs) {
		return -ENOMEM;
	}
	init_outputs(device);
	device->out_published = calloc(1, image_part_bytes(device->out, count));
	return device->out_published
		       ? image_add(image, &device->out_part, device->out, count)
		       : -ENOMEM;
}

static int bind_device(struct device *device, const struct device_spec *spec,
		       unsigned index, struct image *image, struct err *err)
{
	memset(device, 0, sizeof(*device));
	device->spec = spec;
	device->driver = spec->driver;
	device->index = index;
	device->topic = (uint16_t)(TOPIC_DEVICES + index);
	device->stale_at_ns = INT64_MAX;
	device->in = calloc(spec->in_count + 1, sizeof(*device->in));
	device->inputs = calloc(spec->in_count + 1, sizeof(*device->inputs));
	device->state = calloc(1, spec->driver->state_bytes + 1);
	if (!device->in || !device->inputs || !device->state) {
		return err_set(err, -ENOMEM, "no memory for device '%s'", spec->name);
	}
	init_inputs(device);
	device->published = calloc(1, image_part_bytes(device->in, spec->in_count));
	device->seen = calloc(1, image_part_bytes(device->in, spec->in_count));
	if (!device->published || !device->seen ||
	    image_add(image, &device->part, device->in, spec->in_count) ||
	    add_outputs(device, image)) {
		return err_set(err, -ENOMEM, "no memory for device '%s'", spec->name);
	}
	return 0;
}

static int init_driver(struct device *device, struct err *err)
{
	device->has_state = true;
	return device->driver->init ? device->driver->init(device, err) : 0;
}

int device_init(struct device *device, const struct device_spec *spec, unsigned index,
		struct image *image, struct err *err)
{
	int code = bind_device(device, spec, index, image, err);

	return code || spec->lane == LANE_ASYNC ? code : init_driver(device, err);
}

int device_init_idle(struct device *device, const struct device_spec *spec,
		     unsigned index, struct image *image)
{
	struct err err;

	return bind_device(device, spec, index, image, &err);
}

int device_init_worker(struct device *worker, const struct device *mirror,
		       struct image *image, struct err *err)
{
	int code = bind_device(worker, mirror->spec, mirror->index, image, err);

	worker->is_dry = mirror->is_dry;
	return code ? code : init_driver(worker, err);
}

void device_resolve(struct device *device, const struct device *devices,
		    unsigned device_count)
{
	if (device->has_state && device->driver->resolve) {
		device->driver->resolve(device, devices, device_count);
	}
}

void device_begin(struct device *device)
{
	memcpy(device->published, device->part.block, device->part.bytes);
	if (device->spec->out_count > 0) {
		memcpy(device->out_published, device->out_part.block,
		       device->out_part.bytes);
	}
}

void device_fini(struct device *device)
{
	if (device->has_state && device->driver->fini) {
		device->driver->fini(device);
	}
	free(device->published);
	free(device->seen);
	free(device->inputs);
	free(device->out_published);
	free(device->outputs);
	free(device->out);
	free(device->state);
	free(device->in);
	memset(device, 0, sizeof(*device));
}

bool device_has_outputs(const struct device *device)
{
	return device->spec->out_count > 0;
}

void device_count(struct device *device, enum device_count which, uint64_t n)
{
	counter_add(&device->counts[which], n);
}

/* The earliest moment at which a good channel turns stale. */
static void plan_staleness(struct device *device)
{
	int64_t stale_at_ns = INT64_MAX;

	for (unsigned i = 0; i < device->spec->in_count; i++) {
		const struct channel *channel = &device->in[i];

		if (*channel->quality == QUALITY_GOOD &&
		    channel->sample_ns < stale_at_ns) {
			stale_at_ns = channel->sample_ns;
		}
	}
	if (device->spec->max_age_ns > 0 && stale_at_ns != INT64_MAX) {
		device->stale_at_ns = stale_at_ns + device->spec->max_age_ns;
	} else {
		device->stale_at_ns = INT64_MAX;
	}
}

static void note_sample(struct device *device, int64_t sample_ns)
{
	uint64_t last_ns = counter_get(&device->last_ns);

	/* what has a time of its own may come out of order, by a little */
	if (last_ns != 0 && (uint64_t)sample_ns > last_ns &&
	    (uint64_t)sample_ns - last_ns > counter_get(&device->age_max_ns)) {
		counter_set(&device->age_max_ns, (uint64_t)sample_ns - last_ns);
	}
	counter_set(&device->last_ns, (uint64_t)sample_ns);
	memcpy(device->part.block + sizeof(uint64_t), &sample_ns, sizeof(sample_ns));
}

static void record_part(struct device *device, const struct cycle_time *now)
{
	const uint8_t *seen;
	void *body;

	memcpy(device->part.block, &now->cycle, sizeof(now->cycle));
	seen = inputs_seen(device);
	memcpy(device->published, seen, device->part.bytes);
	if (!device->recorder) {
		return;
	}
	body = recorder_add(device->recorder, device->topic, device->part.bytes);
	if (body) {
		memcpy(body, seen, device->part.bytes);
	}
}

void device_publish_at(struct device *device, int64_t sample_ns,
		       const struct cycle_time *now)
{
	note_sample(device, sample_ns);
	plan_staleness(device);
	record_part(device, now);
}

void device_publish(struct device *device, const struct cycle_time *now)
{
	device_publish_at(device, now->wake_ns, now);
}

/* Not so where every read failed. */
static bool is_any_of(const struct device *device, int64_t sample_ns)
{
	for (unsigned i = 0; i < device->spec->in_count; i++) {
		if (device->in[i].sample_ns == sample_ns) {
			return true;
		}
	}
	return device->spec->in_count == 0;
}

void device_sampled(struct device *device, const struct cycle_time *now)
{
	if (is_any_of(device, now->wake_ns)) {
		note_sample(device, now->wake_ns);
	}
	plan_staleness(device);
	device_publish_changes(device, now);
}

void device_publish_changes(struct device *device, const struct cycle_time *now)
{
	if (memcmp(inputs_seen(device) + IMAGE_HEAD_BYTES,
		   device->published + IMAGE_HEAD_BYTES,
		   device->part.bytes - IMAGE_HEAD_BYTES) != 0) {
		record_part(device, now);
	}
}

void device_record_again(struct device *device, const struct cycle_time *now)
{
	if (device->spec->in_count > 0) {
		record_part(device, now);
	}
}

void device_age(struct device *device, const struct cycle_time *now)
{
	unsigned turned = 0;

	if (now->release_ns <= device->stale_at_ns) {
		return;
	}
	for (unsigned i = 0; i < device->spec->in_count; i++) {
		struct channel *channel = &device->in[i];

		if (*channel->quality == QUALITY_GOOD &&
		    now->release_ns - channel->sample_ns > device->spec->max_age_ns) {
			channel_set_quality(channel, QUALITY_STALE);
			turned++;
		}
	}
	plan_staleness(device);
	if (turned > 0) {
		device_event(device, EVENT_DEVICE_STALE, turned);
		record_part(device, now);
	}
}

void device_mark_bad(struct device *device, const struct cycle_time *now)
{
	for (unsigned i = 0; i < device->spec->in_count; i++) {
		channel_set_quality(&device->in[i], QUALITY_BAD);
	}
	plan_staleness(device);
	device_publish_changes(device, now);
}

/* The worker does not age its channels: what turned stale here stays so until there is a
 * newer sample of it. */
static void mirror_quality(struct channel *channel, uint8_t quality, int64_t sample_ns)
{
	bool is_newer = sample_ns != channel->sample_ns;

	if (is_newer || quality != QUALITY_GOOD || *channel->quality != QUALITY_STALE) {
		*channel->quality = quality;
	}
	channel->sample_ns = sample_ns;
}

/* The qualities are the last bytes of a part, one a channel. */
void device_mirror(struct device *mirror, const uint8_t *block, const int64_t *sample_ns,
		   const struct cycle_time *now)
{
	uint32_t qualities_at = mirror->part.bytes - mirror->spec->in_count;
	int64_t newest_ns;

	memcpy(&newest_ns, block + sizeof(uint64_t), sizeof(newest_ns));
	memcpy(mirror->part.block + IMAGE_HEAD_BYTES, block + IMAGE_HEAD_BYTES,
	       qualities_at - IMAGE_HEAD_BYTES);
	for (unsigned i = 0; i < mirror->spec->in_count; i++) {
		mirror_quality(&mirror->in[i], block[qualities_at + i], sample_ns[i]);
	}
	plan_staleness(mirror);
	if ((uint64_t)newest_ns != counter_get(&mirror->last_ns)) {
		note_sample(mirror, newest_ns);
		record_part(mirror, now);
	} else {
		device_publish_changes(mirror, now);
	}
}

void device_copy_counts(struct device *mirror, const struct device *worker)
{
	for (unsigned i = 0; i < COUNT_KINDS; i++) {
		counter_set(&mirror->counts[i], counter_get(&worker->counts[i]));
	}
}

static uint64_t dropped_frames(const struct device *device)
{
	return counter_get(&device->counts[COUNT_BAD_CHECKSUM]) +
	       counter_get(&device->counts[COUNT_BAD_LENGTH]) +
	       counter_get(&device->counts[COUNT_BAD_MATCH]) +
	       counter_get(&device->counts[COUNT_BAD_SENDER]) +
	       counter_get(&device->counts[COUNT_OVER_BUDGET]) +
	       counter_get(&device->counts[COUNT_MISSED]);
}

void device_report_drops(struct device *device, const struct cycle_time *now)
{
	uint64_t dropped = dropped_frames(device);

	if (dropped != device->drops_told && now->release_ns >= device->drops_tell_ns) {
		device_event(device, EVENT_FRAME_DROPPED,
			     (int64_t)(dropped - device->drops_told));
		device->drops_told = dropped;
		device->drops_tell_ns = now->release_ns + DROP_REPORT_NS;
	}
}

void device_lost(struct device *device, int code)
{
	if (!device->is_lost) {
		device->is_lost = true;
		device->lost_code = code;
	}
	if (device->any_lost) {
		*device->any_lost = true;
	}
}

void device_event(struct device *device, enum event_code code, int64_t value)
{
	if (device->recorder) {
		recorder_event(device->recorder, code, device->index, value);
	}
}
