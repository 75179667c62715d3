#include "drivers/dbc.h"

#include <errno.h>
#include <linux/can.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/suggest.h"
#include "config/utf8.h"

#define NAME_BYTES_MAX 256
#define UNIT_CHARS_MAX 32

/* Of ids in the file: the ids of messages that are none have other high bits too. */
#define DBC_EXTENDED UINT32_C(0x80000000)

struct finder {
	const struct dbc *dbc;
	struct arena *arena;
	const char *name; /* "MESSAGE.SIGNAL" */
	const struct dbc_message *message;
	struct err *err;
};

static const struct dbc_message *messages_of(const struct dbc *dbc)
{
	return dbc->messages.items;
}

static const struct dbc_signal *signals_of(const struct finder *finder)
{
	const struct dbc_signal *signals = finder->dbc->signals.items;

	return signals ? signals + finder->message->first_signal : NULL;
}

static int no_memory(const struct finder *finder)
{
	return err_set(finder->err, -ENOMEM, "%s: no memory", finder->dbc->path);
}

/* The signal is there, but cannot be used. */
static int fail(const struct finder *finder, const struct dbc_signal *signal,
		const char *format, ...) PRINTF_LIKE(3, 4);
static int fail(const struct finder *finder, const struct dbc_signal *signal,
		const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return err_set(finder->err, -EINVAL, "%s:%u: '%.64s' %s", finder->dbc->path,
		       signal->line, signal->name, what);
}

/* --- by name -------------------------------------------------------------------------- */

/* " ; did you mean ...", or nothing. */
static const char *print_hint(const struct suggest *suggest, char *text, size_t bytes)
{
	text[0] = '\0';
	if (suggest->best) {
		snprintf(text, bytes, "; did you mean '%.64s'?", suggest->best);
	}
	return text;
}

static int unknown_message(const struct finder *finder, const char *name)
{
	const struct dbc_message *messages = messages_of(finder->dbc);
	struct suggest suggest;
	char hint[96];

	suggest_init(&suggest, name);
	for (uint32_t i = 0; i < finder->dbc->messages.count; i++) {
		suggest_offer(&suggest, messages[i].name);
	}
	return err_set(finder->err, -ENOENT, "no message '%.64s' in %s%s", name,
		       finder->dbc->path, print_hint(&suggest, hint, sizeof(hint)));
}

static int unknown_signal(const struct finder *finder, const char *name)
{
	const struct dbc_signal *signals = signals_of(finder);
	struct suggest suggest;
	char hint[96];

	suggest_init(&suggest, name);
	for (uint32_t i = 0; i < finder->message->signal_count; i++) {
		suggest_offer(&suggest, signals[i].name);
	}
	return err_set(finder->err, -ENOENT,
		       "%s:%u: no signal '%.64s' in message '%.64s'%s", finder->dbc->path,
		       finder->message->line, name, finder->message->name,
		       print_hint(&suggest, hint, sizeof(hint)));
}

static int twice(const struct finder *finder, const char *name, unsigned first,
		 unsigned second)
{
	return err_set(finder->err, -EINVAL, "%s:%u: there is a '%.64s' in line %u too",
		       finder->dbc->path, second, name, first);
}

static int find_message(struct finder *finder, const char *name)
{
	const struct dbc_message *messages = messages_of(finder->dbc);

	for (uint32_t i = 0; i < finder->dbc->messages.count; i++) {
		if (strcmp(messages[i].name, name) != 0) {
			continue;
		}
		if (finder->message) {
			return twice(finder, name, finder->message->line,
				     messages[i].line);
		}
		finder->message = &messages[i];
	}
	return finder->message ? 0 : unknown_message(finder, name);
}

static int find_signal(const struct finder *finder, const char *name,
		       const struct dbc_signal **ret_signal)
{
	const struct dbc_signal *signals = signals_of(finder);
	const struct dbc_signal *found = NULL;

	for (uint32_t i = 0; i < finder->message->signal_count; i++) {
		if (strcmp(signals[i].name, name) != 0) {
			continue;
		}
		if (found) {
			return twice(finder, name, found->line, signals[i].line);
		}
		found = &signals[i];
	}
	if (!found) {
		return unknown_signal(finder, name);
	}
	*ret_signal = found;
	return 0;
}

static int find_both(struct finder *finder, const struct dbc_signal **ret_signal)
{
	const char *point = strchr(finder->name, '.');
	char message[NAME_BYTES_MAX];
	int rc;

	if (!point || point == finder->name || point[1] == '\0' ||
	    (size_t)(point - finder->name) >= sizeof(message)) {
		return err_set(finder->err, -ENOENT,
			       "'%.64s' names no signal; expected MESSAGE.SIGNAL",
			       finder->name);
	}
	memcpy(message, finder->name, (size_t)(point - finder->name));
	message[point - finder->name] = '\0';
	rc = find_message(finder, message);
	return rc || !finder->message ? rc : find_signal(finder, point + 1, ret_signal);
}

