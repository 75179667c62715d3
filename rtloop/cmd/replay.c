/* rtloop replay: let the logic run again on what a log holds, and compare. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/replay.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/replay/player.h"

#define PROGRESS_MESSAGES 8192

enum { OPTION_CONFIG, OPTION_OUT, OPTION_ALL, OPTION_PLUGINS };

static int run_replay(const struct command *command, int argc, char **argv);

static const struct command_option replay_options[] = {
	[OPTION_CONFIG] = { 'c', "config", "FILE",
			    "run the program of this configuration instead of the "
			    "log's" },
	[OPTION_OUT] = { 'o', "out", "LOG2",
			 "write what this program would have done, as a new log" },
	[OPTION_ALL] = { 'a', "all", NULL, "show all differences, not only the first" },
	[OPTION_PLUGINS] = { 0, "plugins", NULL,
			     "load the plugins that the log's configuration names, which "
			     "runs their code" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_replay = {
	.name = "replay",
	.arguments = "LOG...",
	.summary = "run the program again on what a log holds, and compare",
	.description =
		"Feeds the inputs that a run has logged through its program as fast as "
		"the "
		"machine goes, and compares every output and every var with the log, bit "
		"for bit. No device is opened. Several LOGs are those of one run, in "
		"their "
		"order.\n\n"
		"The program is that of the configuration which is attached to the log. "
		"With --config it is that of FILE: what differs then is what the change "
		"does. Inputs are taken from the log by their names, as the step saw "
		"them; "
		"params begin with the values of FILE, and follow each change that was "
		"logged.\n\n"
		"The log holds what the program remembers at the beginning of each file, "
		"after each gap and every ten seconds: replay begins there. A program "
		"that "
		"is not that of the log begins with its own initial state instead, and "
		"keeps what it remembers over a gap. Cycles that cannot be played are "
		"counted and said.\n\n"
		"Plugins are loaded from where the configuration says: those of FILE "
		"at once, those that a log names with --plugins only, since a log may "
		"come from anybody.\n\n"
		"--out writes the logged cycles and inputs with what was computed anew. "
		"A "
		"file that exists is never overwritten.",
	.options = replay_options,
	.exits =
		"0  all that was compared is the same\n"
		"1  something differs: the first cycles, channels and values are shown\n"
		"2  nothing could be compared, or the command line or a configuration is "
		"wrong",
	.run = run_replay,
};

struct run {
	struct replay_request request;
	struct origin *origins; /* one a file */
	unsigned origin_count;
	struct setup *setup;
	struct diag diag;
	struct scene *scene;
	struct replay_out out;
	struct player player;
	struct player_options options;
	struct replay_shown shown;
	struct progress progress;
	const char *path; /* of the file that is played */
	uint64_t done_bytes;
	uint64_t total_bytes;
	int64_t start_ns;
};

static int fail(const char *path, const char *text)
{
	fprintf(stderr, "%s: %s\n", path, text);
	return EXIT_USAGE;
}

static int read_origins(struct run *run)
{
	const struct replay_request *request = &run->request;
	struct err err;

	run->origins = calloc(request->file_count, sizeof(*run->origins));
	if (!run->origins) {
		return fail("replay", strerror(ENOMEM));
	}
	for (unsigned i = 0; i < request->file_count; i++) {
		if (origin_read(&run->origins[i], request->files[i], &err)) {
			fprintf(stderr, "%s\n", err.text);
			return EXIT_USAGE;
		}
		run->origin_count++;
		run->total_bytes += run->origins[i].file_bytes;
		if (!origin_is_same_run(&run->origins[0], &run->origins[i])) {
			fprintf(stderr,
				"%s: is not of the run that %s is of; expected the files "
				"of one run, in their order\n",
				request->files[i], request->files[0]);
			return EXIT_USAGE;
		}
	}
	return EXIT_OK;
}

static int load_setup(struct run *run)
{
	const struct origin *origin = &run->origins[0];
	const char *folder = origin_value(origin, "config_folder");
	int code;

	if (!run->request.config && !origin->config) {
		return fail(run->request.files[0],
			    "holds no configuration; expected one, "
			    "or --config FILE");
	}
	diag_init(&run->diag,
		  run->request.config ? run->request.config : origin->config_name);
	code = run->request.config
		       ? setup_load(run->request.config, &run->setup, &run->diag)
		       : setup_parse(origin->config, origin->config_bytes,
				     folder[0] == '/' ? folder : "/", &run->setup,
				     &run->diag);
	if (code == 0) {
		return EXIT_OK;
	}
	if (!run->request.config) {
		fprintf(stderr,
			"%s: the configuration in it cannot be used here; give one with "
			"--config FILE\n",
			run->request.files[0]);
	}
	diag_print(&run->diag, stderr);
	return EXIT_USAGE;
}

static void differs(void *context, const struct player_difference *difference)
{
	struct run *run = context;

	if (replay_shows(&run->shown)) {
		progress_end(&run->progress);
		replay_show_difference(difference);
	}
}

