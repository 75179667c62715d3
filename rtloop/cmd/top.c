/* rtloop top: a run, on the whole terminal, again and again. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/value.h"
#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/client.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/terminal.h"
#include "rtloop/cmd/top_screen.h"
#include "rtloop/cmd/tty.h"

#define INTERVAL_NS	(500 * NS_PER_MS)
#define INTERVAL_MIN_NS (50 * NS_PER_MS)
#define INTERVAL_MAX_NS (60 * NS_PER_SEC)

/* A run that does not answer must not keep the keys waiting. */
#define REPLY_LIMIT_S 2

static int run_top(const struct command *command, int argc, char **argv);

enum { TOP_INTERVAL };

static const struct command_option top_options[] = {
	[TOP_INTERVAL] = { 'i', "interval", "TIME",
			   "between two looks: a number of seconds, or with a unit: "
			   "200ms; "
			   "half a second otherwise" },
	{ 0, NULL, NULL, NULL },
};

const struct command command_top = {
	.name = "top",
	.arguments = "[NAME]",
	.summary = "watch a run on the whole terminal",
	.description =
		"Shows, and keeps showing, what a run does: overruns, how late it woke "
		"and how "
		"long it worked, every channel with its unit, quality and age, the "
		"devices, "
		"and the histograms of latency and busy time. What is forced stands in "
		"the "
		"second line.\n\n"
		"q ends it. The arrow keys, page keys, home and end scroll what is below "
		"the "
		"upper lines, where the terminal is too small for all of it. A run that "
		"has "
		"ended is waited for. NO_COLOR in the environment turns colours off.\n\n"
		"NAME is the loop's name, or the path of its control socket. Without it, "
		"the "
		"only run that there is.",
	.options = top_options,
	.exits = "0  ended by q\n1  no such run\n2  the command line is wrong, or there "
		 "is no "
		 "terminal",
	.run = run_top,
};

struct top {
	struct client client;
	struct client_reply reply; /* the newest */
	struct top_view view;
	int64_t interval_ns;
	unsigned page; /* rows of the terminal, about */
};

static void look(struct top *top)
{
	struct client_reply reply;

	if (client_ask(&top->client, "status", NULL, 0, &reply) != EXIT_OK) {
		top->view.trouble = top->client.said;
		return;
	}
	client_free(&top->reply);
	top->reply = reply;
	top->view.trouble = NULL;
	top->view.status = top->reply.has_tree ? top->reply.tree.root : NULL;
}

static int draw(struct top *top)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	struct screen screen;
	unsigned width, rows;

	if (!out) {
		return -ENOMEM;
	}
	tty_size(&width, &rows);
	top->page = rows > 8 ? rows - 8 : 1;
	screen_begin(&screen, out, width, rows, terminal_wants_colour(stdout));
	top_screen_draw(&screen, &top->view);
	screen_end(&screen);
	if (fclose(out) == 0) {
		fwrite(text, 1, bytes, stdout);
	}
	free(text);
	return fflush(stdout) ? -errno : 0;
}

static void scroll(struct top *top, enum tty_key key)
{
	unsigned *scrolled = &top->view.scrolled;

	switch (key) {
	case TTY_UP:
		*scrolled -= *scrolled > 0;
		break;
	case TTY_DOWN:
		(*scrolled)++;
		break;
	case TTY_PAGE_UP:
		*scrolled -= *scrolled < top->page ? *scrolled : top->page;
		break;
	case TTY_PAGE_DOWN:
		*scrolled += top->page;
		break;
	case TTY_HOME:
		*scrolled = 0;
		break;
	case TTY_END:
		*scrolled = UINT16_MAX;
		break;
	default:
		break;
	}
}

/* Keys and new sizes are answered with what is known; only the clock asks the run again. */
static int watch(struct top *top)
{
	int64_t next_ns = sys_now();
	enum tty_key key = TTY_NONE;
	int code = 0;

	while (key != TTY_QUIT && code == 0) {
		int64_t now_ns = sys_now();

		if (now_ns >= next_ns) {
			look(top);
			next_ns = sys_now() + top->interval_ns;
		}
		scroll(top, key);
		code = draw(top);
		key = tty_wait_key(next_ns - sys_now());
	}
	return code;
}

static int parse_interval(const char *text, int64_t *ret_ns)
{
	double seconds;
	int code = value_parse_float(text, &seconds);

	if (code == 0 && seconds >= 0 && seconds <= 60) {
		*ret_ns = (int64_t)(seconds * 1e9);
	} else {
		code = value_parse_duration(text, ret_ns);
	}
	return code == 0 && *ret_ns >= INTERVAL_MIN_NS && *ret_ns <= INTERVAL_MAX_NS
		       ? 0
		       : -EINVAL;
}

static int show(struct top *top)
{
	int code = tty_take();

	if (code) {
		return command_wrong(top->client.command,
				     "there is no terminal; 'rtloop status' prints it "
				     "once");
	}
	top->client.is_quiet = true;
	top->client.reply_limit_s = REPLY_LIMIT_S;
	code = watch(top);
	tty_give_back();
	client_free(&top->reply);
	return code ? EXIT_FAILED : EXIT_OK;
}

static int run_top(const struct command *command, int argc, char **argv)
{
	struct command_line line = { .command = command, .argc = argc, .argv = argv };
	struct top top = { .client.command = command, .interval_ns = INTERVAL_NS };
	const char *argument;
	int option, status = EXIT_OK;

	while ((option = command_next(&line, &argument)) >= 0) {
		if (parse_interval(argument, &top.interval_ns)) {
			status = command_wrong(command,
					       "--interval is '%s'; expected 50ms to 60s",
					       argument);
		}
	}
	if (option != COMMAND_LINE_END || status != EXIT_OK) {
		return option == COMMAND_LINE_HELP ? EXIT_OK : EXIT_USAGE;
	}
	if (command_one_word(command, argc, argv, "NAME") != EXIT_OK) {
		return EXIT_USAGE;
	}
	status = client_find(&top.client, optind < argc ? argv[optind] : NULL);
	return status == EXIT_OK ? show(&top) : status;
}
