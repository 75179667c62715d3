/* rtloop bench: which way to wait, to read and to write is best on this machine. */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/argument.h"
#include "rtloop/cmd/bench.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/same_file.h"
#include "rtloop/cmd/terminal.h"

#define DURATION_MIN_NS (100 * NS_PER_MS)
#define DURATION_MAX_NS (24 * 3600 * NS_PER_SEC)

static int run_bench(const struct command *command, int argc, char **argv);

enum {
	BENCH_PRIORITY,
	BENCH_INTERVAL,
	BENCH_DURATION,
	BENCH_AFFINITY,
	BENCH_QUIET,
	BENCH_JSON,
	BENCH_PLOT,
	BENCH_LOG_DIR,
};

static const struct command_option bench_options[] = {
	[BENCH_PRIORITY] = { 'p', "priority", "PRIO",
			     "SCHED_FIFO priority, 1 to 98; 0 asks for none (80, or "
			     "what FILE says)" },
	[BENCH_INTERVAL] = { 'i', "interval", "TIME",
			     "period: a number of microseconds, or with a unit: 250us "
			     "(1ms, or what FILE says)" },
	[BENCH_DURATION] = { 'D', "duration", "TIME",
			     "time of all measurements: a number of seconds, or with m "
			     "or h (200)" },
	[BENCH_AFFINITY] = { 'a', "affinity", "CPU",
			     "bind the measuring thread to this CPU (any, or what FILE "
			     "says)" },
	[BENCH_QUIET] = { 'q', "quiet", NULL, "no line that says how far it is" },
	[BENCH_JSON] = { 0, "json", "FILE",
			 "write the tables as JSON, too; - is stdout, in place of the "
			 "text" },
	[BENCH_PLOT] = { 0, "plot", "DIR", "draw the tables; needs gnuplot" },
	[BENCH_LOG_DIR] = { 0, "log-dir", "DIR",
			    "measure the disk that this folder is on (that of FILE's "
			    "log)" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_bench = {
	.name = "bench",
	.arguments = "[FILE]",
	.summary = "measure ways to wait, read and write, and recommend settings",
	.description =
		"Measures on this machine, in less than four minutes, what each way "
		"takes that a loop can wait, read its devices and write its log in: "
		"those "
		"that rtloop has, and others as yardsticks. Pacers stand beside "
		"cyclictest, where that is installed, and with tails of several lengths, "
		"in which the thread spins before the release. Ways that are compared "
		"take turns in one run. Of each table the median, p99, the worst time "
		"and the number of samples are told; and why, where something could not "
		"be measured.\n"
		"\n"
		"With FILE it is done with the period, priority and CPU of that "
		"configuration, with as many endpoints of the same kinds as its devices "
		"have, and on the disk of its log. No device is opened and no output "
		"driven: the endpoints are sockets, terminals and pipes of this program. "
		"About 16 MB a second are written while writers are measured, into a "
		"file that is gone afterwards.\n"
		"\n"
		"At the end it recommends settings for loop: and log:, as lines of a "
		"configuration, each with the figures that speak for it.\n"
		"\n"
		"It takes no privilege; without the right to SCHED_FIFO the figures are "
		"those of an ordinary thread, which is said. The letters are those of "
		"cyclictest. --plot makes DIR where it is not there. docs/io-models.md "
		"explains the ways, docs/bench-json.md the JSON.",
	.options = bench_options,
	.exits = "0  done\n"
		 "1  it was stopped before the end, or something could not be measured, "
		 "written or drawn\n"
		 "2  the command line or the configuration is wrong\n"
		 "128 + N  a second signal N ended it at once",
	.run = run_bench,
};

struct bench_request {
	const char *path; /* NULL: not given, as below */
	const char *json_path;
	const char *plot_folder;
	const char *log_dir;
	int64_t priority; /* -1: not given, as below */
	int64_t period_ns;
	int64_t cpu;
	int64_t duration_ns;
	bool is_quiet;
};

/* --- the command line --------------------------------------------------------------------------------- */

static int parse_duration(const char *text, int64_t *ret_ns)
{
	int64_t ns;

	if (argument_parse_time(text, NS_PER_SEC, &ns) || ns < DURATION_MIN_NS ||
	    ns > DURATION_MAX_NS) {
		return -EINVAL;
	}
	*ret_ns = ns;
	return 0;
}

static int take_option(const struct command *command, int option, const char *argument,
		       void *context)
{
	struct bench_request *request = context;
	const char *expected = NULL;
	int code = 0;

	switch (option) {
	case BENCH_PRIORITY:
		expected = EXPECTED_PRIORITY;
		code = argument_parse_count(argument, 0, 98, &request->priority);
		break;
	case BENCH_INTERVAL:
		expected = EXPECTED_INTERVAL;
		code = argument_parse_period(argument, &request->period_ns);
		break;
	case BENCH_DURATION:
		expected =
			"100ms to 24h: a number of seconds, or with a unit: 500ms, 10m";
		code = parse_duration(argument, &request->duration_ns);
		break;
	case BENCH_AFFINITY:
		expected = EXPECTED_AFFINITY;
		code = argument_parse_count(argument, 0, 1023, &request->cpu);
		break;
	case BENCH_QUIET:
		request->is_quiet = true;
		break;
	case BENCH_JSON:
		request->json_path = argument;
		break;
	case BENCH_PLOT:
		request->plot_folder = argument;
		break;
	case BENCH_LOG_DIR:
		request->log_dir = argument;
		break;
	}
	return code ? argument_wrong(command, option, argument, expected) : EXIT_OK;
}

static int check_request(const struct command *command,
			 const struct bench_request *request)
{
	if (request->log_dir && access(request->log_dir, W_OK | X_OK)) {
		return command_wrong(command, "--log-dir %s: %s", request->log_dir,
				     strerror(errno));
	}
	return EXIT_OK;
}

/* Returns EXIT_OK where it is to go on, or what command_options() returns. */
static int parse_line(const struct command *command, int argc, char **argv,
		      struct bench_request *request)
{
	int status = command_options(command, argc, argv, take_option, request);

	if (status != EXIT_OK) {
		return status;
	}
	if (command_one_word(command, argc, argv, "FILE") != EXIT_OK) {
		return EXIT_USAGE;
	}
	request->path = optind < argc ? argv[optind] : NULL;
	/* to write over the configuration would end badly */
	if (request->path && request->json_path &&
	    same_file_among(request->json_path, argv + optind, 1)) {
		return command_wrong(command, "'%s' is the configuration",
				     request->json_path);
	}
	return check_request(command, request);
}

static void set_conditions(struct conditions *conditions,
			   const struct bench_request *request, const struct setup *setup)
{
	*conditions = (struct conditions){ .period_ns = NS_PER_MS,
					   .priority = 80,
					   .cpu = -1,
					   .has_log = true,
					   .sync_ns = NS_PER_SEC,
					   .duration_ns = request->duration_ns };
	if (setup) {
		bench_file_conditions(setup, conditions);
	}
	if (request->period_ns >= 0) {
		conditions->period_ns = request->period_ns;
	}
	if (request->priority >= 0) {
		conditions->priority = (int)request->priority;
	}
	if (request->cpu >= 0) {
		conditions->cpu = (int)request->cpu;
	}
}

/* --- while it measures -------------------------------------------------------------------------------- */

struct watcher {
	struct bench *bench;
	struct progress progress;
	bool is_quiet;
	bool is_stopped;
	sigset_t signals; /* that end it; blocked, so that they wait here */
};

static void look(void *context, int64_t done_ns, int64_t all_ns)
{
	const struct timespec now = { .tv_sec = 0 };
	struct watcher *watcher = context;

	int signal = sigtimedwait(&watcher->signals, NULL, &now);

	if (signal > 0 && watcher->is_stopped) {
		progress_end(&watcher->progress);
		_exit(128 + signal); /* nothing that it made has a name */
	}
	if (signal > 0) {
		watcher->is_stopped = true;
		bench_stop(watcher->bench);
	}
	if (!watcher->is_quiet) {
		progress_show(&watcher->progress, (uint64_t)done_ns, (uint64_t)all_ns,
			      sys_now());
	}
}

static int measure(struct bench *bench, bool is_quiet, struct err *err)
{
	struct watcher watcher = { .bench = bench, .is_quiet = is_quiet };
	const struct bench_listener listener = { .tell = look, .context = &watcher };
	sigset_t before;
	int code;

	sigemptyset(&watcher.signals);
	sigaddset(&watcher.signals, SIGINT);
	sigaddset(&watcher.signals, SIGTERM);
	sigaddset(&watcher.signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &watcher.signals, &before);
	progress_init(&watcher.progress, stderr, "measuring", sys_now());
	code = bench_run(bench, &listener, err);
	progress_end(&watcher.progress);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return code;
}

/* --- what comes of it --------------------------------------------------------------------------------- */

static int fail(const struct err *err)
{
	fprintf(stderr, "rtloop bench: %s\n", err->text);
	return EXIT_FAILED;
}

/* What is missing of it was said; that it is not whole is told by the status, too. */
static int status_of(const struct bench *bench)
{
	for (unsigned part = 0; part < BENCH_PARTS; part++) {
		if (bench->failures[part].text[0]) {
			return EXIT_FAILED;
		}
	}
	return bench->was_stopped ? EXIT_FAILED : EXIT_OK;
}

static int show(const struct bench_result *result, const struct bench_request *request)
{
	int status = status_of(result->bench);
	struct err err;

	if (!request->json_path || strcmp(request->json_path, "-") != 0) {
		bench_text_print(stdout, result);
		fflush(stdout);
	}
	if (request->json_path && bench_json_write(result, request->json_path, &err)) {
		status = fail(&err);
	}
	if (request->plot_folder && bench_plot_draw(result, request->plot_folder, &err)) {
		status = fail(&err);
	}
	return status;
}

static int bench_setup(const struct setup *setup, const struct bench_request *request,
		       const char *folder)
{
	const struct recommend_kinds kinds = recommend_kinds();
	struct bench_result result = { .setup = setup, .path = request->path };
	struct conditions conditions;
	struct bench *bench = calloc(1, sizeof(*bench));
	struct err err;
	int status;

	if (!bench) {
		err_set(&err, -ENOMEM, "no memory for a bench");
		return fail(&err);
	}
	set_conditions(&conditions, request, setup);
	conditions.folder = folder;
	(void)getloadavg(result.load, ARRAY_SIZE(result.load));
	bench_init(bench, &conditions);
	result.bench = bench;
	if (measure(bench, request->is_quiet, &err)) {
		status = fail(&err);
	} else {
		recommend(&bench->conditions, bench->tables, &kinds,
			  sysconf(_SC_NPROCESSORS_ONLN), &result.advice);
		status = show(&result, request);
	}
	bench_fini(bench);
	free(bench);
	return status;
}

static int bench_folder(const struct setup *setup, const struct bench_request *request)
{
	char *folder =
		request->log_dir ? strdup(request->log_dir) : bench_file_folder(setup);
	struct err err;
	int status;

	if (!folder) {
		err_set(&err, -ENOMEM, "no memory for a bench");
		return fail(&err);
	}
	status = bench_setup(setup, request, folder);
	free(folder);
	return status;
}

static int run_bench(const struct command *command, int argc, char **argv)
{
	struct bench_request request = { .priority = -1,
					 .period_ns = -1,
					 .cpu = -1,
					 .duration_ns = 200 * NS_PER_SEC };
	struct setup *setup = NULL;
	struct diag diag;
	int status = parse_line(command, argc, argv, &request);

	if (status != EXIT_OK) {
		return status < 0 ? EXIT_OK : status;
	}
	if (!request.path) {
		return bench_folder(NULL, &request);
	}
	diag_init(&diag, request.path);
	status = setup_load(request.path, &setup, &diag) == 0
			 ? bench_folder(setup, &request)
			 : EXIT_USAGE;
	diag_print(&diag, stderr);
	diag_fini(&diag);
	setup_destroy(setup);
	return status;
}
