#include "drivers/send.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/due.h"
#include "drivers/frame.h"
#include "drivers/out_field.h"

/* --- start ------------------------------------------------------------------------------------------- */

static struct checksum_rule rule_of(const struct send_options *options)
{
	enum checksum_kind kind = (enum checksum_kind)options->checksum;
	bool is_hex = options->has_checksum_form
			      ? options->checksum_form == CHECKSUM_AS_HEX
			      : options->text != NULL;
	bool is_big = options->has_checksum_order
			      ? options->checksum_order == FRAME_ORDER_BIG
			      : kind == CHECKSUM_CRC16_CCITT;

	return (struct checksum_rule){
		.kind = kind,
		.form = is_hex ? CHECKSUM_AS_HEX : CHECKSUM_AS_BYTES,
		.is_big_endian = is_big,
		.from = (uint32_t)options->checksum_from,
	};
}

/* Of a binary message, without checksum and end. */
static uint32_t measure_content(const struct device_spec *spec,
				const struct send_options *options)
{
	int64_t bytes = (int64_t)options->head.bytes;

	if (options->has_bytes) {
		return (uint32_t)options->bytes;
	}
	for (unsigned i = 0; i < spec->out_count; i++) {
		const struct out_field_options *field = spec->out[i].options;

		if (field->has_byte && field->byte + field->bytes > bytes) {
			bytes = field->byte + field->bytes;
		}
	}
	if (options->checksum_from > bytes) {
		bytes = options->checksum_from;
	}
	return (uint32_t)bytes;
}

static int find_trigger(const struct device_spec *spec, const char *trigger)
{
	for (unsigned i = 0; trigger && i < spec->out_count; i++) {
		if (strcmp(spec->out[i].name, trigger) == 0) {
			return (int)i;
		}
	}
	return -1;
}

static int make_text(struct sender *sender, struct err *err)
{
	sender->text = calloc(1, sizeof(*sender->text));
	if (!sender->text) {
		return -ENOMEM;
	}
	return text_parse(sender->text, sender->options->text, sender->options->bad, err);
}

static int make_content(struct sender *sender, const struct device_spec *spec)
{
	const struct option_bytes *head = &sender->options->head;

	sender->content_bytes = measure_content(spec, sender->options);
	sender->content = calloc(1, sender->content_bytes + 1);
	sender->next = calloc(1, sender->content_bytes + 1);
	if (!sender->content || !sender->next) {
		return -ENOMEM;
	}
	if (head->bytes > 0) {
		memcpy(sender->next, head->data, head->bytes);
	}
	return 0;
}

/* COBS adds a byte in front, one for each 254, and the 0 at the end. */
static uint32_t stuffed_bytes_max(uint32_t bytes)
{
	return bytes + bytes / 254 + 2;
}

static int make_buffers(struct sender *sender)
{
	const struct send_options *options = sender->options;
	uint32_t bytes =
		sender->text ? text_bytes_max(sender->text) : sender->content_bytes;

	bytes += (sender->checksum.kind == CHECKSUM_NONE ? 0 : CHECKSUM_APPEND_MAX) +
		 (uint32_t)options->end.bytes;
	sender->message = calloc(1, bytes);
	sender->bytes_max = options->is_cobs ? stuffed_bytes_max(bytes) : bytes;
	sender->stuffed = calloc(1, sender->bytes_max);
	for (unsigned i = 0; i < sender->slot_count; i++) {
		sender->slots[i].data = calloc(1, sender->bytes_max);
		if (!sender->slots[i].data) {
			return -ENOMEM;
		}
	}
	return sender->message && sender->stuffed ? 0 : -ENOMEM;
}

