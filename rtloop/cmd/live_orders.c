/* What a run is told to do: force, release. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/cmd.h"
#include "rtloop/cmd/live.h"

enum { STAGE_NEW, STAGE_GIVEN };

/* How long a cycle may take to come round, beside two of its periods. */
#define ROUND_LIMIT_NS (10 * NS_PER_SEC)

/* --- orders that were taken -------------------------------------------------------------------- */

static void tell_log(struct live *live, const char *what,
		     const struct live_channel *channel, const struct order *order)
{
	const struct record_event event = { .code = EVENT_TOLD,
					    .device = order->device,
					    .cycle = live->app->loop.orders.cycle,
					    .value = (int64_t)live->ticket };
	char value[LIVE_VALUE_BYTES] = "";
	char text[256];

	if (order->kind == ORDER_FORCE) {
		live_value_print(value, channel->channel->type, order->value);
	}
	snprintf(text, sizeof(text), "user %u, process %d: %s %s%s%s", live->giver.uid,
		 (int)live->giver.pid, what, channel->name, *value ? " = " : "", value);
	logger_tell(&live->app->logger, &event, text);
}

static void settle(struct live *live, struct live_channel *channel,
		   const struct order *order)
{
	bool forces = order->kind == ORDER_FORCE;

	channel->is_forced = forces;
	channel->forced = order->value;
	channel->forced_ns = sys_now();
	channel->forcer = live->giver;
	tell_log(live, forces ? "force" : "release", channel, order);
}

void live_settle(struct live *live)
{
	const struct orders *orders;

	if (!live->is_given || !orders_are_done(&live->app->loop.orders)) {
		return;
	}
	orders = &live->app->loop.orders;
	live->is_given = false;
	for (unsigned i = 0; i < orders->count; i++) {
		settle(live, live->ordered[i], &orders->list[i]);
	}
}

/* --- orders that are given --------------------------------------------------------------------- */

/* A batch as it is read from a request; nothing of it is given before all of it is right. */
struct batch {
	struct order list[ORDERS_MAX];
	struct live_channel *channels[ORDERS_MAX];
	unsigned count;
};

static bool give(struct live *live, struct control_request *request,
		 const struct batch *batch)
{
	struct orders *orders = &live->app->loop.orders;

	/* one batch after the other */
	if (live->is_given) {
		return false;
	}
	memcpy(orders->list, batch->list, sizeof(orders->list));
	memcpy(live->ordered, batch->channels, sizeof(live->ordered));
	orders->count = batch->count;
	live->giver = request->peer;
	live->is_given = true;
	request->ticket = ++live->ticket;
	request->stage = STAGE_GIVEN;
	orders_give(orders);
	return true;
}

static bool is_taken(const struct live *live, const struct control_request *request)
{
	return request->ticket < live->ticket || !live->is_given;
}

static bool confirm(const struct live *live, const struct control_request *request,
		    FILE *reply)
{
	const struct orders *orders = &live->app->loop.orders;
	struct json json = live_begin_reply(reply);

	json_text(&json, "loop", live->app->setup->name);
	/* a batch that came in between was taken later */
	if (request->ticket == live->ticket) {
		json_uint(&json, "cycle", orders->cycle);
	}
	json_uint(&json, "forced", counter_get(&live->app->loop.forced));
	json_end(&json, '}');
	return true;
}

static bool is_late(const struct live *live, const struct control_request *request)
{
	return sys_now() - request->came_ns >
	       ROUND_LIMIT_NS + 2 * live->app->setup->loop.period_ns;
}

/* Whether the reply is complete. */
static bool carry_out(struct live *live, struct control_request *request,
		      const struct batch *batch, FILE *reply)
{
	if (request->stage == STAGE_NEW && !give(live, request, batch)) {
		return is_late(live, request) &&
		       live_refuse(reply, EXIT_FAILED,
				   "the cycle does not come round: nothing was changed");
	}
	if (is_taken(live, request)) {
		return confirm(live, request, reply);
	}
	return is_late(live, request) &&
	       live_refuse(reply, EXIT_FAILED,
			   "the cycle does not come round: it is changed when it does");
}

/* --- force and release ------------------------------------------------------------------------- */

static void add(struct batch *batch, struct live_channel *channel, enum order_kind kind,
		union value value)
{
	batch->channels[batch->count] = channel;
	batch->list[batch->count++] =
		(struct order){ .kind = kind,
				.is_output = channel->kind == LIVE_OUTPUT,
				.device = channel->device,
				.index = channel->index,
				.value = value };
}

static bool refuse_count(FILE *reply)
{
	return live_refuse(reply, EXIT_USAGE,
			   "too many channels at once; expected at most %d", ORDERS_MAX);
}

static bool refuse_value(const struct live_channel *channel, const char *text, int code,
			 FILE *reply)
{
	static const char *const expected[] = { "true or false", "a whole number",
						"a number" };

	return live_refuse(reply, EXIT_USAGE, "'%s' cannot be '%.64s'%s; expected %s",
			   channel->name, text,
			   code == -ERANGE ? ", which does not fit" : "",
			   expected[channel->channel->type]);
}

