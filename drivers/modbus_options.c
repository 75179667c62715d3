#include "drivers/modbus_options.h"

#include "drivers/modbus_frame.h"
#include "drivers/tty.h"
#include "rtloop/base/time.h"

#define PORT_DEFAULT	502
#define UNIT_RTU_MAX	247 /* 248 to 255 are reserved, 0 is a broadcast */
#define ADDRESS_MAX	65535
#define FIXED_BAUD	19200 /* above, the silence is the same at every rate */
#define FIXED_SILENCE	(1750 * NS_PER_US)
#define REGISTERS_LEAST 4 /* of the widest channel */

static const char *const parities[] = { "none", "even", "odd", NULL };
static const char *const encodings[] = { "unsigned", "signed", "float", NULL };
static const char *const widths[] = { "1", "2", "4", NULL };
static const char *const word_orders[] = { "high_first", "low_first", NULL };

static const struct option serial_rows[] = {
	{
		.name = "path",
		.type = OPTION_PATH,
		.offset = offsetof(struct modbus_serial_options, path),
		.is_required = true,
		.help = "the serial line; names under /dev/serial/by-id stay the same",
	},
	{
		.name = "baud",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_serial_options, baud),
		.fallback = "19200",
		.min = 300,
		.max = 20000000,
		.unit = "baud",
		.help = "any rate; it is an error when the hardware is off by more "
			"than 2 %",
	},
	{
		.name = "parity",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct modbus_serial_options, parity),
		.fallback = "even",
		.choices = parities,
		.help = "the parity bit; RTU always has 8 data bits",
	},
	{
		.name = "stop_bits",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_serial_options, stop_bits),
		.min = 1,
		.max = 2,
		.unit = "bit",
		.is_given_offset = offsetof(struct modbus_serial_options, has_stop_bits),
		.help = "stop bits after a byte; by default 1 with parity and 2 "
			"without, as the standard has it",
	},
	{
		.name = "silence",
		.type = OPTION_DURATION,
		.offset = offsetof(struct modbus_serial_options, silence_ns),
		.fallback = "0s",
		.max = 1e9,
		.help = "least silence before a request, for slow devices; never less "
			"than the standard's 3.5 characters, 1.75 ms above 19200 baud",
	},
	{
		.name = "exclusive",
		.type = OPTION_BOOL,
		.offset = offsetof(struct modbus_serial_options, is_exclusive),
		.fallback = "true",
		.help = "whether other programs are kept from opening the line",
	},
	{
		.name = "low_latency",
		.type = OPTION_BOOL,
		.offset = offsetof(struct modbus_serial_options, is_low_latency),
		.fallback = "true",
		.is_given_offset =
			offsetof(struct modbus_serial_options, has_low_latency),
		.help = "ask the driver to hand bytes on at once (FTDI: after 1 ms, "
			"not 16); given as true, it is an error when the driver refuses",
	},
	{ .name = NULL },
};

