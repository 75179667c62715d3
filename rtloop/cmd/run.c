/* rtloop run: read the configuration, run it, and say how it went. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/describe.h"
#include "config/suggest.h"
#include "rtloop/app.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/argument.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/live.h"
#include "rtloop/cmd/run_json.h"
#include "rtloop/cmd/run_report.h"
#include "rtloop/cmd/same_file.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/cmd/version.h"
#include "rtloop/setup.h"

static int run_run(const struct command *command, int argc, char **argv);

enum {
	RUN_PRIORITY,
	RUN_INTERVAL,
	RUN_LOOPS,
	RUN_DURATION,
	RUN_AFFINITY,
	RUN_QUIET,
	RUN_JSON,
	RUN_LOG_DIR,
	RUN_REQUIRE_RT,
	RUN_NO_OUTPUTS,
	RUN_PACER,
	RUN_POLLER,
};

static const struct command_option run_options[] = {
	[RUN_PRIORITY] = { 'p', "priority", "PRIO",
			   "SCHED_FIFO priority, 1 to 98; 0 asks for none" },
	[RUN_INTERVAL] = { 'i', "interval", "TIME",
			   "period: a number of microseconds, or with a unit: 250us, "
			   "1ms" },
	[RUN_LOOPS] = { 'l', "loops", "N", "end after N cycles" },
	[RUN_DURATION] = { 'D', "duration", "TIME",
			   "end after a time: a number of seconds, or with m, h or d" },
	[RUN_AFFINITY] = { 'a', "affinity", "CPU", "bind the cycle thread to this CPU" },
	[RUN_QUIET] = { 'q', "quiet", NULL,
			"no status line; only the report at the end" },
	[RUN_JSON] = { 0, "json", "FILE", "write the report as JSON, too; - is stdout" },
	[RUN_LOG_DIR] = { 0, "log-dir", "DIR",
			  "a FILE that has a log writes it into this folder instead, "
			  "rotated and pruned" },
	[RUN_REQUIRE_RT] = { 0, "require-rt", NULL,
			     "end at once, with status 5, where it is not real-time" },
	[RUN_NO_OUTPUTS] = { 0, "no-outputs", NULL,
			     "drive nothing; the report says what would have been "
			     "driven" },
	[RUN_PACER] = { 0, "pacer", "KIND",
			"how the cycle waits: nanosleep, timerfd or uring" },
	[RUN_POLLER] = { 0, "poller", "KIND", "how devices are read: epoll or uring" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_run = {
	.name = "run",
	.arguments = "FILE",
	.summary = "run a configuration until it is stopped",
	.description =
		"Runs the loop that FILE describes, until a signal, -l or -D ends "
		"it, and then "
		"prints a report: whether it was real-time, what the devices "
		"brought, and how "
		"good the timing was. The letters are those of cyclictest, and "
		"override what "
		"FILE says. On a terminal a status line is shown each second.\n"
		"\n"
		"SIGINT and SIGTERM end a run in order: the cycle ends, every "
		"record is written "
		"and the log is closed. A second signal ends it at once. SIGHUP has the "
		"configuration read again, as 'rtloop reload' does.\n"
		"\n"
		"While it runs it can be asked and told: 'rtloop status', top, get, "
		"set, force and reload. A second run of the same name does not start.\n"
		"\n"
		"Outputs are at their safe values before the first cycle and "
		"after the last one, however the run ends in order. A second "
		"signal waits for that, too, up to 3 s after the first one; what "
		"then still is not safe is left as it is.\n"
		"\n"
		"A device that cannot be opened does not keep the others waiting: "
		"its channels "
		"are bad, and it is tried again until it is there.",
	.options = run_options,
	.exits = "0  the run ended in order\n"
		 "1  it could not start, or the log is not complete\n"
		 "2  the command line or the configuration is wrong\n"
		 "4  it was ended by an overrun (overrun: stop)\n"
		 "5  --require-rt, and it is not real-time\n"
		 "6  it was ended by a fault: too many overruns (loop: fault:), or a "
		 "cycle that hung\n"
		 "128 + N  a second signal N ended it at once",
	.run = run_run,
};

/* What the command line asks for; a member that is not given leaves the file's. */
struct run_request {
	const char *path;
	const char *json_path;
	const char *log_dir;
	int64_t priority; /* -1: not given, as below */
	int64_t period_ns;
	int64_t cycles;
	int64_t duration_ns;
	int64_t cpu;
	int64_t pacer;
	int64_t poller;
	bool is_quiet;
	bool needs_realtime;
	bool is_dry;
};

static int take_kind(const struct command *command, int option, const char *argument,
		     const char *const *names, int64_t *ret_kind)
{
	struct words expected = { .length = 0 };
	struct suggest suggest;

	suggest_init(&suggest, argument);
	for (int i = 0; names[i]; i++) {
		if (strcmp(argument, names[i]) == 0) {
			*ret_kind = i;
			return EXIT_OK;
		}
		suggest_offer(&suggest, names[i]);
	}
	words_add_list(&expected, names, "or");
	if (suggest.best) {
		words_add(&expected, "; did you mean '%s'?", suggest.best);
	}
	return argument_wrong(command, option, argument, expected.text);
}

