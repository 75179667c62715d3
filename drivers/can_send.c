#include "drivers/can_send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/due.h"
#include "drivers/out_field.h"
#include "drivers/outbox.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

static const char *const moments[] = { "change", NULL };

const struct option can_send_rows[] = {
	{
		.name = "on",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct can_send_options, on),
		.choices = moments,
		.is_given_offset = offsetof(struct can_send_options, has_on),
		.help = "each frame in the cycle in which its data has changed; the "
			"default, without every",
	},
	{
		.name = "every",
		.type = OPTION_DURATION,
		.offset = offsetof(struct can_send_options, every_ns),
		.min = 20e3,
		.max = 86400e9,
		.is_given_offset = offsetof(struct can_send_options, has_every),
		.help = "all frames at the first release after each such time; with on: "
			"change besides",
	},
	{
		.name = "brs",
		.type = OPTION_BOOL,
		.offset = offsetof(struct can_send_options, switches_rate),
		.fallback = "false",
		.help = "whether frames of CAN FD switch to the bus's second bit rate",
	},
	{ .name = NULL },
};

/* --- which frames there are ------------------------------------------------------------ */

/* Lengths that a frame of CAN FD can have, above those of a classic one. */
static const uint8_t fd_bytes[] = { 12, 16, 20, 24, 32, 48, 64 };

static uint32_t valid_bytes(uint32_t bytes)
{
	if (bytes <= CAN_CLASSIC_BYTES) {
		return bytes;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(fd_bytes); i++) {
		if (fd_bytes[i] >= bytes) {
			return fd_bytes[i];
		}
	}
	return CAN_FD_BYTES;
}

static bool is_same_switch(const struct can_switch *a, const struct can_switch *b)
{
	return a->bits.start == b->bits.start && a->bits.length == b->bits.length &&
	       a->bits.is_big == b->bits.is_big &&
	       a->ranges[0].first == b->ranges[0].first;
}

/* Whether a signal is in the frames in which @muxed is; NULL: where nothing is multiplexed. */
static bool is_beside(const struct can_channel *channel, const struct can_channel *muxed)
{
	const struct can_signal *signal = &channel->signal;

	if (signal->switch_count == 0) {
		return true;
	}
	if (!muxed || muxed->signal.switch_count < signal->switch_count) {
		return false;
	}
	for (unsigned i = 0; i < signal->switch_count; i++) {
		if (!is_same_switch(&signal->switches[i], &muxed->signal.switches[i])) {
			return false;
		}
	}
	return true;
}

/* Whether a channel before this one, of the same id, has brought its frame already. */
static bool is_first(const struct can_channel *channels, uint32_t first, uint32_t at)
{
	for (uint32_t i = first; i < at; i++) {
		if (channels[i].signal.switch_count == channels[at].signal.switch_count &&
		    is_beside(&channels[at], &channels[i])) {
			return false;
		}
	}
	return true;
}

static uint32_t channels_of_id(const struct can_channel *channels, uint32_t count,
			       uint32_t first)
{
	uint32_t end = first;

	while (end < count && channels[end].signal.id == channels[first].signal.id) {
		end++;
	}
	return end - first;
}

