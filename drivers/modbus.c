#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "drivers/due.h"
#include "drivers/modbus_frame.h"
#include "drivers/modbus_link.h"
#include "drivers/modbus_options.h"
#include "drivers/modbus_plan.h"
#include "drivers/modbus_write.h"
#include "drivers/outbox.h"
#include "drivers/registry.h"
#include "rtloop/base/calls.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"

/*
 * A poll is all queries of the plan, one after the other, one at a time under way:
 *
 *   IDLE -- poll is due --> READY -- line is silent --> SENDING -- all taken --> WAITING
 *    ^                        ^                                                    |
 *    |                        +-- next query, or another try <-- answer, refusal --+
 *    +-- none is left                                            or time-out
 *
 * emit() goes from left to right, receive() and tick() back. What is to be written goes the same way
 * between two queries, and while no poll is under way: a write first, then a query in turn.
 */
enum phase { PHASE_IDLE, PHASE_READY, PHASE_SENDING, PHASE_WAITING };

struct modbus {
	struct modbus_plan plan;
	struct modbus_writer writer;
	bool has_written; /* the request before this one was a write */
	const struct modbus_request
		*request;     /* under way: of the plan, or of the writer */
	int64_t character_ns; /* on the wire; 0: TCP */
	int64_t silence_ns;   /* between frames; 0: TCP */

	enum phase phase;
	unsigned at;	     /* the query whose turn it is */
	int64_t tries_left;  /* of it, after this one */
	int64_t poll_ns;     /* the next poll is due at this release */
	int64_t quiet_ns;    /* nothing is sent before */
	int64_t deadline_ns; /* of the answer */
	uint16_t transaction;

	uint8_t out[MODBUS_REQUEST_BYTES_MAX];
	uint32_t out_bytes;
	uint32_t unsent;    /* the last of them */
	bool is_queued;	    /* they are in the device's outbox */
	bool is_new;	    /* none of them was written before */
	int64_t written_ns; /* when they were given to be written */

	uint8_t in[MODBUS_ANSWER_BYTES_MAX];
	uint32_t in_bytes;
	bool is_junk;	 /* RTU: what is being dropped has been counted */
	bool is_spoiled; /* RTU: an answer came, but damaged: there will be no other */
};

/* More than an answer, so that what a lively line brings is soon through. */
#define READ_BYTES 512

static int modbus_init(struct device *device, struct err *err)
{
	const struct modbus_options *options = device->spec->options;
	struct modbus *modbus = device->state;
	int rc = modbus_plan_init(&modbus->plan, device->spec);

	rc = rc ? rc : modbus_writer_init(&modbus->writer, device->spec);
	modbus->character_ns = modbus_character_ns(options);
	modbus->silence_ns = modbus_silence_ns(options);
	return rc ? err_set_errno(err, rc, "device '%s'", device->spec->name) : 0;
}

static void modbus_fini(struct device *device)
{
	struct modbus *modbus = device->state;

	modbus_plan_fini(&modbus->plan);
	modbus_writer_fini(&modbus->writer);
}

static int modbus_open(const struct device *device, struct link *ret_link,
		       struct err *err)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int fd;
	int rc;

	if (!endpoint) {
		return err_set(err, -ENOMEM, "no memory for device '%s'",
			       device->spec->name);
	}
	rc = modbus_link_open(device->spec->options, &fd, err);
	if (rc && rc != -EINPROGRESS) {
		free(endpoint);
		return rc;
	}
	*endpoint = (struct endpoint){
		.fd = fd,
		.op = ENDPOINT_READ,
		.bytes = READ_BYTES,
		.budget = 1,
	};
	*ret_link = (struct link){ .endpoints = endpoint, .endpoint_count = 1 };
	if (rc) {
		ret_link->deadline_ns = sys_now() + MODBUS_CONNECT_TIMEOUT_MS * NS_PER_MS;
	}
	return rc;
}

static int modbus_proceed(const struct device *device, struct link *link, struct err *err)
{
	int rc = modbus_link_proceed(device->spec->options, link->endpoints[0].fd,
				     link->deadline_ns, err);

	if (rc == 0) {
		link->deadline_ns = 0;
	}
	return rc;
}

static void modbus_close(const struct device *device, struct link *link)
{
	if (link->endpoints) {
		modbus_link_close(device->spec->options, link->endpoints[0].fd);
	}
	free(link->endpoints);
	*link = (struct link){ .endpoints = NULL };
}