const struct option modbus_rows[] = {
	{
		.name = "serial",
		.type = OPTION_GROUP,
		.offset = offsetof(struct modbus_options, serial),
		.rows = serial_rows,
		.is_given_offset = offsetof(struct modbus_options, has_serial),
		.help = "Modbus RTU on this serial line; this or tcp",
	},
	{
		.name = "tcp",
		.type = OPTION_TEXT,
		.offset = offsetof(struct modbus_options, tcp),
		.help = "Modbus TCP: the server's \"ADDRESS:PORT\" or "
			"\"[ADDRESS]:PORT\", numeric; without a port 502; this or "
			"serial",
	},
	{
		.name = "unit_id",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_options, unit_id),
		.fallback = "1",
		.max = 255,
		.help = "the unit (slave) that is asked: 1 to 247, with tcp 0 to 255",
	},
	{
		.name = "poll",
		.type = OPTION_DURATION,
		.offset = offsetof(struct modbus_options, poll_ns),
		.fallback = "100ms",
		.min = 100e3,
		.max = 86400e9,
		.help = "all channels are asked for at the first release after each "
			"such time; one that finds the last not over is skipped",
	},
	{
		.name = "timeout",
		.type = OPTION_DURATION,
		.offset = offsetof(struct modbus_options, timeout_ns),
		.fallback = "500ms",
		.min = 1e6,
		.max = 60e9,
		.help = "how long a device may think; on a serial line the time that "
			"the bytes themselves take is added",
	},
	{
		.name = "retries",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_options, retries),
		.fallback = "0",
		.max = 10,
		.help = "how often a request without a good answer is sent again "
			"before the next one's turn",
	},
	{
		.name = "gap",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_options, gap),
		.fallback = "0",
		.max = 1000,
		.help = "unused addresses that may be read along to ask for two "
			"channels in one request",
	},
	{
		.name = "registers_max",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_options, registers_max),
		.fallback = "125",
		.min = REGISTERS_LEAST,
		.max = MODBUS_REGISTERS_MAX,
		.help = "most registers of one request, for devices that answer fewer "
			"than the standard's 125",
	},
	{
		.name = "send",
		.type = OPTION_GROUP,
		.offset = offsetof(struct modbus_options, send),
		.rows = modbus_send_rows,
		.is_given_offset = offsetof(struct modbus_options, has_send),
		.help = "when outputs are written; by default on a change",
	},
	{ .name = NULL },
};

/* clang-format off */
/* What a channel has in either direction. */
#define COIL_ROW \
	{ \
		.name = "coil", \
		.type = OPTION_INT, \
		.offset = offsetof(struct modbus_channel, coil), \
		.max = ADDRESS_MAX, \
		.is_given_offset = offsetof(struct modbus_channel, has_coil), \
		.help = "a coil's address, from 0: 00001 is coil: 0", \
	}

#define HOLDING_ROW \
	{ \
		.name = "holding", \
		.type = OPTION_INT, \
		.offset = offsetof(struct modbus_channel, holding), \
		.max = ADDRESS_MAX, \
		.is_given_offset = offsetof(struct modbus_channel, has_holding), \
		.help = "a holding register's address, from 0 as on the wire: 40001 is " \
			"holding: 0", \
	}

#define VALUE_ROWS \
	{ \
		.name = "unit_id", \
		.type = OPTION_INT, \
		.offset = offsetof(struct modbus_channel, unit_id), \
		.max = 255, \
		.is_given_offset = offsetof(struct modbus_channel, has_unit_id), \
		.help = "another unit than the device's, on the same line or behind " \
			"the same gateway", \
	}, \
	{ \
		.name = "registers", \
		.type = OPTION_CHOICE, \
		.offset = offsetof(struct modbus_channel, width), \
		.fallback = "1", \
		.choices = widths, \
		.is_given_offset = offsetof(struct modbus_channel, has_registers), \
		.help = "how many registers the value takes", \
	}, \
	{ \
		.name = "encoding", \
		.type = OPTION_CHOICE, \
		.offset = offsetof(struct modbus_channel, encoding), \
		.fallback = "unsigned", \
		.choices = encodings, \
		.is_given_offset = offsetof(struct modbus_channel, has_encoding), \
		.help = "what the registers hold; signed is two's complement, float " \
			"has 2 or 4 registers", \
	}, \
	{ \
		.name = "words", \
		.type = OPTION_CHOICE, \
		.offset = offsetof(struct modbus_channel, words), \
		.fallback = "high_first", \
		.choices = word_orders, \
		.is_given_offset = offsetof(struct modbus_channel, has_words), \
		.help = "of several registers: which holds the most significant word, " \
			"that of the lowest address or of the highest", \
	}, \
	{ \
		.name = "swap_bytes", \
		.type = OPTION_BOOL, \
		.offset = offsetof(struct modbus_channel, is_swapped), \
		.fallback = "false", \
		.is_given_offset = offsetof(struct modbus_channel, has_swap_bytes), \
		.help = "whether the device sends the low byte of a register first, " \
			"against the standard", \
	}, \
	{ \
		.name = "bit", \
		.type = OPTION_INT, \
		.offset = offsetof(struct modbus_channel, bit), \
		.fallback = "0", \
		.max = 63, \
		.is_given_offset = offsetof(struct modbus_channel, has_bit), \
		.help = "the lowest bit to take out of the integer, 0 being its least " \
			"significant", \
	}, \
	{ \
		.name = "bits", \
		.type = OPTION_INT, \
		.offset = offsetof(struct modbus_channel, bits), \
		.fallback = "1", \
		.min = 1, \
		.max = 64, \
		.unit = "bit", \
		.is_given_offset = offsetof(struct modbus_channel, has_bits), \
		.help = "how many bits to take from there", \
	}, \
	{ \
		.name = "scale", \
		.type = OPTION_FLOAT, \
		.offset = offsetof(struct modbus_channel, scaling.scale), \
		.fallback = "1", \
		.is_given_offset = offsetof(struct modbus_channel, scaling.has_scale), \
		.help = "value = number * scale + offset", \
	}, \
	{ \
		.name = "offset", \
		.type = OPTION_FLOAT, \
		.offset = offsetof(struct modbus_channel, scaling.offset), \
		.fallback = "0", \
		.is_given_offset = offsetof(struct modbus_channel, scaling.has_offset), \
		.help = "added after scale, in the channel's unit", \
	}
