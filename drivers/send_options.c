#include "drivers/send.h"

#include <string.h>

#include "config/suggest.h"
#include "drivers/frame.h"
#include "drivers/out_field.h"

#define HEAD_BYTES_MAX 64
#define END_BYTES_MAX  8
#define BAD_BYTES_MAX  16

static const char *const moments[] = { "change", NULL };
static const char *const orders[] = { "little", "big", NULL };
static const char *const checksum_forms[] = { "bytes", "hex", NULL };

#define WHEN_AND_WHAT                                                                    \
	{                                                                                \
		.name = "on",                                                            \
		.type = OPTION_CHOICE,                                                   \
		.offset = offsetof(struct send_options, on),                             \
		.choices = moments,                                                      \
		.is_given_offset = offsetof(struct send_options, has_on),                \
		.help = "in each cycle in which what it says has changed; the default, " \
			"without every and trigger",                                     \
	},                                                                               \
		{                                                                        \
			.name = "every",                                                 \
			.type = OPTION_DURATION,                                         \
			.offset = offsetof(struct send_options, every_ns),               \
			.min = 20e3,                                                     \
			.max = 86400e9,                                                  \
			.is_given_offset = offsetof(struct send_options, has_every),     \
			.help = "at the first release after each such time; with on: "   \
				"change besides",                                        \
		},                                                                       \
		{                                                                        \
			.name = "trigger",                                               \
			.type = OPTION_TEXT,                                             \
			.offset = offsetof(struct send_options, trigger),                \
			.help = "an output channel of the device, a bool: when it "      \
				"turns "                                                 \
				"true",                                                  \
		},                                                                       \
		{                                                                        \
			.name = "text",                                                  \
			.type = OPTION_TEXT,                                             \
			.offset = offsetof(struct send_options, text),                   \
			.min = 1,                                                        \
			.max = 2048,                                                     \
			.help = "the message, with {device.channel}, "                   \
				"{device.channel:.2f}, {time_ns} and {cycle} in it; "    \
				"without it the message is of the binary fields of out", \
		},                                                                       \
		{                                                                        \
			.name = "bad",                                                   \
			.type = OPTION_TEXT,                                             \
			.offset = offsetof(struct send_options, bad),                    \
			.fallback = "nan",                                               \
			.max = BAD_BYTES_MAX,                                            \
			.is_given_offset = offsetof(struct send_options, has_bad),       \
			.help = "text: what stands for an input that is not good",       \
		},                                                                       \
		{                                                                        \
			.name = "head",                                                  \
			.type = OPTION_BYTES,                                            \
			.offset = offsetof(struct send_options, head),                   \
			.help = "binary: the message's first bytes, 1 to 64; other "     \
				"bytes that no channel takes are 0",                     \
		},                                                                       \
		{                                                                        \
			.name = "bytes",                                                 \
			.type = OPTION_INT,                                              \
			.offset = offsetof(struct send_options, bytes),                  \
			.min = 1,                                                        \
			.max = 2048,                                                     \
			.unit = "byte",                                                  \
			.is_given_offset = offsetof(struct send_options, has_bytes),     \
			.help = "binary: how long the message is, without checksum and " \
				"end; by default up to its last field",                  \
		},                                                                       \
		{                                                                        \
			.name = "checksum",                                              \
			.type = OPTION_CHOICE,                                           \
			.offset = offsetof(struct send_options, checksum),               \
			.fallback = "none",                                              \
			.choices = checksum_kinds,                                       \
			.help = "written behind it; crc16-ccitt begins with 0xFFFF, "    \
				"nmea covers what is between $ and *",                   \
		},                                                                       \
		{                                                                        \
			.name = "checksum_form",                                         \
			.type = OPTION_CHOICE,                                           \
			.offset = offsetof(struct send_options, checksum_form),          \
			.choices = checksum_forms,                                       \
			.is_given_offset =                                               \
				offsetof(struct send_options, has_checksum_form),        \
			.help = "hex: digits after a *, by default behind a text; "      \
				"bytes: by default otherwise",                           \
		},                                                                       \
		{                                                                        \
			.name = "checksum_order",                                        \
			.type = OPTION_CHOICE,                                           \
			.offset = offsetof(struct send_options, checksum_order),         \
			.choices = orders,                                               \
			.is_given_offset =                                               \
				offsetof(struct send_options, has_checksum_order),       \
			.help = "which byte of it comes first; by default big for "      \
				"crc16-ccitt, little for the others",                    \
		},                                                                       \
		{                                                                        \
			.name = "checksum_from",                                         \
			.type = OPTION_INT,                                              \
			.offset = offsetof(struct send_options, checksum_from),          \
			.fallback = "0",                                                 \
			.max = SEND_BYTES_MAX - 1,                                       \
			.unit = "byte",                                                  \
			.help = "offset of the first byte that the checksum covers; "    \
				"nmea: not used",                                        \
		},                                                                       \
		{                                                                        \
			.name = "end",                                                   \
			.type = OPTION_BYTES,                                            \
			.offset = offsetof(struct send_options, end),                    \
			.help = "bytes behind the checksum, 1 to 8",                     \
		},                                                                       \
	{                                                                                \
		.name = "cobs", .type = OPTION_BOOL,                                     \
		.offset = offsetof(struct send_options, is_cobs), .fallback = "false",   \
		.help = "whether all of it is encoded by COBS and ended by a byte 0",    \
	}