static bool is_tcp(const struct device *device)
{
	const struct modbus_options *options = device->spec->options;

	return options->tcp != NULL;
}

static void modbus_attach(struct device *device, const struct cycle_time *now) RT_SAFE;
static void modbus_attach(struct device *device, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;

	modbus->phase = PHASE_IDLE;
	modbus->is_queued = false;
	modbus->at = modbus->plan.query_count;
	modbus->has_written = false;
	modbus_writer_attach(&modbus->writer, now);
	modbus->poll_ns = now->release_ns;
	modbus->quiet_ns = now->wake_ns + modbus->silence_ns;
	modbus->in_bytes = 0;
	modbus->is_junk = false;
	for (unsigned i = 0; i < modbus->plan.query_count; i++) {
		modbus->plan.queries[i].refused_with = 0;
	}
}

static struct modbus_query *query_of(struct modbus *modbus)
{
	return &modbus->plan.queries[modbus->at];
}

static bool is_writing(const struct modbus *modbus)
{
	return modbus_writer_request(&modbus->writer) != NULL;
}

/* A write is over: on with the poll, where one is under way. */
static void end_write(struct modbus *modbus)
{
	modbus->has_written = true;
	modbus->phase = modbus->at < modbus->plan.query_count ? PHASE_READY : PHASE_IDLE;
}

static void begin_query(struct device *device, unsigned at)
{
	const struct modbus_options *options = device->spec->options;
	struct modbus *modbus = device->state;

	modbus->at = at;
	modbus->tries_left = options->retries;
	modbus->phase = at < modbus->plan.query_count ? PHASE_READY : PHASE_IDLE;
}

/* A write that is under way is finished first. */
static void begin_poll(struct device *device)
{
	struct modbus *modbus = device->state;
	enum phase phase = modbus->phase;

	begin_query(device, 0);
	if (phase != PHASE_IDLE) {
		modbus->phase = phase;
	}
}

/* A value is as good as its age: max_age decides. Without one nothing else would ever tell. */
static void fail_try(struct device *device, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;

	if (is_writing(modbus)) {
		modbus_writer_failed(&modbus->writer, 0);
		end_write(modbus);
		return;
	}
	if (modbus->tries_left > 0) {
		modbus->tries_left--;
		modbus->phase = PHASE_READY;
		return;
	}
	if (device->spec->max_age_ns == 0) {
		modbus_query_mark_bad(query_of(modbus), device);
		device_publish_changes(device, now);
	}
	begin_query(device, modbus->at + 1);
}

static void take_answer(struct device *device, const uint8_t *data,
			const struct cycle_time *now)
{
	struct modbus *modbus = device->state;
	struct modbus_query *query;

	if (is_writing(modbus)) {
		modbus_writer_done(&modbus->writer);
		end_write(modbus);
		return;
	}
	query = query_of(modbus);
	query->refused_with = 0;
	if (modbus_query_put(query, device, data, now->wake_ns) > 0) {
		device_count(device, COUNT_FRAMES, 1);
		device_publish(device, now);
	} else {
		device_publish_changes(device, now);
	}
	begin_query(device, modbus->at + 1);
}

/* Such as "busy": it is asked for again, but not at once. */
static void take_write_refusal(struct device *device, uint8_t code,
			       const struct cycle_time *now)
{
	const struct modbus_options *options = device->spec->options;
	struct modbus *modbus = device->state;
	struct modbus_query *query =
		modbus->writer.writes[modbus->writer.under_way].query;

	if (query->refused_with != code) {
		query->refused_with = code;
		device_event(device, EVENT_REQUEST_REFUSED, code);
	}
	modbus_writer_failed(&modbus->writer, now->wake_ns + options->poll_ns);
	end_write(modbus);
}

static void take_refusal(struct device *device, uint8_t code,
			 const struct cycle_time *now)
{
	struct modbus *modbus = device->state;
	struct modbus_query *query;

	device_count(device, COUNT_EXCEPTIONS, 1);
	if (is_writing(modbus)) {
		take_write_refusal(device, code, now);
		return;
	}
	query = query_of(modbus);
	if (query->refused_with != code) {
		query->refused_with = code;
		device_event(device, EVENT_REQUEST_REFUSED, code);
	}
	modbus_query_mark_bad(query, device);
	device_publish_changes(device, now);
	begin_query(device, modbus->at + 1);
}

