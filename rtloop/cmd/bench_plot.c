/* Pictures of what a bench measured, drawn by gnuplot from data that are left beside them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rtloop/base/time.h"
#include "rtloop/bench/reader.h"
#include "rtloop/cmd/bench.h"
#include "rtloop/cmd/gnuplot.h"

#define NAME_BYTES 64

struct plot {
	const struct bench_result *result;
	const char *folder;
	char *scripts; /* owned: where they are */
};

static FILE *create(const struct plot *plot, const char *name, struct err *err)
{
	char *path = NULL;
	FILE *out = NULL;

	if (asprintf(&path, "%s/%s", plot->folder, name) >= 0) {
		out = fopen(path, "we");
		free(path);
	}
	if (!out) {
		err_set_errno(err, -errno, "%s/%s", plot->folder, name);
	}
	return out;
}

static int finish(const struct plot *plot, FILE *out, const char *name, struct err *err)
{
	bool has_failed = ferror(out) != 0 || fflush(out) != 0;

	has_failed |= fclose(out) != 0;
	return has_failed ? err_set_errno(err, -EIO, "%s/%s", plot->folder, name) : 0;
}

static int draw(const struct plot *plot, const char *script, const char *name,
		const char *title, struct err *err)
{
	static const char *const endings[] = { "png", "svg" };
	char output[NAME_BYTES], data[NAME_BYTES];
	const char *const arguments[] = { output, data, title, NULL };
	char *path = NULL;
	int code = 0;

	if (asprintf(&path, "%s/%s", plot->scripts, script) < 0) {
		return err_set(err, -ENOMEM, "no memory for a picture");
	}
	snprintf(data, sizeof(data), "%s.dat", name);
	for (unsigned i = 0; i < ARRAY_SIZE(endings) && code == 0; i++) {
		snprintf(output, sizeof(output), "%s.%s", name, endings[i]);
		code = gnuplot_draw(plot->folder, path, arguments, err);
	}
	free(path);
	return code;
}

/* --- a bar for each row -------------------------------------------------------------------------------- */

static void print_name(FILE *out, enum bench_part part, const struct row *row)
{
	char title[ROW_TITLE_BYTES];

	fputs(row_title(row, title, sizeof(title)), out);
	if (part == PART_CYCLES) {
		fprintf(out, ", %u of %u", row->ready, row->endpoints);
	} else if (part == PART_WRITERS && strcmp(row->sync, "none") != 0) {
		fprintf(out, ", %s", row->sync);
	}
}

static int draw_bars(const struct plot *plot, enum bench_part part, struct err *err)
{
	const struct table *table = &plot->result->bench->tables[part];
	char data[NAME_BYTES];
	unsigned drawn = 0;
	FILE *out;
	int code;

	snprintf(data, sizeof(data), "%s.dat", bench_part(part)->name);
	out = create(plot, data, err);
	if (!out) {
		return -EIO;
	}
	fputs("# name, median, p99 and worst in us; parted by tabs\n", out);
	for (unsigned i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		if (row_is_measured(row)) {
			print_name(out, part, row);
			fprintf(out, "\t%.4f\t%.4f\t%.4f\n",
				row->figure.median_ns / (double)NS_PER_US,
				row->figure.p99_ns / (double)NS_PER_US,
				row->figure.worst_ns / (double)NS_PER_US);
			drawn++;
		}
	}
	code = finish(plot, out, data, err);
	return code || drawn == 0 ? code
				  : draw(plot, "bars.gp", bench_part(part)->name,
					 bench_part(part)->title, err);
}

/* --- readers: a line for each, over the number of endpoints --------------------------------------------- */

static bool is_point(const struct row *row, const char *name, bool is_idle)
{
	return row_is_measured(row) && !row->is_of_file && strcmp(row->name, name) == 0 &&
	       (is_idle ? row->ready == 0 : row->ready == row->endpoints);
}

/* Whether it had a point at all. */
static bool print_line(FILE *out, const struct table *table, const char *name,
		       bool is_idle)
{
	bool has_any = false;

	for (unsigned i = 0; i < table->count; i++) {
		const struct row *row = &table->rows[i];

		if (is_point(row, name, is_idle)) {
			fprintf(out, "%s\t%u\t%.4f\n", name, row->endpoints,
				row->figure.median_ns / (double)NS_PER_US);
			has_any = true;
		}
	}
	return has_any;
}

static int draw_lines(const struct plot *plot, const char *base, bool is_idle,
		      const char *title, struct err *err)
{
	const struct table *table = &plot->result->bench->tables[PART_READERS];
	const struct reader_ops *ops;
	char data[NAME_BYTES];
	bool has_any = false;
	FILE *out;
	int code;

	snprintf(data, sizeof(data), "%s.dat", base);
	out = create(plot, data, err);
	if (!out) {
		return -EIO;
	}
	fputs("# name, endpoints, median in us; parted by tabs\n", out);
	for (unsigned i = 0; (ops = reader_at(i)); i++) {
		has_any |= print_line(out, table, ops->name, is_idle);
	}
	code = finish(plot, out, data, err);
	return code || !has_any ? code : draw(plot, "lines.gp", base, title, err);
}

static int draw_all(const struct plot *plot, struct err *err)
{
	static const enum bench_part bars[] = { PART_FLOOR, PART_PACERS, PART_CYCLES,
						PART_WRITERS };
	int code = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(bars) && code == 0; i++) {
		code = draw_bars(plot, bars[i], err);
	}
	code = code ? code
		    : draw_lines(plot, "readers-idle", true,
				 "Readers: nothing to read, median", err);
	return code ? code
		    : draw_lines(plot, "readers-ready", false,
				 "Readers: all have something to read, median", err);
}

int bench_plot_draw(const struct bench_result *result, const char *folder,
		    struct err *err)
{
	struct plot plot = { .result = result, .folder = folder };
	int code = gnuplot_find_scripts(&plot.scripts, err);

	if (code) {
		return code;
	}
	if (mkdir(folder, 0777) && errno != EEXIST) {
		code = err_set_errno(err, -errno, "%s", folder);
	}
	code = code ? code : draw_all(&plot, err);
	free(plot.scripts);
	return code;
}