const struct option send_rows[] = {
	WHEN_AND_WHAT,
	{ .name = NULL },
};

const struct option send_to_rows[] = {
	{
		.name = "to",
		.type = OPTION_TEXT,
		.offset = offsetof(struct send_options, to),
		.is_required = true,
		.help = "\"ADDRESS:PORT\" or \"[ADDRESS]:PORT\" that the messages go to, "
			"numeric",
	},
	WHEN_AND_WHAT,
	{ .name = NULL },
};

const struct option send_queue_rows[] = {
	{
		.name = "to",
		.type = OPTION_TEXT,
		.offset = offsetof(struct send_options, to),
		.is_required = true,
		.min = 2,
		.max = 256,
		.help = "the queue that the messages go to: a slash, then anything "
			"without another one",
	},
	{
		.name = "priority",
		.type = OPTION_INT,
		.offset = offsetof(struct send_options, priority),
		.fallback = "0",
		.max = 32767,
		.help = "of the messages: those of a higher one are received first",
	},
	WHEN_AND_WHAT,
	{ .name = NULL },
};

static const struct out_field_options *field_of(const struct channel_spec *channel)
{
	return channel->options;
}

static bool is_trigger(const struct send_options *options,
		       const struct channel_spec *channel)
{
	return options->trigger && strcmp(options->trigger, channel->name) == 0;
}

static void no_trigger(const struct device_spec *spec, const char *trigger)
{
	struct suggest suggest;

	suggest_init(&suggest, trigger);
	for (unsigned i = 0; i < spec->out_count; i++) {
		suggest_offer(&suggest, spec->out[i].name);
	}
	if (suggest.best) {
		place_error(&spec->place, "send.trigger",
			    "'%s' is no output of this device; did you mean '%s'?",
			    trigger, suggest.best);
	} else {
		place_error(&spec->place, "send.trigger",
			    "'%s' is no output of this device; expected a bool of its "
			    "out",
			    trigger);
	}
}

static void check_trigger(const struct device_spec *spec,
			  const struct send_options *options)
{
	if (options->has_every || options->has_on) {
		place_error(&spec->place, options->has_every ? "send.every" : "send.on",
			    "'trigger' is given too; expected only one of them");
	}
	for (unsigned i = 0; i < spec->out_count; i++) {
		if (!is_trigger(options, &spec->out[i])) {
			continue;
		}
		if (spec->out[i].type != VALUE_BOOL) {
			place_error(&spec->out[i].place, "type",
				    "it triggers what is sent; expected bool");
		}
		return;
	}
	no_trigger(spec, options->trigger);
}

static void check_bytes(const struct option_bytes *bytes, size_t max, const char *key,
			const struct place *place)
{
	if (bytes->data && (bytes->bytes == 0 || bytes->bytes > max)) {
		place_error(place, key, "%zu bytes long; expected 1 to %zu", bytes->bytes,
			    max);
	}
}

static void check_text_channel(const struct device_spec *spec,
			       const struct send_options *options,
			       const struct text *text,
			       const struct channel_spec *channel)
{
	if (out_field_is_given(field_of(channel))) {
		place_error(&channel->place, NULL,
			    "a binary field, but what is sent is a text; expected only "
			    "type, unit and safe, or no send.text");
	} else if (!is_trigger(options, channel) &&
		   !text_names(text, spec->name, channel->name)) {
		place_error(&channel->place, NULL,
			    "it is not in send.text; expected {%s.%s} there", spec->name,
			    channel->name);
	}
}

