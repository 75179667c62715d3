/* rtloop guard: what the guardian of a run holds, and how one has it let go. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/client.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/json.h"
#include "rtloop/guard/heir.h"

static int run_guard(const struct command *command, int argc, char **argv);

enum { OPTION_RELEASE, OPTION_JSON };

static const struct command_option guard_options[] = {
	[OPTION_RELEASE] = { 0, "release", NULL,
			     "have it let go of the lines of a run that is dead, and "
			     "end" },
	[OPTION_JSON] = { 0, "json", NULL, "for programs" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_guard = {
	.name = "guard",
	.arguments = "[NAME]",
	.summary = "show what the guardian of a run holds, or have it let go",
	.description =
		"A run that drives GPIO lines has a guardian: a small process that "
		"writes "
		"their safe values when the run dies, or its cycle stops, and holds the "
		"lines until a run of the same name takes them over. This asks it how it "
		"stands.\n\n"
		"With --release it lets go of them without a new run, and ends: what the "
		"lines do then is in the hands of the chip and of whoever requests them "
		"next. While the run lives that is refused. SIGTERM does the same.\n\n"
		"Only its own user and root may ask. NAME is the loop's name, or the "
		"path "
		"of the guardian's socket. Without it, the only one that there is.",
	.options = guard_options,
	.exits = "0  printed, or let go of\n1  there is no such guardian, it does not "
		 "answer, or its run lives (--release)\n2  the command line is wrong",
	.run = run_guard,
};

static const struct client_kind kind_guard = { .suffix = GUARD_SUFFIX,
					       .noun = "guardian",
					       .none = "there is no guardian" };

static int wrong(const struct client *client, int code)
{
	static const struct {
		int code;
		const char *text;
	} texts[] = {
		{ -EBUSY, "its run lives, or is not gone yet: end that first" },
		{ -EPERM, "it is another user's; expected its own user, or root" },
		{ -EPROTO, "it is of another version of rtloop; SIGTERM lets it go" },
		{ -EPIPE, "it is of another version of rtloop; SIGTERM lets it go" },
	};
	const char *text = strerror(-code);

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		text = texts[i].code == code ? texts[i].text : text;
	}
	fprintf(stderr, "rtloop guard: %s: %s\n", client->path, text);
	return EXIT_FAILED;
}

static const char *phase_name(const struct guard_state *state)
{
	switch (state->phase) {
	case GUARD_WATCHES:
		return "watches";
	case GUARD_ACTS:
		return "acts";
	default:
		return "holds";
	}
}

static const char *cause_name(const struct guard_state *state)
{
	switch (state->cause) {
	case GUARD_CAUSE_DEATH:
		return "death";
	case GUARD_CAUSE_SILENCE:
		return "silence";
	default:
		return "none";
	}
}

/* --- text ----------------------------------------------------------------------------------------- */

static void print_run(const struct guard_state *state)
{
	time_t second = (time_t)(state->acted_realtime_ns / NS_PER_SEC);
	char text[64];
	struct tm local;

	if (state->phase == GUARD_WATCHES) {
		printf("run        process %d lives; it acts where the cycle is overdue "
		       "by "
		       "%s\n",
		       (int)state->run_pid,
		       time_print_duration(text, sizeof(text), state->limit_ns));
		return;
	}
	strftime(text, sizeof(text), "%F %T", localtime_r(&second, &local));
	if (state->cause == GUARD_CAUSE_SILENCE) {
		printf("run        process %d was killed at %s: its cycle was overdue by "
		       "%.0f "
		       "ms\n",
		       (int)state->run_pid, text,
		       (double)state->silent_ns / (double)NS_PER_MS);
	} else {
		printf("run        process %d died at %s\n", (int)state->run_pid, text);
	}
}

static void print_lines(const struct guard_state *state)
{
	printf("lines      %d driven lines of %d requests", (int)state->lines,
	       (int)state->requests);
	if (state->phase != GUARD_WATCHES && state->failed > 0) {
		printf("; %d requests could NOT be made safe", (int)state->failed);
	} else if (state->phase != GUARD_WATCHES) {
		printf(", at their safe values %.1f ms after that was seen",
		       (double)state->took_ns / (double)NS_PER_MS);
	}
	putchar('\n');
}

static void print_held(const struct guarded *guarded)
{
	const char *separator = "";

	printf("  %-14s %s: ", guarded->device, guarded->chip);
	for (unsigned i = 0; i < guarded->line_count; i++) {
		if (guarded->out_mask >> i & 1) {
			printf("%s%u = %u", separator, guarded->lines[i].offset,
			       (unsigned)(guarded->safe_bits >> i & 1));
			separator = ", ";
		}
	}
	putchar('\n');
}

