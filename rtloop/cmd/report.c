/* rtloop report: how good the timing of a run was, from its logs alone. */
#include "rtloop/cmd/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/value.h"
#include "rtloop/base/sys.h"
#include "rtloop/cmd/clean.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/half_file.h"
#include "rtloop/cmd/log_time.h"
#include "rtloop/cmd/same_file.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/cmd/version.h"

/* A file that is nothing but damage would fill the screen. */
#define PROBLEMS_SHOWN 20
#define OVERRUNS_SHOWN 10

static int run_report(const struct command *command, int argc, char **argv);

enum {
	OPTION_JSON,
	OPTION_PLOT,
	OPTION_OVERRUNS,
	OPTION_FROM,
	OPTION_TO,
	OPTIONS,
};

static const struct command_option report_option_rows[] = {
	[OPTION_JSON] = { 0, "json", "FILE",
			  "write the report as JSON, too; - is stdout, in place of the "
			  "text" },
	[OPTION_PLOT] = { 0, "plot", "DIR",
			  "draw latency, busy time and the course of the run; needs "
			  "gnuplot" },
	[OPTION_OVERRUNS] = { 0, "overruns", "N",
			      "print the N overruns that ended latest after their "
			      "release (10), or all" },
	[OPTION_FROM] = { 0, "from", "TIME", "report from this time on" },
	[OPTION_TO] = { 0, "to", "TIME", "report up to, and without, this time" },
	[OPTIONS] = { 0, NULL, NULL, NULL },
};

const struct command command_report = {
	.name = "report",
	.arguments = "LOG...",
	.summary = "say from logs how good the timing was",
	.description = "Reads logs and reports what they tell of the timing: how wake-up "
		       "latency, busy time and "
		       "each phase of the cycle were distributed; overruns, with the "
		       "cycles and events around "
		       "each; gaps; how often each device brought something, and how old "
		       "it was; events by kind; "
		       "and how sure one can be of the worst case that was seen.\n\n"
		       "Several LOGs of one run, as rotation leaves them, are one run, "
		       "in any order; several runs "
		       "are reported one after the other. A log that is damaged or was "
		       "not closed is reported as "
		       "far as it goes, which is said, and the exit status is 1.\n\n"
		       "TIME is seconds since the earliest log's start (12.5, or with a "
		       "unit: 500ms, 90s, 2min, "
		       "1h) or a date: 2026-02-01T12:00:00.5Z, local time without an "
		       "offset from UTC.\n\n"
		       "--plot makes DIR where it is not there, and leaves in it "
		       "latency.png, busy.png, "
		       "timeline.png, each as .svg too, and the data that they are drawn "
		       "from. Of several runs the "
		       "latencies are in one picture.\n\n"
		       "docs/report.md explains how to read it all, docs/report-json.md "
		       "the JSON.",
	.options = report_option_rows,
	.exits = "0  done\n"
		 "1  a log is damaged or not complete, or something could not be read or "
		 "written\n"
		 "2  the command line is wrong",
	.run = run_report,
};

struct report_request {
	const char *json_path;
	const char *plot_folder;
	const char *from;
	const char *to;
	unsigned shown; /* overruns, at most */
	bool shows_all;
	char **paths;
	unsigned path_count;
};

struct reporter {
	const struct command *command;
	const struct report_request *request;
	struct report_sources sources;
	struct report_span span;
	struct report_listener listener;
	struct progress progress;
	uint64_t done_bytes; /* of the runs before */
	uint64_t told;	     /* problems */
	bool has_text;
	FILE *json_file; /* NULL: none */
	struct json json;
	bool has_plots;
	struct report_plots plots;
	const struct report_summary *summary; /* of the run being reported */
	int status;
};

/* --- the command line ---------------------------------------------------------------------------- */

static int set_shown(const struct command *command, struct report_request *request,
		     const char *argument)
{
	int64_t count;

	if (strcmp(argument, "all") == 0) {
		request->shows_all = true;
		return EXIT_OK;
	}
	if (value_parse_int(argument, &count) || count < 0 || count > REPORT_WORST_MAX) {
		return command_wrong(command,
				     "--overruns is '%s'; expected 0 to %d, or all",
				     argument, REPORT_WORST_MAX);
	}
	request->shown = (unsigned)count;
	request->shows_all = false;
	return EXIT_OK;
}

