/*
 * Fibers: stacks of their own on one thread of the operating system, between which the simulator switches. The
 * threads of the program run on them, unchanged.
 */
#ifndef TESTS_SIM_FIBER_H
#define TESTS_SIM_FIBER_H

struct fiber;

/** fiber_of_caller - what runs now, so that it can be switched back to. Never destroyed. */
struct fiber *fiber_of_caller(void);

/** fiber_create - begins with @main once it is switched to; @main never returns. */
struct fiber *fiber_create(void (*main)(void *arg), void *arg);

/** fiber_restart - the same fiber begins anew, wherever it was. */
void fiber_restart(struct fiber *fiber, void (*main)(void *arg), void *arg);

/** fiber_switch - from the one that runs to another; returns once somebody switches back. */
void fiber_switch(struct fiber *from, struct fiber *to);

#endif