static bool has_muxed(const struct can_channel *channels, uint32_t first, uint32_t count)
{
	for (uint32_t i = first; i < first + count; i++) {
		if (channels[i].signal.switch_count > 0) {
			return true;
		}
	}
	return false;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t end_of_signal(const struct can_signal *signal)
{
	uint32_t bytes = can_bits_end(&signal->bits);

	for (unsigned i = 0; i < signal->switch_count; i++) {
		bytes = greater(bytes, can_bits_end(&signal->switches[i].bits));
	}
	return bytes;
}

static const struct can_channel_options *options_of(const struct device_spec *spec,
						    const struct can_channel *channel)
{
	return spec->out[channel->index].options;
}

/* The data's length, and whether it is a frame of CAN FD. */
static void measure(struct can_send_frame *frame, const struct device_spec *spec,
		    const struct can_channel *channels)
{
	uint32_t bytes = 0, stated = 0;

	for (uint32_t i = frame->first; i < frame->first + frame->count; i++) {
		const struct can_channel_options *options =
			options_of(spec, &channels[i]);

		if (is_beside(&channels[i], frame->muxed)) {
			bytes = greater(bytes, end_of_signal(&channels[i].signal));
			stated = greater(stated, channels[i].message_bytes);
			stated = greater(stated, (uint32_t)options->size);
			frame->is_fd |= options->is_fd;
		}
	}
	bytes = valid_bytes(greater(bytes, stated));
	frame->frame.len = (uint8_t)bytes;
	frame->is_fd |= bytes > CAN_CLASSIC_BYTES;
}

/* One frame of those of an id. */
static void add_frame(struct can_sender *sender, const struct device_spec *spec,
		      const struct can_send_frame *made)
{
	struct can_send_frame *frame = &sender->frames[sender->frame_count++];

	*frame = *made;
	measure(frame, spec, sender->channels);
	frame->frame.can_id = sender->channels[frame->first].signal.id;
	frame->frame.flags =
		frame->is_fd && sender->options->switches_rate ? CANFD_BRS : 0;
}

static void add_frames(struct can_sender *sender, const struct device_spec *spec,
		       uint32_t first, uint32_t count)
{
	struct can_send_frame frame = { .first = first, .count = count };

	if (!has_muxed(sender->channels, first, count)) {
		add_frame(sender, spec, &frame);
		return;
	}
	for (uint32_t i = first; i < first + count; i++) {
		const struct can_channel *channel = &sender->channels[i];

		if (channel->signal.switch_count > 0 &&
		    is_first(sender->channels, first, i)) {
			frame.muxed = channel;
			add_frame(sender, spec, &frame);
		}
	}
}

static int take_memory(struct can_sender *sender, uint32_t channels)
{
	sender->frames = calloc(channels + 1, sizeof(*sender->frames));
	sender->headers = calloc(channels + 1, sizeof(*sender->headers));
	sender->parts = calloc(channels + 1, sizeof(*sender->parts));
	return sender->frames && sender->headers && sender->parts ? 0 : -ENOMEM;
}

int can_sender_init(struct can_sender *sender, const struct device_spec *spec,
		    const struct can_channel *channels,
		    const struct can_send_options *options, struct err *err)
{
	uint32_t count;

	*sender = (struct can_sender){ .options = options, .channels = channels };
	if (take_memory(sender, spec->out_count)) {
		return err_set(err, -ENOMEM, "no memory for device '%s'", spec->name);
	}
	for (uint32_t i = 0; i < spec->out_count; i += count) {
		count = channels_of_id(channels, spec->out_count, i);
		add_frames(sender, spec, i, count);
	}
	return sender->frame_count > CAN_SEND_FRAMES_MAX
		       ? err_set(err, -E2BIG,
				 "%u different frames are sent; expected at most %d for "
				 "one device",
				 sender->frame_count, CAN_SEND_FRAMES_MAX)
		       : 0;
}

void can_sender_fini(struct can_sender *sender)
{
	free(sender->frames);
	free(sender->headers);
	free(sender->parts);
	*sender = (struct can_sender){ .options = NULL };
}

/* --- checking -------------------------------------------------------------------------- */

static void check_shared(const struct device_spec *spec,
			 const struct can_channel *channels, uint32_t first, uint32_t at)
{
	const struct can_channel *channel = &channels[at];

	for (uint32_t i = first; i < at; i++) {
		if ((is_beside(channel, &channels[i]) ||
		     is_beside(&channels[i], channel)) &&
		    can_bits_overlap(&channels[i].signal.bits, &channel->signal.bits)) {
			place_error(&spec->out[channel->index].place, NULL,
				    "shares bits of its frame with channel '%s'",
				    spec->out[channels[i].index].name);
			return;
		}
	}
}

static void check_sizes(const struct device_spec *spec, const struct can_channel *channel,
			uint32_t frame_bytes)
{
	const struct can_channel_options *options = options_of(spec, channel);
	const struct place *place = &spec->out[channel->index].place;
	const struct scaling *scaling = &channel->signal.scaling;

	if (options->has_size && options->size > frame_bytes) {
		place_error(place, "size",
			    "%d bytes are of CAN FD; expected fd: true of the device",
			    (int)options->size);
	} else if (options->has_size &&
		   valid_bytes((uint32_t)options->size) != (uint32_t)options->size) {
		place_error(place, "size",
			    "no frame has %d bytes; the next that there is has %u",
			    (int)options->size, valid_bytes((uint32_t)options->size));
	}
	if (options->is_fd && frame_bytes == CAN_CLASSIC_BYTES) {
		place_error(place, "fd",
			    "the device sends classic frames; expected fd: "
			    "true of the device");
	}
	if (scaling->has_scale && !(scaling->scale < 0) && !(scaling->scale > 0)) {
		place_error(place, "scale",
			    "values are divided by it; expected another number than 0");
	}
}

void can_send_check(const struct device_spec *spec, const struct can_channel *channels,
		    uint32_t frame_bytes)
{
	uint32_t first = 0;

	for (uint32_t i = 0; i < spec->out_count; i++) {
		if (channels[i].signal.id != channels[first].signal.id) {
			first = i;
		}
		check_shared(spec, channels, first, i);
		check_sizes(spec, &channels[i], frame_bytes);
	}
}

/* --- sending --------------------------------------------------------------------------- */

void can_sender_attach(struct can_sender *sender, const struct cycle_time *now)
{
	sender->due_ns = now->release_ns;
	for (uint32_t i = 0; i < sender->frame_count; i++) {
		sender->frames[i].wants = false;
		sender->frames[i].is_queued = false;
		sender->frames[i].is_noted = false;
	}
}

static void compose(const struct can_sender *sender, const struct device *device,
		    struct can_send_frame *frame)
{
	for (unsigned i = 0; frame->muxed && i < frame->muxed->signal.switch_count; i++) {
		const struct can_switch *above = &frame->muxed->signal.switches[i];

		can_bits_put(&above->bits, above->ranges[0].first, frame->next);
	}
	for (uint32_t i = frame->first; i < frame->first + frame->count; i++) {
		const struct can_signal *signal = &sender->channels[i].signal;

		if (is_beside(&sender->channels[i], frame->muxed)) {
			can_bits_put(
				&signal->bits,
				out_value_raw(&device->out[sender->channels[i].index],
					      &signal->scaling,
					      (enum field_encoding)signal->encoding,
					      signal->bits.length),
				frame->next);
		}
	}
}

/* Data that waits is replaced by what is newest. */
static void plan(struct can_sender *sender, struct device *device, bool is_time)
{
	bool looks_at_changes = sender->options->has_on || !sender->options->has_every;

	for (uint32_t i = 0; i < sender->frame_count; i++) {
		struct can_send_frame *frame = &sender->frames[i];
		bool has_changed;

		compose(sender, device, frame);
		has_changed = !frame->is_noted || memcmp(frame->next, frame->frame.data,
							 frame->frame.len) != 0;
		memcpy(frame->frame.data, frame->next, frame->frame.len);
		frame->is_noted = true;
		if (is_time || device->must_emit || (looks_at_changes && has_changed)) {
			device_count(device, COUNT_SEND_DROPPED, frame->wants);
			frame->wants = true;
		}
	}
}

static unsigned lay_out(struct can_sender *sender)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < sender->frame_count; i++) {
		struct can_send_frame *frame = &sender->frames[i];

		if (frame->wants) {
			sender->parts[count] = (struct iovec){
				.iov_base = &frame->frame,
				.iov_len = frame->is_fd ? CANFD_MTU : CAN_MTU,
			};
			sender->headers[count] = (struct mmsghdr){
				.msg_hdr = { .msg_iov = &sender->parts[count],
					     .msg_iovlen = 1 },
			};
			count++;
		}
	}
	return count;
}

