/* The reference for a terminal, and what both its forms need. */
#include "rtloop/cmd/reference.h"

#include <assert.h>
#include <string.h>

#include "drivers/spec.h"
#include "drivers/spec_channel.h"
#include "rtloop/cmd/help.h"
#include "rtloop/setup.h"

/* Where values stand: to the right of most keys. */
#define VALUE_COLUMN 20
#define COLUMNS	     79

static const struct reference_part parts[] = {
	{ "file", "the top of a configuration file", setup_rows, true },
	{ "loop", "how the cycle runs", loop_rows, false },
	{ "log", "where the log goes", log_rows, false },
	{ "device", "keys of every device", spec_device_rows, false },
	{ "channel", "keys of every input channel", spec_channel_rows, false },
	{ "output", "keys of every output channel", spec_output_rows, false },
	{ "param", "keys of every param", logic_param_rows, false },
	{ "var", "keys of a var that is written as a mapping", logic_var_rows, false },
	{ "plugin", "keys of every plugin", logic_plugin_rows, false },
};

const struct reference_part *reference_part_at(unsigned index)
{
	return index < ARRAY_SIZE(parts) ? &parts[index] : NULL;
}

void row_walk_init(struct row_walk *walk, const struct option *rows, bool is_flat)
{
	*walk = (struct row_walk){ .at = { rows }, .is_flat = is_flat };
}

const struct option *row_walk_next(struct row_walk *walk)
{
	const struct option *row;

	while (!walk->at[walk->next_depth]->name) {
		if (walk->next_depth == 0) {
			return NULL;
		}
		walk->next_depth--;
	}
	walk->depth = walk->next_depth;
	row = walk->at[walk->depth]++;
	if (row->type == OPTION_GROUP && !walk->is_flat) {
		walk->next_depth++;
		assert(walk->next_depth < REFERENCE_DEPTH_MAX);
		walk->at[walk->next_depth] = row->rows;
	}
	return row;
}

const struct option *row_walk_group(const struct row_walk *walk, unsigned level)
{
	/* Each level has already stepped past the row whose group is open. */
	return walk->at[level] - 1;
}

void row_walk_path(const struct row_walk *walk, const struct option *row,
		   struct words *words)
{
	for (unsigned level = 0; level < walk->depth; level++) {
		words_add(words, "%s.", row_walk_group(walk, level)->name);
	}
	words_add(words, "%s", row->name);
}

void reference_fallback(struct words *words, const struct option *row)
{
	const char *quote = row->type == OPTION_BYTES ? "\"" : "";

	words_add(words, "%s", quote);
	describe_text(words, row->fallback, strlen(row->fallback));
	words_add(words, "%s", quote);
}

static void print_row(FILE *out, const struct option *row, unsigned depth)
{
	struct words value = { .length = 0 };
	int indent = 2 + 2 * (int)depth;

	describe_value(&value, row);
	if (row->is_required) {
		words_add(&value, "; required");
	} else if (row->fallback) {
		words_add(&value, "; default ");
		reference_fallback(&value, row);
	}
	if (value.length > COLUMNS - VALUE_COLUMN) {
		fprintf(out, "%*s%s\n", indent, "", row->name);
		help_print_text(out, value.text, VALUE_COLUMN);
	} else {
		fprintf(out, "%*s%-*s %s\n", indent, "", VALUE_COLUMN - 1 - indent,
			row->name, value.text);
	}
	help_print_text(out, row->help, VALUE_COLUMN);
}

static void print_rows(FILE *out, const struct option *rows, bool is_flat)
{
	const struct option *row;
	struct row_walk walk;

	row_walk_init(&walk, rows, is_flat);
	while ((row = row_walk_next(&walk))) {
		print_row(out, row, walk.depth);
	}
}

void reference_print_part(FILE *out, const struct reference_part *part)
{
	fprintf(out, "%s: %s\n\n", part->name, part->title);
	print_rows(out, part->rows, part->is_flat);
}

/* As lines that help_print_text() leaves as they are. */
static void print_example(FILE *out, const char *example)
{
	while (*example) {
		size_t bytes = strcspn(example, "\n");

		fprintf(out, "%s%.*s\n", bytes > 0 ? "  " : "", (int)bytes, example);
		example += bytes + (example[bytes] == '\n');
	}
}

void reference_print_driver(FILE *out, const struct driver *driver)
{
	fprintf(out, "%s: %s\n\n", driver->name, driver->summary);
	help_print_text(out, driver->description, 0);
	fprintf(out,
		"\nKeys, besides those of every device (rtloop drivers device):\n\n");
	print_rows(out, driver->options, false);
	if (driver->in_options) {
		fprintf(out, "\nKeys of each channel of \"in\", besides those of every "
			     "channel\n(rtloop drivers channel):\n\n");
		print_rows(out, driver->in_options, false);
	}
	if (driver->out_options) {
		fprintf(out, "\nKeys of each channel of \"out\", besides those of every "
			     "output\n(rtloop drivers output):\n\n");
		print_rows(out, driver->out_options, false);
	}
	fprintf(out, "\nExample, below \"devices:\":\n\n");
	print_example(out, driver->example);
}