int sender_init(struct sender *sender, const struct device_spec *spec,
		const struct send_options *options, const struct send_way *way,
		unsigned slot_count, struct err *err)
{
	int rc;

	checksum_prepare();
	*sender = (struct sender){ .options = options, .way = *way, .trigger = -1 };
	if (!options) {
		return 0;
	}
	sender->checksum = rule_of(options);
	sender->trigger = find_trigger(spec, options->trigger);
	sender->slots = calloc(slot_count, sizeof(*sender->slots));
	sender->slot_count = sender->slots ? slot_count : 0;
	rc = sender->slots ? 0 : -ENOMEM;
	rc = rc		     ? rc
	     : options->text ? make_text(sender, err)
			     : make_content(sender, spec);
	rc = rc ? rc : make_buffers(sender);
	return rc == -ENOMEM ? err_set(err, rc, "no memory for device '%s'", spec->name)
			     : rc;
}

void sender_fini(struct sender *sender)
{
	for (unsigned i = 0; i < sender->slot_count; i++) {
		free(sender->slots[i].data);
	}
	free(sender->slots);
	free(sender->text);
	free(sender->content);
	free(sender->next);
	free(sender->message);
	free(sender->stuffed);
	*sender = (struct sender){ .options = NULL };
}

uint32_t sender_bytes_max(const struct sender *sender)
{
	return sender->bytes_max;
}

void sender_resolve(struct sender *sender, const struct device *devices,
		    unsigned device_count)
{
	if (sender->text) {
		text_resolve(sender->text, devices, device_count);
	}
}

/* --- what is sent ------------------------------------------------------------------------------------ */

static void encode_fields(struct sender *sender, const struct device *device)
{
	for (unsigned i = 0; i < device->spec->out_count; i++) {
		const struct out_field_options *field = device->spec->out[i].options;

		if (field->has_byte) {
			out_field_encode(field, &device->out[i], sender->next);
		}
	}
}

static bool has_changed(struct sender *sender, const struct device *device)
{
	if (sender->text) {
		return text_has_changed(sender->text);
	}
	encode_fields(sender, device);
	return !sender->is_noted ||
	       memcmp(sender->next, sender->content, sender->content_bytes) != 0;
}

/* What is due now: of what comes later, only a change is due again. */
static void note(struct sender *sender, const struct device *device)
{
	if (sender->text) {
		text_note(sender->text);
	} else {
		encode_fields(sender, device);
		memcpy(sender->content, sender->next, sender->content_bytes);
	}
	sender->is_noted = true;
}

/* A byte 0 is replaced by how far it is to the next one. */
static uint32_t stuff(const uint8_t *data, uint32_t bytes, uint8_t *to)
{
	uint32_t code_at = 0, at = 1;
	uint8_t code = 1;

	for (uint32_t i = 0; i < bytes; i++) {
		if (data[i] != 0) {
			to[at++] = data[i];
			code++;
		}
		if (data[i] == 0 || code == 0xff) {
			to[code_at] = code;
			code_at = at++;
			code = 1;
		}
	}
	to[code_at] = code;
	to[at++] = 0;
	return at;
}

/* Returns where the message is. */
static const uint8_t *compose(struct sender *sender, const struct device *device,
			      const struct cycle_time *now, uint32_t *ret_bytes)
{
	const struct option_bytes *end = &sender->options->end;
	uint32_t bytes = sender->content_bytes;

	if (sender->text) {
		bytes = text_write(sender->text, now, sender->message);
	} else {
		encode_fields(sender, device);
		memcpy(sender->message, sender->next, bytes);
	}
	bytes += checksum_append(&sender->checksum, sender->message, bytes);
	if (end->bytes > 0) {
		memcpy(sender->message + bytes, end->data, end->bytes);
		bytes += (uint32_t)end->bytes;
	}
	*ret_bytes = bytes;
	if (!sender->options->is_cobs) {
		return sender->message;
	}
	*ret_bytes = stuff(sender->message, bytes, sender->stuffed);
	return sender->stuffed;
}

/* --- when -------------------------------------------------------------------------------------------- */

bool sender_sends(const struct sender *sender)
{
	return sender->options != NULL;
}