static int take_option(const struct command *command, int option, const char *argument,
		       void *context)
{
	struct report_request *request = context;

	switch (option) {
	case OPTION_JSON:
		request->json_path = argument;
		break;
	case OPTION_PLOT:
		request->plot_folder = argument;
		break;
	case OPTION_OVERRUNS:
		return set_shown(command, request, argument);
	case OPTION_FROM:
		request->from = argument;
		break;
	case OPTION_TO:
		request->to = argument;
		break;
	}
	return EXIT_OK;
}

/* The cycles of a log that is given twice would count twice. */
static int check_paths(const struct command *command,
		       const struct report_request *request)
{
	for (unsigned i = 1; i < request->path_count; i++) {
		if (same_file_among(request->paths[i], request->paths, i)) {
			return command_wrong(command, "'%s' is given twice",
					     request->paths[i]);
		}
	}
	return EXIT_OK;
}

static int parse_options(const struct command *command, int argc, char **argv,
			 struct report_request *request)
{
	int status = command_options(command, argc, argv, take_option, request);

	if (status != EXIT_OK) {
		return status;
	}
	request->paths = argv + optind;
	request->path_count = (unsigned)(argc - optind);
	if (request->path_count == 0) {
		return command_wrong(command, "takes at least one LOG");
	}
	return check_paths(command, request);
}

static int parse_span(struct reporter *reporter)
{
	const struct report_request *request = reporter->request;

	return log_time_parse_span(reporter->command, request->from, request->to,
				   reporter->sources.start_ns, &reporter->span.from_ns,
				   &reporter->span.to_ns);
}

/* --- what is said on the way --------------------------------------------------------------------- */

static int fail(struct reporter *reporter, const struct err *err)
{
	progress_end(&reporter->progress);
	fprintf(stderr, "rtloop report: %s\n", err->text);
	return EXIT_FAILED;
}

static void tell_problem(void *context, const char *path, uint64_t offset,
			 const char *text)
{
	struct reporter *reporter = context;

	if (++reporter->told > PROBLEMS_SHOWN) {
		return;
	}
	progress_end(&reporter->progress);
	fprintf(stderr, "%s: byte %" PRIu64 ": ", path, offset);
	clean_print(stderr, text);
	fputc('\n', stderr);
}

static void tell_progress(void *context, uint64_t done_bytes)
{
	struct reporter *reporter = context;

	progress_show(&reporter->progress, reporter->done_bytes + done_bytes,
		      reporter->sources.bytes, sys_now());
}

/* --- a run --------------------------------------------------------------------------------------- */

static int take_overrun(void *context, const struct report_overrun *overrun)
{
	struct reporter *reporter = context;
	uint64_t cycle = report_overrun_cycle(overrun)->cycle;

	if (reporter->has_text && (reporter->request->shows_all ||
				   report_summary_is_worst(reporter->summary, cycle))) {
		report_text_overrun(stdout, reporter->summary, overrun);
	}
	if (reporter->json_file) {
		report_json_overrun(&reporter->json, reporter->summary, overrun);
	}
	return 0;
}

static int report_overruns(struct reporter *reporter, struct err *err)
{
	const struct report_request *request = reporter->request;
	const struct report_summary *summary = reporter->summary;
	uint64_t shown = request->shows_all ? summary->overruns : summary->worst_count;

	if (reporter->has_text) {
		report_text_overruns(stdout, summary, shown);
	}
	if (!reporter->json_file && (!reporter->has_text || shown == 0)) {
		return 0;
	}
	return report_overruns_read(summary, take_overrun, reporter, &reporter->listener,
				    err);
}

static int write_run(struct reporter *reporter, unsigned index, struct err *err)
{
	unsigned all = reporter->sources.run_count;
	int code;

	progress_end(&reporter->progress);
	if (reporter->has_text) {
		report_text_summary(stdout, reporter->summary, index + 1, all);
	}
	if (reporter->json_file) {
		report_json_begin_run(&reporter->json, reporter->summary);
	}
	code = report_overruns(reporter, err);
	if (reporter->json_file) {
		report_json_end_run(&reporter->json);
	}
	return code;
}

/* Without its pictures a report is still one; so are those of the runs that follow. */
static void plot_run(struct reporter *reporter)
{
	struct err err;

	if (reporter->has_plots && report_plots_add(&reporter->plots, reporter->summary,
						    reporter->sources.run_count, &err)) {
		reporter->status = fail(reporter, &err);
	}
}

