#include "drivers/intake.h"

#include <errno.h>
#include <stdlib.h>

static int init_framers(struct intake *intake, const struct frame_options *frame,
			unsigned count, uint32_t message_bytes)
{
	int rc = 0;

	intake->framers = calloc(count, sizeof(*intake->framers));
	intake->arrivals = calloc(count, sizeof(*intake->arrivals));
	if (!intake->framers || !intake->arrivals) {
		return -ENOMEM;
	}
	intake->stream_count = count;
	for (unsigned i = 0; i < count && rc == 0; i++) {
		rc = framer_init(&intake->framers[i], frame, message_bytes);
	}
	return rc;
}

int intake_init(struct intake *intake, const struct device_spec *spec,
		const struct frame_options *frame, const struct option_bytes *separator,
		uint32_t message_bytes)
{
	fields_init(&intake->fields, spec, separator);
	return init_framers(intake, frame, 1, message_bytes);
}

int intake_init_streams(struct intake *intake, const struct device_spec *spec,
			const struct frame_options *frame,
			const struct option_bytes *separator, unsigned stream_count)
{
	fields_init(&intake->fields, spec, separator);
	return init_framers(intake, frame, stream_count, 0);
}

void intake_fini(struct intake *intake)
{
	for (unsigned i = 0; i < intake->stream_count; i++) {
		framer_fini(&intake->framers[i]);
	}
	free(intake->framers);
	free(intake->arrivals);
	intake->framers = NULL;
	intake->arrivals = NULL;
	intake->stream_count = 0;
}

void intake_reset(struct intake *intake, uint32_t stream, bool is_midway)
{
	framer_reset(&intake->framers[stream], is_midway);
	intake->arrivals[stream] = (struct arrivals){ .count = 0 };
	intake->ended &= ~(1u << stream);
}

uint32_t intake_room(const struct intake *intake, uint32_t stream)
{
	return framer_room(&intake->framers[stream]);
}

static void renew_budget(struct intake *intake, const struct device *device,
			 const struct cycle_time *now)
{
	if (now->cycle + 1 != intake->next_cycle) {
		intake->next_cycle = now->cycle + 1;
		intake->left = (uint32_t)device->spec->budget;
		intake->is_flooded = false;
	}
}

static void count_flooded(struct intake *intake, struct device *device)
{
	if (!intake->is_flooded) {
		intake->is_flooded = true;
		device_count(device, COUNT_FLOODED, 1);
	}
}

static void count_drops(struct framer *framer, struct device *device)
{
	struct frame_tally *tally = &framer->tally;

	device_count(device, COUNT_BAD_CHECKSUM, tally->bad_checksum);
	device_count(device, COUNT_BAD_LENGTH, tally->bad_length);
	device_count(device, COUNT_BAD_MATCH, tally->bad_match);
	*tally = (struct frame_tally){ .bad_match = 0 };
}

/* Another stream of the device may have brought something newer while this waited. */
static int64_t newest_ns(const struct intake *intake, const struct device *device)
{
	int64_t last_ns = (int64_t)counter_get(&device->last_ns);

	return intake->arrived_ns > last_ns ? intake->arrived_ns : last_ns;
}

static void publish(struct intake *intake, struct device *device,
		    const struct frame *frame, const struct cycle_time *now)
{
	unsigned good = fields_decode(&intake->fields, device, frame, intake->arrived_ns);

	if (good == 0 && device->spec->in_count > 0) {
		device_publish_changes(device, now);
		return;
	}
	device_count(device, COUNT_FRAMES, 1);
	device_publish_at(device, newest_ns(intake, device), now);
}

/* What there is no mark for counts as if it had come with what came before it: rather too old than too new. */
static void note_arrival(struct arrivals *arrivals, uint32_t bytes, int64_t time_ns)
{
	unsigned last = (arrivals->first + arrivals->count - 1) % ARRIVALS_MAX;

	arrivals->bytes += bytes;
	if (arrivals->count == 0 || (arrivals->count < ARRIVALS_MAX &&
				     arrivals->marks[last].time_ns != time_ns)) {
		last = (arrivals->first + arrivals->count) % ARRIVALS_MAX;
		arrivals->marks[last].time_ns = time_ns;
		arrivals->count++;
	}
	arrivals->marks[last].end = arrivals->bytes;
}

/* When the last byte came of the frame that was located; those before it are not asked for again. */
static int64_t take_arrival(struct arrivals *arrivals, const struct framer *framer)
{
	uint64_t end = arrivals->bytes - framer->bytes + framer->span;

	while (arrivals->count > 1 && arrivals->marks[arrivals->first].end < end) {
		arrivals->first = (arrivals->first + 1) % ARRIVALS_MAX;
		arrivals->count--;
	}
	return arrivals->marks[arrivals->first].time_ns;
}

/* A frame that is dropped costs as much as a good one. */
static void decode(struct intake *intake, struct framer *framer, struct device *device,
		   const struct cycle_time *now)
{
	struct frame frame;

	while (framer_locate(framer)) {
		if (intake->left == 0) {
			count_flooded(intake, device);
			break;
		}
		intake->left--;
		if (framer->store) {
			intake->arrived_ns = take_arrival(
				&intake->arrivals[framer - intake->framers], framer);
		}
		if (framer_take(framer, &frame)) {
			publish(intake, device, &frame, now);
		}
	}
	count_drops(framer, device);
}

void intake_stream(struct intake *intake, struct device *device,
		   const struct message *message, const struct cycle_time *now)
{
	struct framer *framer = &intake->framers[message->tag];
	uint32_t taken = framer_append(framer, message->data, message->bytes);

	if (taken < message->bytes) {
		device_count(device, COUNT_BAD_LENGTH, 1);
	}
	note_arrival(&intake->arrivals[message->tag], taken, now->wake_ns);
	renew_budget(intake, device, now);
	decode(intake, framer, device, now);
}

void intake_message(struct intake *intake, struct device *device,
		    const struct message *message, const struct cycle_time *now)
{
	struct framer *framer = &intake->framers[0];
	uint32_t over = 0;

	if (message->is_truncated) {
		device_count(device, COUNT_BAD_LENGTH, 1);
		return;
	}
	framer_begin(framer, message->data, message->bytes);
	intake->arrived_ns = now->wake_ns;
	renew_budget(intake, device, now);
	decode(intake, framer, device, now);
	for (; framer_locate(framer); over++) {
		framer_pass(framer);
	}
	device_count(device, COUNT_OVER_BUDGET, over);
	count_drops(framer, device);
}

void intake_end(struct intake *intake, uint32_t stream)
{
	intake->ended |= 1u << stream;
}

uint32_t intake_drained(struct intake *intake, struct device *device)
{
	uint32_t drained = 0;

	for (uint32_t left = intake->ended; left; left &= left - 1) {
		unsigned stream = (unsigned)__builtin_ctz(left);
		struct framer *framer = &intake->framers[stream];

		if (!framer_locate(framer)) {
			framer_end(framer);
			count_drops(framer, device);
			drained |= 1u << stream;
		}
	}
	return drained;
}

void intake_tick(struct intake *intake, struct device *device,
		 const struct cycle_time *now)
{
	renew_budget(intake, device, now);
	for (unsigned i = 0; i < intake->stream_count; i++) {
		unsigned stream = (unsigned)((now->cycle + i) % intake->stream_count);

		decode(intake, &intake->framers[stream], device, now);
	}
}