void sender_attach(struct sender *sender, struct device *device,
		   const struct cycle_time *now)
{
	sender->due_ns = now->release_ns;
	sender->was_on = false;
	for (unsigned i = 0; i < sender->slot_count; i++) {
		struct send_slot *slot = &sender->slots[i];

		device_count(device, COUNT_SEND_DROPPED, slot->wants || slot->unsent > 0);
		slot->unsent = 0;
		slot->wants = false;
		slot->is_queued = false;
	}
	sender->is_noted = false;
	if (sender->text) {
		sender->text->is_noted = false;
	}
}

void sender_connect(struct sender *sender, unsigned slot)
{
	const struct send_options *options = sender->options;

	if (options) {
		sender->slots[slot].unsent = 0;
		sender->slots[slot].is_queued = false;
		sender->slots[slot].wants = !options->trigger && !options->has_every;
	}
}

bool sender_is_midway(const struct sender *sender, unsigned slot)
{
	return sender->options && sender->slots[slot].unsent > 0;
}

static bool take_trigger(struct sender *sender, const struct device *device)
{
	bool is_on = channel_value(&device->out[sender->trigger]).as_bool;
	bool has_turned = is_on && !sender->was_on;

	sender->was_on = is_on;
	return has_turned;
}

static bool is_due(struct sender *sender, const struct device *device,
		   const struct cycle_time *now)
{
	const struct send_options *options = sender->options;
	bool looks_at_changes = options->has_on || !options->has_every;
	bool is_time;

	if (sender->trigger >= 0) {
		return take_trigger(sender, device);
	}
	is_time = options->has_every &&
		  due_take(&sender->due_ns, options->every_ns, now->release_ns);
	return is_time || device->must_emit ||
	       (looks_at_changes && has_changed(sender, device));
}

/* --- sending ----------------------------------------------------------------------------------------- */

static bool is_full(ssize_t written)
{
	return written == -EAGAIN || written == -EINTR || written == -ENOBUFS;
}

/* A message that failed has not left: where no other one will say the same, it is tried again. */
static bool comes_again(const struct sender *sender, const struct device *device)
{
	const struct send_options *options = sender->options;

	return options->has_every && !options->has_on && !device->is_ending;
}

static void fail(struct sender *sender, struct device *device, unsigned slot, int code)
{
	sender->slots[slot].wants = sender->way.fail && !comes_again(sender, device);
	sender->slots[slot].unsent = 0;
	if (sender->way.fail) {
		sender->way.fail(device, slot, code);
	} else {
		device_lost(device, code);
	}
}

static ssize_t write_slot(struct sender *sender, struct device *device,
			  struct letter *letter)
{
	ssize_t written = sender->way.write ? sender->way.write(device, letter)
					    : outbox_send(device, letter);

	sender->slots[letter->tag].is_queued = written == LETTER_QUEUED;
	return written;
}

static void end_rest(struct sender *sender, struct device *device, unsigned index,
		     ssize_t written)
{
	struct send_slot *slot = &sender->slots[index];

	if (written < 0 && !is_full(written)) {
		fail(sender, device, index, (int)written);
		return;
	}
	slot->unsent -= written > 0 ? (uint32_t)written : 0;
	if (slot->unsent == 0) {
		device_count(device, COUNT_SENT, 1);
	}
}

static void send_rest(struct sender *sender, struct device *device, unsigned index,
		      int fd)
{
	struct send_slot *slot = &sender->slots[index];
	struct letter letter = { .fd = fd,
				 .data = slot->data + slot->bytes - slot->unsent,
				 .bytes = slot->unsent,
				 .tag = index };
	ssize_t written = write_slot(sender, device, &letter);

	slot->queued = NULL;
	if (written != LETTER_QUEUED) {
		end_rest(sender, device, index, written);
	}
}

/* A message as it was composed in this cycle. */
struct composed {
	const uint8_t *data; /* NULL: it was not, yet */
	uint32_t bytes;
};

