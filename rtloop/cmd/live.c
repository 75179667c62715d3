#include "rtloop/cmd/live.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "config/suggest.h"
#include "rtloop/cmd/cmd.h"

static const struct {
	const char *verb;
	live_answer *answer;
} verbs[] = {
	{ "status", live_answer_status },   { "report", live_answer_report },
	{ "get", live_answer_get },	    { "force", live_answer_force },
	{ "release", live_answer_release }, { "set", live_answer_set },
	{ "reload", live_answer_reload },
};

struct json live_begin_reply(FILE *reply)
{
	struct json json = { .out = reply };

	json_begin(&json, NULL, '{');
	json_bool(&json, "ok", true);
	return json;
}

bool live_refuse(FILE *reply, int exit_status, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return live_refuse_text(reply, exit_status, text);
}

bool live_refuse_text(FILE *reply, int exit_status, const char *text)
{
	struct json json = { .out = reply };

	json_begin(&json, NULL, '{');
	json_bool(&json, "ok", false);
	json_int(&json, "exit_status", exit_status);
	json_text(&json, "error", text);
	json_end(&json, '}');
	return true;
}

static bool refuse_verb(const char *verb, FILE *reply)
{
	struct suggest suggest;

	suggest_init(&suggest, verb);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		suggest_offer(&suggest, verbs[i].verb);
	}
	return suggest.best
		       ? live_refuse(reply, EXIT_USAGE,
				     "unknown request '%.64s'; did you mean '%s'?", verb,
				     suggest.best)
		       : live_refuse(reply, EXIT_USAGE, "unknown request '%.64s'", verb);
}

static bool answer(void *context, struct control_request *request, int64_t now_ns,
		   FILE *reply)
{
	live_settle(context);
	if (request->word_count == 0) {
		return live_refuse(reply, EXIT_USAGE,
				   "the request is empty; expected a verb");
	}
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].verb, request->words[0]) == 0) {
			return verbs[i].answer(context, request, now_ns, reply);
		}
	}
	return refuse_verb(request->words[0], reply);
}

static void refuse(void *context, const char *why, FILE *reply)
{
	(void)context;
	live_refuse(reply, EXIT_USAGE, "%s", why);
}

int live_open(struct live *live, struct app *app, const char *config_path,
	      struct err *err)
{
	const struct control_handler handler = { .context = live,
						 .answer = answer,
						 .refuse = refuse };
	char path[CONTROL_PATH_BYTES];
	int code;

	live->app = app;
	live->path = config_path;
	if (live_channels_init(&live->channels, app)) {
		return err_set(err, -ENOMEM, "no memory for the control socket");
	}
	code = control_choose_path(app->setup->name, path, err);
	return code ? code : control_open(&app->super.control, path, &handler, err);
}

void live_close(struct live *live)
{
	if (live->app) {
		control_close(&live->app->super.control);
	}
	live_channels_fini(&live->channels);
	setup_destroy(live->loaded);
	setup_destroy(live->pending);
}