static int take_option(const struct command *command, int option, const char *argument,
		       void *context)
{
	struct run_request *request = context;
	const char *expected = NULL;
	int code = 0;

	switch (option) {
	case RUN_PRIORITY:
		expected = EXPECTED_PRIORITY;
		code = argument_parse_count(argument, 0, 98, &request->priority);
		break;
	case RUN_INTERVAL:
		expected = EXPECTED_INTERVAL;
		code = argument_parse_period(argument, &request->period_ns);
		break;
	case RUN_LOOPS:
		expected = "a number of cycles, 1 or more";
		code = argument_parse_count(argument, 1, INT64_MAX, &request->cycles);
		break;
	case RUN_DURATION:
		expected = "a number of seconds, or with a unit: 500ms, 10m, 2h, 1d";
		code = argument_parse_time(argument, NS_PER_SEC, &request->duration_ns);
		break;
	case RUN_AFFINITY:
		expected = EXPECTED_AFFINITY;
		code = argument_parse_count(argument, 0, 1023, &request->cpu);
		break;
	case RUN_QUIET:
		request->is_quiet = true;
		break;
	case RUN_JSON:
		request->json_path = argument;
		break;
	case RUN_LOG_DIR:
		request->log_dir = argument;
		break;
	case RUN_REQUIRE_RT:
		request->needs_realtime = true;
		break;
	case RUN_NO_OUTPUTS:
		request->is_dry = true;
		break;
	case RUN_PACER:
		return take_kind(command, option, argument, loop_pacer_names,
				 &request->pacer);
	case RUN_POLLER:
		return take_kind(command, option, argument, loop_poller_names,
				 &request->poller);
	}
	return code ? argument_wrong(command, option, argument, expected) : EXIT_OK;
}

/* Returns EXIT_OK where the run is to go on, or what command_options() returns. */
static int parse_line(const struct command *command, int argc, char **argv,
		      struct run_request *request)
{
	int status = command_options(command, argc, argv, take_option, request);

	if (status != EXIT_OK) {
		return status;
	}
	if (command_one_word(command, argc, argv, "FILE") != EXIT_OK) {
		return EXIT_USAGE;
	}
	if (optind == argc) {
		return command_wrong(command, "needs FILE, the configuration");
	}
	request->path = argv[optind];
	/* to write over the configuration would end badly */
	if (request->json_path && same_file_among(request->json_path, argv + optind, 1)) {
		return command_wrong(command, "'%s' is the configuration",
				     request->json_path);
	}
	return EXIT_OK;
}

static void override(struct setup *setup, const struct run_request *request)
{
	struct loop_options *loop = &setup->loop;

	loop->priority = request->priority >= 0 ? request->priority : loop->priority;
	loop->period_ns = request->period_ns >= 0 ? request->period_ns : loop->period_ns;
	loop->cycles = request->cycles >= 0 ? request->cycles : loop->cycles;
	loop->cpu = request->cpu >= 0 ? request->cpu : loop->cpu;
	loop->pacer = request->pacer >= 0 ? (int)request->pacer : loop->pacer;
	loop->poller = request->poller >= 0 ? (int)request->poller : loop->poller;
	if (request->duration_ns >= 0) {
		loop->duration_ns = request->duration_ns;
	}
	if (request->log_dir) {
		setup->log.dir = request->log_dir;
		setup->log.file = NULL;
	}
}

/* What the supervisor calls back with. */
struct run_context {
	struct run_status status;
	struct live live;
};

static void tell(void *context, const struct device *device, const char *text)
{
	struct run_status *status = &((struct run_context *)context)->status;

	run_status_wipe(status);
	if (device) {
		fprintf(stderr, "rtloop: device '%s': %s\n", device->spec->name, text);
	} else {
		fprintf(stderr, "rtloop: %s\n", text);
	}
}

/* A line of a terminal has no room for why the log is degraded; it has been told there. */
static void tell_manager(struct app *app)
{
	char text[256], line[sizeof(text) + sizeof(struct err) + 2];
	struct err why = { "" };

	run_status_text(app, text, sizeof(text));
	if (atomic_load(&app->logger.is_degraded)) {
		logger_failure(&app->logger, &why);
	}
	snprintf(line, sizeof(line), "%s%s%s", text + strspn(text, " "),
		 why.text[0] ? ": " : "", why.text);
	service_status(&app->super.service, line);
}

/* To the terminal, and to whoever manages the service. */
static void each_second(void *context)
{
	struct run_context *run = context;

	live_each_second(&run->live);
	run_status_show(&run->status);
	tell_manager(run->status.app);
}

/* What the last cycles were told is still to be told the log. */
static void at_end(void *context)
{
	live_settle(&((struct run_context *)context)->live);
}

