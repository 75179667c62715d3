/* What goes on outside of the program: everything that acts by itself at some time. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdint.h>

#define WORLD_ACTORS_MAX 64

struct world_actor {
	int64_t next_ns; /* when it acts next; SCHED_NEVER: not by itself */
	/* it acts: @next_ns is to be set again */
	void (*act)(struct world_actor *actor);
};

/** world_begin - nobody is there. */
void world_begin(void);

/** world_add - borrowed until the next world_begin(). */
void world_add(struct world_actor *actor);

/** world_plan - an actor is to act at another time. */
void world_plan(struct world_actor *actor, int64_t next_ns);

/** world_next_ns - when somebody acts next. */
int64_t world_next_ns(void);

/** world_act - all whose time has come by then, in order of their time. */
void world_act(int64_t now_ns);

#endif
