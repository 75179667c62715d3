#include "drivers/gpio_lines.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/suggest.h"
#include "rtloop/base/time.h"

static const char *const biases[] = { "as-is", "disabled", "pull-up", "pull-down", NULL };
static const char *const drives[] = { "push-pull", "open-drain", "open-source", NULL };
static const char *const edges[] = { "none", "rising", "falling", "both", NULL };

const struct option gpio_channel_rows[] = {
	{
		.name = "line",
		.type = OPTION_TEXT,
		.offset = offsetof(struct gpio_channel_options, line),
		.is_required = true,
		.min = 1,
		.max = GPIO_MAX_NAME_SIZE - 1,
		.help = "the line's name, or its offset on the chip; gpioinfo lists both",
	},
	{
		.name = "bias",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct gpio_channel_options, bias),
		.fallback = "as-is",
		.choices = biases,
		.help = "the chip's own resistor; a chip that has none ignores it "
			"without "
			"a word",
	},
	{
		.name = "active_low",
		.type = OPTION_BOOL,
		.offset = offsetof(struct gpio_channel_options, is_active_low),
		.fallback = "false",
		.help = "whether a low voltage is true; edges are those of this value",
	},
	{
		.name = "debounce",
		.type = OPTION_DURATION,
		.offset = offsetof(struct gpio_channel_options, debounce_ns),
		.fallback = "0s",
		.max = GPIO_DEBOUNCE_MAX_NS,
		.help = "a change counts once it has lasted so long; by the chip where "
			"it "
			"can, by the "
			"kernel otherwise",
	},
	{
		.name = "edge",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct gpio_channel_options, edge),
		.fallback = "none",
		.choices = edges,
		.help = "which edges are counted; none: the channel is the line's level",
	},
	{
		.name = "count",
		.type = OPTION_BOOL,
		.offset = offsetof(struct gpio_channel_options, is_count),
		.fallback = "false",
		.help = "with edge: the channel is the number of edges since the start",
	},
	{ .name = NULL },
};

const struct option gpio_output_rows[] = {
	{
		.name = "line",
		.type = OPTION_TEXT,
		.offset = offsetof(struct gpio_output_options, line),
		.is_required = true,
		.min = 1,
		.max = GPIO_MAX_NAME_SIZE - 1,
		.help = "the line's name, or its offset on the chip; gpioinfo lists both",
	},
	{
		.name = "active_low",
		.type = OPTION_BOOL,
		.offset = offsetof(struct gpio_output_options, is_active_low),
		.fallback = "false",
		.help = "whether true is a low voltage; safe is meant so, too",
	},
	{
		.name = "drive",
		.type = OPTION_CHOICE,
		.offset = offsetof(struct gpio_output_options, drive),
		.fallback = "push-pull",
		.choices = drives,
		.help = "both voltages are driven; or only the low one (open-drain), or "
			"the high one (open-source), and the line is let go of otherwise",
	},
	{ .name = NULL },
};

static const struct gpio_output_options *output_of(const struct channel_spec *channel)
{
	return channel->options;
}

static const struct gpio_channel_options *options_of(const struct channel_spec *channel)
{
	return channel->options;
}

/* What is set for a line as a whole, whatever its channels are. */
static bool is_set_alike(const struct gpio_channel_options *a,
			 const struct gpio_channel_options *b)
{
	return a->bias == b->bias && a->is_active_low == b->is_active_low &&
	       a->debounce_ns == b->debounce_ns;
}

static void check_channel(const struct channel_spec *channel)
{
	const struct gpio_channel_options *options = options_of(channel);

	if (options->is_count && options->edge == GPIO_EDGE_NONE) {
		place_error(&channel->place, "count",
			    "what is counted is edges; expected edge: rising, falling or "
			    "both");
	}
	if (!options->is_count && options->edge != GPIO_EDGE_NONE) {
		place_error(&channel->place, "edge",
			    "edges are counted; expected count: true, or no edge for the "
			    "line's level");
	}
	if (options->is_count && channel->type == VALUE_BOOL) {
		place_error(&channel->place, "type",
			    "a count is no bool; expected integer or float");
	}
	if (options->debounce_ns % NS_PER_US != 0) {
		place_error(&channel->place, "debounce",
			    "finer than a microsecond; expected whole ones");
	}
}

/* What the first of two channels of one line keeps the other from; NULL where both can be. */
static const char *conflict(const struct gpio_channel_options *first,
			    const struct gpio_channel_options *other)
{
	if (!is_set_alike(first, other)) {
		return "has it with another bias, active_low or debounce; expected the "
		       "same";
	}
	if (first->is_count != other->is_count) {
		return NULL;
	}
	return first->is_count ? "counts its edges already; expected one count a line"
			       : "is its level already; expected one level a line";
}