static void check_text(const struct device_spec *spec, const struct send_options *options)
{
	struct text text;
	struct err err;

	if (options->has_bytes || options->head.data) {
		place_error(&spec->place, options->has_bytes ? "send.bytes" : "send.head",
			    "is of binary messages; expected no 'text', or not this");
	}
	if (text_parse(&text, options->text, options->bad, &err)) {
		place_error(&spec->place, "send.text", "%s", err.text);
		return;
	}
	for (unsigned i = 0; i < spec->out_count; i++) {
		check_text_channel(spec, options, &text, &spec->out[i]);
	}
	if (text_bytes_max(&text) + CHECKSUM_APPEND_MAX + END_BYTES_MAX >
	    SEND_BYTES_MAX) {
		place_error(&spec->place, "send.text",
			    "up to %u bytes with all channels; expected at most %d",
			    text_bytes_max(&text),
			    SEND_BYTES_MAX - CHECKSUM_APPEND_MAX - END_BYTES_MAX);
	}
}

static void check_fields(const struct device_spec *spec,
			 const struct send_options *options)
{
	int64_t limit = options->has_bytes ? options->bytes : 2048;
	unsigned fields = 0;

	for (unsigned i = 0; i < spec->out_count; i++) {
		const struct channel_spec *channel = &spec->out[i];

		if (field_of(channel)->has_byte) {
			out_field_check(channel, limit);
			fields++;
		} else if (!is_trigger(options, channel)) {
			place_error(&channel->place, NULL,
				    "missing key 'byte'; expected it, or send.text");
		}
	}
	if (fields == 0 && !options->head.data) {
		place_error(
			&spec->place, "send",
			"nothing to be sent; expected text, or channels in 'out' with "
			"byte");
	}
	if (options->has_bad) {
		place_error(&spec->place, "send.bad", "is of a text; expected 'text'");
	}
	if (options->has_bytes && options->head.bytes > (size_t)options->bytes) {
		place_error(&spec->place, "send.head",
			    "%zu bytes long; the message has %d", options->head.bytes,
			    (int)options->bytes);
	}
}

static void check_checksum(const struct device_spec *spec,
			   const struct send_options *options)
{
	bool is_nmea = options->checksum == CHECKSUM_NMEA;
	bool begins_right =
		options->text
			? options->text[0] == '$' || options->text[0] == '!'
			: options->head.bytes > 0 && (options->head.data[0] == '$' ||
						      options->head.data[0] == '!');

	if (options->checksum == CHECKSUM_NONE &&
	    (options->has_checksum_form || options->has_checksum_order)) {
		place_error(&spec->place,
			    options->has_checksum_form ? "send.checksum_form"
						       : "send.checksum_order",
			    "is of a checksum; expected checksum");
	}
	if (is_nmea && !begins_right) {
		place_error(&spec->place, "send.checksum",
			    "a sentence of NMEA begins with $ or !; expected a text or a "
			    "head that does");
	}
	if (!is_nmea && options->text &&
	    (size_t)options->checksum_from > strcspn(options->text, "{}")) {
		place_error(&spec->place, "send.checksum_from",
			    "past what stands before the text's first channel; expected "
			    "at most %zu",
			    strcspn(options->text, "{}"));
	}
}

void send_check(const struct device_spec *spec, const struct send_options *options)
{
	if (!options) {
		if (spec->out_count > 0) {
			place_error(&spec->place, "out",
				    "nothing says when they are sent; expected 'send'");
		}
		return;
	}
	check_bytes(&options->head, HEAD_BYTES_MAX, "send.head", &spec->place);
	check_bytes(&options->end, END_BYTES_MAX, "send.end", &spec->place);
	if (options->trigger) {
		check_trigger(spec, options);
	}
	if (options->text) {
		check_text(spec, options);
	} else {
		check_fields(spec, options);
	}
	check_checksum(spec, options);
}

void send_check_names(const struct device_spec *spec, const struct send_options *options,
		      const struct device_spec *devices, unsigned device_count)
{
	struct text text;
	struct err err;

	if (!options || !options->text ||
	    text_parse(&text, options->text, options->bad, &err)) {
		return;
	}
	if (text_check(&text, devices, device_count, &err)) {
		place_error(&spec->place, "send.text", "%s", err.text);
	}
}

bool traffic_reads(const struct device_spec *spec, const struct traffic *traffic)
{
	return spec->in_count > 0 || traffic->has_frame || !traffic->has_send;
}

bool traffic_check(const struct device_spec *spec, const struct traffic *traffic)
{
	bool lacks_frame = traffic->needs_frame && !traffic->has_frame &&
			   traffic_reads(spec, traffic);

	if (lacks_frame) {
		place_error(
			&spec->place, NULL,
			"missing key 'frame'; expected a mapping: where a frame ends, "
			"and what makes it a good one%s",
			spec->in_count == 0 ? "; or 'send', where nothing is read" : "");
	}
	return !lacks_frame;
}