static int report_run(struct reporter *reporter, unsigned index)
{
	const struct report_run_files *run = &reporter->sources.runs[index];
	struct report_summary *summary;
	struct err err;
	int code = report_summary_create(&summary, run, &reporter->span,
					 reporter->request->shown, &reporter->listener,
					 &err);

	if (code) {
		return fail(reporter, &err);
	}
	if (!report_summary_is_whole(summary)) {
		reporter->status = EXIT_FAILED;
	}
	reporter->summary = summary;
	code = write_run(reporter, index, &err);
	plot_run(reporter);
	for (unsigned i = 0; i < run->count; i++) {
		reporter->done_bytes += run->files[i].bytes;
	}
	report_summary_destroy(summary);
	return code ? fail(reporter, &err) : EXIT_OK;
}

/* --- all runs ------------------------------------------------------------------------------------ */

static int open_json(struct reporter *reporter)
{
	const char *path = reporter->request->json_path;
	bool is_stdout = path && strcmp(path, "-") == 0;
	struct err err;

	reporter->has_text = !is_stdout;
	if (!path) {
		return EXIT_OK;
	}
	/* To write over what is being read would end badly. */
	if (!is_stdout && same_file_among(path, reporter->request->paths,
					  reporter->request->path_count)) {
		return command_wrong(reporter->command, "'%s' is one of the logs", path);
	}
	reporter->json_file = is_stdout ? stdout : fopen(path, "we");
	if (!reporter->json_file) {
		err_set_errno(&err, -errno, "cannot write the report %s", path);
		return fail(reporter, &err);
	}
	reporter->json.out = reporter->json_file;
	json_begin(&reporter->json, NULL, '{');
	json_text(&reporter->json, "version", version_text());
	json_begin(&reporter->json, "runs", '[');
	return EXIT_OK;
}

/* Half a report is none: it is not left behind where it failed. */
static int close_json(struct reporter *reporter, int status)
{
	const char *path = reporter->request->json_path;
	FILE *out = reporter->json_file;
	bool has_failed;
	struct err err;

	if (!out) {
		return status;
	}
	json_end(&reporter->json, ']');
	json_end(&reporter->json, '}');
	has_failed = ferror(out) != 0 || fflush(out) != 0;
	if (out != stdout && fclose(out)) {
		has_failed = true;
	}
	if (has_failed) {
		err_set_errno(&err, errno ? -errno : -EIO, "cannot write the report %s",
			      path);
		status = fail(reporter, &err);
	}
	if (status != EXIT_OK && out != stdout) {
		half_file_remove(path);
	}
	return status;
}

static int open_plots(struct reporter *reporter)
{
	struct err err;

	if (!reporter->request->plot_folder) {
		return EXIT_OK;
	}
	if (report_plots_open(&reporter->plots, reporter->request->plot_folder, &err)) {
		return fail(reporter, &err);
	}
	reporter->has_plots = true;
	return EXIT_OK;
}

static int close_plots(struct reporter *reporter, int status)
{
	struct err err;

	if (reporter->has_plots && report_plots_close(&reporter->plots, &err) &&
	    status == EXIT_OK) {
		return fail(reporter, &err);
	}
	return status;
}

static int report_all(struct reporter *reporter)
{
	int status = EXIT_OK;

	for (unsigned i = 0; i < reporter->sources.run_count && status == EXIT_OK; i++) {
		status = report_run(reporter, i);
	}
	progress_end(&reporter->progress);
	if (reporter->told > PROBLEMS_SHOWN) {
		fprintf(stderr, "and %" PRIu64 " further problems\n",
			reporter->told - PROBLEMS_SHOWN);
	}
	status = close_json(reporter, status);
	return close_plots(reporter, status);
}

static int open_sources(struct reporter *reporter)
{
	const struct report_request *request = reporter->request;
	struct err err;

	if (report_sources_open(&reporter->sources, request->paths, request->path_count,
				&err)) {
		return fail(reporter, &err);
	}
	return EXIT_OK;
}

static int run_report(const struct command *command, int argc, char **argv)
{
	struct report_request request = { .shown = OVERRUNS_SHOWN };
	struct reporter reporter = {
		.command = command,
		.request = &request,
		.listener = { .problem = tell_problem,
			      .progress = tell_progress,
			      .context = &reporter },
	};
	int status = parse_options(command, argc, argv, &request);

	if (status != EXIT_OK) {
		return status < 0 ? EXIT_OK : status;
	}
	progress_init(&reporter.progress, stderr, "reading the log", sys_now());
	status = open_sources(&reporter);
	if (status != EXIT_OK) {
		return status;
	}
	status = parse_span(&reporter);
	status = status == EXIT_OK ? open_json(&reporter) : status;
	status = status == EXIT_OK ? open_plots(&reporter) : status;
	status = status == EXIT_OK ? report_all(&reporter) : status;
	report_sources_close(&reporter.sources);
	return status == EXIT_OK ? reporter.status : status;
}
