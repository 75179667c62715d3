/* The reference as the manual page rtloop.yaml(5). */
#include <stdbool.h>
#include <string.h>

#include "rtloop/cmd/reference.h"
#include "rtloop/cmd/roff.h"

static const char description[] =
	"A configuration of rtloop is one file in YAML, at most 1 MiB. It is data and "
	"nothing more: anchors, aliases, tags and duplicate keys are refused, and so is "
	"every key that this page does not name. rtloop check FILE reads one without "
	"touching a device, and tells of every mistake at once, with its line and "
	"column.\n"
	"\n"
	"Durations are written with their unit (ns, us, ms, s, min, h), sizes with "
	"theirs "
	"(B, KiB, MiB, GiB) or as a plain number of bytes. In bytes, an escape such as "
	"\"\\xff\" is one byte. A relative path starts at the folder of the file. A "
	"channel "
	"is named by its device and itself: probe.temp.\n"
	"\n"
	"Below, group.key is a key of the mapping group.";

static const char example[] =
	"name: oven\n"
	"loop: { period: 1ms, cpu: 3 }\n"
	"log: { dir: /var/lib/rtloop, rotate: 100MiB, keep: 2GiB }\n"
	"devices:\n"
	"  wind:\n"
	"    driver: serial\n"
	"    path: /dev/serial/by-id/usb-FTDI_wind-if00-port0\n"
	"    baud: 4800\n"
	"    frame: { kind: line, match: \"$WIMWV,\", checksum: nmea }\n"
	"    max_age: 1s\n"
	"    in:\n"
	"      angle: { column: 1, unit: deg }\n"
	"      speed: { column: 3, unit: m/s }\n";

/* "duration, 20us to 60s; default 1ms. How long ..." */
static void print_row(FILE *out, const struct row_walk *walk, const struct option *row)
{
	struct words words = { .length = 0 };

	row_walk_path(walk, row, &words);
	fputs(".TP\n.B ", out);
	roff_print(out, words.text);
	fputc('\n', out);
	words.length = 0;
	describe_value(&words, row);
	if (row->is_required) {
		words_add(&words, "; required");
	} else if (row->fallback) {
		words_add(&words, "; default ");
		reference_fallback(&words, row);
	}
	roff_print_text(out, words.text);
	fputs(".br\n", out);
	roff_print_text(out, row->help);
}

static void print_rows(FILE *out, const struct option *rows, bool is_flat)
{
	const struct option *row;
	struct row_walk walk;

	row_walk_init(&walk, rows, is_flat);
	while ((row = row_walk_next(&walk))) {
		print_row(out, &walk, row);
	}
}

static void print_heading(FILE *out, const char *name, const char *title)
{
	fprintf(out, ".SS \"%s: ", name);
	roff_print(out, title);
	fputs("\"\n", out);
}

/* Only where there are any. */
static void print_keys(FILE *out, const char *title, const struct option *rows)
{
	if (rows && rows->name) {
		fputs(".PP\n", out);
		roff_print_text(out, title);
		print_rows(out, rows, false);
	}
}

static void print_driver(FILE *out, const struct driver *driver)
{
	print_heading(out, driver->name, driver->summary);
	roff_print_text(out, driver->description);
	print_keys(out, "Keys, besides those of every device:", driver->options);
	print_keys(
		out,
		"Keys of each channel of \"in\", besides those of every input channel:",
		driver->in_options);
	print_keys(
		out,
		"Keys of each channel of \"out\", besides those of every output channel:",
		driver->out_options);
	fputs(".PP\nExample, below \"devices:\":\n", out);
	roff_print_example(out, driver->example);
}

void man_print_reference(FILE *out)
{
	const struct reference_part *part;
	const struct driver *driver;

	roff_print_header(out, "RTLOOP.YAML", 5, "File Formats");
	fputs(".SH NAME\nrtloop.yaml \\- configuration of the real\\-time controller "
	      "rtloop\n"
	      ".SH SYNOPSIS\n.I /etc/rtloop/NAME.yaml\n.SH DESCRIPTION\n",
	      out);
	roff_print_text(out, description);
	fputs(".SH EXAMPLE\n", out);
	roff_print_example(out, example);
	fputs(".SH KEYS\n", out);
	for (unsigned i = 0; (part = reference_part_at(i)); i++) {
		print_heading(out, part->name, part->title);
		print_rows(out, part->rows, part->is_flat);
	}
	fputs(".SH DRIVERS\n", out);
	for (unsigned i = 0; (driver = driver_at(i)); i++) {
		print_driver(out, driver);
	}
	fputs(".SH FILES\n.TP\n.I /etc/rtloop/NAME.yaml\n"
	      "what the service rtloop@NAME.service runs\n"
	      ".SH SEE ALSO\n.BR rtloop (1)\n",
	      out);
}