/* "probe.temp=20", or "probe.temp=" to release it. False: it is refused. */
static bool read_force(struct live *live, const char *word, struct batch *batch,
		       FILE *reply)
{
	const char *value_text = strchr(word, '=');
	char name[2 * VALUE_NAME_MAX + 2];
	struct live_channel *channel;
	union value value = { .as_int = 0 };
	int code;

	snprintf(name, sizeof(name), "%.*s",
		 value_text ? (int)(value_text - word) : (int)strlen(word), word);
	channel = live_channels_find(&live->channels, name);
	if (!channel) {
		return !live_refuse_name(live, name, reply);
	}
	if (!value_text) {
		return !live_refuse(reply, EXIT_USAGE,
				    "no value for '%s'; expected '%s=VALUE', or '%s=' to "
				    "release it",
				    name, name, name);
	}
	if (!value_text[1]) {
		add(batch, channel, ORDER_RELEASE, value);
		return true;
	}
	code = live_value_parse(value_text + 1, channel->channel->type, &value);
	if (code) {
		return !refuse_value(channel, value_text + 1, code, reply);
	}
	add(batch, channel, ORDER_FORCE, value);
	return true;
}

bool live_answer_force(struct live *live, struct control_request *request, int64_t now_ns,
		       FILE *reply)
{
	struct batch batch = { .count = 0 };

	(void)now_ns;
	if (request->word_count < 2) {
		return live_refuse(reply, EXIT_USAGE,
				   "nothing is given; expected CHANNEL=VALUE...");
	}
	if (request->word_count - 1 > ORDERS_MAX) {
		return refuse_count(reply);
	}
	for (unsigned i = 1; request->stage == STAGE_NEW && i < request->word_count;
	     i++) {
		if (!read_force(live, request->words[i], &batch, reply)) {
			return true;
		}
	}
	return carry_out(live, request, &batch, reply);
}

static bool is_named(const struct control_request *request,
		     const struct live_channel *channel)
{
	for (unsigned i = 1; i < request->word_count; i++) {
		if (strcmp(request->words[i], "all") == 0 ||
		    strcmp(request->words[i], channel->name) == 0) {
			return true;
		}
	}
	return false;
}

/* What is not forced need not be released; more than fits into one batch goes into the next. */
static void read_release(struct live *live, const struct control_request *request,
			 struct batch *batch)
{
	for (unsigned i = 0; i < live->channels.count && batch->count < ORDERS_MAX; i++) {
		struct live_channel *channel = &live->channels.list[i];

		if (channel->is_forced && is_named(request, channel)) {
			add(batch, channel, ORDER_RELEASE, (union value){ .as_int = 0 });
		}
	}
}

static const char *unknown_name(const struct live *live,
				const struct control_request *request)
{
	for (unsigned i = 1; i < request->word_count; i++) {
		if (strcmp(request->words[i], "all") != 0 &&
		    !live_channels_find(&live->channels, request->words[i])) {
			return request->words[i];
		}
	}
	return NULL;
}

bool live_answer_release(struct live *live, struct control_request *request,
			 int64_t now_ns, FILE *reply)
{
	const char *unknown = unknown_name(live, request);
	struct batch batch = { .count = 0 };

	(void)now_ns;
	if (request->word_count < 2) {
		return live_refuse(reply, EXIT_USAGE,
				   "nothing is named; expected CHANNEL..., or all");
	}
	if (unknown) {
		return live_refuse_name(live, unknown, reply);
	}
	/* while others' orders are on their way it is not known what is forced */
	if (live->is_given) {
		return false;
	}
	read_release(live, request, &batch);
	if (batch.count > 0) {
		request->stage = STAGE_NEW;
		return carry_out(live, request, &batch, reply);
	}
	return confirm(live, request, reply);
}

/* --- what holds --------------------------------------------------------------------------------- */

void live_put_forces(struct json *json, const struct live *live)
{
	json_begin(json, "forces", '[');
	for (unsigned i = 0; i < live->channels.count; i++) {
		const struct live_channel *channel = &live->channels.list[i];

		if (channel->is_forced) {
			json_begin(json, NULL, '{');
			json_text(json, "name", channel->name);
			live_value_put(json, "value", channel->channel->type,
				       channel->forced);
			json_int(json, "since_ns", sys_now() - channel->forced_ns);
			json_int(json, "uid", channel->forcer.uid);
			json_int(json, "pid", channel->forcer.pid);
			json_end(json, '}');
		}
	}
	json_end(json, ']');
}

void live_print_forces(const struct live *live, FILE *out)
{
	char value[LIVE_VALUE_BYTES];

	for (unsigned i = 0; i < live->channels.count; i++) {
		const struct live_channel *channel = &live->channels.list[i];

		if (channel->is_forced) {
			fprintf(out,
				"FORCED    %s = %s%s%s, for %.0f s, by user %u, process "
				"%d\n",
				channel->name,
				live_value_print(value, channel->channel->type,
						 channel->forced),
				channel->channel->unit ? " " : "",
				channel->channel->unit ? channel->channel->unit : "",
				(double)(sys_now() - channel->forced_ns) /
					(double)NS_PER_SEC,
				channel->forcer.uid, (int)channel->forcer.pid);
		}
	}
}
