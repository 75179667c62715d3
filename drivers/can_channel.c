#include "drivers/can_channel.h"

#include <errno.h>
#include <linux/can.h>
#include <stdlib.h>

#include "drivers/dbc.h"

#define START_MAX (8 * CAN_FD_BYTES - 1)

static const char *const orders[] = { "little", "big", NULL };
static const char *const encodings[] = { "unsigned", "signed", "float", NULL };

static const struct option mux_rows[] = {
	{
		.name = "start",
		.type = OPTION_INT,
		.offset = offsetof(struct can_mux_options, start),
		.is_required = true,
		.max = START_MAX,
		.unit = "bit",
		.help = "the start bit of the multiplexor",
	},
	{
		.name = "length",
		.type = OPTION_INT,
		.offset = offsetof(struct can_mux_options, length),
		.is_required = true,
		.min = 1,
		.max = 32,
		.unit = "bit",
		.help = "how many bits it has",
	},
	{
		.name = "order",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct can_mux_options, order),
		.fallback = "little",
		.choices = orders,
		.help = "as order of the signal",
	},
	{
		.name = "value",
		.type = OPTION_INT,
		.offset = offsetof(struct can_mux_options, value),
		.is_required = true,
		.max = UINT32_MAX,
		.help = "the value of the multiplexor for which the signal is in a frame",
	},
	{ .name = NULL },
};

/* clang-format off */
#define SIGNAL_ROWS \
	{ \
		.name = "signal", \
		.type = OPTION_TEXT, \
		.offset = offsetof(struct can_channel_options, signal), \
		.help = "MESSAGE.SIGNAL of the dbc file, which says all that the keys " \
			"below would, and the unit", \
	}, \
	{ \
		.name = "id", \
		.type = OPTION_INT, \
		.offset = offsetof(struct can_channel_options, id), \
		.max = CAN_EFF_MASK, \
		.is_given_offset = offsetof(struct can_channel_options, has_id), \
		.help = "of the frame that the signal is in; above 0x7FF it is an " \
			"extended one", \
	}, \
	{ \
		.name = "extended", \
		.type = OPTION_BOOL, \
		.offset = offsetof(struct can_channel_options, is_extended), \
		.fallback = "false", \
		.is_given_offset = offsetof(struct can_channel_options, has_extended), \
		.help = "whether an id up to 0x7FF is an extended one, of 29 bits", \
	}, \
	{ \
		.name = "start", \
		.type = OPTION_INT, \
		.offset = offsetof(struct can_channel_options, start), \
		.max = START_MAX, \
		.unit = "bit", \
		.is_given_offset = offsetof(struct can_channel_options, has_start), \
		.help = "the start bit as DBC files number it: 8 * byte + bit; of the " \
			"least significant bit where order is little, of the most " \
			"significant where it is big", \
	}, \
	{ \
		.name = "length", \
		.type = OPTION_INT, \
		.offset = offsetof(struct can_channel_options, length), \
		.fallback = "1", \
		.min = 1, \
		.max = 64, \
		.unit = "bit", \
		.is_given_offset = offsetof(struct can_channel_options, has_length), \
		.help = "how many bits it has", \
	}, \
	{ \
		.name = "order", \
		.type = OPTION_CHOICE, \
		.offset = offsetof(struct can_channel_options, order), \
		.fallback = "little", \
		.choices = orders, \
		.is_given_offset = offsetof(struct can_channel_options, has_order), \
		.help = "the byte order: little is Intel's, @1 in a DBC file; big is " \
			"Motorola's, @0", \
	}, \
	{ \
		.name = "encoding", \
		.type = OPTION_CHOICE, \
		.offset = offsetof(struct can_channel_options, encoding), \
		.fallback = "unsigned", \
		.choices = encodings, \
		.is_given_offset = offsetof(struct can_channel_options, has_encoding), \
		.help = "what the bits are; signed is two's complement, float has 32 or " \
			"64 bits", \
	}, \
	{ \
		.name = "scale", \
		.type = OPTION_FLOAT, \
		.offset = offsetof(struct can_channel_options, scaling.scale), \
		.fallback = "1", \
		.is_given_offset = \
			offsetof(struct can_channel_options, scaling.has_scale), \
		.help = "value = signal * scale + offset", \
	}, \
	{ \
		.name = "offset", \
		.type = OPTION_FLOAT, \
		.offset = offsetof(struct can_channel_options, scaling.offset), \
		.fallback = "0", \
		.is_given_offset = \
			offsetof(struct can_channel_options, scaling.has_offset), \
		.help = "added after scale, in the channel's unit", \
	}, \
	{ \
		.name = "mux", \
		.type = OPTION_GROUP, \
		.offset = offsetof(struct can_channel_options, mux), \
		.rows = mux_rows, \
		.is_given_offset = offsetof(struct can_channel_options, has_mux), \
		.help = "of a multiplexed signal: what tells that it is in a frame", \
	}

/* clang-format on */

const struct option can_channel_rows[] = {
	SIGNAL_ROWS,
	{ .name = NULL },
};

