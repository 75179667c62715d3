/* Orders on their way to the cycle, and what holds once it has taken them. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "rtloop/base/sys.h"
#include "rtloop/base/time.h"
#include "rtloop/cmd/live.h"

/* How long a cycle may take to come round, beside two of its periods. */
#define ROUND_LIMIT_NS (10 * NS_PER_SEC)

void live_batch_add(struct live_batch *batch, struct live_channel *channel,
		    enum order_kind kind, union value value)
{
	batch->channels[batch->count] = channel;
	batch->list[batch->count++] =
		(struct order){ .kind = kind,
				.is_output = channel->kind == LIVE_OUTPUT,
				.device = channel->device,
				.index = channel->index,
				.value = value };
}

uint64_t live_give(struct live *live, const struct live_batch *batch,
		   const struct ucred *giver, const char *why)
{
	struct orders *orders = &live->app->loop.orders;

	if (live->is_given) {
		return 0;
	}
	live->given = *batch;
	memcpy(orders->list, batch->list, batch->count * sizeof(orders->list[0]));
	orders->count = batch->count;
	live->giver = *giver;
	live->give_why = why;
	live->is_given = true;
	orders_give(orders);
	return ++live->ticket;
}

bool live_is_taken(const struct live *live, uint64_t ticket)
{
	return ticket < live->ticket || !live->is_given;
}

bool live_is_late(const struct live *live, const struct control_request *request)
{
	return sys_now() - request->came_ns >
	       ROUND_LIMIT_NS + 2 * live->app->setup->loop.period_ns;
}

void live_tell_log(struct live *live, uint64_t cycle, uint32_t device, const char *format,
		   ...)
{
	const struct record_event event = { .code = EVENT_TOLD,
					    .device = device,
					    .cycle = cycle,
					    .value = (int64_t)live->ticket };
	char text[NOTE_TEXT_BYTES];
	va_list args;
	int bytes;

	if (live->giver.pid == 0) {
		bytes = snprintf(text, sizeof(text), "SIGHUP: ");
	} else {
		bytes = snprintf(text, sizeof(text),
				 "user %u, process %d: ", live->giver.uid,
				 (int)live->giver.pid);
	}
	va_start(args, format);
	vsnprintf(text + bytes, sizeof(text) - (size_t)bytes, format, args);
	va_end(args);
	/* one line, whatever it was */
	for (char *at = text; *at; at++) {
		*at = *at == '\n' ? ' ' : *at;
	}
	logger_tell(&live->app->logger, &event, text);
}

static void settle(struct live *live, struct live_channel *channel,
		   const struct order *order)
{
	uint64_t cycle = live->app->loop.orders.cycle;
	char before[LIVE_VALUE_BYTES], value[LIVE_VALUE_BYTES];

	live_value_print(before, channel->type, channel->value);
	live_value_print(value, channel->type, order->value);
	channel->is_forced = order->kind == ORDER_FORCE;
	channel->value = order->value;
	channel->since_ns = sys_now();
	channel->giver = live->giver;
	if (order->kind == ORDER_SET) {
		live_tell_log(live, cycle, order->device, "%s %s = %s, was %s",
			      live->give_why, channel->name, value, before);
	} else if (order->kind == ORDER_FORCE) {
		live_tell_log(live, cycle, order->device, "%s %s = %s", live->give_why,
			      channel->name, value);
	} else {
		live_tell_log(live, cycle, order->device, "release %s", channel->name);
	}
}

void live_settle(struct live *live)
{
	struct setup *pending = live->pending;

	if (!live->is_given || !orders_are_done(&live->app->loop.orders)) {
		return;
	}
	live->is_given = false;
	live->cycles[live->ticket % CONTROL_PEERS_MAX] = live->app->loop.orders.cycle;
	for (unsigned i = 0; i < live->given.count; i++) {
		settle(live, live->given.channels[i], &live->given.list[i]);
	}
	if (pending) {
		live->pending = NULL;
		live_adopt(live, pending);
	}
}

bool live_confirm(const struct live *live, const struct control_request *request,
		  FILE *reply)
{
	struct json json = live_begin_reply(reply);

	json_text(&json, "loop", live->app->setup->name);
	if (request->changed > 0) {
		json_uint(&json, "cycle",
			  live->cycles[request->ticket % CONTROL_PEERS_MAX]);
	}
	json_uint(&json, "changed", request->changed);
	json_uint(&json, "forced", counter_get(&live->app->loop.forced));
	json_end(&json, '}');
	return true;
}

static void put_force(struct json *json, const struct live_channel *channel)
{
	json_begin(json, NULL, '{');
	json_text(json, "name", channel->name);
	live_value_put(json, "value", channel->type, channel->value);
	json_int(json, "since_ns", sys_now() - channel->since_ns);
	json_int(json, "uid", channel->giver.uid);
	json_int(json, "pid", channel->giver.pid);
	json_end(json, '}');
}

void live_put_changes(struct json *json, const struct live *live)
{
	json_begin(json, "forces", '[');
	for (unsigned i = 0; i < live->channels.count; i++) {
		if (live->channels.list[i].is_forced) {
			put_force(json, &live->channels.list[i]);
		}
	}
	json_end(json, ']');
	json_text(json, "config", live->path);
	json_bool(json, "config_has_changed", live->has_changed);
}

static void print_force(FILE *out, const struct live_channel *channel)
{
	const char *unit = channel->channel->unit;
	char value[LIVE_VALUE_BYTES];

	fprintf(out, "FORCED    %s = %s%s%s, for %.0f s, by user %u, process %d\n",
		channel->name, live_value_print(value, channel->type, channel->value),
		unit ? " " : "", unit ? unit : "",
		(double)(sys_now() - channel->since_ns) / (double)NS_PER_SEC,
		channel->giver.uid, (int)channel->giver.pid);
}

void live_print_changes(const struct live *live, FILE *out)
{
	for (unsigned i = 0; i < live->channels.count; i++) {
		if (live->channels.list[i].is_forced) {
			print_force(out, &live->channels.list[i]);
		}
	}
	if (live->has_changed) {
		fprintf(out,
			"CHANGED   %s is not what runs: 'rtloop reload %s', or a "
			"restart, "
			"applies it\n",
			live->path, live->app->setup->name);
	}
}