/* The bytes of a frame that fails are looked at again, each as a beginning: counted once. */
static void drop_junk(struct device *device, enum device_count why)
{
	struct modbus *modbus = device->state;

	if (!modbus->is_junk) {
		modbus->is_junk = true;
		device_count(device, why, 1);
	}
}

static void drop(struct device *device, enum device_count why,
		 const struct cycle_time *now)
{
	struct modbus *modbus = device->state;

	if (is_tcp(device)) {
		device_count(device, why, 1);
		fail_try(device, now);
		return;
	}
	drop_junk(device, why);
	modbus->is_spoiled |= why == COUNT_BAD_CHECKSUM;
}

static enum modbus_finding find(const struct device *device, const uint8_t *in,
				uint32_t bytes, struct modbus_answer *ret_answer)
{
	struct modbus *modbus = device->state;
	const struct modbus_request *request =
		modbus->phase == PHASE_WAITING ? modbus->request : NULL;

	return is_tcp(device) ? modbus_find_tcp(request, modbus->transaction, in, bytes,
						ret_answer)
			      : modbus_find_rtu(request, in, bytes, ret_answer);
}

static void act(struct device *device, enum modbus_finding finding,
		const struct modbus_answer *answer, const uint8_t *in,
		const struct cycle_time *now)
{
	switch (finding) {
	case MODBUS_MORE:
		break;
	case MODBUS_ANSWER:
		take_answer(device, in + answer->data, now);
		break;
	case MODBUS_EXCEPTION:
		take_refusal(device, answer->code, now);
		break;
	case MODBUS_WRONG_CHECKSUM:
		drop(device, COUNT_BAD_CHECKSUM, now);
		break;
	case MODBUS_WRONG_LENGTH:
		drop(device, COUNT_BAD_LENGTH, now);
		break;
	case MODBUS_WRONG_MATCH:
		drop(device, COUNT_BAD_MATCH, now);
		break;
	case MODBUS_LATE:
		device_count(device, COUNT_BAD_MATCH, 1);
		break;
	case MODBUS_BROKEN:
		device_count(device, COUNT_BAD_LENGTH, 1);
		device_lost(device, -EPROTO);
		break;
	}
}

/* All that can be judged of what came. */
static void settle(struct device *device, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;
	enum modbus_finding finding = MODBUS_LATE;
	struct modbus_answer answer;
	uint32_t at = 0;

	while (at < modbus->in_bytes && finding != MODBUS_MORE && !device->is_lost) {
		const uint8_t *in = modbus->in + at;

		finding = find(device, in, modbus->in_bytes - at, &answer);
		at += answer.bytes;
		act(device, finding, &answer, in, now);
	}
	modbus->in_bytes -= at;
	memmove(modbus->in, modbus->in + at, modbus->in_bytes);
}

static void modbus_receive(struct device *device, const struct message *message,
			   const struct cycle_time *now) RT_SAFE;
static void modbus_receive(struct device *device, const struct message *message,
			   const struct cycle_time *now)
{
	struct modbus *modbus = device->state;
	uint32_t taken = 0;

	modbus->quiet_ns = now->wake_ns + modbus->silence_ns;
	/* settle() leaves less than a frame, so there is always room for more */
	while (taken < message->bytes && !device->is_lost) {
		uint32_t left = message->bytes - taken;
		uint32_t room = (uint32_t)sizeof(modbus->in) - modbus->in_bytes;
		uint32_t part = left < room ? left : room;

		memcpy(modbus->in + modbus->in_bytes, message->data + taken, part);
		modbus->in_bytes += part;
		taken += part;
		settle(device, now);
	}
}

/* Half a request on a stream would spoil the next one: then only a new connection helps. */
static void time_out(struct device *device, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;

	device_count(device, COUNT_TIMEOUTS, 1);
	if (is_tcp(device)) {
		if (modbus->phase == PHASE_SENDING &&
		    modbus->unsent < modbus->out_bytes) {
			device_lost(device, -ETIMEDOUT);
			return;
		}
	} else if (modbus->in_bytes > 0) {
		drop_junk(device, COUNT_BAD_LENGTH);
	}
	fail_try(device, now);
}