/* --- what it says --------------------------------------------------------------------- */

static int check_bits(const struct finder *finder, const struct dbc_signal *signal,
		      struct can_bits *ret_bits)
{
	struct can_bits bits = {
		.start = signal->start,
		.length = signal->length,
		.is_big = signal->is_big,
	};
	uint32_t bytes = finder->message->bytes;

	if (bits.length < 1 || bits.length > 64) {
		return fail(finder, signal, "is %u bits long; expected 1 to 64",
			    bits.length);
	}
	if (can_bits_end(&bits) > (bytes > 0 ? bytes : CAN_FD_BYTES)) {
		return fail(finder, signal, "is past the end of its message of %u bytes",
			    bytes > 0 ? bytes : CAN_FD_BYTES);
	}
	*ret_bits = bits;
	return 0;
}

static int read_id(const struct finder *finder, const struct dbc_signal *signal,
		   uint32_t *ret_id)
{
	uint32_t id = finder->message->id & ~DBC_EXTENDED;
	bool is_extended = finder->message->id != id;

	if (id > (is_extended ? CAN_EFF_MASK : CAN_SFF_MASK)) {
		return fail(finder, signal, "is of a message whose id %u is none of CAN",
			    finder->message->id);
	}
	if (finder->message->bytes > CAN_FD_BYTES) {
		return fail(finder, signal,
			    "is of a message of %u bytes; a frame has at most %d",
			    finder->message->bytes, CAN_FD_BYTES);
	}
	*ret_id = is_extended ? id | CAN_EFF_FLAG : id;
	return 0;
}

static int read_encoding(const struct finder *finder, const struct dbc_signal *signal,
			 enum can_encoding *ret_encoding)
{
	const struct dbc_float *floats = finder->dbc->floats.items;
	enum can_encoding encoding = signal->is_signed ? CAN_SIGNED : CAN_UNSIGNED;

	for (uint32_t i = 0; i < finder->dbc->floats.count; i++) {
		if (floats[i].id != finder->message->id || floats[i].bytes == 0 ||
		    strcmp(floats[i].signal, signal->name) != 0) {
			continue;
		}
		if (signal->length != 8 * floats[i].bytes) {
			return fail(finder, signal,
				    "is a float of %u bits by SIG_VALTYPE_, but %u bits "
				    "long",
				    8 * floats[i].bytes, signal->length);
		}
		encoding = CAN_FLOAT;
	}
	*ret_encoding = encoding;
	return 0;
}

static int read_scaling(const struct finder *finder, const struct dbc_signal *signal,
			struct scaling *ret_scaling)
{
	if (signal->scale == 0) {
		return fail(finder, signal, "has the factor 0: it would never change");
	}
	*ret_scaling = (struct scaling){
		.scale = signal->scale,
		.offset = signal->offset,
		.has_scale = signal->scale != 1,
		.has_offset = signal->offset != 0,
	};
	return 0;
}

/* The unit in UTF-8, without what would break the line in which it is printed. */
static int copy_unit(const struct finder *finder, const char *unit, const char **ret_unit)
{
	size_t bytes = strlen(unit);
	bool is_utf8 = utf8_valid_bytes(unit, bytes) == bytes;
	char text[4 * UNIT_CHARS_MAX + 1];
	size_t at = 0;

	for (unsigned chars = 0; *unit && chars < UNIT_CHARS_MAX; chars++) {
		unsigned char c = (unsigned char)*unit++;

		if (c < 0x80) {
			text[at++] = (char)(c < ' ' || c == 0x7f ? ' ' : c);
		} else if (!is_utf8 && c < 0xa0) {
			text[at++] = '?';
		} else if (!is_utf8) {
			text[at++] = (char)(0xc0 | c >> 6);
			text[at++] = (char)(0x80 | (c & 0x3f));
		} else {
			for (text[at++] = (char)c; (*unit & 0xc0) == 0x80;) {
				text[at++] = *unit++;
			}
		}
	}
	while (at > 0 && text[at - 1] == ' ') {
		at--;
	}
	*ret_unit = at > 0 ? arena_copy(finder->arena, text, at) : NULL;
	return at > 0 && !*ret_unit ? no_memory(finder) : 0;
}

/* --- multiplexors --------------------------------------------------------------------- */

static const struct dbc_switch *find_switch(const struct finder *finder,
					    const struct dbc_signal *signal)
{
	const struct dbc_switch *switches = finder->dbc->switches.items;

	for (uint32_t i = 0; i < finder->dbc->switches.count; i++) {
		if (switches[i].id == finder->message->id &&
		    strcmp(switches[i].signal, signal->name) == 0) {
			return &switches[i];
		}
	}
	return NULL;
}