static void say(void *context, const char *text)
{
	struct run_context *run = context;

	run_status_wipe(&run->status);
	fprintf(stderr, "rtloop: %s\n", text);
}

static void hung_up(void *context)
{
	struct run_context *run = context;

	if (run->live.app) {
		live_hang_up(&run->live);
	}
}

/* Whoever cannot be told how it goes is no reason not to run. */
static void open_service(struct app *app)
{
	struct err err;

	if (service_open(&app->super.service, &err)) {
		fprintf(stderr, "rtloop: %s\n", err.text);
	}
}

static int report(struct app *app, const struct run_request *request)
{
	run_report_print(app, stdout);
	if (request->json_path) {
		struct err err;

		if (run_json_write(app, request->json_path, &err)) {
			fprintf(stderr, "rtloop: %s\n", err.text);
			return EXIT_FAILED;
		}
	}
	return EXIT_OK;
}

/* A run that cannot be asked runs all the same; but not a second one of a name that is taken. */
static int open_control(struct live *live, struct app *app, const char *path)
{
	struct err err;
	int code = app->setup->has_control ? live_open(live, app, path, &err) : 0;

	if (code) {
		fprintf(stderr, "rtloop: %s%s\n", err.text,
			code == -EADDRINUSE ? ""
					    : "; it runs without 'rtloop status' and its "
					      "like");
	}
	return code == -EADDRINUSE ? code : 0;
}

static int run_to_end(struct run_context *run, const struct run_request *request)
{
	struct app *app = run->status.app;
	struct err err = { "" };
	int code, exit_status;

	run->status.is_wanted = !request->is_quiet && terminal_is(stderr);
	app->super.context = run;
	app->super.tell = tell;
	app->super.each_second = each_second;
	app->super.at_end = at_end;
	app->super.hung_up = hung_up;
	open_service(app);
	code = app_start(app, request->needs_realtime, &err);
	if (code) {
		fprintf(stderr, "rtloop: %s\n", err.text);
		return code == -EPERM && request->needs_realtime &&
				       !realtime_is_met(&app->realtime)
			       ? EXIT_NOT_REALTIME
			       : EXIT_FAILED;
	}
	code = app_run(app, &err);
	run_status_wipe(&run->status);
	exit_status = report(app, request);
	if (code) {
		fprintf(stderr, "rtloop: %s\n", err.text);
		return EXIT_FAILED;
	}
	return exit_status;
}

_Static_assert(EXIT_FAULT == WATCHDOG_EXIT_STATUS, "the watchdog ends with another one");

/* How it ended counts before what came of its log and its report: outputs must not be driven again unseen. */
static int status_of(const struct app *app, int exit_status)
{
	switch (loop_state(&app->loop)) {
	case LOOP_ENDED_OVERRUN:
		return EXIT_OVERRUN;
	case LOOP_ENDED_FAULT:
	case LOOP_ENDED_HUNG:
		return EXIT_FAULT;
	default:
		return exit_status;
	}
}

/* A cycle that hangs keeps what it holds: nothing can be taken apart around it. */
static void leave_hung(const struct app *app)
{
	if (loop_state(&app->loop) == LOOP_ENDED_HUNG) {
		fflush(NULL);
		_exit(EXIT_FAULT);
	}
}

static int run_setup(struct setup *setup, const struct run_request *request)
{
	struct run_context run = { .status = { .app = NULL } };
	struct app *app = NULL;
	struct err err = { "" };
	int status = EXIT_FAILED;

	if (app_create(&app, setup, version_text(), &err)) {
		bool is_place = setup_is_place(setup, err.text);

		fprintf(stderr, "%s%s\n", is_place ? "" : "rtloop: ", err.text);
		return is_place ? EXIT_USAGE : EXIT_FAILED;
	}
	run.status.app = app;
	run.live.say = say;
	run.live.context = &run;
	/* whoever sees the socket may end the run: it is taken away again then, too */
	super_take_signals();
	if (open_control(&run.live, app, request->path) == 0) {
		status = status_of(app, run_to_end(&run, request));
	}
	live_close(&run.live);
	leave_hung(app);
	app_destroy(app);
	return status;
}

static int run_run(const struct command *command, int argc, char **argv)
{
	struct run_request request = { .priority = -1,
				       .period_ns = -1,
				       .cycles = -1,
				       .duration_ns = -1,
				       .cpu = -1,
				       .pacer = -1,
				       .poller = -1 };
	struct setup *setup = NULL;
	struct diag diag;
	int status = parse_line(command, argc, argv, &request);

	if (status != EXIT_OK) {
		return status < 0 ? EXIT_OK : status;
	}
	diag_init(&diag, request.path);
	if (setup_load(request.path, &setup, &diag) == 0) {
		override(setup, &request);
		setup->is_dry = request.is_dry;
		status = setup_check(setup, &diag) ? EXIT_USAGE
						   : run_setup(setup, &request);
	} else {
		status = EXIT_USAGE;
	}
	diag_print(&diag, stderr);
	diag_fini(&diag);
	setup_destroy(setup);
	return status;
}