static void modbus_tick(struct device *device, const struct cycle_time *now) RT_SAFE;
static void modbus_tick(struct device *device, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;

	if (modbus->phase != PHASE_SENDING && modbus->phase != PHASE_WAITING) {
		return;
	}
	if (now->wake_ns >= modbus->deadline_ns) {
		time_out(device, now);
	} else if (modbus->is_spoiled && modbus->in_bytes == 0 &&
		   now->wake_ns >= modbus->quiet_ns) {
		fail_try(device, now);
	}
}

static void plan_deadline(struct device *device, int64_t from_ns)
{
	const struct modbus_options *options = device->spec->options;
	struct modbus *modbus = device->state;
	int64_t bytes = modbus->out_bytes;

	modbus->quiet_ns = from_ns + bytes * modbus->character_ns + modbus->silence_ns;
	bytes += modbus_rtu_answer_bytes(modbus->request);
	modbus->deadline_ns =
		from_ns + bytes * modbus->character_ns + options->timeout_ns;
}

static void begin_sending(struct device *device, const struct modbus_request *request,
			  const struct cycle_time *now)
{
	struct modbus *modbus = device->state;

	modbus->request = request;
	modbus->phase = PHASE_SENDING;
	if (is_tcp(device)) {
		modbus->transaction++;
		modbus->out_bytes =
			modbus_encode_tcp(request, modbus->transaction, modbus->out);
	} else {
		modbus->out_bytes = modbus_encode_rtu(request, modbus->out);
		modbus->in_bytes = 0;
		modbus->is_junk = false;
		modbus->is_spoiled = false;
	}
	modbus->unsent = modbus->out_bytes;
	plan_deadline(device, now->wake_ns);
}

static void note_written(struct device *device, ssize_t written)
{
	struct modbus *modbus = device->state;

	if (written < 0 && written != -EAGAIN && written != -EINTR) {
		device_lost(device, (int)written);
		return;
	}
	if (written > 0) {
		modbus->unsent -= (uint32_t)written;
	}
	if (modbus->unsent == 0) {
		device_count(device, COUNT_SENT, 1);
		modbus->phase = PHASE_WAITING;
		plan_deadline(device, modbus->written_ns);
	} else if (modbus->is_new) {
		device_count(device, COUNT_SEND_DROPPED, 1);
	}
}

static void send_rest(struct device *device, bool is_new, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;
	const struct letter letter = {
		.fd = device->link->endpoints[0].fd,
		.data = modbus->out + modbus->out_bytes - modbus->unsent,
		.bytes = modbus->unsent,
		.is_socket = is_tcp(device),
	};
	ssize_t written = outbox_send(device, &letter);

	modbus->is_new = is_new;
	modbus->written_ns = now->wake_ns;
	modbus->is_queued = written == LETTER_QUEUED;
	if (!modbus->is_queued) {
		note_written(device, written);
	}
}

static void modbus_posted(struct device *device, uint32_t tag, ssize_t result) RT_SAFE;
static void modbus_posted(struct device *device, uint32_t tag, ssize_t result)
{
	struct modbus *modbus = device->state;
	bool was_queued = modbus->is_queued;

	(void)tag;
	modbus->is_queued = false;
	if (was_queued) {
		note_written(device, result);
	}
}

/* A write goes first, but not two in a row while a query waits; NULL where there is nothing to ask. */
static const struct modbus_request *next_request(struct modbus *modbus,
						 const struct cycle_time *now)
{
	bool is_polling = modbus->phase == PHASE_READY;
	const struct modbus_request *request = NULL;

	if (!is_polling || !modbus->has_written) {
		request = modbus_writer_take(&modbus->writer, now);
	}
	if (!request && is_polling) {
		modbus->has_written = false;
		request = &query_of(modbus)->request;
	}
	return request;
}

static void start_next(struct device *device, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;
	const struct modbus_request *request = next_request(modbus, now);

	if (request) {
		begin_sending(device, request, now);
		send_rest(device, true, now);
	}
}

static void plan_writes(struct device *device, const struct cycle_time *now)
{
	struct modbus *modbus = device->state;

	if (device->spec->out_count > 0 && !device->is_dry) {
		modbus_writer_plan(&modbus->writer, device, now);
		device->must_emit = false;
	}
}

