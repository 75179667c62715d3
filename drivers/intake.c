#include "drivers/intake.h"

int intake_init(struct intake *intake, const struct device_spec *spec,
		const struct frame_options *frame, const struct option_bytes *separator,
		uint32_t message_bytes)
{
	fields_init(&intake->fields, spec, separator);
	return framer_init(&intake->framer, frame, message_bytes);
}

void intake_fini(struct intake *intake)
{
	framer_fini(&intake->framer);
}

void intake_reset(struct intake *intake, bool is_midway)
{
	framer_reset(&intake->framer, is_midway);
}

uint32_t intake_room(const struct intake *intake)
{
	return framer_room(&intake->framer);
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

static void count_drops(struct intake *intake, struct device *device)
{
	struct frame_tally *tally = &intake->framer.tally;

	device_count(device, COUNT_BAD_CHECKSUM, tally->bad_checksum);
	device_count(device, COUNT_BAD_LENGTH, tally->bad_length);
	device_count(device, COUNT_BAD_MATCH, tally->bad_match);
	*tally = (struct frame_tally){ .bad_match = 0 };
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
	device_publish(device, now);
}

/* A frame that is dropped costs as much as a good one. */
static void decode(struct intake *intake, struct device *device,
		   const struct cycle_time *now)
{
	struct frame frame;

	while (framer_locate(&intake->framer)) {
		if (intake->left == 0) {
			count_flooded(intake, device);
			break;
		}
		intake->left--;
		if (framer_take(&intake->framer, &frame)) {
			publish(intake, device, &frame, now);
		}
	}
	count_drops(intake, device);
}

void intake_stream(struct intake *intake, struct device *device,
		   const struct message *message, const struct cycle_time *now)
{
	uint32_t taken = framer_append(&intake->framer, message->data, message->bytes);

	if (taken < message->bytes) {
		device_count(device, COUNT_BAD_LENGTH, 1);
	}
	intake->arrived_ns = now->wake_ns;
	renew_budget(intake, device, now);
	decode(intake, device, now);
}

void intake_message(struct intake *intake, struct device *device,
		    const struct message *message, const struct cycle_time *now)
{
	uint32_t over = 0;

	if (message->is_truncated) {
		device_count(device, COUNT_BAD_LENGTH, 1);
		return;
	}
	framer_begin(&intake->framer, message->data, message->bytes);
	intake->arrived_ns = now->wake_ns;
	renew_budget(intake, device, now);
	decode(intake, device, now);
	for (; framer_locate(&intake->framer); over++) {
		framer_pass(&intake->framer);
	}
	device_count(device, COUNT_OVER_BUDGET, over);
	count_drops(intake, device);
}

void intake_tick(struct intake *intake, struct device *device,
		 const struct cycle_time *now)
{
	renew_budget(intake, device, now);
	decode(intake, device, now);
}