/* Some programs write M alone where SG_MUL_VAL_ tells that there is another above it. */
static bool is_multiplexed(const struct finder *finder, const struct dbc_signal *signal)
{
	return signal->is_multiplexed || find_switch(finder, signal);
}

/* Where SG_MUL_VAL_ says nothing, it is the one M of the message. */
static int find_only_switch(const struct finder *finder, const struct dbc_signal *signal,
			    const struct dbc_signal **ret_switch)
{
	const struct dbc_signal *signals = signals_of(finder);
	const struct dbc_signal *found = NULL;

	for (uint32_t i = 0; i < finder->message->signal_count; i++) {
		if (!signals[i].is_switch || is_multiplexed(finder, &signals[i])) {
			continue;
		}
		if (found) {
			return fail(finder, signal,
				    "is multiplexed, and there are two multiplexors: "
				    "'%.64s' and '%.64s'",
				    found->name, signals[i].name);
		}
		found = &signals[i];
	}
	if (!found) {
		return fail(finder, signal,
			    "is multiplexed, but its message has no multiplexor (M)");
	}
	*ret_switch = found;
	return 0;
}

/* What stands right above @signal, and for which values @signal is there. */
static int read_switch(const struct finder *finder, const struct dbc_signal *signal,
		       struct can_switch *ret_switch, const struct dbc_signal **ret_above)
{
	const struct dbc_switch *stated = find_switch(finder, signal);
	const struct can_range *ranges = finder->dbc->ranges.items;
	struct can_range one = { signal->switch_value, signal->switch_value };
	size_t count = stated ? stated->range_count : 1;
	struct can_range *copy = arena_take(finder->arena, count * sizeof(*copy));
	int rc;

	if (!copy) {
		return no_memory(finder);
	}
	memcpy(copy, stated ? &ranges[stated->first_range] : &one, count * sizeof(*copy));
	rc = stated ? find_signal(finder, stated->by, ret_above)
		    : find_only_switch(finder, signal, ret_above);
	rc = rc ? rc : check_bits(finder, *ret_above, &ret_switch->bits);
	ret_switch->ranges = copy;
	ret_switch->range_count = (unsigned)count;
	return rc;
}

static int check_overlap(const struct finder *finder, const struct dbc_signal *signal,
			 const struct can_bits *bits, const struct can_switch *above)
{
	return can_bits_overlap(bits, &above->bits)
		       ? fail(finder, signal, "shares bits with its own multiplexor")
		       : 0;
}

/* Found from the signal upwards, and kept from the outermost downwards. */
static int read_switches(const struct finder *finder, const struct dbc_signal *signal,
			 struct can_signal *can_signal)
{
	const struct dbc_signal *above = signal;
	struct can_switch *switches = arena_take(
		finder->arena, DBC_SWITCHES_MAX * sizeof(*can_signal->switches));
	unsigned at = DBC_SWITCHES_MAX;
	int rc = 0;

	if (!switches) {
		return no_memory(finder);
	}
	while (!rc && is_multiplexed(finder, above)) {
		if (at == 0) {
			return fail(finder, signal,
				    "has more than %d multiplexors above "
				    "it",
				    DBC_SWITCHES_MAX);
		}
		at--;
		rc = read_switch(finder, above, &switches[at], &above);
		rc = rc ? rc
			: check_overlap(finder, signal, &can_signal->bits, &switches[at]);
	}
	can_signal->switches = switches + at;
	can_signal->switch_count = DBC_SWITCHES_MAX - at;
	return rc;
}

int dbc_find(const struct dbc *dbc, const char *name, struct arena *arena,
	     struct dbc_found *ret_found, struct err *err)
{
	struct finder finder = { .dbc = dbc, .arena = arena, .name = name, .err = err };
	const struct dbc_signal *signal = NULL;
	struct dbc_found found = { .unit = NULL };
	int rc = find_both(&finder, &signal);

	if (rc || !signal) {
		return rc;
	}
	rc = read_id(&finder, signal, &found.signal.id);
	rc = rc ? rc : check_bits(&finder, signal, &found.signal.bits);
	rc = rc ? rc : read_encoding(&finder, signal, &found.signal.encoding);
	rc = rc ? rc : read_scaling(&finder, signal, &found.signal.scaling);
	rc = rc ? rc : read_switches(&finder, signal, &found.signal);
	rc = rc ? rc : copy_unit(&finder, signal->unit, &found.unit);
	if (rc) {
		return rc;
	}
	found.message_bytes = finder.message->bytes;
	*ret_found = found;
	return 0;
}
