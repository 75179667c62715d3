/* The reference as Markdown, for docs/reference.md. */
#include <string.h>

#include "rtloop/cmd/help.h"
#include "rtloop/cmd/reference.h"

/* Text that Markdown would take for its own. */
static void print_escaped(FILE *out, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		if (strchr("\\*<|`[", text[i])) {
			fputc('\\', out);
		}
		fputc(text[i], out);
	}
}

/* Within a code span only the bar between columns means something else. */
static void print_code(FILE *out, const char *text)
{
	fputc('`', out);
	for (; *text; text++) {
		fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
	}
	fputc('`', out);
}

/* A paragraph's lines; a line that begins with a space is an example. */
static void print_text(FILE *out, const char *text)
{
	while (*text) {
		size_t bytes = strcspn(text, "\n");

		if (*text == ' ') {
			fprintf(out, "    %.*s", (int)bytes, text);
		} else {
			print_escaped(out, text, bytes);
		}
		fputc('\n', out);
		text += bytes + (text[bytes] == '\n');
	}
}

static void print_key(FILE *out, const struct row_walk *walk, const struct option *row)
{
	struct words path = { .length = 0 };

	row_walk_path(walk, row, &path);
	print_code(out, path.text);
}

static void print_fallback(FILE *out, const struct option *row)
{
	struct words words = { .length = 0 };

	if (row->is_required) {
		fprintf(out, "required");
	} else if (row->fallback) {
		reference_fallback(&words, row);
		print_code(out, words.text);
	}
}

static void print_rows(FILE *out, const struct option *rows, bool is_flat)
{
	const struct option *row;
	struct row_walk walk;

	fprintf(out, "| Key | Value | Default | Meaning |\n|---|---|---|---|\n");
	row_walk_init(&walk, rows, is_flat);
	while ((row = row_walk_next(&walk))) {
		struct words value = { .length = 0 };

		fprintf(out, "| ");
		print_key(out, &walk, row);
		fprintf(out, " | ");
		describe_value(&value, row);
		print_escaped(out, value.text, value.length);
		fprintf(out, " | ");
		print_fallback(out, row);
		fprintf(out, " | ");
		print_escaped(out, row->help, strlen(row->help));
		fprintf(out, " |\n");
	}
}

void markdown_print_part(FILE *out, const struct reference_part *part)
{
	fprintf(out, "## `%s`: %s\n\n", part->name, part->title);
	print_rows(out, part->rows, part->is_flat);
}

static void print_example(FILE *out, const char *example)
{
	size_t bytes = strlen(example);

	fprintf(out, "\n### Example of `devices`\n\n```yaml\n%s%s```\n", example,
		bytes > 0 && example[bytes - 1] == '\n' ? "" : "\n");
}

void markdown_print_driver(FILE *out, const struct driver *driver)
{
	fprintf(out, "## Driver `%s`: %s\n\n", driver->name, driver->summary);
	print_text(out, driver->description);
	fprintf(out, "\n### Keys of a device with `driver: %s`\n\n", driver->name);
	print_rows(out, driver->options, false);
	if (driver->in_options) {
		fprintf(out, "\n### Keys of each channel of its `in`\n\n");
		print_rows(out, driver->in_options, false);
	}
	if (driver->out_options) {
		fprintf(out, "\n### Keys of each channel of its `out`\n\n");
		print_rows(out, driver->out_options, false);
	}
	print_example(out, driver->example);
}

void markdown_print_reference(FILE *out)
{
	const struct reference_part *part;
	const struct driver *driver;

	fprintf(out,
		"# Reference of the configuration\n\n"
		"<!-- Written by `rtloop drivers --markdown`: do not edit. -->\n\n"
		"Every key that a configuration file may hold. `group.key` is a key of "
		"the "
		"mapping\n`group`. Durations are written with their unit (`ns`, `us`, "
		"`ms`, "
		"`s`, `min`, `h`), sizes\nwith theirs (`B`, `KiB`, `MiB`, `GiB`) or as a "
		"plain number of bytes. In bytes, an escape\nsuch as `\"\\xff\"` is one "
		"byte. "
		"A relative path starts at the folder of the file.\n");
	for (unsigned i = 0; (part = reference_part_at(i)); i++) {
		fputc('\n', out);
		markdown_print_part(out, part);
	}
	fputc('\n', out);
	help_print_program_markdown(out);
	for (unsigned i = 0; (driver = driver_at(i)); i++) {
		fputc('\n', out);
		markdown_print_driver(out, driver);
	}
}