/* clang-format on */

const struct option modbus_channel_rows[] = {
	HOLDING_ROW,
	{
		.name = "input",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_channel, input),
		.max = ADDRESS_MAX,
		.is_given_offset = offsetof(struct modbus_channel, has_input),
		.help = "an input register's address, from 0: 30001 is input: 0",
	},
	COIL_ROW,
	{
		.name = "discrete",
		.type = OPTION_INT,
		.offset = offsetof(struct modbus_channel, discrete),
		.max = ADDRESS_MAX,
		.is_given_offset = offsetof(struct modbus_channel, has_discrete),
		.help = "a discrete input's address, from 0: 10001 is discrete: 0",
	},
	VALUE_ROWS,
	{ .name = NULL },
};

const struct option modbus_output_rows[] = {
	HOLDING_ROW,
	COIL_ROW,
	VALUE_ROWS,
	{ .name = NULL },
};

static const char *const moments[] = { "change", NULL };

const struct option modbus_send_rows[] = {
	{
		.name = "on",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct modbus_send_options, on),
		.choices = moments,
		.is_given_offset = offsetof(struct modbus_send_options, has_on),
		.help = "as soon as one of the values of a request has changed; the "
			"default, without every",
	},
	{
		.name = "every",
		.type = OPTION_DURATION,
		.offset = offsetof(struct modbus_send_options, every_ns),
		.min = 100e3,
		.max = 86400e9,
		.is_given_offset = offsetof(struct modbus_send_options, has_every),
		.help = "all outputs at the first release after each such time; with on: "
			"change besides",
	},
	{
		.name = "multiple",
		.type = OPTION_BOOL,
		.offset = offsetof(struct modbus_send_options, is_multiple),
		.fallback = "false",
		.help = "whether a single value is written by functions 15 and 16, too, "
			"and not by 5 and 6",
	},
	{ .name = NULL },
};

static void check_unit(const struct modbus_options *options, const struct place *place,
		       int64_t unit_id)
{
	if (options->has_serial && (unit_id == 0 || unit_id > UNIT_RTU_MAX)) {
		place_error(place, "unit_id",
			    "no unit %d answers on a serial line; expected 1 to %d",
			    (int)unit_id, UNIT_RTU_MAX);
	}
}

static void check_device(const struct modbus_options *options, const struct place *place)
{
	struct address address;

	if (options->has_serial == (options->tcp != NULL)) {
		place_error(place, options->tcp ? "tcp" : NULL,
			    "expected either serial, for RTU, or tcp%s",
			    options->tcp ? ", not both" : "");
		return;
	}
	if (options->tcp && modbus_address(options, &address)) {
		place_error(place, "tcp",
			    "'%s' is no numeric address; expected ADDRESS:PORT or "
			    "[ADDRESS]:PORT",
			    options->tcp);
	}
	check_unit(options, place, options->unit_id);
}

/* 1, 2 or 4 */
static int64_t registers_of(const struct modbus_channel *channel)
{
	return INT64_C(1) << channel->width;
}

