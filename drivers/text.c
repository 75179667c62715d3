#include "drivers/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/suggest.h"
#include "drivers/number_print.h"
#include "rtloop/base/sys.h"

static bool is_name(const struct text_part *part, const char *name)
{
	return strlen(name) == part->bytes && memcmp(part->at, name, part->bytes) == 0;
}

static int add_part(struct text *text, const struct text_part *part, struct err *err)
{
	if (text->count == TEXT_PARTS_MAX) {
		return err_set(err, -E2BIG, "more than %d parts; expected fewer channels",
			       TEXT_PARTS_MAX);
	}
	text->parts[text->count++] = *part;
	return 0;
}

/* ":.2f" */
static int parse_format(struct text_part *part, const char *format, uint32_t bytes,
			struct err *err)
{
	int decimals = 0;
	uint32_t at = 1;

	for (; at < bytes && format[at] >= '0' && format[at] <= '9' && at < 4; at++) {
		decimals = 10 * decimals + (format[at] - '0');
	}
	if (bytes < 3 || format[0] != '.' || at == 1 || at != bytes - 1 ||
	    format[at] != 'f' || decimals > NUMBER_DECIMALS_MAX) {
		return err_set(err, -EINVAL,
			       "'{%.*s:%.*s}' has no such format; expected .0f to .%df",
			       (int)part->bytes, part->at, (int)bytes, format,
			       NUMBER_DECIMALS_MAX);
	}
	part->decimals = decimals;
	return 0;
}

static enum text_kind kind_of(const struct text_part *part)
{
	if (is_name(part, "time_ns")) {
		return TEXT_TIME_NS;
	}
	return is_name(part, "cycle") ? TEXT_CYCLE : TEXT_CHANNEL;
}

/* What is between two braces. */
static int parse_name(struct text *text, const char *at, uint32_t bytes, struct err *err)
{
	const char *colon = memchr(at, ':', bytes);
	struct text_part part = { .at = at,
				  .bytes = colon ? (uint32_t)(colon - at) : bytes,
				  .decimals = TEXT_AS_IT_IS };
	int rc = 0;

	part.kind = kind_of(&part);
	if (part.kind == TEXT_CHANNEL && !memchr(part.at, '.', part.bytes)) {
		return err_set(err, -EINVAL,
			       "'{%.*s}' is no channel; expected {device.channel}, "
			       "{time_ns} or {cycle}, and {{ for a brace",
			       (int)bytes, at);
	}
	if (colon && part.kind != TEXT_CHANNEL) {
		return err_set(err, -EINVAL,
			       "'{%.*s}' has a format; expected it of a channel only",
			       (int)bytes, at);
	}
	if (colon) {
		rc = parse_format(&part, colon + 1, (uint32_t)(at + bytes - colon) - 1,
				  err);
	}
	return rc ? rc : add_part(text, &part, err);
}

static int parse_braces(struct text *text, const char **at, struct err *err)
{
	const char *begin = *at + 1;
	const char *end = strpbrk(begin, "{}");
	const struct text_part brace = { .at = *at, .bytes = 1, .is_brace = true };

	if (**at == *begin) {
		*at += 2;
		return add_part(text, &brace, err);
	}
	if (**at == '}' || !end || *end == '{') {
		return err_set(err, -EINVAL,
			       "a '%c' without its other one; expected %c%c for a brace",
			       **at, **at, **at);
	}
	*at = end + 1;
	return parse_name(text, begin, (uint32_t)(end - begin), err);
}

int text_parse(struct text *text, const char *template, const char *bad, struct err *err)
{
	const char *at = template;
	int rc = 0;

	text->count = 0;
	text->bad = bad;
	text->is_noted = false;
	while (*at != '\0' && rc == 0) {
		struct text_part literal = { .at = at,
					     .bytes = (uint32_t)strcspn(at, "{}") };

		if (literal.bytes == 0) {
			rc = parse_braces(text, &at, err);
		} else {
			rc = add_part(text, &literal, err);
			at += literal.bytes;
		}
	}
	return rc;
}

