#include "tests/sim/world.h"

#include <stdbool.h>

#include "tests/sim/sched.h"
#include "tests/sim/sim.h"

static struct {
	struct world_actor *actors[WORLD_ACTORS_MAX];
	unsigned count;
	int64_t next_ns;
	bool is_acting;
} world;

static void find_next(void)
{
	world.next_ns = SCHED_NEVER;
	for (unsigned i = 0; i < world.count; i++) {
		if (world.actors[i]->next_ns < world.next_ns) {
			world.next_ns = world.actors[i]->next_ns;
		}
	}
}

void world_begin(void)
{
	world.count = 0;
	world.next_ns = SCHED_NEVER;
	world.is_acting = false;
}

void world_add(struct world_actor *actor)
{
	SIM_CHECK(world.count < WORLD_ACTORS_MAX, "too many actors");
	world.actors[world.count++] = actor;
	find_next();
}

void world_plan(struct world_actor *actor, int64_t next_ns)
{
	actor->next_ns = next_ns;
	if (!world.is_acting) {
		find_next();
	}
}

int64_t world_next_ns(void)
{
	return world.next_ns;
}

/* The first of those that are due; of two at one time the one that was added first. */
static struct world_actor *find_due(int64_t now_ns)
{
	struct world_actor *due = NULL;

	for (unsigned i = 0; i < world.count; i++) {
		if (world.actors[i]->next_ns <= now_ns &&
		    (!due || world.actors[i]->next_ns < due->next_ns)) {
			due = world.actors[i];
		}
	}
	return due;
}

void world_act(int64_t now_ns)
{
	struct world_actor *due;

	if (world.is_acting) {
		return;
	}
	world.is_acting = true;
	while ((due = find_due(now_ns))) {
		due->act(due);
	}
	world.is_acting = false;
	find_next();
}