static bool is_register(const struct modbus_channel *channel)
{
	return channel->has_holding || channel->has_input;
}

/* What a single bit has no use for. */
static void check_bit(const struct modbus_channel *channel, const struct place *place)
{
	const struct {
		const char *key;
		bool is_given;
	} register_only[] = {
		{ "registers", channel->has_registers },
		{ "encoding", channel->has_encoding },
		{ "words", channel->has_words },
		{ "swap_bytes", channel->has_swap_bytes },
		{ "bit", channel->has_bit },
		{ "bits", channel->has_bits },
		{ "scale", channel->scaling.has_scale },
		{ "offset", channel->scaling.has_offset },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(register_only); i++) {
		if (register_only[i].is_given) {
			place_error(place, register_only[i].key,
				    "means nothing to a single bit; expected with "
				    "holding or input");
		}
	}
}

static void check_part(const struct modbus_channel *channel, const struct place *place)
{
	int64_t bits = channel->has_bits ? channel->bits : 1;
	int64_t registers = registers_of(channel);

	if (!channel->has_bit && !channel->has_bits) {
		return;
	}
	if (channel->encoding == MODBUS_FLOAT) {
		place_error(place, "encoding",
			    "a part cut out by bit and bits is an integer; expected "
			    "unsigned or signed");
	} else if (channel->bit + bits > 16 * registers) {
		place_error(place, channel->has_bits ? "bits" : "bit",
			    "bits up to %d are past the end; %d %s bits 0 to %d",
			    (int)(channel->bit + bits - 1), (int)registers,
			    registers == 1 ? "register has" : "registers have",
			    (int)(16 * registers - 1));
	}
}

static void check_registers(const struct channel_spec *spec)
{
	const struct modbus_channel *channel = spec->options;
	const struct scaling *scaling = &channel->scaling;
	int64_t registers = registers_of(channel);
	const struct place *place = &spec->place;

	if (channel->encoding == MODBUS_FLOAT && registers == 1) {
		place_error(place, channel->has_registers ? "registers" : "encoding",
			    "a float has registers: 2 or registers: 4");
	}
	if (channel->has_words && registers == 1) {
		place_error(place, "words",
			    "a single register has no order of words; expected with "
			    "registers: 2 or 4");
	}
	if (spec->type == VALUE_BOOL && (scaling->has_scale || scaling->has_offset)) {
		place_error(place, scaling->has_scale ? "scale" : "offset",
			    "a bool is not scaled; expected type integer or float");
	}
	check_part(channel, place);
}

static void check_channel(const struct modbus_options *options,
			  const struct channel_spec *spec, const char *expected)
{
	const struct modbus_channel *channel = spec->options;
	int tables = channel->has_holding + channel->has_input + channel->has_coil +
		     channel->has_discrete;
	struct modbus_span span;

	if (tables != 1) {
		place_error(&spec->place, NULL, "expected exactly one of %s", expected);
		return;
	}
	if (is_register(channel)) {
		check_registers(spec);
	} else {
		check_bit(channel, &spec->place);
	}
	span = modbus_span_of(options, channel);
	if (span.address + span.count - 1 > ADDRESS_MAX) {
		place_error(&spec->place, "registers",
			    "the last one is at %d; expected up to %d",
			    (int)(span.address + span.count - 1), ADDRESS_MAX);
	}
	if (channel->has_unit_id) {
		check_unit(options, &spec->place, channel->unit_id);
	}
}

/* Which bits of a register, or of several, a channel takes; a coil has one. */
static uint64_t bits_of(const struct modbus_channel *channel)
{
	int64_t bits = channel->has_bits ? channel->bits : 1;

	if (!channel->has_bit && !channel->has_bits) {
		return UINT64_MAX;
	}
	return UINT64_MAX >> (64 - bits) << channel->bit;
}

/* Parts of one number may be two channels, where both see the same number. */
static bool is_same_number(const struct modbus_channel *a, const struct modbus_channel *b)
{
	return a->width == b->width && a->words == b->words &&
	       a->is_swapped == b->is_swapped;
}