static void print_state(const struct guard_state *state)
{
	printf("guardian   process %d, ", (int)state->guardian_pid);
	if (state->priority > 0) {
		printf("SCHED_FIFO priority %d", (int)state->priority);
	} else {
		printf("ordinary priority");
	}
	printf(", memory %s\n", state->is_locked ? "locked" : "not locked");
	print_run(state);
	print_lines(state);
	if (state->watchdog_s > 0) {
		printf("watchdog   time-out %d s, %s\n", (int)state->watchdog_s,
		       state->is_fed ? "fed" : "NOT fed any more");
	}
}

/* --- JSON ----------------------------------------------------------------------------------------- */

static void put_state(struct json *json, const struct guard_state *state)
{
	json_int(json, "guardian", state->guardian_pid);
	json_int(json, "run", state->run_pid);
	json_text(json, "phase", phase_name(state));
	json_text(json, "cause", cause_name(state));
	json_int(json, "priority", state->priority);
	json_bool(json, "is_locked", state->is_locked);
	json_int(json, "limit_ns", state->limit_ns);
	json_int(json, "overdue_ns", state->silent_ns);
	json_int(json, "took_ns", state->took_ns);
	json_int(json, "acted_ns", state->acted_realtime_ns);
	json_int(json, "requests", state->requests);
	json_int(json, "lines", state->lines);
	json_int(json, "failed", state->failed);
	json_int(json, "watchdog_s", state->watchdog_s);
	json_bool(json, "is_fed", state->is_fed);
}

static void put_held(struct json *json, const struct guarded *guarded)
{
	json_begin(json, NULL, '{');
	json_text(json, "device", guarded->device);
	json_text(json, "chip", guarded->chip);
	json_begin(json, "lines", '[');
	for (unsigned i = 0; i < guarded->line_count; i++) {
		if (guarded->out_mask >> i & 1) {
			json_begin(json, NULL, '{');
			json_uint(json, "line", guarded->lines[i].offset);
			json_uint(json, "safe", guarded->safe_bits >> i & 1);
			json_end(json, '}');
		}
	}
	json_end(json, ']');
	json_end(json, '}');
}

/* --- what is done --------------------------------------------------------------------------------- */

/* Each request that it holds: in text where @json is NULL. */
static int show_held(int fd, struct json *json)
{
	struct guarded guarded;
	int held_fd = -1, code = 0;

	for (uint32_t i = 0; code == 0; i++) {
		code = heir_ask_held(fd, i, &guarded, &held_fd);
		if (code) {
			break;
		}
		sys_close(held_fd);
		if (json) {
			put_held(json, &guarded);
		} else {
			print_held(&guarded);
		}
	}
	return code == -ENOENT || code == -EBUSY ? 0 : code;
}

static int show(const struct client *client, int fd, bool wants_json)
{
	struct json json = { .out = stdout };
	struct guard_state state;
	int code = heir_ask(fd, &state);

	if (code) {
		return wrong(client, code);
	}
	if (!wants_json) {
		print_state(&state);
		code = show_held(fd, NULL);
		return code ? wrong(client, code) : EXIT_OK;
	}
	json_begin(&json, NULL, '{');
	put_state(&json, &state);
	json_begin(&json, "held", '[');
	code = show_held(fd, &json);
	json_end(&json, ']');
	json_end(&json, '}');
	return code ? wrong(client, code) : EXIT_OK;
}

static int release(const struct client *client, int fd)
{
	int code = heir_let_go(fd);

	return code ? wrong(client, code) : EXIT_OK;
}

static int ask(struct client *client, const char *name, bool wants_release,
	       bool wants_json)
{
	int status = client_find(client, name);
	int fd;

	if (status != EXIT_OK) {
		return status;
	}
	fd = heir_connect(client->path);
	if (fd < 0) {
		return wrong(client, fd);
	}
	status = wants_release ? release(client, fd) : show(client, fd, wants_json);
	sys_close(fd);
	return status;
}

static int run_guard(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct client client = { .kind = &kind_guard, .command = command };
	bool wants_release = false, wants_json = false;
	const char *argument;
	int option;

	while ((option = command_next(&line, &argument)) >= 0) {
		wants_release |= option == OPTION_RELEASE;
		wants_json |= option == OPTION_JSON;
	}
	if (option != COMMAND_LINE_END) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (command_one_word(command, argc, argv, "NAME") != EXIT_OK) {
		return EXIT_USAGE;
	}
	if (wants_release && wants_json) {
		return command_wrong(command, "expected --release or --json, not both");
	}
	return ask(&client, argv[optind], wants_release, wants_json);
}