uint32_t text_bytes_max(const struct text *text)
{
	uint32_t bad = (uint32_t)strlen(text->bad);
	uint32_t number = bad > NUMBER_TEXT_BYTES ? bad : NUMBER_TEXT_BYTES;
	uint32_t bytes = 0;

	for (unsigned i = 0; i < text->count; i++) {
		bytes += text->parts[i].kind == TEXT_LITERAL ? text->parts[i].bytes
							     : number;
	}
	return bytes;
}

static bool names(const struct text_part *part, const char *device, const char *channel)
{
	size_t bytes = strlen(device);

	return part->kind == TEXT_CHANNEL && part->bytes == bytes + 1 + strlen(channel) &&
	       memcmp(part->at, device, bytes) == 0 && part->at[bytes] == '.' &&
	       memcmp(part->at + bytes + 1, channel, strlen(channel)) == 0;
}

bool text_names(const struct text *text, const char *device, const char *channel)
{
	for (unsigned i = 0; i < text->count; i++) {
		if (names(&text->parts[i], device, channel)) {
			return true;
		}
	}
	return false;
}

/* One of the two maps of a device. */
struct map {
	const struct channel_spec *channels;
	unsigned count;
};

static struct map map_of(const struct device_spec *device, bool is_out)
{
	return is_out ? (struct map){ device->out, device->out_count }
		      : (struct map){ device->in, device->in_count };
}

static const struct channel_spec *find_spec(const struct text_part *part,
					    const struct device_spec *devices,
					    unsigned device_count)
{
	for (unsigned i = 0; i < 2 * device_count; i++) {
		struct map map = map_of(&devices[i / 2], i % 2);

		const struct channel_spec *channels = map.channels;

		for (unsigned j = 0; j < map.count; j++) {
			if (channels[j].name &&
			    names(part, devices[i / 2].name, channels[j].name)) {
				return &channels[j];
			}
		}
	}
	return NULL;
}

#define NAME_BYTES 160

static void offer_all(struct suggest *suggest, const struct device_spec *devices,
		      unsigned device_count, char best[NAME_BYTES])
{
	char name[NAME_BYTES];

	for (unsigned i = 0; i < 2 * device_count; i++) {
		struct map map = map_of(&devices[i / 2], i % 2);

		for (unsigned j = 0; j < map.count; j++) {
			snprintf(name, sizeof(name), "%s.%s", devices[i / 2].name,
				 map.channels[j].name ? map.channels[j].name : "");
			suggest_offer(suggest, name);
			if (suggest->best == name) {
				memcpy(best, name, sizeof(name));
				suggest->best = best;
			}
		}
	}
}

static int no_channel(const struct text_part *part, const struct device_spec *devices,
		      unsigned device_count, struct err *err)
{
	char name[NAME_BYTES], best[NAME_BYTES];
	struct suggest suggest;

	snprintf(name, sizeof(name), "%.*s", (int)part->bytes, part->at);
	suggest_init(&suggest, name);
	offer_all(&suggest, devices, device_count, best);
	if (suggest.best) {
		return err_set(err, -ENOENT, "'{%s}' is no channel; did you mean '{%s}'?",
			       name, suggest.best);
	}
	return err_set(err, -ENOENT,
		       "'{%s}' is no channel; expected the device.channel of one", name);
}

int text_check(const struct text *text, const struct device_spec *devices,
	       unsigned device_count, struct err *err)
{
	for (unsigned i = 0; i < text->count; i++) {
		const struct text_part *part = &text->parts[i];
		const struct channel_spec *channel;

		if (part->kind != TEXT_CHANNEL) {
			continue;
		}
		channel = find_spec(part, devices, device_count);
		if (!channel) {
			return no_channel(part, devices, device_count, err);
		}
		if (channel->type == VALUE_BOOL && part->decimals != TEXT_AS_IT_IS) {
			return err_set(err, -EINVAL,
				       "'{%.*s}' is a bool; expected no format",
				       (int)part->bytes, part->at);
		}
	}
	return 0;
}