/* Whether an earlier channel has the same line, by the same word. */
static bool check_line(const struct device_spec *spec, unsigned index)
{
	const struct channel_spec *channel = &spec->in[index];
	bool is_known = false;

	for (unsigned i = 0; i < index; i++) {
		const struct gpio_channel_options *other = options_of(&spec->in[i]);
		const char *why;

		if (strcmp(other->line, options_of(channel)->line) != 0) {
			continue;
		}
		is_known = true;
		why = conflict(other, options_of(channel));
		if (why) {
			place_error(&channel->place, "line", "channel '%s' %s",
				    spec->in[i].name, why);
			break;
		}
	}
	return is_known;
}

static void driven_twice(const struct channel_spec *channel, const char *other)
{
	place_error(&channel->place, "line",
		    "channel '%s' has this line already; expected one channel for a line "
		    "that is driven",
		    other);
}

static void check_output(const struct device_spec *spec, unsigned index)
{
	const struct channel_spec *channel = &spec->out[index];
	const char *line = output_of(channel)->line;

	if (channel->type != VALUE_BOOL) {
		place_error(&channel->place, "type",
			    "a line is driven to one of two "
			    "levels; expected bool");
	}
	for (unsigned i = 0; i < spec->in_count; i++) {
		if (strcmp(options_of(&spec->in[i])->line, line) == 0) {
			driven_twice(channel, spec->in[i].name);
			return;
		}
	}
	for (unsigned i = 0; i < index; i++) {
		if (strcmp(output_of(&spec->out[i])->line, line) == 0) {
			driven_twice(channel, spec->out[i].name);
			return;
		}
	}
}

void gpio_lines_check(const struct device_spec *spec)
{
	unsigned lines = spec->out_count;

	for (unsigned i = 0; i < spec->in_count; i++) {
		check_channel(&spec->in[i]);
		lines += !check_line(spec, i);
	}
	for (unsigned i = 0; i < spec->out_count; i++) {
		check_output(spec, i);
	}
	if (spec->in_count + spec->out_count == 0) {
		place_error(&spec->place, NULL,
			    "no channels; expected 'in' or 'out' with at least one line");
	} else if (lines > GPIO_LINES_MAX) {
		place_error(&spec->place, spec->in_count > 0 ? "in" : "out",
			    "%u lines; expected at most %d, and the others in a second "
			    "device of this chip",
			    lines, GPIO_LINES_MAX);
	}
}

/* An offset has digits only; -1 otherwise. */
static long parse_offset(const char *text)
{
	long offset = 0;

	for (; *text; text++) {
		if (*text < '0' || *text > '9' || offset > UINT16_MAX) {
			return -1;
		}
		offset = 10 * offset + (*text - '0');
	}
	return offset;
}

static int missing_line(const struct gpio_chip_info *chip, const char *name,
			struct err *err)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (unsigned i = 0; i < chip->line_count; i++) {
		if (chip->lines[i].name[0] != '\0') {
			suggest_offer(&suggest, chip->lines[i].name);
		}
	}
	if (suggest.best) {
		return err_set(err, -ENOENT,
			       "%s has no line named '%s'; did you mean '%s'?",
			       chip->name, name, suggest.best);
	}
	return err_set(err, -ENOENT,
		       "%s has no line named '%s'; gpioinfo lists its lines", chip->name,
		       name);
}

static int find_by_name(const struct gpio_chip_info *chip, const char *name,
			uint32_t *ret_offset, struct err *err)
{
	int found = -1;

	for (unsigned i = 0; i < chip->line_count; i++) {
		if (strcmp(chip->lines[i].name, name) != 0) {
			continue;
		}
		if (found >= 0) {
			return err_set(err, -EINVAL,
				       "'%s' is the name of lines %d and %u of %s; "
				       "expected an offset",
				       name, found, i, chip->name);
		}
		found = (int)i;
	}
	if (found < 0) {
		return missing_line(chip, name, err);
	}
	*ret_offset = (uint32_t)found;
	return 0;
}

static int find_line(const struct gpio_chip_info *chip, const char *text,
		     uint32_t *ret_offset, struct err *err)
{
	long offset = parse_offset(text);

	if (offset < 0) {
		return find_by_name(chip, text, ret_offset, err);
	}
	if ((unsigned long)offset >= chip->line_count) {
		return err_set(err, -ENOENT, "%s has no line %s; it has lines 0 to %u",
			       chip->name, text, chip->line_count - 1);
	}
	*ret_offset = (uint32_t)offset;
	return 0;
}

static struct gpio_line *line_at(struct gpio_lines *lines, uint32_t offset)
{
	for (unsigned i = 0; i < lines->count; i++) {
		if (lines->lines[i].offset == offset) {
			return &lines->lines[i];
		}
	}
	return NULL;
}

static int add_line(struct gpio_lines *lines, uint32_t offset,
		    struct gpio_line **ret_line, struct err *err)
{
	if (lines->count == GPIO_LINES_MAX) {
		return err_set(err, -E2BIG,
			       "more than %d lines; put others into a second device of "
			       "this chip",
			       GPIO_LINES_MAX);
	}
	*ret_line = &lines->lines[lines->count++];
	**ret_line = (struct gpio_line){
		.offset = offset,
		.level_at = -1,
		.count_at = -1,
		.out_at = -1,
	};
	return 0;
}

