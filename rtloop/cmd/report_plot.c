/* Pictures of a run, drawn by gnuplot from data that are left beside them. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "rtloop/base/time.h"
#include "rtloop/cmd/gnuplot.h"
#include "rtloop/cmd/report.h"
#include "rtloop/cmd/timing.h"

#define LATENCY_SERIES "latency.series"
#define NAME_BYTES     64

static char *join(const char *folder, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

/* As PNG and as SVG; where gnuplot has failed it is not asked again. */
static int draw_both(struct report_plots *plots, const char *script, const char *base,
		     const char *data, const char *const *texts, struct err *err)
{
	static const char *const endings[] = { "png", "svg" };
	char *path = join(plots->scripts, script);
	char output[NAME_BYTES];
	int code = path ? 0 : err_set_errno(err, -ENOMEM, "gnuplot");

	for (unsigned i = 0; i < ARRAY_SIZE(endings) && !code && !plots->has_failed;
	     i++) {
		const char *const arguments[] = { output, data, texts[0], texts[1],
						  NULL };

		snprintf(output, sizeof(output), "%s.%s", base, endings[i]);
		code = gnuplot_draw(plots->folder, path, arguments, err);
	}
	plots->has_failed = plots->has_failed || code;
	free(path);
	return code;
}

static FILE *create(const struct report_plots *plots, const char *name, struct err *err)
{
	char *path = join(plots->folder, name);
	FILE *out = path ? fopen(path, "we") : NULL;

	if (!out) {
		err_set_errno(err, path ? -errno : -ENOMEM, "%s/%s", plots->folder, name);
	}
	free(path);
	return out;
}

static int finish(const struct report_plots *plots, FILE *out, const char *name,
		  struct err *err)
{
	bool has_failed = ferror(out) != 0 || fflush(out) != 0;
	int code = has_failed ? -(errno ? errno : EIO) : 0;

	if (fclose(out) && !code) {
		code = -errno;
	}
	return code ? err_set_errno(err, code, "%s/%s", plots->folder, name) : 0;
}

static int write_hist(const struct report_plots *plots, const char *name,
		      const struct hist *hist, struct err *err)
{
	FILE *out = create(plots, name, err);

	if (!out) {
		return -EIO;
	}
	fprintf(out, "# start of the bin in us, how many times\n");
	for (unsigned bin = 0; bin < HIST_BINS; bin++) {
		if (counter_get(&hist->bins[bin]) > 0) {
			fprintf(out, "%" PRIu64 " %" PRIu64 "\n", hist_bin_start(bin),
				counter_get(&hist->bins[bin]));
		}
	}
	return finish(plots, out, name, err);
}

/* A line of a list of series; tabs part its columns, so a name has none. */
static void list_series(FILE *list, const char *file, const char *name,
			const struct hist *hist)
{
	fprintf(list, "%s\t", file);
	for (; *name; name++) {
		fputc((unsigned char)*name < 0x20 || *name == 0x7f ? ' ' : *name, list);
	}
	fprintf(list, "\t%.1f\n", timing_us((int64_t)counter_get(&hist->max_ns)));
}

static int add_series(const struct report_plots *plots, FILE *list, const char *file,
		      const char *name, const struct hist *hist, struct err *err)
{
	int code;

	if (counter_get(&hist->count) == counter_get(&hist->overflow)) {
		return 0; /* nothing that could be drawn */
	}
	code = write_hist(plots, file, hist, err);
	if (!code) {
		list_series(list, file, name, hist);
	}
	return code;
}

/* A name that several runs' files differ in: "busy.dat", or of one of several "busy-2.dat". */
static void name_file(char *name, const struct report_plots *plots, unsigned all,
		      const char *base, const char *ending)
{
	if (all > 1) {
		snprintf(name, NAME_BYTES, "%.40s-%u%s", base, plots->runs, ending);
	} else {
		snprintf(name, NAME_BYTES, "%.40s%s", base, ending);
	}
}

static const char *loop_name(const struct report_summary *summary)
{
	const char *name = summary->run->files[0].loop;

	return name[0] ? name : "rtloop";
}

/* "oven: 9950 cycles in 10.0 s, period 1ms" */
static void make_title(char *title, size_t title_bytes,
		       const struct report_summary *summary)
{
	int64_t period_ns = summary->run->files[0].period_ns;
	char period[32];

	snprintf(title, title_bytes, "%.60s: %" PRIu64 " cycles in %.1f s%s%s",
		 loop_name(summary), summary->reading.cycles.logged,
		 report_summary_seconds(summary), period_ns ? ", period " : "",
		 period_ns ? time_print_duration(period, sizeof(period), period_ns) : "");
}

static int add_latency(struct report_plots *plots, const struct report_summary *summary,
		       unsigned all, struct err *err)
{
	char file[NAME_BYTES], name[REPORT_NAME_BYTES + 32];

	name_file(file, plots, all, "latency", ".dat");
	make_title(plots->title, sizeof(plots->title), summary);
	if (all > 1) {
		snprintf(name, sizeof(name), "run %u, %.60s", plots->runs,
			 loop_name(summary));
	} else {
		snprintf(name, sizeof(name), "%.60s", loop_name(summary));
	}
	return add_series(plots, plots->latency, file, name, &summary->latency, err);
}