const struct option can_output_rows[] = {
	SIGNAL_ROWS,
	{
		.name = "size",
		.type = OPTION_INT,
		.offset = offsetof(struct can_channel_options, size),
		.min = 1,
		.max = CAN_FD_BYTES,
		.unit = "byte",
		.is_given_offset = offsetof(struct can_channel_options, has_size),
		.help = "of the frame that is sent, of all of whose channels the "
			"greatest "
			"counts; by default up to its last signal; of a dbc file's "
			"message as stated there",
	},
	{
		.name = "fd",
		.type = OPTION_BOOL,
		.offset = offsetof(struct can_channel_options, is_fd),
		.fallback = "false",
		.help = "whether a frame of up to 8 bytes is sent as one of CAN FD, too",
	},
	{ .name = NULL },
};

static struct can_bits stated_bits(const struct can_channel_options *options)
{
	return (struct can_bits){
		.start = (uint32_t)options->start,
		.length = (uint32_t)options->length,
		.is_big = options->order == 1,
	};
}

static struct can_bits mux_bits(const struct can_mux_options *mux)
{
	return (struct can_bits){
		.start = (uint32_t)mux->start,
		.length = (uint32_t)mux->length,
		.is_big = mux->order == 1,
	};
}

/* --- checking ------------------------------------------------------------------------- */

/* What a DBC file says already. */
static void check_alone(const struct can_channel_options *options,
			const struct place *place)
{
	const struct {
		const char *key;
		bool is_given;
	} others[] = {
		{ "id", options->has_id },
		{ "extended", options->has_extended },
		{ "start", options->has_start },
		{ "length", options->has_length },
		{ "order", options->has_order },
		{ "encoding", options->has_encoding },
		{ "scale", options->scaling.has_scale },
		{ "offset", options->scaling.has_offset },
		{ "mux", options->has_mux },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(others); i++) {
		if (others[i].is_given) {
			place_error(place, others[i].key,
				    "the dbc file says this of the signal; expected one "
				    "or the other");
		}
	}
}

static void check_bool(const struct channel_spec *channel, const struct scaling *scaling,
		       const char *key)
{
	if (channel->type == VALUE_BOOL && (scaling->has_scale || scaling->has_offset)) {
		place_error(&channel->place, key,
			    "a bool is not scaled; expected type integer or float");
	}
}

static int check_named(const struct channel_spec *channel, const struct dbc *dbc,
		       struct arena *arena, uint32_t frame_bytes)
{
	const struct can_channel_options *options = channel->options;
	struct dbc_found found;
	struct err err;
	int rc = dbc_find(dbc, options->signal, arena, &found, &err);

	if (rc) {
		place_error(&channel->place, "signal", "%s", err.text);
		return rc == -ENOMEM ? rc : 0;
	}
	if (found.message_bytes > frame_bytes) {
		place_error(&channel->place, "signal",
			    "its message has %u bytes; expected fd: true",
			    found.message_bytes);
	}
	check_bool(channel, &found.signal.scaling, "signal");
	return 0;
}

static void check_id(const struct can_channel_options *options, const struct place *place)
{
	if (options->id > CAN_SFF_MASK && options->has_extended &&
	    !options->is_extended) {
		place_error(place, "extended",
			    "the id needs more than 11 bits; expected extended: true, or "
			    "an id up to 0x7FF");
	}
}

/* False where they are past the end of the longest frame. */
static bool check_bits(const struct can_bits *bits, const char *key,
		       const struct place *place, uint32_t frame_bytes)
{
	uint32_t end = can_bits_end(bits);

	if (end > frame_bytes) {
		place_error(place, key,
			    "%u bits from %u on reach into byte %u; a frame has bytes 0 "
			    "to %u%s",
			    bits->length, bits->start, end - 1, frame_bytes - 1,
			    frame_bytes < CAN_FD_BYTES ? ", with fd: true up to 63" : "");
	}
	return end <= frame_bytes;
}

static void check_mux(const struct can_channel_options *options,
		      const struct can_bits *bits, const struct place *place,
		      uint32_t frame_bytes)
{
	struct can_bits mux = mux_bits(&options->mux);

	if (!check_bits(&mux, "mux.start", place, frame_bytes)) {
		return;
	}
	if (can_bits_overlap(bits, &mux)) {
		place_error(place, "mux", "shares bits with the signal itself");
	}
	if (options->mux.value >> options->mux.length != 0) {
		place_error(place, "mux.value", "does not fit into %d bits",
			    (int)options->mux.length);
	}
}

static void check_stated(const struct channel_spec *channel, uint32_t frame_bytes)
{
	const struct can_channel_options *options = channel->options;
	const struct place *place = &channel->place;
	struct can_bits bits = stated_bits(options);

	if (!options->has_start) {
		place_error(place, NULL, "id needs start: the signal's start bit");
		return;
	}
	check_id(options, place);
	if (options->encoding == CAN_FLOAT && bits.length != 32 && bits.length != 64) {
		place_error(place, options->has_length ? "length" : "encoding",
			    "a float has length: 32 or length: 64");
	}
	if (check_bits(&bits, "start", place, frame_bytes) && options->has_mux) {
		check_mux(options, &bits, place, frame_bytes);
	}
	check_bool(channel, &options->scaling,
		   options->scaling.has_scale ? "scale" : "offset");
}