static void modbus_emit(struct device *device, const struct cycle_time *now) RT_SAFE;
static void modbus_emit(struct device *device, const struct cycle_time *now)
{
	const struct modbus_options *options = device->spec->options;
	struct modbus *modbus = device->state;

	if (!device->link) {
		return;
	}
	plan_writes(device, now);
	if (due_take(&modbus->poll_ns, options->poll_ns, now->release_ns) &&
	    modbus->plan.query_count > 0) {
		if (modbus->at == modbus->plan.query_count) {
			begin_poll(device);
		} else {
			device_count(device, COUNT_SEND_DROPPED, 1);
		}
	}
	if (modbus->phase == PHASE_SENDING && !modbus->is_queued) {
		send_rest(device, false, now);
	} else if (!modbus->is_queued && modbus->phase != PHASE_WAITING &&
		   now->wake_ns >= modbus->quiet_ns) {
		start_next(device, now);
	}
	device->is_behind = modbus_writer_is_behind(&modbus->writer);
}

static const char description[] =
	"Reads and writes registers and bits of Modbus devices, as a master: over RTU "
	"on a serial line, or over TCP. Nothing is written but the channels of `out`.\n"
	"\n"
	"Each input channel names its table and address: holding, input, coil or "
	"discrete, counted from 0 as on the wire (a data sheet's 40001 is "
	"holding: 0). Of a value over 2 or 4 registers, `words` says which "
	"register is the high one.\n"
	"\n"
	"Every `poll` all channels are asked for, adjacent ones of a unit and a "
	"table in one request; `gap` joins those with some unused addresses "
	"between them. One request is under way at a time: sent in one cycle, its "
	"answer taken in whichever cycle it arrives, the next one sent after "
	"that. On a serial line 3.5 characters of silence are kept before each. "
	"Each answer is a message in the log.\n"
	"\n"
	"What is no answer is dropped and counted: bad_checksum, bad_length (not "
	"as many values as were asked for), bad_match (another unit, function or "
	"transaction, or after its timeout). An exception turns the channels of "
	"its request bad and is counted; its code is an event. A request without "
	"an answer in time is counted as timeouts: its channels turn stale after "
	"max_age or, where there is no max_age, bad at once.\n"
	"\n"
	"Outputs are coils and holding registers; those next to each other are written "
	"in "
	"one request, by functions 15 and 16, a single one by 5 and 6. `send` says when. "
	"A write goes before the next query of a poll. Until the device has acknowledged "
	"it, it is sent again, with the newest values; after an exception not before the "
	"time of a `poll` has passed.";

static const char example[] =
	"meter:\n"
	"  driver: modbus\n"
	"  serial: { path: /dev/ttyS1, baud: 19200, parity: even }\n"
	"  unit_id: 17\n"
	"  poll: 200ms\n"
	"  timeout: 100ms\n"
	"  max_age: 1s\n"
	"  in:\n"
	"    voltage: { input: 0, scale: 0.1, unit: V }\n"
	"    power:   { input: 12, registers: 2, encoding: float, unit: W }\n"
	"    energy:  { input: 14, registers: 2, words: low_first, type: integer, unit: "
	"Wh }\n"
	"    alarm:   { holding: 100, bit: 3, type: bool }\n"
	"    relay:   { coil: 0 }\n"
	"  out:\n"
	"    limit:   { holding: 200, scale: 0.1, unit: W, safe: 0 }\n"
	"    enable:  { coil: 16, safe: 0 }\n";

const struct driver modbus_driver = {
	.name = "modbus",
	.summary = "Registers and bits of Modbus devices, read and written, RTU or TCP",
	.description = description,
	.example = example,
	.options = modbus_rows,
	.options_bytes = sizeof(struct modbus_options),
	.in_options = modbus_channel_rows,
	.in_bytes = sizeof(struct modbus_channel),
	.out_options = modbus_output_rows,
	.out_bytes = sizeof(struct modbus_channel),
	.state_bytes = sizeof(struct modbus),
	.calls = CALLS_READ,
	.emit_calls = CALLS_WRITE | CALLS_SEND | CALLS_TTY_UNSENT,
	.allows_async = true,
	.check = modbus_check,
	.channel_type = modbus_channel_type,
	.out_channel_type = modbus_channel_type,
	.init = modbus_init,
	.fini = modbus_fini,
	.open = modbus_open,
	.proceed = modbus_proceed,
	.close = modbus_close,
	.attach = modbus_attach,
	.receive = modbus_receive,
	.tick = modbus_tick,
	.emit = modbus_emit,
	.posted = modbus_posted,
};