/* Frames leave in their order: the first ones are gone. */
static void note_sent(struct can_sender *sender, int sent)
{
	for (uint32_t i = 0; i < sender->frame_count && sent > 0; i++) {
		if (sender->frames[i].wants) {
			sender->frames[i].wants = false;
			sent--;
		}
	}
}

/* A queue that is full is no error: the bus is slow, or nobody acknowledges. */
static bool is_full(int code)
{
	return code == -EAGAIN || code == -ENOBUFS || code == -EINTR;
}

static void send_all(struct can_sender *sender, struct device *device, int fd)
{
	unsigned count = lay_out(sender);
	int sent = count > 0 ? sys_send_many(fd, sender->headers, count) : 0;

	if (sent >= 0) {
		device_count(device, COUNT_SENT, (uint64_t)sent);
		note_sent(sender, sent);
		device->is_behind = (unsigned)sent < count;
		return;
	}
	device->is_behind = true;
	if (!is_full(sent)) {
		device_lost(device, sent);
	}
}

static void end_frame(struct can_sender *sender, struct device *device, uint32_t index,
		      ssize_t result)
{
	if (result >= 0) {
		sender->frames[index].wants = false;
		device_count(device, COUNT_SENT, 1);
	} else if (!is_full((int)result)) {
		device_lost(device, (int)result);
	}
}

static void queue_frame(struct can_sender *sender, struct device *device, uint32_t index,
			int fd)
{
	struct can_send_frame *frame = &sender->frames[index];
	const struct letter letter = { .fd = fd,
				       .data = &frame->frame,
				       .bytes = frame->is_fd ? CANFD_MTU : CAN_MTU,
				       .is_socket = true,
				       .tag = index };
	ssize_t written = outbox_send(device, &letter);

	frame->is_queued = written == LETTER_QUEUED;
	if (!frame->is_queued) {
		end_frame(sender, device, index, written);
	}
}

/* Each by itself: none waits for one before it that found no room. */
static void queue_all(struct can_sender *sender, struct device *device, int fd)
{
	device->is_behind = false;
	for (uint32_t i = 0; i < sender->frame_count && !device->is_lost; i++) {
		const struct can_send_frame *frame = &sender->frames[i];

		if (frame->wants && !frame->is_queued) {
			queue_frame(sender, device, i, fd);
		}
		device->is_behind |= frame->wants;
	}
}

void can_sender_posted(struct can_sender *sender, struct device *device, uint32_t index,
		       ssize_t result)
{
	if (sender->frames[index].is_queued) {
		sender->frames[index].is_queued = false;
		end_frame(sender, device, index, result);
	}
}

void can_sender_emit(struct can_sender *sender, struct device *device, int fd,
		     const struct cycle_time *now)
{
	if (sender->frame_count == 0 || device->is_dry) {
		return;
	}
	plan(sender, device,
	     sender->options->has_every &&
		     due_take(&sender->due_ns, sender->options->every_ns,
			      now->release_ns));
	device->must_emit = false;
	if (device->outbox) {
		queue_all(sender, device, fd);
	} else {
		send_all(sender, device, fd);
	}
}