static int prepare(struct run *run)
{
	const struct replay_request *request = &run->request;
	int status = read_origins(run);
	struct err err;

	status = status == EXIT_OK ? load_setup(run) : status;
	if (status != EXIT_OK) {
		return status;
	}
	if (run->setup->plugins.count > 0 && !request->config &&
	    !request->loads_plugins) {
		return fail(request->files[0],
			    "its configuration loads plugins, which are code; expected "
			    "--plugins, or your own configuration with --config FILE");
	}
	if (scene_create(&run->scene, run->setup, &err)) {
		if (setup_is_place(run->setup, err.text)) {
			fprintf(stderr, "%s\n", err.text);
			return EXIT_USAGE;
		}
		return fail(request->config ? request->config : request->files[0],
			    err.text);
	}
	if (request->out && replay_out_open(&run->out, run->scene, &run->origins[0],
					    request->out, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_USAGE;
	}
	run->options = (struct player_options){
		.period_ns = run->origins[0].period_ns,
		.is_other = request->config != NULL,
		.differs = differs,
		.context = run,
		.out = request->out ? &run->out : NULL,
	};
	return player_init(&run->player, run->scene, &run->options)
		       ? fail("replay", strerror(ENOMEM))
		       : EXIT_OK;
}

static void tell_problem(void *context, uint64_t offset, const char *text)
{
	struct run *run = context;

	progress_end(&run->progress);
	fprintf(stderr, "%s: at %" PRIu64 ": %s\n", run->path, offset, text);
	player_interrupt(&run->player);
}

static void show_progress(struct run *run, const struct mcap_log *log, uint64_t messages)
{
	if (messages % PROGRESS_MESSAGES == 0) {
		progress_show(&run->progress,
			      run->done_bytes + mcap_reader_at(log->reader),
			      run->total_bytes, sys_now());
	}
}

static int play_messages(struct run *run, struct mcap_log *log,
			 const struct origin *origin, struct err *err)
{
	struct mcap_log_message message;
	uint64_t messages = 0;
	int code = 0, next;

	while (code == 0 && (next = mcap_log_next(log, &message)) != 0) {
		if (next < 0) {
			/* any other end of the log has been told */
			return next == -ENOMEM ? err_set_errno(err, next, "%s", run->path)
					       : 0;
		}
		if (messages == 0) {
			code = player_begin_file(&run->player, log, origin->offset_ns,
						 err);
		}
		code = code ? code : player_take(&run->player, &message, err);
		show_progress(run, log, messages++);
	}
	return code;
}

static int play_file(struct run *run, unsigned index)
{
	const struct mcap_log_options options = { .to_ns = UINT64_MAX,
						  .problem = tell_problem,
						  .context = run };
	struct mcap_log log;
	struct err err;
	int code;

	run->path = run->request.files[index];
	if (mcap_log_open(&log, run->path, &options, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_USAGE;
	}
	code = play_messages(run, &log, &run->origins[index], &err);
	run->done_bytes += run->origins[index].file_bytes;
	player_end_file(&run->player);
	mcap_log_close(&log);
	progress_end(&run->progress);
	return code ? fail(run->path, err.text) : EXIT_OK;
}

static int play_all(struct run *run)
{
	int status = EXIT_OK;

	progress_init(&run->progress, stderr, "replaying", sys_now());
	run->start_ns = sys_now();
	for (unsigned i = 0; i < run->origin_count && status == EXIT_OK; i++) {
		status = play_file(run, i);
	}
	return status;
}

static int finish(struct run *run)
{
	const struct player_counts *counts = &run->player.counts;
	struct err err;

	if (replay_out_close(&run->out, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return EXIT_USAGE;
	}
	replay_show_summary(&run->shown, counts, sys_now() - run->start_ns);
	if (counts->compared == 0) {
		return fail(run->request.files[0],
			    "no cycle could be compared: no state of the program came "
			    "before one");
	}
	return counts->values > 0 ? EXIT_FAILED : EXIT_OK;
}

static void fini(struct run *run)
{
	struct err err;

	(void)replay_out_close(&run->out, &err);
	if (run->player.scene) {
		player_fini(&run->player);
	}
	scene_destroy(run->scene);
	setup_destroy(run->setup);
	diag_fini(&run->diag);
	for (unsigned i = 0; i < run->origin_count; i++) {
		origin_fini(&run->origins[i]);
	}
	free(run->origins);
}

static int replay(const struct replay_request *request)
{
	struct run run = { .request = *request, .shown.wants_all = request->wants_all };
	int status = prepare(&run);

	status = status == EXIT_OK ? play_all(&run) : status;
	status = status == EXIT_OK ? finish(&run) : status;
	fini(&run);
	return status;
}

static int run_replay(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct replay_request request = { .config = NULL };
	const char *argument;
	int option;

	while ((option = command_next(&line, &argument)) >= 0) {
		switch (option) {
		case OPTION_CONFIG:
			request.config = argument;
			break;
		case OPTION_OUT:
			request.out = argument;
			break;
		case OPTION_ALL:
			request.wants_all = true;
			break;
		case OPTION_PLUGINS:
			request.loads_plugins = true;
			break;
		}
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	request.files = argv + optind;
	request.file_count = (unsigned)(argc - optind);
	if (request.file_count == 0) {
		return command_wrong(command, "takes at least one LOG");
	}
	return replay(&request);
}
