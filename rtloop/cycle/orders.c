#include "rtloop/cycle/orders.h"

#include <string.h>

#include "drivers/input.h"
#include "drivers/output.h"
#include "rtloop/cycle/loop.h"

bool orders_are_done(const struct orders *orders)
{
	return turn_is_back(&orders->turn);
}

void orders_give(struct orders *orders)
{
	turn_give(&orders->turn);
}

static void force(struct device *device, const struct order *order)
{
	if (order->is_output) {
		output_force(&device->outputs[order->index], order->value);
	} else {
		input_force(device, order->index, order->value);
	}
}

static void release(struct device *device, const struct order *order)
{
	if (order->is_output) {
		output_release(&device->outputs[order->index]);
	} else {
		input_release(device, order->index);
	}
}

static bool is_forced(const struct device *device, const struct order *order)
{
	return order->is_output ? device->outputs[order->index].is_forced
				: device->inputs[order->index].is_forced;
}

/* Outputs are numbered after inputs. */
static int64_t number_of(const struct device *device, const struct order *order)
{
	return order->index + (order->is_output ? device->spec->in_count : 0u);
}

static void set(struct step *step, const struct order *order)
{
	channel_store(&step->params.channels[order->index], order->value);
}

static struct record_force describe(const struct device *device,
				    const struct order *order)
{
	const struct channel *channel =
		order->is_output ? &device->out[order->index] : &device->in[order->index];
	const struct image_part *part =
		order->is_output ? &device->out_part : &device->part;

	return (struct record_force){
		.value = channel->type == VALUE_BOOL ? order->value.as_bool
						     : order->value.as_int,
		.device = order->device,
		.offset = (uint32_t)((uint8_t *)channel->cell - part->block),
		.is_output = order->is_output,
		.is_forced = order->kind == ORDER_FORCE,
	};
}

/* The event tells of it, this tells the value: a replay forces it again. */
static void record_force(struct loop *loop, const struct device *device,
			 const struct order *order)
{
	struct record_force force = describe(device, order);
	void *body = loop->orders.force_topic
			     ? recorder_add(loop->recorder, loop->orders.force_topic,
					    sizeof(force))
			     : NULL;

	force.cycle = loop->cycle;
	if (body) {
		memcpy(body, &force, sizeof(force));
	}
}

static void carry_out_force(struct loop *loop, const struct order *order)
{
	struct device *device = &loop->devices[order->device];
	bool was_forced = is_forced(device, order);
	bool forces = order->kind == ORDER_FORCE;

	if (forces) {
		force(device, order);
	} else {
		release(device, order);
	}
	counter_set(&loop->forced, counter_get(&loop->forced) +
					   (uint64_t)(forces && !was_forced) -
					   (uint64_t)(!forces && was_forced));
	record_force(loop, device, order);
	recorder_event(loop->recorder, forces ? EVENT_FORCED : EVENT_RELEASED,
		       order->device, number_of(device, order));
}

static RARE void carry_out(struct loop *loop, uint64_t cycle)
{
	struct orders *orders = &loop->orders;

	for (unsigned i = 0; i < orders->count; i++) {
		if (orders->list[i].kind == ORDER_SET) {
			set(loop->step, &orders->list[i]);
		} else {
			carry_out_force(loop, &orders->list[i]);
		}
	}
	/* inputs that were released are to be shown once more, too */
	loop->lays_inputs = true;
	orders->cycle = cycle;
	turn_return(&orders->turn);
}

/* Nothing but a look where nobody has given any, as in most cycles. */
void orders_take(struct loop *loop, uint64_t cycle)
{
	if (turn_is_given(&loop->orders.turn)) {
		carry_out(loop, cycle);
	}
}
