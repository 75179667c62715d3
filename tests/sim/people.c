#include "tests/sim/people.h"

#include <string.h>

#include "drivers/input.h"
#include "drivers/output.h"
#include "rtloop/cycle/orders.h"
#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

#define ORDERS_AT_ONCE 4

/* What holds, of what can be told: the param, and two inputs and an output of each device. */
struct told {
	double target;
	bool is_forced[PLAN_DEVICES_MAX][3];
	union value forced[PLAN_DEVICES_MAX][3];
};

static struct {
	const struct plan *plan;
	struct app *app;
	int64_t next_ns;
	bool ends_early;
	struct told told;   /* all that was taken */
	struct told coming; /* when the batch that was given is taken, too */
} people;

static struct rng *rng(void)
{
	return sim_rng(STREAM_PEOPLE);
}

static void plan_next(void)
{
	people.next_ns =
		people.plan->order_ns > 0
			? sched_now() + rng_between(rng(), 1, 2 * people.plan->order_ns)
			: SCHED_NEVER;
}

void people_begin(const struct plan *plan, struct app *app)
{
	people.plan = plan;
	people.app = app;
	people.ends_early = rng_one_in(rng(), 4);
	people.told = (struct told){ .target = PLAN_TARGET };
	people.coming = people.told;
	plan_next();
}

static struct order draw_set(void)
{
	return (struct order){ .kind = ORDER_SET,
			       .value.as_float = (double)rng_below(rng(), 1000) };
}

static enum value_type type_of(const struct order *order)
{
	const struct device *device = &people.app->devices[order->device];

	return order->is_output ? device->out[order->index].type
				: device->in[order->index].type;
}

static union value draw_value(enum value_type type)
{
	uint64_t number = rng_below(rng(), 1000);

	switch (type) {
	case VALUE_BOOL:
		return (union value){ .as_bool = number % 2 };
	case VALUE_INT:
		return (union value){ .as_int = (int64_t)number };
	default:
		return (union value){ .as_float = (double)number };
	}
}

static struct order draw_force(void)
{
	unsigned device = (unsigned)rng_below(rng(), people.plan->device_count);
	bool is_output = people.plan->devices[device].has_out && rng_one_in(rng(), 2);

	struct order order = { .kind = rng_one_in(rng(), 2) ? ORDER_RELEASE : ORDER_FORCE,
			       .is_output = is_output,
			       .device = device,
			       .index = is_output ? 0 : (unsigned)rng_below(rng(), 2) };

	order.value = draw_value(type_of(&order));
	return order;
}

static void note_order(const struct order *order)
{
	unsigned at = order->is_output ? 2 : order->index;

	if (order->kind == ORDER_SET) {
		people.coming.target = order->value.as_float;
		return;
	}
	people.coming.is_forced[order->device][at] = order->kind == ORDER_FORCE;
	people.coming.forced[order->device][at] = order->value;
}

static void give_orders(struct orders *orders)
{
	/* the last batch was taken, perhaps by the cycle that still runs */
	people.told = people.coming;
	orders->count = 1 + (unsigned)rng_below(rng(), ORDERS_AT_ONCE);
	for (unsigned i = 0; i < orders->count; i++) {
		orders->list[i] = rng_one_in(rng(), 2) ? draw_set() : draw_force();
	}
	for (unsigned i = 0; i < orders->count; i++) {
		note_order(&orders->list[i]);
	}
	sim_note(NOTE_ORDER, orders->count, 0);
	orders_give(orders);
}

/* Another text for the files that come. */
static void reload(void)
{
	const char *text = people.plan->text;

	if (logger_replace_config(&people.app->logger, text, strlen(text))) {
		sim_fail("no memory for a configuration");
	}
}

void people_look(void)
{
	struct orders *orders = &people.app->loop.orders;

	if (sched_now() < people.next_ns) {
		return;
	}
	plan_next();
	if (people.ends_early && rng_one_in(rng(), 30)) {
		loop_ask_stop(&people.app->loop);
	}
	if (orders_are_done(orders)) {
		give_orders(orders);
	}
	if (rng_one_in(rng(), 4)) {
		reload();
	}
}

static void check_forced(unsigned device, unsigned at)
{
	const struct device *now = &people.app->devices[device];
	bool is_forced = at == 2 ? now->outputs[0].is_forced : now->inputs[at].is_forced;
	union value value = at == 2 ? now->outputs[0].forced : now->inputs[at].forced;
	bool must = people.told.is_forced[device][at];

	SIM_CHECK(is_forced == must, "%s: its channel %u is %s", now->spec->name, at,
		  is_forced ? "forced, and was released" : "not forced, and must be");
	SIM_CHECK(!must || value.as_int == people.told.forced[device][at].as_int,
		  "%s: its channel %u is forced to another value", now->spec->name, at);
}

void people_check(void)
{
	double target = channel_value(&people.app->step.params.channels[0]).as_float;

	if (orders_are_done(&people.app->loop.orders)) {
		people.told = people.coming;
	}
	SIM_CHECK(target == people.told.target, "target is %.1f, and was set to %.1f",
		  target, people.told.target);
	for (unsigned i = 0; i < people.plan->device_count; i++) {
		check_forced(i, 0);
		check_forced(i, 1);
		if (people.plan->devices[i].has_out) {
			check_forced(i, 2);
		}
	}
}