static int check_channel(const struct channel_spec *channel, const struct dbc *dbc,
			 bool has_dbc, uint32_t frame_bytes)
{
	const struct can_channel_options *options = channel->options;
	struct arena arena;
	int rc = 0;

	if (!options->signal && !options->has_id) {
		place_error(&channel->place, NULL,
			    "expected either signal, of a dbc file, or id and start");
	} else if (!options->signal) {
		check_stated(channel, frame_bytes);
	} else if (!has_dbc) {
		place_error(&channel->place, "signal",
			    "the device has no dbc file; expected dbc: FILE");
	} else {
		check_alone(options, &channel->place);
		arena_init(&arena);
		rc = dbc ? check_named(channel, dbc, &arena, frame_bytes) : 0;
		arena_fini(&arena);
	}
	return rc;
}

int can_channels_check(const struct channel_spec *list, unsigned count,
		       const struct dbc *dbc, bool has_dbc, uint32_t frame_bytes)
{
	int rc = 0;

	for (unsigned i = 0; i < count && !rc; i++) {
		rc = check_channel(&list[i], dbc, has_dbc, frame_bytes);
	}
	return rc;
}

/* --- making --------------------------------------------------------------------------- */

static int make_mux(const struct can_mux_options *mux, struct arena *arena,
		    struct can_signal *signal)
{
	struct can_switch *above = arena_take(arena, sizeof(*above));
	struct can_range *range = arena_take(arena, sizeof(*range));

	if (!above || !range) {
		return -ENOMEM;
	}
	*range = (struct can_range){ (uint64_t)mux->value, (uint64_t)mux->value };
	*above = (struct can_switch){
		.bits = mux_bits(mux),
		.ranges = range,
		.range_count = 1,
	};
	signal->switches = above;
	signal->switch_count = 1;
	return 0;
}

static int make_stated(const struct can_channel_options *options, struct arena *arena,
		       struct can_signal *ret_signal)
{
	bool is_extended = options->is_extended || options->id > CAN_SFF_MASK;

	*ret_signal = (struct can_signal){
		.id = (uint32_t)options->id | (is_extended ? CAN_EFF_FLAG : 0),
		.bits = stated_bits(options),
		.encoding = (enum can_encoding)options->encoding,
		.scaling = options->scaling,
	};
	return options->has_mux ? make_mux(&options->mux, arena, ret_signal) : 0;
}

static int make_channel(const struct channel_spec *spec, const struct dbc *dbc,
			struct arena *arena, struct can_channel *channel, struct err *err)
{
	const struct can_channel_options *options = spec->options;
	struct dbc_found found;
	int rc;

	if (!options->signal) {
		rc = make_stated(options, arena, &channel->signal);
		return rc ? err_set(err, rc, "no memory for channel '%s'", spec->name)
			  : 0;
	}
	rc = dbc_find(dbc, options->signal, arena, &found, err);
	if (!rc) {
		channel->signal = found.signal;
		channel->unit = found.unit;
		channel->message_bytes = found.message_bytes;
	}
	return rc;
}

/* Those of one id stay in the order of the configuration. */
static int compare(const void *a, const void *b)
{
	const struct can_channel *x = a, *y = b;

	if (x->signal.id != y->signal.id) {
		return x->signal.id < y->signal.id ? -1 : 1;
	}
	return x->index < y->index ? -1 : 1;
}

int can_channels_make(const struct channel_spec *list, unsigned count,
		      const struct dbc *dbc, struct arena *arena,
		      struct can_channel **ret_channels, struct err *err)
{
	struct can_channel *channels = arena_take(arena, (count + 1) * sizeof(*channels));
	int rc = 0;

	if (!channels) {
		return err_set(err, -ENOMEM, "no memory for its channels");
	}
	for (unsigned i = 0; i < count && !rc; i++) {
		channels[i].index = i;
		rc = make_channel(&list[i], dbc, arena, &channels[i], err);
	}
	if (rc) {
		return rc;
	}
	qsort(channels, count, sizeof(*channels), compare);
	*ret_channels = channels;
	return 0;
}

uint32_t can_channels_find(const struct can_channel *channels, uint32_t count,
			   uint32_t id)
{
	uint32_t low = 0;
	uint32_t high = count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (channels[middle].signal.id < id) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < count && channels[low].signal.id == id ? low : count;
}

uint32_t can_channels_ids(const struct can_channel *channels, uint32_t count)
{
	uint32_t ids = 0;

	for (uint32_t i = 0; i < count; i++) {
		ids += i == 0 || channels[i].signal.id != channels[i - 1].signal.id;
	}
	return ids;
}
