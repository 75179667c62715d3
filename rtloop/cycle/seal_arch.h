/* What differs from machine to machine in taking a trapped call up: registers, and the gate. */
#ifndef RTLOOP_CYCLE_SEAL_ARCH_H
#define RTLOOP_CYCLE_SEAL_ARCH_H

#include <stdint.h>

#define SEAL_ARGUMENTS 6

/* A call: its number, then its arguments, each in a register's width. */
struct seal_request {
	long number;
	long arguments[SEAL_ARGUMENTS];
};

/** seal_gate - make a call; returns what the kernel returned. In the handler of a sealed thread. */
long seal_gate(const struct seal_request *request);

/** seal_gate_address - what the kernel sees as the place of a call made there. [any] */
uintptr_t seal_gate_address(void);

/** seal_request_of - the call that was trapped. @context: ucontext_t of the handler */
struct seal_request seal_request_of(const void *context);

/** seal_return - let the trapped call return @value to its caller. */
void seal_return(void *context, long value);

/** seal_stack_of - the top of the stack at the call. seal_link_of - where it returns to, if a register says. */
uintptr_t seal_stack_of(const void *context);
uintptr_t seal_link_of(const void *context);

#endif