static bool collides(const struct modbus_options *options, const struct channel_spec *a,
		     const struct channel_spec *b)
{
	struct modbus_span x = modbus_span_of(options, a->options);
	struct modbus_span y = modbus_span_of(options, b->options);
	bool is_same = x.address == y.address && is_same_number(a->options, b->options);

	if (x.unit != y.unit || x.function != y.function ||
	    x.address + x.count <= y.address || y.address + y.count <= x.address) {
		return false;
	}
	return !is_same || (bits_of(a->options) & bits_of(b->options)) != 0;
}

static void check_output(const struct device_spec *spec, unsigned index)
{
	const struct modbus_channel *channel = spec->out[index].options;
	const struct scaling *scaling = &channel->scaling;

	if (scaling->has_scale && !(scaling->scale < 0) && !(scaling->scale > 0)) {
		place_error(&spec->out[index].place, "scale",
			    "values are divided by it; expected another number than 0");
	}
	for (unsigned i = 0; i < index; i++) {
		if (collides(spec->options, &spec->out[i], &spec->out[index])) {
			place_error(&spec->out[index].place, NULL,
				    "is written by channel '%s', too; expected registers "
				    "or bits of its own",
				    spec->out[i].name);
			return;
		}
	}
}

void modbus_check(const struct device_spec *spec)
{
	const struct modbus_options *options = spec->options;

	check_device(options, &spec->place);
	for (unsigned i = 0; i < spec->in_count; i++) {
		check_channel(options, &spec->in[i], "holding, input, coil and discrete");
	}
	for (unsigned i = 0; i < spec->out_count; i++) {
		check_channel(options, &spec->out[i], "holding and coil");
		check_output(spec, i);
	}
	if (options->has_send && spec->out_count == 0) {
		place_error(&spec->place, "send", "nothing to be written; expected out");
	}
}

enum value_type modbus_channel_type(const void *in_options)
{
	return is_register(in_options) ? VALUE_FLOAT : VALUE_BOOL;
}

struct modbus_span modbus_span_of(const struct modbus_options *options,
				  const struct modbus_channel *channel)
{
	struct modbus_span span = {
		.unit = (uint8_t)(channel->has_unit_id ? channel->unit_id
						       : options->unit_id),
		.count = is_register(channel) ? registers_of(channel) : 1,
	};

	if (channel->has_holding) {
		span.function = MODBUS_READ_HOLDING;
		span.address = channel->holding;
	} else if (channel->has_input) {
		span.function = MODBUS_READ_INPUT;
		span.address = channel->input;
	} else if (channel->has_coil) {
		span.function = MODBUS_READ_COILS;
		span.address = channel->coil;
	} else {
		span.function = MODBUS_READ_DISCRETE;
		span.address = channel->discrete;
	}
	return span;
}

int modbus_address(const struct modbus_options *options, struct address *ret_address)
{
	int rc = address_parse(options->tcp, ret_address);

	if (!rc && !ret_address->has_port) {
		address_set_port(ret_address, PORT_DEFAULT);
	}
	return rc;
}

int64_t modbus_stop_bits(const struct modbus_serial_options *serial)
{
	if (serial->has_stop_bits) {
		return serial->stop_bits;
	}
	return serial->parity == TTY_PARITY_NONE ? 2 : 1;
}

int64_t modbus_character_ns(const struct modbus_options *options)
{
	const struct modbus_serial_options *serial = &options->serial;
	int64_t bits =
		1 + 8 + (serial->parity != TTY_PARITY_NONE) + modbus_stop_bits(serial);

	return options->has_serial ? bits * NS_PER_SEC / serial->baud + 1 : 0;
}

int64_t modbus_silence_ns(const struct modbus_options *options)
{
	const struct modbus_serial_options *serial = &options->serial;
	int64_t least_ns = modbus_character_ns(options) * 7 / 2;

	if (!options->has_serial) {
		return 0;
	}
	if (serial->baud > FIXED_BAUD) {
		least_ns = FIXED_SILENCE;
	}
	return serial->silence_ns > least_ns ? serial->silence_ns : least_ns;
}