/* The same line by its name and by its offset shows only here. */
static int join_line(const struct device_spec *spec, unsigned index,
		     const struct gpio_line *line, struct err *err)
{
	int other = line->level_at >= 0 ? line->level_at : line->count_at;
	const struct gpio_channel_options *options = options_of(&spec->in[index]);
	const char *why = conflict(options_of(&spec->in[other]), options);

	if (!why && (options->is_count ? line->count_at : line->level_at) >= 0) {
		other = options->is_count ? line->count_at : line->level_at;
		why = conflict(options_of(&spec->in[other]), options);
	}
	return why ? err_set(err, -EINVAL, "channel '%s': line %u: channel '%s' %s",
			     spec->in[index].name, line->offset, spec->in[other].name,
			     why)
		   : 0;
}

static int add_channel(const struct device_spec *spec, unsigned index,
		       const struct gpio_chip_info *chip, struct gpio_lines *lines,
		       struct err *err)
{
	const struct gpio_channel_options *options = options_of(&spec->in[index]);
	struct gpio_line *line;
	uint32_t offset = 0;
	int rc = find_line(chip, options->line, &offset, err);

	if (rc) {
		return rc;
	}
	line = line_at(lines, offset);
	rc = line ? join_line(spec, index, line, err)
		  : add_line(lines, offset, &line, err);
	if (rc) {
		return rc;
	}
	line->options = line->options ? line->options : options;
	if (options->is_count) {
		line->count_at = (int)index;
		line->edge = options->edge;
		lines->has_counts = true;
	} else {
		line->level_at = (int)index;
		lines->level_mask |= UINT64_C(1) << (line - lines->lines);
	}
	return 0;
}

static int add_output(const struct device_spec *spec, unsigned index,
		      const struct gpio_chip_info *chip, struct gpio_lines *lines,
		      struct err *err)
{
	const struct gpio_output_options *options = output_of(&spec->out[index]);
	struct gpio_line *line = NULL;
	uint32_t offset = 0;
	int rc = find_line(chip, options->line, &offset, err);

	if (rc) {
		return rc;
	}
	if (line_at(lines, offset)) {
		return err_set(err, -EINVAL,
			       "channel '%s': line %u has another channel already; "
			       "expected one for a line that is driven",
			       spec->out[index].name, offset);
	}
	rc = add_line(lines, offset, &line, err);
	if (rc == 0) {
		line->output = options;
		line->out_at = (int)index;
		lines->out_mask |= UINT64_C(1) << (line - lines->lines);
	}
	return rc;
}

/* They were added last. */
static void leave_out_outputs(struct gpio_lines *lines)
{
	lines->count -= (unsigned)__builtin_popcountll(lines->out_mask);
	lines->out_mask = 0;
}

int gpio_lines_resolve(const struct device_spec *spec, bool is_dry,
		       const struct gpio_chip_info *chip, struct gpio_lines *ret_lines,
		       struct err *err)
{
	struct gpio_lines lines = { .count = 0 };
	int rc = 0;

	for (unsigned i = 0; i < spec->in_count && rc == 0; i++) {
		rc = add_channel(spec, i, chip, &lines, err);
	}
	for (unsigned i = 0; i < spec->out_count && rc == 0; i++) {
		rc = add_output(spec, i, chip, &lines, err);
	}
	if (is_dry) {
		leave_out_outputs(&lines);
	}
	if (rc == 0) {
		*ret_lines = lines;
	}
	return rc;
}

static void name_line(char *text, size_t bytes, uint32_t offset, const char *name)
{
	if (name[0] != '\0') {
		snprintf(text, bytes, "line %u '%s'", offset, name);
	} else {
		snprintf(text, bytes, "line %u", offset);
	}
}

int gpio_lines_busy(const struct gpio_lines *lines, const struct gpio_chip_info *chip,
		    struct err *err)
{
	unsigned held = 0;
	const struct gpio_line_info *first = NULL;
	char text[2 * GPIO_MAX_NAME_SIZE];
	char others[32] = "";

	for (unsigned i = 0; i < lines->count; i++) {
		uint32_t offset = lines->lines[i].offset;
		const struct gpio_line_info *info = &chip->lines[offset];

		if (info->is_used && held++ == 0) {
			first = info;
			name_line(text, sizeof(text), offset, info->name);
		}
	}
	if (!first) {
		return err_set(err, -EBUSY, "%s: a line is held by another program",
			       chip->name);
	}
	if (held > 1) {
		snprintf(others, sizeof(others), ", and %u more are held", held - 1);
	}
	return err_set(err, -EBUSY, "%s: %s is held by '%s'%s", chip->name, text,
		       first->consumer[0] != '\0' ? first->consumer : "?", others);
}