static void end_new(struct sender *sender, struct device *device, unsigned index,
		    const struct composed *message, ssize_t written)
{
	struct send_slot *slot = &sender->slots[index];

	if (written < 0) {
		if (!is_full(written)) {
			fail(sender, device, index, (int)written);
		}
		return;
	}
	slot->wants = false;
	if (!sender->way.is_stream || written == (ssize_t)message->bytes) {
		device_count(device, COUNT_SENT, 1);
		return;
	}
	memcpy(slot->data, message->data, message->bytes);
	slot->bytes = message->bytes;
	slot->unsent = message->bytes - (uint32_t)written;
}

/* One that is queued stays as it is until the next one is composed, which is after it was told of. */
static void send_new(struct sender *sender, struct device *device, unsigned index, int fd,
		     const struct composed *message)
{
	struct send_slot *slot = &sender->slots[index];
	struct letter letter = {
		.fd = fd, .data = message->data, .bytes = message->bytes, .tag = index
	};
	ssize_t written = write_slot(sender, device, &letter);

	slot->queued = message->data;
	slot->queued_bytes = message->bytes;
	if (written != LETTER_QUEUED) {
		end_new(sender, device, index, message, written);
	}
}

void sender_posted(struct sender *sender, struct device *device, uint32_t index,
		   ssize_t result)
{
	struct send_slot *slot = &sender->slots[index];
	const struct composed message = { .data = slot->queued,
					  .bytes = slot->queued_bytes };

	if (!slot->is_queued) {
		return;
	}
	slot->is_queued = false;
	if (message.data) {
		end_new(sender, device, index, &message, result);
	} else {
		end_rest(sender, device, index, result);
	}
}

/* One that still waits is overtaken by the one that is due now. */
static void make_due(struct sender *sender, struct device *device, const int *fds)
{
	for (unsigned i = 0; i < sender->slot_count; i++) {
		if (fds[i] >= 0 && sender->slots[i].wants) {
			device_count(device, COUNT_SEND_DROPPED, 1);
		}
		sender->slots[i].wants = fds[i] >= 0;
	}
}

static void send_slots(struct sender *sender, struct device *device, const int *fds,
		       const struct cycle_time *now)
{
	struct composed message = { .data = NULL };

	for (unsigned i = 0; i < sender->slot_count && !device->is_lost; i++) {
		const struct send_slot *slot = &sender->slots[i];

		if (fds[i] < 0 || slot->is_queued) {
			continue;
		}
		if (slot->unsent > 0) {
			send_rest(sender, device, i, fds[i]);
		} else if (slot->wants) {
			if (!message.data) {
				message.data =
					compose(sender, device, now, &message.bytes);
			}
			send_new(sender, device, i, fds[i], &message);
		}
	}
}

static bool is_idle(const struct sender *sender, const int *fds)
{
	for (unsigned i = 0; i < sender->slot_count; i++) {
		if (fds[i] >= 0 &&
		    (sender->slots[i].wants || sender->slots[i].unsent > 0)) {
			return false;
		}
	}
	return true;
}

static void plan(struct sender *sender, struct device *device, const int *fds,
		 const struct cycle_time *now)
{
	if (is_due(sender, device, now)) {
		note(sender, device);
		make_due(sender, device, fds);
	}
	device->must_emit = false;
}

void sender_emit(struct sender *sender, struct device *device, const int *fds,
		 const struct cycle_time *now)
{
	if (!sender->options || device->is_dry) {
		return;
	}
	plan(sender, device, fds, now);
	send_slots(sender, device, fds, now);
	device->is_behind = !is_idle(sender, fds);
}

void sender_hold(struct sender *sender, struct device *device, const int *fds,
		 const struct cycle_time *now)
{
	if (!sender->options || device->is_dry) {
		return;
	}
	plan(sender, device, fds, now);
	device->is_behind = !is_idle(sender, fds);
}
