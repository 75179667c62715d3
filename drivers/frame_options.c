#include "drivers/frame.h"

#define MATCH_BYTES_MAX	 64
#define BORDER_BYTES_MAX 8

static const char *const frame_kinds[] = {
	"raw", "line", "fixed", "length", "cobs", NULL
};
static const char *const frame_orders[] = { "little", "big", NULL };
static const char *const checksum_forms[] = { "bytes", "hex", NULL };

static const struct option length_rows[] = {
	{
		.name = "at",
		.type = OPTION_INT,
		.offset = offsetof(struct frame_length_options, at),
		.is_required = true,
		.max = FRAME_BYTES_MAX - 4,
		.unit = "byte",
		.help = "offset of the length field from the frame's first byte",
	},
	{
		.name = "bytes",
		.type = OPTION_INT,
		.offset = offsetof(struct frame_length_options, bytes),
		.fallback = "1",
		.min = 1,
		.max = 4,
		.unit = "byte",
		.help = "width of the length field",
	},
	{
		.name = "order",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct frame_length_options, order),
		.fallback = "little",
		.choices = frame_orders,
		.help = "which byte of the length field comes first",
	},
	{
		.name = "add",
		.type = OPTION_INT,
		.offset = offsetof(struct frame_length_options, add),
		.fallback = "0",
		.min = -FRAME_BYTES_MAX,
		.max = FRAME_BYTES_MAX,
		.unit = "byte",
		.help = "the frame's bytes, from its first to its last with checksum, "
			"are the "
			"field plus this",
	},
	{ .name = NULL },
};

const struct option frame_rows[] = {
	{
		.name = "kind",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct frame_options, kind),
		.is_required = true,
		.choices = frame_kinds,
		.help = "what tells where a frame ends",
	},
	{
		.name = "end",
		.type = OPTION_BYTES,
		.offset = offsetof(struct frame_options, end),
		.help = "line: the bytes that end it, 1 to 8; by default \"\\n\", and a "
			"\\r before "
			"it is taken off",
	},
	{
		.name = "size",
		.type = OPTION_INT,
		.offset = offsetof(struct frame_options, size),
		.min = 1,
		.max = FRAME_BYTES_MAX,
		.unit = "byte",
		.help = "fixed: bytes of a frame, with sync and checksum",
	},
	{
		.name = "sync",
		.type = OPTION_BYTES,
		.offset = offsetof(struct frame_options, sync),
		.help = "fixed, length: the bytes that each frame begins with, 1 to 8",
	},
	{
		.name = "length",
		.type = OPTION_GROUP,
		.offset = offsetof(struct frame_options, length),
		.rows = length_rows,
		.is_given_offset = offsetof(struct frame_options, has_length),
		.help = "length: where the frame holds its own length",
	},
	{
		.name = "max",
		.type = OPTION_SIZE,
		.offset = offsetof(struct frame_options, max),
		.min = 1,
		.max = FRAME_BYTES_MAX,
		.unit = "byte",
		.is_given_offset = offsetof(struct frame_options, has_max),
		.help = "the longest frame; a longer one is dropped; by default 512 on a "
			"line, and "
			"the longest datagram",
	},
	{
		.name = "match",
		.type = OPTION_BYTES,
		.offset = offsetof(struct frame_options, match),
		.help = "bytes that the frame must hold at match_at, 1 to 64; others are "
			"dropped",
	},
	{
		.name = "match_at",
		.type = OPTION_INT,
		.offset = offsetof(struct frame_options, match_at),
		.fallback = "0",
		.max = FRAME_BYTES_MAX - 1,
		.unit = "byte",
		.help = "offset of match from the frame's first byte",
	},
	{
		.name = "checksum",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct frame_options, checksum),
		.fallback = "none",
		.choices = checksum_kinds,
		.help = "the checksum at the frame's end; crc16-ccitt begins with "
			"0xFFFF, nmea covers "
			"what is between $ and *",
	},
	{
		.name = "checksum_form",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct frame_options, checksum_form),
		.choices = checksum_forms,
		.is_given_offset = offsetof(struct frame_options, has_checksum_form),
		.help = "hex: digits after a *, by default in lines; bytes: the last "
			"bytes, by default "
			"elsewhere",
	},
	{
		.name = "checksum_order",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct frame_options, checksum_order),
		.choices = frame_orders,
		.is_given_offset = offsetof(struct frame_options, has_checksum_order),
		.help = "which byte of it comes first; by default big for crc16-ccitt, "
			"little for the "
			"others",
	},
	{
		.name = "checksum_from",
		.type = OPTION_INT,
		.offset = offsetof(struct frame_options, checksum_from),
		.fallback = "0",
		.max = FRAME_BYTES_MAX - 1,
		.unit = "byte",
		.help = "offset of the first byte that the checksum covers; nmea: not "
			"used",
	},
	{ .name = NULL },
};

