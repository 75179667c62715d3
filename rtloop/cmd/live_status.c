/* What a run tells of itself: status, report, get. */
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/live.h"
#include "rtloop/cmd/run_json.h"
#include "rtloop/cmd/run_report.h"

/* A cycle that is stuck, or a long period, keeps nobody waiting: the newest view tells its own age. */
#define VIEW_LIMIT_NS (250 * NS_PER_MS)

enum { STAGE_NEW, STAGE_ASKED };

/* Whether it can be answered now: with a view that is newer than the request, or with none. */
static bool has_view(struct live *live, struct control_request *request, int64_t now_ns)
{
	struct view *view = &live->app->loop.view;

	if (request->stage == STAGE_NEW && view_is_here(view)) {
		view_ask(view);
		request->stage = STAGE_ASKED;
		return false;
	}
	/* one that was asked for before this request came may be older than what it asks about */
	return (request->stage == STAGE_ASKED && view_is_here(view)) ||
	       now_ns - request->came_ns >= VIEW_LIMIT_NS;
}

static bool is_asked_for(const struct control_request *request,
			 const struct live_channel *channel)
{
	for (unsigned i = 1; i < request->word_count; i++) {
		if (live_channel_is_of(channel, request->words[i])) {
			return true;
		}
	}
	return request->word_count == 1;
}

/* Before the end of the first cycle there are none. */
static void put_channels(struct json *json, struct live *live,
			 const struct control_request *request)
{
	const struct view_copy *view = view_newest(&live->app->loop.view);

	json_bool(json, "has_values", view->time_ns != 0);
	if (view->time_ns == 0) {
		return;
	}
	json_uint(json, "cycle", view->cycle);
	json_int(json, "values_age_ns", sys_now() - view->time_ns);
	json_begin(json, "channels", '[');
	for (unsigned i = 0; i < live->channels.count; i++) {
		if (is_asked_for(request, &live->channels.list[i])) {
			live_channel_put(json, live->app, &live->channels.list[i]);
		}
	}
	json_end(json, ']');
}

bool live_answer_status(struct live *live, struct control_request *request,
			int64_t now_ns, FILE *reply)
{
	struct json json;

	if (request->word_count > 1) {
		return live_refuse(reply, EXIT_USAGE,
				   "'status' takes no words; expected it alone");
	}
	if (!has_view(live, request, now_ns)) {
		return false;
	}
	json = live_begin_reply(reply);
	run_json_put(&json, live->app);
	live_put_changes(&json, live);
	put_channels(&json, live, request);
	json_end(&json, '}');
	return true;
}

bool live_answer_report(struct live *live, struct control_request *request,
			int64_t now_ns, FILE *reply)
{
	(void)now_ns;
	if (request->word_count > 1) {
		return live_refuse(reply, EXIT_USAGE,
				   "'report' takes no words; expected it alone");
	}
	live_print_changes(live, reply);
	run_report_print(live->app, reply);
	return true;
}

bool live_refuse_name(const struct live *live, const char *name, bool params, FILE *reply)
{
	const char *nearest = live_channels_nearest(&live->channels, name, params);
	const char *kind = params ? "param" : "channel";

	return nearest ? live_refuse(reply, EXIT_USAGE,
				     "no %s '%.128s'; did you mean '%s'?", kind, name,
				     nearest)
		       : live_refuse(
				 reply, EXIT_USAGE,
				 "no %s '%.128s'; 'rtloop get %s' lists what there is",
				 kind, name, live->app->setup->name);
}

bool live_answer_get(struct live *live, struct control_request *request, int64_t now_ns,
		     FILE *reply)
{
	struct json json;

	for (unsigned i = 1; i < request->word_count; i++) {
		if (!live_channels_is_device(&live->channels, request->words[i])) {
			return live_refuse_name(live, request->words[i], false, reply);
		}
	}
	if (!has_view(live, request, now_ns)) {
		return false;
	}
	json = live_begin_reply(reply);
	json_text(&json, "loop", live->app->setup->name);
	put_channels(&json, live, request);
	json_end(&json, '}');
	return true;
}
