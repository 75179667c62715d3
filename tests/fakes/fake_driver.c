#include "tests/fakes/fake_driver.h"

static const char *const modes[] = { "slow", "fast", NULL };

static const struct option inner_rows[] = {
	{ .name = "is_on", .type = OPTION_BOOL, .fallback = "true", .help = "a switch" },
	{
		.name = "level",
		.type = OPTION_INT,
		.offset = offsetof(struct fake_inner, level),
		.fallback = "7",
		.help = "a level",
	},
	{ .name = NULL },
};

static const struct option group_rows[] = {
	{ .name = "word", .type = OPTION_TEXT, .is_required = true, .help = "a word" },
	{
		.name = "inner",
		.type = OPTION_GROUP,
		.offset = offsetof(struct fake_group, inner),
		.rows = inner_rows,
		.is_given_offset = offsetof(struct fake_group, has_inner),
		.help = "a group in a group",
	},
	{ .name = NULL },
};

const struct option fake_rows[] = {
	{ .name = "flag", .type = OPTION_BOOL, .help = "a flag" },
	{
		.name = "number",
		.type = OPTION_INT,
		.offset = offsetof(struct fake_options, number),
		.fallback = "12",
		.min = -5,
		.max = 4000,
		.unit = "Hz",
		.is_given_offset = offsetof(struct fake_options, has_number),
		.help = "a number",
	},
	{
		.name = "ratio",
		.type = OPTION_FLOAT,
		.offset = offsetof(struct fake_options, ratio),
		.min = 0,
		.max = 1.5,
		.help = "a ratio",
	},
	{
		.name = "wait",
		.type = OPTION_DURATION,
		.offset = offsetof(struct fake_options, wait_ns),
		.fallback = "1.5s",
		.max = 2e9,
		.help = "a time",
	},
	{
		.name = "room",
		.type = OPTION_SIZE,
		.offset = offsetof(struct fake_options, room_bytes),
		.help = "a size",
	},
	{
		.name = "text",
		.type = OPTION_TEXT,
		.offset = offsetof(struct fake_options, text),
		.max = 20,
		.help = "a text",
	},
	{
		.name = "data",
		.type = OPTION_BYTES,
		.offset = offsetof(struct fake_options, data),
		.min = 1,
		.max = 8,
		.help = "some bytes",
	},
	{
		.name = "path",
		.type = OPTION_PATH,
		.offset = offsetof(struct fake_options, path),
		.help = "a path",
	},
	{
		.name = "mode",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct fake_options, mode),
		.fallback = "fast",
		.choices = modes,
		.help = "a mode",
	},
	{
		.name = "group",
		.type = OPTION_GROUP,
		.offset = offsetof(struct fake_options, group),
		.rows = group_rows,
		.is_given_offset = offsetof(struct fake_options, has_group),
		.help = "a group",
	},
	{ .name = NULL },
};

static const struct option in_rows[] = {
	{
		.name = "column",
		.type = OPTION_INT,
		.offset = offsetof(struct fake_in_options, column),
		.is_required = true,
		.min = 1,
		.max = 99,
		.help = "where the value stands",
	},
	{ .name = NULL },
};

static void check(const struct device_spec *spec)
{
	const struct fake_options *options = spec->options;

	if (options->number == 13) {
		place_error(&spec->place, "number", "%d is unlucky; expected any other",
			    13);
	}
}

static enum value_type channel_type(const void *in_options)
{
	const struct fake_in_options *options = in_options;

	return options->column == FAKE_BOOL_COLUMN ? VALUE_BOOL : VALUE_FLOAT;
}

const struct driver fake_driver = {
	.name = "fake",
	.summary = "nothing at all",
	.options = fake_rows,
	.options_bytes = sizeof(struct fake_options),
	.in_options = in_rows,
	.in_bytes = sizeof(struct fake_in_options),
	.out_options = in_rows,
	.out_bytes = sizeof(struct fake_in_options),
	.check = check,
	.channel_type = channel_type,
	.out_channel_type = channel_type,
};

const struct driver fake_output_driver = {
	.name = "fake_output",
	.summary = "nothing at all, on a thread of its own",
	.options = fake_rows,
	.options_bytes = sizeof(struct fake_options),
	.allows_async = true,
};

const struct driver fake_lacking_driver = {
	.name = "fake_lacking",
	.summary = "nothing at all, for want of a library",
	.options = fake_rows,
	.options_bytes = sizeof(struct fake_options),
	.lacks = "libfake (Debian: libfake-dev)",
	.check = check,
};