uint32_t frame_bytes_max(const struct frame_options *options, uint32_t message_bytes)
{
	if (options->kind == FRAME_FIXED) {
		return (uint32_t)options->size;
	}
	if (message_bytes > 0 && !options->has_max) {
		return message_bytes;
	}
	return options->max > 0 ? (uint32_t)options->max : FRAME_BYTES_DEFAULT;
}

struct checksum_rule frame_checksum_rule(const struct frame_options *options)
{
	enum checksum_kind kind = (enum checksum_kind)options->checksum;
	bool is_hex = options->has_checksum_form
			      ? options->checksum_form == CHECKSUM_AS_HEX
			      : options->kind == FRAME_LINE;
	bool is_big = options->has_checksum_order
			      ? options->checksum_order == FRAME_ORDER_BIG
			      : kind == CHECKSUM_CRC16_CCITT;

	checksum_prepare();
	return (struct checksum_rule){
		.kind = kind,
		.form = is_hex || kind == CHECKSUM_NMEA ? CHECKSUM_AS_HEX
							: CHECKSUM_AS_BYTES,
		.is_big_endian = is_big,
		.from = (uint32_t)options->checksum_from,
	};
}

#define OF(kind) (1u << (kind))

/* An option that means nothing to the chosen kind is a misunderstanding, so it is an
 * error. */
static void check_kinds(const struct frame_options *options, const struct place *place)
{
	const struct {
		const char *key;
		bool is_given;
		unsigned kinds;
		const char *kinds_text;
	} rules[] = {
		{ "frame.end", options->end.data, OF(FRAME_LINE), "line" },
		{ "frame.size", options->size > 0, OF(FRAME_FIXED), "fixed" },
		{ "frame.sync", options->sync.data, OF(FRAME_FIXED) | OF(FRAME_LENGTH),
		  "fixed or length" },
		{ "frame.length", options->has_length, OF(FRAME_LENGTH), "length" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		if (rules[i].is_given && !(rules[i].kinds & OF(options->kind))) {
			place_error(place, rules[i].key,
				    "only frames of kind %s have this",
				    rules[i].kinds_text);
		}
	}
	if (options->kind == FRAME_FIXED && options->size == 0) {
		place_error(place, "frame",
			    "kind fixed needs size: the bytes of a frame");
	}
	if (options->kind == FRAME_LENGTH && !options->has_length) {
		place_error(
			place, "frame",
			"kind length needs length: { at: … }, where the length stands");
	}
}

static void check_bytes(const struct option_bytes *bytes, size_t max, const char *key,
			const struct place *place)
{
	if (bytes->data && (bytes->bytes == 0 || bytes->bytes > max)) {
		place_error(place, key, "%zu bytes long; expected 1 to %zu", bytes->bytes,
			    max);
	}
}

/* What a frame must have room for at least. */
static uint32_t least_bytes(const struct frame_options *options)
{
	struct checksum_rule rule = frame_checksum_rule(options);
	uint32_t width = checksum_bytes(rule.kind);
	uint32_t bytes =
		rule.from +
		(rule.form == CHECKSUM_AS_HEX && width > 0 ? 2 * width + 1 : width);
	uint32_t match = (uint32_t)options->match_at + (uint32_t)options->match.bytes;
	uint32_t head = (uint32_t)(options->length.at + options->length.bytes);

	bytes = match > bytes ? match : bytes;
	if (options->kind == FRAME_LENGTH && head > bytes) {
		bytes = head;
	}
	return options->sync.bytes > bytes ? (uint32_t)options->sync.bytes : bytes;
}

static void check_lengths(const struct frame_options *options, const struct place *place)
{
	uint32_t max = frame_bytes_max(options, 0);
	uint32_t least = least_bytes(options);
	const char *key = options->kind == FRAME_FIXED ? "frame.size" : "frame.max";

	check_bytes(&options->end, BORDER_BYTES_MAX, "frame.end", place);
	check_bytes(&options->sync, BORDER_BYTES_MAX, "frame.sync", place);
	check_bytes(&options->match, MATCH_BYTES_MAX, "frame.match", place);
	if (max > 0 && least > max) {
		place_error(place, key,
			    "a frame has at most %u bytes here, but needs %u for what is "
			    "checked in it",
			    max, least);
	}
}

/* On a line, a byte that is lost once would shift every frame after it. */
static void check_stream(const struct frame_options *options, const struct place *place)
{
	bool is_counted = options->kind == FRAME_FIXED || options->kind == FRAME_LENGTH;

	if (options->kind == FRAME_RAW) {
		place_error(
			place, "frame.kind",
			"kind raw is for datagrams; a line's bytes come without borders: "
			"expected line, fixed, length or cobs");
	} else if (is_counted && options->sync.bytes == 0 && options->match.bytes == 0 &&
		   options->checksum == CHECKSUM_NONE) {
		place_error(
			place, "frame",
			"after a lost byte no frame could be found again; expected sync, "
			"match or checksum");
	}
}

void frame_check(const struct frame_options *options, bool is_stream,
		 const struct place *place)
{
	check_kinds(options, place);
	check_lengths(options, place);
	if (is_stream) {
		check_stream(options, place);
	}
}