static int list_busy(const struct report_plots *plots,
		     const struct report_summary *summary, unsigned all, FILE *list,
		     struct err *err)
{
	const struct report_phases *phases = &summary->reading.phases;
	char file[NAME_BYTES], base[NAME_BYTES];
	int code;

	name_file(file, plots, all, "busy", ".dat");
	code = add_series(plots, list, file, "busy time", &summary->busy, err);
	for (unsigned i = 0; i < phases->count && !code; i++) {
		/* a number, not a name out of a log, makes the file's name */
		snprintf(base, sizeof(base), "phase%u", i + 1);
		name_file(file, plots, all, base, ".dat");
		code = add_series(plots, list, file, phases->names[i],
				  &summary->phases[i], err);
	}
	return code;
}

static int draw_busy(struct report_plots *plots, const struct report_summary *summary,
		     unsigned all, struct err *err)
{
	char series[NAME_BYTES], base[NAME_BYTES], title[PLOT_TITLE_BYTES];
	const char *const texts[] = { title, "busy time and its phases" };
	int code, closed;
	FILE *list;

	name_file(series, plots, all, "busy", ".series");
	list = create(plots, series, err);
	if (!list) {
		return -EIO;
	}
	code = list_busy(plots, summary, all, list, err);
	closed = finish(plots, list, series, code ? NULL : err);
	code = code ? code : closed;
	if (code || counter_get(&summary->busy.count) == 0) {
		return code;
	}
	make_title(title, sizeof(title), summary);
	name_file(base, plots, all, "busy", "");
	return draw_both(plots, "latency.gp", base, series, texts, err);
}

static void write_interval(FILE *out, const struct report_summary *summary, unsigned i)
{
	const struct report_timeline *timeline = &summary->timeline;
	const struct report_interval *interval = &timeline->intervals[i];
	double at_s =
		report_offset_s(summary, timeline->start_ns + i * timeline->interval_ns);

	if (interval->cycles == 0) {
		fprintf(out, "%.9g nan nan 0\n", at_s);
	} else {
		fprintf(out, "%.9g %.3f %.3f %" PRIu64 "\n", at_s,
			timing_us(interval->latency_max_ns),
			timing_us(interval->busy_max_ns), interval->overruns);
	}
}

static int draw_timeline(struct report_plots *plots, const struct report_summary *summary,
			 unsigned all, struct err *err)
{
	const struct report_timeline *timeline = &summary->timeline;
	char data[NAME_BYTES], base[NAME_BYTES], title[PLOT_TITLE_BYTES];
	const char *const texts[] = { title, NULL };
	FILE *out;
	int code;

	name_file(data, plots, all, "timeline", ".dat");
	out = create(plots, data, err);
	if (!out) {
		return -EIO;
	}
	fprintf(out, "# start in s, greatest latency in us, greatest busy time in us, "
		     "overruns\n");
	for (unsigned i = 0; i < timeline->count; i++) {
		write_interval(out, summary, i);
	}
	code = finish(plots, out, data, err);
	if (code || summary->reading.cycles.logged == 0) {
		return code;
	}
	make_title(title, sizeof(title), summary);
	name_file(base, plots, all, "timeline", "");
	return draw_both(plots, "timeline.gp", base, data, texts, err);
}

int report_plots_open(struct report_plots *plots, const char *folder, struct err *err)
{
	int code;

	*plots = (struct report_plots){ .folder = folder };
	code = gnuplot_find_scripts(&plots->scripts, err);
	if (code) {
		return code;
	}
	if (mkdir(folder, 0777) && errno != EEXIST) {
		code = err_set_errno(err, -errno, "%s", folder);
		goto err_free;
	}
	plots->latency = create(plots, LATENCY_SERIES, err);
	if (plots->latency) {
		return 0;
	}
	code = -EIO;
err_free:
	free(plots->scripts);
	return code;
}

int report_plots_add(struct report_plots *plots, const struct report_summary *summary,
		     unsigned all, struct err *err)
{
	int code, later;

	plots->runs++;
	code = add_latency(plots, summary, all, err);
	later = draw_busy(plots, summary, all, code ? NULL : err);
	code = code ? code : later;
	later = draw_timeline(plots, summary, all, code ? NULL : err);
	return code ? code : later;
}

int report_plots_close(struct report_plots *plots, struct err *err)
{
	const char *title =
		plots->runs == 1 ? plots->title : "wake-up latency of several runs";
	const char *const texts[] = { title, NULL };
	bool is_empty = ftell(plots->latency) == 0;
	int code = finish(plots, plots->latency, LATENCY_SERIES, err);

	if (!code && !is_empty) {
		code = draw_both(plots, "latency.gp", "latency", LATENCY_SERIES, texts,
				 err);
	}
	free(plots->scripts);
	return code;
}
