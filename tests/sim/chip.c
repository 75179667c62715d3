#include "tests/sim/chip.h"

#include <errno.h>
#include <string.h>

#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

static struct chip chips[PLAN_DEVICES_MAX];

static struct rng *rng(void)
{
	return sim_rng(STREAM_WORLD);
}

/* Of more than there is room for, the oldest are forgotten. */
static void add_edge(struct chip *chip)
{
	struct chip_edge edge = { .time_ns = sched_now(),
				  .number = ++chip->numbered,
				  .line_number = chip->numbered,
				  .is_rising = chip->levels[CHIP_COUNT] };

	if (chip->count == CHIP_EDGES) {
		chip->first = (chip->first + 1) % CHIP_EDGES;
		chip->count--;
	}
	chip->edges[(chip->first + chip->count++) % CHIP_EDGES] = edge;
}

static void toggle(struct chip *chip)
{
	enum chip_line line = rng_one_in(rng(), 2) ? CHIP_LEVEL : CHIP_COUNT;

	chip->levels[line] = !chip->levels[line];
	if (line == CHIP_COUNT && chip->is_requested && chip->peer->is_there) {
		add_edge(chip);
	}
}

static void act(struct world_actor *actor)
{
	struct chip *chip = container_of(actor, struct chip, toggler);
	struct peer *peer = chip->peer;
	int64_t talk_ns = peer->plan->talk_ns;

	toggle(chip);
	peer->flood -= peer->flood > 0;
	actor->next_ns = sched_now() +
			 (peer->flood > 0 ? rng_between(rng(), 1000, 20000)
					  : rng_between(rng(), talk_ns / 4, 2 * talk_ns));
}

struct chip *chip_of(const struct peer *peer)
{
	return &chips[peer->index];
}

void chip_begin(struct chip *chip, struct peer *peer)
{
	*chip = (struct chip){
		.peer = peer,
		.toggler = { .next_ns = sched_now() + peer->plan->talk_ns, .act = act },
	};
	world_add(&chip->toggler);
}

bool chip_do(struct chip *chip, enum peer_fault fault)
{
	if (fault == PEER_ERROR) {
		chip->error = -EIO;
		return true;
	}
	if (fault == PEER_FLOODS) {
		chip->peer->flood = (uint32_t)rng_span(rng(), 10, 2000);
		world_plan(&chip->toggler, sched_now());
		return true;
	}
	return false;
}

uint64_t chip_request(struct chip *chip, bool out)
{
	chip->is_requested = true;
	chip->levels[CHIP_OUT] = out;
	chip->count = 0;
	chip->before += chip->newest;
	chip->numbered = 0;
	chip->newest = 0;
	chip->has_sampled = false;
	chip->has_failed = true;
	return ++chip->requests;
}

void chip_release(struct chip *chip)
{
	chip->is_requested = false;
}

int64_t chip_count(const struct chip *chip)
{
	return chip->before + chip->newest;
}
