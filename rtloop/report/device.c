#include "rtloop/report/device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUALITY_PREFIX "quality."

static bool is_quality(const struct schema_field *field)
{
	return strncmp(field->name, QUALITY_PREFIX, strlen(QUALITY_PREFIX)) == 0;
}

int report_device_fields_find(struct report_device_fields *fields,
			      const struct schema *schema)
{
	unsigned count = 0;

	*fields = (struct report_device_fields){ .bytes = CDR_HEAD_BYTES };
	for (unsigned i = 0; i < schema->field_count; i++) {
		count += is_quality(&schema->fields[i]);
	}
	fields->qualities = calloc(count + 1, sizeof(*fields->qualities));
	if (!fields->qualities) {
		return -ENOMEM;
	}
	fields->sample_ns = report_number_find(schema, "sample_ns", &fields->bytes);
	for (unsigned i = 0; i < schema->field_count; i++) {
		if (is_quality(&schema->fields[i])) {
			fields->qualities[fields->quality_count++] = report_number_find(
				schema, schema->fields[i].name, &fields->bytes);
		}
	}
	return 0;
}

void report_device_fields_fini(struct report_device_fields *fields)
{
	free(fields->qualities);
	*fields = (struct report_device_fields){ .quality_count = 0 };
}

static void note_pause(struct report_device *device, int64_t pause_ns)
{
	if (pause_ns > device->pause_max_ns) {
		device->pause_max_ns = pause_ns;
		device->pause_start_ns = device->last_sample_ns;
	}
}

static void take_sample(struct report_device *device, int64_t sample_ns,
			const int64_t *wake_ns)
{
	if (device->has_sample && sample_ns <= device->last_sample_ns) {
		return;
	}
	if (!device->has_sample) {
		device->has_sample = true;
		device->first_sample_ns = sample_ns;
	} else {
		note_pause(device, sample_ns - device->last_sample_ns);
	}
	device->last_sample_ns = sample_ns;
	device->samples++;
	if (wake_ns) {
		/* unsigned: a log may hold anything */
		hist_record(&device->age,
			    (int64_t)((uint64_t)*wake_ns - (uint64_t)sample_ns));
	}
}

static int reserve_qualities(struct report_device *device, unsigned count)
{
	uint8_t *qualities;

	if (count <= device->quality_count) {
		return 0;
	}
	qualities = realloc(device->qualities, count);
	if (!qualities) {
		return -ENOMEM;
	}
	memset(qualities + device->quality_count, REPORT_GOOD,
	       count - device->quality_count);
	device->qualities = qualities;
	device->quality_count = count;
	return 0;
}

static void take_quality(struct report_device *device, unsigned channel, int64_t value)
{
	uint8_t quality = value == REPORT_GOOD	  ? REPORT_GOOD
			  : value == REPORT_STALE ? REPORT_STALE
						  : REPORT_BAD;

	if (quality != device->qualities[channel]) {
		device->stale_turns += quality == REPORT_STALE;
		device->bad_turns += quality == REPORT_BAD;
		device->qualities[channel] = quality;
	}
	device->quality = quality > device->quality ? quality : device->quality;
}

int report_device_take(struct report_device *device,
		       const struct report_device_fields *fields,
		       const struct mcap_message *message, const int64_t *offset_ns)
{
	int64_t wake_ns;
	int code;

	if (!report_is_plain(message, fields->bytes)) {
		return -EBADMSG;
	}
	code = reserve_qualities(device, fields->quality_count);
	if (code) {
		return code;
	}
	device->messages++;
	device->quality = REPORT_GOOD;
	for (unsigned i = 0; i < fields->quality_count; i++) {
		take_quality(device, i,
			     report_number_load(&fields->qualities[i], message->data));
	}
	if (fields->sample_ns.bytes) {
		/* what a gap has swallowed was read in a cycle that nobody knows */
		bool has_age = offset_ns && message->log_time_ns != device->gap_time_ns;
		int64_t sample_ns = report_number_load(&fields->sample_ns, message->data);

		wake_ns = offset_ns
				  ? (int64_t)(message->log_time_ns - (uint64_t)*offset_ns)
				  : 0;
		/* 0: there was none yet */
		if (sample_ns > 0) {
			take_sample(device, sample_ns, has_age ? &wake_ns : NULL);
		}
		device->gap_time_ns = 0;
	}
	return 0;
}

void report_device_end(struct report_device *device, const int64_t *end_ns)
{
	device->silence_ns = -1;
	if (device->has_sample && end_ns && *end_ns >= device->last_sample_ns) {
		device->silence_ns = *end_ns - device->last_sample_ns;
		note_pause(device, device->silence_ns);
	}
}

/* Where it is or would stand. */
static unsigned find(const struct report_devices *devices, const char *name)
{
	unsigned low = 0, high = devices->count;

	while (low < high) {
		unsigned middle = low + (high - low) / 2;

		if (strcmp(devices->list[middle]->name, name) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

struct report_device *report_devices_get(struct report_devices *devices,
					 const char *full_name)
{
	struct report_device **list;
	char name[REPORT_NAME_BYTES];
	unsigned at;

	snprintf(name, sizeof(name), "%s", full_name);
	at = find(devices, name);
	if (at < devices->count && strcmp(devices->list[at]->name, name) == 0) {
		return devices->list[at];
	}
	if (devices->count == REPORT_DEVICES_MAX) {
		devices->left_out++;
		return NULL;
	}
	list = reallocarray(devices->list, devices->count + 1,
			    sizeof(struct report_device *));
	if (!list) {
		return NULL;
	}
	devices->list = list;
	memmove(list + at + 1, list + at,
		(devices->count - at) * sizeof(struct report_device *));
	list[at] = calloc(1, sizeof(**list));
	if (!list[at]) {
		memmove(list + at, list + at + 1,
			(devices->count - at) * sizeof(struct report_device *));
		return NULL;
	}
	memcpy(list[at]->name, name, sizeof(name));
	devices->count++;
	return list[at];
}

void report_devices_gap(struct report_devices *devices, uint64_t log_time_ns)
{
	for (unsigned i = 0; i < devices->count; i++) {
		devices->list[i]->gap_time_ns = log_time_ns;
	}
}

void report_devices_fini(struct report_devices *devices)
{
	for (unsigned i = 0; i < devices->count; i++) {
		free(devices->list[i]->qualities);
		free(devices->list[i]);
	}
	free(devices->list);
	*devices = (struct report_devices){ .count = 0 };
}