static void find_channel(struct text_part *part, const struct device *device)
{
	const struct device_spec *spec = device->spec;

	for (unsigned i = 0; i < spec->in_count; i++) {
		if (names(part, spec->name, spec->in[i].name)) {
			part->channel = &device->in[i];
			part->is_out = false;
		}
	}
	for (unsigned i = 0; i < spec->out_count; i++) {
		if (names(part, spec->name, spec->out[i].name)) {
			part->channel = &device->out[i];
			part->is_out = true;
		}
	}
}

void text_resolve(struct text *text, const struct device *devices, unsigned device_count)
{
	for (unsigned i = 0; i < text->count; i++) {
		for (unsigned j = 0; j < device_count; j++) {
			find_channel(&text->parts[i], &devices[j]);
		}
	}
}

/* An output is driven with what its cell holds, whatever that was made of. */
static bool is_good(const struct text_part *part)
{
	return part->is_out || *part->channel->quality == QUALITY_GOOD;
}

/* Bit by bit, of a float too. */
static bool is_equal(enum value_type type, union value a, union value b)
{
	return type == VALUE_BOOL ? a.as_bool == b.as_bool : a.as_int == b.as_int;
}

static bool is_same(const struct text_part *part)
{
	bool was_good = part->was_good;

	return was_good == is_good(part) &&
	       (!was_good ||
		is_equal(part->channel->type, part->value, channel_value(part->channel)));
}

bool text_has_changed(const struct text *text)
{
	for (unsigned i = 0; i < text->count; i++) {
		if (text->parts[i].kind == TEXT_CHANNEL && !is_same(&text->parts[i])) {
			return true;
		}
	}
	return !text->is_noted;
}

void text_note(struct text *text)
{
	for (unsigned i = 0; i < text->count; i++) {
		struct text_part *part = &text->parts[i];

		if (part->kind == TEXT_CHANNEL) {
			part->value = channel_value(part->channel);
			part->was_good = is_good(part);
		}
	}
	text->is_noted = true;
}

static uint32_t write_number(const struct text_part *part, char *text)
{
	union value now = channel_value(part->channel);
	double value;

	switch (part->channel->type) {
	case VALUE_BOOL:
		text[0] = now.as_bool ? '1' : '0';
		return 1;
	case VALUE_INT:
		if (part->decimals == TEXT_AS_IT_IS) {
			return number_print_int(now.as_int, text);
		}
		value = (double)now.as_int;
		return number_print_fixed(value, (unsigned)part->decimals, text);
	case VALUE_FLOAT:
		break;
	}
	value = now.as_float;
	return part->decimals == TEXT_AS_IT_IS
		       ? number_print_float(value, text)
		       : number_print_fixed(value, (unsigned)part->decimals, text);
}

static uint32_t write_channel(const struct text_part *part, const char *bad, char *text)
{
	uint32_t bytes;

	if (is_good(part)) {
		return write_number(part, text);
	}
	bytes = (uint32_t)strlen(bad);
	memcpy(text, bad, bytes);
	return bytes;
}

/* The clocks are read together, so that a step of CLOCK_REALTIME is followed. */
static int64_t realtime_of(const struct cycle_time *now)
{
	return now->release_ns + (sys_realtime() - sys_now());
}

static uint32_t write_part(const struct text *text, const struct text_part *part,
			   const struct cycle_time *now, char *at)
{
	switch (part->kind) {
	case TEXT_LITERAL:
		memcpy(at, part->at, part->bytes);
		return part->bytes;
	case TEXT_CHANNEL:
		return write_channel(part, text->bad, at);
	case TEXT_TIME_NS:
		return number_print_int(realtime_of(now), at);
	case TEXT_CYCLE:
		return number_print_int((int64_t)now->cycle, at);
	}
	return 0;
}

uint32_t text_write(const struct text *text, const struct cycle_time *now, uint8_t *data)
{
	uint32_t bytes = 0;

	for (unsigned i = 0; i < text->count; i++) {
		bytes += write_part(text, &text->parts[i], now, (char *)data + bytes);
	}
	return bytes;
}
